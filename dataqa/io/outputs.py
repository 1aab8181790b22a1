"""Reads back what a run wrote: the files of one output folder as one frame, or one file exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import polars as pl
import zstandard

from dataqa.types import DOC_ID


def scan(files: Sequence[Path]) -> pl.LazyFrame:
    """Output files, all parquet or all JSON Lines, as one LazyFrame."""
    lines = [path for path in files if path.name.endswith(".jsonl.zst")]
    if not lines:
        return pl.scan_parquet(list(files)) if files else pl.LazyFrame(schema={DOC_ID: pl.String})
    # a file that nobody went to is empty, and has no columns to tell
    frames = [pl.read_ndjson(path, infer_schema_length=None) for path in lines if _some(path)]
    empty = [pl.DataFrame(schema={DOC_ID: pl.String})]
    return pl.concat(frames or empty, how="diagonal_relaxed").lazy()


def _some(path: Path) -> bool:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as lines:
        return bool(lines.read(1))


def read_lines(path: Path, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """One file of JSON Lines, every column in the type that it was written from."""
    plain = {name: _in_json(kind) for name, kind in schema.items()}
    rows = pl.read_ndjson(path, schema_overrides=plain, infer_schema_length=None)
    return rows.cast({name: kind for name, kind in schema.items() if name in rows.columns})


def lost_in_json(kind: pl.DataType) -> bool:
    """Whether a column could not be read back from JSON Lines as it was."""
    return any(isinstance(one, pl.Binary | pl.Duration | pl.Time) for one in _leaves(kind))


def _leaves(kind: pl.DataType) -> list[pl.DataType]:
    if isinstance(kind, pl.Struct):
        return [leaf for field in kind.fields for leaf in _leaves(cast("pl.DataType", field.dtype))]
    return _leaves(cast("pl.DataType", kind.inner)) if isinstance(kind, pl.List) else [kind]


def _in_json(kind: pl.DataType) -> pl.DataType:
    """The type as which polars reads from JSON what it wrote from ``kind``."""
    if isinstance(kind, pl.List):
        return pl.List(_in_json(cast("pl.DataType", kind.inner)))
    if isinstance(kind, pl.Struct):
        fields = {one.name: _in_json(cast("pl.DataType", one.dtype)) for one in kind.fields}
        return pl.Struct(fields)
    if kind.is_decimal():
        return pl.String()
    return pl.Int64() if isinstance(kind, pl.Int8 | pl.Int16 | pl.UInt8 | pl.UInt16) else kind
