"""Decoded bytes of a file in blocks, and its lines; a truncated stream gives all it still holds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BufferedReader, RawIOBase
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NamedTuple, Protocol, cast

import pyarrow as pa
import zstandard

from dataqa.io import objects
from dataqa.io.ranges import open_object
from dataqa.io.sources.pieces import MIB, Unreadable
from dataqa.io.urls import is_remote

BLOCK = MIB
BEGINNINGS = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
"""How compressed files begin."""

_CODECS = {"gz": "gzip", "zst": "zstd", "lz4": "lz4"}


def blocks(path: str, compression: str = "", start: int = 0) -> Iterator[bytes]:
    """Yield the decoded bytes of a file from ``start`` (plain files only) in blocks.

    Raises:
        Unreadable: At the first byte that cannot be decoded, after yielding all before it.
    """
    if compression:
        yield from _decoded(path, compression)
        return
    with open_file(path) as file:
        file.seek(start)
        while block := file.read(BLOCK):
            yield block


class Status(NamedTuple):
    """A file's bytes in number and the time of its last change."""

    size: int
    mtime_ns: int


def status_of(path: str) -> Status | None:
    """What is known of a file or an object; ``None`` where there is none that can be read twice."""
    if is_remote(path):
        meta = objects.head(path)
        return None if meta is None else Status(meta.size, mtime_ns(meta))
    try:
        told = Path(path).stat()
    except OSError:
        return None
    return Status(told.st_size, told.st_mtime_ns) if S_ISREG(told.st_mode) else None


def mtime_ns(meta: objects.Meta) -> int:
    """When an object was put there, as a file tells it."""
    since = meta.modified - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def open_file(path: str) -> BinaryIO:
    """Open a file or an object for reading, unbuffered, with a clear error when it cannot be."""
    if is_remote(path):
        opened = open_object(path)
        if opened is None:
            raise Unreadable("cannot be read: there is no such object", where=path)
        return opened
    try:
        return open(path, "rb", buffering=0)  # noqa: PTH123 - the path is the user's word
    except OSError as error:
        raise unopened(path, error) from None


def beginning(path: str) -> bytes:
    """The first bytes of a file as it lies on disk: what is shown of one that cannot be read."""
    with open_file(path) as file:
        return file.read(MIB)


def unopened(path: str, error: OSError) -> Unreadable:
    """The error for a file or folder that the system does not let us read."""
    hint = "check its permissions" if isinstance(error, PermissionError) else ""
    return Unreadable(
        f"cannot be read: {(error.strerror or str(error)).lower()}", where=path, hint=hint
    )


def _decoded(path: str, compression: str) -> Iterator[bytes]:
    done = 0
    with open_file(path) as raw:
        head = raw.read(4)
        if not _begins(head, compression):
            raise Unreadable(
                f"is not {_CODECS[compression]}, though its name says so",
                where=path,
                hint="rename it, or say what it is with --input-format",
            ).at(1)
        raw.seek(0)
        try:
            stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), _CODECS[compression])
            while block := stream.read(BLOCK):
                done += len(block)
                yield block
        except OSError:
            pass
        else:
            return
    yield from _salvage(path, compression, done)


def _begins(head: bytes, compression: str) -> bool:
    """Whether a file may be compressed so; too short a one is truncated, not misnamed."""
    known = [mark for mark, name in BEGINNINGS.items() if name == compression]
    skippable = head[1:4] == b"\x2a\x4d\x18"  # a zstd frame that carries notes
    return len(head) < 4 or not known or skippable or head.startswith(tuple(known))


def _salvage(path: str, compression: str, done: int) -> Iterator[bytes]:
    """Decode again in small steps and yield what lies between ``done`` and the fault.

    Arrow gives up a whole block at a fault; its readable part is worth reading twice for. A file
    padded with zeros, or of a window larger than Arrow's, turns out to have no fault at all.
    """
    at = read = 0
    decoder, fresh = _decoder(compression), True
    with open_file(path) as opened, BufferedReader(cast("RawIOBase", opened)) as raw:
        # a fault takes its whole step with it, so steps are single bytes where Arrow met it
        while data := raw.read(1 if done - BLOCK < at <= done + BLOCK else 1024):
            read += len(data)
            try:
                while data.strip(b"\0") if fresh else data:
                    out = decoder.decompress(data)
                    if at + len(out) > done:
                        yield out[max(0, done - at) :]
                    at += len(out)
                    data, fresh = decoder.unused_data, decoder.eof
                    decoder = _decoder(compression) if fresh else decoder
            except (zlib.error, zstandard.ZstdError):
                fresh = False
                break
    if not fresh:
        raise Unreadable(
            f"truncated or damaged {_CODECS[compression]} data near byte {read:,}, "
            f"after {at:,} decoded bytes",
            where=path,
            hint="get the file again, or keep what can be read with --on-error quarantine",
        )


class _Decoder(Protocol):
    """What zlib's and zstandard's decompression objects have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _decoder(compression: str) -> _Decoder:
    if compression == "zst":
        return zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
    return zlib.decompressobj(31)


def lines(source: Iterator[bytes], most: int, end: int = -1) -> Iterator[list[bytes]]:
    r"""Split blocks into lines without their newline, a list per block.

    A line of more than ``most`` bytes is cut to ``most + 1``, so that it can be seen to be too long
    and never fills the memory. With ``end``, lines that begin at or after that byte are left out.

    >>> list(lines(iter([b"a\nb", b"c\nd"]), 10))
    [[b'a'], [b'bc'], [b'd']]
    """
    held: list[bytes] = []
    size = at = 0
    last = False
    try:
        for block in source:
            stop = block.find(b"\n", max(0, end - 1 - at)) if 0 <= end <= at + len(block) else -1
            last = stop >= 0
            at += len(block)
            whole, newline, rest = block[: stop + 1 if last else None].rpartition(b"\n")
            if newline:
                found = whole.split(b"\n")
                found[0] = b"".join((*held, found[0]))[: most + 1]
                yield found
                held, size = [], 0
            if last:
                return
            held.append(rest[: max(0, most + 1 - size)])
            size += len(rest)
    except Unreadable as fault:
        fault.raw = b"".join(held)
        raise
    if remains := b"".join(held):
        yield [remains]


_FOREIGN = {
    b"PAR1": "parquet",
    b"ARROW1": "an Arrow file",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"%PDF": "PDF",
}
_WIDE = {
    b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip


def as_text(source: Iterator[bytes], path: str) -> Iterator[bytes]:
    """Pass on the blocks of a text file without its byte order mark.

    Raises:
        Unreadable: If the file begins like UTF-16 or like some binary format.
    """
    head = next(source, b"")
    while 0 < len(head) < 4 and (more := next(source, b"")):
        head += more
    for mark, name in _WIDE.items():
        if head.startswith(mark):
            raise wide(path, name)
    sides = head[0:4:2], head[1:4:2]
    if b"\0\0" in sides and sides[0] != sides[1]:
        raise wide(path, "UTF-16LE" if sides[1] == b"\0\0" else "UTF-16BE")
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise Unreadable(
                f"is {name}, not text",
                where=path,
                hint="rename it, or say what it is with --input-format",
            )
    if head := head.removeprefix(b"\xef\xbb\xbf"):
        yield head
    yield from source


def wide(path: str, name: str) -> Unreadable:
    """The error for a text that is not UTF-8 from its first byte on."""
    return Unreadable(
        f"looks like {name}",
        where=path,
        hint=f"convert it to UTF-8: iconv -f {name} -t UTF-8 FILE > NEW",
    ).at(1)
