"""The original, the synthetic and the held-out table in the same numbers, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.coding import read_column
from dataqa.tables.columns import MODELLED, NUMBERS, Column
from dataqa.tables.forms import as_datetimes

type Floats = NDArray[np.float64]
type Codes = NDArray[np.int64]

BINS = 10
_MOST_VALUES = 100
"""Categories that are told apart when rows are compared; all others are one."""


class Part(NamedTuple):
    """One column of all three tables.

    Attributes:
        name: Its name.
        number: Whether it holds numbers or dates.
        size: How many bins or categories there are.
        labels: What each of them is called, for pictures.
        codes: Of each table, the bin or category of each row; bin 0 is where there is none.
        places: Of each table, of numbers, where each lies in the original's distribution, 0 to 1.
    """

    name: str
    number: bool
    size: int
    labels: list[str]
    codes: list[Codes]
    places: list[Floats]


class Aligned(NamedTuple):
    """Three tables: 0 is the original, 1 synthetic, 2 held out."""

    parts: list[Part]

    def rows(self, table: int) -> int:
        """How many rows a table has."""
        return len(self.parts[0].codes[table])

    def space(self, table: int, some: Codes, leave: int = -1) -> NDArray[np.float32]:
        """Rows as points: squared distances count columns that differ, numbers by how far.

        Args:
            table: Which.
            some: Its rows.
            leave: A part that is left out.
        """
        return np.hstack(
            [part_space(one, table, some) for at, one in enumerate(self.parts) if at != leave]
        )


def part_space(part: Part, table: int, some: Codes) -> NDArray[np.float32]:
    """One column as a part of points: a category has a dimension, a number one and a half."""
    codes = part.codes[table][some]
    if part.number:
        absent = codes == 0
        places = np.where(absent, 0.5, part.places[table][some])
        return np.stack([places, absent * 1.0], axis=1).astype(np.float32)
    few = np.minimum(codes, _MOST_VALUES)
    return (np.eye(min(part.size, _MOST_VALUES + 1))[few] * np.sqrt(0.5)).astype(np.float32)


def align(
    real: pl.DataFrame,
    synthetic: pl.DataFrame,
    holdout: pl.DataFrame,
    columns: Mapping[str, Column],
) -> Aligned:
    """Three tables in the same numbers; private columns and ids are not compared.

    Raises:
        InputError: A table has too few rows, or lacks a column.
    """
    names = [name for name, one in columns.items() if one.kind in MODELLED and one.kind != "empty"]
    for told, frame in (("synthetic", synthetic), ("holdout", holdout)):
        if frame.height < BINS:
            raise InputError("too few rows to be compared", where=f"the {told} table")
        for name in names:
            if name not in frame.columns:
                hint = did_you_mean(name, frame.columns)
                raise InputError(f"no column {name!r}", where=f"the {told} table", hint=hint)
    if not names:
        raise InputError("no column that could be compared: all are private or ids")
    tables = (real, synthetic, holdout)
    return Aligned([_part([one[name] for one in tables], columns[name]) for name in names])


def _part(values: list[pl.Series], column: Column) -> Part:
    if column.kind not in NUMBERS:
        return _category([one.cast(pl.String) for one in values])
    numbers = [read_column(one, column)[0] for one in values]
    ordered = np.sort(numbers[0][np.isfinite(numbers[0])])
    if not len(ordered):
        return _category([one.cast(pl.String) for one in values])
    cuts = _cuts(ordered)
    good = [np.isfinite(one) for one in numbers]
    codes = [
        np.where(fit, np.searchsorted(cuts, one, side="right") + 1, 0)
        for one, fit in zip(numbers, good, strict=True)
    ]
    middle = [
        (np.searchsorted(ordered, one, "left") + np.searchsorted(ordered, one, "right"))
        / (2 * len(ordered))
        for one in numbers
    ]
    edges = [ordered[0], *cuts.tolist(), ordered[-1]]
    told = _told(np.array(edges), column)
    labels = ["(none)", *(f"{one} to {two}" for one, two in pairwise(told))]
    return Part(values[0].name, True, len(cuts) + 2, labels, codes, middle)


def _cuts(ordered: Floats) -> Floats:
    """Where ten bins of about as many rows begin; a value of more than a tenth has its own."""
    places = np.linspace(0, 1, BINS + 1)[1:-1]
    cuts = np.unique(np.quantile(ordered, places, method="nearest"))
    shares = np.searchsorted(ordered, cuts, "right") - np.searchsorted(ordered, cuts, "left")
    heavy = cuts[shares > len(ordered) / BINS]
    return np.unique(np.concatenate([cuts, np.nextafter(heavy, np.inf)]))


def _told(edges: Floats, column: Column) -> list[str]:
    if column.kind == "date":
        return as_datetimes(edges).dt.strftime("%Y-%m").to_list()
    return [f"{edge:,.4g}" for edge in edges.tolist()]


def _category(values: list[pl.Series]) -> Part:
    name = "value"
    every = pl.concat([one.alias(name) for one in values]).drop_nulls()
    counts = values[0].alias(name).drop_nulls().value_counts(name="count")
    order = every.unique().to_frame().join(counts, on=name, how="left").fill_null(0)
    labels = order.sort(["count", name], descending=[True, False])[name].to_list()
    places = {label: at + 1 for at, label in enumerate(labels)}
    codes = [
        one.replace_strict(places, default=0, return_dtype=pl.Int64).fill_null(0).to_numpy()
        for one in values
    ]
    return Part(values[0].name, False, len(labels) + 1, ["(none)", *labels], codes, [])
