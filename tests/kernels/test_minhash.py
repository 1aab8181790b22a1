"""Shingles and signatures beside plain Python that must give the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import kernel_twins as twin
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.duplicates.bands import Bands, band_keys
from dataqa.duplicates.signatures import (
    Sets,
    Shingle,
    permutations_of,
    shingle_sets,
    signatures,
    similarities,
)
from dataqa.kernels.sentences import word_hash
from dataqa.kernels.shingles import BLOCK
from dataqa.kernels.tokens import WORD
from dataqa.signals.counts import tokens as our_tokens

MASK = (1 << 64) - 1
BASE = 0x9E6C63D0876A9A47
SEED = 0x9E3779B97F4A7C15
many = settings(max_examples=200, deadline=None)
cuts = st.builds(Shingle, st.sampled_from(["word", "char"]), st.integers(1, 7))


def mixed(state: int) -> int:
    """murmur3's 64-bit finaliser."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        state = ((state ^ (state >> 33)) * factor) & MASK
    return state ^ (state >> 33)


def mixed32(state: int) -> int:
    """murmur3's 32-bit finaliser."""
    state = ((state ^ (state >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    state = ((state ^ (state >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return state ^ (state >> 16)


def items_of(text: str, unit: str) -> list[int]:
    """Hashes of what shingles are made of."""
    if unit == "word":
        words = [token.text for token in twin.tokens(text) if twin.is_word(token.text)]
        return [int(word_hash(twin.fold(word))) for word in words]
    if not any(twin.is_alpha(char) or twin.category(char)[0] == "N" for char in text):
        return []
    return [mixed((ord(char) + SEED) & MASK) for char in twin.fold(" ".join(text.split()))]


def shingles_of(text: str, cut: Shingle) -> list[int]:
    """The shingles of a text, in order, repeated ones too."""
    items = items_of(text, cut.unit)
    if not items:
        return []
    found: list[int] = []
    for at in range(max(len(items) - cut.n + 1, 1)):
        total = 0
        for item in items[at : at + cut.n]:
            total = (total * BASE + item) & MASK
        found.append(mixed(total))
    return found


def runs_of(items: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """The same for many items at once."""
    found = items[: max(len(items) - n + 1, 0)].copy()
    for at in range(1, n):
        found = found * np.uint64(BASE) + items[at : len(items) - n + at + 1]
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        found = (found ^ (found >> np.uint64(33))) * np.uint64(factor)
    return found ^ (found >> np.uint64(33))


def column(*texts: str | None) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def set_of(sets: Sets, row: int) -> list[int]:
    return sets.values[sets.offsets[row] : sets.offsets[row + 1]].tolist()


@many
@given(twin.texts, cuts)
@example("a.b 1.2 1..2 1. x'y'z 'tis don’t’", Shingle(n=1))
@example("か\u3099が\u0301漢\U000e0101字 \u0301 a\u0301 \u0301", Shingle(n=1))
@example("’’ don’t ''a' 'b", Shingle(n=2))
@example(" \u3000 A\t\n b  ", Shingle("char", 2))
def test_shingles_are_runs_of_the_words_that_signals_count(text: str, cut: Shingle):
    expected = shingles_of(text, cut)
    sets = shingle_sets(column("before", text, "after"), cut)
    assert set_of(sets, 1) == sorted(set(expected))
    found = signatures(column("before", text, "after"), cut, 16)
    assert found.counts[1] == len(expected)


def test_words_of_real_texts_are_those_that_signals_count(examples: Path):
    texts = pl.concat(
        [
            pl.read_ndjson(examples / "docs-en.jsonl.zst")["text"],
            pl.read_ndjson(examples / "docs-zh.jsonl.gz")["text"],
            pl.read_parquet(examples / "docs-many.parquet")["text"],
        ]
    )
    stream = our_tokens(text_buffers(texts))
    cut = Shingle(n=3)
    sets = shingle_sets(texts, cut)
    words = (stream.tokens.flags & WORD) != 0
    for row, (low, high) in enumerate(pairwise(stream.offsets.tolist())):
        folds = stream.tokens.fold[low:high][words[low:high]]
        if len(folds) >= cut.n:
            assert set_of(sets, row) == np.unique(runs_of(folds, cut.n)).tolist()


BORDER = (
    "don't 1,234.5 x.y a.5 3.b a'5 'q' end. “Quote.” naïve l'été 1.٣ 漢字 e\u0301x word_word "
    "internationalisation counterrevolutionary's A1B2 q' , . ' O'Neil's e.g. U.S.A. 5'a"
)


@pytest.mark.parametrize("before", ["", "x", " ", "漢", "é"])
@pytest.mark.parametrize("lead", ["a", " ", "."])
def test_words_are_the_same_wherever_they_stand_among_64_bytes(lead: str, before: str):
    cut = Shingle(n=2)
    texts = [before + lead * shift + BORDER + " tail" * 20 for shift in range(70)]
    sets = shingle_sets(column(*texts), cut)
    for row, text in enumerate(texts):
        assert set_of(sets, row) == sorted(set(shingles_of(text, cut)))


@given(st.text(alphabet="aZ5 .,'_é’漢٣\u0301", min_size=70, max_size=300), cuts)
def test_words_of_dense_borders(text: str, cut: Shingle):
    sets = shingle_sets(column(text), cut)
    assert set_of(sets, 0) == sorted(set(shingles_of(text, cut)))


@many
@given(twin.texts, cuts, st.integers(1, 40))
def test_a_signature_holds_the_least_hash_of_each_permutation(
    text: str, cut: Shingle, permutations: int
):
    a, b = (column.tolist() for column in permutations_of(permutations))
    hashes = [mixed32(shingle & 0xFFFFFFFF) for shingle in shingles_of(text, cut)]
    expected = [
        min(((factor * h + summand) & 0xFFFFFFFF for h in hashes), default=0xFFFFFFFF)
        for factor, summand in zip(a, b, strict=True)
    ]
    assert signatures(column(text), cut, permutations).values[0].tolist() == expected


@pytest.mark.parametrize("permutations", [3, 255, 256, 257, 600])
@pytest.mark.parametrize("words", [BLOCK - 1, BLOCK + 4, BLOCK + 5, 3 * BLOCK])
@pytest.mark.parametrize("cut", [Shingle(n=1), Shingle(), Shingle("char", 24)], ids=str)
def test_blocks_and_chunks_are_invisible(words: int, permutations: int, cut: Shingle):
    text = " \n".join(f"Wörd{k * k % 1009}" for k in range(words))
    expected = shingles_of(text, cut)
    assert set_of(shingle_sets(column(text), cut), 0) == sorted(set(expected))
    found = signatures(column(text), cut, permutations)
    assert found.counts[0] == len(expected)
    a, b = permutations_of(permutations)
    hashes = np.array([mixed32(shingle & 0xFFFFFFFF) for shingle in expected], np.uint32)
    last = (a[-1:] * hashes + b[-1:]).min()
    assert found.values[0, -1] == last


def test_what_has_no_word_has_no_shingle_and_the_short_have_one():
    texts = column(None, "", "  ", "?! …", "\u0301", "a", "A b", "漢", "漢字")
    for unit in ("word", "char"):
        found = signatures(texts, Shingle(unit, 5), 8)
        assert found.counts.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
        assert (found.values[:5] == 0xFFFFFFFF).all()
        assert shingle_sets(texts, Shingle(unit, 5)).sizes.tolist() == found.counts.tolist()


@many
@given(st.lists(twin.texts, min_size=1, max_size=5), st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]))
@example(["a b c", "b c a", "a"], 0.5)
def test_similarities_are_true_and_only_what_is_below_is_left_out(
    texts: list[str], at_least: float
):
    cut = Shingle(n=1)
    sets = shingle_sets(column(*texts), cut)
    members = [set(shingles_of(text, cut)) for text in texts]
    left, right = (grid.ravel() for grid in np.indices((len(texts), len(texts))))
    for contained in (False, True):
        found = similarities(sets, left, right, at_least, contained=contained)
        rows = zip(left, right, found.shared, found.left, found.right, strict=True)
        for one, other, shared, mine, theirs in rows:
            both = members[one] & members[other]
            assert (mine, theirs) == (len(members[one]), len(members[other]))
            whole = len(members[one]) if contained else len(members[one] | members[other])
            if shared < 0:
                assert len(both) < at_least * whole
            else:
                assert shared == len(both)
    whole = similarities(sets, left, right)
    assert not (whole.shared < 0).any()
    jaccard = [
        len(members[x] & members[y]) / max(len(members[x] | members[y]), 1)
        for x, y in zip(left, right, strict=True)
    ]
    assert np.nan_to_num(whole.jaccard).tolist() == jaccard


@many
@given(st.lists(st.lists(st.integers(0, 0xFFFFFFFF), min_size=12, max_size=12), max_size=4))
def test_band_keys(rows: list[list[int]]):
    values = np.array(rows, np.uint32).reshape(-1, 12)
    keys = band_keys(values, Bands(3, 4))
    for row, found in zip(rows, keys.tolist(), strict=True):
        for band, key in enumerate(found):
            state = SEED ^ band
            for value in row[4 * band : 4 * band + 4]:
                state = ((state ^ value) * 0xD6E8FEB86659FD93) & MASK
            assert key == mixed(state)
