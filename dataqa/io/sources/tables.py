"""Arrow tables as parts: plain types, text proven to be UTF-8, cut by bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from dataqa.errors import InputError
from dataqa.io.sources.carrying import as_carried, carried
from dataqa.io.sources.pieces import Bad, Part, Reading, Unreadable

ROWS = 1 << 16
"""No chunk has more rows, however short its texts are."""
_FEW = 1024


def plain_schema(schema: pa.Schema, path: str) -> dict[str, pl.DataType]:
    """An Arrow schema in polars' types, dictionaries decoded, string and binary of any width alike.

    Raises:
        InputError: If a column is of a type that polars does not have, or two share a name.
    """
    found: dict[str, pl.DataType] = {}
    for field in schema:
        if field.name in found:
            raise InputError(f"two columns are named {field.name!r}", where=path)
        try:
            frame = pl.DataFrame(pa.schema([field.with_type(carried(field.type))]).empty_table())
        except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError):
            raise InputError(
                f"column {field.name!r} is {field.type}, which cannot be read",
                where=path,
                hint="write the file again without it",
            ) from None
        found[field.name] = plain(frame.dtypes[0])
    return found


def plain(kind: Any) -> pl.DataType:
    """``kind`` without categories, whose codes differ from file to file."""
    kind = kind() if isinstance(kind, type) else kind
    if kind in (pl.Categorical, pl.Enum):
        return pl.String()
    if isinstance(kind, pl.List | pl.Array):
        return pl.List(plain(kind.inner))
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: plain(field.dtype) for field in kind.fields})
    return kind


def parts(
    batches: Iterable[pa.RecordBatch],
    first: int,
    reading: Reading,
    schema: Mapping[str, pl.DataType],
) -> Iterator[Part]:
    """Turn record batches into parts of about ``batch_bytes``; ``first`` is the first row's number.

    Raises:
        Unreadable: What ``batches`` raises, after a part with all rows before it.
    """
    held: list[pa.RecordBatch] = []
    size = rows = 0
    fault: Unreadable | None = None
    try:
        for batch in batches:
            for piece, weight in _sliced(batch, reading):
                if held and (size + weight > reading.batch_bytes or rows + piece.num_rows > ROWS):
                    yield _part(held, first, schema)
                    first += rows
                    held, size, rows = [], 0, 0
                held.append(piece)
                size += weight
                rows += piece.num_rows
    except Unreadable as error:
        fault = error
    if held:
        yield _part(held, first, schema)
    if fault is not None:
        raise fault.at(first + rows)


def faults(batches: Iterator[pa.RecordBatch], path: str) -> Iterator[pa.RecordBatch]:
    """Pass batches on, with Arrow's errors as ours."""
    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from None


def damaged(path: str, error: Exception) -> Unreadable:
    """The error for a columnar file that breaks off or holds what it should not."""
    said = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return Unreadable(
        f"truncated or damaged: {said}",
        where=path,
        hint="get the file again, or keep what can be read with --on-error quarantine",
    )


def _sliced(batch: pa.RecordBatch, reading: Reading) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Cut one batch where its text, with each row's share of the rest, passes ``batch_bytes``."""
    count = batch.num_rows
    if not count:
        return
    total = batch.nbytes
    if total <= reading.batch_bytes and count <= ROWS:
        yield batch, total
        return
    ends = np.cumsum(_weights(batch, reading, total))
    at = 0
    while at < count:
        before = int(ends[at - 1]) if at else 0
        stop = int(np.searchsorted(ends, before + reading.batch_bytes, side="right"))
        stop = min(max(stop, at + 1), at + ROWS, count)
        yield batch.slice(at, stop - at), int(ends[stop - 1]) - before
        at = stop


def _weights(batch: pa.RecordBatch, reading: Reading, total: int) -> np.ndarray[Any, Any]:
    sizes = np.zeros(batch.num_rows, np.int64)
    index = batch.schema.get_field_index(reading.text_column)
    if index >= 0:
        column = batch.column(index)
        for at in range(0, batch.num_rows, _FEW):  # a cast copies, and a batch may be huge
            text = pl.Series(column.slice(at, _FEW).cast(pa.large_binary()))
            sizes[at : at + _FEW] = text.bin.size().fill_null(0).to_numpy()
    return sizes + max(0, total - int(sizes.sum())) // batch.num_rows


def _part(batches: list[pa.RecordBatch], first: int, schema: Mapping[str, pl.DataType]) -> Part:
    table = pa.Table.from_batches(batches)
    positions = pl.int_range(first, first + table.num_rows, dtype=pl.UInt64, eager=True)
    try:
        return Part(_frame(table, schema), positions, [])
    except (pl.exceptions.ComputeError, pa.ArrowInvalid):
        return _row_by_row(table, positions, schema)


def _frame(table: pa.Table, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            _series(table.column(name), schema[name]).alias(name)
            for name in table.column_names
            if name in schema
        ]
    )


def _series(column: pa.ChunkedArray, kind: pl.DataType) -> pl.Series:
    """One column in the corpus' type.

    Arrow readers do not check that strings are UTF-8 and polars takes them at their word, so top
    level strings pass through binary, whose cast checks at memory speed, and nested ones are
    validated in Arrow.
    """
    column = as_carried(column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kind == pl.String and _is_string(column.type):
        return pl.Series(column.cast(pa.large_binary())).cast(pl.String)
    if kind.is_nested():
        column.validate(full=True)
    series = pl.Series(column)
    return series if series.dtype == kind else series.cast(kind)


def _is_string(kind: pa.DataType) -> bool:
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _row_by_row(table: pa.Table, positions: pl.Series, schema: Mapping[str, pl.DataType]) -> Part:
    """Find the rows that hold invalid UTF-8; only they are damaged."""
    good: list[int] = []
    bad: list[Bad] = []
    for at in range(table.num_rows):
        row = table.slice(at, 1)
        try:
            _frame(row, schema)
            good.append(at)
        except (pl.exceptions.ComputeError, pa.ArrowInvalid):
            bad.append(Bad(positions[at], "invalid UTF-8 in a text column", _raw(row)))
    return Part(_frame(table.take(pa.array(good, pa.int64())), schema), positions.gather(good), bad)


def _raw(row: pa.Table) -> bytes:
    """The bytes of a row's columns, each on its line, as far as they are text."""
    values = [
        row.column(name).cast(pa.binary())[0].as_py() or b""
        for name in row.column_names
        if _is_string(row.column(name).type)
    ]
    return b"\n".join(values)
