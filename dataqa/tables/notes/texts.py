"""Texts of synthetic rows: real ones in which somebody else stands, the row's invented person.

The row's own values become those of the synthetic row, days move by as much as its day does, ages
go with its day of birth, and all else that is found private gets stand-ins. A text in which a value
of the original is still found is made from another one instead, or left out in the end. A row of
linked tables has the values of the rows that it points to as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import product
from typing import NamedTuple

import polars as pl

from dataqa.errors import InputError
from dataqa.private.places import whole
from dataqa.private.standins import Who, stand_in
from dataqa.private.standins.dates import moved_by, offset
from dataqa.tables.columns import Column
from dataqa.tables.notes.everybody import Everybody, called, texts_of
from dataqa.tables.notes.mentions import DAYS, Mention, mentions
from dataqa.tables.notes.selves import Pair, composed, days, puts
from dataqa.tables.people.apart import folded
from dataqa.tables.people.known import birth_column, days_of
from dataqa.tables.people.named import is_age, place_of
from dataqa.tables.people.private_forms import PrivateForm

NONE = -1
"""The source of a row that has no text."""
_TRIES = 3
_NUMBER = re.compile("[0-9]{1,3}")


class Shift(NamedTuple):
    """How time moves between a real row and a synthetic one; None where no column tells."""

    days: int | None
    years: int | None


class Made(NamedTuple):
    """Texts that were made.

    Attributes:
        frame: The columns of texts.
        sources: Of each row, the row of the original that its texts are made from; -1 for none.
        left_out: Rows without texts, for a value of the original would still have been there, or
            there was no source.
    """

    frame: pl.DataFrame
    sources: list[int]
    left_out: int


class _Rows:
    """Rows of a table, cell by cell, with their dates read."""

    def __init__(
        self, frame: pl.DataFrame, columns: Mapping[str, Column], private: Sequence[str]
    ) -> None:
        dates = [name for name, one in columns.items() if one.kind == "date"]
        ages = [name for name in columns if is_age(name) and name in frame.columns]
        self.days = {name: days_of(frame[name], columns[name]) for name in dates}
        self.cells = {name: frame[name].cast(pl.String).to_list() for name in private}
        self.ages = [frame[name].cast(pl.Int64, strict=False).to_list() for name in ages[:1]]


class Texts:
    """Makes the texts of synthetic rows from those of an original.

    Args:
        original: The original.
        columns: What its columns are; of kind ``surrogate`` are the texts.
        forms: Of its private columns.
        everybody: Whose values may not stand in what is made.
        table: What it is called, of several.
    """

    def __init__(
        self,
        original: pl.DataFrame,
        columns: Mapping[str, Column],
        forms: Sequence[PrivateForm],
        everybody: Everybody,
        table: str = "",
    ) -> None:
        self._columns, self._everybody, self._table = columns, everybody, table
        self._key, self._taken = everybody.key, everybody.taken
        self._entities = {name: "LOCATION" for name in columns if place_of(name)}
        self._entities |= {form.name: form.entity for form in forms}
        self._names = texts_of(columns)
        self._texts = {
            name: [one and whole(one) for one in original[name].cast(pl.String)]
            for name in self._names
        }
        self.full = [any(some) for some in zip(*self._texts.values(), strict=True)]
        if not any(self.full):
            where = ", ".join(f"{table}.{name}" if table else name for name in self._names)
            raise InputError("there is no text in it", where=where, hint="kind: drop")
        self._rows = _Rows(original, columns, list(self._entities))
        self._mentions = {
            name: mentions(pl.Series(some, dtype=pl.String), everybody.anybody)
            for name, some in self._texts.items()
        }
        self._add_values()

    def made(
        self,
        frame: pl.DataFrame,
        sources: Sequence[int],
        another: Callable[[int], int],
        people: Sequence[int] | None = None,
    ) -> Made:
        """The texts of synthetic rows.

        Args:
            frame: The rows, with all columns but the texts.
            sources: Of each, the real row that its texts are made from; -1 for none.
            another: Gives a row another source, where a value of the original would still stand in
                its texts; -1 if there is none.
            people: Of each row, whom it is about: where no column tells by how much days move, they
                move alike in all rows of one. By default each row is about somebody else.
        """
        sources, rows = list(sources), _Rows(frame, self._columns, list(self._entities))
        whom = range(len(sources)) if people is None else people
        made = [self._row(rows, row, at, whom[row]) for row, at in enumerate(sources)]
        for _ in range(_TRIES):
            for row in self._still_there(made, sources):
                sources[row] = another(row)
                made[row] = self._row(rows, row, sources[row], whom[row])
        for row in self._still_there(made, sources):
            sources[row], made[row] = NONE, [None] * len(self._names)
        texts = [
            pl.Series(name, [one[at] for one in made], pl.String)
            for at, name in enumerate(self._names)
        ]
        return Made(pl.DataFrame(texts), sources, sources.count(NONE))

    def _row(self, rows: _Rows, row: int, at: int, whom: int) -> list[str | None]:
        """The texts of a synthetic row, from those of a real one."""
        if at == NONE:
            return [None] * len(self._names)
        pairs, shift = self._pairs(rows, row, at), self._shift(rows, row, at)
        who = Who(self._key, "", f"row {whom}")
        made: list[str | None] = []
        for name in self._names:
            text = self._texts[name][at]
            made.append(
                text and self._other(text, self._mentions[name].get(at, []), pairs, shift, who)
            )
        return made

    def _other(
        self, text: str, found: Sequence[Mention], pairs: Sequence[Pair], shift: Shift, who: Who
    ) -> str:
        """A text in which somebody else stands."""
        put = puts(text, pairs, who)
        return composed(text, found, put, lambda kind, old: self._stand_in(kind, old, shift, who))

    def _stand_in(self, entity: str, value: str, shift: Shift, who: Who) -> str:
        """Days and ages move with the row; all else is the same wherever it stands."""
        if entity in DAYS:
            return moved_by(value, offset(who) if shift.days is None else shift.days, who)
        if entity == "AGE" and shift.years is not None and _NUMBER.search(value):
            years = shift.years
            return _NUMBER.sub(lambda one: str(max(int(one[0]) + years, 0)), value)
        entity = called(entity)
        made = stand_in(entity, value, self._key, "", subject=who.subject)
        for again in range(_TRIES):
            if folded(entity, made) not in self._taken:
                break
            made = stand_in(entity, value, self._key, f"again {again}", subject=who.subject)
        return made

    def _pairs(self, rows: _Rows, row: int, at: int) -> list[Pair]:
        """The values of the real row with those of the synthetic row."""
        pairs: list[Pair] = []
        for name, entity in self._entities.items():
            old, new = self._rows.cells[name][at], rows.cells[name][row] or ""
            if old:
                pairs.append(Pair(entity, old, new))
                if entity == "STREET_ADDRESS" and "," in old:
                    pairs.append(Pair(entity, old.partition(",")[0], new.partition(",")[0]))
        pairs += self._towns(rows, row, at)
        return [
            *pairs,
            *days((self._rows.days[name][at], some[row]) for name, some in rows.days.items()),
        ]

    def _towns(self, rows: _Rows, row: int, at: int) -> list[Pair]:
        """City and state as they are written beside each other."""
        cities, states = (
            [name for name in self._entities if place_of(name) == one] for one in ("CITY", "STATE")
        )
        pairs: list[Pair] = []
        for both in product(cities, states):
            old, new = (
                [cells[name][which] or "" for name in both]
                for cells, which in ((self._rows.cells, at), (rows.cells, row))
            )
            if all([*old, *new]):
                pairs.append(Pair("LOCATION", ", ".join(old), ", ".join(new)))
        return pairs

    def _shift(self, rows: _Rows, row: int, at: int) -> Shift:
        """By how much days and ages move: as the first day of the row that is not of birth does."""
        born = birth_column(self._columns)
        moved: dict[str, int] = {}
        for name, some in rows.days.items():
            old, new = self._rows.days[name][at], some[row]
            if old and new:
                moved[name] = (new - old).days
        events = [by for name, by in moved.items() if name != born]
        by = events[0] if events else moved.get(born)
        if born in moved:
            event = next((name for name in moved if name != born), "")
            if not event:
                return Shift(by, 0)
            old, new = self._rows.days, rows.days
            ages = [
                _age(some[born][one], some[event][one]) for some, one in ((old, at), (new, row))
            ]
            return Shift(by, ages[1] - ages[0])
        if rows.ages:
            old_age, new_age = self._rows.ages[0][at], rows.ages[0][row]
            if old_age is not None and new_age is not None:
                return Shift(by, new_age - old_age)
        return Shift(by, None)

    def _add_values(self) -> None:
        """Take what is private of each row, to be looked for in what is made of its texts."""
        values, cells = self._everybody.values, self._rows.cells
        ids = [self._id(row) for row in range(len(self.full))]
        values.note(pl.Series(ids), pl.Series([""]))
        common = {cell for name in self._entities if place_of(name) for cell in cells[name] if cell}
        for name, entity in self._entities.items():
            if not place_of(name) and entity != "LOCATION":
                for row, cell in enumerate(cells[name]):
                    if cell:
                        values.add(called(entity), cell, ids[row])
        for name, some in self._mentions.items():
            for row, found in some.items():
                text = self._texts[name][row] or ""
                for entity, start, end in found:
                    if text[start:end] not in common:
                        values.add(called(entity), text[start:end], ids[row])

    def _id(self, row: int) -> str:
        return f"{self._table} {row}"

    def _still_there(
        self, made: Sequence[Sequence[str | None]], sources: Sequence[int]
    ) -> list[int]:
        """Rows in whose texts a value of the original stands that may not stand there."""
        ids = pl.Series([self._id(at) for at in sources], dtype=pl.String)
        texts = pl.Series(["\n".join(filter(None, some)) for some in made], dtype=pl.String)
        bad = {leak.doc_id for leak in self._everybody.values.leaks([(ids, texts)]) if leak.own}
        return [row for row, one in enumerate(ids) if one in bad and texts[row]]


def _age(born: date | None, day: date | None) -> int:
    """How old somebody is on a day."""
    if born is None or day is None:
        return 0
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
