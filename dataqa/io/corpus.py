"""Input files as one corpus that can be gone through more than once, in frames of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import msgspec
import polars as pl

from dataqa.errors import InputError
from dataqa.io.sources import (
    Chunk,
    Reading,
    Shard,
    Unreadable,
    cut,
    find,
    needs_spool,
    read,
    schema,
    spool,
)
from dataqa.types import TEXT

SAMPLES = 16
SAMPLE_BYTES = 4 << 20
"""A sample is the beginning, of so many bytes, of so many shards that lie evenly apart."""


class Corpus:
    """Input files, found and cut; what has to be decoded once lies in a temporary folder.

    Args:
        inputs: Files, folders, patterns, ``-``.
        reading: How they are read.

    A file that breaks off in the middle is an InputError too, where the corpus is left.

    Raises:
        InputError: An input does not exist or cannot be read, or has no text column.
    """

    def __init__(self, inputs: Sequence[str | Path], reading: Reading) -> None:
        self._folder = TemporaryDirectory(prefix="dataqa-")
        try:
            files = find(inputs, reading)
            spooled = {
                file.path: spool(file, reading, Path(self._folder.name))
                for file in files
                if needs_spool(file, reading)
            }
            self.columns = schema(files, reading, spooled=spooled)
            self._shards = cut(files, reading, spooled=spooled)
        except BaseException as error:
            self._folder.cleanup()
            _without_quarantine(error)
            raise
        self._reading = reading
        self.bytes = sum(shard.bytes for shard in self._shards)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()
        _without_quarantine(error)

    @property
    def shards(self) -> int:
        """How many there are."""
        return len(self._shards)

    def chunks(self) -> Iterator[tuple[Shard, Chunk]]:
        """All documents, in order."""
        for shard in self._shards:
            for chunk in read(shard, self._reading, self.columns):
                yield shard, chunk

    def texts(self) -> Iterator[pl.Series]:
        """All texts."""
        return (chunk.docs[TEXT] for _, chunk in self.chunks())

    def sample(self) -> Iterator[pl.Series]:
        """Texts from places that lie evenly over the files."""
        small = msgspec.structs.replace(self._reading, batch_bytes=SAMPLE_BYTES)
        for shard in self._shards[:: -(-len(self._shards) // SAMPLES) or 1]:
            for chunk in islice(read(shard, small, self.columns), 1):
                yield chunk.docs[TEXT]


def _without_quarantine(error: BaseException | None) -> None:
    """There is no quarantine here, to which the hint about a file that breaks off points."""
    if isinstance(error, Unreadable):
        hint = "get the file again" if "quarantine" in error.hint else error.hint
        raise InputError(error.what, where=error.where, hint=hint) from None
