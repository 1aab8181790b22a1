"""Bounds from verdicts: where it is safe to decide without people, and where asking pays.

Along one number, turned so that high is good, documents are dropped up to one end, kept from
another on, and asked about between them. ``sure_ends`` moves both ends as far inward as the error
beyond them allows, with a stated confidence (risk-controlling prediction sets, Bates et al. 2021,
arXiv 2101.02703; tested in a fixed order, as in Angelopoulos et al. 2021, arXiv 2110.01052;
conformal risk control, arXiv 2208.02814, would promise the same of the mean only). ``cheap_ends``
asks where asking costs less than the error that is to be expected (Chow 1970).

Which documents have verdicts is not chance: those in doubt were asked about, the most doubtful
first; of the others some were drawn by chance. So both kinds are counted apart and weighted by how
many documents they stand for.
"""

from __future__ import annotations

from math import log, log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.review.measuring.intervals import most_likely_share

CELLS = 5
"""Parts of the band, by the number, within which a verdict stands for its neighbours."""
_STEPS = 40
"""Ends that are tried, at most."""
_INWARD = 0.8
"""Of the chance to be wrong, how much the band's becoming narrower may use."""

type Floats = NDArray[np.float64]
type Marks = NDArray[np.bool_]


class Evidence(NamedTuple):
    """Documents whose fate one rule decides, and what people say of some of them.

    Attributes:
        values: Of each document, high is good.
        banded: Whether it is sent to people now.
        said: The rows that have a verdict.
        keep: Of these, 1 where people keep it, 0 where they drop it.
    """

    values: Floats
    banded: Marks
    said: NDArray[np.int64]
    keep: Floats


class Ends(NamedTuple):
    """Up to ``low`` documents are dropped, from ``high`` on kept; None where nothing is known."""

    low: float | None
    high: float | None


class Costs(NamedTuple):
    """What it costs to keep what is unfit, to drop what is fit, and to ask."""

    keep: float = 1.0
    drop: float = 1.0
    ask: float = 0.1


def weights(seen: Evidence) -> Floats:
    """How many documents each verdict stands for.

    A verdict of a document drawn by chance stands for its share of those that are not asked about,
    on its side of the band; one in the band for its share of one of ``CELLS`` parts of the band.

    >>> seen = Evidence(np.arange(8.0), np.arange(8) < 2, np.array([0, 1, 5]), np.ones(3))
    >>> weights(seen).tolist()
    [1.0, 1.0, 6.0]
    """
    cells = _cells(seen)
    have = np.bincount(cells[seen.said], minlength=CELLS + 2)
    return (np.bincount(cells, minlength=CELLS + 2) / np.maximum(have, 1))[cells[seen.said]]


def _cells(seen: Evidence) -> NDArray[np.int64]:
    """0 below the band, 1 above it, from 2 on the band's parts."""
    inside = seen.values[seen.banded]
    middle = float(np.median(inside)) if len(inside) else 0.0
    edges = np.quantile(inside, np.linspace(0, 1, CELLS + 1)[1:-1]) if len(inside) else np.zeros(1)
    part = np.searchsorted(edges, seen.values, side="right") + 2
    return np.where(seen.banded, part, (seen.values > middle).astype(np.int64))


def kept_shares(seen: Evidence) -> tuple[Floats, Floats]:
    """The numbers that have verdicts, and the share people keep there, never falling.

    Isotonic regression in steps, not lines: between two blocks people's minds may change at once.
    Each block is drawn to the whole's share by one verdict.

    >>> seen = Evidence(np.arange(4.0), np.ones(4, bool), np.arange(4), np.array([0.0, 0, 1, 1]))
    >>> kept_shares(seen)[1].round(2).tolist()
    [0.17, 0.17, 0.83, 0.83]
    """
    counts = weights(seen)
    counts = counts / counts.mean()
    at, which = np.unique(seen.values[seen.said], return_inverse=True)
    mass = np.bincount(which, counts, len(at))
    hits = np.bincount(which, counts * seen.keep, len(at))
    blocks: list[tuple[float, float, int]] = []
    for one in zip(hits.tolist(), mass.tolist(), [1] * len(at), strict=True):
        hit, weight, size = one
        while blocks and blocks[-1][0] * weight >= hit * blocks[-1][1]:
            last = blocks.pop()
            hit, weight, size = hit + last[0], weight + last[1], size + last[2]
        blocks.append((hit, weight, size))
    share = float(hits.sum() / mass.sum())
    levels = [(hit + share) / (weight + 1) for hit, weight, _ in blocks]
    sizes = [size for _, _, size in blocks]
    return at, np.repeat(np.maximum.accumulate(levels), sizes)


def fewest(error: float, confidence: float) -> int:
    """Verdicts by chance, on each side, without which no end can be sure.

    >>> fewest(0.05, 0.9)
    63
    """
    return int(np.ceil(log(_INWARD * (1 - confidence) / 2) / log1p(-error) - 1e-9))


def sure_ends(seen: Evidence, error: float, confidence: float = 0.9) -> Ends:
    """The ends nearest to one another beyond which the error is low enough, on each side.

    Of the documents that are kept without people at most ``error`` are unfit, and of those dropped
    at most ``error`` fit, both together with this confidence.

    Args:
        seen: What people say.
        error: The share that may be wrong.
        confidence: How often, over samples of verdicts, the promise holds.
    """
    chance = (1 - confidence) / 2
    above = _passed(seen, error, chance)
    turned = seen._replace(values=-seen.values, keep=1 - seen.keep)
    below = [-one for one in _passed(turned, error, chance)]
    if not above or not below:
        return Ends(below[-1] if below else None, above[-1] if above else None)
    # all that passed hold at once: of ends that would cross, the nearest that do not
    high = above[-1]
    fitting = [one for one in below if one <= high]
    return Ends(max(fitting) if fitting else None, high)


def _passed(seen: Evidence, error: float, chance: float) -> list[float]:
    """The ends above which the error is low, from the outermost inward.

    Two chains of ends, each until its first failure: from where the band ends now inward, and, with
    a fifth of the chance, from the outermost inward to there.
    """
    mine = seen.values[seen.said]
    asked = seen.values[seen.banded]
    edge = float(asked.max()) if len(asked) else -np.inf
    order = np.sort(mine)[::-1]
    outer = int((order > edge).sum())
    need = fewest(error, 1 - 2 * chance)
    if outer < need:
        return []
    step = max(3, (len(order) - outer) // _STEPS)
    inward = _chain(seen, range(outer, len(order) + 1, step), error, chance * _INWARD)
    step = max(3, outer // _STEPS)
    outward = range(min(2 * need, outer), outer, step)
    return _chain(seen, outward, error, chance * (1 - _INWARD)) + inward


def _chain(seen: Evidence, counts: range, error: float, chance: float) -> list[float]:
    """The ends that have so many verdicts above them, until the first that fails."""
    mine = seen.values[seen.said]
    inside, wrong = seen.banded[seen.said], seen.keep < 0.5
    order = np.sort(mine)[::-1]
    passed: list[float] = []
    for count in counts:
        end = _below(seen.values, float(order[count - 1]))
        if _bounded(seen, end, mine, inside, wrong, chance) > error:
            break
        passed.append(end)
    return passed


def _bounded(
    seen: Evidence, end: float, mine: Floats, inside: Marks, wrong: Marks, chance: float
) -> float:
    """An upper bound of the error among documents above an end, both strata together."""
    beyond, told = seen.values > end, mine > end
    total = max(int(beyond.sum()), 1)
    parts = [flag for flag in (False, True) if (beyond & (seen.banded == flag)).any()]
    bound = 0.0
    for flag in parts:
        share = float((beyond & (seen.banded == flag)).sum()) / total
        here = told & (inside == flag)
        bad = int((here & wrong).sum())
        bound += share * most_likely_share(bad, int(here.sum()), chance / len(parts))
    return bound


def _below(values: Floats, value: float) -> float:
    """Half way from a value to the next lower one that occurs."""
    lower = values[values < value]
    return 0.5 * (value + float(lower.max())) if len(lower) else value - 1.0


def cheap_ends(seen: Evidence, costs: Costs) -> Ends:
    """The ends between which asking costs less than deciding.

    They never leave the numbers of which there are verdicts.
    """
    if len(np.unique(seen.keep)) < 2:
        return Ends(None, None)
    at, fit_share = kept_shares(seen)
    keeping, dropping = (1 - fit_share) * costs.keep, fit_share * costs.drop
    kept = (keeping <= costs.ask) & (keeping <= dropping)
    dropped = (dropping <= costs.ask) & (dropping < keeping)
    if costs.ask >= costs.keep * costs.drop / (costs.keep + costs.drop):
        kept, dropped = keeping <= dropping, keeping > dropping
    high = _below(seen.values, float(at[kept][0])) if kept.any() else float(at[-1])
    low = (
        -_below(-seen.values, -float(at[dropped][-1])) if dropped.any() else min(float(at[0]), high)
    )
    return Ends(low, max(low, high))
