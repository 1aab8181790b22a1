"""Frames as ids and texts, some thousand documents at a time: polars, lazy or not, and pandas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean

STEP = 8192
"""The most documents that are taken from a frame at once."""

type AnyFrame = pl.DataFrame | pl.LazyFrame | Any
"""A polars frame, lazy or not, or a pandas one: anything ``polars.from_pandas`` takes."""
type Columns = tuple[pl.Series, pl.Series]


def columns_of(
    frame: AnyFrame,
    text_column: str,
    id_column: str,
    *,
    numbered: bool = False,
    step: int = STEP,
) -> Iterator[Columns]:
    """Ids and texts, both as strings, in order; a LazyFrame is collected in batches.

    Args:
        frame: The documents.
        text_column: The column that holds texts.
        id_column: The column that holds ids.
        numbered: Where there are no ids, take row numbers.
        step: The most documents at once.

    Raises:
        InputError: It is no frame, a column is missing or holds no text, or an id is null.
    """
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        if not hasattr(frame, "columns"):
            raise InputError(
                f"a {type(frame).__name__} is no frame",
                hint="give a polars DataFrame or LazyFrame, or a pandas DataFrame",
            )
        frame = pl.from_pandas(frame)
    schema = frame.collect_schema()
    for name in (text_column, *(() if numbered else (id_column,))):
        if name not in schema:
            hint = did_you_mean(name, schema.names())
            raise InputError(f"the frame has no column {name!r}", hint=hint)
    if schema[text_column] not in (pl.String, pl.Categorical, pl.Null):
        raise InputError(
            f"column {text_column!r} is {schema[text_column]}, not text",
            hint="name the column that holds the texts: text_column=…",
        )
    names = [text_column, *([id_column] if id_column in schema else [])]
    if isinstance(frame, pl.DataFrame) and id_column in schema:
        _checked(frame[id_column], id_column)  # before anything is done with the first ones
    return _pieces(frame.select(names), text_column, id_column, step)


def _pieces(
    frame: pl.DataFrame | pl.LazyFrame, text_column: str, id_column: str, step: int
) -> Iterator[Columns]:
    if isinstance(frame, pl.LazyFrame):
        parts = iter(frame.collect_batches(chunk_size=step, maintain_order=True))
    else:
        parts = frame.iter_slices(step)
    before = 0
    for part in parts:
        for some in part.iter_slices(step):
            texts = some[text_column].cast(pl.String)
            if id_column in some.columns:
                yield _checked(some[id_column].cast(pl.String), id_column), texts
            else:
                rows = pl.int_range(before, before + some.height, eager=True)
                yield rows.cast(pl.String), texts
            before += some.height


def _checked(ids: pl.Series, name: str) -> pl.Series:
    if ids.null_count():
        hint = "give every document an id"
        raise InputError(f"{ids.null_count()} ids are null", where=name, hint=hint)
    return ids
