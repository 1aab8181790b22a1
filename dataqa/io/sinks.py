"""Writers whose bytes depend on the rows alone: never on how they came in batches.

Frames are re-cut to row groups by the rows' own sizes, here and nowhere else; then the same run
gives the same files whatever the batch size, the worker or the interruption.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from dataqa.arrow import compact
from dataqa.io.store import Store, told_of_disk

GROUP_ROWS = 65_536
GROUP_BYTES = 32 << 20
"""A row group ends at the row that reaches either."""
_LEVEL = 3


class Written(NamedTuple):
    """A finished file: its name in the store, rows, bytes and SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str


class _Encoder(Protocol):
    def write(self, rows: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


class _Hashed(io.RawIOBase):
    """A file that knows the digest of what was written to it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb", buffering=1 << 20)
        self.sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        self._file.write(view)
        self.sha256.update(view)
        self.size += view.nbytes
        return view.nbytes

    def close(self) -> None:
        self._file.close()
        super().close()


class Table:
    """One output file that is filled frame by frame.

    Args:
        store: Where it goes.
        name: Its name without the ending.
        heavy: The column whose bytes decide row groups, if there is one.
        kind: ``parquet`` or ``jsonl.zst``.
        codec: ``zstd``, or ``lz4`` for what is soon read again and deleted.
        group_bytes: A row group ends at the row with which ``heavy`` reaches so many.
        marks: What a parquet file's metadata say.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        heavy: str | None = None,
        kind: str = "parquet",
        codec: str = "zstd",
        group_bytes: int = GROUP_BYTES,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        self._store, self._heavy, self._kind, self._codec = store, heavy, kind, codec
        self._group_bytes, self._marks = group_bytes, marks or {}
        self.name = f"{name}.{kind}"
        self.rows = 0
        self._waiting: list[pl.DataFrame] = []
        self._rows = self._bytes = 0
        self._draft: Path | None = None
        self._file: _Hashed | None = None
        self._encoder: _Encoder | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Take some rows; full row groups are written, the rest waits."""
        while rows.height:
            fits = self._fits(rows)
            # rows that wait must not keep the batch alive that they were picked from
            part = compact(rows.head(fits))
            self._waiting.append(part)
            self._rows += fits
            self._bytes += _weight(part, self._heavy)
            rows = rows.tail(-fits) if fits < rows.height else rows.clear()
            if self._rows >= GROUP_ROWS or self._bytes >= self._group_bytes:
                self._flush()

    def close(self, schema: pl.DataFrame | None = None) -> Written | None:
        """Finish the file.

        Args:
            schema: An empty frame: then a file is written even if there was no row.

        Returns:
            What was written, ``None`` if nothing was.
        """
        if self._waiting or (schema is not None and not self.rows):
            self._flush(schema)
        if self._encoder is None or self._file is None or self._draft is None:
            return None
        with told_of_disk(self._store.root / self.name):
            self._encoder.close()
            self._file.close()
        self._store.commit(self._draft, self.name)
        return Written(self.name, self.rows, self._file.size, self._file.sha256.hexdigest())

    def _fits(self, rows: pl.DataFrame) -> int:
        """How many of these rows still go into the open row group: at least one."""
        most = min(rows.height, GROUP_ROWS - self._rows)
        if self._heavy is None:
            return most
        sizes = rows[self._heavy].head(most).str.len_bytes().fill_null(0).cum_sum()
        within = sizes.search_sorted(self._group_bytes - self._bytes, side="left")
        return min(most, int(within) + 1)

    def _flush(self, empty: pl.DataFrame | None = None) -> None:
        group = pl.concat(self._waiting, rechunk=True) if self._waiting else empty
        self._waiting, self._rows, self._bytes = [], 0, 0
        if group is None:
            return
        with told_of_disk(self._store.root / self.name):
            if self._encoder is None:
                self._draft = self._store.draft()
                self._file = _Hashed(self._draft)
                self._encoder = self._open(self._file, group)
            self._encoder.write(group)
        self.rows += group.height

    def _open(self, file: _Hashed, first: pl.DataFrame) -> _Encoder:
        if self._kind == "jsonl.zst":
            return _JsonLines(file)
        return _Parquet(file, first, self._heavy, self._codec, self._marks)


class _Parquet:
    def __init__(
        self,
        file: _Hashed,
        first: pl.DataFrame,
        heavy: str | None,
        codec: str,
        marks: Mapping[str, str],
    ) -> None:
        schema = to_arrow(first.clear()).schema
        schema = schema.with_metadata({**(schema.metadata or {}), **marks}) if marks else schema
        # a dictionary of long texts is built, found useless and thrown away: not for those
        short = [name for name in schema.names if name not in {heavy, "doc_id", "edits", "raw"}]
        self._writer = pq.ParquetWriter(
            file,
            schema,
            compression=codec,
            compression_level=_LEVEL if codec == "zstd" else None,
            use_dictionary=short,  # pyright: ignore[reportArgumentType]
            write_statistics=short,  # pyright: ignore[reportArgumentType]
        )

    def write(self, rows: pl.DataFrame) -> None:
        if rows.height:
            self._writer.write_table(to_arrow(rows), row_group_size=rows.height)

    def close(self) -> None:
        self._writer.close()


class _JsonLines:
    def __init__(self, file: _Hashed) -> None:
        self._writer = zstandard.ZstdCompressor(level=_LEVEL).stream_writer(
            cast(IO[bytes], file), closefd=False
        )

    def write(self, rows: pl.DataFrame) -> None:
        lines = io.BytesIO()
        rows.write_ndjson(lines)
        self._writer.write(lines.getbuffer())

    def close(self) -> None:
        self._writer.close()


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """The frame in Arrow types that every reader knows, in one chunk per column."""
    return frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def _weight(rows: pl.DataFrame, heavy: str | None) -> int:
    return 0 if heavy is None else int(rows[heavy].str.len_bytes().sum())
