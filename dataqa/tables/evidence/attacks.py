"""Attacks on a synthetic table, each beside the same on people who were never in the original.

After Giomi et al. 2023, "A Unified Framework for Quantifying Privacy Risk in Synthetic Data": what
an attacker gains on rows that were learnt beyond what he gains on held-out rows is what the table
gives away of somebody; what he guesses of both alike is what is true of people in general.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.evidence.aligned import Aligned, Codes, part_space
from dataqa.tables.evidence.distances import away, nearest
from dataqa.tables.evidence.fidelity import sample_rows

ATTACKS = 1_000
_BESIDE = 0.025
"""How often what is true lies beside an interval, on each side."""
_NEAR, _MOST = 0.05, 50_000
_TRIES = 60
_BLOCK = 50


class Risk(NamedTuple):
    """How an attack went.

    Attributes:
        attack: Its name.
        detail: What was guessed.
        tried: How many guesses.
        learnt: The share that were right of rows that were learnt.
        others: The share that were right of held-out rows.
        risk: What is gained on learnt rows, of all that could be.
        low: The lower end of its 95 % interval; of one of several columns, of an interval so wide
            that all of them hold what they should in 95 of 100 cases.
        high: The upper end.
    """

    attack: str
    detail: str
    tried: int
    learnt: float
    others: float
    risk: float
    low: float
    high: float


def risk_of(attack: str, detail: str, tried: int, hits: int, others: int, columns: int = 1) -> Risk:
    """What is gained, with its interval: Wilson's shares, errors propagated.

    The worst of many columns passes any bound by chance: their intervals are wider (Bonferroni).

    >>> risk_of("a", "", 1000, 300, 300).risk, risk_of("a", "", 1000, 500, 0).low > 0.45
    (0.0, True)
    """
    wide = -NormalDist().inv_cdf(_BESIDE / max(columns, 1))
    one, one_error = _wilson(hits, tried, wide)
    two, two_error = _wilson(others, tried, wide)
    left = max(1 - two, 1e-9)
    risk = (one - two) / left
    error = np.hypot(one_error / left, two_error * (1 - one) / left**2)
    low, high = (float(np.clip(risk + sign * error, 0, 1)) for sign in (-1, 1))
    shares = hits / max(tried, 1), others / max(tried, 1)
    return Risk(attack, detail, tried, *shares, float(np.clip(risk, 0, 1)), low, high)


def _wilson(hits: int, tried: int, wide: float) -> tuple[float, float]:
    whole = tried + wide**2
    share = (hits + wide**2 / 2) / whole
    error = wide / whole * np.sqrt(hits * (tried - hits) / max(tried, 1) + wide**2 / 4)
    return float(share), float(error)


def attacks(tables: Aligned, tried: int = ATTACKS, seed: int = 0) -> list[Risk]:
    """All attacks; of inference each column's.

    Args:
        tables: The original, the synthetic, the held-out table.
        tried: Guesses of each attack.
        seed: Decides who is attacked.
    """
    count = min(tried, tables.rows(0), tables.rows(2))
    whom = [sample_rows(tables.rows(table), count, 10 + seed) for table in (0, 2)]
    return [
        singling_out(tables, tried, seed),
        linkability(tables, whom, seed),
        *inference(tables, whom),
    ]


def singling_out(tables: Aligned, tried: int, seed: int) -> Risk:
    """Is there just one real row of which something is true that is true of one synthetic row?

    Each guess takes a synthetic row and three to seven of its columns, and says of numbers at most
    or at least that much, by which side of the middle they are on. Only what singles out one
    synthetic row is tried; it is right if it singles out one row among as many real ones.
    """
    rows = min(tables.rows(0), tables.rows(2), _MOST)
    some = [
        sample_rows(tables.rows(0), rows, 0),
        sample_rows(tables.rows(1), _MOST, 1),
        sample_rows(tables.rows(2), rows, 2),
    ]
    draw = np.random.default_rng([3, seed])
    made = hits = others = 0
    for _ in range(tried * _TRIES):
        if made == tried:
            break
        row = int(draw.random() * len(some[1]))
        width = min(3 + int(draw.random() * 5), len(tables.parts))
        which = np.argsort(draw.random(len(tables.parts)))[:width].tolist()
        if _true_of(tables, 1, some[1], which, some[1][row]) != 1:
            continue
        made += 1
        hits += _true_of(tables, 0, some[0], which, some[1][row]) == 1
        others += _true_of(tables, 2, some[2], which, some[1][row]) == 1
    return risk_of("singling out", "what is true of one row only", made, hits, others)


def _true_of(tables: Aligned, table: int, some: Codes, which: list[int], like: int) -> int:
    """Of how many rows of a table something is true that is true of a synthetic row."""
    left = some
    for at in which:
        part = tables.parts[at]
        code = part.codes[1][like]
        if part.number and code:
            place = part.places[1][like]
            values = part.places[table][left]
            fits = values >= place if place > 0.5 else values <= place
            fits &= part.codes[table][left] > 0
        else:
            fits = part.codes[table][left] == code
        left = left[fits]
        if not len(left):
            return 0
    return len(left)


def linkability(tables: Aligned, whom: list[Codes], seed: int) -> Risk:
    """Do two halves of somebody's columns lead to the same synthetic row?"""
    parts = tables.parts
    if len(parts) < 2:
        return risk_of("linkability", "one column cannot be parted", 0, 0, 0)
    order = np.argsort(np.random.default_rng([4, seed]).random(len(parts)))
    halves = [order[: len(parts) // 2], order[len(parts) // 2 :]]
    made = sample_rows(tables.rows(1), _MOST, 1)
    hits: list[int] = []
    for table, rows in zip((0, 2), whom, strict=True):
        found: list[NDArray[np.int64]] = []
        for half in halves:
            spaces = [
                np.hstack([part_space(parts[at], which, some) for at in half.tolist()])
                for which, some in ((table, rows), (1, made))
            ]
            found.append(nearest(spaces[0], spaces[1])[0][:, 0])
        hits.append(int(np.sum(found[0] == found[1])))
    return risk_of("linkability", "both halves of a row", len(whom[0]), hits[0], hits[1])


def inference(tables: Aligned, whom: list[Codes]) -> list[Risk]:
    """Is somebody's secret that of the synthetic row which is most like him in all else?"""
    if len(tables.parts) < 2:
        return []
    made = sample_rows(tables.rows(1), _MOST, 1)
    right: list[list[int]] = []
    for table, rows in zip((0, 2), whom, strict=True):
        some = _guessed(tables, table, rows, made)
        right.append(some)
    return [
        risk_of("inference", part.name, len(whom[0]), right[0][at], right[1][at], len(tables.parts))
        for at, part in enumerate(tables.parts)
    ]


def _guessed(tables: Aligned, table: int, rows: Codes, made: Codes) -> list[int]:
    """Of each column, how many guesses are right."""
    found: list[int] = []
    likes = _most_like(tables, table, rows, made)
    for part, like in zip(tables.parts, likes, strict=True):
        if part.number:
            both = (part.codes[table][rows] > 0) & (part.codes[1][like] > 0)
            near = np.abs(part.places[table][rows] - part.places[1][like]) <= _NEAR / 2
            right = np.where(both, near, part.codes[table][rows] == part.codes[1][like])
        else:
            right = part.codes[table][rows] == part.codes[1][like]
        found.append(int(right.sum()))
    return found


def _most_like(tables: Aligned, table: int, rows: Codes, made: Codes) -> list[Codes]:
    """Of each column the synthetic rows that are most like some rows in all other columns."""
    sides = [
        [part_space(part, which, some) for part in tables.parts]
        for which, some in ((table, rows), (1, made))
    ]
    found: list[list[Codes]] = [[] for _ in tables.parts]
    for start in range(0, len(rows), _BLOCK):
        apart = [
            away(one[start : start + _BLOCK], other) for one, other in zip(*sides, strict=True)
        ]
        whole = np.sum(apart, axis=0)
        for column, mine in zip(found, apart, strict=True):
            column.append(made[(whole - mine).argmin(axis=1)])
    return [np.concatenate(column) for column in found]


def worst(risks: list[Risk]) -> dict[str, Any]:
    """Of each attack the risk with the highest lower end."""
    found: dict[str, Any] = {}
    for one in risks:
        known = found.get(one.attack)
        if known is None or (one.low, one.risk) > (known["low"], known["risk"]):
            found[one.attack] = one._asdict()
    return found
