"""Shingles: hashes of runs of words or of characters, and how many of them two documents share.

A document is read in blocks that stay in the processor's nearest cache: its words (or characters)
are hashed, and every run of ``n`` of these hashes becomes one number. Words are the tokens with a
letter or a digit (``tokens``), in lower case. Characters are those of the lower-case text in which
white space is left out at both ends, and is else one space for each run.

A document with fewer than ``n`` of them has one shingle, of all. One without a letter or a digit
has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.tables import IDEO, MARK, SPACE
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

BLOCK = 1024
"""Shingles made at a time."""
_BASE = np.uint64(0x9E6C63D0876A9A47)
_BLANK = np.uint64(0x20)


class Room(NamedTuple):
    """Scratch for one document after another.

    Attributes:
        items: Hashes of words or characters: up to ``n - 1`` of the block before, then new ones.
        shingles: Their shingles.
        small: 32 bits of each shingle, and some to make up a whole number of groups.
    """

    items: NDArray[np.uint64]
    shingles: NDArray[np.uint64]
    small: NDArray[np.uint32]


def room_for(n: int) -> Room:
    """Scratch for shingles of ``n``."""
    return Room(
        np.zeros(BLOCK + n - 1, np.uint64), np.zeros(BLOCK, np.uint64), np.zeros(BLOCK, np.uint32)
    )


class Cutting(NamedTuple):
    """What a shingle is made of.

    Attributes:
        chars: Of characters, not of words.
        n: Of how many.
    """

    chars: bool
    n: int


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
def _words(
    text: np.ndarray, at: Int, table: np.ndarray, folds: np.ndarray, out: np.ndarray, count: Int
) -> tuple[Int, Int]:
    """Write word hashes after the first ``count`` until ``out`` is full or the text ends.

    Most text is words of ASCII letters with a space behind: a loop of its own, with unsigned
    places, in which numba need not look for negative ones. In lower case they have bit 0x20, as
    digits do.
    """
    first = count
    limit = np.uint64(len(text))
    full = len(out)
    here = np.uint64(at)
    while here < limit and count < full:
        byte = text[here]
        fold = SEED
        before = np.int64(0)
        if QUICK[byte]:
            while QUICK[byte]:
                fold = (fold ^ (np.uint64(byte) | _BLANK)) * STEP
                here += ONE
                if here == limit:
                    break
                byte = text[here]
            if here == limit or ENDS_WORD[byte]:
                out[count] = fold
                count += 1
                here += ONE
                continue
            before = np.int64(QUICK[text[here - ONE]])
        elif ENDS_WORD[byte]:
            here += ONE
            continue
        else:
            code = decode(text, np.int64(here))
            if not flags_of(code, table) & WORDY:
                here += np.uint64(width(byte))
                continue
        at, fold, every = _rest_of_word(text, np.int64(here), fold, before, table, folds)
        here = np.uint64(at)
        if every & WORD:
            out[count] = fold
            count += 1
    for k in range(first, count):
        out[k] = finish(out[k])
    return min(np.int64(here), len(text)), count


@helper
def _characters(
    text: np.ndarray,
    at: Int,
    table: np.ndarray,
    folds: np.ndarray,
    out: np.ndarray,
    count: Int,
    begun: Int,
) -> tuple[Int, Int, Int]:
    """The same for characters; also the flags of all of them. ``begun`` counts those before."""
    first = count
    every = np.int64(0)
    size = len(text)
    while at < size and count < len(out):
        code = decode(text, at)
        flags = flags_of(code, table)
        if flags & SPACE:
            while at < size and flags_of(decode(text, at), table) & SPACE:
                at += width(text[at])
            if begun and at < size:
                out[count] = _BLANK
                count += 1
            continue
        out[count] = fold_of(code, folds)
        count += 1
        every |= flags
        begun = np.int64(1)
        at += width(text[at])
    for k in range(first, count):
        out[k] = finish(out[k] + SEED)
    return at, count, every


@helper
def _runs(items: np.ndarray, made: Int, n: Int, out: np.ndarray, base: Int) -> None:
    """Write the hashes of the first ``made`` runs of ``n`` items: a polynomial of them, mixed."""
    for k in range(made):
        out[base + k] = items[k]
    for i in range(1, n):
        for k in range(made):
            out[base + k] = out[base + k] * _BASE + items[k + i]
    for k in range(made):
        out[base + k] = finish(out[base + k])


@helper
def next_block(
    text: np.ndarray,
    at: Int,
    held: Int,
    total: Int,
    cutting: Cutting,
    table: np.ndarray,
    folds: np.ndarray,
    room: Room,
    out: np.ndarray,
    base: Int,
) -> tuple[Int, Int, Int, Int]:
    """Write up to ``BLOCK`` more shingles from row ``base`` of ``out`` on.

    ``at`` is the byte read up to, ``held`` how many items are left of the block before, and
    ``total`` how many shingles there were; all begin as 0. Returns where to go on, how many items
    are left, how many shingles were written, and the flags of all characters. The document is at
    its end when ``at`` is.
    """
    if cutting.chars:
        begun = held + total
        at, count, every = _characters(text, at, table, folds, room.items, held, begun)
    else:
        at, count = _words(text, at, table, folds, room.items, held)
        every = np.int64(WORD)
    n = cutting.n
    made = max(count - n + 1, 0)
    if made:
        _runs(room.items, made, n, out, base)
        for k in range(n - 1):
            room.items[k] = room.items[made + k]
        count = np.int64(n - 1)
    elif total == 0 and count and at >= len(text):
        _runs(room.items, np.int64(1), count, out, base)
        made = np.int64(1)
    return at, count, made, every


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    types.NamedTuple([types.boolean, types.int64], Cutting),
    frozen(types.uint16),
    frozen(types.uint32),
    like(room_for(1)),
    array(types.uint64),
    array(types.int64),
)
def cut(
    data: np.ndarray,
    offsets: np.ndarray,
    cutting: Cutting,
    table: np.ndarray,
    folds: np.ndarray,
    room: Room,
    out: np.ndarray,
    starts: np.ndarray,
) -> None:
    """Write the shingles of all documents, one after the other, and where each document's begin.

    ``out`` has an element for each byte of text.
    """
    base = np.int64(0)
    for d in range(len(offsets) - 1):
        starts[d] = base
        text = data[offsets[d] : offsets[d + 1]]
        at, held, total, every = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        while at < len(text):
            at, held, made, flags = next_block(
                text, at, held, total, cutting, table, folds, room, out, base + total
            )
            total += made
            every |= flags
        if every & WORD:
            base += total
    starts[len(offsets) - 1] = base


@helper
def _shared(
    values: np.ndarray, left: Int, left_end: Int, right: Int, right_end: Int, least: Int
) -> Int:
    """How many numbers two ascending runs share; -1 once ``least`` is out of reach."""
    found = np.int64(0)
    while left < left_end and right < right_end:
        if found + min(left_end - left, right_end - right) < least:
            return np.int64(-1)
        one, other = values[np.uint64(left)], values[np.uint64(right)]
        found += one == other
        left += one <= other
        right += other <= one
    return found if found >= least else np.int64(-1)


@kernel(
    frozen(types.uint64),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.int64),
    types.float64,
    types.boolean,
    array(types.int64),
)
def compare(
    values: np.ndarray,
    offsets: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    least: float,
    contained: bool,
    out: np.ndarray,
) -> None:
    """Count what each pair of sets shares; -1 where the similarity is certainly below ``least``.

    The similarity is Jaccard's (shared by all of both) or the share of the left set that the right
    one contains. The bound is rounded in favour of the pair.
    """
    for k in range(len(left)):
        one, two = np.int64(left[k]), np.int64(right[k])
        begin, end = offsets[one], offsets[one + 1]
        other, close = offsets[two], offsets[two + 1]
        whole = np.float64(end - begin)
        if contained:
            need = least * whole
        else:
            need = least / (1.0 + least) * (whole + np.float64(close - other))
        out[k] = _shared(values, begin, end, other, close, np.int64(np.ceil(need - 1e-6)))
