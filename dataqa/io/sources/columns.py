"""The columns of a whole corpus: one type each, the text and the id found, names kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.io.sources.pieces import RESCUED, Reading
from dataqa.types import DOC, DOC_ID, TEXT

_SIGNED = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)
_UNSIGNED = (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
_EXACT = {pl.Float32: 1, pl.Float64: 2}  # index of the widest integer a float holds exactly


def widen(a: pl.DataType, b: pl.DataType) -> pl.DataType | None:  # noqa: PLR0911 - a table
    """The type that holds every value of both exactly, or None.

    >>> widen(pl.Int16(), pl.UInt16()), widen(pl.Null(), pl.Date()), widen(pl.Int64(), pl.String())
    (Int32, Date, None)
    """
    if b in (a, pl.Null):
        return a
    if a == pl.Null:
        return b
    if a.is_integer() and b.is_integer():
        return _integers(a, b)
    if a.is_float() and b.is_float():
        return pl.Float64()
    if a.is_numeric() and b.is_numeric():
        return _mixed(a, b)
    if isinstance(a, pl.List) and isinstance(b, pl.List):
        inner = widen(_type(a.inner), _type(b.inner))
        return None if inner is None else pl.List(inner)
    if isinstance(a, pl.Struct) and isinstance(b, pl.Struct):
        return _structs(a, b)
    return None


def _type(kind: Any) -> pl.DataType:
    return kind() if isinstance(kind, type) else kind


def _integers(a: pl.DataType, b: pl.DataType) -> pl.DataType | None:
    for family in (_SIGNED, _UNSIGNED):
        if type(a) in family and type(b) in family:
            return family[max(family.index(type(a)), family.index(type(b)))]()
    signed, unsigned = (a, b) if type(a) in _SIGNED else (b, a)
    if type(signed) not in _SIGNED or type(unsigned) not in _UNSIGNED:
        return None  # 128 bits
    rank = max(_SIGNED.index(type(signed)), _UNSIGNED.index(type(unsigned)) + 1)
    return _SIGNED[rank]() if rank < len(_SIGNED) else None


def _mixed(a: pl.DataType, b: pl.DataType) -> pl.DataType | None:
    number, real = (a, b) if a.is_integer() else (b, a)
    ranks = [
        family.index(type(number)) for family in (_SIGNED, _UNSIGNED) if type(number) in family
    ]
    if not ranks or type(real) not in _EXACT or ranks[0] > _EXACT[pl.Float64]:
        return None
    return pl.Float32() if type(real) is pl.Float32 and ranks[0] <= 1 else pl.Float64()


def _structs(a: pl.Struct, b: pl.Struct) -> pl.DataType | None:
    fields = {field.name: _type(field.dtype) for field in a.fields}
    for field in b.fields:
        wider = widen(fields.get(field.name, pl.Null()), _type(field.dtype))
        if wider is None:
            return None
        fields[field.name] = wider
    return pl.Struct(fields)


def unify(schemas: Iterable[tuple[str, Mapping[str, pl.DataType]]]) -> dict[str, pl.DataType]:
    """One type for each column over all files, in the order of first appearance.

    Args:
        schemas: Each file's name and columns.

    Raises:
        InputError: If two files give a column types that no one type holds exactly.
    """
    found: dict[str, tuple[pl.DataType, str]] = {}
    for path, columns in schemas:
        for name, kind in columns.items():
            before, where = found.get(name, (kind, path))
            wider = widen(before, kind)
            if wider is None:
                raise InputError(
                    f"column {name!r} is {kind} here but {before} in {where}",
                    where=path,
                    hint="give the files one type for it, or run them apart",
                )
            found[name] = (wider, where if wider == before else path)
    return {name: kind for name, (kind, _) in found.items()}


def settle(columns: Mapping[str, pl.DataType], reading: Reading, lines: bool) -> pl.Schema:
    """The corpus' schema: nothing left untyped, text and id checked, room for what does not fit.

    Args:
        columns: Name and type of every column of the input.
        reading: Which of them are text and id.
        lines: Whether any input is JSON lines, which may hold values that fit no column.
    """
    typed = {
        name: _settled(kind) for name, kind in columns.items() if not (lines and name == RESCUED)
    }
    if columns:  # else every file is empty: nothing to read and nothing to complain of
        require_text(columns, reading)
    typed[reading.text_column] = pl.String()
    if columns and reading.id_column is not None and reading.id_column not in typed:
        raise _missing(reading.id_column, "id", typed)
    kind = typed.get(name) if (name := id_name(typed, reading)) else None
    if kind is not None and (kind.is_nested() or kind == pl.Binary):
        raise InputError(
            f"column {name!r} is {kind}, so it cannot be the id", hint="see --id-column"
        )
    if lines:
        typed[RESCUED] = pl.String()
    return pl.Schema(typed)


def _settled(kind: pl.DataType) -> pl.DataType:
    """``kind`` with untyped parts as text: a sample may hold only nulls where a file has more."""
    if kind == pl.Null:
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(_settled(_type(kind.inner)))
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: _settled(_type(field.dtype)) for field in kind.fields})
    return kind


def require_text(columns: Mapping[str, pl.DataType], reading: Reading, where: str = "") -> None:
    """Raise if there is no text column or it does not hold text."""
    name = reading.text_column
    if name not in columns:
        raise _missing(name, "text", columns, where)
    if columns[name] != pl.String and columns[name] != pl.Null:
        texts = ", ".join(other for other, kind in columns.items() if kind == pl.String)
        raise InputError(
            f"column {name!r} is {columns[name]}, not text",
            where=where,
            hint=f"name a text column with --text-column; text columns: {texts or 'none'}",
        )


def _missing(name: str, role: str, columns: Iterable[str], where: str = "") -> InputError:
    known = list(columns)
    return InputError(
        f"no column {name!r} for the {role}; columns: {', '.join(known)}",
        where=where,
        hint=f"{did_you_mean(name, known)} (--{role}-column NAME)",
    )


def id_name(schema: Mapping[str, object], reading: Reading) -> str | None:
    """The column that holds the public id, None when ids are made."""
    if reading.id_column is not None:
        return reading.id_column
    return DOC_ID if DOC_ID in schema else None


def internal_names(schema: Mapping[str, object], reading: Reading) -> dict[str, str]:
    """User's name to internal name, for every column that travels beside the text and the id."""
    taken = {reading.text_column}
    if id_name(schema, reading) == DOC_ID:
        taken.add(DOC_ID)
    names: dict[str, str] = {}
    for name in schema:
        if name in taken:
            continue
        inside = f"_source_{name}" if name in (DOC, DOC_ID, TEXT) else name
        while inside != name and (inside in schema or inside in names.values()):
            inside = f"_{inside}"
        names[name] = inside
    return names


OURS = (DOC_ID, "reasons", "stage", "step", "error", "traceback", "raw")
"""Columns that outputs have of their own."""


def output_names(schema: Mapping[str, object], reading: Reading) -> dict[str, str]:
    """Internal name to the user's, for ``text`` and every other column of the source.

    A user's column that has the name of one of ours comes out beside it, as ``source_stage``.

    >>> reading = Reading(text_column="body", id_column="body")
    >>> output_names({"body": 0, "text": 0, "doc_id": 0}, reading)
    {'text': 'body', '_source_text': 'text', '_source_doc_id': 'source_doc_id'}
    """
    names = {TEXT: reading.text_column}
    for name, inside in internal_names(schema, reading).items():
        names[inside] = f"source_{name}" if name in OURS else name
    return names
