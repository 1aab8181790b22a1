"""From windows that occur earlier to what is cut out of a text: pieces, on which bytes."""

from __future__ import annotations

import numpy as np

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.sentences import ends_here, is_end_mark
from dataqa.kernels.tables import ALPHA, BREAK, IDEO, MARK
from dataqa.kernels.tokens import (
    WORDY,
    Breaks,
    Tokens,
    break_room,
    decode,
    flags_of,
    token_room,
    tokenise,
    width,
)

_FIRST, _LAST = np.uint8(1), np.uint8(2)
_ONE = np.uint64(1)


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    frozen(types.int32),
    frozen(types.int64),
    like(token_room(1)),
    like(break_room(1)),
    array(types.boolean),
)
def borders(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    folds: np.ndarray,
    starts: np.ndarray,
    first: np.ndarray,
    tokens: Tokens,
    breaks: Breaks,
    out: np.ndarray,
) -> None:
    """Mark the items that begin a sentence or a line.

    ``starts`` are the items' bytes, ``first`` where each document's begin; ``tokens`` and
    ``breaks`` have room for the longest document.
    """
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        count, lines, _ = tokenise(text, table, folds, tokens, breaks, np.int64(0))
        item = first[d]
        end = first[d + 1]
        for k in range(item, end):
            out[k] = k == item
        line = np.int64(0)
        fresh = np.int64(0)  # the token after the last sentence's end
        letters = False
        for k in range(count):
            begins = k == fresh and k > 0
            while line < lines and breaks.tokens[line] <= k:
                begins |= breaks.tokens[line] == k
                line += 1
            if begins:
                letters = False
                while item < end and starts[item] < tokens.starts[k]:
                    item += 1
                if item < end and starts[item] == tokens.starts[k]:
                    out[item] = True
            letters |= tokens.flags[k] & ALPHA != 0
            if letters and k >= fresh and is_end_mark(tokens, k):
                fresh = max(fresh, ends_here(tokens, k, count, table))


@kernel(
    frozen(types.int64),
    frozen(types.uint32),
    frozen(types.uint64),
    frozen(types.int64),
    frozen(types.boolean),
    types.int64,
    array(types.int64),
    array(types.int64),
    array(types.int64),
    array(types.uint64),
    array(types.uint8),
)
def pieces(
    rows: np.ndarray,
    places: np.ndarray,
    sources: np.ndarray,
    first: np.ndarray,
    border: np.ndarray,
    n: Int,
    docs: np.ndarray,
    lows: np.ndarray,
    highs: np.ndarray,
    origins: np.ndarray,
    sides: np.ndarray,
) -> Int:
    """Cover every stretch of repeated items by few pieces, each copied from one earlier place.

    ``places[rows[d]:rows[d + 1]]`` are the first items of document ``d``'s windows that occur
    earlier, ascending, and ``sources`` where each occurs first, the item in the lower 32 bits.
    A stretch, windows that touch, shrinks to whole runs between borders; one that then has fewer
    than ``n`` items is left out. A piece is document, first item and item after the last (counted
    in the document), its origin, and whether it is the first (1) or last (2) of its stretch.
    Returns how many pieces there are: fewer than items of ``places``.
    """
    count = np.int64(0)
    for d in range(len(rows) - 1):
        size = first[d + 1] - first[d]
        mine = border[first[d] : first[d + 1]]
        at = rows[d]
        while at < rows[d + 1]:
            low = np.int64(places[at])
            last = at
            while last + 1 < rows[d + 1] and np.int64(places[last + 1]) <= places[last] + n:
                last += 1
            high = np.int64(places[last]) + n
            while low < high and not mine[low]:
                low += 1
            while high > low and high < size and not mine[high]:
                high -= 1
            if high - low >= n:
                begun = count
                row = at
                while low < high:
                    # the copy that begins last of those that hold this item also ends last
                    while row < last and np.int64(places[row + 1]) <= low:
                        row += 1
                    end = row
                    while (
                        end < last
                        and places[end + 1] == places[end] + 1
                        and sources[end + 1] == sources[end] + _ONE
                    ):
                        end += 1
                    docs[count] = d
                    lows[count] = low
                    origins[count] = sources[row] + np.uint64(low - np.int64(places[row]))
                    low = min(np.int64(places[end]) + n, high)
                    highs[count] = low
                    sides[count] = 0
                    count += 1
                    row = end
                sides[begun] |= _FIRST
                sides[count - 1] |= _LAST
            at = last + 1
    return count


@helper
def _line_ends(text: np.ndarray, at: Int, end: Int, table: np.ndarray) -> Int:
    """How many characters that end a line there are in some white space."""
    count = np.int64(0)
    while at < end:
        count += (flags_of(decode(text, at), table) & BREAK) != 0
        at += width(text[at])
    return count


@helper
def _before(text: np.ndarray, at: Int) -> Int:
    """The code point that ends at byte ``at``."""
    at -= 1
    while text[at] & 0xC0 == 0x80:
        at -= 1
    return decode(text, at)


@helper
def _apart(before: Int, after: Int, table: np.ndarray) -> Int:
    """Spaces to put between two characters, so that what they belong to stays apart.

    Beside Han, Kana and their punctuation there is none, but where a run or a mark would go on.
    """
    right = flags_of(after, table)
    if before == after or right & MARK:
        return 0 if right & IDEO else 1
    return 0 if _wide(before, table) or _wide(after, table) else 1


@helper
def _wide(code: Int, table: np.ndarray) -> bool:
    flags = flags_of(code, table)
    if flags & WORDY:
        return bool(flags & IDEO)
    quoted = code == 0x201C or code == 0x201D or code == 0x2014 or code == 0x2026  # noqa: PLR1714
    return bool(quoted or 0x3000 <= code < 0x3040 or 0xFF00 <= code < 0xFFF0)


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.int32),
    frozen(types.int32),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.uint8),
    array(types.int64, 2),
)
def cuts(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    first: np.ndarray,
    docs: np.ndarray,
    lows: np.ndarray,
    highs: np.ndarray,
    sides: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill bytes for each piece: its first, after its last; what to cut: from, to; spaces to put.

    Of the white space on both sides of a stretch the one with more line ends stays, the one after
    it where they are equal; where there is none a space is put, unless Chinese stands beside it.
    What begins or ends a text keeps the white space there.
    """
    for p in range(len(docs)):
        d = docs[p]
        base = first[d]
        size = first[d + 1] - base
        text = data[offsets[d] : offsets[d + 1]]
        start, end = np.int64(starts[base + lows[p]]), np.int64(ends[base + highs[p] - 1])
        out[p, 0], out[p, 1] = start, end
        out[p, 2], out[p, 3], out[p, 4] = start, end, 0
        if not sides[p] & _LAST:
            out[p, 3] = starts[base + highs[p]]
            continue
        q = p
        while not sides[q] & _FIRST:
            q -= 1
        begin = np.int64(starts[base + lows[q]])
        follows = np.int64(starts[base + highs[p]]) if highs[p] < size else end
        if lows[q] == 0:
            out[p, 3] = follows
            continue
        left = np.int64(ends[base + lows[q] - 1])
        if highs[p] == size:
            out[q, 2] = left
        elif left == begin and end == follows:
            out[p, 4] = _apart(_before(text, begin), decode(text, end), table)
        elif end == follows or _line_ends(text, left, begin, table) > _line_ends(
            text, end, follows, table
        ):
            out[p, 3] = follows
        else:
            out[q, 2] = left
