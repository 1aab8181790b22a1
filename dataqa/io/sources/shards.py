"""Reads a shard: whatever the format, chunks of numbered documents and of damaged records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, cast

import polars as pl

from dataqa.errors import InputError
from dataqa.io.sources import jsonl, parquet
from dataqa.io.sources.assembling import chunk_of
from dataqa.io.sources.pieces import Bad, Chunk, Part, Piece, Reading, Shard, Unreadable

type OnError = Literal["stop", "quarantine"]


def read(
    shard: Shard, reading: Reading, schema: Mapping[str, pl.DataType], on_error: OnError = "stop"
) -> Iterator[Chunk]:
    """Read a shard's records in order, in chunks of about ``batch_bytes`` of text.

    A record that cannot be a document is a damaged row. Rows are numbered through the whole shard,
    damaged ones too, so that nothing depends on where chunks end.

    Args:
        shard: What to read.
        reading: How.
        schema: The columns of the whole corpus.
        on_error: What to do where a file breaks off: stop, or read what can be read and give the
            rest one damaged row.

    Raises:
        Unreadable: A file that cannot be read to its end, unless ``on_error`` is "quarantine".
    """
    base = shard.number << 32
    left = shard.rows
    for piece in shard.pieces:
        for part in _parts(piece, reading, schema, on_error):
            chunk = chunk_of(part, piece, reading, schema, base)
            base += chunk.docs.height + chunk.damaged.height
            if left is not None:
                chunk = _first(chunk, (shard.number << 32) + left)
            if chunk.docs.height or chunk.damaged.height:
                yield chunk
            if left is not None and base >= (shard.number << 32) + left:
                return


def _first(chunk: Chunk, stop: int) -> Chunk:
    return Chunk(chunk.docs.filter(pl.col("_doc") < stop), chunk.damaged.filter(pl.col("_doc") < stop))


def _parts(
    piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType], on_error: OnError
) -> Iterator[Part]:
    """The parts of a piece; what cannot be read becomes a last one with one bad record, or an error."""
    position = piece.first - 1
    try:
        for part in _of_format(piece, reading, schema):
            tops = [part.positions.max() or 0, *(bad.position for bad in part.bad)]
            position = max(position, *cast("list[int]", tops))
            yield part
        if piece.fault:
            raise Unreadable(piece.fault)
    except Unreadable as fault:
        if on_error == "stop":
            raise Unreadable(fault.what, where=piece.name, hint=fault.hint) from None
        why = f"from here on the file cannot be read: {fault.what}"
        lost = Bad(max(position + 1, fault.position), why, fault.raw)
        yield Part(_no_rows(schema), pl.Series(dtype=pl.UInt64), [lost])


def _no_rows(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(schema))


def _of_format(
    piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]
) -> Iterator[Part]:
    match piece.format:
        case "jsonl":
            return jsonl.parts(piece, reading, schema)
        case "parquet":
            return parquet.parts(piece, reading, schema)
        case _:
            raise InputError(f"unknown format {piece.format!r}", where=piece.name)


def count(shard: Shard, reading: Reading, most: int) -> int:
    """How many records a shard has, damaged ones too; it may stop counting at ``most``."""
    rows = 0
    for piece in shard.pieces:
        if rows >= most:
            break
        match piece.format:
            case "jsonl":
                rows += jsonl.count(piece, reading, most - rows)
            case "parquet":
                rows += parquet.count(piece)
            case _:
                raise InputError(f"unknown format {piece.format!r}", where=piece.name)
    return rows
