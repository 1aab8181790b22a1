"""From labelled texts to a model and what is known of it.

Documents are dealt to folds, like ones together. Models fitted to the others score each fold: from
those margins come the strength of the pull towards zero, the calibration, the band of doubt and all
figures of the card. The model itself is fitted to everything. Same texts and settings, same bytes.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores.calibration import (
    ENOUGH,
    Calibration,
    calibration_error,
    fit,
    log_loss,
    probabilities,
)
from dataqa.scores.evidence import doubt_band
from dataqa.scores.files import Arrays, Header
from dataqa.scores.folds import FOLDS, clusters, fold_numbers
from dataqa.scores.labels import Labelled
from dataqa.scores.linear import Grams, matrix, quantised, read_buckets

PULLS = (1.0, 4.0, 16.0, 64.0)
"""Inverse strengths of the pull of weights towards zero that are tried."""
_TRIED = 8_000
"""Documents on which they are tried."""

type Floats = NDArray[np.float64]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What training depends on besides the documents.

    Attributes:
        seed: Decides folds and samples.
        grams: Which n-grams are read.
        error: The share of errors that the sure parts, beyond the band of doubt, may have.
    """

    seed: int = 1
    grams: Grams = Grams(words=2, low=4, high=4, bits=18)
    error: float = 0.1


class HeldOut(NamedTuple):
    """Each document as models that did not see it, nor its like, tell it.

    Attributes:
        folds: Its fold.
        together: Its cluster of like documents.
        margins: Before calibration.
        told: Probabilities, from a calibration that did not see it either.
    """

    folds: NDArray[np.int64]
    together: NDArray[np.int64]
    margins: Floats
    told: Floats


class Trained(NamedTuple):
    """A model to save, and what the card is made of."""

    header: Header
    arrays: Arrays
    held: HeldOut


def train_linear(found: Labelled, how: Settings, purpose: str = "quality") -> Trained:
    """A linear model over n-grams.

    Args:
        found: Labelled texts.
        how: Settings.
        purpose: What the header says it is for.

    Raises:
        InputError: scikit-learn is missing, or documents are too few or too like one another.
    """
    need_sklearn()
    how.grams.check("n-grams")
    rows = matrix(read_buckets(found.texts, how.grams), how.grams.bits)
    together = clusters(found.texts, found.groups)
    folds = fold_numbers(together, found.right, how.seed)
    pull = best_pull(rows, found, folds, how.seed)
    margins = held_margins(rows, found, folds, pull, how.seed)
    model = fitted(rows, found.right, found.weights, pull, how.seed)
    weights, scale = quantised(model.coef_[0])
    calibration, told = calibrated(margins, found, folds)
    grams = {name: float(value) for name, value in msgspec.structs.asdict(how.grams).items()}
    header = Header(
        kind="linear",
        purpose=purpose,
        positive=found.positive,
        numbers={**grams, "scale": scale, "intercept": float(model.intercept_[0])},
        calibration=calibration,
        band=doubt_band(told, found.right, how.error),
        made=made(found, how.seed, pull, how.error),
    )
    return Trained(header, {"weights": weights}, HeldOut(folds, together, margins, told))


def made(found: Labelled, seed: int, pull: float, error: float) -> dict[str, str | int | float]:
    """What the header says of the training."""
    return {
        "documents": len(found.right),
        "positive": int(found.right.sum()),
        "left_out": found.left_out,
        "seed": seed,
        "pull": pull,
        "error": error,
        "scikit-learn": version("scikit-learn"),
    }


def best_pull(rows: Any, found: Labelled, folds: NDArray[np.int64], seed: int) -> float:
    """The pull with which documents held out are told best, on up to ``_TRIED`` of them."""
    size = len(found.right)
    some = np.arange(size)
    if size > _TRIED:
        some = np.sort(np.random.Generator(np.random.PCG64(seed)).permutation(size)[:_TRIED])
    part = found._replace(right=found.right[some], weights=found.weights[some])
    losses: list[float] = []
    for pull in PULLS:
        margins = held_margins(rows[some], part, folds[some], pull, seed)
        curve = fit("platt", margins, part.right, part.weights)
        losses.append(log_loss(probabilities(curve, margins), part.right, part.weights))
    return PULLS[int(np.argmin(np.round(losses, 6)))]


def held_margins(
    rows: Any, found: Labelled, folds: NDArray[np.int64], pull: float, seed: int
) -> Floats:
    """The margin of each document, told by a model of the other folds."""
    margins = np.zeros(len(folds))
    for one in range(FOLDS):
        mine = folds == one
        if mine.any():
            model = fitted(rows[~mine], found.right[~mine], found.weights[~mine], pull, seed)
            margins[mine] = model.decision_function(rows[mine])
    return margins


def calibrated(
    margins: Floats, found: Labelled, folds: NDArray[np.int64]
) -> tuple[Calibration, Floats]:
    """The calibration that tells documents of other folds better, and what it tells them."""
    candidates = ["platt"] if len(margins) < ENOUGH else ["platt", "isotonic"]
    told = {kind: _cross_told(kind, margins, found, folds) for kind in candidates}
    losses = [round(log_loss(told[kind], found.right, found.weights), 5) for kind in candidates]
    best = candidates[int(np.argmin(losses))]
    return fit(_kind(best), margins, found.right, found.weights), told[best]


def fitted(rows: Any, right: Floats, weights: Floats, pull: float, seed: int) -> Any:
    """A logistic regression; liblinear works on one core, the same on all machines of a kind.

    Raises:
        InputError: The documents are all of one kind.
    """
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - training only
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    if len(np.unique(right)) < 2:
        hint = "label more, from more sources"
        raise InputError("the documents outside a fold are all of one kind", hint=hint)
    # weights whose mean is 1, so that the pull means the same whatever their unit
    usual = weights / weights.mean()
    model = LogisticRegression(
        C=pull,
        solver="liblinear",
        dual=True,
        tol=1e-3,
        random_state=seed,
        max_iter=500,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, right, sample_weight=usual)


def need_sklearn() -> None:
    """See that scikit-learn is there.

    Raises:
        InputError: It is not.
    """
    if find_spec("sklearn") is None:
        hint = "pip install 'dataqa[scores]'; scoring does not need it"
        raise InputError("training needs the package scikit-learn", hint=hint)


def error_of(trained: Trained, found: Labelled) -> float:
    """The expected calibration error on documents that neither model nor calibration saw."""
    return calibration_error(trained.held.told, found.right, found.weights)


def _cross_told(kind: str, margins: Floats, found: Labelled, folds: NDArray[np.int64]) -> Floats:
    told = np.zeros(len(margins))
    for one in range(FOLDS):
        mine = folds == one
        if mine.any():
            curve = fit(_kind(kind), margins[~mine], found.right[~mine], found.weights[~mine])
            told[mine] = probabilities(curve, margins[mine])
    return told


def _kind(name: str) -> Any:
    return name
