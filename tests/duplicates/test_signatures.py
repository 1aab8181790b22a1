"""Signatures are datasketch's, bit for bit, in both directions."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataqa.duplicates import from_datasketch, to_datasketch
from dataqa.duplicates.signatures import (
    Shingle,
    permutations_of,
    shingle_sets,
    signatures,
    similarities,
)
from dataqa.errors import InputError

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "漢字", "naïve", "U.S.A."]
texts = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
LOW = np.uint64(0xFFFFFFFF)


def theirs(shingles: NDArray[np.uint64], permutations: int, seed: int) -> MinHash:
    """What datasketch makes of our shingles by itself."""
    made = MinHash(permutations, seed=seed, scheme="affine32", hashfunc=int)
    made.update_batch((shingles & LOW).tolist())
    return made


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("permutations", [1, 112, 128, 9000])
def test_permutations_are_those_of_datasketch(permutations: int, seed: int):
    expected = MinHash(permutations, seed=seed, scheme="affine32").permutations
    assert np.array_equal(np.array(permutations_of(permutations, seed)), np.asarray(expected))


@given(
    st.lists(texts, min_size=1, max_size=6),
    st.integers(1, 9),
    st.integers(1, 150),
    st.sampled_from([1, 42]),
)
def test_rows_are_minhashes_of_datasketch(written: list[str], n: int, permutations: int, seed: int):
    column = pl.Series(written, dtype=pl.String)
    for cut in (Shingle("word", n), Shingle("char", n)):
        ours = signatures(column, cut, permutations, seed)
        sets = shingle_sets(column, cut)
        handed = to_datasketch(ours, seed)
        for row, one in enumerate(handed):
            shingles = sets.values[sets.offsets[row] : sets.offsets[row + 1]]
            other = theirs(shingles, permutations, seed)
            assert np.array_equal(one.hashvalues, other.hashvalues)
            assert one == other
            assert one.jaccard(other) == 1.0
            assert one.is_empty() == (ours.counts[row] == 0)
        back = from_datasketch(handed, seed)
        assert np.array_equal(back.values, ours.values)
        assert back.values.dtype == np.uint32
        assert np.array_equal(back.counts == 0, ours.counts == 0)


def test_what_datasketch_hands_over_can_be_updated_there():
    """The permutations go with it, so datasketch may go on where we stopped."""
    column = pl.Series(["one two three", "two three four", "one two three two three four"])
    cut = Shingle(n=2)
    one, other, both = to_datasketch(signatures(column, cut, 64))
    sets = shingle_sets(column, cut)
    bridge = similarities(sets, np.array([0]), np.array([2]))
    assert bridge.containment.tolist() == [1.0]
    one.merge(other)
    crossing = set(sets.values[sets.offsets[2] :].tolist()) - set(
        sets.values[: sets.offsets[2]].tolist()
    )
    going_on = MinHash(
        64,
        seed=1,
        hashvalues=one.hashvalues,
        permutations=one.permutations,
        scheme="affine32",
        hashfunc=int,
    )
    going_on.update_batch([shingle & 0xFFFFFFFF for shingle in crossing])
    assert going_on == both


def near(seed: int) -> pl.Series:
    """Texts of which some are edited copies of others."""
    random = np.random.default_rng(seed)
    written: list[str] = []
    for _ in range(40):
        words = [f"w{number}" for number in random.integers(0, 10_000, 80)]
        written.append(" ".join(words))
        for share in (0.02, 0.1, 0.3):
            changed = random.random(80) < share
            edited = [f"x{word}" if new else word for word, new in zip(words, changed, strict=True)]
            written.append(" ".join(edited))
    return pl.Series(written)


def found_by(minhashes: list[MinHash]) -> list[set[int]]:
    index = MinHashLSH(num_perm=128, params=(14, 8))
    for row, one in enumerate(minhashes):
        index.insert(row, one)
    return [{int(row) for row in index.query(one)} for one in minhashes]  # pyright: ignore[reportArgumentType]


def test_datasketch_finds_the_same_candidates_with_ours_as_with_its_own():
    column, cut = near(7), Shingle(n=3)
    sets = shingle_sets(column, cut)
    own = [
        theirs(sets.values[sets.offsets[row] : sets.offsets[row + 1]], 128, 1)
        for row in range(len(column))
    ]
    ours = to_datasketch(signatures(column, cut, 128))
    assert found_by(ours) == found_by(own)
    assert any(len(found) > 1 for found in found_by(ours))


def test_lean_minhashes_are_taken_too():
    ours = signatures(near(1).head(3), Shingle(), 32)
    lean = [LeanMinHash(one) for one in to_datasketch(ours)]
    assert np.array_equal(from_datasketch(lean).values, ours.values)


@pytest.mark.parametrize(
    "other",
    [
        MinHash(16, seed=2, scheme="affine32"),
        MinHash(16, seed=1, scheme="legacy"),
        MinHash(16, seed=1, scheme="affine64"),
        MinHash(32, seed=1, scheme="affine32"),
    ],
    ids=["seed", "legacy", "wide", "length"],
)
def test_signatures_that_cannot_be_compared_are_not_taken(other: MinHash):
    with pytest.raises(InputError, match="MinHash 1"):
        from_datasketch([MinHash(16, seed=1, scheme="affine32"), other])


def test_nothing_in_nothing_out():
    empty = pl.Series([], dtype=pl.String)
    assert signatures(empty, Shingle(), 8).values.shape == (0, 8)
    assert shingle_sets(empty, Shingle()).offsets.tolist() == [0]
    assert from_datasketch([]).values.shape == (0, 0)
    assert to_datasketch(signatures(empty, Shingle(), 8)) == []


def test_datasketch_is_imported_only_when_it_is_asked_for():
    code = (
        "import sys, polars as pl; from dataqa.duplicates import bands, to_datasketch;"
        "from dataqa.duplicates.signatures import *; signatures(pl.Series(['a']), Shingle(), 8);"
        "assert 'datasketch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("cut", [{"unit": "line"}, {"n": 0}, {"n": 1025}])
def test_shingles_that_cannot_be(cut: dict[str, int]):
    with pytest.raises(InputError):
        Shingle(**cut)  # pyright: ignore[reportArgumentType]


def test_chunks_of_long_texts_are_invisible(monkeypatch: pytest.MonkeyPatch):
    column = pl.Series(["", "a b c d", None, "b c d e f " * 30, "", "c d", None])
    whole = shingle_sets(column, Shingle(n=2))
    for size in (0, 1, 8, 50):
        monkeypatch.setattr("dataqa.duplicates.signatures._CHUNK_BYTES", size)
        parts = shingle_sets(column, Shingle(n=2))
        assert np.array_equal(parts.values, whole.values)
        assert np.array_equal(parts.offsets, whole.offsets)


def test_pairs_must_name_sets():
    sets = shingle_sets(pl.Series(["a"]), Shingle())
    for pair in ((0, 1), (-1, 0)):
        with pytest.raises(IndexError):
            similarities(sets, np.array([pair[0]]), np.array([pair[1]]))
