"""A selector of documents like given ones: positives against a background, which holds some too.

A model learns to tell the given documents from the background. The background is unlabelled, not
negative: some of it is what is looked for. So the model's odds are those of "was given" against
"was not", and Elkan and Noto (2008, "Learning classifiers from only positive and unlabeled data")
say how they become odds of "is like the given ones": the chance that a document of the kind was
given is estimated by the mean of the model's answers on given documents held out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores.calibration import Calibration, probabilities
from dataqa.scores.labels import FEWEST, Labelled
from dataqa.scores.training import Settings, Trained, train_linear

type Floats = NDArray[np.float64]

_POINTS = 64
"""Places at which the corrected curve is kept."""


def selector_labels(positives: pl.Series, background: pl.Series, where: Sequence[str]) -> Labelled:
    """Given documents and background as labelled ones; each side weighs as much as the other.

    Raises:
        InputError: One of them has too few documents.
    """
    sides = [side.drop_nulls() for side in (positives, background)]
    left_out = len(positives) + len(background) - sum(map(len, sides))
    for side, place in zip(sides, where, strict=True):
        if len(side) < FEWEST:
            hint = f"give at least {FEWEST}; some hundreds are a beginning"
            raise InputError(f"{len(side):,} documents are too few", where=place, hint=hint)
    sizes = [len(side) for side in sides]
    right = np.repeat([1.0, 0.0], sizes)
    weights = np.repeat([sum(sizes) / 2 / size for size in sizes], sizes)
    return Labelled(pl.concat(sides), right, weights, None, "like the given documents", left_out)


def train_selector(found: Labelled, how: Settings) -> tuple[Trained, float]:
    """A model, its probabilities corrected for what the background holds of the kind.

    Returns:
        The model, and the share of the background that is estimated to be of the kind.

    Raises:
        InputError: Documents are too few, or too like one another.
    """
    trained = train_linear(found, how, "domain")
    told, given = trained.held.told, found.right > 0
    # the chance that a document of the kind was given, at one given to one not given
    chance = min(max(float(told[given].mean()), 0.5), 1 - 1e-6)
    curve = corrected(trained.header.calibration, trained.held.margins, chance)
    corrected_told = np.round(_corrected(told, chance), 6)
    share = float(corrected_told[~given].mean())
    header = msgspec.structs.replace(
        trained.header,
        calibration=curve,
        band=(how.error, 1 - how.error),
        made={**trained.header.made, "given": round(chance, 6), "background": round(share, 6)},
    )
    held = trained.held._replace(told=corrected_told)
    return Trained(header, trained.arrays, held), share


def corrected(before: Calibration, margins: Floats, chance: float) -> Calibration:
    """A calibration whose odds are those of being of the kind, as a line of some points."""
    at = np.unique(np.quantile(margins, np.linspace(0, 1, _POINTS)).round(9))
    values = _corrected(probabilities(before, at), chance)
    return Calibration(
        "isotonic",
        margins=tuple(at.tolist()),
        values=tuple(np.maximum.accumulate(values.round(9)).tolist()),
    )


def _corrected(told: Floats, chance: float) -> Floats:
    """Elkan and Noto's weight of an unlabelled document: its odds times those of not being given.

    It is the probability that a document of the background is of the kind.
    """
    odds = told / np.maximum(1 - told, 1e-9)
    return np.minimum(odds * (1 - chance) / chance, 1.0)
