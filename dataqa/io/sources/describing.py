"""The schema of a corpus, from footers, headers and samples, before a document is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from dataqa.io.sources import arrow_ipc, delimited, parquet, samples, warc
from dataqa.io.sources.columns import require_text, settle, unify
from dataqa.io.sources.pieces import File, Piece, Reading, Unreadable
from dataqa.io.sources.shards import OnError
from dataqa.io.sources.streams import status_of


def schema(
    files: Sequence[File],
    reading: Reading,
    *,
    spooled: Mapping[str, Sequence[Piece]] | None = None,
    on_error: OnError = "stop",
) -> pl.Schema:
    """The source columns of the whole corpus, by the user's names, in order of first appearance.

    Args:
        files: The input.
        reading: Which columns are text and id.
        spooled: The pieces of spooled files, by path; standard input can only be seen there.
        on_error: With "quarantine" a damaged file adds no columns, and reading it tells why.

    Raises:
        InputError: If the text or the id column is missing or of a wrong type, or a column has
            types in different files that no one type holds.
    """
    found: list[tuple[str, dict[str, pl.DataType]]] = []
    lines: list[File] = []
    where = 0
    for file in _opened(files, spooled or {}):
        if file.format == "jsonl":
            where = where if lines else len(found)
            lines.append(file)
        elif file.size and (columns := _columns(file, reading, on_error)):
            require_text(columns, reading, file.path)
            found.append((file.path, columns))
    if lines:
        found.insert(where, (lines[0].path, samples.columns(lines, reading, on_error)))
    return settle(unify(found), reading, lines=bool(lines))


def _opened(files: Sequence[File], spooled: Mapping[str, Sequence[Piece]]) -> list[File]:
    """Each file, or in place of one that was spooled its pieces."""
    opened: list[File] = []
    for file in files:
        if file.path not in spooled:
            opened.append(file)
            continue
        for piece in {piece.path: piece for piece in spooled[file.path]}.values():
            there = status_of(piece.path)
            assert there is not None
            opened.append(File(piece.path, there.size, 0, piece.format, piece.compression))
    return opened


def _columns(file: File, reading: Reading, on_error: OnError) -> dict[str, pl.DataType]:
    try:
        match file.format:
            case "parquet":
                return parquet.columns(file)
            case "arrow":
                return arrow_ipc.columns(file)
            case "warc":
                return warc.columns(file, reading)
            case "txt":
                return {reading.text_column: pl.String()}
            case _:
                return delimited.columns(file, reading)
    except Unreadable:
        if on_error == "stop":
            raise
        return {}
