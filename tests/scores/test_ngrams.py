"""The language model beside the formula in plain Python, and what it tells of texts."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from commands import dataqa
from hypothesis import given
from hypothesis import strategies as st
from scored import BAD, GOOD, texts

from dataqa.errors import InputError
from dataqa.scores import ngram_training
from dataqa.scores.models import open_model
from dataqa.scores.ngram_training import train_language, trained_on
from dataqa.scores.ngrams import Language, Words, before, pieces, read_words

START, OTHER = "<s>", "<unk>"


def lines(count: int, seed: int) -> list[str]:
    """Texts in which words follow one another by a rule, with noise."""
    draw = random.Random(seed)
    words = ["ab", "cd", "ef", "gh", "ij", "kl", "mn", "op"]
    found: list[str] = []
    for _ in range(count):
        at = draw.randrange(8)
        text: list[str] = []
        for _ in range(draw.randint(1, 30)):
            at = (at + 1) % 8 if draw.random() < 0.8 else draw.randrange(8)
            text.append(words[at] if draw.random() < 0.97 else f"once{draw.randrange(10**6)}")
        found.append(" ".join(text))
    return found


class Plain:
    """Interpolated modified Kneser-Ney as the paper has it, over words as strings."""

    def __init__(self, some: list[str]) -> None:
        times = Counter(word for text in some for word in text.split())
        self.known = {word for word, count in times.items() if count > 1}
        rows = [
            tuple(padded[at - 2 : at + 1])
            for text in some
            for padded in [[START, START, *map(self.word, text.split())]]
            for at in range(2, len(padded))
        ]
        three = Counter(rows)
        two = Counter(row[1:] for row in three)
        begun = Counter(row[1:] for row in rows)
        two = Counter({k: begun[k] if k[0] == START else n for k, n in two.items()})
        one = Counter(row[1:] for row in two)
        self.counts = {3: three, 2: two, 1: one}
        self.cuts = {order: self._cuts(list(c.values())) for order, c in self.counts.items()}
        self.sums: dict[int, dict[tuple[str, ...], list[float]]] = {}
        for order, counts in self.counts.items():
            found: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
            for row, count in counts.items():
                found[row[:-1]][0] += count
                found[row[:-1]][1] += self.cuts[order][min(count, 3)]
            self.sums[order] = found
        self.size = len(one) + (OTHER not in {row[0] for row in one})

    def word(self, word: str) -> str:
        return word if word in self.known else OTHER

    def _cuts(self, counts: list[int]) -> list[float]:
        n = [sum(count == at for count in counts) for at in range(5)]
        if not (n[1] and n[2] and n[3]):
            return [0.0, 0.5, 0.5, 0.5]
        share = n[1] / (n[1] + 2 * n[2])
        told = [at - (at + 1) * share * n[at + 1] / n[at] for at in (1, 2, 3)]
        return [0.0, *(min(max(one, 0.1), at - 0.1) for at, one in enumerate(told, 1))]

    def chance(self, row: tuple[str, ...]) -> float:
        """Of the last word after the others."""
        order = len(row)
        lower = 1 / self.size if order == 1 else self.chance(row[1:])
        if row[:-1] not in self.sums[order]:
            return lower
        total, left = self.sums[order][row[:-1]]
        count = self.counts[order].get(row, 0)
        return (count - self.cuts[order][min(count, 3)]) / total + left / total * lower

    def perplexity(self, text: str) -> float:
        padded = [START, START, *map(self.word, text.split())]
        rows = [tuple(padded[at - 2 : at + 1]) for at in range(2, len(padded))]
        return math.exp(-sum(math.log(self.chance(row)) for row in rows) / len(rows))


def model_of_lines(some: list[str]) -> Language:
    return train_language([read_words(pl.Series(some))])


def test_perplexities_are_those_of_the_formula():
    some = lines(400, 1)
    model, plain = model_of_lines(some), Plain(some)
    new = [*lines(40, 2), "ab", "ef ab", "never seen", "cd never ef", "ab cd ef gh ij kl mn op"]
    told = model.perplexities(pl.Series(new)).to_list()
    assert told == pytest.approx([plain.perplexity(one) for one in new], rel=2e-3)


def test_the_plain_formula_adds_up_to_one():
    """The twin itself: after any two words the chances of all words are 1 together."""
    some = lines(400, 1)
    plain = Plain(some)
    words = [*sorted({row[0] for row in plain.counts[1]})]
    for context in ((START, START), ("ab", "cd"), ("cd", "ab"), (OTHER, OTHER), ("zz", "ab")):
        assert sum(plain.chance((*context, word)) for word in words) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 4), max_size=8))
def test_texts_begin_anew(sizes: list[int]):
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    hashes = np.arange(10, 10 + starts[-1], dtype=np.uint64)
    found = before(hashes, starts)
    for low, high in itertools.pairwise(starts):
        row = [1, 1, *hashes[low:high].tolist()]
        for back in (1, 2):
            assert found[back][low:high].tolist() == row[2 - back : len(row) - back]


def test_parts_and_order_of_parts_do_not_matter():
    some = lines(300, 3)
    whole = model_of_lines(some)
    parts = [read_words(pl.Series(some[low : low + 50])) for low in range(0, 300, 50)]
    for other in (train_language(parts), train_language(parts[::-1])):
        for mine, yours in zip(whole.grams, other.grams, strict=True):
            assert all(np.array_equal(one, two) for one, two in zip(mine, yours, strict=True))


def test_pieces_are_all_of_the_texts():
    some = pl.Series(["x" * 3_000_000, None, "", "y" * 6_000_000, "z"])
    assert pl.concat(pieces(some)).equals(some)
    assert len(pieces(some)) > 1
    assert pieces(pl.Series([], dtype=pl.String)) == []


def test_copies_are_held_out_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ngram_training, "HELD", 3)
    some = lines(60, 4) * 3
    made = trained_on(pl.Series(some), 1)
    assert made.documents % 3 == 0
    assert len(made.held) % 3 == 0
    assert made.documents + len(made.held) == 180


def test_too_few_words_are_refused():
    with pytest.raises(InputError, match="3 words are too few"):
        train_language([Words(np.arange(3, 6, dtype=np.uint64), np.array([0, 3]))])


def test_a_language_model_is_trained_and_judges(tmp_path: Path):
    good = texts(200).filter(pl.col("label") == 1)
    odd = pl.DataFrame({"text": ["", None, "\x00"], "label": [1, 1, 1]})
    pl.concat([good, odd], how="vertical_relaxed").write_ndjson(tmp_path / "texts.jsonl")
    told = dataqa("train", "perplexity", tmp_path / "texts.jsonl", "-o", tmp_path / "lm")
    assert told.code == 0, told.err
    first = {path.name: path.read_bytes() for path in (tmp_path / "lm").iterdir()}
    assert dataqa("train", "perplexity", tmp_path / "texts.jsonl", "-o", tmp_path / "lm").code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "lm").iterdir()} == first
    card = json.loads(first["card.json"])
    assert [value for _, value in card["quantiles"]] == sorted(v for _, v in card["quantiles"])
    scorer = open_model(tmp_path / "lm")
    assert not scorer.probability
    assert scorer.band is None
    usual, strange = (" ".join(words * 3) for words in (GOOD[:9], BAD[:9]))
    scores = scorer.scores(pl.Series([usual, strange, None, " \n"])).to_list()
    assert scores[0] < scores[1]
    assert scores[2:] == [None, None]
    (tmp_path / "p.yaml").write_text(
        f"name: p\nsteps:\n  - score: {{model: {tmp_path / 'lm'}, most: {scores[0] + 1}}}\n"
    )
    pl.DataFrame({"text": [usual, strange]}).write_ndjson(tmp_path / "in.jsonl")
    told = dataqa("run", tmp_path / "p.yaml", "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out")
    assert told.code == 0, told.err
    kept = pl.read_parquet(tmp_path / "out" / "kept" / "*.parquet")
    assert kept["text"].to_list() == [usual]
