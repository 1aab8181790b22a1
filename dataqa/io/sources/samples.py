"""The columns of JSON lines, from samples: nothing in such a file says what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import polars as pl

from dataqa.errors import InputError
from dataqa.io.sources.jsonl import Broken, decoded, numbered
from dataqa.io.sources.pieces import File, Piece, Reading, Unreadable
from dataqa.io.sources.shards import OnError
from dataqa.io.sources.streams import blocks
from dataqa.io.sources.values import infer

SAMPLE = 1 << 18
"""Bytes looked at in each place."""


def columns(
    files: Sequence[File], reading: Reading, on_error: OnError = "stop"
) -> dict[str, pl.DataType]:
    """The columns that samples from the beginnings and, of plain files, the insides show.

    Args:
        files: JSON-lines files, or spooled pieces' files; at most 64 places are sampled.
        reading: For the text column's name, and the bound on a line.
        on_error: With "quarantine" there may be no columns: reading the lines tells why.

    Raises:
        InputError: If no sampled line is a JSON object, or a file is one JSON array.
    """
    rows: list[dict[str, Any]] = []
    faults: list[Unreadable] = []
    filled = [file for file in files if file.size]
    for piece in _places(filled):
        try:
            if not piece.start:
                _refuse_array(piece)
            rows.extend(_sample(piece, reading))
        except Unreadable as fault:  # raised again, with its position, when the file is read
            faults.append(fault)
    if not rows and on_error == "stop":
        _explain(filled, faults)
    return infer(rows)


def _explain(files: Sequence[File], faults: Sequence[Unreadable]) -> None:
    """Raise for what kept the files from having columns, unless they are blank."""
    if faults:
        raise faults[0]
    written = next((file for file in files if _head(file).strip()), None)
    if written is not None:
        raise _no_objects(written)


def _places(files: Sequence[File]) -> Iterator[Piece]:
    chosen = [files[len(files) * i // 64] for i in range(64)] if len(files) > 64 else files
    for file in chosen:
        count = 1 if file.compression else max(1, min(64 // len(chosen), file.size // (8 * SAMPLE)))
        for i in range(count):
            start = file.size * i // count
            yield Piece(file.path, "jsonl", start, compression=file.compression)


def _sample(piece: Piece, reading: Reading) -> Iterator[dict[str, Any]]:
    seen = 0
    for found in numbered(piece, reading.max_document):
        for line in found.lines:
            seen += len(line)
            row = decoded(line)
            if isinstance(row, dict):
                yield cast("dict[str, Any]", row)
            if seen >= SAMPLE:
                return


def _refuse_array(piece: Piece) -> None:
    """Raise if a file is one array over many lines, of which the last may well be an object."""
    first = next(blocks(piece.path, piece.compression), b"").lstrip().partition(b"\n")[0]
    if first.startswith(b"[") and isinstance(decoded(first), Broken):
        raise _array(piece.path)


def _array(path: str) -> InputError:
    return InputError(
        "is one JSON array, not JSON lines",
        where=path,
        hint="write one record on each line: jq -c '.[]' FILE > NEW.jsonl",
    )


def _head(file: File) -> bytes:
    return next(blocks(file.path, file.compression), b"")


def _no_objects(file: File) -> InputError:
    if _head(file).lstrip().startswith(b"["):
        return _array(file.path)
    return InputError(
        "no line of the sample is a JSON object",
        where=file.path,
        hint="is it JSON lines? --input-format csv, parquet, ... says what it is",
    )
