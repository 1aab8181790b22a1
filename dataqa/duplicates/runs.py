"""Rows on disk, sorted by their first column in files of bounded size: more than memory holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS = 1 << 21
"""Rows of a file; memory is some three times as many."""

type Columns = tuple[NDArray[Any], ...]


class _File(NamedTuple):
    columns: tuple[Path, ...]

    def part(self, low: int, high: int) -> Columns:
        """The rows whose first column is from ``low`` to ``high``, both included."""
        maps = [np.load(path, mmap_mode="r") for path in self.columns]
        ends = np.array([low, high], maps[0].dtype)
        begin = int(np.searchsorted(maps[0], ends[0], side="left"))
        end = int(np.searchsorted(maps[0], ends[1], side="right"))
        return tuple(np.array(column[begin:end]) for column in maps)


class Runs:
    """Rows that are added in any order and read back by ranges of the first column.

    No more files are open at once than a row has columns.
    """

    def __init__(self, folder: Path, name: str, rows: int = ROWS) -> None:
        self._place, self._most = folder / name, rows
        self._held: list[Columns] = []
        self._count = 0
        self._files: list[_File] = []

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self._files)

    def add(self, *columns: NDArray[Any]) -> None:
        """Put some rows; all columns are of one length."""
        for low in range(0, len(columns[0]), self._most):
            piece = tuple(column[low : low + self._most] for column in columns)
            self._held.append(piece)
            self._count += len(piece[0])
            if self._count >= self._most:
                self.flush()

    def flush(self) -> None:
        """Write what waits; call it after the last row."""
        if not self._count:
            return
        columns = [np.concatenate(parts) for parts in zip(*self._held, strict=True)]
        self._held, self._count = [], 0
        order = np.argsort(columns[0])
        paths: list[Path] = []
        for number, column in enumerate(columns):
            paths.append(self._place.with_name(f"{self._place.name}-{self.files:05d}.{number}.npy"))
            np.save(paths[-1], column[order])
        self._files.append(_File(tuple(paths)))

    def parts(self, low: int, high: int) -> Iterator[Columns]:
        """The rows of each file whose first column is from ``low`` to ``high``, both included."""
        for file in self._files:
            part = file.part(low, high)
            if len(part[0]):
                yield part

    def all(self, low: int, high: int) -> Columns | None:
        """The same as one, not sorted over files; None where there are none."""
        found = list(self.parts(low, high))
        if not found:
            return None
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))
