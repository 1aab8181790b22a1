"""The estimate of precision: its arithmetic, its decoys, and whether it is right."""

from __future__ import annotations

import random
from math import comb

import numpy as np
import polars as pl
import pytest
from benches import PROBLEMS, matcher, phrases

from dataqa.decontaminate.control import COPIES, decoys, precision
from dataqa.decontaminate.match import Matcher

BOUND = 0.6


def tail(hits: int, trials: int, share: float) -> float:
    return sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits + 1))


@pytest.mark.parametrize(("found", "control"), [(3, 0), (40, 1), (100, 8), (60, 57), (25, 120)])
def test_the_limits_are_the_numbers_that_neither_tail_refuses(found: int, control: int):
    share = COPIES / (COPIES + 1)
    fits = [
        false
        for false in range(4 * (control + 10))
        if tail(control, false + control, share) >= 0.025
        and 1 - (tail(control - 1, false + control, share) if control else 0) >= 0.025
    ]
    told = precision(found, control, COPIES)
    clip = [
        min(1.0, max(0.0, 1 - false / found)) for false in (control / COPIES, max(fits), min(fits))
    ]
    assert list(told) == pytest.approx(clip)


def test_large_numbers_are_no_trouble():
    told = precision(1_000_000, 400_000, 4)
    assert told.value == pytest.approx(0.9)
    assert told.low is not None
    assert told.high is not None
    assert 0.899 < told.low < 0.9 < told.high < 0.901


def test_nothing_found_or_no_decoys_is_not_known():
    assert precision(0, 3, 4) == precision(5, 0, 0) == (None, None, None)


def test_decoys_are_halves_of_neighbours_in_length_within_a_benchmark():
    lengths, groups = np.array([30, 9, 31, 10, 50, 20, 7]), np.array([0, 1, 0, 1, 0, 0, 1])
    made = decoys(lengths, groups)
    assert len(made.first) == 4 * 3 + 3 * 2
    for row in zip(*made, strict=True):
        assert len({int(groups[entry]) for entry in row}) == 1
        assert row[0] != row[1]
        assert row[2] != row[0]
    shift = {(int(a), int(b)) for a, b, _ in zip(*made, strict=True)}
    assert (5, 0) in shift
    assert len(shift) == len(made.first)


def test_a_decoy_is_looked_for_and_told_only_where_it_beats_every_entry():
    index = matcher(PROBLEMS).index
    one = index.base.real  # the first decoy
    first, second, _ = index.base.parents[one].tolist()
    left, right = PROBLEMS[first]["question"].split(), PROBLEMS[second]["question"].split()
    text = " ".join(left[: (len(left) + 1) // 2] + right[(len(right) + 1) // 2 :])
    found = Matcher(index).find(pl.Series([text, text + " " + PROBLEMS[first]["question"]]))
    assert found.control["text"].to_list() == [0]
    assert found.control["score"][0] > 0.6


class Corpus:
    """Documents of phrases: some hold an item, in others phrases of items meet by chance."""

    def __init__(self, seed: int, chance_documents: int) -> None:
        chance = random.Random(seed)
        pool = phrases(seed, 70)
        self.items = [" ".join(chance.choices(pool, k=6)) for _ in range(150)]
        self.texts: list[str] = []
        self.true: list[bool] = []
        for _ in range(80):
            parts = [self.noise(chance), chance.choice(self.items), self.noise(chance)]
            self.texts.append(" ".join(parts))
            self.true.append(True)
        for _ in range(chance_documents):
            words = " ".join(chance.sample(pool, 14))
            self.texts.append(f"{self.noise(chance)} {words} {self.noise(chance)}")
            self.true.append(False)

    @staticmethod
    def noise(chance: random.Random) -> str:
        return " ".join(f"w{chance.randrange(10**6)}" for _ in range(30))


def test_the_estimate_is_right_on_planted_truth():
    """What is found is known to be planted or not: the limits hold the true precision."""
    values: list[float] = []
    truths: list[float] = []
    for seed in (1, 3):
        corpus = Corpus(seed, 500)
        looking = matcher([{"question": item} for item in corpus.items])
        found = looking.find(pl.Series(corpus.texts))
        sure = found.matches.filter(pl.col("score") > BOUND)["text"].unique()
        true = sum(corpus.true[row] for row in sure)
        won = found.control.filter(pl.col("score") > BOUND).height
        told = precision(sure.len(), won, COPIES)
        assert true == 80
        assert sure.len() - true >= 4, "chance must have its part, or nothing is tested"
        assert told.value is not None
        assert told.low is not None
        assert told.high is not None
        assert told.low <= true / sure.len() <= told.high
        assert told.high - told.low < 0.2
        values.append(told.value)
        truths.append(true / sure.len())
    assert sum(values) / 2 == pytest.approx(sum(truths) / 2, abs=0.03)


def test_a_clean_plant_is_estimated_as_clean():
    corpus = Corpus(99, 0)
    looking = matcher([{"question": item} for item in corpus.items])
    found = looking.find(pl.Series(corpus.texts))
    assert found.control.height == 0
    told = precision(found.matches["text"].n_unique(), 0, COPIES)
    assert told.value == told.high == 1.0
    assert told.low is not None
    assert told.low > 0.97
