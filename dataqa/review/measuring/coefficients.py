"""Coefficients of agreement: Cohen's kappa, Krippendorff's alpha, span F1, calibration error.

Each is a function of sums over items, as ``intervals`` wants it. Cohen 1960, "A Coefficient of
Agreement for Nominal Scales"; Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from dataqa.review.measuring.intervals import DIGITS, LEAST, Figure, Floats, bootstrapped
from dataqa.scores.calibration import bin_of

type Level = Literal["nominal", "ordinal"]
type Span = tuple[int, int, str]

_MOST = 40
"""Different values of a control, at most: beyond, a number is no scale that people share."""


def kappa(pairs: Sequence[tuple[str, str]], least: int = LEAST) -> Figure:
    """Cohen's kappa of two people, from what each said of the items that both saw.

    >>> said = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    >>> kappa(said).value
    0.4
    """
    words = sorted({word for pair in pairs for word in pair})
    at = {word: number for number, word in enumerate(words)}
    parts = np.zeros((len(pairs), len(words) ** 2))
    for row, (one, two) in enumerate(pairs):
        parts[row, at[one] * len(words) + at[two]] = 1

    def statistic(sums: Floats) -> float | None:
        table = sums.reshape(len(words), len(words)) / sums.sum()
        chance = float(table.sum(axis=0) @ table.sum(axis=1))
        return None if chance >= 1 else float((np.trace(table) - chance) / (1 - chance))

    return bootstrapped(parts, statistic, least)


def alpha(
    units: Sequence[Sequence[Any]],
    level: Level = "nominal",
    items: Sequence[str] | None = None,
    least: int = LEAST,
) -> Figure:
    """Krippendorff's alpha over units that two or more people judged.

    Args:
        units: For each unit, the values that people gave it; those with fewer than two count not.
        level: ``nominal``, or ``ordinal`` for values that have an order.
        items: Whose each unit is, where several are of one item; they are drawn together.
        least: Of fewer items nothing is told.

    >>> alpha([["a", "a"], ["b", "b"], ["a", "b"], ["b", "b"]], least=4).value
    0.5333
    """
    paired = [(at, values) for at, values in enumerate(units) if len(values) > 1]
    values = sorted({value for _, some in paired for value in some})
    size = len(values)
    if not paired or size > _MOST:
        return Figure(count=len(paired))
    place = {value: number for number, value in enumerate(values)}
    owners = [str(at) if items is None else items[at] for at, _ in paired]
    rows = {owner: row for row, owner in enumerate(dict.fromkeys(owners))}
    parts = np.zeros((len(rows), size, size))
    for owner, (_, some) in zip(owners, paired, strict=True):
        tally = np.bincount([place[value] for value in some], minlength=size)
        both = np.outer(tally, tally) - np.diag(tally)
        parts[rows[owner]] += both / (len(some) - 1)

    def statistic(sums: Floats) -> float | None:
        return _alpha(sums.reshape(size, size), level)

    return bootstrapped(parts.reshape(len(rows), size * size), statistic, least)


def overlap(pairs: Sequence[tuple[Sequence[Span], Sequence[Span]]], *, exact: bool) -> list[Floats]:
    """Of each pair of markings of a text, how many spans have their like, and how many there are.

    Args:
        pairs: Spans of the one and of the other.
        exact: The like has the same borders; else it shares a character. The kind is the same.

    >>> overlap([([(0, 4, "X"), (6, 9, "Y")], [(0, 5, "X")])], exact=False)[0].tolist()
    [2.0, 3.0]
    """
    found: list[Floats] = []
    for one, two in pairs:
        if exact:
            like = 2 * sum((Counter(one) & Counter(two)).values())
        else:
            like = _touching(one, two) + _touching(two, one)
        found.append(np.array([like, len(one) + len(two)], np.float64))
    return found


def ratio(sums: Floats) -> float | None:
    """The first sum over the second: the F1 of ``overlap``, or a mean."""
    return None if not sums[1] else float(sums[0] / sums[1])


def calibration_error(
    told: Sequence[float], right: Sequence[bool], bins: int = 10, least: int = 50
) -> tuple[Figure, list[tuple[float, float, int]]]:
    """The expected calibration error over bins of nearly equal mass, and the bins.

    Args:
        told: Probabilities.
        right: Whether each was right.
        bins: At most so many, of nearly as many probabilities each; equal ones are in one.
        least: Of fewer nothing is told.

    Returns:
        The error, and of each bin the mean probability, the share that was right, and how many.
        With few items it is too high: chance alone moves each bin off.
    """
    which = bin_of(np.array(told, np.float64), most=bins)
    parts = np.zeros((len(told), bins, 3))
    at = np.arange(len(told))
    for part, column in enumerate((told, right, [1] * len(told))):
        parts[at, which, part] = np.array(column, np.float64)

    def statistic(sums: Floats) -> float | None:
        table = sums.reshape(bins, 3)
        return float(np.abs(table[:, 0] - table[:, 1]).sum() / table[:, 2].sum())

    table = parts.sum(axis=0)
    shown = [
        (round(p / n, DIGITS), round(r / n, DIGITS), int(n)) for p, r, n in table.tolist() if n
    ]
    return bootstrapped(parts.reshape(len(told), bins * 3), statistic, least), shown


def _alpha(table: Floats, level: Level) -> float | None:
    """Alpha of a table of coincidences: 1 less observed over expected disagreement."""
    totals = table.sum(axis=0)
    count = float(totals.sum())
    apart = 1.0 - np.eye(len(totals))
    if level == "ordinal":
        # all that lies between two values, and half of each: Krippendorff's difference of ranks
        upto = np.cumsum(totals) - totals / 2
        apart = (upto[:, None] - upto[None, :]) ** 2
    expected = float(np.einsum("i,j,ij->", totals, totals, apart))
    if count <= 1 or not expected:
        return None
    return 1 - (count - 1) * float(np.einsum("ij,ij->", table, apart)) / expected


def _touching(one: Sequence[Span], two: Sequence[Span]) -> int:
    return sum(
        any(start < end2 and start2 < end and label == label2 for start2, end2, label2 in two)
        for start, end, label in one
    )
