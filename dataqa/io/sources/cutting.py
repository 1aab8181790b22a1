"""Numbered shards: huge files cut where they can be, small neighbours put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec

from dataqa.errors import InputError
from dataqa.io.sources import arrow_ipc, parquet, shards
from dataqa.io.sources.pieces import (
    MAX_SHARDS,
    File,
    Piece,
    Reading,
    Shard,
    Survey,
    Unreadable,
)
from dataqa.io.sources.shards import OnError
from dataqa.io.sources.streams import as_text, blocks
from dataqa.io.sources.surveying import survey

type Weighed = tuple[Piece, int]


def cut(
    files: Sequence[File],
    reading: Reading,
    *,
    known: Sequence[Shard] = (),
    spooled: Mapping[str, Sequence[Piece]] | None = None,
    surveys: Mapping[str, Survey] | None = None,
    on_error: OnError = "stop",
) -> list[Shard]:
    """Cut the files into numbered shards of about ``shard_bytes``.

    Args:
        files: The input, in order.
        reading: How large shards are, and ``limit``.
        known: The shards of an earlier run over some of the files: they keep their numbers, and
            only the files that are not in them are cut and numbered after them.
        spooled: The pieces of the files that were spooled, by path.
        surveys: What ``survey`` said of a file, by path, so that it need not be read again.
        on_error: With "quarantine" a damaged file is left to ``read`` to report.

    Raises:
        InputError: If there are more shards than numbers for them.
    """
    seen = {piece.name for shard in known for piece in shard.pieces}
    new = [file for file in files if file.path not in seen]
    weighed = (
        piece
        for file in new
        for piece in _pieces(file, reading, spooled or {}, surveys or {}, on_error)
    )
    start = max((shard.number + 1 for shard in known), default=0)
    found = list(known)
    for number, group in enumerate(_grouped(weighed, reading.shard_bytes), start):
        if number >= MAX_SHARDS:
            raise InputError(
                f"more than {MAX_SHARDS:,} shards", hint="make them larger with --shard-bytes"
            )
        pieces = tuple(piece for piece, _ in group)
        found.append(Shard(number, pieces, sum(size for _, size in group)))
    return found if reading.limit is None else list(_limited(found, reading, reading.limit))


def _limited(found: Sequence[Shard], reading: Reading, left: int) -> Iterator[Shard]:
    """The shards of the first ``left`` records, the last one capped."""
    for shard in found:
        if left <= 0:
            return
        rows = shards.count(shard, reading, left)
        yield msgspec.structs.replace(shard, rows=left) if rows >= left else shard
        left -= rows


def _grouped(weighed: Iterator[Weighed], most: int) -> Iterator[list[Weighed]]:
    held: list[Weighed] = []
    size = 0
    for piece, weight in weighed:
        if held and size + weight > most:
            yield held
            held, size = [], 0
        held.append((piece, weight))
        size += weight
    if held:
        yield held


def _pieces(
    file: File,
    reading: Reading,
    spooled: Mapping[str, Sequence[Piece]],
    surveys: Mapping[str, Survey],
    on_error: OnError,
) -> Iterator[Weighed]:
    if file.path in spooled:
        # each spooled piece was made as large as a shard should be
        return ((piece, reading.shard_bytes) for piece in spooled[file.path])
    return pieces_of(file, reading, surveys.get(file.path), on_error)


def pieces_of(
    file: File, reading: Reading, known: Survey | None = None, on_error: OnError = "stop"
) -> Iterator[Weighed]:
    """The pieces of one file, and the bytes of each; an empty file has none."""
    if not file.size:
        return iter(())
    if file.format == "jsonl" and not file.compression:
        return _or_whole(file, _lines(file, reading, known), on_error)
    if file.format == "parquet":
        return _or_whole(file, parquet.cut(file, reading), on_error)
    if file.format == "arrow":
        return _or_whole(file, arrow_ipc.cut(file, reading), on_error)
    return iter([_whole(file)])


def _whole(file: File) -> Weighed:
    return Piece(file.path, file.format, compression=file.compression), file.size


def _or_whole(file: File, pieces: Iterator[Weighed], on_error: OnError) -> Iterator[Weighed]:
    """The pieces; a file that does not tell its parts is one, and reading it names the fault."""
    try:
        return iter(list(pieces))
    except Unreadable:
        if on_error == "stop":
            raise
        return iter([_whole(file)])


def _lines(file: File, reading: Reading, known: Survey | None) -> Iterator[Weighed]:
    if file.size <= reading.shard_bytes:
        yield Piece(file.path, "jsonl"), file.size
        return
    next(as_text(blocks(file.path), file.path), b"")  # no part of another encoding would show it
    if known is None or not known.step or known.step > reading.shard_bytes:
        known = survey(file, reading)
    before = list(accumulate(known.lines, initial=0))
    steps = reading.shard_bytes // known.step
    for at in range(0, len(known.lines), steps):
        start, end = at * known.step, min((at + steps) * known.step, file.size)
        yield Piece(file.path, "jsonl", start, end, before[at] + 1), end - start
