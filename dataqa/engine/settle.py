"""Between two stages: what only all documents together can tell.

A global step rules over the sketches that the shards have left: what it can tell from one key
partition alone the workers tell, the rest is told here. Its
rulings are laid down in files by which every shard of the next stage finds its own. Repeated ids
are settled the same way.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.engine.onward import described, ids_of, sketched, spilled
from dataqa.io.sinks import Table
from dataqa.io.spill import Part, read_columns, read_sketches, read_texts
from dataqa.io.store import STATE, Store
from dataqa.pipeline import NamedStep
from dataqa.types import DOC, DOC_ID, FINDINGS, TEXT, GlobalStep

SHARD_BITS = 32

type Spread = Callable[[Sequence[Callable[[], Any]]], Iterator[Any]]
"""Runs calls, some at once where there are workers, and gives what they make in their order."""


def in_turn(calls: Sequence[Callable[[], Any]]) -> Iterator[Any]:
    """One call after the other, in this process."""
    return (call() for call in calls)


def timed[T](call: Callable[[], T], driver: int) -> tuple[T, float]:
    """What a call makes, and the CPU seconds that it took in a process other than ``driver``."""
    begun = time.process_time()
    made = call()
    return made, 0.0 if os.getpid() == driver else time.process_time() - begun


class Shards(NamedTuple):
    """The finished shards of a stage, merged: a global step's ``Merge``.

    Attributes:
        store: Where they are.
        keys: Shard number to the key of what the shard left in the store.
        parts: The number of key partitions.
        spread: Who works on partitions.
    """

    store: Store
    keys: dict[int, str]
    parts: int
    spread: Spread = in_turn

    def each[T](self, task: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """What a task makes of each partition's keyed rows, shard after shard."""
        return self._each([sketched(key) for _, key in sorted(self.keys.items())], task)

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' own rows, a row group at a time."""
        names = [f"{described(key)}.parquet" for _, key in sorted(self.keys.items())]
        for name in self._there(names):
            yield from read_columns(self.store, name, columns)

    def texts(self, docs: pl.Series) -> Iterator[pl.DataFrame]:
        """``_doc``, ``doc_id`` and ``text`` of some documents, from the spills, by document."""
        for name, mine in self._spills(docs.unique().sort()):
            yield from read_texts(self.store, name, mine, [DOC_ID, TEXT])

    def each_text[T](
        self, runs: Sequence[pl.Series], task: Callable[[pl.DataFrame], T]
    ) -> Iterator[T]:
        """What a task makes of the texts of each run of documents."""
        return self.spread(
            [partial(_on_texts, self.store, self._spills(run), task) for run in runs]
        )

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """A folder among the drafts, which the next run sweeps if this one is killed."""
        folder = self.store.draft()
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def renames(self) -> pl.DataFrame:
        """New ids for all but the first document of each repeated id."""
        names = [ids_of(key) for _, key in sorted(self.keys.items())]
        none = pl.DataFrame(schema={DOC: pl.UInt64, DOC_ID: pl.String})
        return pl.concat([none, *self._each(names, repeated_ids)])

    def _each[T](self, names: list[str], task: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        there = self._there(names)
        parts = [Part(number, self.parts) for number in range(self.parts)]
        for made in self.spread([partial(_on_part, self.store, there, at, task) for at in parts]):
            if made is not None:
                yield made

    def _spills(self, docs: pl.Series) -> list[tuple[str, pl.Series]]:
        """Which spills some documents are in, by ascending document."""
        parts = _by_shard(docs.to_frame(DOC))
        return [(spilled(self.keys[number]), part[DOC]) for number, part in parts]

    def _there(self, names: list[str]) -> list[str]:
        return [name for name in names if self.store.exists(name)]


def _on_part[T](
    store: Store, names: Sequence[str], part: Part, task: Callable[[pl.DataFrame], T]
) -> T | None:
    """What is sent to a worker: it reads the partition itself."""
    rows = read_sketches(store, names, part)
    return task(rows) if rows.height else None


def _on_texts[T](
    store: Store, spills: Sequence[tuple[str, pl.Series]], task: Callable[[pl.DataFrame], T]
) -> T:
    """What is sent to a worker: it reads the texts itself."""
    columns = [DOC_ID, TEXT]
    return task(pl.concat([p for at in spills for p in read_texts(store, *at, columns)]))


def settle(named: NamedStep, shards: Shards, fingerprint: str) -> None:
    """Have a global step rule, and lay its rulings down; the marker, last, tells which files."""
    assert isinstance(named.step, GlobalStep)
    names: list[str] = []
    for rulings in named.step.settle(shards):
        table = Table(shards.store, f"{_folder(fingerprint)}/{len(names):05d}", codec="lz4")
        table.add(ruled(named.label, rulings))
        if table.close() is not None:
            names.append(table.name)
    shards.store.put_json(settled(fingerprint), {"rulings": names})


def ruled(label: str, rulings: pl.DataFrame) -> pl.DataFrame:
    """A step's rulings with its name, in the order of documents."""
    signals = [name for name in rulings.columns if name not in FINDINGS]
    columns = [name for name in FINDINGS if name in rulings.columns]
    order = [name for name in (DOC, "rule", "start", "ref") if name in rulings.columns]
    by = [pl.lit(label).alias("step"), pl.lit("rule").alias("by")]
    return rulings.select(*columns, *signals, *by).sort(order, nulls_last=True)


def rulings_about(store: Store, fingerprint: str, shard: int) -> pl.DataFrame | None:
    """The rulings about one shard's documents, in their order; None where there are none at all."""
    told = store.get_json(settled(fingerprint)) or {"rulings": []}
    paths = [store.path(name) for name in told["rulings"]]
    if not paths:
        return None
    mine = pl.col(DOC).is_between(shard << SHARD_BITS, (shard + 1) << SHARD_BITS, closed="left")
    # what is ruled in two files follows in their order
    found = [pl.scan_parquet(path).filter(mine).collect() for path in paths]
    return pl.concat(found, how="diagonal").sort(DOC, maintain_order=True)


def settled(fingerprint: str) -> str:
    """The name of the marker that a global step has ruled."""
    return f"{_folder(fingerprint)}/done"


def _folder(fingerprint: str) -> str:
    return f"{STATE}/settled/{fingerprint}"


def repeated_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """New ids for all but the first document of each repeated id, of one key partition."""
    return numbered(rows.filter(rows["key"].is_duplicated()))


def numbered(ids: pl.DataFrame) -> pl.DataFrame:
    """``x``, ``x~2``, ``x~3`` in input order: the rows whose id has to change, with the new one.

    >>> docs = pl.Series("_doc", [1, 2, 3], pl.UInt64)
    >>> numbered(pl.DataFrame({"_doc": docs, "doc_id": ["x", "y", "x"]})).rows()
    [(3, 'x~2')]
    """
    nth = pl.int_range(1, pl.len() + 1).over(DOC_ID).alias("nth")
    again = ids.sort(DOC).select(DOC, DOC_ID, nth).filter(pl.col("nth") > 1)
    return again.select(DOC, pl.col(DOC_ID) + "~" + pl.col("nth").cast(pl.String))


def write_renames(store: Store, new: pl.DataFrame) -> dict[int, str]:
    """Lay new ids beside their shards; shard number to the name of what was laid."""
    names: dict[int, str] = {}
    for number, mine in _by_shard(new.sort(DOC)):
        table = Table(store, f"{STATE}/renames/{number:05d}", codec="lz4")
        table.add(mine)
        table.close()
        names[number] = table.name
    return names


def _by_shard(rows: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Rows sorted by document, shard by shard."""
    numbered = rows.with_columns((pl.col(DOC) // (1 << SHARD_BITS)).alias("_shard"))
    for part in numbered.partition_by("_shard", maintain_order=True):
        yield part["_shard"][0], part.drop("_shard")
