"""What columns are, where no hint says it: by name and type, and texts by a noisy vote."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.forms import DATES, read_dates
from dataqa.tables.learning.trees import Floats, Ints
from dataqa.tables.noisy.accounting import Ledger, sigma_of
from dataqa.tables.noisy.noise import Source, noisy
from dataqa.tables.people.named import entity_of, is_birth, is_id
from dataqa.tables.profile import MISSING

KINDS = 0.05
"""The share of the budget for what texts are."""
_PLACES, _MOSTLY = 7, 0.9
_PLAIN = r"\A[+-]?(?:0|[1-9][0-9]*)(?:\.([0-9]{1,6}))?\z"


def kinds_of(
    frame: pl.DataFrame, hints: Mapping[str, Column], most: int, ledger: Ledger, source: Source
) -> dict[str, Column]:
    """What the columns of a table are.

    Args:
        frame: The table; names and types of its columns are no secret.
        hints: What is declared.
        most: Rows that one person has at most.
        ledger: What was spent.
        source: Of noise.
    """
    told = {name: hints.get(name) or _by_name(name, kind) for name, kind in frame.schema.items()}
    asked = [
        name
        for name, one in told.items()
        if one is None or (one.kind == "decimal" and not one.format)
    ]
    if asked:
        ledger.spend("kinds", KINDS * ledger.rho)
    sigma = sigma_of(KINDS * ledger.rho / max(len(asked), 1), most)
    found: dict[str, Column] = {}
    for name, one in told.items():
        if name not in asked:
            assert one is not None
            found[name] = one
            continue
        places, size = _places(frame[name])
        votes = noisy(np.bincount(places, minlength=size).astype(np.int64), sigma, source)
        found[name] = _voted(name, votes.astype(np.float64), sigma, one)
    return found


def _by_name(name: str, kind: pl.DataType) -> Column | None:
    """What a column is by its name and type; None if it has to be asked."""
    entity = entity_of(name)
    if entity and not kind.is_temporal() and kind != pl.Boolean:
        return Column("private", entity, why="by its name")
    if is_id(name):
        return Column("id", why="by its name")
    if kind == pl.Boolean:
        return Column("boolean", why="by its type")
    if kind.is_temporal():
        return Column("date", "DATE_OF_BIRTH" if is_birth(name) else "", why="by its type")
    if kind.is_integer():
        return Column("integer", why="by its type")
    return Column("decimal", why="by its type") if kind.is_numeric() else None


def _places(values: pl.Series) -> tuple[Ints, int]:
    """Of each value what it is: a number of so many places, a date of a form, else, or missing."""
    size = _PLACES + len(DATES) + 2
    places = np.full(len(values), size - 2, np.int64)
    if values.dtype.is_numeric():
        numbers = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        there = np.isfinite(numbers)
        places[there] = _decimals(numbers[there])
        places[~there] = size - 1
        return places, size
    texts = values.cast(pl.String)
    plain = texts.str.strip_chars().str.to_lowercase()
    number = texts.str.contains(_PLAIN).fill_null(value=False).to_numpy()
    digits = texts.str.extract(_PLAIN, 1).str.len_chars().fill_null(0).to_numpy()
    for at in reversed(range(len(DATES))):
        places[~np.isnan(read_dates(texts, DATES[at]))] = _PLACES + at
    places[number] = digits[number].astype(np.int64)
    places[(texts.is_null() | plain.is_in(list(MISSING)).fill_null(value=False)).to_numpy()] = (
        size - 1
    )
    return places, size


def _decimals(numbers: Floats) -> Ints:
    """Decimal places of each number, six at most."""
    places = np.full(len(numbers), _PLACES - 1, np.int64)
    for at in reversed(range(_PLACES - 1)):
        places[np.round(numbers, at) == numbers] = at
    return places


def _voted(name: str, votes: Floats, sigma: float, hint: Column | None) -> Column:
    """What most values are."""
    least = sigma * np.sqrt(2 * np.log(20 * len(votes)))
    there = np.where(votes > least, votes, 0.0)
    whole = max(float(there[:-1].sum()), 1.0)
    numbers, dates = there[:_PLACES], there[_PLACES:-2]
    why = "by a noisy vote"
    if hint is not None or numbers.sum() >= _MOSTLY * whole:
        places = int(np.flatnonzero(numbers)[-1]) if numbers.any() else 2
        if not places and hint is None:
            return Column("integer", why=why)
        return Column("decimal", format=f"{0:.{places}f}", why=why)
    if dates.sum() >= _MOSTLY * whole:
        entity = "DATE_OF_BIRTH" if is_birth(name) else ""
        return Column("date", entity, DATES[int(np.argmax(dates))], why=why)
    return Column("category", why=why)
