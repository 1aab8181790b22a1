"""What a row of a linked table is beside: the rows that it points to, and whose they all are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.linked.links import Rows, pointed
from dataqa.tables.linked.schema import Schema, Table
from dataqa.tables.linked.shape import Shape
from dataqa.tables.people.known import birth_column
from dataqa.tables.people.named import role_of
from dataqa.tables.people.private_forms import NAMES, PrivateForm, form_of
from dataqa.tables.profile import least_rows, present

_SAME = "'"
"""Behind a name that a nearer table has too: it is no part of any word."""


class Side(NamedTuple):
    """Tables, real or synthetic, and of each foreign key which row it points to."""

    frames: dict[str, pl.DataFrame]
    rows: dict[str, dict[str, Rows]]

    @classmethod
    def of(cls, frames: Mapping[str, pl.DataFrame], shapes: Mapping[str, Shape]) -> Side:
        """Tables without rows that point to nobody; those of sequences have whose they are."""
        whole = dict(frames)
        for name, shape in shapes.items():
            for key, parent in shape.links.parents.items():
                if shapes[parent].links.virtual:
                    whole[parent] = whose(frames[name], key)
        tables: dict[str, Table] = {}
        for name, one in shapes.items():
            parents = one.links.parents
            told = {key: to for key, to in parents.items() if not shapes[to].links.keep}
            tables[name] = Table(primary_key=one.links.key, foreign_keys=told, orphans="drop")
        keys = {name: one.links.key for name, one in shapes.items()}
        return cls(*pointed(Schema(tables), whole, keys)[:2])


def whose(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Whose the rows of a sequence are, each once."""
    return frame[key].drop_nulls().unique(maintain_order=True).to_frame()


class Reached(NamedTuple):
    """The tables that a row is beside.

    Attributes:
        paths: By table, nearest first: the table and its foreign key that lead there.
        whole: Those of which everything counts: with whose rows its own come, and of whom it is.
        person: The table of the people whom rows are about.
    """

    paths: dict[str, tuple[str, str]]
    whole: list[str]
    person: str

    def rows(self, side: Side) -> dict[str, Rows]:
        """By table, of each row of the first one the row there; -1 for none."""
        found: dict[str, Rows] = {}
        for table, (by, key) in self.paths.items():
            if not by:
                found[table] = np.arange(side.frames[table].height, dtype=np.int64)
                continue
            at, to = found[by], side.rows[by][key]
            found[table] = np.where(at >= 0, to[at], -1) if len(to) else at * 0 - 1
        return found


def reached_from(name: str, shapes: Mapping[str, Shape]) -> Reached:
    """The tables that rows of a table point to, and whom they are about.

    Upward by the first foreign keys these are the people of the table that has names or days of
    birth, and most private columns; else of one beside; else the rows of the topmost table.
    """
    paths = {name: ("", "")}
    at = name
    while shapes[at].links.first:
        links = shapes[at].links
        paths[links.parent] = (at, links.first)
        at = links.parent
    whole = list(paths)
    queue = list(paths)
    for table in queue:
        for key, parent in shapes[table].links.parents.items():
            if parent not in paths and not shapes[parent].links.keep:
                paths[parent] = (table, key)
                queue.append(parent)
    beside = [one for one in queue if one not in whole]
    tells = {one: _tells(shapes[one]) for one in queue}
    people = whole if any(tells[one] for one in whole[1:]) else [name, *beside]
    person = max(people, key=lambda one: tells[one]) if any(tells[one] for one in people) else at
    return Reached(paths, [*whole, person] if person in beside else whole, person)


def _tells(shape: Shape) -> int:
    """How many columns of a table are a person's: of the rows', and not of their parents anyway."""
    own = {
        name: one
        for name, one in shape.columns.items()
        if name not in shape.carried and not role_of(name)
    }
    private = [one.entity for one in own.values() if one.kind == "private"]
    born = bool(birth_column(own))
    return len(private) + born if born or NAMES & set(private) else 0


def private_of(frame: pl.DataFrame, shape: Shape, kept: Sequence[str]) -> list[PrivateForm]:
    """Forms of the private columns of a table; its keys are ids, whatever they look like.

    Args:
        frame: The real table.
        shape: All that is told of it.
        kept: Tables that are copied: what points to them stays as well.
    """
    if shape.links.virtual:
        return []
    key, parents = shape.links.key, shape.links.parents
    ids = {*(key if len(key) == 1 else ()), *parents, *(one.fresh.name for one in shape.unseen)}
    found: list[PrivateForm] = []
    for name, one in shape.columns.items():
        entity = one.entity if one.kind == "private" else "ID"
        if parents.get(name, "") in kept or not (name in ids or one.kind in {"private", "id"}):
            continue
        there = present(frame[name].cast(pl.String))
        if len(there):
            found.append(form_of(there, entity, least_rows(len(there))))
    return found


class Wide(NamedTuple):
    """The columns of a table, and those of the rows that it points to.

    Attributes:
        columns: What they are, the table's own first.
        forms: Of those that are private.
        places: Of each, the table and the column where it stands.
    """

    columns: dict[str, Column]
    forms: list[PrivateForm]
    places: dict[str, tuple[str, str]]

    def frame(self, side: Side, rows: Mapping[str, Rows]) -> pl.DataFrame:
        """All columns but texts that are yet to be made.

        Args:
            side: The tables.
            rows: By table, of each row the row there.
        """
        found: list[pl.Series] = []
        for name, (table, column) in self.places.items():
            if column not in side.frames[table].columns:
                continue
            values = side.frames[table][column]
            told = pl.Series(rows[table]).replace(-1, None)
            here = values.gather(told) if len(values) else values.clear(len(told))
            found.append(here.alias(name))
        return pl.DataFrame(found)


def wide_of(
    name: str,
    reached: Reached,
    shapes: Mapping[str, Shape],
    forms: Mapping[str, Sequence[PrivateForm]],
) -> Wide:
    """The columns that tell of whom a row of a table is about, and of whom it is beside."""
    wide = Wide({}, [], {})
    for table in reached.paths:
        private = {one.name: one for one in forms[table]}
        for column, kind in shapes[table].columns.items():
            parent = shapes[table].links.parents.get(column, "")
            own = table == name and kind.kind == "surrogate"
            if (kind.kind in {"text", "drop", "surrogate"} and not own) or (
                table not in reached.whole and column not in private
            ):
                continue
            if reached.paths.get(parent) == (table, column) and not shapes[parent].links.virtual:
                continue  # the key that it points to is there itself
            called = column
            while called in wide.places:
                called += _SAME
            wide.places[called] = (table, column)
            wide.columns[called] = kind
            if column in private:
                wide.forms.append(_renamed(private[column], called))
    return wide


def _renamed(form: PrivateForm, name: str) -> PrivateForm:
    return PrivateForm(name, form.entity)
