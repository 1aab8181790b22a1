"""Of documents whose embeddings are alike one stays: nearest neighbours among those that stay.

Documents come in the order of the keep policy. Each is compared with its approximate nearest
neighbours among those that stay (usearch's HNSW; Malkov and Yashunin 2018); like none of them, it
stays itself and enters the graph. So a document goes only for one that stays, a million copies of
one page cost one place in the graph, and no pair is ever listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.choose import Chosen
from dataqa.duplicates.embeddings import LEVELS
from dataqa.duplicates.links import Linked, number
from dataqa.duplicates.ranks import Ranked, ranked
from dataqa.duplicates.rulings import (
    COPIES,
    FEW,
    STANDS,
    Policy,
    alarm,
    ids_of,
    roles_of,
    told,
    wanted,
    with_refs,
)
from dataqa.kernels.clusters import DOUBTED, GONE, HELD, KEEPER, KEPT, REMOVABLE
from dataqa.types import DOC, Action, Merge

EMBEDDING, UNCOMPARED = "embedding", "uncompared"
CONNECTIVITY, EXPANSION = 16, 64
"""Of the graph: links of a document, and documents looked at while one is added or searched."""
NEIGHBOURS = 8
"""Compared with each document; the nearest of them would do, were the graph's order exact."""
BLOCK = 1024
"""Documents looked up at a time; among themselves they are compared all with all."""
_FRAME = 1 << 18
_SPARE = 1e-12
_EXACT_IN_FLOAT32 = (1 << 24) // LEVELS**2


class Nearest(NamedTuple):
    """What becomes of each member, by row of ``Ranked``.

    Attributes:
        states: ``KEPT``, ``GONE`` or ``DOUBTED``.
        others: The row of the document that it is like and that stays.
        scores: The cosine similarity of the two.
        copies: How many documents it stands for, itself included.
    """

    states: NDArray[np.uint8]
    others: NDArray[np.int64]
    scores: NDArray[np.float64]
    copies: NDArray[np.int64]


def nearest_rulings(merge: Merge, policy: Policy) -> Iterator[pl.DataFrame]:
    """Rule over a corpus by the embeddings of its documents.

    Raises:
        BoundError: One document would stand for more than the share ``largest``.
    """
    linked = _everyone(merge)
    yield from _uncompared(merge, policy)
    members = ranked(merge, linked, policy.wishes, wanted(policy))
    if not members.rows.height:
        return
    with merge.scratch() as folder:
        vectors = lay_vectors(merge, linked, members, folder)
        found = choose(vectors, roles_of(members, policy), members.rows[STANDS].to_numpy(), policy)
    documents = linked.numbering.documents
    counts = 1 + np.bincount(found.others[found.states == GONE], minlength=members.rows.height)
    if counts.max() > max(FEW, policy.largest * documents):
        most = np.arange(members.rows.height) == counts.argmax()
        raise alarm(counts, documents, ids_of(merge, linked, members, most), policy)
    named = np.zeros(members.rows.height, np.bool_)
    named[found.others[found.states != KEPT]] = True
    ids = ids_of(merge, linked, members, named)
    for rows in _told(found, members, policy):
        yield with_refs(rows, ids)


def _everyone(merge: Merge) -> Linked:
    """All documents that have an embedding as one cluster: there are no keys to part them by."""
    numbering = number(merge)
    members = np.zeros(numbering.size, np.bool_)
    for docs in merge.docs([DOC, EMBEDDING]):
        members[numbering.nodes(docs[DOC])] = docs[EMBEDDING].is_not_null().to_numpy()
    return Linked(numbering, np.zeros(numbering.size, np.uint32), members, [])


def lay_vectors(merge: Merge, linked: Linked, members: Ranked, folder: Path) -> NDArray[np.int8]:
    """All embeddings in a file, each at its member's row; the system keeps or drops its pages."""
    vectors: NDArray[np.int8] | None = None
    for docs in merge.docs([DOC, EMBEDDING]):
        mine = docs.drop_nulls(EMBEDDING)
        if not mine.height:
            continue
        values = np.frombuffer(b"".join(mine[EMBEDDING]), np.int8).reshape(mine.height, -1)
        if vectors is None:
            vectors = np.lib.format.open_memmap(
                folder / "vectors.npy",
                mode="w+",
                dtype=np.int8,
                shape=(members.rows.height, values.shape[1]),
            )
        vectors[members.places[linked.numbering.nodes(mine[DOC])]] = values
    assert vectors is not None
    return vectors


def choose(
    vectors: NDArray[np.int8],
    roles: NDArray[np.uint8],
    stands: NDArray[np.int64],
    policy: Policy,
) -> Nearest:
    """Go through members, the best first, and keep those that are like none kept before."""
    from usearch.index import Index  # noqa: PLC0415 - an extra

    index: Any = Index(
        ndim=vectors.shape[1],
        metric="cos",
        dtype="i8",
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION,
        expansion_search=EXPANSION,
    )
    size = len(vectors)
    found = Nearest(
        np.zeros(size, np.uint8),
        np.full(size, -1, np.int64),
        np.zeros(size),
        stands.copy(),
    )
    for first in range(0, size, BLOCK):
        block = np.array(vectors[first : first + BLOCK])
        others, scores = _looked_up(index, block, vectors)
        _judge(first, block, roles, others, scores, policy, found)
        mine = slice(first, first + len(block))
        gone = found.states[mine] == GONE
        np.add.at(found.copies, found.others[mine][gone], stands[mine][gone])
        stay = np.flatnonzero(~gone & ((roles[mine] & KEEPER) > 0))
        # by one thread, in order: the graph depends on who enters when
        index.add(stay + first, block[stay], threads=1)
    gone = found.states == GONE
    found.copies[gone] = found.copies[found.others[gone]]
    return found


def _looked_up(
    index: Any, block: NDArray[np.int8], vectors: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of a block the most similar of its neighbours in the graph, and how similar."""
    count = min(NEIGHBOURS, len(index))
    if not count:
        return np.full(len(block), -1, np.int64), np.full(len(block), -1.0)
    keys = index.search(block, count).keys.astype(np.int64).reshape(len(block), count)
    scores = np.empty(keys.shape)
    for column in range(count):
        scores[:, column] = cosines(block, vectors[keys[:, column]])
    best = scores.max(axis=1)
    others = np.where(scores == best[:, None], keys, np.iinfo(np.int64).max).min(axis=1)
    return others, best


def _judge(
    first: int,
    block: NDArray[np.int8],
    roles: NDArray[np.uint8],
    others: NDArray[np.int64],
    scores: NDArray[np.float64],
    policy: Policy,
    found: Nearest,
) -> None:
    """Settle a block in order, with the documents of it that stay as neighbours too.

    What is most like a document that a person may yet discard is doubted, not gone.
    """
    sure, doubt = policy.sure - _SPARE, policy.doubt - _SPARE
    mine = roles[first : first + len(block)]
    among = np.tril(all_cosines(block), -1)
    among[:, (mine & KEEPER) == 0] = -1
    among[among < doubt] = -1
    removable = (mine & REMOVABLE) > 0
    for k in np.flatnonzero(removable & ((scores >= doubt) | (among.max(axis=1) >= doubt))):
        near = int(among[k].argmax())
        score, other = float(scores[k]), int(others[k])
        if among[k, near] > score:
            score, other = float(among[k, near]), first + near
        if score < doubt:
            continue
        certain = found.states[other] == KEPT and not roles[other] & HELD
        gone = score >= sure and certain
        found.states[first + k] = GONE if gone else DOUBTED
        found.others[first + k], found.scores[first + k] = other, score
        if gone:
            among[:, k] = -1


def cosines(these: NDArray[np.int8], those: NDArray[np.int8]) -> NDArray[np.float64]:
    """The cosine similarity of each row of ``these`` to the same row of ``those``: exact sums."""
    left, right = these.astype(np.int32), those.astype(np.int32)
    dots = np.einsum("ij,ij->i", left, right).astype(np.float64)
    return dots / np.sqrt(np.einsum("ij,ij->i", left, left) * _lengths(right))


def _lengths(values: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.einsum("ij,ij->i", values, values).astype(np.float64)


def all_cosines(block: NDArray[np.int8]) -> NDArray[np.float64]:
    """The cosine similarities of all rows to all.

    The products' sums are whole numbers that the floats hold exactly, in whatever order a matrix
    product adds them up.
    """
    kind = np.float32 if block.shape[1] <= _EXACT_IN_FLOAT32 else np.float64
    values = block.astype(kind)
    dots = (values @ values.T).astype(np.float64)
    lengths = np.diagonal(dots)
    return dots / np.sqrt(lengths[:, None] * lengths)


def _told(found: Nearest, members: Ranked, policy: Policy) -> Iterator[pl.DataFrame]:
    """Findings, and copies of those that stay, a bounded number of rows at a time."""
    size = len(found.states)
    for at in range(0, size, _FRAME):
        states = found.states[at : at + _FRAME]
        rows = np.flatnonzero(states != KEPT) + at
        alone = np.flatnonzero((states == KEPT) & (found.copies[at : at + _FRAME] > 1)) + at
        chosen = Chosen(
            first=0,
            size=size,
            rows=rows,
            others=found.others[rows],
            states=found.states[rows],
            scores=found.scores[rows],
            open=np.zeros(0, np.int64),
        )
        yield told(chosen, alone, found.copies, members, policy)


def _uncompared(merge: Merge, policy: Policy) -> Iterator[pl.DataFrame]:
    """Findings about documents that have tokens, but too few that the model knows."""
    for docs in merge.docs([DOC, UNCOMPARED]):
        rows = docs.filter(pl.col(UNCOMPARED)).select(
            DOC,
            rule=pl.lit(f"{policy.rule}.uncompared"),
            action=pl.lit(int(Action.KEEP), pl.UInt8),
            detail=pl.lit("the model knows less than half of its tokens"),
        )
        if rows.height:
            yield rows.with_columns(pl.lit(1, pl.Int64).alias(COPIES))
