"""JSON values and column types: which type a sample asks for, and which values fit it exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import polars as pl

_DEEPEST = 32
"""Levels of lists and objects that become a column's type."""

_LEAVES: dict[type, pl.DataType] = {
    type(None): pl.Null(),
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    str: pl.String(),
}
_EXACT_INT = 1 << 53

type Fits = Callable[[Any], bool]


def infer(rows: Iterable[Mapping[str, Any]]) -> dict[str, pl.DataType]:
    """The columns of some JSON objects.

    Where a column is now of one kind (text, number, ...) and now of another, the kind that most
    values are of wins, then the one seen first: the others are kept as JSON when they are read.

    >>> infer([{"a": 1, "b": [1]}, {"a": 2.5, "b": ["x"], "c": None}, {"a": "many"}])
    {'a': Float64, 'b': List(Int64), 'c': Null}
    """
    found: dict[str, dict[type, tuple[int, pl.DataType]]] = {}
    for row in rows:
        for name, value in row.items():
            kind = type_of(value)
            families = found.setdefault(name, {})
            if kind == pl.Null:
                continue
            family = pl.Float64 if kind.is_numeric() else type(kind)
            count, before = families.get(family, (0, kind))
            families[family] = (count + 1, together(before, kind))
    return {
        name: max(families.values(), key=lambda pair: pair[0])[1] if families else pl.Null()
        for name, families in found.items()
    }


def type_of(value: Any, depth: int = 0) -> pl.DataType:
    """The type of one JSON value; an empty object has none and is null.

    What is nested deeper than ``_DEEPEST`` fits no column and is rescued as JSON.
    """
    if depth > _DEEPEST:
        return pl.String()
    if isinstance(value, list):
        inner: pl.DataType = pl.Null()
        for item in cast("list[Any]", value):
            inner = together(inner, type_of(item, depth + 1))
        return pl.List(inner)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        fields = {name: type_of(item, depth + 1) for name, item in items}
        return pl.Struct(fields) if fields else pl.Null()
    return _LEAVES[type(value)]


def together(a: pl.DataType, b: pl.DataType) -> pl.DataType:
    """One type for two JSON values; the first one's where there is none."""
    if a == b:
        return a
    if isinstance(a, pl.List) and isinstance(b, pl.List):
        return pl.List(together(cast("pl.DataType", a.inner), cast("pl.DataType", b.inner)))
    if isinstance(a, pl.Struct) and isinstance(b, pl.Struct):
        fields = {field.name: cast("pl.DataType", field.dtype) for field in a.fields}
        for field in b.fields:
            kind = cast("pl.DataType", field.dtype)
            known = fields.get(field.name)
            fields[field.name] = kind if known is None else together(known, kind)
        return pl.Struct(fields)
    if a.is_numeric() and b.is_numeric():
        return pl.Float64()
    return b if a == pl.Null else a


class Column(NamedTuple):
    """A type with what it takes to see that values are of it."""

    dtype: pl.DataType
    kinds: frozenset[type]
    fits: Fits


def column(dtype: pl.DataType) -> Column:
    """Prepare the check of one column.

    >>> column(pl.List(pl.Int64())).fits([1, 2, None]), column(pl.Int64()).fits(True)
    (True, False)
    """
    kinds = {kind for kind, leaf in _LEAVES.items() if leaf == dtype}
    if dtype.is_float():
        kinds.add(int)
    return Column(dtype, frozenset({*kinds, type(None)}), _fits(dtype))


def _fits(dtype: pl.DataType) -> Fits:
    if isinstance(dtype, pl.List):
        inner = _fits(cast("pl.DataType", dtype.inner))
        return lambda value: value is None or (type(value) is list and all(map(inner, value)))
    if isinstance(dtype, pl.Struct):
        return _struct_fits(dtype)
    if dtype.is_integer():
        low, high = _bounds(dtype)
        return lambda value: value is None or (type(value) is int and low <= value <= high)
    if dtype == pl.Float64:
        return lambda value: (
            value is None
            or type(value) is float
            or (type(value) is int and -_EXACT_INT <= value <= _EXACT_INT)
        )
    kind = str if dtype == pl.String else bool if dtype == pl.Boolean else None
    return lambda value: value is None or type(value) is kind


def _struct_fits(dtype: pl.Struct) -> Fits:
    fields = {field.name: _fits(cast("pl.DataType", field.dtype)) for field in dtype.fields}

    def fits(value: Any) -> bool:
        return value is None or (
            type(value) is dict
            and value.keys() <= fields.keys()
            and all(fields[name](item) for name, item in value.items())
        )

    return fits


def _bounds(dtype: pl.DataType) -> tuple[int, int]:
    name = str(dtype)  # Int8 to UInt64
    bits = int(name.lstrip("UInt"))
    return (0, (1 << bits) - 1) if name[0] == "U" else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def build(
    rows: Sequence[Mapping[str, Any]], name: str, kind: Column
) -> tuple[pl.Series, list[int]]:
    """One column from JSON objects, and the rows whose value did not fit it and is null there."""
    values: list[Any] = [row.get(name) for row in rows]
    odd: list[int] = []
    kinds = set(map(type, values))
    if not kinds <= kind.kinds or (int in kinds and not _in_range(values, kind)):
        odd = [at for at, value in enumerate(values) if not kind.fits(value)]
        for at in odd:
            values[at] = None
    if int in kinds and kind.dtype.is_float():
        values = [None if value is None else float(value) for value in values]
    return pl.Series(name, values, kind.dtype, strict=True), odd


def _in_range(values: list[Any], kind: Column) -> bool:
    numbers = [value for value in values if type(value) is int]
    return kind.fits(min(numbers)) and kind.fits(max(numbers))


def as_json(value: Mapping[str, Any]) -> str:
    """What a line held that fits no column; Infinity and NaN as Python's ``json`` writes them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
