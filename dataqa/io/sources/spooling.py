"""What can only be read from its beginning is decoded once, into pieces that can be read apart.

A large gzip or zstd file, a large CSV or WARC file and standard input keep one core busy however
many there are. They are cut here at record borders into lz4 files of the same format, about
``shard_bytes`` of decoded text each, so that all the rest runs on every core and resumes inside.
Pieces hold private text: their folder is open to its owner only.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from dataqa.errors import RunError
from dataqa.io.sources import cutting, delimited, jsonl, warc
from dataqa.io.sources.finding import STDIN
from dataqa.io.sources.pieces import MIB, File, Piece, Reading, Unreadable
from dataqa.io.sources.shards import OnError
from dataqa.io.sources.streams import BEGINNINGS, beginning, status_of
from dataqa.io.store import Store

_WHOLE = ("parquet", "arrow", "txt")  # cut by their own structure, or one document
_MARKER = "pieces.json"


class _Home(NamedTuple):
    """Where the pieces of one file go: below a name in a store."""

    store: Store
    name: str

    def place(self, name: str) -> str:
        """How a piece is found by whoever reads it: its path, or its URL."""
        return str(self.store.root / self.name / name)

    def put(self, name: str, data: bytes) -> None:
        """Put some bytes, for their owner only."""
        draft = self.store.draft()
        with _private(draft) as target:
            target.write(data)
        self.commit(draft, name)

    def write(self, name: str, parts: tuple[bytes, ...]) -> None:
        """Put some bytes, compressed."""
        draft = self.store.draft()
        with _private(draft) as target, pa.CompressedOutputStream(target, "lz4") as packed:
            for part in parts:
                packed.write(part)
        self.commit(draft, name)

    def commit(self, draft: Path, name: str) -> None:
        """Give a draft its name."""
        self.store.make_folder(self.name, 0o700)
        self.store.commit(draft, f"{self.name}/{name}")


class _Marker(msgspec.Struct, frozen=True):
    """Written last: what was spooled, how, and into which pieces."""

    file: File
    reading: Reading
    on_error: OnError
    pieces: tuple[Piece, ...]


def needs_spool(file: File, reading: Reading) -> bool:
    """Whether a file must be decoded once before it can be cut."""
    if file.path == STDIN:
        return True
    if file.size <= reading.shard_bytes or file.format in _WHOLE:
        return False
    return bool(file.compression) or file.format != "jsonl"


def spool(file: File, reading: Reading, folder: Path, on_error: OnError = "stop") -> list[Piece]:
    """Decode a file into pieces below ``folder``, or find them there from an earlier run.

    Args:
        file: A file for which ``needs_spool`` holds.
        reading: How large pieces are, and ``limit``.
        folder: Where spooled files may lie, each in a folder of its own.
        on_error: With "quarantine" a file that breaks off gives the pieces before the fault, and
            reading the last one reports it.

    Raises:
        Unreadable: The file breaks off and ``on_error`` is "stop".
        RunError: If the disk is full.
    """
    store = Store(folder)
    store.make_folder("", 0o700)
    try:
        if file.path == STDIN:
            return _spool_stream(sys.stdin.buffer, file, reading, store, on_error)
        home = hashlib.sha256(file.path.encode()).hexdigest()[:16]
        return _spool_file(file, file.path, reading, _Home(store, home), on_error)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            hint = "make room and run again; decoded text takes up to half its size here"
            raise RunError("no space left", where=str(folder), hint=hint) from None
        raise


def _spool_stream(
    stream: BinaryIO, file: File, reading: Reading, store: Store, on_error: OnError
) -> list[Piece]:
    """Copy a stream, then cut the copy; its folder is named by its content, as ids of a run are."""
    copy = store.draft()
    digest = hashlib.sha256()
    with _private(copy) as target:
        while block := stream.read(MIB):
            digest.update(block)
            target.write(block)
    home = _Home(store, digest.hexdigest()[:16])
    size = copy.stat().st_size
    with copy.open("rb") as opened:
        head = opened.read(4)
    home.commit(copy, "whole")
    kinds = [name for mark, name in BEGINNINGS.items() if head.startswith(mark)]
    inner = File(home.place("whole"), size, 0, file.format, kinds[0] if kinds else "")
    if needs_spool(inner, reading):
        return _spool_file(inner, file.path, reading, home, on_error)
    found = cutting.pieces_of(inner, reading, on_error=on_error)
    return [msgspec.structs.replace(piece, source=file.path) for piece, _ in found]


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _spool_file(
    file: File, name: str, reading: Reading, home: _Home, on_error: OnError
) -> list[Piece]:
    same = _Marker(file, reading, on_error, ())
    marker = home.store.get(f"{home.name}/{_MARKER}")
    if marker is not None:
        found = msgspec.json.decode(marker, type=_Marker)
        if msgspec.structs.replace(found, pieces=()) == same and all(
            status_of(piece.path) for piece in found.pieces
        ):
            return list(found.pieces)
        home.store.delete_all(home.name)
    pieces = _recut(file, name, reading, home, on_error)
    home.put(_MARKER, msgspec.json.encode(msgspec.structs.replace(same, pieces=tuple(pieces))))
    return pieces


class _Unit(NamedTuple):
    """Whole records that stay together: how many, and their bytes."""

    records: int
    raw: bytes


def _recut(file: File, name: str, reading: Reading, home: _Home, on_error: OnError) -> list[Piece]:
    pieces: list[Piece] = []
    held: list[bytes] = []
    size, first, position = 0, 1, 1
    head, fault = b"", ""

    def flush() -> Piece:
        path = f"{len(pieces):05}.{file.format}.lz4"
        home.write(path, (head, *held))
        pieces.append(
            Piece(
                home.place(path),
                file.format,
                first=first,
                source=name,
                compression="lz4",
                fault=fault,
            )
        )
        return pieces[-1]

    try:
        head, units = _units(file, reading)
        for unit in units:
            if held and size + len(unit.raw) > reading.shard_bytes:
                flush()
                held, size, first = [], 0, position
            held.append(unit.raw)
            size += len(unit.raw)
            position += unit.records
            if reading.limit is not None and position > reading.limit + _slack(file):
                break
    except Unreadable as problem:
        if on_error == "stop":
            raise Unreadable(problem.what, where=name, hint=problem.hint) from None
        fault = problem.what
        rest = problem.raw or (beginning(file.path) if position == 1 else b"")
        flush()
        home.put(f"{len(pieces) - 1:05}.{file.format}.lz4.rest", rest)
        return pieces
    if held:
        flush()
    return pieces


def _slack(file: File) -> int:
    """How many units more than ``limit`` are sure to hold enough records: lines may be blank."""
    return MIB if file.format == "jsonl" else 0


def _units(file: File, reading: Reading) -> tuple[bytes, Iterator[_Unit]]:
    """What every piece must begin with, and the records after it."""
    piece = Piece(file.path, file.format, compression=file.compression)
    most = reading.max_document
    if file.format == "jsonl":
        return b"", _lines(piece, reading)
    if file.format == "warc":
        return b"", (_Unit(1, record.raw) for record in warc.documents(piece, most))
    records = delimited.records(piece, most)
    first = next(records, None)
    head = first.raw if first is not None else b""
    return head, (_Unit(1, record.raw) for record in records)


def _lines(piece: Piece, reading: Reading) -> Iterator[_Unit]:
    step = max(1, reading.shard_bytes // 4096)
    for found in jsonl.numbered(piece, reading.max_document):
        for at in range(0, len(found.lines), step):
            some = found.lines[at : at + step]
            yield _Unit(len(some), b"\n".join((*some, b"")))
