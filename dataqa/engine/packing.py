"""Final shards for training: shuffled, split, cut to size, with token counts.

Which split a document falls into and where in the shuffle it stands follow from hashes of its id
and the seed: the same for the same documents, whatever files they came in. Memory holds one bucket
of the shuffle at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from dataqa.errors import InputError, did_you_mean
from dataqa.io.sinks import Table
from dataqa.io.spill import frame_of
from dataqa.io.store import STATE, Store
from dataqa.tokenizers import Count, counter
from dataqa.types import DOC_ID

BUCKET_BYTES = 128 << 20
"""About how much text of one bucket is in memory when it is put in order."""
TOKENS = "token_count"
_PLACE = "_place"
_LINES = ".jsonl.zst"
_LINES_RATIO = 4
"""About how much text zstd makes one byte of."""
_MOST_BUCKETS = 512  # each is an open file
_WAITING = 256 << 20
"""Text that waits to be written, over all open buckets."""


class Packing(NamedTuple):
    """How to pack.

    Attributes:
        shard_bytes: Text in a shard; one ends with the document that reaches it.
        seed: Of the shuffle and the splits.
        splits: Names and shares that add up to 1.
        tokenizer: Count tokens by it, if given.
        text_column: The column that holds the text.
    """

    shard_bytes: int
    seed: int = 0
    splits: Mapping[str, float] = {"train": 1.0}
    tokenizer: str | None = None
    text_column: str = "text"


def pack(folder: Path, out: Path, packing: Packing) -> dict[str, Any]:
    """Pack a folder of parquet files, such as a run's ``kept``.

    Returns:
        What ``pack.json`` holds: documents, text bytes and tokens of every split and shard.

    Raises:
        InputError: No parquet file there, no such column, or shares that do not add up.
    """
    files = sorted([*folder.glob("*.parquet"), *folder.glob(f"*{_LINES}")])
    _check(folder, files, packing)
    store = Store(out)
    if store.exists(f"{STATE}/stock.json"):
        raise InputError(
            "this folder holds a run", where=str(out), hint="choose another one with -o"
        )
    with store.locked():
        buckets = _buckets(files)
        _scatter(store, files, packing, buckets)
        names = list(packing.splits)
        told = {name: _gather(store, name, packing, buckets) for name in names}
        store.delete_all(f"{STATE}/buckets")
        summary = {"splits": told, "seed": packing.seed, "tokenizer": packing.tokenizer}
        store.put_json("pack.json", summary, indent=1)
    return summary


def _check(folder: Path, files: Sequence[Path], packing: Packing) -> None:
    if not files:
        raise InputError(
            "no parquet or jsonl.zst file to pack",
            where=str(folder),
            hint="give a run's kept/ folder",
        )
    columns = next(_rows(files)).columns
    for name in (DOC_ID, packing.text_column):
        if name not in columns:
            raise InputError(
                f"no column {name!r}", where=str(files[0]), hint=did_you_mean(name, columns)
            )
    if abs(sum(packing.splits.values()) - 1) > 1e-9:
        raise InputError(
            f"the shares of the splits add up to {sum(packing.splits.values()):g}, not 1",
            where="--split",
            hint="for example train=0.98,valid=0.02",
        )


def _buckets(files: Sequence[Path]) -> int:
    size = sum(_size(file) for file in files)
    return min(_MOST_BUCKETS, max(1, -(-size // BUCKET_BYTES)))


def _size(file: Path) -> int:
    """About how many bytes of text are in a file."""
    if file.name.endswith(_LINES):
        return file.stat().st_size * _LINES_RATIO
    told = pq.read_metadata(file)
    return sum(told.row_group(group).total_byte_size for group in range(told.num_row_groups))


def _scatter(store: Store, files: Sequence[Path], packing: Packing, buckets: int) -> None:
    """Write every document to the bucket of its split in which it will stand."""
    store.delete_all(f"{STATE}/buckets")
    tables: dict[tuple[str, int], Table] = {}
    names = np.array(list(packing.splits))
    borders = np.cumsum(list(packing.splits.values()))[:-1]
    count = counter(packing.tokenizer) if packing.tokenizer else None
    for rows in _rows(files):
        share = _hashes(rows[DOC_ID], f"split {packing.seed}") / 2.0**64
        place = _hashes(rows[DOC_ID], f"shuffle {packing.seed}")
        bucket = np.minimum(place / 2.0**64 * buckets, buckets - 1).astype(np.int64)
        split = np.searchsorted(borders, share, side="right")
        told = _counted(rows, packing.text_column, count).with_columns(
            pl.Series(_PLACE, place), pl.Series("_split", split), pl.Series("_bucket", bucket)
        )
        for (nth, number), part in sorted(
            told.partition_by("_split", "_bucket", as_dict=True, include_key=False).items()
        ):
            key = (str(names[nth]), int(number))
            if key not in tables:
                tables[key] = Table(
                    store,
                    _bucket_name(*key),
                    heavy=packing.text_column,
                    codec="lz4",
                    group_bytes=max(1 << 16, _WAITING // buckets),
                )
            tables[key].add(part)
    for table in tables.values():
        table.close()


def _gather(store: Store, split: str, packing: Packing, buckets: int) -> dict[str, Any]:
    """Put one split's buckets in order and cut the shards."""
    store.delete_all(split)
    shards: list[dict[str, Any]] = []
    open_shard: _Shard | None = None
    for bucket in range(buckets):
        name = f"{_bucket_name(split, bucket)}.parquet"
        if not store.exists(name):
            continue
        rows = pl.read_parquet(store.path(name)).sort(_PLACE, DOC_ID).drop(_PLACE)
        while rows.height:
            if open_shard is None:
                open_shard = _Shard(store, split, len(shards), packing)
            rows = open_shard.add(rows)
            if open_shard.full:
                shards.append(open_shard.close())
                open_shard = None
    if open_shard is not None:
        shards.append(open_shard.close())
    keys = ("documents", "bytes", *((TOKENS,) if packing.tokenizer else ()))
    return {**{key: sum(shard[key] for shard in shards) for key in keys}, "shards": shards}


class _Shard:
    """One final shard while it is filled."""

    def __init__(self, store: Store, split: str, number: int, packing: Packing) -> None:
        self._packing = packing
        self._table = Table(store, f"{split}/{number:05d}", heavy=packing.text_column)
        self._bytes = self._documents = self._tokens = 0

    @property
    def full(self) -> bool:
        return self._bytes >= self._packing.shard_bytes

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Take what fits; the rest."""
        sizes = rows[self._packing.text_column].str.len_bytes().cast(pl.Int64).cum_sum()
        fits = int((sizes < self._packing.shard_bytes - self._bytes).sum()) + 1
        part = rows.head(fits)
        self._table.add(part)
        self._documents += part.height
        self._bytes += int(sizes[part.height - 1])
        if TOKENS in part.columns:
            self._tokens += int(part[TOKENS].sum())
        return rows.slice(fits)

    def close(self) -> dict[str, Any]:
        written = self._table.close()
        assert written is not None
        told = {"documents": self._documents, "bytes": self._bytes}
        if self._packing.tokenizer:
            told[TOKENS] = self._tokens
        return {"name": written.name, "sha256": written.sha256, **told}


def _rows(files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    for path in files:
        if path.name.endswith(_LINES):
            yield pl.read_ndjson(path, infer_schema_length=None)
            continue
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                yield frame_of(file.read_row_group(group))


def _counted(rows: pl.DataFrame, text: str, count: Count | None) -> pl.DataFrame:
    return rows if count is None else rows.with_columns(count(rows[text]).alias(TOKENS))


def _hashes(ids: pl.Series, salt: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    key = blake2b(salt.encode()).digest()
    told = b"".join(blake2b(v.encode(), digest_size=8, key=key).digest() for v in ids)
    return np.frombuffer(told, "<u8")


def _bucket_name(split: str, bucket: int) -> str:
    return f"{STATE}/buckets/{split}/{bucket:05d}"
