"""Whether a value of the original is left in a synthetic table: columns and texts together.

A search of its own, by the recognisers and by what stands in private columns, whatever it was that
made the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

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


def leftovers(
    original: pl.DataFrame, made: pl.DataFrame, columns: Mapping[str, Column]
) -> dict[str, Any]:
    """What of the original stands in a synthetic table.

    Args:
        original: The original, all of it.
        made: The synthetic table.
        columns: What the original's columns are.

    Returns:
        ``looked_for``: how many values; ``left``: by kind, how many rows hold an id, address of
        mail, number or secret of anybody; ``by_chance``: the same of names, places and days.
    """
    texts = [name for name, one in columns.items() if one.kind in {"text", "surrogate"}]
    ids = pl.Series([f"row {row}" for row in range(original.height)])
    scanner = None
    if texts:
        asian = any(is_asian(one) for name in texts for one in original[name].drop_nulls())
        scanner = finder(asian=asian)
    values = Values(scanner, DOUBT)
    for name in texts:
        values.note(ids, original[name].cast(pl.String).fill_null(""))
    for name, one in columns.items():
        if one.kind not in {"private", "id"}:
            continue
        entity = "ID" if one.kind == "id" else "PERSON" if one.entity in NAMES else one.entity
        for value in present(original[name].cast(pl.String)).unique(maintain_order=True):
            values.add(entity, value, name)
    kept = [name for name in made.columns if name in columns and columns[name].kind != "date"]
    lines = made.select(
        pl.concat_str(
            [pl.col(name).cast(pl.String).fill_null("") for name in kept], separator="\n"
        ).alias("all")
    )["all"]
    rows = pl.Series([f"made {row}" for row in range(made.height)])
    found = Counter(leak.entity for leak in values.leaks([(rows, lines)]))
    return {
        "looked_for": len(values),
        "left": {kind: count for kind, count in sorted(found.items()) if kind not in _NOT},
        "by_chance": {kind: count for kind, count in sorted(found.items()) if kind in _NOT},
    }
