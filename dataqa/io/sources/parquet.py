"""Parquet, by row groups; a row group larger than memory is streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dataqa.io.sources import tables
from dataqa.io.sources.pieces import MIB, File, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import open_file
from dataqa.io.urls import is_remote

_MOST_ROWS = 4096  # a dictionary-encoded text does not tell its decoded size
_STEP = MIB


def parts(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    """Read the row groups of a piece in parts of about ``batch_bytes``.

    Raises:
        Unreadable: Where a row group is damaged, after yielding what could be read before.
    """
    with _open(piece.path) as file:
        names = [name for name in file.schema_arrow.names if name in schema]
        groups = range(piece.start, file.num_row_groups if piece.end < 0 else piece.end)
        step = _step(file, groups)
        if names and step:
            # one group at a time: a fault in one must not take the rows of the one before it
            batches = (
                batch
                for group in groups
                for batch in file.iter_batches(step, [group], names, use_threads=False)
            )
            batches = tables.faults(batches, piece.path)
            yield from tables.parts(batches, piece.first, reading, schema)


def columns(file: File) -> dict[str, pl.DataType]:
    """Name and type of each column, from the file's footer."""
    with _open(file.path) as opened:
        return tables.plain_schema(opened.schema_arrow, file.path)


def cut(file: File, reading: Reading) -> Iterator[tuple[Piece, int]]:
    """Pieces of about ``shard_bytes`` as decoded, and the bytes of each."""
    with _open(file.path) as opened:
        sizes = [_group(opened, i) for i in range(opened.num_row_groups)]
    start = rows = first = size = 0
    for i, (count, weight) in enumerate(sizes):
        if size and size + weight > reading.shard_bytes:
            yield Piece(file.path, "parquet", start, i, first + 1), size
            start, first, size = i, rows, 0
        rows += count
        size += weight
    if rows:
        yield Piece(file.path, "parquet", start, len(sizes), first + 1), size


def count(piece: Piece) -> int:
    """How many rows a piece has."""
    with _open(piece.path) as opened:
        end = opened.num_row_groups if piece.end < 0 else piece.end
        return sum(_group(opened, i)[0] for i in range(piece.start, end))


def _group(file: pq.ParquetFile, i: int) -> tuple[int, int]:
    group = file.metadata.row_group(i)
    return group.num_rows, group.total_byte_size


def _step(file: pq.ParquetFile, groups: Sequence[int]) -> int:
    """How many rows are decoded at once: few if they are large, never for their sum's sake."""
    sizes = [_group(file, i) for i in groups]
    rows = sum(count for count, _ in sizes)
    average = max(1, sum(size for _, size in sizes) // max(1, rows))
    return min(max(1, _STEP // average), _MOST_ROWS) if rows else 0


def _open(path: str) -> pq.ParquetFile:
    raw = open_file(path)
    head = raw.read(4)
    source: Any = path
    if is_remote(path):
        source = pa.PythonFile(raw, mode="r")
    else:
        raw.close()
    try:
        return pq.ParquetFile(source, pre_buffer=False, buffer_size=MIB)
    except (pa.ArrowException, OSError) as error:
        if head == b"PAR1":
            raise tables.damaged(path, error).at(1) from None
        raise Unreadable(
            "is not parquet, though its name says so",
            where=path,
            hint="rename it, or say what it is with --input-format",
        ).at(1) from None
