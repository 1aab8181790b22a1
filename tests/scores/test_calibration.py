"""Calibration: probabilities that rise with the margin, are near what is true, and say how near."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataqa.errors import InputError
from dataqa.scores.calibration import (
    BINS,
    Calibration,
    bins,
    calibration_error,
    fit,
    log_loss,
    logistic,
    probabilities,
)

type Kind = Literal["platt", "isotonic"]
KINDS = st.sampled_from(["platt", "isotonic"])
DOCUMENTS = st.lists(
    st.tuples(st.floats(-50, 50), st.integers(0, 1), st.sampled_from([0.5, 1.0, 3.0])),
    min_size=2,
    max_size=80,
)


type Rows = list[tuple[float, int, float]]


def columns(rows: Rows) -> tuple[np.ndarray, ...]:
    margins, right, weights = (np.array(one, np.float64) for one in zip(*rows, strict=True))
    assume(0 < right.sum() < len(right))
    return margins, right, weights


def drawn(size: int, seed: int, slope: float, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and kinds whose chance is a logistic function of them."""
    random = np.random.Generator(np.random.PCG64(seed))
    margins = random.normal(size=size) * 2
    return margins, (random.random(size) < logistic(slope * margins + offset)).astype(np.float64)


@given(KINDS, DOCUMENTS)
def test_probabilities_rise_with_the_margin(kind: Kind, rows: Rows):
    margins, right, weights = columns(rows)
    curve = fit(kind, margins, right, weights)
    told = probabilities(curve, np.linspace(-60, 60, 301))
    assert ((told >= 0) & (told <= 1)).all()
    assert (np.diff(told) >= 0).all()


@given(KINDS, DOCUMENTS)
def test_the_order_of_documents_does_not_matter(kind: Kind, rows: Rows):
    margins, right, weights = columns(rows)
    one = probabilities(fit(kind, margins, right, weights), margins)
    other = probabilities(fit(kind, margins[::-1], right[::-1], weights[::-1]), margins)
    assert np.allclose(one, other, atol=2e-6)


@given(KINDS, DOCUMENTS)
def test_a_document_twice_is_a_document_of_twice_the_weight(kind: Kind, rows: Rows):
    margins, right, _ = columns(rows)
    twice = fit(kind, np.tile(margins, 2), np.tile(right, 2))
    heavy = fit(kind, margins, right, np.full(len(right), 2.0))
    assert np.allclose(probabilities(twice, margins), probabilities(heavy, margins), atol=2e-6)


def test_platt_finds_the_curve_that_margins_were_drawn_from():
    curve = fit("platt", *drawn(40_000, 1, 1.7, -0.6))
    assert curve.slope == pytest.approx(1.7, rel=0.05)
    assert curve.offset == pytest.approx(-0.6, abs=0.06)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_what_was_not_seen_is_told_right(kind: Kind):
    curve = fit(kind, *drawn(20_000, 2, 0.8, 1.0))
    margins, right = drawn(20_000, 3, 0.8, 1.0)
    assert calibration_error(probabilities(curve, margins), right) < 0.02


def test_isotonic_bends_where_platt_cannot():
    margins, _ = drawn(20_000, 4, 1.0, 0.0)
    random = np.random.Generator(np.random.PCG64(5))
    right = (random.random(20_000) < np.where(margins > 1, 0.6, 0.3)).astype(np.float64)
    losses = [
        log_loss(probabilities(fit(kind, margins, right), margins), right)
        for kind in ("isotonic", "platt")
    ]
    assert losses[0] < losses[1]


def test_a_model_worse_than_chance_is_worth_nothing():
    margins, right = drawn(2_000, 6, -2.0, 0.0)
    for kind in ("platt", "isotonic"):
        told = probabilities(fit(kind, margins, right), margins)
        assert told.max() - told.min() < 0.05


def test_the_error_is_that_of_the_bins():
    told = np.repeat([0.1, 0.9], 50)
    right = np.concatenate([np.repeat([0.0, 1.0], [40, 10]), np.repeat([1.0, 0.0], [25, 25])])
    assert [tuple(one) for one in bins(told, right)] == [(0.1, 0.2, 50.0), (0.9, 0.5, 50.0)]
    assert calibration_error(told, right) == pytest.approx((0.1 + 0.4) / 2)


def test_bins_are_of_equal_mass():
    random = np.random.Generator(np.random.PCG64(7))
    told = random.random(3_000) ** 4
    sizes = [one.weight for one in bins(told, told)]
    assert len(sizes) == BINS
    assert max(sizes) - min(sizes) <= 1


def test_what_is_no_number_stays_none():
    for curve in (
        Calibration("platt"),
        Calibration(),
        Calibration("isotonic", margins=(0.0,), values=(0.5,)),
    ):
        assert np.isnan(probabilities(curve, np.array([np.nan]))).all()


@pytest.mark.parametrize("right", [np.zeros(5), np.ones(5)])
def test_one_kind_only_is_refused(right: np.ndarray):
    with pytest.raises(InputError, match="only one kind"):
        fit("platt", np.arange(5.0), right)
