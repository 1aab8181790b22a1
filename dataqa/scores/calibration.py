"""From margins to probabilities: Platt's curve or isotonic regression, and how far off they are.

Platt 1999, "Probabilistic Outputs for Support Vector Machines"; Zadrozny and Elkan 2002, for
isotonic regression by pooling adjacent violators; Roelofs et al. 2022 (arXiv 2012.08668) for bins
of equal mass. Used for any margin: those of models here, of a language model's answers, of people.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError

DIGITS = 6
"""Probabilities are rounded to so many digits: the same wherever ``exp`` differs by a bit."""
ENOUGH = 1000
"""From so many labels on, isotonic regression may be better than a curve of two numbers."""
BINS = 15
_NEWTON = 100

type Floats = NDArray[np.float64]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a margin becomes a probability.

    Attributes:
        kind: ``platt``, ``isotonic`` or ``none`` (the margin is a probability already).
        slope: Of Platt's curve, and
        offset: its offset: the logistic function of slope times margin plus offset.
        margins: Of isotonic regression: where the line bends, ascending, and
        values: the probability there; between them it is straight, beyond them level.
    """

    kind: Literal["platt", "isotonic", "none"] = "none"
    slope: float = 1.0
    offset: float = 0.0
    margins: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


class Bin(NamedTuple):
    """Some documents of neighbouring probabilities: the mean, the share that is right, how many."""

    mean: float
    share: float
    weight: float


def fit(
    kind: Literal["platt", "isotonic"],
    margins: Floats,
    right: Floats,
    weights: Floats | None = None,
) -> Calibration:
    """The calibration of one kind.

    Args:
        kind: ``platt`` or ``isotonic``.
        margins: One for each document, finite; not those the model was fitted to.
        right: 1 where the document is of the positive kind, 0 where it is not.
        weights: How much each counts; 1 by default.

    Raises:
        InputError: There are not both kinds of documents.

    >>> half = fit("platt", np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    >>> probabilities(half, np.array([0.0])).tolist()
    [0.5]
    """
    counts = np.ones(len(margins)) if weights is None else weights.astype(np.float64)
    margins, right = margins.astype(np.float64), right.astype(np.float64)
    if not 0 < float(counts @ right) < float(counts.sum()):
        hint = "label some of both kinds"
        raise InputError("only one kind of document is left to calibrate on", hint=hint)
    return _platt(margins, right, counts) if kind == "platt" else _isotonic(margins, right, counts)


def probabilities(calibration: Calibration, margins: Floats) -> Floats:
    """Probabilities of margins, from 0 to 1, never falling where margins rise; of none (NaN) none.

    >>> rising = Calibration("isotonic", margins=(0.0, 1.0), values=(0.2, 0.8))
    >>> probabilities(rising, np.array([-5.0, 0.5, 5.0])).tolist()
    [0.2, 0.5, 0.8]
    """
    if calibration.kind == "platt":
        told = logistic(calibration.slope * margins + calibration.offset)
    elif calibration.kind == "isotonic":
        told = np.interp(margins, calibration.margins, calibration.values)
    else:
        told = np.clip(margins, 0.0, 1.0)
    out: Floats = np.asarray(np.where(np.isnan(margins), np.nan, told), np.float64).round(DIGITS)
    return out


def logistic(odds: Floats) -> Floats:
    """The logistic function, for log-odds of any size."""
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1 / (1 + small), small / (1 + small))


def bins(told: Floats, right: Floats, weights: Floats | None = None) -> list[Bin]:
    """Documents by probability, in up to ``BINS`` bins of (nearly) equal weight.

    Documents of one probability stay in one bin, whatever their order.
    """
    counts = np.ones(len(told)) if weights is None else weights
    number = bin_of(told, counts)
    found: list[Bin] = []
    for one in np.unique(number):
        mine = number == one
        weight = float(counts[mine].sum())
        if weight > 0:
            mean = float(told[mine] @ counts[mine]) / weight
            found.append(Bin(mean, float(right[mine] @ counts[mine]) / weight, weight))
    return found


def bin_of(told: Floats, weights: Floats | None = None, most: int = BINS) -> NDArray[np.int64]:
    """The number of each document's bin, of up to ``most`` of (nearly) equal weight.

    >>> bin_of(np.array([0.2, 0.9, 0.2, 0.6]), most=2).tolist()
    [0, 1, 0, 1]
    """
    counts = np.ones(len(told)) if weights is None else weights
    values, which = np.unique(told, return_inverse=True)
    mass = np.bincount(which, counts, len(values))
    middle = (np.cumsum(mass) - mass / 2) / max(float(mass.sum()), 1e-300)
    return np.minimum((middle * most).astype(np.int64), most - 1)[which]


def calibration_error(told: Floats, right: Floats, weights: Floats | None = None) -> float:
    """The expected calibration error over bins of equal mass: 0 is best.

    >>> calibration_error(np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    0.0
    """
    found = bins(told, right, weights)
    whole = sum(one.weight for one in found)
    return sum(one.weight * abs(one.mean - one.share) for one in found) / max(whole, 1e-300)


def log_loss(told: Floats, right: Floats, weights: Floats | None = None) -> float:
    """The mean negative log-likelihood, probabilities held off 0 and 1 by a millionth."""
    safe = np.clip(told, 1e-6, 1 - 1e-6)
    loss = -(right * np.log(safe) + (1 - right) * np.log1p(-safe))
    return float(np.average(loss, weights=weights))


def _platt(margins: Floats, right: Floats, weights: Floats) -> Calibration:
    """Newton's method on margins brought to a usual size; Platt's targets keep it off infinity."""
    middle = float(np.average(margins, weights=weights))
    spread = float(np.sqrt(np.average((margins - middle) ** 2, weights=weights))) or 1.0
    positive, count = float(weights @ right), float(weights.sum())
    aim = np.where(right > 0, (positive + 1) / (positive + 2), 1 / (count - positive + 2))
    columns = np.stack([(margins - middle) / spread, np.ones(len(margins))])
    at = np.array([0.0, np.log(positive / (count - positive))])
    for _ in range(_NEWTON):
        told = logistic(at @ columns)
        slope = columns @ (weights * (told - aim)) + 1e-9 * at
        curve = (columns * (weights * told * (1 - told))) @ columns.T + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        at = at - step * min(1.0, 4.0 / float(np.abs(step).max() + 1e-300))
        if float(np.abs(step).max()) < 1e-10:
            break
    tilt = max(float(at[0]), 0.0) / spread  # a model that is worse than chance is worth nothing
    return Calibration("platt", round(tilt, 9), round(float(at[1]) - tilt * middle, 9) + 0.0)


def _isotonic(margins: Floats, right: Floats, weights: Floats) -> Calibration:
    """Pool neighbours that fall; a block's value is drawn to the whole's by one document."""
    values, which = np.unique(margins, return_inverse=True)
    mass = np.bincount(which, weights, len(values))
    hits = np.bincount(which, weights * right, len(values))
    share = float(weights @ right) / float(weights.sum())
    blocks: list[list[float]] = []  # hits, mass, margin times mass
    for margin, hit, weight in zip(values.tolist(), hits.tolist(), mass.tolist(), strict=True):
        if weight <= 0:
            continue
        blocks.append([hit, weight, margin * weight])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    centres = [block[2] / block[1] for block in blocks]
    levels = [(block[0] + share) / (block[1] + 1) for block in blocks]
    # drawing small blocks further than large ones may turn two of them round
    levels = np.maximum.accumulate(levels).tolist()
    return Calibration(
        "isotonic",
        margins=tuple(round(one, 9) for one in centres),
        values=tuple(round(one, 9) for one in levels),
    )
