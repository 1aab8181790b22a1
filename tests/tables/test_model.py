"""The model of variables: rows in leaves, and draws that do not depend on how they are cut."""

from __future__ import annotations

import numpy as np
import pytest

from dataqa.tables.coding import Variable, among
from dataqa.tables.learning import model
from dataqa.tables.learning.trees import Tree


def variables(rows: int = 3000) -> list[Variable]:
    draw = np.random.default_rng(2)
    kind = np.floor(draw.random(rows) ** 2 * 6).astype(np.float64)
    size = np.round(draw.normal(size=rows) + kind, 3).astype(np.float64)
    size[draw.random(rows) < 0.1] = np.nan
    truth = (draw.random(rows) < 0.2 + kind / 10).astype(np.float64)
    none = np.empty(0)
    return [Variable(0, 6, kind, none), Variable(1, 0, size, none), Variable(2, 2, truth, none)]


@pytest.fixture(scope="module")
def fitted() -> model.Model:
    return model.fit(variables(), np.empty(0, np.int64), 0, 1, joined=False)


def leaf_of(tree: Tree, bins: list[int]) -> int:
    """By walking down, one row at a time."""
    node = 0
    while tree.feature[node] >= 0:
        at = tree.feature[node]
        goes = tree.ranks[at][bins[at]] <= tree.cut[node]
        node = tree.left[node] if goes else tree.right[node]
    return int(tree.left[node])


def test_rows_fall_into_the_leaves_that_a_walk_leads_to(fitted: model.Model):
    bins = [one.bins(some.values) for one, some in zip(fitted.binnings, variables(), strict=True)]
    widest = max(fitted.trees, key=lambda tree: len(tree.feature))
    assert len(widest.feature) > 5
    asked = [bins[at] for at in widest.inputs]
    walked = [leaf_of(widest, [int(one[row]) for one in asked]) for row in range(len(bins[0]))]
    assert widest.leaves(asked).tolist() == walked
    assert widest.leaves([one[:0] for one in asked]).tolist() == []


def test_leaves_hold_all_rows_and_are_sorted(fitted: model.Model):
    for tree, variable in zip(fitted.trees, variables(), strict=True):
        there = variable.values[~np.isnan(variable.values)]
        assert np.array_equal(np.sort(tree.content), np.sort(there))
        sizes = np.diff(tree.begins)
        assert sizes.min() >= 50
        for low, high in zip(tree.begins[:-1], tree.begins[1:], strict=True):
            assert np.all(np.diff(tree.content[low:high]) >= 0)


@pytest.mark.parametrize("joined", [True, False])
def test_rows_are_the_same_however_many_are_drawn_at_a_time(
    joined: bool, monkeypatch: pytest.MonkeyPatch
):
    fitted = model.fit(variables(), np.empty(0, np.int64), 0, 1, joined=joined)
    whole = fitted.draw(1000, [3], {})
    monkeypatch.setattr(model, "_BLOCK", 77)
    for one, other in zip(whole, fitted.draw(1000, [3], {}), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    assert [len(one) for one in fitted.draw(0, [3], {})] == [0, 0, 0]


def test_numbers_without_a_negative_zero_sort_in_one_way_only():
    assert among(np.array([0.0, -0.0, np.nan, 2.5]), np.array([0.0, 2.5])).tolist() == [
        True,
        True,
        False,
        True,
    ]
