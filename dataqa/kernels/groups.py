"""Finding equal keys: the one hash table that lines, paragraphs, words and n-grams share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import helper

MOST_SLOTS = 1 << 21
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


class Groups(NamedTuple):
    """Scratch of one table, and what it tells of each key.

    A slot holds a key and, in one word, the stamp of the call that wrote it and where the key was
    first seen. A call takes a new stamp, so that nothing is ever cleared.

    Attributes:
        keys: The keys to group; the caller fills it.
        places: Where each key comes from; the caller's.
        first: For each key, the index of the first equal one.
        count: At the index of a first key, how many are equal to it.
        marks: A stamp for each key; the caller's.
        slots: The table, two words a slot.
        stamp: The last stamp taken.
    """

    keys: NDArray[np.uint64]
    places: NDArray[np.int32]
    first: NDArray[np.int32]
    count: NDArray[np.int32]
    marks: NDArray[np.int64]
    slots: NDArray[np.uint64]
    stamp: NDArray[np.int64]


def group_room(size: int) -> Groups:
    """Room to group ``size`` keys, in a table of at most 32 MiB whatever the size."""
    slots = 64
    while slots < 2 * size and slots < MOST_SLOTS:
        slots *= 2
    return Groups(
        np.empty(size, np.uint64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.zeros(size, np.int64),
        np.zeros(2 * slots, np.uint64),
        np.zeros(1, np.int64),
    )


@helper
def group(room: Groups, size: int) -> None:
    """Fill ``first`` and ``count`` for ``keys[:size]``, in parts when the table is too small."""
    slots = np.int64(64)
    shift = np.uint64(58)
    most = len(room.slots) // 2
    while slots < size + (size >> 1) and slots < most:
        slots *= 2
        shift -= np.uint64(1)
    parts = np.int64(1)
    while slots * parts < size + (size >> 1):
        parts *= 2
    inside = np.uint64(parts - 1)
    last = slots - 1
    for part in range(parts):
        room.stamp[0] += 1
        stamp = np.uint64(room.stamp[0])
        for k in range(size):
            key = room.keys[k]
            if key & inside != np.uint64(part):
                continue
            slot = np.int64(key >> shift)
            while True:
                held = room.slots[2 * slot + 1]
                if held >> _32 != stamp:
                    room.slots[2 * slot] = key
                    room.slots[2 * slot + 1] = stamp << _32 | np.uint64(k)
                    room.first[k] = k
                    room.count[k] = 1
                    break
                if room.slots[2 * slot] == key:
                    head = np.int64(held & _LOW)
                    room.first[k] = head
                    room.count[head] += 1
                    break
                slot = (slot + 1) & last
