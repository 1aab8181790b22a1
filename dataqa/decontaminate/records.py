"""The records of a benchmark file, whatever its format, as plain mappings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, cast

import msgspec
import polars as pl
import pyarrow as pa

from dataqa.errors import InputError
from dataqa.io.sources import File, Piece, Reading, find
from dataqa.io.sources.jsonl import Broken, decoded, numbered
from dataqa.io.sources.streams import blocks

FORMATS = ("jsonl", "csv", "tsv", "parquet", "arrow")

type Record = dict[str, Any]


def files_of(against: Sequence[str | Path], where: str) -> list[File]:
    """The benchmark files that names, folders and patterns stand for, sorted, each once.

    Raises:
        InputError: None is named, one does not exist, or one is of a format without fields.
    """
    if not against:
        raise InputError("no benchmark is named", where=where, hint="give files or folders")
    known = set(map(str, against))
    found = find(against, Reading())
    for file in found:
        if file.format not in FORMATS and file.path in known:
            raise InputError(
                f"a {file.format} file has no questions and answers",
                where=file.path,
                hint=f"known: {', '.join(FORMATS)}",
            )
    usable = [file for file in found if file.format in FORMATS]
    if not usable:
        raise InputError("no benchmark files", where=where, hint=f"known: {', '.join(FORMATS)}")
    return usable


def records(file: File) -> Iterator[Record]:
    """The records of a file in order.

    Raises:
        InputError: Any part of it cannot be read: a benchmark is needed whole.
    """
    match file.format:
        case "jsonl":
            return _json(file)
        case "parquet" | "arrow":
            return _table(file).iter_rows(named=True)
        case _:
            return _delimited(file).iter_rows(named=True)


def _json(file: File) -> Iterator[Record]:
    """JSON lines, or one array of objects."""
    beginning = next(blocks(file.path, file.compression), b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    if beginning.startswith(b"["):
        yield from _array(file)
        return
    piece = Piece(file.path, "jsonl", compression=file.compression)
    for found in numbered(piece, Reading().max_document):
        for number, line in enumerate(found.lines, found.first):
            if line and not line.isspace():
                yield _object(decoded(line), f"{file.path}#{number}")


def _array(file: File) -> Iterator[Record]:
    whole = b"".join(blocks(file.path, file.compression)).removeprefix(b"\xef\xbb\xbf")
    try:
        rows: Any = msgspec.json.decode(whole)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError("is no JSON", where=file.path, hint="JSON lines, or one array") from None
    yield from (_object(row, f"{file.path}#{number}") for number, row in enumerate(rows, 1))


def _object(row: Any, where: str) -> Record:
    if isinstance(row, Broken):
        raise InputError(row.why, where=where, hint="a benchmark is needed whole: mend the file")
    if not isinstance(row, dict):
        raise InputError("is no JSON object", where=where, hint="one record on each line")
    return cast("Record", row)


def _table(file: File) -> pl.DataFrame:
    try:
        if file.format == "parquet":
            return pl.read_parquet(file.path)
        with pa.memory_map(file.path) as source:
            table = _arrow(source).read_all()
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError):
        raise InputError(f"is no whole {file.format} file", where=file.path) from None
    return cast("pl.DataFrame", pl.from_arrow(table))


def _arrow(source: Any) -> Any:
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


def _delimited(file: File) -> pl.DataFrame:
    try:
        return pl.read_csv(
            file.path, separator="\t" if file.format == "tsv" else ",", infer_schema=False
        )
    except (pl.exceptions.PolarsError, OSError):
        raise InputError(f"is no whole {file.format} file", where=file.path) from None


def columns(rows: Sequence[Record]) -> list[str]:
    """The names that occur in records, in order of first appearance."""
    return list(dict.fromkeys(chain.from_iterable(rows)))
