"""Who is like whom: equal keys linked to clusters, and the greedy choice of what is kept in each.

A cluster here is only a set of documents that have to be looked at together, for they are chained
by shared keys. Nothing is ever removed for being in one: only for being like a document that stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types

KEPT, GONE, DOUBTED = 0, 1, 2
REMOVABLE, KEEPER, HELD = 1, 2, 4
"""Roles, to be added: may be removed; may be what another one is removed for."""
MANY = 2


@kernel(frozen(types.uint64), array(types.uint8), array(types.boolean))
def repeated(keys: np.ndarray, counters: np.ndarray, out: np.ndarray) -> None:
    """Mark the keys that may occur twice: all that do, and few that do not.

    ``counters`` has a power of two of bytes and begins as zeros.
    """
    mask = np.uint64(len(counters) - 1)
    shift = np.uint64(20)
    for k in range(len(keys)):
        slot = (keys[k] ^ (keys[k] >> shift)) & mask
        counters[slot] += counters[slot] < MANY
    for k in range(len(keys)):
        slot = (keys[k] ^ (keys[k] >> shift)) & mask
        out[k] = counters[slot] == MANY


@helper
def _root(parent: np.ndarray, node: Int) -> Int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = np.int64(parent[node])
    return node


@kernel(frozen(types.uint64), frozen(types.uint32), array(types.uint32), array(types.boolean))
def link(keys: np.ndarray, nodes: np.ndarray, parent: np.ndarray, out: np.ndarray) -> None:
    """Join the nodes of each run of equal ascending keys; mark the rows of runs of two or more.

    A run in which only one node occurs, however often, is none. The root of a set is its least
    member, whatever the order of joining.
    """
    size = len(keys)
    at = 0
    while at < size:
        end = at + 1
        several = False
        while end < size and keys[end] == keys[at]:
            several |= nodes[end] != nodes[at]
            end += 1
        for k in range(at, end):
            out[k] = several
        if several:
            one = _root(parent, np.int64(nodes[at]))
            for k in range(at + 1, end):
                other = _root(parent, np.int64(nodes[k]))
                if one < other:
                    parent[other] = one
                else:
                    parent[one] = other
                    one = other
        at = end


@kernel(array(types.uint32))
def flatten(parent: np.ndarray) -> None:
    """Let every node point at its root itself."""
    for node in range(len(parent)):
        parent[node] = _root(parent, node)


@helper
def _shared(values: np.ndarray, left: Int, ends: Int, right: Int, closes: Int, least: Int) -> Int:
    """How many values two ascending runs share; -1 as soon as ``least`` cannot be reached."""
    found = np.int64(0)
    while left < ends and right < closes:
        if found + min(ends - left, closes - right) < least:
            return -1
        one = values[left]
        other = values[right]
        found += one == other
        left += one <= other
        right += other <= one
    return found if found >= least else -1


@kernel(
    frozen(types.uint64),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.int64),
    array(types.uint64),
    array(types.int32),
)
def lay(
    values: np.ndarray,
    offsets: np.ndarray,
    rows: np.ndarray,
    starts: np.ndarray,
    out: np.ndarray,
    sizes: np.ndarray,
) -> None:
    """Copy set ``k`` to where the room of row ``rows[k]`` starts, and note its size."""
    for k in range(len(rows)):
        row = rows[k]
        sizes[row] = offsets[k + 1] - offsets[k]
        for at in range(sizes[row]):
            out[starts[row] + at] = values[offsets[k] + at]


@kernel(frozen(types.uint64), frozen(types.uint32), array(types.int64), array(types.int32))
def deal(keys: np.ndarray, rows: np.ndarray, places: np.ndarray, out: np.ndarray) -> None:
    """Number the runs of equal keys, and write each row's numbers from ``places[row]`` on.

    Equal keys stand side by side. ``places`` is used up.
    """
    bucket = 0
    for k in range(len(keys)):
        bucket += k > 0 and keys[k] != keys[k - 1]
        out[places[rows[k]]] = bucket
        places[rows[k]] += 1


class Settings(NamedTuple):
    """How ``choose`` chooses.

    Attributes:
        sure: A document this similar to one that stays goes.
        doubt: From this similarity on it is to be looked at; equal to ``sure`` if none is.
        contained: Measure the share of the document's shingles that the other one has, in place of
            Jaccard's share of all shingles of both.
        most: Comparisons for one document.
    """

    sure: float
    doubt: float
    contained: bool
    most: int


def _nothing(dtype: type) -> np.ndarray:
    none = np.zeros(0, dtype)
    none.flags.writeable = False
    return none


class Known(NamedTuple):
    """What is known of pairs before sets are compared, by place; of no length if nothing is.

    Attributes:
        others: For each document one that it was compared with; -1.
        scores: How like they are.
        most: How like a document is at most to any better one of which this is known too;
            infinity where it is not known.
    """

    others: NDArray[np.int32] = _nothing(np.int32)
    scores: NDArray[np.float64] = _nothing(np.float64)
    most: NDArray[np.float64] = _nothing(np.float64)


class Sets(NamedTuple):
    """Each document's distinct shingles, ascending, by place: ``values[starts[k]:][:sizes[k]]``.

    What is ``known`` of a pair goes before what its sets say, which then may be estimates.
    """

    values: NDArray[np.uint64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int32]
    known: Known = Known()


class Keys(NamedTuple):
    """Which buckets each of a run of documents is in.

    ``buckets[starts[k]:starts[k + 1]]``: of document ``first + k``, no bucket twice.
    """

    first: int
    starts: NDArray[np.int64]
    buckets: NDArray[np.int32]


class Room(NamedTuple):
    """Scratch: the documents that stay, by bucket, and who stands for comparison.

    Attributes:
        stays: Up to so many documents of each bucket.
        filled: How many there are.
        full: Whether one more would have been there.
        votes: For each document of the run, the buckets it shares with the one looked at.
        candidates: Those with a vote.
    """

    stays: NDArray[np.int32]
    filled: NDArray[np.int32]
    full: NDArray[np.bool_]
    votes: NDArray[np.int32]
    candidates: NDArray[np.int32]


class Choice(NamedTuple):
    """What becomes of each document of a run.

    Attributes:
        state: ``KEPT``, ``GONE`` or ``DOUBTED``.
        other: The place, within the run, of the document that it is like; -1.
        score: How like they are.
        open: Whether it was not compared with all that share a bucket and stay.
    """

    state: NDArray[np.uint8]
    other: NDArray[np.int32]
    score: NDArray[np.float64]
    open: NDArray[np.bool_]


@helper
def _gather(k: Int, keys: Keys, room: Room) -> tuple[Int, bool]:
    """The documents that stay and share a bucket with document ``k``; whether some are not told."""
    count = 0
    cut = False
    for at in range(keys.starts[k], keys.starts[k + 1]):
        bucket = keys.buckets[at]
        cut = cut or bool(room.full[bucket])
        for slot in range(room.filled[bucket]):
            other = room.stays[bucket, slot]
            if room.votes[other] == 0:
                room.candidates[count] = other
                count += 1
            room.votes[other] += 1
    return count, cut


@helper
def _next(room: Room, done: Int, count: Int) -> Int:
    """Bring the candidate with the most votes, of those the first in rank, to place ``done``."""
    best = done
    for at in range(done + 1, count):
        one, other = room.candidates[at], room.candidates[best]
        more = room.votes[one] - room.votes[other]
        if more > 0 or (more == 0 and one < other):
            best = at
    chosen = np.int64(room.candidates[best])
    room.candidates[best] = room.candidates[done]
    room.candidates[done] = chosen
    return chosen


@helper
def _compare(sets: Sets, one: Int, other: Int, settings: Settings) -> float:
    """The similarity of two documents; -1 where it is below the doubt."""
    known = sets.known
    most = np.inf
    if len(known.others):
        if known.others[one] == other:
            return known.scores[one]
        if known.others[other] == one:
            return known.scores[other]
        if known.most[other] < np.inf:
            most = known.most[one]
    mine, theirs = np.int64(sets.sizes[one]), np.int64(sets.sizes[other])
    if settings.contained:
        least = np.int64(np.ceil(settings.doubt * mine - 1e-9))
    else:
        least = np.int64(np.ceil(settings.doubt / (1 + settings.doubt) * (mine + theirs) - 1e-9))
    if min(mine, theirs) < least:
        return -1.0
    begins, opens = sets.starts[one], sets.starts[other]
    shared = _shared(sets.values, begins, begins + mine, opens, opens + theirs, least)
    if shared < 0:
        return -1.0
    whole = mine if settings.contained else mine + theirs - shared
    return min(shared / whole, most)


@helper
def _judge(
    k: Int,
    count: Int,
    keys: Keys,
    sets: Sets,
    roles: np.ndarray,
    room: Room,
    settings: Settings,
    out: Choice,
) -> bool:
    """Compare a document with its candidates, until one takes it; whether all were compared."""
    best = 0.0
    for at in range(count):
        if at == settings.most:
            return False
        other = _next(room, at, count)
        score = _compare(sets, keys.first + k, keys.first + other, settings)
        if score < settings.doubt:
            continue
        # nothing goes for a document that a person may yet discard
        goes = score >= settings.sure and out.state[other] == KEPT and not roles[other] & HELD
        if goes or score > best:
            best = score
            out.other[k] = other
            out.score[k] = score
            out.state[k] = GONE if goes else DOUBTED
        if goes:
            return True
    return True


@helper
def _stay(k: Int, keys: Keys, room: Room) -> None:
    for at in range(keys.starts[k], keys.starts[k + 1]):
        bucket = keys.buckets[at]
        if room.filled[bucket] == room.stays.shape[1]:
            room.full[bucket] = True
            continue
        room.stays[bucket, room.filled[bucket]] = k
        room.filled[bucket] += 1


def choice_of(size: int) -> Choice:
    """Room for what becomes of so many documents: all are kept."""
    return Choice(
        np.zeros(size, np.uint8),
        np.full(size, -1, np.int32),
        np.zeros(size, np.float64),
        np.zeros(size, np.bool_),
    )


def room_for(keys: Keys, stays: int, buckets: int) -> Room:
    """Scratch for a run: so many documents that stay are remembered for each bucket."""
    size = len(keys.starts) - 1
    widest = int(np.diff(keys.starts).max(initial=0))
    return Room(
        np.zeros((buckets, stays), np.int32),
        np.zeros(buckets, np.int32),
        np.zeros(buckets, np.bool_),
        np.zeros(size, np.int32),
        np.zeros(widest * stays, np.int32),
    )


_SETTINGS = types.NamedTuple([types.float64, types.float64, types.boolean, types.int64], Settings)
_KNOWN = like(Known())
_SETS = types.NamedTuple(
    [frozen(types.uint64), frozen(types.int64), frozen(types.int32), _KNOWN], Sets
)
_KEYS = types.NamedTuple([types.int64, frozen(types.int64), frozen(types.int32)], Keys)
_SOME = Keys(0, np.zeros(2, np.int64), np.zeros(0, np.int32))


@kernel(
    _KEYS, _SETS, frozen(types.uint8), _SETTINGS, like(room_for(_SOME, 1, 1)), like(choice_of(1))
)
def choose(
    keys: Keys, sets: Sets, roles: np.ndarray, settings: Settings, room: Room, out: Choice
) -> None:
    """Go through a run of whole clusters in rank order; each stays unless it is like one that does.

    That is what the greedy policy means: no chain of likenesses carries anything away, and what is
    removed is like the very document that is named. What is only like one that is in review, or
    goes there, is doubted itself.
    """
    for k in range(len(keys.starts) - 1):
        if roles[k] & REMOVABLE:
            count, cut = _gather(k, keys, room)
            whole = _judge(k, count, keys, sets, roles, room, settings, out)
            for at in range(count):
                room.votes[room.candidates[at]] = 0
            out.open[k] = (cut or not whole) and out.state[k] == KEPT
        if roles[k] & KEEPER and out.state[k] != GONE:
            _stay(k, keys, room)
