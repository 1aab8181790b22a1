"""What of a shard goes on to the next stage: its spill, its sketches, and the hashes of its ids."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.arrow import compact
from dataqa.io.sinks import Table
from dataqa.io.spill import Spill, write_sketches
from dataqa.io.store import STATE, Store
from dataqa.types import DOC, DOC_ID, Batch, Sketch


def marker(key: str) -> str:
    """The name of a done-marker."""
    return f"{STATE}/stages/{key}.done"


def tallied(key: str) -> str:
    """The name of what a shard adds to the report."""
    return f"{STATE}/stages/{key}.tally"


def spilled(key: str) -> str:
    """The name of a shard's spill after a stage."""
    return f"{STATE}/stages/{key}"


def sketched(key: str) -> str:
    """The name of a shard's sketches for the next stage's global step."""
    return f"{STATE}/stages/{key}.sketch"


def described(key: str) -> str:
    """The name of what a shard's sketches say of each document, one row for each."""
    return f"{STATE}/stages/{key}.described"


def ids_of(key: str) -> str:
    """The name of the hashes of a shard's document ids."""
    return f"{STATE}/stages/{key}.ids"


class Wanted(NamedTuple):
    """What the next stage asks for.

    ``sketch`` is the next global step's, ``ids`` whether repeated ids have to be looked for,
    ``parts`` the number of key partitions of both, ``batch_bytes`` the next stage's batches,
    ``label`` the global step's name.
    """

    spill: bool
    sketch: Callable[[Batch], Sketch] | None
    ids: bool
    parts: int
    batch_bytes: int
    label: str = ""


class Onward:
    """Collects it, batch by batch."""

    def __init__(self, store: Store, key: str, wanted: Wanted) -> None:
        self._store, self._key, self._wanted = store, key, wanted
        self._spill = Spill(store, spilled(key), wanted.batch_bytes) if wanted.spill else None
        self._sketches: list[pl.DataFrame] = []
        self._described = Table(store, described(key), codec="lz4")
        self._ids: list[pl.DataFrame] = []
        self._seconds = 0.0

    def note_ids(self, docs: pl.DataFrame) -> None:
        """See the documents that were read, before any left."""
        if self._wanted.ids:
            self._ids.append(docs.select(DOC, DOC_ID, hash_ids(docs[DOC_ID]).alias("key")))

    def stay(self, batch: Batch) -> None:
        """Take the documents that go on."""
        if self._spill is not None and batch.docs.height:
            self._spill.add(batch)
            if self._wanted.sketch is not None:
                started = time.process_time()
                sketch = self._wanted.sketch(batch)
                self._seconds += time.process_time() - started
                self._sketches.append(compact(sketch.keyed))
                if sketch.docs is not None:
                    self._described.add(sketch.docs)

    def lap(self) -> dict[str, float]:
        """The CPU seconds that sketching took since the last lap, by the step it is for."""
        seconds, self._seconds = self._seconds, 0.0
        return {self._wanted.label: seconds} if self._wanted.sketch is not None else {}

    def close(self) -> None:
        """Write what waits."""
        if self._ids:
            write_sketches(self._store, ids_of(self._key), self._ids, self._wanted.parts)
        if self._spill is not None:
            self._spill.close()
        self._described.close()
        if self._sketches:
            write_sketches(self._store, sketched(self._key), self._sketches, self._wanted.parts)


def hash_ids(ids: pl.Series) -> pl.Series:
    """A 64-bit hash of each id, the same everywhere and in every version.

    >>> hash_ids(pl.Series(["a", "a", "b"])).n_unique()
    2
    """
    digests = b"".join(blake2b(value.encode(), digest_size=8).digest() for value in ids)
    return pl.Series("key", np.frombuffer(digests, "<u8"))
