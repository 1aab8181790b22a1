"""Finding equal keys: the one hash table that lines, paragraphs, words and n-grams share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, helper

MOST_SLOTS = 1 << 23
_HIGHEST = 0xFFFFFFFF


class Groups(NamedTuple):
    """Scratch of one table, and what it tells of each key.

    A slot holds ``base`` plus where its key was first seen. Every call moves ``base`` past all that
    was written before, so whatever is lower is a free slot and nothing needs clearing.

    Attributes:
        keys: The keys to group; the caller fills it.
        places: Where each key comes from; the caller's.
        first: For each key, the index of the first equal one.
        counts: At the index of a first key, how many are equal to it.
        marks: A note for each key; the caller's.
        slots: The table.
        sieve: Small counters; the caller's.
        base: What the next call begins at.
    """

    keys: NDArray[np.uint64]
    places: NDArray[np.int32]
    first: NDArray[np.int32]
    counts: NDArray[np.int32]
    marks: NDArray[np.int8]
    slots: NDArray[np.uint32]
    sieve: NDArray[np.uint8]
    base: NDArray[np.int64]


def group_room(size: Int) -> Groups:
    """Room to group ``size`` keys, in a table of at most 32 MiB whatever the size."""
    slots = 64
    while slots < 2 * size and slots < MOST_SLOTS:
        slots *= 2
    return Groups(
        np.empty(size, np.uint64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int8),
        np.zeros(slots, np.uint32),
        np.empty(2 * slots, np.uint8),
        np.ones(1, np.int64),
    )


@helper
def group(room: Groups, size: Int) -> None:
    """Fill ``first`` and ``counts`` for ``keys[:size]``, in parts when the table is too small."""
    keys, first, counts, slots = room.keys, room.first, room.counts, room.slots
    used = np.int64(64)
    shift = np.uint64(58)
    while used < size + (size >> 1) and used < len(slots):
        used *= 2
        shift -= np.uint64(1)
    parts = np.int64(1)
    while used * parts < size + (size >> 1):
        parts *= 2
    inside = np.uint64(parts - 1)
    last = np.uint64(used - 1)
    for part in range(parts):
        base = room.base[0]
        if base + size > _HIGHEST:
            slots[:] = 0
            base = np.int64(1)
        room.base[0] = base + size
        for k in range(size):
            key = keys[k]
            if key & inside != np.uint64(part):
                continue
            slot = key >> shift
            while True:
                head = np.int64(slots[slot]) - base
                if head < 0:
                    slots[slot] = np.uint32(base + k)
                    first[k] = k
                    counts[k] = 1
                    break
                if keys[head] == key:
                    first[k] = head
                    counts[head] += 1
                    break
                slot = (slot + np.uint64(1)) & last
