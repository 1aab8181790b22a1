"""Arrow types that polars does not have, and the nearest ones that lose nothing of a value.

A decimal of more than 38 digits, or of a negative scale, is carried as text; a time in a zone that
polars does not know, such as ``+05:30``, is the same instant in UTC; an extension type is what it
is stored as. Handed such a column as it is, polars panics.
"""

from __future__ import annotations

from functools import cache

import polars as pl
import pyarrow as pa

_DIGITS = 38


def carried(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - one for each kind of type
    """The type as which a column is read; its own where polars has it.

    Raises:
        TypeError: Neither polars nor parquet has anything of the kind.

    >>> carried(pa.decimal256(40, 2)), carried(pa.list_(pa.timestamp("s", "+05:30")))
    (DataType(large_string), ListType(list<item: timestamp[s, tz=UTC]>))
    """
    types = pa.types
    if types.is_decimal(kind):
        return _decimal(kind)
    if types.is_timestamp(kind):
        return kind if kind.tz is None or _has_zone(kind.tz) else pa.timestamp(kind.unit, "UTC")
    if types.is_dictionary(kind):
        inner = carried(kind.value_type)
        return kind if inner == kind.value_type else inner
    if types.is_map(kind):
        return pa.map_(carried(kind.key_type), carried(kind.item_type))
    if types.is_interval(kind) or (types.is_struct(kind) and not kind.num_fields):
        raise TypeError(f"nothing holds a {kind}")
    if types.is_struct(kind):
        return pa.struct([_field(kind.field(at)) for at in range(kind.num_fields)])
    if types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if types.is_list(kind):
        return pa.list_(_field(kind.value_field))
    if types.is_large_list(kind):
        return pa.large_list(_field(kind.value_field))
    return carried(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else kind


def as_carried(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as the type in which it is read."""
    kind = carried(column.type)
    return column if kind == column.type else column.cast(kind)


def _field(field: pa.Field) -> pa.Field:
    return field.with_type(carried(field.type))


def _decimal(kind: pa.DataType) -> pa.DataType:
    if kind.precision > _DIGITS or kind.scale < 0:
        return pa.large_string()
    return pa.decimal128(kind.precision, kind.scale) if kind.bit_width > 128 else kind


@cache
def _has_zone(name: str) -> bool:
    try:
        pl.Series([], dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(name)
    except pl.exceptions.ComputeError:
        return False
    return True
