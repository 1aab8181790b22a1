"""Columns as numbers that a model can learn, and back, in the form in which they were written.

A category is one variable of codes. A number or date is one of values and, where some rows hold
something else (nothing, ``NA``, ``inf``), before it one that says what: so that what is missing is
modelled as all else is. Values that too few rows share have no code: nobody learns or writes them.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.tables.columns import NUMBERS, Column
from dataqa.tables.forms import (
    NumberForm,
    as_datetimes,
    is_daily,
    read_dates,
    read_numbers,
    write_dates,
    write_numbers,
)
from dataqa.tables.profile import least_rows

type Floats = NDArray[np.float64]

_DAY = 86_400.0
_SEVERAL = 20
"""Rows that share a number from which on it is written as it is, and never blurred."""
_MOST_TOKENS = 50
_PLACES = 6


class Coding(msgspec.Struct, frozen=True):
    """How one column is coded; enough to write it again, and no row of it.

    Attributes:
        name: The column's.
        kind: As in its profile.
        tokens: The categories, or what stands where there is no number; None is a null.
        number: How numbers are written; None where the frame itself holds numbers.
        date: The format of dates that are texts.
        unit: What a number is divided by: a day, in seconds, for dates without a time.
        decimals: Places that are kept; -1 for all.
        avoid: No value of the original is written while another is near: for days of birth.
        rare: Rows whose value has no code.
    """

    name: str
    kind: str
    tokens: list[str | None]
    number: NumberForm | None = None
    date: str = ""
    unit: float = 1.0
    decimals: int = -1
    avoid: bool = False
    rare: int = 0


class Variable(NamedTuple):
    """What is modelled.

    Attributes:
        column: The number of its coding.
        size: How many codes there are; 0 for numbers.
        values: A code or number for each row; NaN where there is none.
        several: Numbers that many rows share, sorted; written as they are.
    """

    column: int
    size: int
    values: Floats
    several: Floats


def code(values: pl.Series, column: Column, number: int) -> tuple[Coding, list[Variable]]:
    """A column as variables.

    Args:
        values: The column.
        column: What it is; one of the kinds that are modelled.
        number: Its place among the codings.

    Raises:
        InputError: A hint says what the values are not.
    """
    if column.kind in NUMBERS:
        return _numbers(values, column, number)
    texts = values if values.dtype == pl.String else values.cast(pl.String)
    tokens, codes, rare = _codes(texts, least_rows(len(texts)))
    if not tokens:
        hint = f"hints: {{{values.name}: {{kind: drop}}}}, or make its values coarser"
        raise InputError("hardly a value that two rows share", where=values.name, hint=hint)
    coding = Coding(values.name, column.kind, tokens, rare=rare)
    return coding, [Variable(number, len(tokens), codes, np.empty(0))]


def _codes(texts: pl.Series, least: int) -> tuple[list[str | None], Floats, int]:
    """Values by how frequent they are, each row's place among them, and rows that have none."""
    name = "value"
    counts = (
        texts.alias(name)
        .value_counts(name="count")
        .sort(["count", name], descending=[True, False], nulls_last=True)
    )
    kept = counts.filter(pl.col("count") >= (least if counts.height > 1 else 1))
    tokens: list[str | None] = kept[name].to_list()
    places = dict(zip(tokens, range(len(tokens)), strict=True))
    codes = texts.replace_strict(places, default=None, return_dtype=pl.Float64)
    if None in places:  # a mapping does not reach nulls
        codes = pl.select(
            pl.when(texts.is_null()).then(float(places[None])).otherwise(codes)
        ).to_series()
    return tokens, codes.fill_null(float("nan")).to_numpy(), int(codes.null_count())


def _numbers(values: pl.Series, column: Column, number: int) -> tuple[Coding, list[Variable]]:
    read, texts, form, date = read_column(values, column)
    good = np.isfinite(read)
    if not good.any():
        what = "dates" if column.kind == "date" else "numbers"
        hint = "say in the hints what it is, or the format of its dates"
        raise InputError(f"none of its values are {what}", where=values.name, hint=hint)
    unit = (
        _DAY
        if column.kind == "date" and (is_daily(date) if date else values.dtype == pl.Date)
        else 1.0
    )
    # without a negative zero, which sorts as it likes
    numbers = np.where(good, read / unit, np.nan) + 0.0
    least = least_rows(len(values))
    tokens, states, rare = _states(texts, good, least)
    decimals = (
        form.decimals
        if form
        else (0 if column.kind in {"integer", "date"} else _places(numbers[good]))
    )
    avoid = column.entity == "DATE_OF_BIRTH"
    several = np.empty(0) if avoid else _several(numbers[good], len(values), least)
    numbers = _without_ends(numbers, several)
    coding = Coding(values.name, column.kind, tokens, form, date, unit, decimals, avoid, rare)
    made = [Variable(number, 0, numbers, several)]
    if tokens:
        made.insert(0, Variable(number, len(tokens) + 1, states, np.empty(0)))
    return coding, made


def read_column(
    values: pl.Series, column: Column
) -> tuple[Floats, pl.Series, NumberForm | None, str]:
    """Each value as a number (NaN for none), as a text, and how it is written."""
    kind = values.dtype
    if kind.is_temporal():
        seconds = values.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
        texts = values.is_null().replace_strict({True: None, False: ""}, return_dtype=pl.String)
        return seconds.fill_null(float("nan")).to_numpy(), texts, None, ""
    if kind.is_numeric():
        floats = values.cast(pl.Float64)
        texts = pl.select(
            pl.when(floats.is_finite()).then(pl.lit("")).otherwise(floats.cast(pl.String))
        ).to_series()
        return floats.fill_null(float("nan")).to_numpy(), texts, None, ""
    texts = values.cast(pl.String)
    if column.kind == "date":
        form = column.format or "%Y-%m-%d"
        return read_dates(texts, form), texts, None, form
    read, form = read_numbers(texts)
    return read, texts, form, ""


def _states(
    texts: pl.Series, good: NDArray[np.bool_], least: int
) -> tuple[list[str | None], Floats, int]:
    """What stands where no number does: 0 is a number, the others are tokens."""
    states = np.zeros(len(texts))
    if good.all():
        return [], states, 0
    tokens, codes, _ = _codes(texts.filter(~good), 1)
    counts = np.bincount(codes.astype(np.int64), minlength=len(tokens))
    kept = [at for at in range(len(tokens)) if counts[at] >= least][:_MOST_TOKENS]
    places = np.full(len(tokens), np.nan)
    places[kept] = np.arange(1, len(kept) + 1)
    states[~good] = places[codes.astype(np.int64)]
    return [tokens[at] for at in kept], states, int(np.isnan(states).sum())


def _several(numbers: Floats, rows: int, least: int) -> Floats:
    values, counts = np.unique(numbers, return_counts=True)
    return values[counts >= min(_SEVERAL, max(least, rows // 50))]


def _without_ends(numbers: Floats, several: Floats) -> Floats:
    """The five smallest and largest numbers of single rows become their means: they tell whose."""
    alone = ~among(numbers, several)
    single = np.sort(numbers[np.isfinite(numbers) & alone])
    if len(single) < 20:
        return numbers
    low, high = float(single[:5].mean()), float(single[-5:].mean())
    return np.where(alone, np.clip(numbers, low, high), numbers)


def among(values: Floats, known: Floats) -> NDArray[np.bool_]:
    """Which of some values are among others, which are sorted."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    return known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values


def _places(numbers: Floats) -> int:
    """Decimal places that all of some numbers fit into; -1 if they are more than six."""
    with np.errstate(over="ignore"):  # the largest floats have no places
        fits = (np.all(np.round(numbers, places) == numbers) for places in range(_PLACES + 1))
        return next((places for places, fit in enumerate(fits) if fit), -1)


def decode(
    coding: Coding, states: Floats | None, numbers: Floats | None, kind: pl.DataType
) -> pl.Series:
    """A column written again.

    Args:
        coding: How.
        states: Codes of categories, or of what stands where there is no number.
        numbers: Numbers, where there are any.
        kind: The type that the column had.
    """
    if numbers is None:
        assert states is not None
        tokens = pl.Series(coding.tokens, dtype=pl.String)
        return _typed(tokens.gather(states.astype(np.int64)), coding.name, kind)
    blank = np.zeros(len(numbers), np.int64) if states is None else states.astype(np.int64)
    filled = np.where(np.isnan(numbers), 0.0, numbers)
    made = _written(rounded(filled, coding.decimals), coding, kind)
    tokens = pl.Series(["", *coding.tokens], dtype=pl.String).gather(blank)
    other = pl.Series(blank > 0)
    if made.dtype == pl.Float64 and kind.is_numeric():
        tokens = tokens.cast(pl.Float64, strict=False)
    elif made.dtype != pl.String:
        tokens = pl.Series([None] * len(made), dtype=made.dtype)
    whole = pl.select(pl.when(other).then(tokens).otherwise(made)).to_series()
    return _typed(whole, coding.name, kind)


def rounded(numbers: Floats, decimals: int) -> Floats:
    """Numbers with so many places; all of them if -1."""
    return numbers if decimals < 0 else np.round(numbers, decimals) + 0.0


def _written(numbers: Floats, coding: Coding, kind: pl.DataType) -> pl.Series:
    if coding.kind == "date":
        seconds = numbers * coding.unit
        return write_dates(seconds, coding.date) if coding.date else as_datetimes(seconds)
    if coding.number is not None and not kind.is_numeric():
        return write_numbers(numbers, coding.number)
    return pl.Series(numbers)


def _typed(values: pl.Series, name: str, kind: pl.DataType) -> pl.Series:
    if kind == pl.Boolean and values.dtype == pl.String:
        values = values == "true"
    return values.cast(kind, strict=False).alias(name)
