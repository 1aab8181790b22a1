"""A blocked Bloom filter over the keys of documents: one block of 512 bits is touched for a key.

Source: Putze, Sanders and Singler 2007, Cache-, Hash- and Space-Efficient Bloom Filters. Which
block, and which bits in it, follow from different bits of the hash: each block and each bit of it
can be reached, whatever the size.
"""

from __future__ import annotations

import numpy as np

from dataqa.kernels.hashing import finish
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, types

WORDS = 8
"""Words of 64 bits in a block."""
_PLACES = np.uint64(0xA0761D6478BD642F)
"""Sets the hash that chooses bits apart from the one that chooses a block."""
_NINE, _SIX, _32 = np.uint64(9), np.uint64(6), np.uint64(32)
_BIT, _WORD, _ONE = np.uint64(63), np.uint64(7), np.uint64(1)
_FRESH = 7
"""Bits of a block that one hash of 64 bits chooses, nine bits each."""


@helper
def _block(key: np.uint64, blocks: Int) -> Int:
    return np.int64(((finish(key) >> _32) * np.uint64(blocks)) >> _32)


@helper
def _holds(words: np.ndarray, key: np.uint64, probes: Int, put: bool) -> bool:
    """Whether all bits of a key are set; with ``put`` they are afterwards."""
    block = _block(key, len(words))
    state = finish(key ^ _PLACES)
    rest = state
    for k in range(probes):
        if k and k % _FRESH == 0:
            state = finish(state)
            rest = state
        word, bit = (rest >> _SIX) & _WORD, _ONE << (rest & _BIT)
        if not words[block, word] & bit:
            if not put:
                return False
            words[block, word] |= bit
        rest >>= _NINE
    return True


@kernel(
    array(types.uint64, 2),
    array(types.uint64, 2),
    frozen(types.uint64, 2),
    types.int64,
    types.int64,
    types.int64,
    array(types.boolean),
)
def admit(
    words: np.ndarray,
    older: np.ndarray,
    keys: np.ndarray,
    probes: Int,
    first: Int,
    room: Int,
    fresh: np.ndarray,
) -> tuple[Int, Int]:
    """Tell which documents are new, and remember those.

    A document has been seen when one of its keys is there. All are asked for before one is put in,
    so that no document meets itself; those of a seen one are not put in.

    Args:
        words: The blocks of the filter, into which new documents are put.
        older: Those of another one that is only asked; or the same ones.
        keys: The keys of each document.
        probes: Bits for each key.
        first: The document to begin with.
        room: How many new documents there is room for; negative to ask only.
        fresh: Filled with whether each is new.

    Returns:
        The document to go on with: it stops before a new one for which there is no room. And how
        much room is left.
    """
    two = older.ctypes.data != words.ctypes.data
    for d in range(first, len(keys)):
        seen = False
        for band in range(keys.shape[1]):
            if _holds(words, keys[d, band], probes, False) or (
                two and _holds(older, keys[d, band], probes, False)
            ):
                seen = True
                break
        fresh[d] = not seen
        if seen or room < 0:
            continue
        if room == 0:
            return np.int64(d), room
        room -= 1
        for band in range(keys.shape[1]):
            _holds(words, keys[d, band], probes, True)
    return np.int64(len(keys)), room


@kernel(array(types.uint64, 2), array(types.int64))
def filled(words: np.ndarray, out: np.ndarray) -> None:
    """Count how many blocks have so many bits set: ``out`` has 513 places."""
    for block in range(len(words)):
        total = 0
        for k in range(words.shape[1]):
            word = words[block, k]
            while word:
                word &= word - _ONE
                total += 1
        out[total] += 1
