"""Counting the entries of word lists in a token stream.

Up to 64 lists are one trie over token hashes, in one open-addressed table: the key of a node is the
joined hash of the tokens that lead to it, so an entry may be a phrase or several Han characters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import join
from dataqa.kernels.jit import Int, helper

_ZERO = np.uint64(0)
_ONE = np.uint64(1)


class Hits(NamedTuple):
    """Counts of list entries in a document.

    Attributes:
        hits: Occurrences of any entry.
        distinct: Different entries.
    """

    hits: NDArray[np.int64]
    distinct: NDArray[np.int64]


class Trie(NamedTuple):
    """Word lists as a table.

    Attributes:
        keys: Joined hashes; 0 is a free slot.
        lists: The lists of which the node is an entry, a bit each.
        leads: Whether a longer entry goes on from here.
        seen: The last document in which the entry stood, from 1; scratch.
    """

    keys: NDArray[np.uint64]
    lists: NDArray[np.uint64]
    leads: NDArray[np.bool_]
    seen: NDArray[np.int64]


def trie_room(nodes: Int) -> Trie:
    """An empty table for that many nodes."""
    slots = 64
    while slots < 3 * nodes:
        slots *= 2
    return Trie(
        np.zeros(slots, np.uint64),
        np.zeros(slots, np.uint64),
        np.zeros(slots, np.bool_),
        np.zeros(slots, np.int64),
    )


@helper
def _slot(trie: Trie, key: np.uint64) -> Int:
    """Where ``key`` is, or the free slot where it would be."""
    last = len(trie.keys) - 1
    slot = np.int64(key & np.uint64(last))
    while trie.keys[slot] != _ZERO and trie.keys[slot] != key:
        slot = (slot + 1) & last
    return slot


@helper
def add_entry(trie: Trie, tokens: np.ndarray, which: Int) -> None:
    """Add the entry that ``tokens`` spell to list number ``which``."""
    if len(tokens) == 0:
        return
    key = tokens[0]
    for k in range(1, len(tokens)):
        slot = _slot(trie, key)
        trie.keys[slot] = key
        trie.leads[slot] = True
        key = join(key, tokens[k])
    slot = _slot(trie, key)
    trie.keys[slot] = key
    trie.lists[slot] |= _ONE << np.uint64(which)


@helper
def find_entries(trie: Trie, keys: np.ndarray, count: Int, document: Int, row: np.ndarray) -> None:
    """Count hits and distinct entries of each list in turn; every entry at every place counts."""
    row[:] = 0
    for start in range(count):
        key = keys[start]
        at = start
        slot = _slot(trie, key)
        while trie.keys[slot] != _ZERO:
            lists = trie.lists[slot]
            if lists:
                _credit(lists, trie.seen[slot] != document + 1, row)
                trie.seen[slot] = document + 1
            at += 1
            if not trie.leads[slot] or at >= count:
                break
            key = join(key, keys[at])
            slot = _slot(trie, key)


@helper
def _credit(lists: np.uint64, new: bool, row: np.ndarray) -> None:
    which = 0
    while lists:
        if lists & _ONE:
            row[2 * which] += 1
            row[2 * which + 1] += new
        lists >>= _ONE
        which += 1
