"""What is private of all people of an original, in whichever of its tables and texts it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import polars as pl

from dataqa.private.leaks import Values
from dataqa.tables.columns import Column
from dataqa.tables.notes.mentions import of_anybody, secret
from dataqa.tables.people.apart import BY_CHANCE, taken
from dataqa.tables.people.private_forms import NAMES, PrivateForm
from dataqa.tables.profile import present

type Original = tuple[pl.DataFrame, Mapping[str, Column], Sequence[PrivateForm]]
"""A table, what its columns are, and the forms of those that are private."""


class Everybody(NamedTuple):
    """What texts of an original may tell of anybody in it.

    Attributes:
        key: Decides stand-ins: the same value has the same one in all texts.
        anybody: Values that are looked for in all texts, with their kinds.
        taken: Values that no stand-in may be, folded.
        values: What may not stand in what is made; texts add to it what is found in them.
    """

    key: bytes
    anybody: dict[str, str]
    taken: frozenset[str]
    values: Values

    @classmethod
    def of(cls, tables: Sequence[Original], seed: int) -> Everybody:
        """Everybody of some tables.

        Args:
            tables: All of an original.
            seed: Decides stand-ins, with all texts and private values: the seed is told, so that
                what nobody else has is part of it.
        """
        read: list[pl.Series] = []
        anybody: dict[str, str] = {}
        values = Values(None, 0.0)
        for frame, columns, forms in tables:
            names = [*texts_of(columns), *(form.name for form in forms)]
            read += [frame[name].cast(pl.String) for name in names]
            for value, entity in of_anybody(frame, forms).items():
                anybody.setdefault(value, entity)
            for form in forms:
                if form.entity not in BY_CHANCE:
                    for value in present(frame[form.name].cast(pl.String)).unique():
                        values.add(form.entity, value, "")
        known = chain(*(taken(frame, list(forms)).values() for frame, _, forms in tables))
        key = secret(f"dataqa texts {seed}", read)
        return cls(key, anybody, frozenset().union(*known), values)


def texts_of(columns: Mapping[str, Column]) -> list[str]:
    """The columns of texts that are made from real ones."""
    return [name for name, one in columns.items() if one.kind == "surrogate"]


def called(entity: str) -> str:
    """A kind of value as texts have it: a name is a person's, whatever part of it it is."""
    return "PERSON" if entity in NAMES else entity
