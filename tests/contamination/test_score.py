"""What words weigh and how shares become a score, beside plain arithmetic."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.decontaminate.entries import laid
from dataqa.decontaminate.score import ORDINARY, PERFECT, SURE, guarded, weights
from dataqa.decontaminate.weights import UNIT, word_weights
from dataqa.decontaminate.words import grams_of

TEXTS = st.lists(st.lists(st.integers(1, 3), min_size=0, max_size=8), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((20, 0, 0), (1.0, 0.0, 0.0)),
        ((20, 3, 0), (0.75, 0.25, 0.0)),
        ((10, 3, 0), (0.5625, 0.4375, 0.0)),
        ((20, 4, 9), (0.7, 0.2, 0.1)),
        ((20, 2, 9), (0.7, 0.15, 0.15)),
        ((10, 4, 9), (0.525, 0.2875, 0.1875)),
        ((20, 0, 9), (0.85, 0.0, 0.15)),
        ((10, 0, 9), (0.6375, 0.0, 0.3625)),
    ],
)
def test_parts_weigh_as_in_decon(sizes: tuple[int, int, int], expected: tuple[float, ...]):
    assert weights(*sizes) == pytest.approx(expected)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_parts_weigh_one_together(question: int, answer: int, passage: int):
    assert sum(weights(question, answer, passage)) == pytest.approx(1)


@given(st.floats(0.5, 0.999), st.integers(1, 80))
def test_a_short_entry_that_is_not_whole_stays_below(score: float, words: int):
    held = guarded(score, words)
    needed = 1 - (1 - SURE) * min(1, max(0, (words - PERFECT) / (ORDINARY - PERFECT)))
    assert (held >= SURE) == (score >= needed) or held == pytest.approx(SURE)
    assert guarded(1.0, words) == 1.0


@given(TEXTS, st.integers(1, 3), st.data())
def test_a_word_weighs_what_its_most_common_ngram_does(
    texts: list[list[int]], n: int, data: st.DataObject
):
    groups = data.draw(st.lists(st.integers(0, 1), min_size=len(texts), max_size=len(texts)))
    count = data.draw(st.integers(1, len(texts)))
    folds = laid([np.array(text, np.uint64) for text in texts])
    told = word_weights(grams_of(*folds, n), np.array(groups), count, n)
    sets = [{tuple(text[k : k + n]) for k in range(len(text) - n + 1)} for text in texts]
    expected: list[int] = []
    for text, group in zip(texts, groups, strict=True):
        counted = [sets[at] for at in range(count) if groups[at] == group]
        for word in range(len(text)):
            around = [k for k in range(word - n + 1, word + 1) if 0 <= k <= len(text) - n]
            often = [max(1, sum(tuple(text[k : k + n]) in one for one in counted)) for k in around]
            said = [max(1, round(UNIT * log((len(counted) + 1) / d))) for d in often]
            expected.append(min(said, default=np.iinfo(np.int32).max))
    # a benchmark without counted texts has decoys of none: what their words weigh means nothing
    held = [
        group in groups[:count] for text, group in zip(texts, groups, strict=True) for _ in text
    ]
    assert told[held].tolist() == [one for one, there in zip(expected, held, strict=True) if there]
