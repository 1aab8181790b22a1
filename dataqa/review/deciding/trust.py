"""How far a prelabel's probability is to be trusted, once people have said what is right.

For each model version: of its prelabels that people have decided about, how often they were right
at which probability. Items that people saw without the prelabel count alone where they are enough,
for whoever sees a proposal tends to agree with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.verdicts import Verdict
from dataqa.review.ledger import Ledger, Prelabel
from dataqa.scores.calibration import (
    ENOUGH,
    Calibration,
    calibration_error,
    fit,
    probabilities,
)

AT_LEAST = 50
_NOTE = "calibration:"


class Trust(NamedTuple):
    """What is known of a model version's probabilities.

    Attributes:
        model: Its name.
        verdicts: On its prelabels.
        blind: Whether only those count that were shown without it.
        right: The share that was right.
        before: The expected calibration error of what it says.
        after: The same of the calibrated, on folds that the calibration did not see.
        calibration: None where there are too few verdicts, or all were right or all wrong.
    """

    model: str
    verdicts: int
    blind: bool
    right: float
    before: float
    after: float | None
    calibration: Calibration | None


def trust(
    ledger: Ledger, flow: Flow, told: list[Verdict], at_least: int = AT_LEAST
) -> tuple[Trust, ...]:
    """How right each model version was, and the calibration that follows."""
    prelabels = ledger.prelabels([one.item.key for one in told])
    seen: dict[str, list[tuple[float, float, bool]]] = defaultdict(list)
    for one in told:
        known = prelabels.get(one.item.key)
        if known is None or known.probability is None or one.said is None:
            continue
        said = known.answer.get(flow.sheet.verdict)
        blind = one.item.blind or not any(each.shown for each in one.annotations)
        seen[known.model].append((known.probability, float(said == one.said), blind))
    return tuple(_trust(model, rows, at_least) for model, rows in sorted(seen.items()))


def keep_trust(ledger: Ledger, told: tuple[Trust, ...]) -> None:
    """Note the calibrations, for what is pushed from now on."""
    for one in told:
        if one.calibration is not None:
            ledger.note(**{_NOTE + one.model: msgspec.json.encode(one.calibration).decode()})


def trusted(ledger: Ledger, prelabels: Mapping[str, Prelabel]) -> dict[str, Prelabel]:
    """The prelabels with their probabilities calibrated, where that is known."""
    maps: dict[str, Calibration | None] = {}
    for model in {one.model for one in prelabels.values()}:
        noted = ledger.get(_NOTE + model)
        maps[model] = None if noted is None else msgspec.json.decode(noted, type=Calibration)
    return {key: _with(one, maps[one.model]) for key, one in prelabels.items()}


def _with(one: Prelabel, known: Calibration | None) -> Prelabel:
    told = one.probability
    if known is None or told is None or not 0 <= told <= 1:
        return one
    return one._replace(probability=float(probabilities(known, _odds(np.array([told])))[0]))


def _trust(model: str, rows: list[tuple[float, float, bool]], at_least: int) -> Trust:
    alone = [row for row in rows if row[2]]
    blind = len(alone) >= at_least
    some = np.array(alone if blind else rows, np.float64)
    told, right = some[:, 0], some[:, 1]
    before = calibration_error(told, right)
    share = float(right.mean())
    if len(some) < at_least or not 0 < share < 1:
        return Trust(model, len(some), blind, share, before, None, None)
    odds = _odds(told)
    return Trust(model, len(some), blind, share, before, _error(odds, right), _fit(odds, right))


def _fit(odds: NDArray[np.float64], right: NDArray[np.float64]) -> Calibration:
    return fit("platt" if len(odds) < ENOUGH else "isotonic", odds, right)


def _error(odds: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """The calibration error of each half, drawn by chance, under the calibration of the other."""
    fold = np.random.Generator(np.random.PCG64(1)).permutation(len(odds)) % 2
    told = np.zeros(len(odds))
    for one in (0, 1):
        others = fold != one
        if not 0 < right[others].mean() < 1:
            return None
        told[~others] = probabilities(_fit(odds[others], right[others]), odds[~others])
    return calibration_error(told, right)


def _odds(told: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(told, 1e-6, 1 - 1e-6)
    return np.log(safe) - np.log1p(-safe)
