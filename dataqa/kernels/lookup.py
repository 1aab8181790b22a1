"""Looking signatures up by their keys: in sorted tables, and among those that came just before.

For one key of one document at most so many entries are looked at, the oldest first: how many are
left of it is counted on from table to table, so that it does not matter how entries are spread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import finish, of_bytes
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types

_ID = np.uint64(0x6A09E667F3BCC909)
"""Sets the keys of ids apart from those of bands."""


class Limits(NamedTuple):
    """What a search is bounded by.

    Attributes:
        least: Equal places from which on two signatures are similar.
        most: Entries looked at for one key of a document.
        rows: Places of a band.
    """

    least: int
    most: int
    rows: int


class Recent(NamedTuple):
    """Entries in the order in which they came, and a hash table of their keys.

    Entries of one key are chained from the oldest on; link ``bands * entry + band`` belongs to a
    band of an entry.

    Attributes:
        slots: The key in each slot; a power of two of them.
        heads: Its first link, -1 where the slot is free.
        tails: Its last link.
        following: The next link of each, -1 for none.
        keys: The keys of each entry.
        values: The signature of each entry.
        size: How many entries there are.
    """

    slots: NDArray[np.uint64]
    heads: NDArray[np.int32]
    tails: NDArray[np.int32]
    following: NDArray[np.int32]
    keys: NDArray[np.uint64]
    values: NDArray[np.uint32]
    size: NDArray[np.int64]


def recent_room(entries: int, bands: int, permutations: int) -> Recent:
    """Room for so many entries."""
    slots = 64
    while slots < 2 * entries * bands:
        slots *= 2
    return Recent(
        np.zeros(slots, np.uint64),
        np.full(slots, -1, np.int32),
        np.zeros(slots, np.int32),
        np.full(entries * bands, -1, np.int32),
        np.zeros((entries, bands), np.uint64),
        np.zeros((entries, permutations), np.uint32),
        np.zeros(1, np.int64),
    )


_LIMITS = like(Limits(1, 1, 1))
_RECENT = like(recent_room(1, 1, 1))


@helper
def _shared(one: np.ndarray, other: np.ndarray) -> Int:
    total = np.int64(0)
    for k in range(len(one)):
        total += one[k] == other[k]
    return total


@helper
def _met_before(
    one: np.ndarray, other: np.ndarray, band: Int, limits: Limits, used: np.ndarray
) -> bool:
    """Whether the two were compared already, for an earlier band that is not used up."""
    for earlier in range(band):
        if used[earlier] < limits.most:
            same = True
            for k in range(earlier * limits.rows, (earlier + 1) * limits.rows):
                if one[k] != other[k]:
                    same = False
                    break
            if same:
                return True
    return False


@helper
def _first_at_least(keys: np.ndarray, low: Int, high: Int, key: np.uint64) -> Int:
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(
    frozen(types.int64),
    frozen(types.uint64),
    frozen(types.uint32),
    frozen(types.uint32, 2),
    frozen(types.boolean),
    frozen(types.uint64, 2),
    frozen(types.uint32, 2),
    _LIMITS,
    array(types.int64, 2),
    types.int64,
    array(types.int64),
    array(types.int64),
    array(types.int64),
)
def probe(
    directory: np.ndarray,
    keys: np.ndarray,
    rows: np.ndarray,
    values: np.ndarray,
    gone: np.ndarray,
    asked_keys: np.ndarray,
    asked: np.ndarray,
    limits: Limits,
    used: np.ndarray,
    first: Int,
    docs: np.ndarray,
    found: np.ndarray,
    shares: np.ndarray,
) -> tuple[Int, Int]:
    """Find the entries of a sorted table that are similar to documents.

    Args:
        directory: Where keys of each highest bits begin, and the end.
        keys: Ascending.
        rows: The entry of each key, ascending among equal ones.
        values: The signature of each entry.
        gone: Entries that do not count any more; empty if there are none.
        asked_keys: The keys of each document, one for each band.
        asked: The signature of each document.
        limits: What bounds the search.
        used: For each key of a document, how many entries were looked at so far.
        first: The document to begin with.
        docs: Filled with documents; a pair may come twice.
        found: Filled with the entry that each is similar to.
        shares: Filled with how many places are equal.

    Returns:
        The document to go on with, and how many pairs were filled in: it stops where the next
        document might find no room. -1 where the table points outside of itself: it is damaged.
    """
    bands = asked_keys.shape[1]
    bits = np.int64(0)
    while (np.int64(1) << bits) < len(directory) - 1:
        bits += 1
    shift = np.uint64(64 - bits)
    filled = np.int64(0)
    for d in range(first, len(asked)):
        if filled + bands * limits.most > len(docs):
            return np.int64(d), filled
        for band in range(bands):
            key = asked_keys[d, band]
            bucket = key >> shift
            end = np.int64(directory[bucket + np.uint64(1)])
            if directory[bucket] < 0 or end > len(keys):
                return np.int64(-1), filled
            at = _first_at_least(keys, np.int64(directory[bucket]), end, key)
            while at < end and keys[at] == key and used[d, band] < limits.most:
                row = np.int64(rows[at])
                if row >= len(values):
                    return np.int64(-1), filled
                at += 1
                if len(gone) and gone[row]:
                    continue
                used[d, band] += 1
                if _met_before(asked[d], values[row], band, limits, used[d]):
                    continue
                shared = _shared(asked[d], values[row])
                if shared >= limits.least:
                    docs[filled] = d
                    found[filled] = row
                    shares[filled] = shared
                    filled += 1
    return np.int64(len(asked)), filled


@helper
def _slot(room: Recent, key: np.uint64) -> Int:
    mask = np.uint64(len(room.slots) - 1)
    slot = key & mask
    while room.heads[slot] >= 0 and room.slots[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return np.int64(slot)


@kernel(
    _RECENT,
    frozen(types.uint64, 2),
    frozen(types.uint32, 2),
    frozen(types.boolean),
    _LIMITS,
    array(types.int64, 2),
    types.int64,
    array(types.int64),
    array(types.int64),
)
def admit(
    room: Recent,
    asked_keys: np.ndarray,
    asked: np.ndarray,
    fresh: np.ndarray,
    limits: Limits,
    used: np.ndarray,
    first: Int,
    found: np.ndarray,
    shares: np.ndarray,
) -> Int:
    """Compare documents with recent entries, and make fresh ones that are like none an entry.

    Args:
        room: The entries.
        asked_keys: The keys of each document.
        asked: The signature of each document.
        fresh: Whether a document may become an entry.
        limits: What bounds the search.
        used: For each key of a document, how many entries were looked at so far.
        first: The document to begin with.
        found: Filled with the most similar entry, the oldest of them; -1 for none.
        shares: Filled with how many places it shares.

    Returns:
        The document to go on with: it stops before one for whose entry there is no room.
    """
    bands = asked_keys.shape[1]
    for d in range(first, len(asked)):
        if room.size[0] == len(room.values):
            return np.int64(d)
        best, nearest = np.int64(limits.least - 1), np.int64(-1)
        for band in range(bands):
            slot = _slot(room, asked_keys[d, band])
            link = np.int64(room.heads[slot])
            while link >= 0 and used[d, band] < limits.most:
                used[d, band] += 1
                entry = link // bands
                shared = _shared(asked[d], room.values[entry])
                if shared > best or (shared == best and entry < nearest):
                    best, nearest = shared, entry
                link = np.int64(room.following[link])
        found[d] = nearest
        shares[d] = best if nearest >= 0 else 0
        if fresh[d] and nearest < 0:
            entry = room.size[0]
            room.size[0] = entry + 1
            for k in range(asked.shape[1]):
                room.values[entry, k] = asked[d, k]
            for band in range(bands):
                room.keys[entry, band] = asked_keys[d, band]
                slot = _slot(room, asked_keys[d, band])
                link = entry * bands + band
                if room.heads[slot] < 0:
                    room.heads[slot] = link
                    room.slots[slot] = asked_keys[d, band]
                else:
                    room.following[room.tails[slot]] = link
                room.tails[slot] = link
    return np.int64(len(asked))


@kernel(frozen(types.uint8), frozen(types.int64), array(types.uint64))
def id_keys(data: np.ndarray, offsets: np.ndarray, out: np.ndarray) -> None:
    """Fill the key of each id."""
    for k in range(len(out)):
        out[k] = finish(of_bytes(data, offsets[k], offsets[k + 1]) ^ _ID)
