"""Whether a value of the original is left in synthetic tables: columns and texts together.

A search of its own, by the recognisers and by what stands in private columns, whatever it was that
made the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from dataqa.private.again import BY_CHANCE as COMMON
from dataqa.private.leaks import Values
from dataqa.private.proof import DOUBT
from dataqa.private.standins.han import is_asian
from dataqa.tables.columns import Column
from dataqa.tables.notes.mentions import finder
from dataqa.tables.people.apart import BY_CHANCE
from dataqa.tables.people.private_forms import NAMES
from dataqa.tables.profile import present

_NOT = COMMON | BY_CHANCE | {"STREET_ADDRESS"}
"""Kinds of which people may have the same; they are counted apart."""
_BETWEEN = "\n|\n"
"""Between columns: numbers of two of them are not one number."""


class Compared(NamedTuple):
    """A table to be looked at.

    Attributes:
        original: The original, all of it.
        made: The synthetic table.
        columns: What the original's columns are.
    """

    original: pl.DataFrame
    made: pl.DataFrame
    columns: Mapping[str, Column]

    @property
    def texts(self) -> list[str]:
        """Its columns of texts."""
        return [name for name, one in self.columns.items() if one.kind in {"text", "surrogate"}]


def leftovers(
    original: pl.DataFrame, made: pl.DataFrame, columns: Mapping[str, Column]
) -> dict[str, Any]:
    """What of the original stands in a synthetic table, as ``leftovers_of`` tells it.

    Args:
        original: The original, all of it.
        made: The synthetic table.
        columns: What the original's columns are.
    """
    return leftovers_of([Compared(original, made, columns)])


def leftovers_of(tables: Sequence[Compared]) -> dict[str, Any]:
    """What of any original stands in any synthetic table.

    Args:
        tables: All of them.

    Returns:
        ``looked_for``: how many values; ``left``: by kind, how many rows hold an id, address of
        mail, number or secret of anybody; ``by_chance``: the same of names, places and days.
    """
    texts = [one.original[name].cast(pl.String) for one in tables for name in one.texts]
    asian = any(is_asian(text) for some in texts for text in some.drop_nulls())
    values = Values(finder(asian=asian) if texts else None, DOUBT)
    found = Counter[str]()
    for at, one in enumerate(tables):
        _note(values, one, at)
    for at, one in enumerate(tables):
        rows = pl.Series([f"made {at} {row}" for row in range(one.made.height)], dtype=pl.String)
        found.update(leak.entity for leak in values.leaks([(rows, _lines(one))]))
    return {
        "looked_for": len(values),
        "left": {kind: count for kind, count in sorted(found.items()) if kind not in _NOT},
        "by_chance": {kind: count for kind, count in sorted(found.items()) if kind in _NOT},
    }


def _note(values: Values, table: Compared, number: int) -> None:
    """Take the values of a table's texts and private columns."""
    original = table.original
    ids = pl.Series([f"row {number} {row}" for row in range(original.height)], dtype=pl.String)
    for name in table.texts:
        values.note(ids, original[name].cast(pl.String).fill_null(""))
    for name, one in table.columns.items():
        if one.kind not in {"private", "id"}:
            continue
        entity = "ID" if one.kind == "id" else "PERSON" if one.entity in NAMES else one.entity
        for value in present(original[name].cast(pl.String)).unique(maintain_order=True):
            values.add(entity, value, name)


def _lines(table: Compared) -> pl.Series:
    """Of each synthetic row all that it says, but for days."""
    kinds = {name: one.kind for name, one in table.columns.items()}
    kept = [name for name in table.made.columns if kinds.get(name, "date") != "date"]
    if not kept:
        return pl.Series([""] * table.made.height, dtype=pl.String)
    every = [pl.col(name).cast(pl.String).fill_null("") for name in kept]
    return table.made.select(pl.concat_str(every, separator=_BETWEEN).alias("all"))["all"]
