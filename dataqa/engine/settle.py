"""Between two stages: what only all documents together can tell.

Sketches are merged one key partition at a time; a global step proposes pairs, verifies them on the
texts and rules once; rulings are laid beside their shard. Repeated ids are settled the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from dataqa.engine.onward import ids_of, sketched, spilled
from dataqa.io.sinks import Table
from dataqa.io.spill import Part, read_sketches, read_texts
from dataqa.io.store import STATE, Store
from dataqa.pipeline import NamedStep
from dataqa.types import DOC, DOC_ID, FINDINGS, TEXT, GlobalStep

SHARD_BITS = 32
_AT_ONCE = 2_000_000
"""Pairs verified at a time."""


class Shards(NamedTuple):
    """The finished shards of a stage: shard number to the key of what it left in the store."""

    store: Store
    keys: dict[int, str]

    def named(self, name: str, wanted: Sequence[int] | None = None) -> list[str]:
        """The names of one kind of object, of those shards that have it, by shard."""
        kinds = {"sketch": sketched, "ids": ids_of}
        numbers = sorted(self.keys) if wanted is None else wanted
        names = (kinds[name](self.keys[number]) for number in numbers)
        return [found for found in names if self.store.exists(found)]

    def look_up(self, docs: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of some documents, by number, from the spills; one row for each distinct one."""
        distinct = docs.unique().sort().to_frame(DOC)
        found = [
            read_texts(self.store, spilled(self.keys[number]), part[DOC], columns)
            for number, part in _by_shard(distinct)
        ]
        empty = pl.DataFrame(schema={DOC: pl.UInt64, **dict.fromkeys(columns, pl.String)})
        return pl.concat([empty, *found])


def propose(step: GlobalStep, shards: Shards, part: Part) -> pl.DataFrame:
    """The pairs that one key partition's sketches propose."""
    sketches = read_sketches(shards.store, shards.named("sketch"), part)
    return step.propose(sketches) if sketches.height else pl.DataFrame()


def verify(step: GlobalStep, shards: Shards, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that hold on the texts, a bounded number at a time."""
    distinct = pairs.unique(["a", "b"], keep="first", maintain_order=True).sort("a", "b")

    def texts(docs: pl.Series) -> pl.DataFrame:
        return shards.look_up(docs, [DOC_ID, TEXT])

    held = [
        step.verify(distinct.slice(at, _AT_ONCE), texts)
        for at in range(0, distinct.height, _AT_ONCE)
    ]
    return pl.concat(held) if held else distinct


def rule(named: NamedStep, shards: Shards, pairs: pl.DataFrame) -> pl.DataFrame:
    """The step's rulings, sorted by document, the other document named by its public id."""
    assert isinstance(named.step, GlobalStep)
    rulings = named.step.rule(pairs).with_columns(pl.lit(named.label).alias("step"))
    rulings = rulings.with_columns(pl.lit("rule").alias("by"))
    if "ref_doc" in rulings.columns:
        asked = rulings["ref_doc"].drop_nulls()
        ids = shards.look_up(asked, [DOC_ID]).rename({DOC: "ref_doc", DOC_ID: "ref"})
        rulings = rulings.join(ids, on="ref_doc", how="left", maintain_order="left").drop("ref_doc")
    order = [DOC, *(name for name in ("rule", "ref", "start") if name in rulings.columns)]
    return rulings.sort(order, nulls_last=True)


def write_rulings(store: Store, fingerprint: str, rulings: pl.DataFrame) -> None:
    """Lay rulings beside their shards; the marker, last, says that they are complete."""
    signals = [name for name in rulings.columns if name not in FINDINGS]
    columns = [name for name in FINDINGS if name in rulings.columns]
    rows = rulings.select(*columns, *signals)
    for number, mine in _by_shard(rows):
        table = Table(store, rulings_of(fingerprint, number).removesuffix(".parquet"), codec="lz4")
        table.add(mine)
        table.close()
    store.put_json(settled(fingerprint), {"rulings": rulings.height})


def rulings_of(fingerprint: str, shard: int) -> str:
    """The name of the rulings about one shard's documents."""
    return f"{STATE}/settled/{fingerprint}/{shard:05d}.parquet"


def settled(fingerprint: str) -> str:
    """The name of the marker that a global step has ruled."""
    return f"{STATE}/settled/{fingerprint}/done"


def renames(shards: Shards, part: Part) -> pl.DataFrame:
    """New ids for all but the first document of each repeated id, of one key partition."""
    rows = read_sketches(shards.store, shards.named("ids"), part)
    if not rows.height:
        return pl.DataFrame(schema={DOC: pl.UInt64, DOC_ID: pl.String})
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
