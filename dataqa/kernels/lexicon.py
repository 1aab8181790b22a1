"""Gazetteers: which lists of names and places hold a word, looked up by its hash."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import array, frozen, helper, kernel, like, types
from dataqa.kernels.tokens import decode, fold_of, width

_ONE, _32 = np.uint64(1), np.uint64(32)


class Lexicon(NamedTuple):
    """A hash table from words to gazetteer bits.

    Attributes:
        keys: Upper half of each word's hash, 0 where a slot is free; a power of two of them.
        bits: Its gazetteers.
    """

    keys: NDArray[np.uint32]
    bits: NDArray[np.uint8]


def lexicon_room(words: int) -> Lexicon:
    """Room for so many words."""
    slots = 64
    while slots < 2 * words:
        slots *= 2
    return Lexicon(np.zeros(slots, np.uint32), np.zeros(slots, np.uint8))


_LEXICON = like(lexicon_room(1))


@helper
def slot_of(lexicon: Lexicon, word: np.uint64) -> np.uint64:
    """Where a word is, or would be put."""
    mask = np.uint64(len(lexicon.keys) - 1)
    key = np.uint32(word >> _32)
    slot = word & mask
    while lexicon.keys[slot] and lexicon.keys[slot] != key:
        slot = (slot + _ONE) & mask
    return slot


@kernel(_LEXICON, frozen(types.uint64), frozen(types.uint8))
def enter(lexicon: Lexicon, words: np.ndarray, bits: np.ndarray) -> None:
    """Put words into a lexicon; one that comes again gets both its bits."""
    for k in range(len(words)):
        slot = slot_of(lexicon, words[k])
        lexicon.keys[slot] = np.uint32(words[k] >> _32)
        lexicon.bits[slot] |= bits[k]


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint32),
    array(types.uint64),
)
def hash_words(data: np.ndarray, offsets: np.ndarray, folds: np.ndarray, out: np.ndarray) -> None:
    """Fill the hash that ``Facts.word`` would hold of each word."""
    for d in range(len(out)):
        text = data[offsets[d] : offsets[d + 1]]
        at, state = 0, SEED
        while at < len(text):
            state = (state ^ fold_of(decode(text, at), folds)) * STEP
            at += width(text[at])
        out[d] = finish(state)
