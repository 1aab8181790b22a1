"""CSV and TSV with a header: every value stays text, so that leading zeros survive."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from dataqa.errors import InputError
from dataqa.io.sources.assembling import too_large
from dataqa.io.sources.pieces import Bad, File, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import as_text, blocks, lines

_DELIMITERS = {"csv": ",", "tsv": "\t"}


class Record(NamedTuple):
    """One record: its values, or why it has none, and its bytes with the last newline."""

    values: list[str]
    error: str
    raw: bytes


def parts(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    """Read a piece in parts of about ``batch_bytes``.

    Raises:
        Unreadable: Where the file breaks off, after yielding all records before.
    """
    found = records(piece, reading.max_document)
    names = header(found, piece.name)
    held: list[Record] = []
    size, position = 0, piece.first
    fault: Unreadable | None = None
    try:
        for record in found:
            held.append(record)
            size += len(record.raw)
            if size >= reading.batch_bytes:
                yield _part(held, position, names, schema)
                position += len(held)
                held, size = [], 0
    except Unreadable as error:
        fault = error
    if held:
        yield _part(held, position, names, schema)
    if fault is not None:
        raise fault.at(position + len(held), fault.raw)


def columns(file: File, reading: Reading) -> dict[str, pl.DataType]:
    """The header's names, all text."""
    piece = Piece(file.path, file.format, compression=file.compression)
    return dict.fromkeys(header(records(piece, reading.max_document), file.path), pl.String())


def count(piece: Piece, reading: Reading, most: int) -> int:
    """How many records a piece has below its header; it stops at ``most`` or at a fault."""
    found = records(piece, reading.max_document)
    rows = 0
    try:
        header(found, piece.name)
        for _ in found:
            rows += 1
            if rows >= most:
                break
    except Unreadable:
        rows += 1
    return rows


def header(found: Iterator[Record], where: str) -> list[str]:
    """Take the column names from the first record; a nameless column is called ``column_N``."""
    first = next(found, None)
    if first is None:
        return []
    if first.error:
        raise Unreadable(f"the header is damaged: {first.error}", where=where).at(1)
    names = [name or f"column_{at}" for at, name in enumerate(first.values, 1)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two columns are named {name!r}", where=where)
    return names


def records(piece: Piece, most: int) -> Iterator[Record]:
    """The records of a file, header first, blank lines left out.

    Raises:
        Unreadable: Where the file breaks off, or a quoted field does not end within ``most`` bytes.
    """
    csv.field_size_limit(max(csv.field_size_limit(), most + 1))
    source = blocks(piece.path, piece.compression)
    if piece.compression != "lz4":
        source = as_text(source, piece.path)
    feed = _Feed((line for found in lines(source, most) for line in found), most)
    reader = csv.reader(feed, delimiter=_DELIMITERS[piece.format], strict=True)
    while True:
        values: list[str] = []
        error = ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            error = feed.explain(problem)
        record = feed.take(values, error)
        if values or error:
            yield record


class _Feed:
    """Hands lines to ``csv.reader`` and remembers the bytes of the record it is at."""

    def __init__(self, source: Iterator[bytes], most: int) -> None:
        self._source, self._most = source, most
        self._held: list[bytes] = []
        self._size = 0
        self._encoding = ""
        self._ended = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._source) + b"\n"
        except StopIteration:
            self._ended = True
            raise
        except Unreadable as fault:
            fault.raw = b"".join((*self._held, fault.raw))
            raise
        if self._held and self._size + len(line) > self._most:
            raise Unreadable(
                f"a quoted field does not end within {self._most:,} bytes",
                hint="close its quote, or raise --max-document",
            ).at(0, b"".join(self._held))
        self._held.append(line)
        self._size += len(line)
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            at = self._size - len(line) + error.start
            self._encoding = self._encoding or f"invalid UTF-8 at byte {at} of the record"
            return line.decode(errors="replace")

    def explain(self, problem: csv.Error) -> str:
        """What is wrong with the record the reader gave up on."""
        if self._ended:
            return f"a quoted field never ends; {len(self._held):,} lines follow its record's begin"
        return f"broken quoting: {problem}"

    def take(self, values: list[str], error: str) -> Record:
        """The record whose lines were handed out since the last call."""
        record = Record(values, error or self._encoding, b"".join(self._held))
        if self._size > self._most:
            record = Record([], too_large(self._most), record.raw)
        self._held, self._size, self._encoding = [], 0, ""
        return record


def _part(
    held: list[Record],
    first: int,
    names: list[str],
    schema: Mapping[str, pl.DataType],
) -> Part:
    rows: list[list[str]] = []
    positions: list[int] = []
    bad: list[Bad] = []
    for position, record in enumerate(held, first):
        error = record.error
        if not error and len(record.values) != len(names):
            error = f"{len(record.values)} values for {len(names)} columns"
        if error:
            bad.append(Bad(position, error, record.raw.rstrip(b"\r\n")))
        else:
            rows.append(record.values)
            positions.append(position)
    turned = list(zip(*rows, strict=True)) or [()] * len(names)
    frame = pl.DataFrame(
        [
            pl.Series(name, values, pl.String)
            for name, values in zip(names, turned, strict=True)
            if name in schema
        ]
    )
    return Part(frame, pl.Series(positions, dtype=pl.UInt64), bad)
