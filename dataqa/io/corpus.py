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

from dataqa.io.sources import Chunk, Reading, Shard, cut, find, needs_spool, read, schema, spool
from dataqa.types import TEXT

SAMPLES = 16
SAMPLE_BYTES = 4 << 20
"""A sample is the beginning, of so many bytes, of so many shards that lie evenly apart."""


class Corpus:
    """Input files, found and cut; what has to be decoded once lies in a temporary folder.

    Args:
        inputs: Files, folders, patterns, ``-``.
        reading: How they are read.

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
            self._columns = schema(files, reading, spooled=spooled)
            self._shards = cut(files, reading, spooled=spooled)
        except BaseException:
            self._folder.cleanup()
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

    def chunks(self) -> Iterator[tuple[Shard, Chunk]]:
        """All documents, in order."""
        for shard in self._shards:
            for chunk in read(shard, self._reading, self._columns):
                yield shard, chunk

    def texts(self) -> Iterator[pl.Series]:
        """All texts."""
        return (chunk.docs[TEXT] for _, chunk in self.chunks())

    def sample(self) -> Iterator[pl.Series]:
        """Texts from places that lie evenly over the files."""
        small = msgspec.structs.replace(self._reading, batch_bytes=SAMPLE_BYTES)
        for shard in self._shards[:: -(-len(self._shards) // SAMPLES) or 1]:
            for chunk in islice(read(shard, small, self._columns), 1):
                yield chunk.docs[TEXT]
