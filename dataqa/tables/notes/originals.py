"""What of original texts is looked for in what is made of them, and what of it must stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.leaks import Values
from dataqa.tables.notes.mentions import Mention
from dataqa.tables.notes.rewriting import REWRITTEN, Rewriting
from dataqa.tables.people.private_forms import NAMES


class Put(NamedTuple):
    """Texts with stand-ins, and by row what they were, what was found, and what was put there."""

    texts: pl.Series
    originals: list[str | None]
    found: list[list[Mention]]
    put: list[list[str]]


def check_rewriting(frame: pl.DataFrame, written: Collection[str], how: Rewriting) -> None:
    """See that columns that are named are there, and that the one that is added is free.

    Args:
        frame: The original.
        written: Columns that are written.
        how: How texts are rewritten.

    Raises:
        InputError: One is not.
    """
    for name in how.facts:
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            raise InputError(f"there is no column {name!r}", where="--keep-column", hint=hint)
    if REWRITTEN in written:
        hint = "rename it"
        raise InputError("a column of that name says what is rewritten", where=REWRITTEN, hint=hint)


def named_of(frame: pl.DataFrame, how: Rewriting) -> list[list[str]]:
    """By row, words that must stay if they stand in its text."""
    columns = [frame[name].cast(pl.String).to_list() for name in how.facts]
    return [
        [*how.keep, *(cells[row] for cells in columns if cells[row])] for row in range(frame.height)
    ]


def values_of(frame: pl.DataFrame, put: Put, others: Mapping[str, str]) -> Values:
    """What is private of the original, to be looked for in what a model wrote."""
    values = Values(None, 0.0)
    values.note(pl.Series([str(row) for row in range(frame.height)]), pl.Series([""]))
    for row, (text, found) in enumerate(zip(put.originals, put.found, strict=True)):
        for entity, start, end in found:
            kind = "PERSON" if entity in NAMES else entity
            values.add(kind, (text or "")[start:end], str(row))
    for name, entity in others.items():
        if entity != "scan":
            for row, cell in enumerate(frame[name].cast(pl.String)):
                if cell:
                    values.add("PERSON" if entity in NAMES else entity, cell, str(row))
    return values
