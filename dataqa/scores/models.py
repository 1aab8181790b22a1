"""Models opened: what ``dataqa train`` wrote, or fastText or an encoder, becomes a ``Scorer``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores import encoder, fasttext
from dataqa.scores.calibration import probabilities
from dataqa.scores.files import MODEL, Arrays, Header, digest_of, header_of, load
from dataqa.scores.linear import Grams, Linear
from dataqa.scores.ngrams import model_of

_LEAST = 1e-6
"""Probabilities nearer to 0 or 1 count as this near."""


class Scorer(NamedTuple):
    """A model, ready.

    Attributes:
        name: What the model is called: its folder or file, without what is before and behind.
        probability: Whether a score is a probability; otherwise it is a perplexity, or the number
            that an encoder gives.
        band: Between these scores the model is in doubt, as was measured when it was trained; None
            where nobody has measured it.
        scores: From a String column to Float64, null where a text is null or has nothing to read.
    """

    name: str
    probability: bool
    band: tuple[float, float] | None
    scores: Callable[[pl.Series], pl.Series]


def open_model(model: str | Path, label: str = "", chars: int = 0) -> Scorer:
    """Open a model.

    Args:
        model: A folder that ``dataqa train`` wrote, ``fasttext:`` and a ``.bin`` or ``.ftz`` file,
            or ``encoder:`` and a folder.
        label: The label of a fastText model or an encoder whose probability is the score.
        chars: Read only so many characters of each text, from its beginning; 0 for all.

    Raises:
        InputError: It is not there, or damaged, or cannot be told.
    """
    name, path = name_of(model), fasttext.path_of(model)
    if path is not None:
        score, band = fasttext.opened(path, label), None
        return Scorer(name, True, band, _cut(score, chars))
    if (folder := encoder.path_of(model)) is not None:
        number = encoder.check(folder, label).number
        return Scorer(name, not number, None, _cut(encoder.opened(folder, label), chars))
    if label:
        hint = "leave `label` out"
        raise InputError(
            "only fastText models and encoders have labels", where=f"model {model}", hint=hint
        )
    header, arrays = load(Path(model))
    score = _reader(Path(model), header, arrays)
    told = header.kind != "ngram"
    return Scorer(name, told, header.band if told else None, _cut(score, chars))


def check_model(model: str, label: str = "") -> None:
    """See that a model is there, without reading all of it.

    Raises:
        InputError: It is not.
    """
    path = fasttext.path_of(model)
    if path is not None:
        fasttext.check(path, label)
    elif (folder := encoder.path_of(model)) is not None:
        encoder.check(folder, label)
    else:
        header_of(Path(model))


def is_probability(model: str, label: str = "") -> bool:
    """Whether the scores of a model are probabilities."""
    if (folder := encoder.path_of(model)) is not None:
        return not encoder.check(folder, label).number
    return fasttext.path_of(model) is not None or header_of(Path(model)).kind != "ngram"


def band_of(model: str) -> tuple[float, float] | None:
    """Between which scores a model is in doubt, None where nobody has measured it."""
    if fasttext.path_of(model) is not None or encoder.path_of(model) is not None:
        return None
    if not is_probability(model):
        return None
    return header_of(Path(model)).band


def model_digest(model: str) -> str:
    """A digest of what scores depend on.

    Raises:
        InputError: There is no such model.
    """
    if (folder := encoder.path_of(model)) is not None:
        return encoder.digest_of(folder)
    path = fasttext.path_of(model)
    return digest_of(Path(model)) if path is None else fasttext.digest_of(path)


def name_of(model: str | Path) -> str:
    """What a model is called.

    >>> name_of("models/edu"), name_of("fasttext:lid/quality.v2.bin"), name_of("encoder:m/edu")
    ('edu', 'quality.v2', 'edu')
    """
    path = fasttext.path_of(model)
    if (folder := encoder.path_of(model)) is not None:
        return folder.name
    return Path(model).name if path is None else path.stem


def memory_of(model: str) -> float:
    """About how many bytes of memory a worker needs for an encoder, 0 for other models."""
    if encoder.path_of(model) is None and (Path(model) / MODEL).is_file():
        model = str(header_of(Path(model)).made.get("model", ""))
    folder = encoder.path_of(model)
    return 0.0 if folder is None else encoder.memory_of(folder)


def margins_of(scores: NDArray[np.float64], *, probability: bool) -> NDArray[np.float64]:
    """What is calibrated of the scores of a model that was brought: log odds, or the number.

    >>> margins_of(np.array([0.5, 1.0, 3.0]), probability=False).tolist()
    [0.5, 1.0, 3.0]
    >>> margins_of(np.array([0.5, 1.0]), probability=True).round(3).tolist()
    [0.0, 13.816]
    """
    if not probability:
        return scores
    inside = np.clip(scores, _LEAST, 1 - _LEAST)
    return np.log(inside) - np.log1p(-inside)


def linear_of(header: Header, arrays: Arrays, where: str) -> Linear:
    """The linear model that a folder holds.

    Raises:
        InputError: Something of it is missing.
    """
    numbers = header.numbers
    try:
        whole = {name: int(numbers[name]) for name in Grams.__struct_fields__}
        grams = Grams(**whole)
        weights = arrays["weights"].astype(np.int16)
        model = Linear(grams, weights, numbers["scale"], numbers["intercept"])
    except KeyError as error:
        what = f"the model has no {error.args[0]}"
        raise InputError(what, where=where, hint="train it again") from None
    grams.check(where)
    if len(weights) != 1 << grams.bits:
        raise InputError("the model has too few weights", where=where, hint="train it again")
    weights.flags.writeable = False
    return model


def _reader(folder: Path, header: Header, arrays: Arrays) -> Callable[[pl.Series], pl.Series]:
    where = f"model {folder}"
    if header.kind == "brought":
        return _calibrated(header, where)
    if header.kind == "linear":
        linear = linear_of(header, arrays, where)
        return lambda texts: _column(probabilities(header.calibration, linear.margins(texts)))
    language = model_of(arrays)
    if language is None:
        raise InputError("the model has no n-grams", where=where, hint="train it again")
    return language.perplexities


def _calibrated(header: Header, where: str) -> Callable[[pl.Series], pl.Series]:
    """The probabilities that a model which was brought is worth."""
    model, label = str(header.made.get("model", "")), str(header.made.get("label", ""))
    if model_digest(model) != header.made.get("model_digest"):
        hint = "calibrate it again: dataqa train quality LABELS --model …"
        raise InputError(f"{model} is another one now", where=where, hint=hint)
    inner = open_model(model, label)

    def scores(texts: pl.Series) -> pl.Series:
        told = inner.scores(texts).to_numpy().astype(np.float64)
        margins = margins_of(told, probability=inner.probability)
        return _column(probabilities(header.calibration, margins))

    return scores


def _column(values: NDArray[np.float64]) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)


def _cut(score: Callable[[pl.Series], pl.Series], chars: int) -> Callable[[pl.Series], pl.Series]:
    return (lambda texts: score(texts.str.head(chars))) if chars else score
