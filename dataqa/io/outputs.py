"""Reads back what a run wrote: the files of one output folder as one frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
