"""Labelled texts: a column of texts and one of labels become texts, kinds, weights and groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean
from dataqa.io.documents import documents
from dataqa.io.sources import Reading
from dataqa.types import DOC_ID, TEXT

FEWEST = 10
"""The least documents of each kind that anything is learnt from."""
_SHOWN = 40
"""The longest label that a message shows: somebody may have named the column of texts."""


class Columns(NamedTuple):
    """What is told by which column.

    Attributes:
        text: Texts.
        label: Labels.
        weight: How much a document counts; none by default.
        group: Documents of one value stay together when some are held out (a source, a person).
    """

    text: str = TEXT
    label: str = "label"
    weight: str | None = None
    group: str | None = None


class Labelled(NamedTuple):
    """Texts and what they are.

    Attributes:
        texts: No null among them.
        right: 1 where a text is of the positive kind, else 0.
        weights: Positive.
        groups: A whole number for each value of the column of groups; None without one.
        positive: What the positive kind is called.
        left_out: Rows without text or label, or of weight 0.
    """

    texts: pl.Series
    right: NDArray[np.float64]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64] | None
    positive: str
    left_out: int


def read_files(
    paths: Sequence[str | Path], reading: Reading, more: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """The texts of some files, as the column ``text``, with other columns of theirs.

    Returns:
        The rows, and what is to be said of each record that could not be read.

    Raises:
        InputError: A file cannot be read, or has no document or no such column.
    """
    parts: list[pl.DataFrame] = []
    damaged: list[str] = []
    with documents(paths, reading) as found:
        for _, chunk in found.chunks:
            damaged += [f"{row[1]}: {row[2]}" for row in chunk.damaged.iter_rows()]
            for name in more:
                _column(chunk.docs, name, str(paths[0]))
            parts.append(chunk.docs.select(TEXT, *more))
    if not sum(part.height for part in parts):
        hint = damaged[0] if damaged else ""
        raise InputError("there is no document in it", where=str(paths[0]), hint=hint)
    return pl.concat(parts, how="vertical_relaxed"), damaged


def labelled(
    frame: pl.DataFrame,
    columns: Columns,
    positive: Sequence[str] = (),
    threshold: float | None = None,
    where: str = "",
) -> Labelled:
    """What a frame says.

    Args:
        frame: Texts and labels.
        columns: What its columns are called.
        positive: Which labels are the positive kind, where labels are words.
        threshold: From this number on a label is positive, where labels are numbers.
        where: What a message names.

    Raises:
        InputError: A column is missing, labels cannot be told apart, or there are too few.
    """
    wanted = [name for name in columns if name is not None]
    for name in wanted:
        _column(frame, name, where)
    texts, labels = frame[columns.text], frame[columns.label]
    if texts.dtype != pl.String:
        raise InputError(f"column {columns.text!r} holds no texts", where=where)
    right, name = _kinds(
        labels, positive, threshold, f"{where}, column {columns.label}".lstrip(", ")
    )
    weights = pl.repeat(1.0, frame.height, eager=True)
    if columns.weight is not None:
        weights = _weights(frame[columns.weight], f"{where}, column {columns.weight}")
    said = texts.str.contains(r"\w").fill_null(value=False)  # what has no word says nothing
    there = said & right.is_not_null() & (weights > 0)
    groups = None
    if columns.group is not None:
        told = frame[columns.group].filter(there)
        values = told.cast(pl.String).fill_null("").to_list()
        number: dict[str, int] = {}
        groups = np.array([number.setdefault(one, len(number)) for one in values], np.int64)
    found = Labelled(
        texts.filter(there),
        right.filter(there).cast(pl.Float64).to_numpy().copy(),
        weights.filter(there).to_numpy().copy(),
        groups,
        name,
        int((~there).sum()),
    )
    check_enough(found, where)
    return found


def check_enough(found: Labelled, where: str) -> None:
    """See that there is something to learn.

    Raises:
        InputError: There are too few documents of a kind.
    """
    positive = int(found.right.sum())
    negative = len(found.right) - positive
    if not positive or not negative:
        kind = "positive" if negative == 0 else "negative"
        hint = "a model needs both; see --positive and --threshold"
        raise InputError(f"all {len(found.right):,} labels are {kind}", where=where, hint=hint)
    if min(positive, negative) < FEWEST:
        what = f"{positive:,} positive and {negative:,} negative documents are too few"
        hint = f"label at least {FEWEST} of each kind; some hundreds are a beginning"
        raise InputError(what, where=where, hint=hint)


def _kinds(
    labels: pl.Series, positive: Sequence[str], threshold: float | None, where: str
) -> tuple[pl.Series, str]:
    """1, 0 or null for each label, and what 1 means."""
    labels = labels if positive else _numbers(labels)
    if labels.dtype == pl.Boolean and not positive:
        return labels.cast(pl.Float64), "true"
    if labels.dtype.is_numeric() and not positive:
        numbers = labels.cast(pl.Float64).fill_nan(None)
        if threshold is not None:
            return (numbers >= threshold).cast(pl.Float64), f">= {threshold:g}"
        if set(numbers.drop_nulls().unique().to_list()) <= {0.0, 1.0}:
            return numbers, "1"
        hint = "--threshold 3 makes 3 and more the positive kind"
        low, high = numbers.min(), numbers.max()
        raise InputError(f"labels are numbers from {low:g} to {high:g}", where=where, hint=hint)
    if threshold is not None:
        hint = "--positive names those of the positive kind"
        raise InputError("these labels are no numbers", where=where, hint=hint)
    if labels.dtype.is_nested():
        raise InputError("labels must be words or numbers", where=where)
    words = labels.cast(pl.String)
    known = sorted(words.drop_nulls().unique().to_list())
    shown = [one for one in known if len(one) <= _SHOWN] if 2 * len(known) <= len(labels) else []
    if not positive:
        hint = f"--positive names those of the positive kind; there are: {', '.join(shown)}"
        what = f"labels are {len(known):,} different words"
        raise InputError(what, where=where, hint=hint if shown else "")
    for one in positive:
        if one not in known:
            raise InputError(f"no label is {one!r}", where=where, hint=did_you_mean(one, shown))
    return words.is_in(list(positive)).cast(pl.Float64), " or ".join(positive)


def _numbers(labels: pl.Series) -> pl.Series:
    """Words that are all numbers, as CSV has them, as numbers."""
    if labels.dtype != pl.String:
        return labels
    numbers = labels.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == labels.null_count() else labels


def _weights(column: pl.Series, where: str) -> pl.Series:
    if not column.dtype.is_numeric():
        raise InputError("weights must be numbers", where=where)
    weights = column.cast(pl.Float64).fill_nan(None).fill_null(0.0)
    if (weights < 0).any() or weights.is_infinite().any():
        raise InputError("a weight is negative or infinite", where=where)
    return weights


def _column(frame: pl.DataFrame, name: str, where: str) -> None:
    if name not in frame.columns:
        others = [one for one in frame.columns if not one.startswith("_") and one != DOC_ID]
        raise InputError(
            f"there is no column {name!r}", where=where, hint=did_you_mean(name, others)
        )
