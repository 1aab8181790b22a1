"""Plain text files, one document each; its id is its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from dataqa.io.sources.assembling import too_large
from dataqa.io.sources.pieces import Bad, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import as_text, beginning, blocks


def parts(pieces: Sequence[Piece], reading: Reading) -> Iterator[Part]:
    """Read one file after the other, in parts of about ``batch_bytes``; positions count files."""
    texts: list[str] = []
    ids: list[str] = []
    positions: list[int] = []
    bad: list[Bad] = []
    size = 0
    for position, piece in enumerate(pieces, 1):
        found = _text(piece, position, reading)
        if isinstance(found, Bad):
            bad.append(found)
        else:
            texts.append(found)
            ids.append(piece.name)
            positions.append(position)
            size += len(found) + 64
        if size >= reading.batch_bytes:
            yield _part(texts, ids, positions, bad, reading)
            texts, ids, positions, bad, size = [], [], [], [], 0
    if texts or bad:
        yield _part(texts, ids, positions, bad, reading)


def _text(piece: Piece, position: int, reading: Reading) -> str | Bad:
    raw = b""
    held: list[bytes] = []
    size = 0
    try:
        for block in as_text(blocks(piece.path, piece.compression), piece.path):
            held.append(block)
            size += len(block)
            if size > reading.max_document:
                return Bad(position, too_large(reading.max_document), b"".join(held), piece.name)
        raw = b"".join(held)
        return raw.decode()
    except Unreadable as fault:
        hint = f" ({fault.hint})" if fault.hint else ""
        return Bad(position, fault.what + hint, b"".join(held) or beginning(piece.path), piece.name)
    except UnicodeDecodeError as error:
        return Bad(position, f"invalid UTF-8 at byte {error.start}", raw, piece.name)


def _part(
    texts: list[str], ids: list[str], positions: list[int], bad: list[Bad], reading: Reading
) -> Part:
    frame = pl.DataFrame([pl.Series(reading.text_column, texts, pl.String)])
    return Part(frame, pl.Series(positions, dtype=pl.UInt64), bad, pl.Series(ids, dtype=pl.String))
