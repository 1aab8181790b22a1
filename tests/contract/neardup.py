"""A small, real near-duplicate step that lives in the tests: it proves the global protocol.

Documents are alike when the Jaccard similarity of their character shingles reaches ``min``. Pairs
are found without a miss by prefix filtering (Chaudhuri et al. 2006; Bayardo et al. 2007): two sets
that are alike share a shingle among the first few of a fixed order. Which are kept is decided
greedily in an order that follows from the ids: a document goes only if it is itself like one that
is kept, so a chain of likenesses never carries anything away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from math import ceil

import msgspec
import polars as pl

from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Merge, Opened, Sketch

SKETCH = pl.Schema({DOC: pl.UInt64, "key": pl.UInt64, "rank": pl.UInt64})
PAIRS = pl.Schema({"a": pl.UInt64, "b": pl.UInt64, "rank_a": pl.UInt64, "rank_b": pl.UInt64})
TEXTS = pl.Schema({DOC: pl.UInt64, DOC_ID: pl.String, TEXT: pl.String})
RULINGS = pl.Schema(
    {
        DOC: pl.UInt64,
        "rule": pl.String,
        "action": pl.UInt8,
        "score": pl.Float64,
        "kept": pl.UInt64,
        "neardup_score": pl.Float64,
    }
)


class Neardup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep no two documents that are alike, and drop none that is not like a kept one."""

    size: int = 5
    min: float = 0.7

    @property
    def promise(self) -> str:
        """What a run says when it merges."""
        return f"every pair alike by {self.min} is found"

    def open(self, assets: Assets) -> Opened:
        """After the rulings there is nothing left to do but to have the signal."""

        def fill(batch: Batch) -> Batch:
            if "neardup_score" in batch.signals.columns:
                return batch
            nothing = pl.repeat(None, batch.docs.height, dtype=pl.Float64, eager=True)
            return batch.with_signals({"neardup_score": nothing})

        return fill

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:
        """The first shingles of each text in the order of their hashes."""

        def sketch(batch: Batch) -> Sketch:
            rows: list[tuple[int, int, int]] = []
            ids = batch.docs.select(DOC, DOC_ID, TEXT).iter_rows()
            for doc, name, text in ids:
                own = sorted({digest(shingle) for shingle in shingles(text or "", self.size)})
                first = len(own) - ceil(self.min * len(own)) + 1 if own else 0
                rows += [(doc, key, digest(name)) for key in own[:first]]
            return Sketch(pl.DataFrame(rows, SKETCH, orient="row"), batch.docs.select(DOC, DOC_ID))

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Propose pairs partition by partition, verify them on the texts, rule once."""
        pairs = list(merge.each(self.propose))
        if not pairs:
            return
        distinct = pl.concat(pairs).unique(["a", "b"]).sort("a", "b")
        rulings = self.rule(self.verify(distinct, merge))
        names = pl.concat(list(merge.docs([DOC, DOC_ID]))).rename({DOC: "kept", DOC_ID: "ref"})
        yield rulings.join(names, on="kept", how="left").drop("kept")

    def propose(self, sketches: pl.DataFrame) -> pl.DataFrame:
        """Every two documents that share a shingle, the earlier in rank as ``b``."""
        left, right = (sketches.rename({DOC: name, "rank": f"rank_{name}"}) for name in ("a", "b"))
        both = left.join(right, on="key", how="inner")
        later = (pl.col("rank_a") > pl.col("rank_b")) | (
            (pl.col("rank_a") == pl.col("rank_b")) & (pl.col("a") > pl.col("b"))
        )
        return both.filter(later).select(PAIRS.names())

    def verify(self, pairs: pl.DataFrame, merge: Merge) -> pl.DataFrame:
        """The pairs whose texts really are alike."""
        asked = pl.concat([pairs["a"], pairs["b"].alias("a")])
        found = pl.concat([pl.DataFrame(schema=TEXTS), *merge.texts(asked)])
        sets = {doc: shingles(text or "", self.size) for doc, _, text in found.iter_rows()}
        scores = [jaccard(sets[a], sets[b]) for a, b in pairs.select("a", "b").iter_rows()]
        scored = pairs.with_columns(pl.Series("score", scores, pl.Float64))
        return scored.filter(pl.col("score") >= self.min)

    def rule(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Greedily by rank: a document goes if one it is like has been kept."""
        gone: dict[int, tuple[float, int]] = {}
        order = pairs.sort("rank_a", "a", "score", "rank_b", descending=[False, False, True, False])
        for a, b, score in order.select("a", "b", "score").iter_rows():
            if a not in gone and b not in gone:
                gone[a] = (score, b)
        rows = [
            (doc, "neardup.copy", int(Action.DROP), score, kept, score)
            for doc, (score, kept) in gone.items()
        ]
        return pl.DataFrame(rows, RULINGS, orient="row")


def shingles(text: str, size: int) -> frozenset[str]:
    """All runs of ``size`` characters; a shorter text is its own only one, an empty has none."""
    return frozenset(text[at : at + size] for at in range(max(1, len(text) - size + 1)) if text)


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared shingles over all shingles."""
    return len(one & other) / len(one | other)


def digest(value: str) -> int:
    """A 64-bit hash that is the same everywhere."""
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little")


def brute_force(texts: Iterable[tuple[str, str]], size: int, least: float) -> dict[str, str]:
    """What must come out, by comparing all with all: removed id to the id it is most like."""
    ranked = sorted(texts, key=lambda told: digest(told[0]))
    kept: list[tuple[str, frozenset[str]]] = []
    gone: dict[str, str] = {}
    for name, text in ranked:
        own = shingles(text, size)
        alike = [
            (-score, at)
            for at, (_, other) in enumerate(kept)
            if own and other and (score := jaccard(own, other)) >= least
        ]
        if alike:
            gone[name] = kept[min(alike)[1]][0]
        else:
            kept.append((name, own))
    return gone
