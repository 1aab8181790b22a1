"""Documents to look into, or to learn from what is common, as frames of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.decontaminate.benchmarks import Benchmark
from dataqa.decontaminate.entries import used
from dataqa.decontaminate.index import build, prepare
from dataqa.decontaminate.match import LEAST, Matcher
from dataqa.decontaminate.stretches import counted
from dataqa.decontaminate.weights import rarity
from dataqa.io.sources import Chunk, Reading, Shard, cut, find, needs_spool, read, schema, spool
from dataqa.types import TEXT

SAMPLES = 16
SAMPLE_BYTES = 4 << 20
"""A sample is the beginning, of so many bytes, of so many shards that lie evenly apart."""

type Texts = Callable[[], Iterator[pl.Series]]
"""Texts that can be gone through more than once."""


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


def matcher_of(benchmarks: Sequence[Benchmark], background: Texts | None = None) -> Matcher:
    """A matcher for benchmarks; what many texts of a background hold too weighs less.

    Args:
        benchmarks: What to look for.
        background: Texts of the kind that is looked into, or a sample of it.
    """
    base = prepare(used(benchmarks))
    if background is None:
        return Matcher(build(base))
    return Matcher(build(base, rarity(*counted(base, background()))))


def bare(matches: pl.DataFrame, entries: int) -> NDArray[np.int64]:
    """For each entry the texts of ``matches`` that hold it, but not its answer."""
    rows = matches.filter(unanswered()).select("text", "entry").unique()["entry"].to_numpy()
    return np.bincount(rows, minlength=entries).astype(np.int64)


def unanswered() -> pl.Expr:
    """Whether a match is of the question alone."""
    return pl.col("answer").fill_null(0.0) < LEAST
