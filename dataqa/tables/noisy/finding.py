"""What the codes of columns are, where nobody declared it: found by noisy counts, and paid for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Coding
from dataqa.tables.columns import NUMBERS, Column
from dataqa.tables.forms import read_dates
from dataqa.tables.learning.trees import Floats, Ints
from dataqa.tables.noisy.accounting import APART, Ledger, Privacy, sigma_of
from dataqa.tables.noisy.fields import Field, cell_of, coding_of, read
from dataqa.tables.noisy.grids import (
    coarse_dates,
    coarse_numbers,
    declared,
    fine_dates,
    fine_numbers,
    merged,
    span,
)
from dataqa.tables.noisy.noise import Source, noisy, threshold

DOMAIN = 0.2
"""The share of the budget for values and ranges that are not declared."""
_PLACES = 2
"""Places of numbers with a fraction whose form is not declared."""


class Asked(NamedTuple):
    """What is spent on one noisy vector of counts.

    Attributes:
        rho: Its cost.
        delta: The chance that a value of one person alone is released.
        most: Rows that one person has at most.
        source: Of noise.
    """

    rho: float
    delta: float
    most: int
    source: Source

    @property
    def sigma(self) -> float:
        """The standard deviation of its noise."""
        return sigma_of(self.rho, self.most)

    def counts(self, places: Ints, size: int) -> Ints:
        """How many rows are in each place, with noise."""
        return noisy(np.bincount(places, minlength=size).astype(np.int64), self.sigma, self.source)


def find_fields(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    privacy: Privacy,
    ledger: Ledger,
    source: Source,
) -> list[Field]:
    """How each column is coded.

    Args:
        frame: The table.
        columns: Those that are learnt, and what they are declared to be.
        privacy: What is promised.
        ledger: What was spent.
        source: Of noise.
    """
    codings = {
        name: coding_of(name, one, frame.schema[name], _PLACES) for name, one in columns.items()
    }
    needs = {name: _needs(frame.schema[name], one) for name, one in columns.items()}
    vectors = sum(len(one) for one in needs.values())
    open_ = sum("values" in one for one in needs.values())
    if vectors:
        ledger.spend("values and ranges", DOMAIN * ledger.rho)
    asked = Asked(
        DOMAIN * ledger.rho / max(vectors, 1),
        APART * privacy.delta / max(open_, 1),
        privacy.most,
        source,
    )
    return [
        _field(frame[name], one, codings[name], needs[name], asked) for name, one in columns.items()
    ]


def _needs(kind: pl.DataType, column: Column) -> list[str]:
    """The noisy counts that a column asks for."""
    if column.kind == "empty":
        return []
    if column.kind not in NUMBERS:
        return [] if column.values or kind == pl.Boolean else ["values"]
    ranged = column.low is not None and column.high is not None
    # what stands where a text is no number; a column of numbers has nothing there
    words = ["values"] if kind == pl.String and not column.values else []
    return [*words, "fine"] if ranged else [*words, "range", "fine"]


def _field(
    values: pl.Series, column: Column, coding: Coding, needs: list[str], asked: Asked
) -> Field:
    numbers, texts = read(values, coding)
    there = np.isfinite(numbers)
    coding = msgspec.structs.replace(
        coding, tokens=_tokens(values, texts.filter(~there), column, needs, asked)
    )
    if coding.kind not in NUMBERS:
        if not coding.tokens:
            hint = "declare them in the hints: values: [a, b], or spend more epsilon"
            raise InputError("none of its values is frequent enough", where=values.name, hint=hint)
        return Field(coding)
    step = 1.0 if coding.kind == "date" else 10.0**-coding.decimals
    edges = _edges(numbers[there], column, coding, step, asked)
    counts = asked.counts(cell_of(numbers[there], edges), len(edges) - 1).astype(np.float64)
    bins = merged(counts, asked.sigma)
    return Field(coding, step, edges.tolist(), _weights(counts, bins, asked.sigma), bins)


def _tokens(
    values: pl.Series, texts: pl.Series, column: Column, needs: list[str], asked: Asked
) -> list[str | None]:
    """Values that are declared, or that many have: by noisy counts over a threshold."""
    if column.kind == "empty":
        return [None]
    if column.values:
        # that nothing may stand there tells nothing
        return [*column.values, *([] if None in column.values else [None])]
    if "values" not in needs:
        return ["true", "false", None] if values.dtype == pl.Boolean else [None]
    counted = texts.alias("value").value_counts(name="count").sort("value", nulls_last=True)
    if not counted.height:
        return []
    told = noisy(counted["count"].cast(pl.Int64).to_numpy(), asked.sigma, asked.source)
    least = threshold(asked.sigma, asked.delta, asked.most)
    kept = [(-int(told[at]), int(at)) for at in np.flatnonzero(told > least)]
    return [counted["value"][at] for _, at in sorted(kept)]


def _edges(numbers: Floats, column: Column, coding: Coding, step: float, asked: Asked) -> Floats:
    """Edges of fine cells, in a range that is declared or found."""
    dated = coding.kind == "date"
    if column.low is not None and column.high is not None:
        low, high = (_bound(one, coding) for one in (column.low, column.high))
        if not low < high:
            raise InputError("low is not below high", where=f"hints, {coding.name}")
        if dated:
            return fine_dates(low, high + 1, coding.unit)
        return declared(low, high, step)
    coarse = coarse_dates(coding.unit) if dated else coarse_numbers(step)
    first, last = span(asked.counts(cell_of(numbers, coarse), len(coarse) - 1), asked.sigma)
    low, high = coarse[first], coarse[last + 1]
    return fine_dates(low, high, coding.unit) if dated else fine_numbers(low, high, step)


def _bound(value: Any, coding: Coding) -> float:
    """A declared end of a range as a number."""
    if coding.kind != "date":
        if isinstance(value, (int, float)) and np.isfinite(value):
            return float(value)
        raise InputError("low and high are numbers", where=f"hints, {coding.name}")
    text = value.isoformat() if isinstance(value, (date, datetime)) else str(value)
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", coding.date or "%Y-%m-%d"):
        found = float(read_dates(pl.Series([text]), form)[0])
        if np.isfinite(found):
            return found / coding.unit
    raise InputError("low and high are days, 2020-12-31", where=f"hints, {coding.name}")


def _weights(counts: Floats, bins: list[int], sigma: float) -> list[float]:
    """How much of its bin each cell is; all the same where there is no more than noise."""
    mass = np.maximum(counts - sigma, 0.0)
    for start, end in pairwise(bins):
        if not mass[start:end].any():
            mass[start:end] = 1.0
    return mass.tolist()
