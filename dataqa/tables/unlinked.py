"""Tables of a pipeline are made each by itself; one with epsilon must be one by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dataqa.errors import InputError
from dataqa.tables.columns import with_hints
from dataqa.tables.files import read_table
from dataqa.tables.linked.finding import find
from dataqa.tables.linked.refusing import ALONE
from dataqa.tables.linked.schema import schema_of
from dataqa.tables.pipelines import Table
from dataqa.tables.profile import profile


def check_apart(tables: Sequence[Table], sources: Mapping[str, Path | str]) -> None:
    """See that a table with epsilon has no links to others of its pipeline.

    Its promise is for rows of one person in one table. Whose rows are linked is in several, and
    has all their epsilons added up, or in one without any.

    Args:
        tables: Of the pipeline.
        sources: Where each is.

    Raises:
        InputError: It has.
    """
    noisy = {one.name for one in tables if one.epsilon is not None}
    if len(tables) < 2 or not noisy:
        return
    frames = {one.name: read_table(sources[one.name]) for one in tables}
    columns = {one.name: with_hints(profile(frames[one.name]), one.columns) for one in tables}
    schema, _ = find(schema_of(None, frames), frames, columns)
    for name, one in schema.tables.items():
        for column, parent in (one.foreign_keys or {}).items():
            if {name, parent.partition(".")[0]} & noisy and name != parent:
                what = f"{name}.{column} points to {parent}, so epsilon would not be for a person"
                hint = f"{ALONE}, with person: and rows_each:; or leave epsilon out"
                raise InputError(what, where=name, hint=hint)
