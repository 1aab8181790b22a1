"""How much of a text is repeated n-grams, in every published dialect, from one climb.

An n-gram can only be repeated where both (n-1)-grams inside it are. So each length looks only at
places that the one before left over: in ordinary text that is half of the words for three and few
for five, and the nine lengths together cost little more than two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.groups import Groups, group
from dataqa.kernels.hashing import join
from dataqa.kernels.jit import Int, helper

LONGEST = 10
MANY = 2


class Grams(NamedTuple):
    """Repetition of one stream of tokens; all characters are counted without spaces between.

    ``top``: characters of the most frequent n-gram times its count, joined by spaces, the first of
    equally frequent ones (datatrove). ``often``: the same without spaces, the longest of equally
    frequent ones, 0 if none occurs twice (DCLM, RedPajama). ``again``: characters of n-grams seen
    before in a scan that jumps over each one it finds (datatrove). ``cover``: characters of words
    that lie in any n-gram occurring twice (DCLM, RedPajama). ``places``: n-grams that occur twice
    or more, every occurrence counted (data-juicer).
    """

    tokens: NDArray[np.int64]
    chars: NDArray[np.int64]
    top2: NDArray[np.int64]
    top3: NDArray[np.int64]
    top4: NDArray[np.int64]
    often2: NDArray[np.int64]
    often3: NDArray[np.int64]
    often4: NDArray[np.int64]
    again5: NDArray[np.int64]
    again6: NDArray[np.int64]
    again7: NDArray[np.int64]
    again8: NDArray[np.int64]
    again9: NDArray[np.int64]
    again10: NDArray[np.int64]
    cover5: NDArray[np.int64]
    cover6: NDArray[np.int64]
    cover7: NDArray[np.int64]
    cover8: NDArray[np.int64]
    cover9: NDArray[np.int64]
    cover10: NDArray[np.int64]
    places5: NDArray[np.int64]
    places10: NDArray[np.int64]


_FIELDS = Grams._fields
TOKENS, CHARS = _FIELDS.index("tokens"), _FIELDS.index("chars")
TOP, OFTEN = _FIELDS.index("top2"), _FIELDS.index("often2")
AGAIN, COVER = _FIELDS.index("again5"), _FIELDS.index("cover5")
PLACES5, PLACES10 = _FIELDS.index("places5"), _FIELDS.index("places10")


@helper
def _tops(room: Groups, chars: np.ndarray, size: Int, n: Int, row: np.ndarray) -> None:
    """The most frequent n-gram in both dialects, from places that are left over."""
    best = 1
    head = -1
    longest = 0
    for k in range(size):
        if room.first[k] != k or room.counts[k] < best:
            continue
        place = room.places[k]
        length = np.int64(chars[place + n] - chars[place])
        if room.counts[k] > best:
            best = np.int64(room.counts[k])
            head = place
            longest = length
        elif best > 1:
            longest = max(longest, length)
    if head < 0:
        row[TOP + n - 2] = np.int64(chars[n] - chars[0]) + n - 1
        row[OFTEN + n - 2] = 0
    else:
        row[TOP + n - 2] = best * (np.int64(chars[head + n] - chars[head]) + n - 1)
        row[OFTEN + n - 2] = best * longest


@helper
def _repeats(room: Groups, chars: np.ndarray, size: Int, n: Int, row: np.ndarray) -> None:
    """Characters in repeated n-grams, scanned and covered, and their number."""
    free = 0  # where the scan may look again
    covered = 0
    again = cover = places = np.int64(0)
    for k in range(size):
        head = room.first[k]
        if room.counts[head] < 2:
            continue
        if head == k:
            room.marks[k] = 0
        places += 1
        place = np.int64(room.places[k])
        low = max(place, covered)
        cover += chars[place + n] - chars[low]
        covered = place + n
        if place < free:
            continue
        if room.marks[head]:
            again += chars[place + n] - chars[place]
            free = place + n
        else:
            room.marks[head] = 1
    row[AGAIN + n - 5] = again
    row[COVER + n - 5] = cover
    if n == 5:
        row[PLACES5] = places
    if n == 10:
        row[PLACES10] = places


@helper
def _sieve(room: Groups, tokens: np.ndarray, count: Int) -> Int:
    """Write the bigrams that may be repeated into ``room``; how many there are.

    Small counters, four for each bigram, tell most of those that occur once: only bigrams whose
    counter was hit twice go on to the table, which is several times dearer.
    """
    size = np.int64(64)
    while size < 4 * count and size < len(room.sieve):
        size *= 2
    mask = np.uint64(size - 1)
    room.sieve[:size] = 0
    for k in range(count - 1):
        key = join(tokens[k], tokens[k + 1])
        room.keys[k] = key
        room.sieve[key & mask] += room.sieve[key & mask] < MANY
    kept = 0
    for k in range(count - 1):
        key = room.keys[k]
        room.keys[kept] = key
        room.places[kept] = k
        kept += room.sieve[key & mask] == MANY
    return kept


@helper
def _climb(room: Groups, tokens: np.ndarray, size: Int, n: Int) -> Int:
    """Replace the n-grams in ``room`` by the (n+1)-grams that may be repeated; their number."""
    kept = 0
    before = False  # whether the n-gram before this one is repeated
    key = np.uint64(0)
    place = np.int32(-2)
    for k in range(size):
        here = room.counts[room.first[k]] > 1
        spot = room.places[k]
        mine = room.keys[k]
        if before and here and spot == place + 1:
            room.keys[kept] = join(key, tokens[place + n])
            room.places[kept] = place
            kept += 1
        before, key, place = here, mine, spot
    return kept


@helper
def repetition(
    tokens: np.ndarray, chars: np.ndarray, count: Int, room: Groups, row: np.ndarray
) -> None:
    """Measure ``tokens[:count]``, with running sums of ``chars``, into one row of ``Grams``."""
    row[:] = 0
    row[TOKENS] = count
    row[CHARS] = chars[count] - chars[0]
    size = _sieve(room, tokens, count) if count > 1 else 0
    for n in range(2, LONGEST + 1):
        if count < n:
            return
        group(room, size)
        if n <= 4:
            _tops(room, chars, size, n, row)
        else:
            _repeats(room, chars, size, n, row)
        size = _climb(room, tokens, size, n)
