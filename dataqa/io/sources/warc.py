"""WARC and WET: each archived page one document, HTML turned into its main text.

Records are read after ISO 28500 (WARC/1.0 and 1.1). A document is a ``conversion`` record (WET), or
a ``response`` or ``resource`` record that holds a text or an HTML page which the server gave with a
2xx status; requests, metadata, images and error pages are not documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from dataqa.io.sources.assembling import too_large
from dataqa.io.sources.pages import NotText, is_page, page_of, require_extra
from dataqa.io.sources.pieces import Bad, File, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import blocks

_COLUMNS = {
    "url": "warc-target-uri",
    "date": "warc-date",
    "content_type": "content-type",
    "warc_record_id": "warc-record-id",
}
_TYPES = ("conversion", "response", "resource")


class Record(NamedTuple):
    """One record: its fields in lower case, its content, its bytes as they were, its full size."""

    fields: Mapping[str, str]
    body: bytes
    raw: bytes
    size: int


def parts(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    """Read a piece in parts of about ``batch_bytes``; positions count documents.

    Raises:
        Unreadable: Where the file breaks off, after yielding all records before.
        InputError: If a page is HTML and the extra ``web`` is not installed.
    """
    rows: list[dict[str, str | None]] = []
    positions: list[int] = []
    bad: list[Bad] = []
    size, position = 0, piece.first - 1
    fault: Unreadable | None = None
    try:
        for record in documents(piece, reading.max_document):
            position += 1
            row = _row(record, reading)
            if isinstance(row, str):
                bad.append(Bad(position, row, record.raw))
            else:
                rows.append(row)
                positions.append(position)
            size += min(len(record.raw), len((isinstance(row, dict) and row["text"]) or "") + 1024)
            if size >= reading.batch_bytes:
                yield _part(rows, positions, bad, reading, schema)
                rows, positions, bad, size = [], [], [], 0
    except Unreadable as error:
        fault = error
    if rows or bad:
        yield _part(rows, positions, bad, reading, schema)
    if fault is not None:
        raise fault.at(position + 1, fault.raw)


def columns(file: File, reading: Reading) -> dict[str, pl.DataType]:
    """What is known of every page; also sees early whether the extra ``web`` is needed."""
    piece = Piece(file.path, "warc", compression=file.compression)
    first = next(documents(piece, reading.max_document), None)
    if first is not None and first.fields.get("warc-type") != "conversion":
        require_extra(file.path)
    return dict.fromkeys((reading.text_column, *_COLUMNS), pl.String())


def count(piece: Piece, reading: Reading, most: int) -> int:
    """How many documents a piece has; it stops counting at ``most`` or at a fault."""
    rows = 0
    try:
        for _ in documents(piece, reading.max_document):
            rows += 1
            if rows >= most:
                break
    except Unreadable:
        rows += 1
    return rows


def documents(piece: Piece, most: int) -> Iterator[Record]:
    """The records of a file that are documents.

    Raises:
        Unreadable: Where the file breaks off or a record does not begin where it should.
    """
    stream = _Stream(blocks(piece.path, piece.compression), piece.name)
    while (record := stream.record(most)) is not None:
        if _is_document(record):
            yield record


def _is_document(record: Record) -> bool:
    kind = record.fields.get("warc-type", "")
    if kind not in _TYPES:
        return False
    if kind == "conversion":
        return True
    declared = record.fields.get("content-type", "")
    return is_page(record.body, declared, http=kind == "response")


class _Stream:
    """Takes lines and counted bytes off blocks."""

    def __init__(self, source: Iterator[bytes], path: str) -> None:
        self._source, self._path = source, path
        self._held = b""
        self._next = 0  # of the bytes held, the first one not taken yet
        self._at = 0

    def record(self, most: int) -> Record | None:
        """The next record, None at the end; of a body above ``most`` only the beginning."""
        head = self._head()
        if not head:
            return None
        version, *found = head.decode("utf-8", "replace").split("\r\n")
        pairs = (line.partition(":") for line in found if ":" in line)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = fields.get("content-length", "")
        if not version.startswith("WARC/") or not length.isdecimal():
            raise Unreadable(
                f"no WARC record at decoded byte {self._at:,}",
                where=self._path,
                hint="it may be damaged, or no WARC file: --input-format says what it is",
            )
        body = self._take(int(length), most + 1)
        return Record(fields, body, head + b"\r\n\r\n" + body + b"\r\n\r\n", int(length))

    def _head(self) -> bytes:
        """The lines up to the next blank one, without the blank ones before it."""
        while True:
            while self._held[self._next : self._next + 1] in (b"\r", b"\n"):
                self._next += 1
            stop = self._held.find(b"\r\n\r\n", self._next)
            if stop >= 0:
                head = self._held[self._next : stop]
                self._at += len(head) + 4
                self._next = stop + 4
                return head
            rest, self._next = self._held[self._next :], 0
            block = next(self._source, b"")
            if not block and not rest:
                return b""
            if not block or len(rest) > 1 << 20:
                raise self._broken()
            self._held = rest + block

    def _take(self, size: int, keep: int) -> bytes:
        """``size`` bytes, of which at most ``keep`` are returned."""
        held: list[bytes] = []
        left, room = size, keep
        try:
            while True:
                taken = self._held[self._next : self._next + left]
                held.append(taken[:room])
                room -= len(held[-1])
                left -= len(taken)
                self._next += len(taken)
                if not left:
                    break
                self._held, self._next = next(self._source, b""), 0
                if not self._held:
                    raise self._broken()
        except Unreadable as fault:
            fault.raw = b"".join(held)
            raise
        self._at += size
        return b"".join(held)

    def _broken(self) -> Unreadable:
        return Unreadable(
            f"breaks off in a record after decoded byte {self._at:,}",
            where=self._path,
            hint="get the file again, or keep what can be read with --on-error quarantine",
        )


def _row(record: Record, reading: Reading) -> dict[str, str | None] | str:
    """A document's columns, or what is wrong with it."""
    if record.size > reading.max_document:
        return too_large(reading.max_document)
    row = {name: record.fields.get(field) for name, field in _COLUMNS.items()}
    kind = record.fields.get("warc-type")
    try:
        if kind == "conversion":
            return {**row, "text": record.body.decode()}
        found = page_of(
            record.body, row["content_type"] or "", kind == "response", reading.max_document
        )
    except UnicodeDecodeError as error:
        return f"invalid UTF-8 at byte {error.start} of the text"
    except NotText as problem:
        return str(problem)
    return {**row, "content_type": found.content_type, "text": found.text}


def _part(
    rows: list[dict[str, str | None]],
    positions: list[int],
    bad: list[Bad],
    reading: Reading,
    schema: Mapping[str, pl.DataType],
) -> Part:
    text = pl.Series(reading.text_column, [row["text"] for row in rows], pl.String)
    others = [
        pl.Series(name, [row[name] for row in rows], pl.String)
        for name in _COLUMNS
        if name in schema
    ]
    return Part(pl.DataFrame([text, *others]), pl.Series(positions, dtype=pl.UInt64), bad)
