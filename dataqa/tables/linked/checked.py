"""Whether a value of the originals is left in linked tables made of them, in any column or text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.evidence.leftovers import Compared, leftovers_of
from dataqa.tables.linked.shape import Shape, TableModel


def left_in(
    models: Mapping[str, TableModel],
    originals: Mapping[str, pl.DataFrame],
    made: Mapping[str, pl.DataFrame],
) -> dict[str, Any]:
    """What of any original stands in any synthetic table, as ``leftovers_of`` tells it.

    Args:
        models: By table.
        originals: The real tables.
        made: The synthetic tables; those that are copied are nobody's, and not looked at.
    """
    shapes = {name: one.shape for name, one in models.items()}
    return leftovers_of(
        [
            Compared(originals[name], made[name], _looked_for(shapes[name], shapes))
            for name, one in models.items()
            if one.chain is not None and not one.shape.links.virtual
        ]
    )


def _looked_for(shape: Shape, shapes: Mapping[str, Shape]) -> dict[str, Column]:
    """What columns are to a search: keys are ids, but those that count up, or are copied."""
    links, found = shape.links, dict(shape.columns)
    for name in (*links.parents, *(links.key if len(links.key) == 1 else ())):
        owner = shapes[links.parents[name]] if name in links.parents else shape
        counts = owner.fresh is not None and not owner.fresh.forms
        found[name] = Column("integer" if counts or owner.links.keep else "id")
    return found
