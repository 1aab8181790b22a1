"""Models that users bring, calibrated on labels: their scores become probabilities with a card.

The model stays where it is; the folder that is written names it with its digest, and holds what
makes probabilities of its scores. Only the calibration is learnt from the labels.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np

from dataqa.errors import InputError
from dataqa.scores import encoder, fasttext
from dataqa.scores.evidence import doubt_band
from dataqa.scores.files import Header
from dataqa.scores.folds import clusters, fold_numbers
from dataqa.scores.labels import Labelled
from dataqa.scores.models import margins_of, model_digest, open_model
from dataqa.scores.training import HeldOut, Settings, Trained, calibrated

NOTE = (
    "The model was brought: only its calibration is from these labels. Whether it had seen some of "
    "them when it was trained is not known here."
)


def calibrate_brought(found: Labelled, model: str, label: str, how: Settings) -> Trained:
    """The calibration of a model that a user brings.

    Args:
        found: Labelled texts, none of which the model should have been trained on.
        model: ``encoder:FOLDER`` or ``fasttext:FILE``.
        label: Whose probability is the score, where the model has labels.
        how: Settings; n-grams are only read to keep like documents together.

    Raises:
        InputError: There is no such model, or it reads nothing in some of the documents.
    """
    path = encoder.path_of(model) or fasttext.path_of(model)
    if path is None:
        hint = "name encoder:FOLDER or fasttext:FILE"
        raise InputError("this is no model that is brought", where=f"model {model}", hint=hint)
    scorer = open_model(model, label)
    scores = scorer.scores(found.texts)
    if lost := scores.null_count():
        hint = "leave out what has no words"
        what = f"it reads nothing in {lost:,} of the documents"
        raise InputError(what, where=f"model {model}", hint=hint)
    margins = margins_of(scores.to_numpy(), probability=scorer.probability)
    together = clusters(found.texts, found.groups)
    folds = fold_numbers(together, found.right, how.seed)
    calibration, told = calibrated(margins, found, folds)
    header = Header(
        kind="brought",
        purpose="quality",
        positive=found.positive,
        calibration=calibration,
        band=doubt_band(told, found.right, how.error),
        made={
            "documents": len(found.right),
            "positive": int(np.count_nonzero(found.right)),
            "left_out": found.left_out,
            "seed": how.seed,
            "error": how.error,
            "model": f"{model.partition(':')[0]}:{Path(path).resolve()}",
            "label": label,
            "model_digest": model_digest(model),
            "dataqa": version("dataqa"),
        },
    )
    return Trained(header, {}, HeldOut(folds, together, margins, told))
