"""Shingles: hashes of all runs of so many words, or characters, of a document.

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

from dataqa.kernels.hashing import SEED, finish
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.tables import SPACE
from dataqa.kernels.tokens import QUICK, WORD, decode, flags_of, fold_of, width
from dataqa.kernels.word_hashes import Items, hash_words, item_room

BLOCK = 1024
"""Shingles made at a time."""
_BASE = np.uint64(0x9E6C63D0876A9A47)
_BLANK = np.uint64(0x20)


class Room(NamedTuple):
    """Scratch for one document after another.

    Attributes:
        items: Words or characters: up to ``n - 1`` of the block before, then new ones.
        shingles: Their shingles.
        small: 32 bits of each shingle, and some to make up a whole number of groups.
    """

    items: Items
    shingles: NDArray[np.uint64]
    small: NDArray[np.uint32]


def room_for(n: int) -> Room:
    """Scratch for shingles of ``n``."""
    size = BLOCK + n - 1
    return Room(item_room(size), np.zeros(size, np.uint64), np.zeros(BLOCK, np.uint32))


class Cutting(NamedTuple):
    """What a shingle is made of.

    Attributes:
        chars: Of characters, not of words.
        n: Of how many.
    """

    chars: bool
    n: int


@helper
def characters(
    text: np.ndarray,
    at: Int,
    table: np.ndarray,
    folds: np.ndarray,
    out: np.ndarray,
    count: Int,
    begun: Int,
) -> tuple[Int, Int, Int]:
    """Write hashes of characters after the first ``count`` until ``out`` is full, or the text ends.

    White space before the first character is none: ``begun`` is 0 if none came before. Returns
    where to go on, how many there are, and the flags of all.
    """
    first = count
    every = np.int64(0)
    size = len(text)
    while at < size and count < len(out):
        byte = text[np.uint64(at)]
        if QUICK[byte]:
            out[np.uint64(count)] = np.uint64(folds[byte])
            every |= np.int64(QUICK[byte])
            begun = np.int64(1)
            count += 1
            at += 1
            continue
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
    fresh = out[first:count]
    for k in range(len(fresh)):
        fresh[k] = finish(fresh[k] + SEED)
    return at, count, every


@helper
def runs(items: np.ndarray, n: Int, out: np.ndarray) -> None:
    """Hash every run of ``n`` items: a polynomial of them, mixed.

    ``out``, as long as ``items``, holds runs of 1, and then of twice as many and one more, as the
    binary digits of ``n`` say. What its last ``n - 1`` elements hold means nothing.
    """
    size = len(items)
    for k in range(size):
        out[k] = items[k]
    digits = np.int64(0)
    while n >> (digits + 1):
        digits += 1
    length = np.int64(1)
    power = _BASE
    for digit in range(digits - 1, -1, -1):
        ahead = out[length:]
        for k in range(len(ahead)):
            out[k] = out[k] * power + ahead[k]
        power *= power
        length *= 2
        if n >> digit & 1:
            ahead = items[length:]
            for k in range(len(ahead)):
                out[k] = out[k] * _BASE + ahead[k]
            power *= _BASE
            length += 1
    for k in range(size):
        out[k] = finish(out[k])


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
    items = room.items.hashes
    if cutting.chars:
        begun = held + total
        at, count, every = characters(text, at, table, folds, items, held, begun)
    else:
        at, count = hash_words(text, at, table, folds, room.items, held)
        every = np.int64(WORD)
    n = cutting.n
    made = max(count - n + 1, 0)
    if made:
        runs(items[:count], n, out[base : base + count])
        for k in range(n - 1):
            items[k] = items[made + k]
        count = np.int64(n - 1)
    elif total == 0 and count and at >= len(text):
        runs(items[:count], count, out[base : base + count])
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
