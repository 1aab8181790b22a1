"""What crosses from one stage to the next: documents with their evidence, and sketches by key.

Text is lightly compressed, private to the user, and deleted when the run has succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dataqa.io.sinks import Table, to_arrow
from dataqa.io.store import Store, told_of_disk
from dataqa.types import DOC, TEXT, Batch, no_findings

_MARK = "signal:"


class Spill:
    """Documents that stay in the run, in order; row groups are the next stage's batches."""

    def __init__(self, store: Store, name: str, batch_bytes: int) -> None:
        self._docs = Table(store, f"{name}.docs", heavy=TEXT, codec="lz4", group_bytes=batch_bytes)
        self._findings = Table(store, f"{name}.findings", codec="lz4")

    def add(self, batch: Batch) -> None:
        """Put some documents with all that is known of them."""
        marked = batch.signals.rename({name: _MARK + name for name in batch.signals.columns})
        self._docs.add(batch.docs.hstack(marked.get_columns()))
        self._findings.add(batch.findings)

    def close(self) -> int:
        """Finish; the number of documents."""
        self._findings.close()
        done = self._docs.close()
        return done.rows if done else 0


def has_spill(store: Store, name: str, rows: int) -> bool:
    """Whether the spill is (still) there."""
    return rows == 0 or store.exists(f"{name}.docs.parquet")


def drop_spill(store: Store, name: str) -> None:
    """Delete it."""
    store.delete(f"{name}.docs.parquet")
    store.delete(f"{name}.findings.parquet")


def read_spill(store: Store, name: str) -> Iterator[Batch]:
    """The batches of a spill, in order."""
    if not store.exists(f"{name}.docs.parquet"):
        return
    findings = no_findings()
    if store.exists(f"{name}.findings.parquet"):
        findings = pl.read_parquet(store.path(f"{name}.findings.parquet"))
    with pq.ParquetFile(store.path(f"{name}.docs.parquet"), pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            rows = frame_of(file.read_row_group(group))
            mine = between(findings, rows[DOC])
            docs = rows.select(pl.exclude(f"^{_MARK}.*$"))
            marked = rows.select(pl.col(f"^{_MARK}.*$"))
            signals = marked.rename({column: column[len(_MARK) :] for column in marked.columns})
            yield Batch(docs, signals, mine)


def read_texts(
    store: Store, name: str, docs: pl.Series, columns: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """Some of a spill's documents by number, a row group at a time; only those that hold one."""
    wanted = docs.sort()
    with pq.ParquetFile(store.path(f"{name}.docs.parquet"), pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            numbers = frame_of(file.read_row_group(group, columns=[DOC]))[DOC]
            low, high = _span(wanted, numbers)
            if low < high:
                rows = frame_of(file.read_row_group(group, columns=[DOC, *columns]))
                yield rows.filter(rows[DOC].is_in(wanted.slice(low, high - low).implode()))


def read_columns(store: Store, name: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Some columns of a parquet file, a row group at a time."""
    with pq.ParquetFile(store.path(name), pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            yield frame_of(file.read_row_group(group, columns=list(columns)))


def between(rows: pl.DataFrame, docs: pl.Series) -> pl.DataFrame:
    """The rows, sorted by document, that are about a run of ascending documents."""
    if not rows.height or not docs.len():
        return rows.clear()
    low, high = _span(rows[DOC], docs)
    return rows.slice(low, high - low)


def _span(numbers: pl.Series, docs: pl.Series) -> tuple[int, int]:
    """Where in some ascending numbers those of a run of documents begin and end."""
    ends = np.array([docs[0], docs[-1]], np.uint64)
    sought = numbers.to_numpy()
    low = np.searchsorted(sought, ends[:1], side="left")
    high = np.searchsorted(sought, ends[1:], side="right")
    return int(low[0]), int(high[0])


def frame_of(table: pa.Table) -> pl.DataFrame:
    """An Arrow table as a polars frame of one chunk."""
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


class Part(NamedTuple):
    """Which of ``parts`` key partitions a merge works on; memory is one partition's."""

    number: int
    parts: int


def write_sketches(store: Store, name: str, frames: Sequence[pl.DataFrame], parts: int) -> int:
    """One shard's sketches, one Arrow record batch for each key partition; the rows written."""
    rows = pl.concat(frames)
    part = (rows["key"] % parts).to_numpy()
    order = np.lexsort((rows["key"].to_numpy(), part))
    rows, part = rows[order], part[order]
    borders = np.searchsorted(part, np.arange(parts + 1))
    draft = store.draft()
    with told_of_disk(store.root / name), pa.OSFile(str(draft), "wb") as file:
        table = to_arrow(rows)
        with pa.ipc.new_file(file, table.schema) as writer:
            for low, high in pairwise(borders):
                piece = table.slice(low, high - low).combine_chunks()
                batches = piece.to_batches()
                empty = pa.RecordBatch.from_pylist([], schema=table.schema)
                writer.write_batch(batches[0] if batches else empty)
    store.commit(draft, name)
    return rows.height


def read_sketches(store: Store, names: Sequence[str], part: Part) -> pl.DataFrame:
    """One key partition of many shards' sketches."""
    found: list[pl.DataFrame] = []
    for name in names:
        with pa.memory_map(str(store.path(name))) as file:
            batch = pa.ipc.open_file(file).get_batch(part.number)
            if batch.num_rows:
                found.append(frame_of(pa.Table.from_batches([batch])).clone())
    return pl.concat(found) if found else pl.DataFrame()
