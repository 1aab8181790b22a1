"""How tables hang together once that is settled: which table a row comes with, and in what order.

Every table has at most one parent with whose rows its own are drawn; so tables form a forest. Other
foreign keys follow from that one (an encounter's patient is that of its conditions), point within
the table itself, or are dealt out once all tables are drawn.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.tables.linked.schema import Schema

type Rows = NDArray[np.int64]
"""Numbers of rows of a parent; -1 for none."""


class Links(msgspec.Struct, frozen=True):
    """What links one table to others.

    Attributes:
        table: Its name.
        key: The columns of its primary key.
        parents: By foreign key, the table whose primary key it holds.
        first: The foreign key with whose rows its own are drawn; nothing for a table of its own.
        follows: By foreign key that follows from others, the foreign key here, and the one there.
        order: The column by which rows of one parent follow one another.
        keep: It is copied as it is.
        virtual: It is no table of the user's, but whose rows those of another one are.
    """

    table: str
    key: list[str] = []
    parents: dict[str, str] = {}
    first: str = ""
    follows: dict[str, tuple[str, str]] = {}
    order: str = ""
    keep: bool = False
    virtual: bool = False

    @property
    def parent(self) -> str:
        """The table with whose rows its own are drawn."""
        return self.parents.get(self.first, "")

    def dealt(self, kept: set[str]) -> list[str]:
        """Foreign keys that are dealt out when all tables are drawn."""
        return [
            one
            for one, parent in self.parents.items()
            if one != self.first and one not in self.follows and parent not in kept
        ]


class Linked(NamedTuple):
    """Tables with their links, and of each foreign key which row it points to.

    Attributes:
        frames: Without rows whose foreign key is nobody's key, where they are to be dropped.
        links: By table; a parent stands before its children.
        rows: By table and foreign key, the row of the parent.
        dropped: By table, how many rows were.
    """

    frames: dict[str, pl.DataFrame]
    links: dict[str, Links]
    rows: dict[str, dict[str, Rows]]
    dropped: dict[str, int]


def link(schema: Schema, frames: Mapping[str, pl.DataFrame], virtual: Container[str]) -> Linked:
    """Settle how tables hang together.

    Args:
        schema: With all keys and orders, found or declared.
        frames: The tables.
        virtual: Those that are no table of the user's.

    Raises:
        InputError: Keys are missing or stand twice, or foreign keys are nobody's.
    """
    tables = schema.tables
    keys = {name: _primary(schema, name, frames[name]) for name in tables}
    frames, rows, dropped = pointed(schema, frames, keys)
    follows = {name: _follows(schema, name, rows) for name in tables}
    first: dict[str, str] = {}
    for name, one in tables.items():
        first[name] = "" if one.keep else _first(schema, name, first, follows[name])
    order = _in_turn({name: _parent(schema, name, first[name]) for name in tables})
    return Linked(
        frames,
        {
            name: Links(
                name,
                keys[name],
                {key: table_of(to) for key, to in (tables[name].foreign_keys or {}).items()},
                first[name],
                {key: by for key, by in follows[name].items() if key != first[name]},
                tables[name].order or "",
                tables[name].keep,
                name in virtual,
            )
            for name in order
        },
        rows,
        dropped,
    )


def table_of(reference: str) -> str:
    """The table of ``patients`` or ``patients.Id``."""
    return reference.partition(".")[0]


def key_texts(values: pl.Series) -> pl.Series:
    """Keys as texts; null where there is none."""
    texts = values.cast(pl.String)
    return texts.set(texts == "", None) if (texts == "").any() else texts


def _primary(schema: Schema, name: str, frame: pl.DataFrame) -> list[str]:
    """The columns of a primary key, each of whose values is there once."""
    told = schema.tables[name].primary_key or []
    key = [told] if isinstance(told, str) else list(told)
    if not key or not frame.height:
        return key
    where = schema.where(name, "primary_key")
    for column in key:
        missing = key_texts(frame[column]).null_count()
        if missing:
            hint = "give each row a key, or primary_key: [] if it is none"
            raise InputError(
                f"{missing:,} rows have no primary key {column}", where=where, hint=hint
            )
    twice = frame.height - frame.select(key).n_unique()
    if twice:
        hint = f"a list of columns if {' and '.join(key)} is a part of it only; [] for none"
        raise InputError(
            f"{twice:,} rows have a primary key that another row has", where=where, hint=hint
        )
    return key


def pointed(
    schema: Schema, frames: Mapping[str, pl.DataFrame], keys: Mapping[str, list[str]]
) -> tuple[dict[str, pl.DataFrame], dict[str, dict[str, Rows]], dict[str, int]]:
    """Which row each foreign key points to, once rows that point nowhere are dropped."""
    kept, dropped = dict(frames), dict.fromkeys(frames, 0)
    while True:
        rows: dict[str, dict[str, Rows]] = {}
        lost = 0
        for name, one in schema.tables.items():
            rows[name], orphans = {}, np.zeros(kept[name].height, np.bool_)
            for column, to in (one.foreign_keys or {}).items():
                parent = _referenced(schema, name, column, to, keys)
                found, nobody = _lookup(kept[name][column], kept[parent][keys[parent][0]])
                rows[name][column] = found
                orphans |= nobody
                if nobody.any() and one.orphans != "drop":
                    raise InputError(
                        f"{int(nobody.sum()):,} of {len(nobody):,} rows have a {column} that no"
                        f" row of {parent} has",
                        where=schema.where(name, "foreign_keys", column),
                        hint="orphans: drop leaves such rows out",
                    )
            if orphans.any():
                kept[name] = kept[name].filter(~pl.Series(orphans))
                dropped[name] += int(orphans.sum())
                lost += int(orphans.sum())
        # what pointed to a dropped row is an orphan now
        if not lost:
            return kept, rows, dropped


def _referenced(
    schema: Schema, name: str, column: str, to: str, keys: Mapping[str, list[str]]
) -> str:
    """The table that a foreign key points to, which has a primary key of one column."""
    parent, _, told = to.partition(".")
    where = schema.where(name, "foreign_keys", column)
    if len(keys[parent]) != 1:
        what = "a primary key of several columns" if keys[parent] else "no primary key"
        hint = f"give {parent} one column that tells its rows apart, primary_key: …"
        raise InputError(
            f"table {parent} has {what}, so {column} cannot point to it", where=where, hint=hint
        )
    if told and told != keys[parent][0]:
        hint = f"{column}: {parent}, or another primary_key for {parent}"
        raise InputError(f"{told} is not the primary key of {parent}", where=where, hint=hint)
    return parent


def _lookup(values: pl.Series, keys: pl.Series) -> tuple[Rows, NDArray[np.bool_]]:
    """The row of each key, and which keys are nobody's."""
    texts = key_texts(values).alias("key")
    known = pl.DataFrame({"key": key_texts(keys), "row": np.arange(len(keys), dtype=np.int64)})
    found = texts.to_frame().join(known, on="key", how="left", maintain_order="left")["row"]
    rows = found.fill_null(-1).to_numpy()
    return rows, (rows < 0) & texts.is_not_null().to_numpy()


def _follows(
    schema: Schema, name: str, rows: Mapping[str, Mapping[str, Rows]]
) -> dict[str, tuple[str, str]]:
    """Foreign keys that always point where another one's row points, too."""
    keys = {key: table_of(to) for key, to in (schema.tables[name].foreign_keys or {}).items()}
    found: dict[str, tuple[str, str]] = {}
    for key, table in keys.items():
        for other, middle in keys.items():
            if other in {key, *found} or middle == name or key in (by for by, _ in found.values()):
                continue
            for there, to in (schema.tables[middle].foreign_keys or {}).items():
                if table_of(to) != table or key in found:
                    continue
                at = rows[name][other]
                beyond = rows[middle][there]
                led = np.where(at >= 0, beyond[at], -1) if len(beyond) else np.full(len(at), -1)
                if len(at) and (at >= 0).any() and np.array_equal(led, rows[name][key]):
                    found[key] = (other, there)
    return found


def _first(
    schema: Schema, name: str, first: Mapping[str, str], follows: Mapping[str, tuple[str, str]]
) -> str:
    """The first foreign key that points to another table and closes no circle of them."""
    for key, to in (schema.tables[name].foreign_keys or {}).items():
        parent = table_of(to)
        if key in follows or parent == name or schema.tables[parent].keep:
            continue
        at, passed = parent, {name}
        while at and at not in passed:
            passed.add(at)
            at = _parent(schema, at, first.get(at, ""))
        if not at:
            return key
    return ""


def _parent(schema: Schema, name: str, key: str) -> str:
    return table_of((schema.tables[name].foreign_keys or {})[key]) if key else ""


def _in_turn(parents: Mapping[str, str]) -> list[str]:
    """Tables, parents before their children, else as they stand."""
    turn: list[str] = []

    def put(name: str) -> None:
        if name and name not in turn:
            put(parents[name])
            turn.append(name)

    for name in parents:
        put(name)
    return turn
