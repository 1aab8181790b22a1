"""The greedy choice among nearest neighbours: against all pairs, in any order, in little memory."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataqa.duplicates import nearest
from dataqa.duplicates.nearest import all_cosines, choose, cosines
from dataqa.duplicates.ranks import Wish
from dataqa.duplicates.rulings import Policy
from dataqa.kernels.clusters import DOUBTED, GONE, KEEPER, KEPT, REMOVABLE

RECALL = 0.99
"""The least share of what all pairs would remove: docs/duplicates.md states it."""

type Vectors = NDArray[np.int8]


def policy(sure: float, doubt: float | None = None) -> Policy:
    low = sure if doubt is None else doubt
    return Policy((Wish("longest"),), sure, low, False, 0, False, 1.0, "semantic")


def alone(vectors: Vectors) -> NDArray[np.int64]:
    return np.ones(len(vectors), np.int64)


def everyone(vectors: Vectors) -> NDArray[np.uint8]:
    return np.full(len(vectors), REMOVABLE | KEEPER, np.uint8)


def clustered(size: int, dimensions: int = 32, seed: int = 1) -> Vectors:
    """Points in groups of all sizes, some tight and some loose."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(max(2, size // 8), dimensions))
    spread = draw.uniform(0.02, 0.6, (len(centres), 1))
    of = (len(centres) * draw.power(0.4, size)).astype(int)
    points = centres[of] + spread[of] * draw.normal(size=(size, dimensions))
    return np.rint(points / np.abs(points).max(axis=1, keepdims=True) * 127).astype(np.int8)


def by_all_pairs(vectors: Vectors, sure: float) -> NDArray[np.bool_]:
    """Who goes, if each is compared with all that stay."""
    values = vectors.astype(np.float64)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    gone = np.zeros(len(values), np.bool_)
    for at in range(len(values)):
        gone[at] = bool((values[:at][~gone[:at]] @ values[at] >= sure - 1e-12).any())
    return gone


def test_recall_beside_all_pairs(monkeypatch: pytest.MonkeyPatch):
    """With blocks so small that nearly every comparison is the graph's proposal."""
    monkeypatch.setattr(nearest, "BLOCK", 16)
    vectors = clustered(5_000)
    gone = by_all_pairs(vectors, 0.9)
    found = choose(vectors, everyone(vectors), alone(vectors), policy(0.9))
    assert 1_000 < gone.sum() < 4_500
    both = gone & (found.states == GONE)
    assert both.sum() >= RECALL * gone.sum()
    # what is not found stays, and then others go for it: so compare with what is kept here
    rows = np.flatnonzero(found.states == GONE)
    others = found.others[rows]
    assert (found.states[others] == KEPT).all()
    assert (others < rows).all()
    assert np.array_equal(cosines(vectors[rows], vectors[others]), found.scores[rows])
    assert found.scores[rows].min() >= 0.9 - 1e-12


@given(seed=st.integers(0, 1 << 20), block=st.integers(1, 40))
def test_what_is_said_holds_whatever_the_blocks(seed: int, block: int):
    vectors = clustered(120, 8, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "BLOCK", block)
        found = choose(vectors, everyone(vectors), alone(vectors), policy(0.95, 0.85))
    for state, low in ((GONE, 0.95), (DOUBTED, 0.85)):
        rows = np.flatnonzero(found.states == state)
        others = found.others[rows]
        assert (found.states[others] != GONE).all()
        scores = cosines(vectors[rows], vectors[others])
        assert np.array_equal(scores, found.scores[rows])
        assert (scores >= low - 1e-12).all()
        # only what is like nothing but doubted ones may be so alike and stay
        certain = found.states[others] == KEPT
        assert certain.all() if state == GONE else (scores[certain] < 0.95).all()
    kept = found.states != GONE
    assert found.copies[kept].sum() == len(vectors)


def test_only_keepers_keep_and_only_the_removable_go():
    vectors = np.repeat(clustered(1), 6, axis=0)
    roles = np.array([REMOVABLE, 0, KEEPER, REMOVABLE, KEEPER, REMOVABLE], np.uint8)
    found = choose(vectors, roles, alone(vectors), policy(0.9))
    assert found.states.tolist() == [KEPT, KEPT, KEPT, GONE, KEPT, GONE]
    assert found.others[[3, 5]].tolist() == [2, 2]


@given(dimensions=st.sampled_from([1, 3, 100, 1040, 1041, 1500]), seed=st.integers(0, 99))
def test_products_of_matrices_are_exact(dimensions: int, seed: int):
    """A sum of floats in another order is another sum, unless all of them are whole numbers."""
    draw = np.random.default_rng(seed)
    block = draw.integers(-127, 128, (7, dimensions)).astype(np.int8)
    block[:, 0] = 127
    block[:2] = 127
    every = all_cosines(block)
    assert all(
        every[at, to] == cosines(block[at : at + 1], block[to : to + 1])[0]
        for at in range(7)
        for to in range(7)
    )
    assert every[0, 1] == 1.0


MEASURED = """
import re, sys
from pathlib import Path
import numpy as np
from dataqa.duplicates.nearest import choose
from dataqa.duplicates.ranks import Wish
from dataqa.duplicates.rulings import Policy

kind, size = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(1)
vectors = draw.integers(-127, 128, (size, 48)).astype(np.int8)
if kind == "copies":
    vectors = np.repeat(vectors[:100], size // 100, axis=0)
policy = Policy((Wish("longest"),), 0.9, 0.9, False, 0, False, 1.0, "semantic")
roles = np.full(size, 3, np.uint8)
alone = np.ones(size, np.int64)
choose(vectors[:3000], roles[:3000], alone[:3000], policy)
def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = most()
found = choose(vectors, roles, alone, policy)
print((found.states == 0).sum(), (most() - before) << 10)
"""


def held(kind: str, size: int) -> tuple[int, int]:
    """How many of some documents stay, and the bytes that choosing took."""
    command = [sys.executable, "-c", MEASURED, kind, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    stay, most = map(int, re.findall(r"\d+", done.stdout))
    return stay, most


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_memory_is_that_of_the_documents_that_stay():
    """docs/duplicates.md: the bytes of a vector and some 500 for each of these, 25 for others."""
    stay, most = held("others", 20_000)
    assert stay > 19_900
    assert most < 20_000 * (48 + 500 + 25)
    stay, most = held("copies", 100_000)
    assert stay == 100
    assert most < 100_000 * 40
