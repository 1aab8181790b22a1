"""What each column of a table is: by its name, by its values, by how many there are of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl

from dataqa.private.finder import Finder, plan
from dataqa.private.packs import USUAL
from dataqa.registry import user_assets
from dataqa.tables.columns import Column, check_frame
from dataqa.tables.forms import date_form, is_padded, read_numbers, whole
from dataqa.tables.people.named import entity_of, is_birth, is_id, is_somebodys_id, place_of
from dataqa.tables.undeclared import MANY, identifiers, people, somebodys

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", "?", ".", "missing"})
"""What stands where there is no value, in small letters."""
MOST_ROWS, SCANNED = 20_000, 300
"""Rows that are looked at for kinds, and values of a column that recognisers read."""
_FOUND, _MOSTLY = 0.6, 0.95
_TRUTH = tuple(
    frozenset(pair.split())
    for pair in ("true false", "yes no", "y n", "t f", "ja nein", "oui non", "si no", "是 否")
)
_TELLING = (
    r"@|://|www\.|[0-9][0-9 ./:()-]{6,}|[0-9].*[A-Za-z]|[A-Za-z].*[0-9]|[0-9]{5}|[^\x00-\x7f]"
)
_NO_PERSONS = frozenset(("AGE", "DATE_TIME", "DATE_OF_BIRTH", "GEO_COORDINATES", "COORDINATES"))
_ID_ENTITIES = frozenset(
    (
        *("UUID", "MEDICAL_RECORD", "CASE_NUMBER", "US_CLAIM_NUMBER", "US_REFERRAL_NUMBER"),
        *("US_HEALTH_INSURANCE_MEMBER_ID", "US_PRESCRIPTION_NUMBER"),
        "US_PRIOR_AUTHORIZATION_NUMBER",
    )
)
"""Numbers that somebody numbered something by: new ones of the same form stand for them."""


def profile(frame: pl.DataFrame) -> dict[str, Column]:
    """What the columns of a table are.

    Args:
        frame: A table; of a large one the first, and evenly spread, 20,000 rows are looked at.

    Raises:
        InputError: It has no rows or columns, or nested columns.
    """
    check_frame(frame)
    return {name: _column(spread(frame[name])) for name in frame.columns}


def spread(values: pl.Series, most: int = MOST_ROWS) -> pl.Series:
    """At most so many values, from all over a column."""
    if len(values) <= most:
        return values
    return values.gather(np.linspace(0, len(values) - 1, most).astype(np.int64))


def least_rows(rows: int) -> int:
    """How many rows have to share a value for it not to be rare: five, fewer in small tables."""
    return 5 if rows >= 250 else max(2, rows // 50)


def _column(values: pl.Series) -> Column:
    kind = values.dtype
    if kind == pl.Boolean and values.n_unique() > 1:
        return Column("boolean", why="truth values")
    if kind.is_numeric():
        return _numbers(values)
    if kind.is_temporal() and values.drop_nulls().n_unique() > 1:
        form = "%Y-%m-%d" if kind == pl.Date else "%Y-%m-%d %H:%M:%S"
        why = "dates; of birth, by its name" if is_birth(values.name) else "dates"
        return Column("date", "DATE_OF_BIRTH" if is_birth(values.name) else "", form, why=why)
    return _texts(values.cast(pl.String))


def _numbers(values: pl.Series) -> Column:
    some = values.drop_nulls().cast(pl.Float64)
    some = some.filter(some.is_finite())
    if not len(some):
        return Column("empty", why="there is no value")
    if some.n_unique() == 1 and not values.null_count():
        return Column("constant", why="one value in all rows")
    numbers = some.to_numpy()
    if not values.dtype.is_integer() and not (whole(numbers) and values.dtype.is_decimal()):
        return (
            Column("decimal", why="numbers with a fraction")
            if not whole(numbers)
            else Column("integer", why="whole numbers")
        )
    return _whole_numbers(some, values.name)


def _whole_numbers(some: pl.Series, name: str) -> Column:
    """Whole numbers are quantities, but for those that only tell rows apart."""
    rows, different = len(some), some.n_unique()
    entity = entity_of(name)
    if entity and different > 2:
        return Column("private", entity, confidence=0.9, why="by its name")
    if is_somebodys_id(name) and different >= MANY:
        return Column("id", confidence=0.95, why="by its name")
    if rows < 20 or different < 0.98 * rows:
        return somebodys(some, name) or _repeated(some, name)
    if is_id(name):
        return Column("id", confidence=0.95, why="by its name, and no value is there twice")
    ends = [int(some.min() or 0), int(some.max() or 0)]  # pyright: ignore[reportArgumentType]
    dense = ends[1] - ends[0] < 1.1 * rows
    alike = len(str(ends[0])) == len(str(ends[1])) >= 7
    if dense or alike:
        why = "whole numbers, hardly one of them twice, " + (
            "one after the other" if dense else "all of one length"
        )
        return Column("id", confidence=0.6, why=why)
    return Column("integer", confidence=0.8, why="whole numbers, hardly one of them twice")


def _repeated(some: pl.Series, name: str) -> Column:
    """Whole numbers of which many are there twice: quantities, or codes, with none between two."""
    codes = len(some) >= 20 and name.lower().endswith("code") and _rare(some) <= 0.5
    why = "codes, by its name" if codes else "whole numbers"
    return Column("category" if codes else "integer", confidence=0.9 if codes else 1.0, why=why)


def _texts(values: pl.Series) -> Column:
    some = present(values)
    if len(some) < least_rows(len(values)) < len(values):
        return Column("empty", why="hardly a row has a value")
    by_name = entity_of(values.name)
    different = some.n_unique()
    asked: tuple[Callable[[pl.Series], Column | None], ...] = (_truth, _date, _number, _private)
    if by_name and different > 2 and not _is_plainly_a_number(some, by_name):
        return Column("private", by_name, confidence=0.9, why="by its name")
    if different == 1 and len(some) == len(values):
        return Column("constant", why="one value in all rows")
    for ask in asked:
        found = ask(some)
        if found is not None:
            return found
    return _words(some)


def present(values: pl.Series) -> pl.Series:
    """The texts of a column that are values: not null, and no sign for a value that is missing."""
    plain = values.str.strip_chars().str.to_lowercase()
    return values.filter(values.is_not_null() & ~plain.is_in(list(MISSING)).fill_null(value=False))


def _is_plainly_a_number(some: pl.Series, entity: str) -> bool:
    """A name of people over a column of numbers says something else: ``first: 12``."""
    if entity not in {"GIVEN_NAME", "FAMILY_NAME", "PERSON", "STREET_ADDRESS"}:
        return False
    return bool(some.str.contains(r"^[0-9.,]+$").mean() or 0)


def _truth(some: pl.Series) -> Column | None:
    words = frozenset(some.str.strip_chars().str.to_lowercase().unique().to_list())
    return Column("boolean", why="two words for yes and no") if words in _TRUTH else None


def _date(some: pl.Series) -> Column | None:
    name = some.name
    if float(np.mean(some.str.contains(r"[0-9][^0-9]+[0-9]|^[0-9]{8}$").to_numpy())) < _MOSTLY:
        return None
    form, share = date_form(some, compact=is_birth(name) or "date" in name.lower())
    if share < _MOSTLY:
        return None
    entity = "DATE_OF_BIRTH" if is_birth(name) else ""
    why = f"{share:.0%} are dates" + ("; of birth, by its name" if entity else "")
    return Column("date", entity, form, round(share, 3), why)


def _number(some: pl.Series) -> Column | None:
    counts = some.alias("value").value_counts(name="count", sort=False)
    texts, times = counts["value"].to_list(), counts["count"].to_numpy()
    if any(is_padded(text) for text in texts):
        return None
    read, form = read_numbers(counts["value"])
    there = np.isfinite(read)
    share = float(times[there].sum() / times.sum())
    if share < _MOSTLY:
        return None
    if not (form.decimals or form.before or form.after):
        long = max(map(len, texts)) >= 8 or is_id(some.name) or "zip" in some.name.lower()
        private = _private(some) if long else None
        if private is not None:
            return private
    numbers = np.repeat(read[there], times[there])
    if there.sum() == 1:
        return None
    if form.decimals:
        return Column("decimal", confidence=round(share, 3), why=f"{share:.0%} are numbers")
    return _whole_numbers(pl.Series(some.name, numbers), some.name)


def _private(some: pl.Series) -> Column | None:
    """The entity that recognisers find in most of a sample of the different values."""
    sample = spread(some.unique(maintain_order=True), SCANNED)
    # opening all recognisers takes longer than all else: not for what none of them would take
    if not sample.str.contains(_TELLING).any():
        return None
    head = " ".join(some.name.replace("_", " ").split()) + ": "
    texts = (head + sample).alias("text")
    behind = len(head.encode())
    lengths = sample.str.len_bytes().to_list()
    met: dict[str, int] = {}
    for row, entity, start, end in (
        _finder().scan(texts, 0.4).select("row", "entity", "start", "end").iter_rows()
    ):
        if start >= behind and end - start >= 0.8 * lengths[row]:
            met[entity] = met.get(entity, 0) + 1
    if not met:
        return None
    entity = max(met, key=lambda one: (met[one], one))
    share = met[entity] / len(sample)
    if entity in _NO_PERSONS or share < _FOUND or len(sample) < 3:
        return None
    why = f"{share:.0%} of its values are {entity}"
    if entity in _ID_ENTITIES:
        return Column("id", confidence=0.95, why=why)
    return Column("private", entity, confidence=round(share, 3), why=why)


@cache
def _finder() -> Finder:
    assets = user_assets()
    return Finder(plan(USUAL, (), assets), assets.cache)


def _words(some: pl.Series) -> Column:
    """Texts that are nothing else: ids, free text or categories."""
    rows, different = len(some), some.n_unique()
    words = float(some.str.count_matches(r"\s+").mean() or 0) + 1  # pyright: ignore[reportArgumentType]
    long = words >= 5 or float(some.str.len_chars().mean() or 0) > 60  # pyright: ignore[reportArgumentType]
    rare = _rare(some)
    values = some.unique(maintain_order=True)
    coded = some.name.lower().endswith("code") or bool(place_of(some.name))
    if long and different > 0.5 * rows:
        return Column("text", confidence=0.9, why=f"{words:.0f} words in a value on average")
    if is_somebodys_id(some.name) and different >= MANY and not long:
        return Column("id", confidence=0.95, why="by its name")
    found = people(spread(values, SCANNED)) or (None if coded else identifiers(values, rows))
    if found is not None:
        return found
    return _categories(some, rare)


def _categories(some: pl.Series, rare: float) -> Column:
    """Texts that are neither free nor told apart by what they say: categories, else ids."""
    rows, different = len(some), some.n_unique()
    if rare <= 0.5 or (rows < 20 and different < rows):
        return Column("category", why=f"{different} different values in {rows:,} rows")
    if is_id(some.name):
        return Column("id", confidence=0.95, why="by its name")
    why = f"{rare:.0%} of rows have a value that hardly another row has"
    if part := place_of(some.name):
        return Column("private", part, confidence=0.9, why=f"by its name, and {why}")
    return Column("id", confidence=0.5, why=why)


def _rare(some: pl.Series) -> float:
    """The share of rows whose value hardly another row has."""
    counts = some.alias("value").value_counts(name="count")["count"]
    return int(counts.filter(counts < least_rows(len(some))).sum()) / len(some)
