"""Counts over characters: kinds, members of a set, and repeated n-grams of characters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.groups import Groups, group, group_room
from dataqa.kernels.hashing import finish
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.tables import KIND, PLANES
from dataqa.kernels.tokens import decode, width

_BASE = np.uint64(0x9E3779B97F4A7C15)


class CharGrams(NamedTuple):
    """Repetition of n-grams of characters.

    Attributes:
        grams: All of them, overlapping.
        repeated: Those that occur twice or more, every occurrence counted.
        frequent: Occurrences of the ``sqrt(distinct)`` most frequent ones that occur twice or more
            (the measure of data-juicer and BLOOM).
    """

    grams: NDArray[np.int64]
    repeated: NDArray[np.int64]
    frequent: NDArray[np.int64]


@helper
def _kind_of(code: Int, table: np.ndarray) -> Int:
    if code < PLANES:
        return np.int64(table[code])
    if code < 0x323B0:
        return KIND.rare_han
    if 0xE0100 <= code < 0xE01F0:
        return KIND.mark
    return KIND.other


@kernel(frozen(types.uint8), frozen(types.int64), frozen(types.uint8), array(types.int64, 2))
def count_kinds(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint8],
    out: NDArray[np.int64],
) -> None:
    """Count the characters of each document by kind, into rows of zeros."""
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        row = out[d]
        at = 0
        size = len(text)
        while at < size:
            byte = text[at]
            if byte < 0x80:
                row[table[byte]] += 1
                at += 1
            else:
                row[_kind_of(decode(text, at), table)] += 1
                at += width(byte)


@kernel(frozen(types.uint8), frozen(types.int64), frozen(types.boolean), array(types.int64))
def count_members(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    members: NDArray[np.bool_],
    out: NDArray[np.int64],
) -> None:
    """Count the characters of each document that are true in ``members`` (by code point)."""
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        total = 0
        at = 0
        while at < len(text):
            code = decode(text, at)
            if code < len(members) and members[code]:
                total += 1
            at += width(text[at])
        out[d] = total


@helper
def _roll(text: np.ndarray, n: Int, keys: np.ndarray) -> Int:
    """Write the hash of every n-gram of characters; how many there are."""
    leaving = np.uint64(1)
    for _ in range(n):
        leaving *= _BASE
    state = np.uint64(0)
    at = tail = count = 0
    seen = 0
    while at < len(text):
        state = state * _BASE + np.uint64(decode(text, at) + 1)
        at += width(text[at])
        seen += 1
        if seen > n:
            state -= leaving * np.uint64(decode(text, tail) + 1)
            tail += width(text[tail])
        if seen >= n:
            keys[count] = finish(state)
            count += 1
    return count


@helper
def _frequent(room: Groups, count: Int) -> Int:
    """Occurrences of the most frequent n-grams, as many as the root of the distinct ones."""
    distinct = single = most = np.int64(0)
    for k in range(count):
        if room.first[k] == k:
            distinct += 1
            single += room.counts[k] == 1
            most = max(most, np.int64(room.counts[k]))
    # how many n-grams occur so often, in places that nothing else needs any more
    for k in range(most + 1):
        room.places[k] = 0
    for k in range(count):
        if room.first[k] == k:
            room.places[room.counts[k]] += 1
    left = min(np.int64(np.sqrt(np.float64(distinct))), distinct - single)
    total = np.int64(0)
    often = most
    while left > 0 and often > 0:
        taken = min(left, np.int64(room.places[often]))
        total += taken * often
        left -= taken
        often -= 1
    return total


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    types.int64,
    like(group_room(1)),
    array(types.int64, 2),
)
def count_char_grams(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    n: Int,
    room: Groups,
    out: NDArray[np.int64],
) -> None:
    """Measure n-grams of characters of each document, into rows of ``CharGrams``."""
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        count = _roll(text, n, room.keys)
        group(room, count)
        repeated = 0
        for k in range(count):
            repeated += room.counts[room.first[k]] > 1
        out[d, 0] = count
        out[d, 1] = repeated
        out[d, 2] = _frequent(room, count)
