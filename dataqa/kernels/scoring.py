"""A linear score over hashed n-grams of words and of characters, each counted once in a document.

Words are those of ``word_hashes`` (a Han character is one), characters those of ``shingles``: the
lower-case text with one space for each run of white space. Every n-gram falls into one of a power
of two of buckets. Which buckets a document has met is a bit each, so nothing is sorted, and a
document's score is a sum of whole numbers: it does not depend on their order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.shingles import characters, runs
from dataqa.kernels.word_hashes import MOST_WORDS, Items, hash_words, item_room

BLOCK = 1024
"""Words or characters that are hashed at a time."""
LONGEST = 8
"""The most words or characters of an n-gram."""
_HELD = 1 << 14
"""Buckets that are remembered one by one; where there are more, all bits are put back."""
_SIX, _LOW = np.uint64(6), np.uint64(63)
_ONE = np.uint64(1)


class Shape(NamedTuple):
    """Which n-grams a model reads.

    Attributes:
        words: Of 1 up to so many words; 0 for none.
        low: Of so many characters at least.
        high: Of so many at most; 0 for none.
    """

    words: int
    low: int
    high: int


class Room(NamedTuple):
    """Scratch for one document after another.

    Attributes:
        items: Words or characters, the last of the block before first.
        grams: Hashes of n-grams of one length.
        met: A bit for each bucket; all zero between documents.
        buckets: Those that the document has met, so far or since this was last emptied.
    """

    items: Items
    grams: NDArray[np.uint64]
    met: NDArray[np.uint64]
    buckets: NDArray[np.uint32]


def room_for(bits: int) -> Room:
    """Scratch for two to the power of ``bits`` buckets."""
    size = BLOCK + LONGEST + MOST_WORDS
    return Room(
        item_room(size),
        np.zeros(size, np.uint64),
        np.zeros(max(1, (1 << bits) >> 6), np.uint64),
        np.zeros(_HELD + LONGEST * size, np.uint32),
    )


@helper
def _meet(grams: np.ndarray, met: np.ndarray, mask: np.uint64, out: np.ndarray, filled: Int) -> Int:
    """Write the buckets that are met for the first time; how many are written by now."""
    at = np.uint64(filled)
    for k in range(len(grams)):
        bucket = grams[k] & mask
        place, bit = bucket >> _SIX, bucket & _LOW
        bits = met[place]
        out[at] = bucket
        at += (bits >> bit & _ONE) ^ _ONE  # without a branch: nobody could foresee it
        met[place] = bits | _ONE << bit
    return np.int64(at)


@helper
def _step(
    text: np.ndarray,
    at: Int,
    held: Int,
    seen: Int,
    chars: Int,
    longest: Int,
    table: np.ndarray,
    folds: np.ndarray,
    room: Room,
) -> tuple[Int, Int]:
    """Hash the next words, or characters, behind those held; where to go on, how many there are."""
    if chars:
        wide = BLOCK + longest
        at, count, _ = characters(text, at, table, folds, room.items.hashes[:wide], held, seen)
        return at, count
    return hash_words(text, at, table, folds, room.items, held)


@helper
def _block(
    text: np.ndarray,
    at: Int,
    held: Int,
    seen: Int,
    chars: Int,
    shape: Shape,
    table: np.ndarray,
    folds: np.ndarray,
    room: Room,
    mask: np.uint64,
    out: np.ndarray,
    filled: Int,
) -> tuple[Int, Int, Int, Int]:
    """Read the next words, or characters, and write the buckets that they meet for the first time.

    Where to go on, how many are held for the next block, how many were read, how many are written.
    """
    items, grams = room.items.hashes, room.grams
    shortest = shape.low if chars else np.int64(1)
    longest = shape.high if chars else shape.words
    at, count = _step(text, at, held, seen, chars, longest, table, folds, room)
    for n in range(shortest, longest + 1):
        first = max(held - n + 1, 0)
        made = count - first - n + 1
        if made > 0:
            runs(items[first:count], n, grams[: count - first])
            filled = _meet(grams[:made], room.met, mask, out, filled)
    keep = min(count, longest - 1)
    for k in range(keep):
        items[k] = items[count - keep + k]
    return at, keep, seen + count - held, filled


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    like(Shape(2, 3, 5)),
    frozen(types.uint16),
    frozen(types.uint32),
    frozen(types.int16),
    like(room_for(6)),
    array(types.int64),
    array(types.int64),
)
def score(
    data: np.ndarray,
    offsets: np.ndarray,
    shape: Shape,
    table: np.ndarray,
    folds: np.ndarray,
    weights: np.ndarray,
    room: Room,
    sums: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Add up the weights of each document's buckets, and count them.

    Args:
        data: UTF-8 of all texts.
        offsets: Where each begins, and where the last one ends.
        shape: Which n-grams are read.
        table: Flags of characters.
        folds: Lower-case forms.
        weights: One for each bucket.
        room: Scratch; ``met`` has a bit for each of them.
        sums: Filled: the sum for each document.
        counts: Filled: its buckets.
    """
    mask = np.uint64(len(weights) - 1)
    met, buckets = room.met, room.buckets
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        total = counted = filled = np.int64(0)
        spilt = False
        for chars in range(2):
            at = held = seen = np.int64(0)
            while (shape.high if chars else shape.words) and at < len(text):
                before = filled
                at, held, seen, filled = _block(
                    text, at, held, seen, chars, shape, table, folds, room, mask, buckets, filled
                )
                for k in range(before, filled):
                    total += np.int64(weights[np.uint64(buckets[k])])
                counted += filled - before
                if filled > _HELD:
                    spilt, filled = True, np.int64(0)
        if spilt:
            met[:] = 0
        else:
            for k in range(filled):
                met[np.uint64(buckets[k]) >> _SIX] = 0
        sums[d] = total
        counts[d] = counted


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    like(Shape(2, 3, 5)),
    frozen(types.uint16),
    frozen(types.uint32),
    types.int64,
    like(room_for(6)),
    types.int64,
    array(types.uint32),
    array(types.int64),
)
def extract(
    data: np.ndarray,
    offsets: np.ndarray,
    shape: Shape,
    table: np.ndarray,
    folds: np.ndarray,
    bits: Int,
    room: Room,
    begin: Int,
    out: np.ndarray,
    starts: np.ndarray,
) -> Int:
    """Write each document's buckets, one document after the other, for training.

    ``out`` must have room for the n-grams of the longest text and of one block; ``starts[d]``
    becomes where the buckets of document ``d`` begin, ``starts[d + 1]`` where they end. It stops in
    front of a document that might find no room, and returns its number.
    """
    mask = (_ONE << np.uint64(bits)) - _ONE
    lengths = shape.words + (shape.high - shape.low + 1 if shape.high else 0)
    met = room.met
    filled = np.int64(0)
    starts[begin] = 0
    for d in range(begin, len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        if filled + min(len(text) * lengths, 1 << bits) + BLOCK + LONGEST + MOST_WORDS > len(out):
            return np.int64(d)
        first_bucket = filled
        for chars in range(2):
            at = held = seen = np.int64(0)
            while (shape.high if chars else shape.words) and at < len(text):
                at, held, seen, filled = _block(
                    text, at, held, seen, chars, shape, table, folds, room, mask, out, filled
                )
        for k in range(first_bucket, filled):
            met[np.uint64(out[k]) >> _SIX] = 0
        starts[d + 1] = filled
    return np.int64(len(offsets) - 1)
