"""Which documents share a key with another one, and the clusters they form.

Only these are ever ranked, read again and compared; in most corpora they are the smaller part.
Memory: five bytes for each document, and one key partition.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.types import DOC, Merge

MOST = (1 << 32) - 1
_SHARD_BITS = np.uint64(32)
_ROW = np.uint64(MOST)


class Numbering(NamedTuple):
    """Documents as numbers without gaps between shards, for arrays: *nodes*.

    Attributes:
        first: The node of each shard's first document; one more, the number of nodes, at the end.
        documents: How many documents were sketched; some nodes may be nobody's.
    """

    first: NDArray[np.int64]
    documents: int

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return int(self.first[-1])

    def nodes(self, docs: pl.Series) -> NDArray[np.uint32]:
        """The nodes of some documents."""
        numbers = docs.to_numpy()
        shards = self.first[numbers >> _SHARD_BITS]
        return (shards + (numbers & _ROW).astype(np.int64)).astype(np.uint32)

    def docs(self, nodes: NDArray[np.uint32]) -> pl.Series:
        """The documents of some nodes."""
        shards = np.searchsorted(self.first, nodes, side="right") - 1
        rows = nodes - self.first[shards]
        return pl.Series(DOC, (shards.astype(np.uint64) << _SHARD_BITS) | rows.astype(np.uint64))


class Hits(NamedTuple):
    """One partition's keys that several documents have: the key and the node of each."""

    keys: Path
    nodes: Path
    rows: int

    def load(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """Both columns."""
        return np.load(self.keys), np.load(self.nodes)


class Linked(NamedTuple):
    """Clusters of a corpus.

    Attributes:
        numbering: Documents to nodes.
        roots: For each node, one that stands for its cluster; itself if it is alone.
        members: Whether a node is in a cluster of two or more.
        hits: What links them, by partition.
    """

    numbering: Numbering
    roots: NDArray[np.uint32]
    members: NDArray[np.bool_]
    hits: list[Hits]


def number(merge: Merge) -> Numbering:
    """Number the documents that were sketched.

    Raises:
        InputError: There are more than 4,294,967,295.
    """
    sizes: dict[int, int] = {}
    documents = 0
    for docs in merge.docs([DOC]):
        documents += docs.height
        numbers = docs[DOC].to_numpy()
        shards, at = np.unique(numbers >> _SHARD_BITS, return_index=True)
        ends = np.append(at[1:], len(numbers)) - 1
        sizes.update(zip(shards.tolist(), ((numbers[ends] & _ROW) + 1).tolist(), strict=True))
    every = np.zeros(max(sizes, default=-1) + 1, np.int64)
    every[list(sizes)] = list(sizes.values())
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(every)])
    if first[-1] > MOST:
        raise InputError(
            f"{first[-1]} documents are more than one machine's merge can number",
            where="duplicates",
            hint="deduplicate parts first, and their kept documents together",
        )
    return Numbering(first, documents)


def link(merge: Merge, numbering: Numbering, folder: Path) -> Linked:
    """Join all documents that share a key: workers look for those, and they are joined here."""
    from dataqa.kernels import clusters  # noqa: PLC0415 - compiled code, when it is needed

    parent = np.arange(numbering.size, dtype=np.uint32)
    members = np.zeros(numbering.size, np.bool_)
    hits: list[Hits] = []
    told = merge.each(partial(_shared, numbering=numbering))
    for part, (again, others) in enumerate(told):
        several = np.zeros(len(again), np.bool_)
        clusters.link(again, others, parent, several)
        keys, nodes = again[several], others[several]
        members[nodes] = True
        found = Hits(folder / f"{part:05d}.keys.npy", folder / f"{part:05d}.nodes.npy", len(keys))
        np.save(found.keys, keys)
        np.save(found.nodes, nodes)
        hits.append(found)
    clusters.flatten(parent)
    return Linked(numbering, parent, members, hits)


def _shared(
    rows: pl.DataFrame, numbering: Numbering
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Keys of one partition that occur again, ascending, and the node of each."""
    keys = rows["key"].to_numpy()
    again = repeated(keys)
    return keys[again], numbering.nodes(rows[DOC].gather(again))


def repeated(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The rows whose key occurs again, sorted by key.

    Most keys are alone, and a filter of two bits for each says so: what is left is a cheap sort.
    """
    from dataqa.kernels import clusters  # noqa: PLC0415 - compiled code, when it is needed

    size = 1 << max(10, (4 * len(keys)).bit_length())
    again = np.zeros(len(keys), np.bool_)
    clusters.repeated(keys, np.zeros(size, np.uint8), again)
    left = np.flatnonzero(again)
    left = left[np.argsort(keys[left], kind="stable")]
    same = np.zeros(len(left) + 1, np.bool_)
    same[1:-1] = keys[left][1:] == keys[left][:-1]
    return left[same[1:] | same[:-1]]
