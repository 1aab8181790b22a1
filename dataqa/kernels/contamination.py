"""Where entries of a benchmark stand in texts: n-grams looked up, and the best stretch of each.

Every run of ``N`` words of a text is looked up in a table of the n-grams of all questions. Where an
entry is met often enough, the stretch of text that covers most of it is found: not by counting
n-grams but by the words of the entry that lie in one, each word with its weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import STEP
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.probe import Probe, no_probe, number_of
from dataqa.kernels.tokens import WORD, Breaks, Tokens, break_room, token_room, tokenise

N = 5
"""Words in an n-gram of a question (decon: 5 tokens)."""
GAP = 11
"""Places from one n-gram of an entry to the next, beyond which a new stretch begins (decon: 11)."""
WIDEST = 2
"""How many times as long as its entry a stretch may be, with two gaps more."""

_LEAD = np.uint64(pow(int(STEP), N, 1 << 64))


class Entries(NamedTuple):
    """Questions as n-grams and weights.

    ``offsets[e]`` is where entry ``e`` begins in ``grams`` (the n-gram that begins at each word, -1
    at the last ``N - 1``) and ``weights`` (of each word). ``least`` is the weight to be covered,
    ``heaviest`` that of one word, ``loose`` of all words in common n-grams. ``posts[g]`` is where
    the entries of n-gram ``g`` begin in ``posted``; a common n-gram has none: it starts nothing.
    """

    offsets: NDArray[np.int64]
    grams: NDArray[np.int32]
    weights: NDArray[np.int32]
    least: NDArray[np.int64]
    heaviest: NDArray[np.int64]
    loose: NDArray[np.int64]
    posts: NDArray[np.int64]
    posted: NDArray[np.int32]


class Scratch(NamedTuple):
    """Room that all texts use in turn; the zeros that it begins with are put back."""

    tokens: Tokens
    breaks: Breaks
    words: NDArray[np.int32]
    places: NDArray[np.int32]
    hits: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    often: NDArray[np.int32]
    touched: NDArray[np.int32]
    stamp: NDArray[np.int64]
    spot: NDArray[np.int32]
    same: NDArray[np.int32]
    cover: NDArray[np.int32]
    serial: NDArray[np.int64]


FIELDS = ("text", "entry", "start", "end", "weight")
"""What is told of a stretch; ``start`` and ``end`` count words. The same may be told twice."""


def scratch_room(largest: Int, entries: Int, grams: Int, longest: Int) -> Scratch:
    """Room for texts of ``largest`` bytes, and so many entries, n-grams and words of an entry."""
    size = largest + 1
    return Scratch(
        token_room(size),
        break_room(size),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(entries, np.int32),
        np.empty(entries, np.int32),
        np.zeros(entries, np.int32),
        np.empty(entries, np.int32),
        np.zeros(grams, np.int64),
        np.empty(grams, np.int32),
        np.empty(longest, np.int32),
        np.zeros(longest, np.int32),
        np.zeros(1, np.int64),
    )


def no_entries() -> Entries:
    """No entries."""
    long, short = np.zeros(1, np.int64), np.zeros(0, np.int32)
    return Entries(long, short, short, long, long, long, long, short)


@helper
def _look_up(
    text: np.ndarray, table: np.ndarray, folds: np.ndarray, probe: Probe, room: Scratch
) -> Int:
    """Write where n-grams of questions begin in a text (in words) and which; how many there are."""
    tokens = room.tokens
    count, _, _ = tokenise(text, table, folds, tokens, room.breaks, 0)
    words = 0
    hits = 0
    key = np.uint64(0)
    for k in range(count):
        if not tokens.flags[k] & WORD:
            continue
        room.words[words] = k
        key = key * STEP + tokens.fold[k]
        if words >= N:
            key -= tokens.fold[room.words[words - N]] * _LEAD
        words += 1
        if words >= N:
            number = number_of(probe, key)
            if number >= 0:
                room.places[hits] = words - N
                room.hits[hits] = number
                hits += 1
    return hits


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(no_probe()),
    like(scratch_room(1, 1, 1, 1)),
    array(types.int64),
)
def count_texts(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint16],
    folds: NDArray[np.uint32],
    probe: Probe,
    room: Scratch,
    counts: NDArray[np.int64],
) -> None:
    """Add to each n-gram's count the texts that hold it."""
    for d in range(len(offsets) - 1):
        hits = _look_up(data[offsets[d] : offsets[d + 1]], flags, folds, probe, room)
        room.serial[0] += 1
        for h in range(hits):
            number = room.hits[h]
            counts[number] += room.stamp[number] != room.serial[0]
            room.stamp[number] = room.serial[0]


@helper
def _mark(entries: Entries, entry: Int, room: Scratch) -> None:
    """Stamp the n-grams of an entry, and chain the places where each begins, the last one first."""
    room.serial[0] += 1
    base = entries.offsets[entry]
    for i in range(entries.offsets[entry + 1] - base - N + 1):
        number = entries.grams[base + i]
        room.same[i] = room.spot[number] if room.stamp[number] == room.serial[0] else -1
        room.spot[number] = i
        room.stamp[number] = room.serial[0]


@helper
def _shift(entries: Entries, base: Int, number: Int, by: Int, room: Scratch) -> Int:
    """Cover (1) or uncover (-1) an n-gram's words; by how much the weight covered changes."""
    change = np.int64(0)
    i = room.spot[number]
    while i >= 0:
        for k in range(i, i + N):
            if by > 0:
                change += entries.weights[base + k] if room.cover[k] == 0 else 0
            room.cover[k] += by
            if by < 0:
                change -= entries.weights[base + k] if room.cover[k] == 0 else 0
        i = room.same[i]
    return change


@helper
def _edges(first: Int, final: Int, hits: Int, room: Scratch) -> tuple[Int, Int]:
    """The first and last hit of the stamped entry, followed outwards as far as none is missing."""
    serial = room.serial[0]
    low = first
    h = first - 1
    while h >= 0 and room.places[low] - room.places[h] <= GAP:
        if room.stamp[room.hits[h]] == serial:
            low = h
        h -= 1
    high = final
    h = final + 1
    while h < hits and room.places[h] - room.places[high] <= GAP:
        if room.stamp[room.hits[h]] == serial:
            high = h
        h += 1
    return low, high


@helper
def _stretch(
    entries: Entries, entry: Int, low: Int, high: Int, room: Scratch
) -> tuple[Int, Int, Int]:
    """The first, shortest stretch of hits that covers most: its first and last hit, its weight."""
    base = entries.offsets[entry]
    length = entries.offsets[entry + 1] - base
    widest = WIDEST * (length + GAP)
    serial = room.serial[0]
    best = covered = np.int64(0)
    start, end = low, low
    left = low
    for h in range(low, high + 1):
        if room.stamp[room.hits[h]] != serial:
            continue
        covered += _shift(entries, base, room.hits[h], 1, room)
        while left < h:
            number = room.hits[left]
            if room.stamp[number] == serial:
                less = _shift(entries, base, number, -1, room)
                if less < 0 and room.places[h] - room.places[left] <= widest:
                    _shift(entries, base, number, 1, room)
                    break
                covered += less
            left += 1
        if covered > best:
            best, start, end = covered, left, h
    room.cover[:length] = 0
    return start, end, best


@helper
def _close(
    entries: Entries, entry: Int, d: Int, hits: Int, room: Scratch, out: np.ndarray, rows: Int
) -> Int:
    """Tell of the run of hits of an entry that has ended, if it covers enough; how many rows."""
    # what so many n-grams could cover at most: most entries are met by chance, once or twice
    if (
        N * room.often[entry] * entries.heaviest[entry] + entries.loose[entry]
        < entries.least[entry]
    ):
        return rows
    _mark(entries, entry, room)
    low, high = _edges(room.first[entry], room.last[entry], hits, room)
    start, end, weight = _stretch(entries, entry, low, high, room)
    if weight < entries.least[entry]:
        return rows
    if rows < len(out):
        out[rows, 0] = d
        out[rows, 1] = entry
        out[rows, 2] = room.places[start]
        out[rows, 3] = room.places[end] + N
        out[rows, 4] = weight
    return rows + 1


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(no_probe()),
    like(no_entries()),
    like(scratch_room(1, 1, 1, 1)),
    types.int64,
    array(types.int64, 2),
)
def find(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint16],
    folds: NDArray[np.uint32],
    probe: Probe,
    entries: Entries,
    room: Scratch,
    begin: Int,
    out: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Write stretches (``FIELDS``) of texts from ``begin`` on; rows, and the text to go on with.

    A text whose stretches do not all fit is left out whole: it comes first with emptier room.
    """
    rows = 0
    for d in range(begin, len(offsets) - 1):
        hits = _look_up(data[offsets[d] : offsets[d + 1]], flags, folds, probe, room)
        before = rows
        touched = 0
        for h in range(hits):
            number = room.hits[h]
            for k in range(entries.posts[number], entries.posts[number + 1]):
                entry = entries.posted[k]
                if room.often[entry] == 0:
                    room.touched[touched] = entry
                    touched += 1
                    room.first[entry] = h
                elif room.places[h] - room.places[room.last[entry]] > GAP:
                    rows = _close(entries, entry, d, hits, room, out, rows)
                    room.first[entry] = h
                room.often[entry] += 1
                room.last[entry] = h
        for k in range(touched):
            entry = room.touched[k]
            rows = _close(entries, entry, d, hits, room, out, rows)
            room.often[entry] = 0
        if rows > len(out):
            return before, d
    return rows, len(offsets) - 1
