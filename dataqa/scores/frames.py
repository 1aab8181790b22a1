"""``dataqa.score``: a frame with the scores of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.scores.models import open_model
from dataqa.types import TEXT

_ADDED = ("score", "doubt")


def score(
    frame: pl.DataFrame | Any,
    model: str | Path,
    *,
    text_column: str = TEXT,
    label: str = "",
    chars: int = 0,
    doubt: tuple[float, float] | None = None,
) -> pl.DataFrame:
    """Score the texts of a frame.

    Args:
        frame: A polars or pandas frame.
        model: A folder that ``dataqa train`` wrote, ``fasttext:`` and a ``.bin`` or ``.ftz`` file,
            or ``encoder:`` and a folder.
        text_column: The column that holds the texts.
        label: The label of a fastText model whose probability is the score.
        chars: Read only so many characters of each text, from its beginning; 0 for all.
        doubt: Between which scores the model is in doubt; by default as was measured when it was
            trained.

    Returns:
        The same rows in the same order with ``score`` (a calibrated probability, or a perplexity;
        null where there is nothing to read) and ``doubt`` (null where nobody has measured it).

    Raises:
        InputError: There is no such model or column.
    """
    rows = frame if isinstance(frame, pl.DataFrame) else _polars(frame)
    if text_column not in rows.columns:
        hint = did_you_mean(text_column, rows.columns)
        raise InputError(f"the frame has no column {text_column!r}", hint=hint)
    for name in _ADDED:
        if name in rows.columns:
            hint = f"rename it: frame.rename({{{name!r}: 'my_{name}'}})"
            raise InputError(f"the frame has a column {name!r} already", hint=hint)
    scorer = open_model(model, label, chars)
    scores = scorer.scores(rows[text_column].cast(pl.String)).alias("score")
    band = doubt or scorer.band
    if band is None:
        return rows.with_columns(scores, pl.lit(None, pl.Boolean).alias("doubt"))
    inside = (scores >= band[0]) & (scores < band[1])
    return rows.with_columns(scores, inside.alias("doubt"))


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame) or not hasattr(frame, "columns"):
        what = f"a frame in memory is needed, not a {type(frame).__name__}"
        raise InputError(what, hint="collect it first; the step `score` works on files of any size")
    return pl.from_pandas(frame)
