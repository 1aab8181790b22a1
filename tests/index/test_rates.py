"""The stated rates of error are those that are met."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands, probability
from dataqa.duplicates.signatures import Shingle
from dataqa.index.index import Index
from dataqa.index.merging import surplus
from dataqa.index.parameters import Parameters, least_shared
from dataqa.index.rates import around, passes, rate, standard_error
from dataqa.index.segments import Layout

PAIRS = 20_000


def simulated(parameters: Parameters, true: float, source: Generator) -> float:
    """The share of pairs, each place equal with the probability of the true similarity, found."""
    equal = source.random((PAIRS, parameters.permutations)) < true
    bands, rows = parameters.bands.bands, parameters.bands.rows
    equal_bands = np.all(equal[:, : bands * rows].reshape(PAIRS, bands, rows), axis=2)
    meets = np.any(equal_bands, axis=1)
    least = least_shared(parameters.similarity, parameters.permutations)
    return float((meets & (equal.sum(axis=1) >= least)).mean())


@pytest.mark.parametrize("true", [0.5, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9])
@pytest.mark.parametrize(
    "parameters",
    [Parameters.of(0.8), Parameters.of(0.75, bands="fineweb"), Parameters.of(0.6, permutations=64)],
    ids=["default", "fineweb", "short"],
)
def test_simulated_pairs_are_found_as_often_as_is_stated(parameters: Parameters, true: float):
    found = simulated(parameters, true, np.random.default_rng(7))
    told = rate(parameters, true)
    slack = 4 * np.sqrt(max(told.at_most, 1e-4) / PAIRS)
    assert told.at_least - slack <= found <= told.at_most + slack


def two_sets(true: float, source: Generator) -> tuple[str, str]:
    """Texts of single words with nearly this Jaccard similarity."""
    total = 200
    shared = round(true * total)
    words = source.choice(1_000_000, total, replace=False)
    only = (total - shared) // 2
    one = words[: shared + only]
    other = np.concatenate([words[:shared], words[shared + only :]])
    return " ".join(f"w{k}" for k in one), " ".join(f"w{k}" for k in other)


@pytest.mark.parametrize(("true", "low", "high"), [(0.7, 0.0, 0.02), (0.9, 0.98, 1.0)])
def test_real_texts_are_found_as_often_as_is_stated(
    tmp_path: Path, true: float, low: float, high: float
):
    """Field trap A2: a filter whose false positives nobody measured had 100 % of them."""
    source = np.random.default_rng(3)
    pairs = [two_sets(true, source) for _ in range(2000)]
    index = Index.create(tmp_path / "i", similarity=0.8, shingle=Shingle("word", 1))
    names = [f"d{k}" for k in range(len(pairs))]
    index.add(pl.DataFrame({"doc_id": names, "text": [one for one, _ in pairs]}))
    asked = pl.DataFrame({"doc_id": names, "text": [other for _, other in pairs]})
    found = index.query(asked, every=True).filter(pl.col("doc_id") == pl.col("ref")).height
    told = rate(index.parameters, true)
    slack = 4 * np.sqrt(max(told.at_most * (1 - told.at_most), 1e-3) / len(pairs))
    share = found / len(pairs)
    assert told.at_least - slack <= share <= told.at_most + slack
    assert low <= share <= high


def test_unrelated_documents_are_never_called_similar(tmp_path: Path):
    source = np.random.default_rng(5)
    words = source.integers(0, 50_000, (20_000, 40)).astype(str)
    texts = pl.DataFrame({"row": words.tolist()})["row"].list.join(" ")
    names = pl.int_range(20_000, eager=True).cast(pl.String)
    told = Index.create(tmp_path / "i").add(
        pl.DataFrame({"doc_id": names, "text": texts}), skip_known=True
    )
    assert told.counts.known == 0


def test_the_table_rises_and_ends_in_certainty():
    told = around(Parameters())
    assert [one.similarity for one in told] == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
                                                0.95, 1.0]  # fmt: skip
    for lower, upper in pairwise(told):
        assert lower.at_least <= upper.at_least
        assert lower.at_most <= upper.at_most
    assert all(one.at_least <= one.at_most for one in told)
    assert told[-1].at_least == 1.0


@pytest.mark.parametrize("places", [2, 64, 128, 9000])
def test_tails_add_up(places: int):
    for similarity in (0.05, 0.5, 0.93):
        steps = range(0, places + 1, max(1, places // 50))
        values = [passes(similarity, places, least) for least in steps]
        assert values[0] == 1.0
        assert all(0 <= value <= 1 for value in values)
        assert all(a >= b - 1e-9 for a, b in pairwise(values))


def test_the_standard_error_is_that_of_many_estimates():
    source = np.random.default_rng(1)
    estimates = (source.random((4000, 128)) < 0.8).mean(axis=1)
    assert abs(estimates.std() - standard_error(round(0.8 * 128), 128)) < 0.002


@pytest.mark.parametrize("rows", [1, 7, 8, 1023, 1024, 1025, 100_000, 10_000_000])
def test_a_directory_reaches_all_of_its_places(rows: int):
    """Field trap A2: with a size that is a power of two, a mask reached two places of a million."""
    layout = Layout.of(Parameters(), rows, 0)
    shift = np.uint64(64 - layout.bits)
    source = np.random.default_rng(0)
    keys: NDArray[np.uint64] = source.integers(0, 1 << 64, 200_000, np.uint64, endpoint=False)
    reached = np.unique(keys >> shift)
    size = 1 << layout.bits
    assert reached.max() < size
    expected = size * (1 - np.exp(-len(keys) / size))
    assert len(reached) > 0.95 * expected
    assert layout.keys / size < 16 or layout.bits == 20


def test_bands_promise_what_info_says():
    parameters = Parameters(bands=Bands(14, 8), similarity=0.75)
    told = rate(parameters, 0.75)
    assert told.at_most <= probability(0.75, 14, 8)
    assert surplus([]) == 0
