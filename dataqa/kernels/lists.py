"""Counting the entries of a word list in a token stream.

A list is a trie over token hashes in one open-addressed table: the key of a node is the joined hash
of the tokens that lead to it, so an entry may be a phrase or several Han characters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import join
from dataqa.kernels.jit import helper

ENTRY, LEADS = 1, 2
_ZERO = np.uint64(0)


class Hits(NamedTuple):
    """Counts of list entries in a document.

    Attributes:
        hits: Occurrences of any entry.
        distinct: Different entries.
    """

    hits: NDArray[np.int64]
    distinct: NDArray[np.int64]


class Trie(NamedTuple):
    """A word list as a table.

    Attributes:
        keys: Joined hashes; 0 is a free slot.
        kind: ``ENTRY``, ``LEADS`` (to a longer entry) or both.
        seen: The last document in which the entry stood; scratch.
    """

    keys: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    seen: NDArray[np.int64]


def trie_room(nodes: int) -> Trie:
    """An empty table for that many nodes."""
    slots = 64
    while slots < 3 * nodes:
        slots *= 2
    return Trie(np.zeros(slots, np.uint64), np.zeros(slots, np.uint8), np.zeros(slots, np.int64))


@helper
def _slot(trie: Trie, key: np.uint64) -> int:
    """Where ``key`` is, or the free slot where it would be."""
    last = len(trie.keys) - 1
    slot = np.int64(key & np.uint64(last))
    while trie.keys[slot] != _ZERO and trie.keys[slot] != key:
        slot = (slot + 1) & last
    return slot


@helper
def add_entry(trie: Trie, tokens: np.ndarray) -> None:
    """Add the entry that ``tokens`` spell."""
    if len(tokens) == 0:
        return
    key = tokens[0]
    for k in range(1, len(tokens)):
        slot = _slot(trie, key)
        trie.keys[slot] = key
        trie.kind[slot] |= LEADS
        key = join(key, tokens[k])
    slot = _slot(trie, key)
    trie.keys[slot] = key
    trie.kind[slot] |= ENTRY


@helper
def find_entries(trie: Trie, keys: np.ndarray, count: int, document: int, row: np.ndarray) -> None:
    """Count what ``Hits`` names; every entry at every place counts."""
    hits = distinct = np.int64(0)
    for start in range(count):
        key = keys[start]
        at = start
        while True:
            slot = _slot(trie, key)
            if trie.keys[slot] == _ZERO:
                break
            kind = trie.kind[slot]
            if kind & ENTRY:
                hits += 1
                if trie.seen[slot] != document + 1:
                    trie.seen[slot] = document + 1
                    distinct += 1
            at += 1
            if not kind & LEADS or at >= count:
                break
            key = join(key, keys[at])
    row[0] = hits
    row[1] = distinct
