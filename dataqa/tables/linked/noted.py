"""Notes of linked tables: those of one synthetic person are made from those of one real person.

What stands in any row that a note's row points to (the patient of the visit, her doctor) becomes
what stands in the rows that the synthetic row points to, so that notes and columns of all tables
tell of the same people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.reached import Side, Wide, private_of, reached_from, wide_of
from dataqa.tables.linked.shape import Shape, TableModel
from dataqa.tables.linked.times import read_times
from dataqa.tables.notes.donors import given, rows_given
from dataqa.tables.notes.everybody import Everybody, texts_of
from dataqa.tables.notes.sources import Traits, by_rows, traits_of
from dataqa.tables.notes.texts import Made, Texts
from dataqa.tables.people.known import known_of
from dataqa.tables.people.private_forms import PrivateForm

type Frames = Mapping[str, pl.DataFrame]


class _Half(NamedTuple):
    """A table of notes, real or synthetic: with what its rows point to, and whose they are."""

    frame: pl.DataFrame
    persons: Rows
    order: Rows


class _Noted(NamedTuple):
    """A table of notes.

    Attributes:
        wide: What its columns are, and those of the rows that it points to.
        person: The table of whom it is about.
        real: The original.
        made: What was made.
        texts: Its texts.
    """

    wide: Wide
    person: str
    real: _Half
    made: _Half
    texts: Texts


def noted(models: Mapping[str, TableModel]) -> list[str]:
    """The tables with texts that are made from real ones."""
    return [name for name, one in models.items() if one.chain and texts_of(one.shape.columns)]


def check_originals(models: Mapping[str, TableModel], originals: Frames | None) -> Frames:
    """The originals, if they are there.

    Raises:
        InputError: They are not given, or are not what was learnt.
    """
    if originals is None:
        hint = "LinkedSynthesizer.load(path, originals=…)"
        raise InputError("a model holds no texts", where="sample", hint=hint)
    for name, one in models.items():
        if one.shape.links.virtual:
            continue
        if name not in originals or set(one.schema) - set(originals[name].columns):
            raise InputError("the originals are not the tables that were learnt", where=name)
    return originals


def with_notes(
    models: Mapping[str, TableModel], originals: Frames, frames: Frames, seed: int
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Synthetic tables with their notes, and of each how many rows have none that should.

    Args:
        models: By table.
        originals: The real tables.
        frames: The synthetic tables without notes, and whose rows those of sequences are.
        seed: Decides all that is drawn.
    """
    shapes = {name: one.shape for name, one in models.items()}
    kept = [name for name, one in shapes.items() if one.links.keep]
    real, made = (Side.of(_of(some, shapes), shapes) for some in (originals, frames))
    forms = {
        name: private_of(real.frames[name], one, kept)
        for name, one in shapes.items()
        if name not in kept
    }
    everybody = Everybody.of(
        [(real.frames[name], shapes[name].columns, some) for name, some in forms.items()], seed
    )
    tables = {
        name: _noted(name, shapes, forms, real, made, everybody)
        for name in shapes
        if name in noted(models)
    }
    found, left = dict(frames), dict[str, int]()
    for name, texts in _texts(tables, seed).items():
        schema = models[name].schema
        notes = texts.frame.with_columns(
            pl.col(one).cast(schema[one]) for one in texts.frame.columns
        )
        both = frames[name].hstack(notes)
        found[name] = both.select(one for one in schema if one in both.columns)
        left[name] = texts.left_out
    return found, left


def _of(frames: Frames, shapes: Mapping[str, Shape]) -> Frames:
    return {name: frames[name] for name, one in shapes.items() if not one.links.virtual}


def _noted(
    name: str,
    shapes: Mapping[str, Shape],
    forms: Mapping[str, Sequence[PrivateForm]],
    real: Side,
    made: Side,
    everybody: Everybody,
) -> _Noted:
    reached = reached_from(name, shapes)
    wide = wide_of(name, reached, shapes, forms)
    halves: list[_Half] = []
    for side in (real, made):
        rows = reached.rows(side)
        order = np.arange(len(rows[name]), dtype=np.int64)
        column = shapes[name].links.order
        if column in side.frames[name].columns:
            times = read_times(side.frames[name][column], shapes[name].columns[column])
            order = np.argsort(times, kind="stable")
        halves.append(_Half(wide.frame(side, rows), rows[reached.person], order))
    texts = Texts(halves[0].frame, wide.columns, wide.forms, everybody, name)
    return _Noted(wide, reached.person, halves[0], halves[1], texts)


def _texts(tables: Mapping[str, _Noted], seed: int) -> dict[str, Made]:
    """The texts of all tables; those of one person together."""
    found: dict[str, Made] = {}
    groups: dict[str, dict[str, _Noted]] = {}
    for name, one in tables.items():
        if any(column.like for column in one.wide.columns.values() if column.kind == "surrogate"):
            frames = one.real.frame, one.made.frame
            dealt = by_rows(*frames, one.wide.columns, one.texts.full, {}, seed)
            found[name] = one.texts.made(one.made.frame, *dealt, _numbered(one.made.persons, 0))
        else:
            groups.setdefault(one.person, {})[name] = one
    for some in groups.values():
        found |= _of_people(some, seed)
    return found


def _of_people(tables: Mapping[str, _Noted], seed: int) -> dict[str, Made]:
    """The texts of tables that are about the same people."""
    real = _People([(one.real, one.wide) for one in tables.values()])
    made = _People([(one.made, one.wide) for one in tables.values()])
    donors = given(real.traits, real.counts, made.traits, made.counts, seed)
    found: dict[str, Made] = {}
    for at, (name, one) in enumerate(tables.items()):
        rows = one.made.frame.height
        seeds = [seed, 13, at]
        dealt = rows_given(donors, real.rows[at], made.rows[at], rows, one.texts.full, seeds)
        found[name] = one.texts.made(one.made.frame, *dealt, made.whom[at])
    return found


class _People:
    """Whom the rows of some tables are about; whoever is in no table of people is somebody else.

    Attributes:
        whom: By table, the number of the person of each row.
        rows: By table, the rows of each person, in order.
        counts: Of each person, how many rows there are in each table.
        traits: Of each person, what has to agree with whoever gives a text.
    """

    def __init__(self, halves: Sequence[tuple[_Half, Wide]]) -> None:
        last = max(int(half.persons.max(initial=-1)) for half, _ in halves) + 1
        self.whom: list[list[int]] = []
        for half, _ in halves:
            self.whom.append(_numbered(half.persons, last))
            last += len(half.persons)
        self.traits: list[Traits] = [()] * last
        self.rows: list[list[list[int]]] = []
        for (half, wide), whom in zip(halves, self.whom, strict=True):
            mine: list[list[int]] = [[] for _ in range(last)]
            for row in half.order.tolist():
                mine[whom[row]].append(row)
            self.rows.append(mine)
            told = traits_of(half.frame, known_of(half.frame, wide.columns), [])
            for row, (gender, decade) in enumerate(told):
                alone = "alone " if half.persons[row] < 0 else ""
                self.traits[whom[row]] = self.traits[whom[row]] or (alone + gender, decade)
        self.counts = np.array([[len(some) for some in mine] for mine in self.rows], np.int64).T


def _numbered(persons: Rows, first: int) -> list[int]:
    """Of each row the number of its person; those of nobody are each of a number of their own."""
    last = max(first, int(persons.max(initial=-1)) + 1)
    return np.where(persons >= 0, persons, last + np.arange(len(persons))).tolist()
