"""Runs of items that occur again: a few noted of every document, all of those that may repeat.

An *item* is a token as ``tokens`` cuts them, or one character with the marks on it; white space
belongs to none. Which runs of ``k`` items are noted follows from the items alone (winnowing:
Schleimer, Wilkerson and Aiken 2003): every window of ``n`` items holds a noted run of the least
hash in it, so two equal windows, wherever they are, have a noted run in common.
"""

from __future__ import annotations

import numpy as np

from dataqa.kernels.hashing import SEED, STEP, finish, join
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, types
from dataqa.kernels.tables import IDEO, MARK, SPACE
from dataqa.kernels.tokens import (
    ENDS_WORD,
    ONE,
    QUICK,
    WORDY,
    decode,
    flags_of,
    fold_of,
    joins,
    width,
)

_BASE = np.uint64(0x9E6C63D0876A9A47)
LANES = (np.uint64(0x243F6A8885A308D3), np.uint64(0x13198A2E03707344))
"""Seeds of the two halves of a window's hash (digits of pi)."""
_PLACE = np.uint64(32)


@helper
def _word(
    text: np.ndarray, at: Int, before: Int, state: np.uint64, table: np.ndarray, folds: np.ndarray
) -> tuple[Int, np.uint64]:
    """Go on with a word after its first character, whose flags are ``before``; its end and hash."""
    size = len(text)
    limit = np.uint64(size)
    alone = before & IDEO
    while at < size:
        if not alone:
            here = np.uint64(at)
            while here < limit:
                byte = text[here]
                if not QUICK[byte]:
                    break
                state = (state ^ np.uint64(folds[byte])) * STEP
                here += ONE
            at = np.int64(here)
            if here >= limit or ENDS_WORD[text[here]]:
                break
            if QUICK[text[here - ONE]]:
                before = np.int64(QUICK[text[here - ONE]])
        code = decode(text, at)
        flags = flags_of(code, table)
        if flags & WORDY:
            if flags & IDEO or (alone and not flags & MARK):
                break
        elif alone or not joins(text, at, code, before, table):
            break
        before = flags
        state = (state ^ fold_of(code, folds)) * STEP
        at += width(text[at])
    return at, state


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    types.boolean,
    frozen(types.uint16),
    frozen(types.uint32),
    array(types.uint64),
    array(types.int32),
    array(types.int32),
    array(types.int64),
)
def cut_items(
    data: np.ndarray,
    offsets: np.ndarray,
    chars: bool,
    table: np.ndarray,
    folds: np.ndarray,
    hashes: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    first: np.ndarray,
) -> None:
    """Write the items of all documents, one after the other, and where each document's begin.

    ``folds`` is what characters are hashed as. ``hashes``, ``starts`` and ``ends`` (bytes from the
    document's start) have an element for each byte of text, ``first`` one for each of ``offsets``.
    """
    count = np.int64(0)
    for d in range(len(offsets) - 1):
        first[d] = count
        text = data[offsets[d] : offsets[d + 1]]
        size = len(text)
        at = np.int64(0)
        while at < size:
            code = np.int64(text[np.uint64(at)])
            if code == 0x20:
                at += 1
                continue
            if code >= 0x80:
                code = decode(text, at)
            flags = flags_of(code, table)
            if flags & SPACE:
                at += width(text[at])
                continue
            starts[count] = at
            state = (SEED ^ fold_of(code, folds)) * STEP
            at += width(text[at])
            if chars:
                while at < size:
                    code = decode(text, at)
                    if not flags_of(code, table) & MARK:
                        break
                    state = (state ^ fold_of(code, folds)) * STEP
                    at += width(text[at])
            elif flags & WORDY:
                at, state = _word(text, at, flags, state, table, folds)
            else:
                while at < size and decode(text, at) == code:
                    state = (state ^ fold_of(code, folds)) * STEP
                    at += width(text[at])
            hashes[count] = finish(state)
            ends[count] = at
            count += 1
    first[len(offsets) - 1] = count


@helper
def _grams(items: np.ndarray, k: Int, out: np.ndarray) -> None:
    """Hash every run of ``k`` items into ``out``: a rolling polynomial, mixed."""
    power = ONE
    for _ in range(k - 1):
        power *= _BASE
    state = np.uint64(0)
    for at in range(k):
        state = state * _BASE + items[at]
    out[0] = finish(state)
    for at in range(1, len(items) - k + 1):
        state = (state - items[at - 1] * power) * _BASE + items[at + k - 1]
        out[at] = finish(state)


@kernel(
    frozen(types.uint64),
    frozen(types.int64),
    types.int64,
    types.int64,
    array(types.uint64),
    array(types.uint32),
    array(types.uint64),
    array(types.uint32),
    array(types.int64),
)
def winnow(
    items: np.ndarray,
    first: np.ndarray,
    n: Int,
    k: Int,
    grams: np.ndarray,
    queue: np.ndarray,
    keys: np.ndarray,
    places: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Note a run of ``k`` items for every window of ``n``: its hash and where it begins.

    A window keeps the run noted last if none in it has a lesser hash, else it notes the last of the
    least. Of text that repeats within a window an equal run is noted too, once, so that the key is
    seen to repeat.

    ``grams`` has room for the longest document's items; ``queue`` for a power of two of places,
    more than ``n - k + 1``: those in reach, by place and by rising hash. ``keys`` and ``places``
    have room for all items; ``ends[d]`` is the row after the last of document ``d``.
    """
    ring = np.uint64(len(queue) - 1)
    span = n - k + 1
    count = np.int64(0)
    for d in range(len(first) - 1):
        mine = items[first[d] : first[d + 1]]
        size = len(mine) - k + 1
        if size >= span:
            _grams(mine, k, grams)
            head = tail = np.uint64(0)
            noted = np.int64(-1)
            paired = False
            for at in range(size):
                value = grams[at]
                while tail > head and grams[queue[(tail - ONE) & ring]] >= value:
                    tail -= ONE
                queue[tail & ring] = at
                tail += ONE
                low = at - span + 1
                if low < 0:
                    continue
                while np.int64(queue[head & ring]) < low:
                    head += ONE
                least = np.int64(queue[head & ring])
                lone = least != noted and not paired
                if noted < low or grams[least] < grams[noted] or lone:
                    paired = noted >= 0 and grams[least] == grams[noted]
                    noted = least
                    keys[count] = grams[noted]
                    places[count] = noted
                    count += 1
        ends[d] = count


@helper
def _lane(items: np.ndarray, n: Int, seed: np.uint64, out: np.ndarray) -> None:
    """Hash every run of ``n`` items: ever longer ones joined, as the binary digits of ``n`` say.

    What the last ``n - 1`` elements of ``out`` hold means nothing.
    """
    size = len(items)
    for at in range(size):
        out[at] = finish(items[at] ^ seed)
    digits = np.int64(0)
    while n >> (digits + 1):
        digits += 1
    length = np.int64(1)
    for digit in range(digits - 1, -1, -1):
        for at in range(size - length):
            out[at] = join(out[at], out[at + length])
        length *= 2
        if n >> digit & 1:
            for at in range(size - length):
                out[at] = join(out[at], items[at + length])
            length += 1


@kernel(
    frozen(types.uint64),
    frozen(types.int64),
    types.int64,
    types.int64,
    frozen(types.int64),
    frozen(types.uint32),
    frozen(types.uint32),
    array(types.uint64),
    array(types.uint64),
    array(types.uint64),
    array(types.uint64),
    array(types.uint64),
)
def windows(
    items: np.ndarray,
    first: np.ndarray,
    n: Int,
    k: Int,
    hot: np.ndarray,
    places: np.ndarray,
    ranks: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    high: np.ndarray,
    low: np.ndarray,
    where: np.ndarray,
) -> Int:
    """Write every window of ``n`` items that holds a run of ``k`` items noted elsewhere too.

    ``places[hot[d]:hot[d + 1]]`` is where such runs begin in document ``d``, ascending. A window is
    128 bits of hash, ``high`` and ``low``, and ``where``: the document's rank, then (32 bits) its
    first item. Returns how many; ``left`` and ``right`` have room for the longest document.
    """
    count = np.int64(0)
    for d in range(len(first) - 1):
        mine = items[first[d] : first[d + 1]]
        last = len(mine) - n
        if last < 0 or hot[d] == hot[d + 1]:
            continue
        _lane(mine, n, LANES[0], left)
        _lane(mine, n, LANES[1], right)
        rank = np.uint64(ranks[d]) << _PLACE
        done = np.int64(0)
        for h in range(hot[d], hot[d + 1]):
            place = np.int64(places[h])
            for at in range(max(done, place - (n - k)), min(place, last) + 1):
                high[count] = left[at]
                low[count] = right[at]
                where[count] = rank | np.uint64(at)
                count += 1
            done = max(done, place + 1)
    return count
