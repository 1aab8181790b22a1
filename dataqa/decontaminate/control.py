"""How many matches to expect by chance, measured: entries that exist nowhere, looked for alike.

A decoy is the first half of one question with the second half of another of about the same length,
and the answers and passage of a third one. It has the words, the phrases and the common n-grams of
its benchmark, and what it finds is found by chance. This is the target-decoy estimate of mass
spectrometry (Elias and Gygi 2007) with ``COPIES`` decoys for each entry.

It tells of phrases that happen to meet. Of a benchmark whose entries were public before (a famous
speech, a licence) decoys tell nothing: such entries are looked for by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np

from dataqa.decontaminate.words import Ints

COPIES = 4
"""Decoys for each entry, where the benchmark has more entries than that."""
_TAIL = 0.025
_NOTHING = 1e-15


class Decoys(NamedTuple):
    """Entries that decoys are made of, a row a decoy: whose halves, whose answers and passage."""

    first: Ints
    second: Ints
    rest: Ints


class Estimate(NamedTuple):
    """The share of matches that are not by chance, with 95 % limits; all None where not known."""

    value: float | None
    low: float | None
    high: float | None


def decoys(lengths: Ints, groups: Ints) -> Decoys:
    """Which entries lend their parts to decoys: neighbours in length within a benchmark.

    Args:
        lengths: Words in each question.
        groups: The benchmark of each entry.
    """
    parts: list[Ints] = [np.zeros((0, 3), np.int64)]
    for group in range(int(groups.max(initial=-1)) + 1):
        mine = np.flatnonzero(groups == group)
        order = mine[np.argsort(lengths[mine], kind="stable")]
        parts += [
            np.stack([order, np.roll(order, -shift), np.roll(order, shift)], axis=1)
            for shift in range(1, copies(order.size) + 1)
        ]
    rows = np.concatenate(parts)
    return Decoys(rows[:, 0], rows[:, 1], rows[:, 2])


def copies(entries: int) -> int:
    """Decoys for each entry of a benchmark of so many; none for a single one.

    >>> copies(1319), copies(3), copies(1)
    (4, 2, 0)
    """
    return max(0, min(COPIES, entries - 1))


def precision(found: int, control: int, copies: int) -> Estimate:
    """The estimated share of found documents that hold what was looked for.

    A document of chance matches is as likely won by each of ``copies + 1`` entries, one of which is
    real. So ``control`` documents won by decoys stand for ``control / copies`` found ones, and the
    precision is ``1 - control / copies / found``. If ``F`` found ones are by chance, ``control`` is
    binomial of ``F + control`` with ``copies / (copies + 1)``: the limits are the least and the
    largest ``F`` that neither tail (2.5 %) of it refuses, as Clopper and Pearson's are.

    Args:
        found: Documents in which an entry was found.
        control: Documents in which a decoy was found that matches better than every entry.
        copies: Decoys for each entry.

    >>> [round(limit or 0, 3) for limit in precision(100, 8, 4)]
    [0.98, 0.94, 1.0]
    >>> precision(0, 0, 4).value is None
    True
    """
    if not found or not copies:
        return Estimate(None, None, None)
    share = copies / (copies + 1)
    most = _last(lambda false: _at_most(control, false + control, share) >= _TAIL)
    least = 0
    if control:  # else none may be by chance
        enough = 1 - _TAIL
        least = _last(lambda false: _at_most(control - 1, false + control, share) > enough) + 1
    return Estimate(*(_clip(1 - false / found) for false in (control / copies, most, least)))


def _last(holds: Callable[[int], bool]) -> int:
    """The last number from 0 on for which something holds that then never holds again; else -1."""
    if not holds(0):
        return -1
    step = 1
    while holds(step):
        step *= 2
    low, high = step // 2, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _at_most(hits: int, trials: int, share: float) -> float:
    """The chance of ``hits`` or fewer in ``trials``, each with this chance."""
    if hits < 0 or hits >= trials:
        return float(hits >= 0)
    if hits > share * trials:  # sum the smaller tail: its terms only fall
        return 1 - _at_most(trials - hits - 1, trials, 1 - share)
    logs = lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1)
    term = exp(logs + hits * log(share) + (trials - hits) * log(1 - share))
    total = term
    for k in range(hits, 0, -1):
        term *= k / (trials - k + 1) * (1 - share) / share
        total += term
        if term <= total * _NOTHING:
            break
    return total


def _clip(share: float) -> float:
    return min(1.0, max(0.0, share))
