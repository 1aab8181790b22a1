"""Arrow IPC, as file or as stream (which is also how Hugging Face saves a dataset)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import polars as pl
import pyarrow as pa

from dataqa.io.sources import tables
from dataqa.io.sources.pieces import File, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import open_file
from dataqa.io.urls import is_remote

_FILE = b"ARROW1"


def parts(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    """Read the record batches of a piece in parts of about ``batch_bytes``.

    Raises:
        Unreadable: Where a batch is damaged, after yielding what was read before.
    """
    batches = tables.faults(_batches(piece, schema), piece.path)
    return tables.parts(batches, piece.first, reading, schema)


def columns(file: File) -> dict[str, pl.DataType]:
    """Name and type of each column."""
    try:
        return tables.plain_schema(_open(file.path).schema, file.path)
    except (pa.ArrowException, OSError) as error:
        raise _unopened(file.path, error) from None


def cut(file: File, reading: Reading) -> Iterator[tuple[Piece, int]]:
    """Pieces of about ``shard_bytes``, and the bytes of each."""
    if file.size <= reading.shard_bytes:
        yield Piece(file.path, "arrow"), file.size
        return
    start = rows = first = size = count = 0
    for batch in tables.faults(_all(file.path), file.path):
        if size and size + batch.nbytes > reading.shard_bytes:
            yield Piece(file.path, "arrow", start, count, first + 1), size
            start, first, size = count, rows, 0
        rows += batch.num_rows
        size += batch.nbytes
        count += 1
    yield Piece(file.path, "arrow", start, count, first + 1), size


def count(piece: Piece) -> int:
    """How many rows a piece has."""
    return sum(batch.num_rows for batch in _batches(piece, {}))


def _open(path: str) -> pa.ipc.RecordBatchFileReader | pa.ipc.RecordBatchStreamReader:
    raw = open_file(path)
    head = raw.read(len(_FILE))
    if is_remote(path):
        raw.seek(0)
        source = pa.PythonFile(raw, mode="r")
    else:
        raw.close()
        source = pa.memory_map(path)
    return pa.ipc.open_file(source) if head == _FILE else pa.ipc.open_stream(source)


def _unopened(path: str, error: Exception) -> Unreadable:
    with open_file(path) as raw:
        head = raw.read(len(_FILE))
    if head in (_FILE, b"\xff\xff\xff\xff", b""):
        return tables.damaged(path, error).at(1)
    return Unreadable(
        "is no Arrow file or stream, though its name says so",
        where=path,
        hint="rename it, or say what it is with --input-format",
    ).at(1)


def _all(path: str, start: int = 0, end: int = -1) -> Iterator[pa.RecordBatch]:
    """The batches from ``start`` on, up to the one before ``end`` if that is not negative."""
    try:
        reader = _open(path)
    except (pa.ArrowException, OSError) as error:
        raise _unopened(path, error) from None
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for i in range(start, reader.num_record_batches if end < 0 else end):
            yield reader.get_batch(i)
    else:
        yield from islice(reader, start, None if end < 0 else end)


def _batches(piece: Piece, wanted: Mapping[str, object]) -> Iterator[pa.RecordBatch]:
    """The batches of a piece."""
    for batch in _all(piece.path, piece.start, piece.end):
        yield _checked(batch.select([name for name in batch.schema.names if name in wanted]))


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, its offsets proven to lie inside its buffers: it is used as it lies in the file.

    Text is looked at as binary here; that it is UTF-8 is for each row to prove.
    """
    for column in batch.columns:
        if pa.types.is_string(column.type):
            column.view(pa.binary()).validate(full=True)
        elif pa.types.is_large_string(column.type):
            column.view(pa.large_binary()).validate(full=True)
        else:
            column.validate()
    return batch
