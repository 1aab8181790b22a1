"""Taking stock before a run: which inputs, are they still what they were, and into which shards.

An input that changed or vanished since the output folder was begun is the user's mistake, and is
named. New inputs are added behind the known ones, so that shards keep their numbers.
"""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.engine.batch import OnError
from dataqa.errors import InputError
from dataqa.io.sources import (
    File,
    Piece,
    Reading,
    Shard,
    Survey,
    cut,
    find,
    needs_spool,
    schema,
    spool,
    survey,
)
from dataqa.io.sources.streams import Status, status_of
from dataqa.io.store import STATE, Store
from dataqa.io.urls import is_remote
from dataqa.plan import digest

STOCK = f"{STATE}/stock.json"
SPOOL = f"{STATE}/spool"
MERGED_AT_ONCE = 2 << 30
"""Input bytes for which one key partition is merged at a time."""
MOST_PARTS = 4096
"""At the most documents that one merge can number, 15 million keys each."""


class Stock(NamedTuple):
    """What a run reads."""

    files: list[File]
    surveys: dict[str, Survey]
    shards: list[Shard]
    schema: pl.Schema
    parts: int
    record: dict[str, Any]

    @property
    def bytes(self) -> int:
        """The size of all inputs as stored."""
        return sum(file.size for file in self.files)

    def identity(self, shard: Shard) -> str:
        """A digest of what a shard holds: pieces, their files' contents, the corpus' columns."""
        whole = {piece.name: self.surveys[piece.name].digest for piece in shard.pieces}
        columns = [[name, str(kind)] for name, kind in self.schema.items()]
        return digest([msgspec.to_builtins(shard), whole, columns])


def take_stock(
    store: Store,
    name: str,
    inputs: Sequence[str | Path],
    reading: Reading,
    on_error: OnError,
    *,
    complete: bool = False,
) -> Stock:
    """Find, check, spool and cut the inputs, and remember it all in the store.

    Args:
        store: The run's folder.
        name: The pipeline's name.
        inputs: What the user gave.
        reading: How inputs are read.
        on_error: What to do about a damaged file.
        complete: Whether the folder holds a finished run: inputs it knows are not spooled again.

    Raises:
        InputError: No input, one that changed or vanished, or the folder of another pipeline.
    """
    files = find(inputs, reading)
    before: dict[str, Any] = store.get_json(STOCK) or {}
    if before and before["pipeline"] != name:
        raise InputError(
            f"this output folder belongs to the pipeline {before['pipeline']!r}",
            where=str(store.root),
            hint="choose another folder with -o, or begin anew with --fresh",
        )
    known = {old["path"]: old for old in before.get("files", [])}
    _all_there(known, files)
    surveys = {
        file.path: _survey(file, known.get(file.path), reading)
        for file in files
        if file.path != "-"
    }
    spooled: dict[str, list[Piece]] = {}
    for file in files:
        old = known.get(file.path)
        if complete and old is not None and old["spooled"] and file.path != "-":
            spooled[file.path] = msgspec.convert(old["spooled"], list[Piece])
        elif needs_spool(file, reading):
            spooled[file.path] = spool(file, reading, store.root / SPOOL, on_error)
            if file.path == "-":
                surveys["-"] = _survey_of_stdin(spooled["-"], old)
    same = before.get("reading") == msgspec.to_builtins(reading)
    shards = cut(
        files,
        reading,
        known=msgspec.convert(before["shards"], list[Shard]) if same else (),
        spooled=spooled,
        surveys=surveys,
        on_error=on_error,
    )
    parts = before.get("parts") or parts_for(sum(file.size for file in files))
    columns = _columns(before) if complete and same and len(known) == len(files) else None
    if columns is None:
        columns = schema(files, reading, spooled=spooled, on_error=on_error)
    stock = Stock(files, surveys, shards, columns, parts, {})
    stock = stock._replace(record=_record(name, stock, reading, spooled))
    if not complete:
        # a finished run keeps what it was made from until another one takes its place
        store.put_json(STOCK, stock.record)
    return stock


def recall_stock(store: Store) -> Stock:
    """The stock of the run in a folder, whether or not its inputs are still there."""
    before = store.get_json(STOCK)
    files = [
        File(old["path"], old["size"], old["mtime_ns"], old["format"], old["compression"])
        for old in before["files"]
    ]
    surveys = {old["path"]: msgspec.convert(old["survey"], Survey) for old in before["files"]}
    shards = msgspec.convert(before["shards"], list[Shard])
    return Stock(files, surveys, shards, _columns(before), before["parts"], before)


def _columns(before: dict[str, Any]) -> pl.Schema:
    empty = pl.read_ipc(io.BytesIO(b64decode(before["schema"])))
    return empty.schema


def _told_columns(columns: pl.Schema) -> str:
    empty = io.BytesIO()
    pl.DataFrame(schema=columns).write_ipc(empty)
    return b64encode(empty.getvalue()).decode()


def _all_there(known: dict[str, Any], files: list[File]) -> None:
    gone = sorted(known.keys() - {file.path for file in files})
    if gone:
        raise InputError(
            "this input was part of the run and is gone",
            where=gone[0],
            hint="give all inputs again, or begin anew with --fresh",
        )


def _survey(file: File, old: dict[str, Any] | None, reading: Reading) -> Survey:
    """The digest of an input, taken from the earlier run where size and time are the same."""
    if old is None:
        return survey(file, reading)
    then = msgspec.convert(old["survey"], Survey)
    if (old["size"], old["mtime_ns"]) == (file.size, file.mtime_ns):
        return then
    now = survey(file, reading)
    if now.digest != then.digest:
        raise InputError(
            "this input has changed since the run began",
            where=file.path,
            hint="put the old one back, give the new one another name, or begin anew with --fresh",
        )
    return now


def _survey_of_stdin(pieces: list[Piece], old: dict[str, Any] | None) -> Survey:
    """What came through standard input, by the names that its spooled content was given."""
    now = Survey(digest(_pieces(pieces)))
    if old is not None and old["survey"]["digest"] != now.digest:
        raise InputError(
            "standard input is not what it was when the run began",
            where="-",
            hint="choose another folder with -o, or begin anew with --fresh",
        )
    return now


def still_the_same(stock: Stock, reading: Reading) -> None:
    """See that no object changed while it was read: processes may have read another one each.

    Raises:
        InputError: One is gone or is another one.
    """
    for file in stock.files:
        if not is_remote(file.path):
            continue
        now = status_of(file.path)
        if now == Status(file.size, file.mtime_ns):
            continue
        if now is None or survey(file, reading).digest != stock.surveys[file.path].digest:
            raise InputError(
                "this input has changed while the run was reading it",
                where=file.path,
                hint="when nobody writes to it any more, begin anew with --fresh",
            )


def parts_for(size: int) -> int:
    """Key partitions for so much input: a power of two, so that few sizes are ever tested.

    Each reads a piece of every shard's sketches, so there are not ever more of them: past that a
    partition is larger.
    """
    return min(MOST_PARTS, max(4, 1 << max(0, (size // MERGED_AT_ONCE).bit_length())))


def _pieces(pieces: list[Piece]) -> list[Any]:
    return [msgspec.to_builtins(piece) for piece in pieces]


def _record(
    name: str, stock: Stock, reading: Reading, spooled: dict[str, list[Piece]]
) -> dict[str, Any]:
    files = [
        {
            "path": file.path,
            "size": file.size,
            "mtime_ns": file.mtime_ns,
            "format": file.format,
            "compression": file.compression,
            "spooled": _pieces(spooled.get(file.path, [])),
            "survey": msgspec.to_builtins(stock.surveys[file.path]),
        }
        for file in stock.files
    ]
    return {
        "pipeline": name,
        "reading": msgspec.to_builtins(reading),
        "files": files,
        "shards": [msgspec.to_builtins(shard) for shard in stock.shards],
        "parts": stock.parts,
        "schema": _told_columns(stock.schema),
    }
