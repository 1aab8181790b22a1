"""Bands: what the S-curve says comes true, and layouts keep their promise."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.duplicates.bands import (
    NOISE,
    PRESETS,
    UNRELATED,
    Bands,
    band_keys,
    derive,
    probability,
)
from dataqa.duplicates.signatures import Shingle, shingle_sets, signatures, similarities
from dataqa.errors import InputError

PAIRS = 2000


def pairs_of(similarity: float, seed: int) -> pl.Series:
    """Pairs of texts of 100 different words between them, of which so many are in both."""
    random = np.random.default_rng(seed)
    both = round(100 * similarity)
    alone = (100 - both) // 2
    written: list[str] = []
    for _ in range(PAIRS):
        words = [f"w{number}" for number in random.choice(10**9, both + 2 * alone, replace=False)]
        written.append(" ".join(words[: both + alone]))
        written.append(" ".join(words[:both] + words[both + alone :]))
    return pl.Series(written)


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_pairs_meet_as_often_as_the_s_curve_says(similarity: float):
    texts = pairs_of(similarity, seed=int(100 * similarity))
    sets = shingle_sets(texts, Shingle(n=1))
    left = np.arange(0, 2 * PAIRS, 2)
    true = similarities(sets, left, left + 1).jaccard
    assert np.allclose(true, similarity)
    values = signatures(texts, Shingle(n=1), 320).values
    for layout in (Bands(14, 8), Bands(32, 10), Bands(9, 13), Bands(12, 5), Bands(20, 5)):
        keys = band_keys(values, layout)
        met = (keys[::2] == keys[1::2]).any(axis=1).mean()
        expected = probability(similarity, layout.bands, layout.rows)
        error = np.sqrt(expected * (1 - expected) / PAIRS)
        assert abs(met - expected) <= 4 * error + 1 / PAIRS, (layout, met, expected)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (Bands(14, 8), (0.21, 0.56, 0.77, 0.92, 0.99)),
        (Bands(450, 20), (0.02, 0.30, 0.76, 0.995, 1.0)),
        (Bands(32, 10), (0.18, 0.60, 0.84, 0.97, 1.0)),
        (Bands(20, 13), (0.03, 0.18, 0.38, 0.68, 0.92)),
        (Bands(9, 13), (0.01, 0.08, 0.20, 0.40, 0.69)),
        (Bands(20, 5), (0.80, 0.97, 1.0, 1.0, 1.0)),
    ],
    ids=str,
)
def test_curves_are_those_that_were_published(layout: Bands, expected: tuple[float, ...]):
    similarities = np.array([0.6, 0.7, 0.75, 0.8, 0.85])
    found = probability(similarities, layout.bands, layout.rows)
    assert np.allclose(found, expected, atol=0.006)
    assert probability(0.6, layout.bands, layout.rows) == found[0]


def test_more_bands_find_more_and_more_rows_find_less():
    """Field trap: duplodocus tells that more buckets are stricter; they are not."""
    assert probability(0.7, 20, 8) > probability(0.7, 14, 8) > probability(0.7, 14, 10)


@given(st.floats(0.2, 1.0), st.integers(64, 512), st.floats(0.5, 0.999))
def test_a_derived_layout_keeps_its_promise_with_few_keys(
    similarity: float, permutations: int, promise: float
):
    try:
        found = derive(similarity, permutations, promise)
    except InputError:
        assert probability(similarity, permutations, 1) < promise
        return
    assert found.permutations <= permutations
    assert probability(similarity, found.bands, found.rows) >= promise
    others = [
        Bands(bands, rows)
        for rows in range(1, permutations + 1)
        for bands in range(1, permutations // rows + 1)
        if probability(similarity, bands, rows) >= promise
    ]
    quiet = [one for one in others if probability(UNRELATED, one.bands, one.rows) <= NOISE]
    if quiet:
        assert found.bands == min(one.bands for one in quiet)
        assert found.rows == max(one.rows for one in quiet if one.bands == found.bands)
    else:
        assert found.rows == max(one.rows for one in others)


def test_layouts_that_cannot_be():
    for wrong in ((0.0, 128, 0.99), (1.1, 128, 0.99), (0.8, 0, 0.99), (0.8, 128, 1.0)):
        with pytest.raises(InputError):
            derive(*wrong)
    with pytest.raises(InputError, match=r"99\.0%"):
        derive(0.001)
    with pytest.raises(InputError):
        Bands(0, 8)
    with pytest.raises(InputError, match="112"):
        band_keys(np.zeros((2, 111), np.uint32), Bands(14, 8))


def test_presets_are_the_published_ones():
    found = {
        name: (preset.shingle, [(one.bands, one.rows) for one in preset.layouts.values()])
        for name, preset in PRESETS.items()
    }
    assert found == {
        "fineweb": (Shingle("word", 5), [(14, 8)]),
        "finepdfs": (Shingle("word", 5), [(32, 10)]),
        "refinedweb": (Shingle("word", 5), [(450, 20)]),
        "curator": (Shingle("char", 24), [(20, 13)]),
        "rpv2": (Shingle("word", 13), [(5, 25), (9, 13), (14, 9)]),
    }
    assert all(preset.source for preset in PRESETS.values())
    assert PRESETS["rpv2"].bands(0.95) == Bands(5, 25)
    assert PRESETS["rpv2"].bands(0.1) == Bands(14, 9)
    assert PRESETS["fineweb"].bands(0.9) == Bands(14, 8)


def test_equal_rows_in_other_bands_are_other_keys():
    keys = band_keys(np.zeros((1, 12), np.uint32), Bands(4, 3))
    assert len(set(keys[0].tolist())) == 4


def test_keys_depend_on_their_rows_alone():
    values = np.random.default_rng(1).integers(0, 1 << 32, (50, 128), dtype=np.uint32)
    keys = band_keys(values, Bands(14, 8))
    assert np.array_equal(band_keys(values[:, :112], Bands(14, 8)), keys)
    other = values.copy()
    other[:, 9] ^= np.uint32(1)
    changed = band_keys(other, Bands(14, 8)) != keys
    assert changed[:, 1].all()
    assert changed.sum() == 50
