"""Dates as steps from what went before: the previous row, a date of the parent, one of the row.

A model of days of the calendar would put a discharge before its admission, and a visit after a
death. Steps between them keep their order, and the gaps, whatever day they are counted from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.tables.coding import read_column
from dataqa.tables.columns import Column
from dataqa.tables.forms import as_datetimes, is_daily, write_dates
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.links import Rows

DAY, FAR = 86_400.0, 1e18
_ALWAYS, _ENDS = 0.995, 5
type Dates = Mapping[tuple[str, str], Floats]
"""By table and column, seconds since 1970 of each row, NaN for none."""


class Clock(msgspec.Struct, frozen=True):
    """How the dates of a column, or the numbers that order rows, are steps from others.

    Attributes:
        name: The column's.
        base: What a step is taken from: the ``previous`` row of the parent, a date of the ``row``,
            or one of the ``parent``'s.
        table: Of the first row of a parent, and of ``parent``: whose date; nothing for zero.
        column: Which date it is.
        format: How dates are written; nothing where the frame itself holds dates or numbers.
        date: Whether it is a date at all.
        unit: Seconds of a step: of a day, an hour, a minute, or one.
        latest: No step goes beyond this, in seconds.
        caps: Dates that none goes beyond, each the table's of an ancestor, and its column.
        blank: What stands where there is no date.
    """

    name: str
    base: Literal["previous", "row", "parent"]
    table: str = ""
    column: str = ""
    format: str = ""
    date: bool = True
    unit: float = 1.0
    latest: float = FAR
    caps: list[tuple[str, str]] = []
    blank: str | None = None


def read_times(values: pl.Series, column: Column) -> Floats:
    """Dates as seconds since 1970, numbers as they are; NaN for none."""
    return read_column(values, column)[0].astype(np.float64)


def gathered(values: Floats, rows: Rows) -> Floats:
    """The values of some rows; NaN for row -1."""
    if not len(values):
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, values[rows], np.nan)


def clocks_of(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    order: str,
    above: Mapping[str, Rows],
    dates: Dates,
) -> list[Clock]:
    """How the dates of a table are steps.

    Args:
        frame: The table.
        columns: What is modelled of it.
        order: The column by which rows of one parent follow one another; nothing if none does.
        above: By table, the nearest first, the row of that ancestor for each row.
        dates: Of all tables above.
    """
    found: list[Clock] = []
    own: dict[str, Floats] = {}
    names = [order] if order else []
    names += [name for name, one in columns.items() if one.kind == "date" and name not in names]
    for name in names:
        times = read_times(frame[name], columns[name])
        base = _base(name, order, times, own, above, dates)
        if base is not None and (name == order or columns[name].entity != "DATE_OF_BIRTH"):
            found.append(_clock(frame[name], columns[name], base, times, above, dates))
        if not np.isnan(times).any():
            own[name] = times
    return found


def _base(
    name: str,
    order: str,
    times: Floats,
    own: Mapping[str, Floats],
    above: Mapping[str, Rows],
    dates: Dates,
) -> tuple[Literal["previous", "row", "parent"], str, str] | None:
    """From what a column's steps are taken; None where its days are days of the calendar."""
    parents = [
        (table, column, gathered(dates[table, column], rows))
        for table, rows in above.items()
        for at, column in dates
        if at == table
    ]
    fits = [(table, column) for table, column, one in parents if _after(times, one)]
    nearest = [one for one in fits if one[0] == fits[0][0]] if fits else []
    nearest.sort(key=lambda one: _spread(times - gathered(dates[one], above[one[0]])))
    table, column = nearest[0] if nearest else ("", "")
    if name == order:
        return "previous", table, column
    for other, first in own.items():
        if _after(times, first) or (other == order and _spread(times - first) < _spread(times)):
            return "row", "", other
    return ("parent", table, column) if table else None


def _after(times: Floats, others: Floats) -> bool:
    """Whether dates are never before others, which every row has."""
    both = ~np.isnan(times) & ~np.isnan(others)
    if not both.any() or np.isnan(others).mean() > 1 - _ALWAYS:
        return False
    return float(np.mean(times[both] >= np.floor(others[both] / DAY) * DAY)) >= _ALWAYS


def _spread(steps: Floats) -> float:
    there = steps[~np.isnan(steps)]
    low, high = np.quantile(there, [0.1, 0.9]) if len(there) else (0.0, 0.0)
    return float(high - low)


def _clock(
    values: pl.Series,
    column: Column,
    base: tuple[Literal["previous", "row", "parent"], str, str],
    times: Floats,
    above: Mapping[str, Rows],
    dates: Dates,
) -> Clock:
    date = column.kind == "date"
    form = (column.format or "%Y-%m-%d") if values.dtype == pl.String and date else ""
    daily = is_daily(form) if form else values.dtype == pl.Date
    there = ~np.isnan(times)
    last = np.sort(times[there])[-_ENDS:]
    caps: list[tuple[str, str]] = []
    for (table, name), one in dates.items():
        if not date or table not in above:
            continue
        known = gathered(one, above[table])
        both = there & ~np.isnan(known)
        if both.any() and bool(np.all(times[both] <= known[both] + DAY)):
            caps.append((table, name))
    blanks = values.cast(pl.String).filter(pl.Series(~there)).drop_nulls()
    usual = None if values.null_count() or not len(blanks) else blanks.mode().sort()[0]
    return Clock(
        values.name,
        *base,
        form,
        date,
        _unit(times[there], daily=daily) if date else 1.0,
        float(last.mean()) if date and len(last) else FAR,
        caps,
        usual,
    )


def _unit(times: Floats, *, daily: bool) -> float:
    """The largest of day, hour, minute and second that all dates are whole ones of."""
    fits = (one for one in (3600.0, 60.0) if len(times) and not np.any(times % one))
    return DAY if daily else next(fits, 1.0)


def starts(clock: Clock, bases: Floats) -> Floats:
    """Where steps are taken from: whole days for days, and zero where there is nothing."""
    known = np.where(np.isnan(bases), 0.0, bases)
    return np.floor(known / clock.unit) * clock.unit if clock.unit > 1 else known


def steps(clock: Clock, times: Floats, bases: Floats) -> Floats:
    """Dates as steps from their bases, in units."""
    return (times - starts(clock, bases)) / clock.unit


def stepped(clock: Clock, made: Floats, bases: Floats, caps: Floats, chance: Floats) -> Floats:
    """Steps as dates again; those that go too far end anywhere before that.

    Args:
        clock: Of the column.
        made: Steps, in units; NaN for none.
        bases: From what they are taken, in seconds.
        caps: What none goes beyond, in seconds.
        chance: A number from 0 to 1 for each row.
    """
    begin = starts(clock, bases)
    times = begin + np.round(made) * clock.unit if clock.date else begin + made
    room = np.maximum(caps - begin, 0.0)
    within = begin + np.floor(room * chance / clock.unit) * clock.unit
    return np.where(times > np.maximum(caps, begin), within, times)


def caps_of(clock: Clock, above: Mapping[str, Rows], dates: Dates, rows: int) -> Floats:
    """What no date of a row goes beyond, in seconds."""
    caps = np.full(rows, clock.latest)
    for key in clock.caps:
        known = gathered(dates[key], above[key[0]])
        caps = np.fmin(caps, known)
    return caps


def written(clock: Clock, times: Floats, kind: pl.DataType) -> pl.Series:
    """A column of dates, or numbers, in its form."""
    absent: NDArray[np.bool_] = np.isnan(times)
    plain = np.where(absent, 0.0, times)
    if not clock.date:
        whole = pl.Series(plain)
        made = whole.cast(pl.Int64).cast(pl.String) if kind == pl.String else whole.cast(kind)
    elif clock.format:
        made = pl.Series(write_dates(plain, clock.format), dtype=pl.String)
    else:
        made = as_datetimes(plain).cast(kind)
    blank = pl.lit(clock.blank if kind == pl.String else None, kind)
    return (
        pl.select(pl.when(pl.Series(absent)).then(blank).otherwise(made))
        .to_series()
        .alias(clock.name)
    )
