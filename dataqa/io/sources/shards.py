"""Reads a shard: whatever the format, chunks of numbered documents and of damaged records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Literal, cast

import polars as pl

from dataqa.io.sources import arrow_ipc, delimited, jsonl, parquet, texts, warc
from dataqa.io.sources.assembling import chunk_of
from dataqa.io.sources.pieces import MIB, Bad, Chunk, Part, Piece, Reading, Shard, Unreadable
from dataqa.io.sources.streams import beginning, open_file
from dataqa.types import DOC, TEXT

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
    stop = None if shard.rows is None else (shard.number << 32) + shard.rows
    yield from _merged(_numbered(shard, reading, schema, on_error, stop), reading.batch_bytes)


def _numbered(
    shard: Shard,
    reading: Reading,
    schema: Mapping[str, pl.DataType],
    on_error: OnError,
    stop: int | None,
) -> Iterator[Chunk]:
    base = shard.number << 32
    for kind, run in groupby(shard.pieces, lambda piece: piece.format == "txt"):
        pieces = list(run)
        for piece in pieces[:1] if kind else pieces:
            parts = (
                texts.parts(pieces, reading) if kind else _parts(piece, reading, schema, on_error)
            )
            for part in parts:
                chunk = chunk_of(part, piece, reading, schema, base)
                base += chunk.docs.height + chunk.damaged.height
                yield chunk if stop is None else _first(chunk, stop)
                if stop is not None and base >= stop:
                    return


def _merged(chunks: Iterator[Chunk], most: int) -> Iterator[Chunk]:
    """Put small neighbours together: many little files would else make many little batches."""
    held: list[Chunk] = []
    size = 0
    for chunk in chunks:
        weight = int(chunk.docs.get_column(TEXT).str.len_bytes().sum())
        if held and size + weight > most:
            yield _joined(held)
            held, size = [], 0
        if chunk.docs.height or chunk.damaged.height:
            held.append(chunk)
            size += weight
    if held:
        yield _joined(held)


def _joined(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    docs = pl.concat([chunk.docs for chunk in chunks], rechunk=True)
    return Chunk(docs, pl.concat([chunk.damaged for chunk in chunks], rechunk=True))


def _first(chunk: Chunk, stop: int) -> Chunk:
    return Chunk(chunk.docs.filter(pl.col(DOC) < stop), chunk.damaged.filter(pl.col(DOC) < stop))


def _parts(
    piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType], on_error: OnError
) -> Iterator[Part]:
    """The parts of a piece; what cannot be read is a last one with one bad record, or an error."""
    position = piece.first - 1
    try:
        for part in _of_format(piece, reading, schema):
            tops = [part.positions.max() or 0, *(bad.position for bad in part.bad)]
            position = max(position, *cast("list[int]", tops))
            yield part
        if piece.fault:
            with open_file(piece.rest) as rest:
                raise Unreadable(piece.fault).at(0, rest.read())
    except Unreadable as fault:
        if on_error == "stop":
            raise Unreadable(fault.what, where=piece.name, hint=fault.hint) from None
        yield Part(_no_rows(schema), pl.Series(dtype=pl.UInt64), [_lost(piece, position, fault)])


def _lost(piece: Piece, position: int, fault: Unreadable) -> Bad:
    """What is made of the rest of a file, after the record at ``position``."""
    at = max(position + 1, fault.position)
    if position:
        return Bad(at, f"from here on the file cannot be read: {fault.what}", fault.raw)
    raw = fault.raw or beginning(piece.path)
    cut = f" (raw holds its first {MIB:,} bytes)" if len(raw) == MIB else ""
    return Bad(at, f"the file cannot be read: {fault.what}{cut}", raw)


def _no_rows(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(schema))


def _of_format(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    match piece.format:
        case "jsonl":
            return jsonl.parts(piece, reading, schema)
        case "parquet":
            return parquet.parts(piece, reading, schema)
        case "arrow":
            return arrow_ipc.parts(piece, reading, schema)
        case "warc":
            return warc.parts(piece, reading, schema)
        case _:
            return delimited.parts(piece, reading, schema)


def count(shard: Shard, reading: Reading, most: int) -> int:
    """How many records a shard has, damaged ones too; it may stop counting at ``most``."""
    rows = 0
    for piece in shard.pieces:
        if rows >= most:
            break
        rows += _count(piece, reading, most - rows)
    return rows


def _count(piece: Piece, reading: Reading, most: int) -> int:  # noqa: PLR0911 - one per format
    try:
        match piece.format:
            case "jsonl":
                return jsonl.count(piece, reading, most)
            case "parquet":
                return parquet.count(piece)
            case "arrow":
                return arrow_ipc.count(piece)
            case "warc":
                return warc.count(piece, reading, most)
            case "txt":
                return 1
            case _:
                return delimited.count(piece, reading, most)
    except Unreadable:
        return 1  # what quarantine makes of the rest
