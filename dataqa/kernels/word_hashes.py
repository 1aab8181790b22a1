"""Hashes of the words of a text, most of them many at a time.

They are those of ``tokens``, words in lower case. In ASCII text, words are found as runs of bits
(``masks``), and hashed side by side; what is not ASCII goes letter by letter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.masks import WIDTH, classes, eight_bytes, trailing_zeros
from dataqa.kernels.tables import IDEO, MARK
from dataqa.kernels.tokens import (
    ENDS_WORD,
    ONE,
    QUICK,
    WORD,
    WORDY,
    decode,
    flags_of,
    fold_of,
    joins,
    width,
)

MOST_WORDS = WIDTH // 2
"""Words that may begin in ``WIDTH`` bytes."""
_ZERO, _EIGHT, _BYTE = np.uint64(0), np.uint64(8), np.uint64(0xFF)
_SMALL = np.uint64(0x20)
"""What an ASCII letter in lower case has more than in upper case; digits, ``.,'`` have it too."""
_SMALLS = np.uint64(0x2020202020202020)
_AHEAD = np.uint64(WIDTH + 8)
_LAST = np.uint64(1) << np.uint64(WIDTH - 1)
KEEP = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""Masks of the first so many of eight bytes."""
UNDO = np.array([pow(int(STEP), size - 8, 1 << 64) for size in range(9)], np.uint64)
"""Factors that undo the steps that a piece of so many bytes lacks."""


class Items(NamedTuple):
    """Hashes, and what is still to be done to the newest of them.

    Attributes:
        hashes: A number for each word.
        pieces: Its last bytes, up to eight, that have not gone into its hash.
        undo: What undoes the steps that these are less than eight.
    """

    hashes: NDArray[np.uint64]
    pieces: NDArray[np.uint64]
    undo: NDArray[np.uint64]


def item_room(size: int) -> Items:
    """Room for so many words, of which the last ``MOST_WORDS`` may stay unused."""
    return Items(*(np.zeros(size, np.uint64) for _ in Items._fields))


@helper
def _rest_of_word(
    text: np.ndarray, at: Int, fold: np.uint64, before: Int, table: np.ndarray, folds: np.ndarray
) -> tuple[Int, np.uint64, Int]:
    """Go on with a word, or begin one if ``before`` is 0, in any script; its end, hash, flags."""
    size = len(text)
    every = before
    alone = np.int64(0)
    while at < size:
        code = decode(text, at)
        flags = flags_of(code, table)
        if not before:
            alone = flags & IDEO
        elif flags & WORDY:
            if flags & IDEO or (alone and not flags & MARK):
                break
        elif alone or not joins(text, at, code, before, table):
            break
        before = flags
        if flags & WORDY:
            every |= flags
        fold = (fold ^ fold_of(code, folds)) * STEP
        at += width(text[at])
    return at, fold, every


@helper
def _one_word(
    text: np.ndarray, here: np.uint64, table: np.ndarray, folds: np.ndarray
) -> tuple[np.uint64, np.uint64, bool]:
    """The word at ``here``, if one begins there: where to go on, its hash, whether it is one."""
    limit = np.uint64(len(text))
    byte = text[here]
    fold = SEED
    before = np.int64(0)
    if QUICK[byte]:
        while QUICK[byte]:
            fold = (fold ^ (np.uint64(byte) | _SMALL)) * STEP
            here += ONE
            if here == limit:
                return here, fold, True
            byte = text[here]
        if ENDS_WORD[byte]:
            return here + ONE, fold, True
        before = np.int64(QUICK[text[here - ONE]])
    elif not flags_of(decode(text, np.int64(here)), table) & WORDY:
        return here + np.uint64(width(byte)), fold, False
    at, fold, every = _rest_of_word(text, np.int64(here), fold, before, table, folds)
    here = np.uint64(at)
    if here < limit and text[here] == _SMALL:
        here += ONE
    return here, fold, (every & WORD) != 0


@helper
def _ascii_words(
    text: np.ndarray, here: np.uint64, room: Items, count: Int
) -> tuple[np.uint64, Int, bool]:
    """Note the words of 63 bytes, up to the first that is not ASCII; whether there was one."""
    alpha, digit, point, quote, high = classes(text, here)
    inside = alpha | digit
    inside |= point & (digit << ONE) & (digit >> ONE)
    inside |= quote & (alpha << ONE) & (alpha >> ONE)
    # a point or a quote joins by what follows, which may not be ASCII, or after the last byte
    strange = high | ((point | quote) & (high >> ONE))
    limit = trailing_zeros(strange | _LAST)
    known = (ONE << limit) - ONE
    starts = inside & ~(inside << ONE) & known
    ends = ~inside & (inside << ONE) & known
    slot = np.uint64(count)
    while ends:
        at = here + trailing_zeros(starts)
        size = here + trailing_zeros(ends) - at
        starts &= starts - ONE
        ends &= ends - ONE
        state = SEED
        while size > _EIGHT:
            piece = eight_bytes(text, at) | _SMALLS
            for _ in range(8):
                state = (state ^ (piece & _BYTE)) * STEP
                piece >>= _EIGHT
            at += _EIGHT
            size -= _EIGHT
        room.hashes[slot] = state
        room.pieces[slot] = (eight_bytes(text, at) | _SMALLS) & KEEP[size]
        room.undo[slot] = UNDO[size]
        slot += ONE
    count = np.int64(slot)
    if starts:
        at = here + trailing_zeros(starts)
        return at, count, bool(strange) or at == here
    return here + limit, count, bool(strange)


@helper
def hash_words(
    text: np.ndarray, at: Int, table: np.ndarray, folds: np.ndarray, room: Items, count: Int
) -> tuple[Int, Int]:
    """Write word hashes after the first ``count`` until there may be no room, or the text ends.

    A hash is a chain of steps, a byte each. Lengths of words cannot be foreseen, so a loop of as
    many steps would cost what a wrong guess costs, for each word. Instead the last eight bytes or
    fewer of each word are noted, and all words take eight steps at once, side by side; steps too
    many are undone by one multiplication.
    """
    first = count
    limit = np.uint64(len(text))
    full = len(room.hashes) - MOST_WORDS
    here = np.uint64(at)
    while here < limit and count <= full:
        if text[here] < 0x80 and here + _AHEAD <= limit:
            here, count, strange = _ascii_words(text, here, room, count)
            if not strange:
                continue
        here, fold, found = _one_word(text, here, table, folds)
        if found:
            room.hashes[count] = fold
            room.pieces[count] = _ZERO
            room.undo[count] = UNDO[0]
            count += 1
    items, pieces, undo = room.hashes[first:count], room.pieces[first:count], room.undo[first:count]
    for k in range(len(items)):
        state, piece = items[k], pieces[k]
        for _ in range(8):
            state = (state ^ (piece & _BYTE)) * STEP
            piece >>= _EIGHT
        items[k] = finish(state * undo[k])
    return min(np.int64(here), len(text)), count
