"""Keys that nobody declared, found by the names of columns and by which values are in which."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import polars as pl

from dataqa.tables.columns import SURE, Column
from dataqa.tables.linked.links import key_texts, table_of
from dataqa.tables.linked.schema import Schema, Table
from dataqa.tables.linked.times import read_times
from dataqa.tables.people.named import is_id, words_of

_MOSTLY = 0.95
"""So much of a foreign key is in the parent's key; the rest are orphans, and said to be."""
_TELLING = 6
"""Keys of so many signs are in another table by no chance."""
_SELF = frozenset(
    (
        *("parent", "manager", "supervisor", "boss", "previous", "prev", "next", "reply", "root"),
        *("reports", "referrer", "referred", "predecessor", "original", "mother", "father", "lead"),
    )
)
_ID = frozenset(("id", "uuid", "guid", "key", "pk", "fk", "no", "nr", "number", "code", "ref"))


def find(
    schema: Schema,
    frames: Mapping[str, pl.DataFrame],
    columns: Mapping[str, Mapping[str, Column]],
) -> tuple[Schema, list[str]]:
    """A schema with all keys and orders.

    Args:
        schema: What is declared.
        frames: The tables.
        columns: What their columns are, hints included.

    Returns:
        The schema, and what was found, in words.
    """
    tables = dict(schema.tables)
    told: list[str] = []
    for name, one in tables.items():
        if one.primary_key is None:
            key = _primary(name, frames[name], columns[name])
            tables[name] = msgspec.structs.replace(one, primary_key=key or [])
            told += [f"{name}.{key} is its primary key"] if key else []
    for name, one in tables.items():
        if one.foreign_keys is None:
            keys = _foreign(name, tables, frames, columns[name])
            tables[name] = msgspec.structs.replace(one, foreign_keys=keys)
            told += [f"{name}.{key} points to {to}" for key, to in keys.items()]
    for name, one in tables.items():
        if one.order is None:
            others = {table_of(to) for to in (one.foreign_keys or {}).values()} - {name}
            order = _order(frames[name], columns[name]) if others and not one.keep else ""
            tables[name] = msgspec.structs.replace(one, order=order)
            told += [f"{name} is in the order of {order}"] if order else []
    return Schema(tables, schema.file), told


def _primary(name: str, frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The column that tells rows apart and is called so, or looks so; nothing if none does."""
    best, most = "", 0
    for column, kind in columns.items():
        values = frame[column]
        if not frame.height or values.dtype.is_float() or values.dtype.is_temporal():
            continue
        texts = key_texts(values)
        if kind.kind in {"private", "date", "text"} or texts.null_count():
            continue
        words, own = set(words_of(column)), _named(name)
        named = words <= _ID or (bool(words & own) and is_id(column))
        sure = kind.kind == "id" and (kind.confidence >= SURE or bool(words & own))
        score = 3 * named + 2 * is_id(column) + sure
        if score > most and texts.n_unique() == len(texts):
            best, most = column, score
    return best


def _named(table: str) -> set[str]:
    """The words of a table's name, also in the singular."""
    words = set(words_of(table))
    ends = {word[:-3] + "y" for word in words if word.endswith("ies")}
    return (
        words
        | ends
        | {word[: -len(end)] for word in words for end in ("s", "es") if word.endswith(end)}
    )


def _foreign(
    name: str,
    tables: Mapping[str, Table],
    frames: Mapping[str, pl.DataFrame],
    columns: Mapping[str, Column],
) -> dict[str, str]:
    """Columns whose values are keys of a table; what has fewest rows for each key first."""
    frame, own = frames[name], tables[name].primary_key or []
    own = [own] if isinstance(own, str) else own
    found: list[tuple[tuple[float, float, int], str, str]] = []
    for place, (column, kind) in enumerate(columns.items()):
        values = frame[column]
        if values.dtype.is_float() or values.dtype.is_temporal() or kind.kind in {"date", "text"}:
            continue
        texts = key_texts(values).drop_nulls().unique()
        if not len(texts) or kind.kind == "boolean":
            continue
        best: tuple[float, float, str] | None = None
        for parent, one in tables.items():
            key = one.primary_key
            key = key[0] if isinstance(key, list) and len(key) == 1 else key
            if (
                not isinstance(key, str)
                or not frames[parent].height
                or (parent, key) == (name, column)
            ):
                continue
            near = _near(column, name, parent, key, whole_key=column in own)
            known = key_texts(frames[parent][key]).to_list()
            share = int(texts.is_in(known).sum()) / len(texts)
            shortest = int(texts.str.len_chars().min() or 0)  # pyright: ignore[reportArgumentType]
            telling = shortest >= _TELLING and not texts.str.contains(r"^\d{1,8}$").all()
            if share >= _MOSTLY and (near or (telling and share == 1 and column not in own)):
                ranked = (-near, frames[parent].height, parent)
                best = ranked if best is None else min(best, ranked)
        if best is not None:
            missing = float(key_texts(values).null_count() > 0.5 * len(values))
            found.append(((missing, frame.height / max(best[1], 1), place), column, best[2]))
    return {column: parent for _, column, parent in sorted(found)}


def _near(column: str, table: str, parent: str, key: str, *, whole_key: bool) -> int:
    """How much a column's name says that it holds keys of a table: 0 to 2."""
    words = set(words_of(column))
    if table == parent:
        return 2 if words & _SELF else 0
    if words - _ID and (words & _named(parent)) and words - _ID <= _named(parent):
        return 2
    if column.lower() == key.lower() and not words <= _ID:
        return 2
    return 1 if words & _named(parent) and is_id(column) and not whole_key else 0


def _order(frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The first date that every row has, and that stands before the row's other dates."""
    times = {
        name: read_times(frame[name], kind)
        for name, kind in columns.items()
        if kind.kind == "date" and kind.entity != "DATE_OF_BIRTH"
    }
    full = [name for name, one in times.items() if len(one) and not np.isnan(one).any()]
    for name in full:
        if all(((times[name] <= times[other]).mean() > 0.5) for other in full):
            return name
    return full[0] if full else ""
