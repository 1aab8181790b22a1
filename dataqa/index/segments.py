"""One segment: entries in the order in which they came, and all their keys, sorted.

A file of columns, each from a multiple of 64 bytes on, little-endian; their lengths follow from the
numbers in the manifest. An entry has a key for each band and one for its id, all in one sorted
table. A directory tells where the keys of each highest bits begin, so that a look-up touches two or
three places of the file, which is mapped into memory and never read as a whole.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_series
from dataqa.errors import InputError
from dataqa.index.disk import FILES, damaged
from dataqa.index.manifest import Part
from dataqa.index.parameters import Parameters

MAGIC = b"dataqa index segment 1\n"
_ALIGN = 64
_MOST_BITS = 20
"""A directory has at most a million buckets."""


class Layout(NamedTuple):
    """Where the columns of a segment are.

    Attributes:
        rows: Entries.
        keys: Keys of all entries.
        permutations: Places of a signature.
        id_bytes: The length of all ids.
    """

    rows: int
    keys: int
    permutations: int
    id_bytes: int

    @classmethod
    def of(cls, parameters: Parameters, rows: int, id_bytes: int) -> Self:
        """The layout of a segment with so many entries."""
        keys = rows * (parameters.bands.bands + 1)
        return cls(rows, keys, parameters.permutations, id_bytes)

    @property
    def bits(self) -> int:
        """Highest bits of a key that the directory goes by: some eight keys share them."""
        return min(_MOST_BITS, max(1, self.keys.bit_length() - 3))

    @property
    def columns(self) -> dict[str, tuple[str, int]]:
        """Type and length of each column, in order."""
        return {
            "directory": ("<i8", (1 << self.bits) + 1),
            "keys": ("<u8", self.keys),
            "rows": ("<u4", self.keys),
            "values": ("<u4", self.rows * self.permutations),
            "counts": ("<u4", self.rows),
            "offsets": ("<i8", self.rows + 1),
            "ids": ("<u1", self.id_bytes),
        }

    @property
    def starts(self) -> dict[str, int]:
        """The byte at which each column begins; ``end`` is the size of the file."""
        starts: dict[str, int] = {}
        at = _ALIGN
        for name, (kind, length) in self.columns.items():
            starts[name] = at
            at += -(-np.dtype(kind).itemsize * length // _ALIGN) * _ALIGN
        return {**starts, "end": at}


class Segment(NamedTuple):
    """A segment, mapped.

    Attributes:
        path: Where it is.
        part: What the manifest says of it.
        directory: Where the keys of each highest bits begin, and the end.
        keys: Ascending.
        rows: The entry of each key, ascending among equal ones.
        values: The signature of each entry.
        counts: Shingles of each entry; all bits set where that is not known.
        offsets: Where each id begins, and the end.
        ids: UTF-8.
        gone: Which entries were removed; empty if none was.
        mapped: The file.
    """

    path: Path
    part: Part
    directory: NDArray[np.int64]
    keys: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    values: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    ids: NDArray[np.uint8]
    gone: NDArray[np.bool_]
    mapped: mmap.mmap

    @property
    def left(self) -> int:
        """Entries that count."""
        return self.part.rows - self.part.gone_rows

    def id_series(self, rows: NDArray[np.int64]) -> pl.Series:
        """The ids of some entries.

        Raises:
            InputError: The bytes are not those that were written.
        """
        if len(rows) and int(rows.max()) >= self.part.rows:
            raise self.changed()
        lows, highs = self.offsets[rows], self.offsets[rows + 1]
        pieces = [self.ids[low:high] for low, high in zip(lows, highs, strict=True)]
        data = np.concatenate([np.zeros(0, np.uint8), *pieces])
        try:
            return text_series(data, np.concatenate([[0], np.cumsum(highs - lows)]))
        except ValueError:
            raise self.changed() from None

    def changed(self) -> InputError:
        """The error for bytes that cannot be those that were written."""
        return damaged(self.path, "its bytes have changed, as info --verify will show")

    def read_through(self) -> None:
        """Expect all of it to be read, from beginning to end."""
        self.mapped.madvise(mmap.MADV_SEQUENTIAL)

    def with_gone(self, part: Part, gone: NDArray[np.bool_]) -> Segment:
        """The same with other entries removed."""
        return self._replace(part=part, gone=gone)


def open_segment(folder: Path, part: Part, parameters: Parameters) -> Segment:
    """Map a segment.

    Raises:
        FileNotFoundError: A file is not there; perhaps a writer has just replaced it.
        InputError: It is not what the manifest says.
    """
    path = folder / FILES / part.file.name
    layout = Layout.of(parameters, part.rows, part.id_bytes)
    with path.open("rb") as file:
        if path.stat().st_size != layout.starts["end"] or file.read(len(MAGIC)) != MAGIC:
            raise damaged(path, "it is no segment of this size")
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    # a look-up touches single pages: what lies around them is not worth reading
    mapped.madvise(mmap.MADV_RANDOM)
    columns = {
        name: np.frombuffer(mapped, kind, length, layout.starts[name])
        for name, (kind, length) in layout.columns.items()
    }
    gone = np.zeros(0, np.bool_)
    if part.gone is not None:
        gone = np.zeros(part.rows, np.bool_)
        rows = np.fromfile(folder / FILES / part.gone.name, "<u4")
        if len(rows) and rows.max() >= part.rows:
            raise damaged(folder / FILES / part.gone.name, "it names entries that are not there")
        gone[rows] = True
    return Segment(
        path,
        part,
        columns["directory"],
        columns["keys"],
        columns["rows"],
        columns["values"].reshape(part.rows, parameters.permutations),
        columns["counts"],
        columns["offsets"],
        columns["ids"],
        gone,
        mapped,
    )


class Writer:
    """Writes a segment column by column, in pieces of any size.

    Args:
        file: A new file.
        layout: What will be in it.
    """

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._file, self._layout, self._starts = file, layout, layout.starts
        self._at = dict.fromkeys(layout.columns, 0)
        self._buckets = np.zeros(1 << layout.bits, np.int64)
        file.truncate(self._starts["end"])
        file.write(MAGIC)

    def put(self, name: str, values: NDArray[np.generic]) -> None:
        """Write what comes next in a column; keys must ascend."""
        kind, length = self._layout.columns[name]
        data = np.ascontiguousarray(values, kind).reshape(-1)
        at = self._at[name]
        assert at + len(data) <= length, f"{name} is longer than foreseen"
        self._file.seek(self._starts[name] + at * data.itemsize)
        self._file.write(memoryview(data).cast("B") if len(data) else b"")
        self._at[name] = at + len(data)
        if name == "keys" and len(data):
            shift = np.uint64(64 - self._layout.bits)
            low = int(data[0] >> shift)
            counts = np.bincount((data >> shift).astype(np.int64) - low)
            self._buckets[low : low + len(counts)] += counts

    def close(self) -> None:
        """Write the directory."""
        self.put("directory", np.concatenate([[0], np.cumsum(self._buckets)]))
        for name, (_, length) in self._layout.columns.items():
            assert self._at[name] == length, f"{name} is shorter than foreseen"


def ranges(size: int, step: int) -> Iterator[tuple[int, int]]:
    """``size`` cut into pieces of at most ``step``."""
    return ((low, min(low + step, size)) for low in range(0, size, step))
