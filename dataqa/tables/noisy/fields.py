"""A column as one of a fixed number of codes: signs of what is missing, values, bins of numbers.

What the codes are is declared or was found by noisy counts; nothing here looks at more than one
value at a time, so that one row changes only its own code.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Coding, rounded
from dataqa.tables.columns import NUMBERS, Column
from dataqa.tables.forms import NumberForm, is_daily, read_dates, read_numbers
from dataqa.tables.learning.trees import Floats, Ints

_DAY = 86_400.0


class Field(msgspec.Struct, frozen=True):
    """How one column is coded.

    Attributes:
        coding: How it is written again.
        step: What numbers are whole multiples of; 0 for categories.
        cells: Edges of fine cells of numbers; a number beyond counts to the first or last.
        weights: Of each fine cell how much of its bin it is.
        bins: Where each bin begins among the cells, and where the last ends.
    """

    coding: Coding
    step: float = 0.0
    cells: list[float] = []
    weights: list[float] = []
    bins: list[int] = []

    @property
    def numeric(self) -> bool:
        """Whether it is of numbers or dates."""
        return self.coding.kind in NUMBERS

    @property
    def tokens(self) -> int:
        """How many codes are no bins."""
        return len(self.coding.tokens)

    @property
    def size(self) -> int:
        """Codes altogether; the last is for all else, and never written."""
        return self.tokens + max(len(self.bins) - 1, 0) + 1

    def codes(self, values: pl.Series) -> Ints:
        """The code of each value."""
        numbers, texts = read(values, self.coding)
        places = {one: at for at, one in enumerate(self.coding.tokens)}
        found = _placed(texts, places, self.size - 1)
        if self.numeric:
            there = np.isfinite(numbers)
            found[there] = self.bin_of(numbers[there])
        return found

    def bin_of(self, numbers: Floats) -> Ints:
        """The code of each number."""
        cell = cell_of(numbers, np.array(self.cells))
        return self.tokens + np.searchsorted(np.array(self.bins[1:-1]), cell, side="right")

    def drawn(self, codes: Ints, chance: Floats) -> Floats:
        """A number for each code of a bin, NaN for others.

        Args:
            codes: Codes.
            chance: Two random numbers for each, 2 × codes.
        """
        made = np.full(len(codes), np.nan)
        here = np.flatnonzero((codes >= self.tokens) & (codes < self.size - 1))
        if not len(here):
            return made
        begins, bins = np.array(self.bins), codes[here] - self.tokens
        sums = np.concatenate([[0.0], np.cumsum(self.weights)])
        low, high = sums[begins[bins]], sums[begins[bins + 1]]
        cell = np.searchsorted(sums, low + chance[0, here] * (high - low), side="right") - 1
        cell = np.clip(cell, begins[bins], begins[bins + 1] - 1)
        edges = np.array(self.cells)
        first = np.ceil(edges[cell] / self.step - 1e-9)
        last = np.maximum(np.ceil(edges[cell + 1] / self.step - 1e-9) - 1, first)
        at = first + np.floor(chance[1, here] * (last - first + 1))
        made[here] = rounded(at * self.step, self.coding.decimals)
        return made


def cell_of(numbers: Floats, edges: Floats) -> Ints:
    """The cell of each number; what is beyond is in the first or last one."""
    return np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)


def coding_of(name: str, column: Column, kind: pl.DataType, decimals: int) -> Coding:
    """How a column is read and written, by its type and what is declared.

    Args:
        name: The column's.
        column: What it is declared to be.
        kind: Its type.
        decimals: Places of its numbers, where no form is declared.
    """
    if column.kind == "date":
        text = kind == pl.String
        form = (column.format or "%Y-%m-%d") if text else ""
        unit = _DAY if (is_daily(form) if text else kind == pl.Date) else 1.0
        return Coding(name, "date", [], date=form, unit=unit, decimals=0)
    if column.kind not in NUMBERS:
        return Coding(name, column.kind, [])
    form = NumberForm(decimals=decimals)
    if column.format:
        read_one, form = read_numbers(pl.Series([column.format]))
        if not np.isfinite(read_one[0]):
            hint = "an example of how its numbers are written: $1,234.50"
            raise InputError("the format is no number", where=f"hints, {name}", hint=hint)
    whole = column.kind == "integer"
    form = form._replace(decimals=0) if whole else form
    return Coding(name, column.kind, [], number=form, decimals=form.decimals)


def read(values: pl.Series, coding: Coding) -> tuple[Floats, pl.Series]:
    """Each value as a number (NaN for none), and as a text; each read by itself.

    Args:
        values: The column.
        coding: How it is written.
    """
    kind = values.dtype
    if coding.kind not in NUMBERS:
        return np.full(len(values), np.nan), values.cast(pl.String)
    if kind.is_temporal():
        seconds = values.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
        numbers = seconds.fill_null(float("nan")).to_numpy() / coding.unit
        return numbers, _blank(values)
    if coding.kind == "date":
        texts = values.cast(pl.String)
        return read_dates(texts, coding.date or "%Y-%m-%d") / coding.unit, texts
    if kind.is_numeric():
        return values.cast(pl.Float64).fill_null(float("nan")).to_numpy(), _blank(values)
    texts = values.cast(pl.String)
    assert coding.number is not None
    return _numbers(texts, coding.number), texts


def _blank(values: pl.Series) -> pl.Series:
    """Nothing where there is nothing."""
    return (
        pl.select(pl.when(values.is_null()).then(None).otherwise(pl.lit("")))
        .to_series()
        .cast(pl.String)
    )


def _numbers(texts: pl.Series, form: NumberForm) -> Floats:
    """Texts as numbers in one form; what has another is none."""
    plain = texts.str.strip_chars()
    minus = plain.str.starts_with("-").fill_null(value=False)
    plain = plain.str.strip_prefix("-").str.strip_chars()
    plain = plain.str.strip_prefix(form.before).str.strip_suffix(form.after).str.strip_chars()
    if form.thousands:
        plain = plain.str.replace_all(form.thousands, "", literal=True)
    if form.point != ".":
        plain = plain.str.replace(form.point, ".", literal=True)
    good = plain.str.contains(r"\A(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\z").fill_null(value=False)
    numbers = plain.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    signed = np.where(minus.to_numpy(), -numbers, numbers)
    return np.where(good.to_numpy(), signed, np.nan) + 0.0


def _placed(texts: pl.Series, places: dict[Any, int], other: int) -> Ints:
    """The place of each text; of what has none, another."""
    known = {one: at for one, at in places.items() if one is not None}
    codes = (
        texts.replace_strict(
            list(known), list(known.values()), default=other, return_dtype=pl.Int64
        )
        if known
        else pl.Series([other] * len(texts), dtype=pl.Int64)
    )
    none = places.get(None, other)
    whole = pl.select(pl.when(texts.is_null()).then(none).otherwise(codes)).to_series()
    return whole.cast(pl.Int64).to_numpy().copy()
