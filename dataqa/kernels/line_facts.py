"""What each line of many texts shows, and the byte spans that go when some lines do.

A line ends at a line feed; white space around it does not count. *Words* are separated by white
space, and a Han or Kana character is a word by itself, with the punctuation that follows it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from dataqa.kernels.jit import array, frozen, helper, kernel, like
from dataqa.kernels.tables import ALPHA, DIGIT, IDEO, PLANES, SPACE, TERMINAL, UPPER

ENDS_WELL = 1
"""Ends with ``. ? !`` (not ``...``), a double quote, or another script's end mark."""
ENDS_QUOTED = 2
"""Ends with a single quote."""
JAVASCRIPT = 4
POLICY = 8
BEGINS_WITH_DIGIT = 16
"""Its first letter or digit is a digit."""


class Facts(NamedTuple):
    """One element a line, of all texts one after the other.

    Attributes:
        starts: First byte of the line.
        ends: Byte after its last, before the line feed.
        words: Words; 0 means that the line is blank.
        longest: Characters of the longest word.
        chars: Characters between the white space at both ends.
        upper: Upper-case letters.
        digits: Decimal digits.
        flags: ``ENDS_WELL`` and the others.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    words: NDArray[np.int32]
    longest: NDArray[np.int32]
    chars: NDArray[np.int32]
    upper: NDArray[np.int32]
    digits: NDArray[np.int32]
    flags: NDArray[np.uint8]


def room(lines: int) -> Facts:
    """Arrays for so many lines."""
    numbers = [np.zeros(lines, np.int32) for _ in range(5)]
    return Facts(
        np.zeros(lines, np.int64),
        np.zeros(lines, np.int64),
        *numbers,
        flags=np.zeros(lines, np.uint8),
    )


_JAVASCRIPT = tuple(b"javascript")
_PHRASES = (
    tuple(b"terms of use"),
    tuple(b"privacy policy"),
    tuple(b"cookie policy"),
    tuple(b"uses cookies"),
    tuple(b"use of cookies"),
    tuple(b"use cookies"),
)
_TERMS, _PRIVACY, _COOKIE, _USES, _USE_OF, _USE = _PHRASES
_QUOTES = (0x22, 0x201D, 0x300D, 0x300F, 0xFF02)


@helper
def _stands(data: np.ndarray, at: int, end: int, phrase: tuple[int, ...]) -> bool:
    """Whether lower-case ASCII ``phrase`` stands at byte ``at``, in any case of letters."""
    if at + len(phrase) > end:
        return False
    for k in range(len(phrase)):
        byte = data[at + k]
        if 0x41 <= byte <= 0x5A:
            byte |= 0x20
        if byte != phrase[k]:
            return False
    return True


@helper
def _phrase(data: np.ndarray, at: int, end: int) -> int:
    """The flag of a phrase that begins here."""
    first = data[at] | 0x20
    if first == 0x6A:
        return JAVASCRIPT if _stands(data, at, end, _JAVASCRIPT) else 0
    if first == 0x74:
        found = _stands(data, at, end, _TERMS)
    elif first == 0x70:
        found = _stands(data, at, end, _PRIVACY)
    elif first == 0x63:
        found = _stands(data, at, end, _COOKIE)
    elif first == 0x75:
        found = (
            _stands(data, at, end, _USES)
            or _stands(data, at, end, _USE_OF)
            or _stands(data, at, end, _USE)
        )
    else:
        found = False
    return POLICY if found else 0


@helper
def _end_flags(data: np.ndarray, start: int, end: int, code: Any, table: np.ndarray) -> int:
    """How a line ends whose last character is ``code`` and ends at byte ``end``."""
    if code == 0x27 or code == 0x2019:  # noqa: PLR1714
        return ENDS_QUOTED
    if code == 0x2E:
        dots = end - start > 2 and data[end - 2] == 0x2E and data[end - 3] == 0x2E
        return 0 if dots else ENDS_WELL
    for quote in _QUOTES:
        if code == quote:
            return ENDS_WELL
    if code < PLANES and table[code] & TERMINAL:
        return ENDS_WELL
    return 0


@helper
def _line(
    data: np.ndarray, start: int, end: int, table: np.ndarray, facts: Facts, row: int
) -> None:
    words = longest = upper = digits = length = flags = 0
    # what the last character was: 0 space, 1 in a word, 2 ideograph, 3 punctuation after space
    state = 0
    seen = kept = 0  # characters up to here, and up to the last that is no space
    last_code = 0
    last_end = start
    begun = False
    at = start
    while at < end:
        byte = np.int64(data[at])
        size = 1
        code = byte
        if byte >= 0xF0:
            size = 4
            code = (byte & 7) << 18 | (data[at + 1] & 63) << 12
            code |= (data[at + 2] & 63) << 6 | data[at + 3] & 63
        elif byte >= 0xE0:
            size = 3
            code = (byte & 15) << 12 | (data[at + 1] & 63) << 6 | data[at + 2] & 63
        elif byte >= 0xC0:
            size = 2
            code = (byte & 31) << 6 | data[at + 1] & 63
        flag = table[code] if code < PLANES else (IDEO | ALPHA if code < 0x40000 else 0)
        if flag & SPACE:
            at += size
            seen += kept > 0
            state = 0
            length = 0
            continue
        if flag & IDEO:
            words += state != 3
            state = 2
            length = 0
        elif flag & (ALPHA | DIGIT):
            words += state == 0 or state == 2  # noqa: PLR1714
            length = 1 if state == 0 or state == 2 else length + 1  # noqa: PLR1714
            state = 1
        elif state == 0:
            words += 1
            length = 1
            state = 3
        elif state != 2:
            length += 1
        if size == 1 and byte >= 0x41:
            flags |= _phrase(data, at, end)
        if not begun and flag & (ALPHA | DIGIT | IDEO):
            begun = True
            if flag & DIGIT:
                flags |= BEGINS_WITH_DIGIT
        upper += (flag & UPPER) != 0
        digits += (flag & DIGIT) != 0
        longest = max(longest, length)
        at += size
        seen += 1
        kept = seen
        last_code = code
        last_end = at
    if words:
        flags |= _end_flags(data, start, last_end, last_code, table)
    facts.starts[row] = start
    facts.ends[row] = end
    facts.words[row] = words
    facts.longest[row] = longest
    facts.chars[row] = kept
    facts.upper[row] = upper
    facts.digits[row] = digits
    facts.flags[row] = flags


@kernel(
    frozen(types.uint8), frozen(types.int64), frozen(types.uint16), like(room(1)),
    array(types.int64),
)  # fmt: skip
def line_facts(
    data: np.ndarray, offsets: np.ndarray, table: np.ndarray, facts: Facts, first: np.ndarray
) -> None:
    """Fill ``facts``, and ``first`` with the number of each text's first line (and the end)."""
    row = 0
    for text in range(len(offsets) - 1):
        first[text] = row
        start = at = offsets[text]
        end = offsets[text + 1]
        while at < end:
            if data[at] == 0x0A:
                _line(data, start, at, table, facts, row)
                row += 1
                start = at + 1
            at += 1
        _line(data, start, end, table, facts, row)
        row += 1
    first[len(offsets) - 1] = row


@helper
def _next_kind(words: np.ndarray, kinds: np.ndarray, row: int, high: int) -> int:
    """The kind of the next line that is not blank."""
    for other in range(row, high):
        if words[other]:
            return kinds[other]
    return 0


@kernel(
    array(types.int64), array(types.int64), array(types.int32), array(types.uint8),
    array(types.int64), array(types.int64, 2),
)  # fmt: skip
def removed_spans(
    starts: np.ndarray,
    ends: np.ndarray,
    words: np.ndarray,
    kinds: np.ndarray,
    first: np.ndarray,
    spans: np.ndarray,
) -> int:
    """What goes with the lines whose kind is not 0, as rows text, start, end, kind.

    Blank lines after a removed line go with it, those before it only at the beginning of the text;
    behind the last line that stays everything goes when some line there does. Returns the number
    of rows, at most one a line; neighbours of one kind share one.
    """
    count = 0
    for text in range(len(first) - 1):
        low, high = first[text], first[text + 1]
        tail = low  # the first line behind the last that stays
        goes = False  # some line behind it is removed
        for row in range(low, high):
            if words[row] and not kinds[row]:
                tail = row + 1
                goes = False
            goes |= kinds[row] != 0
        if not goes:
            tail = high
        kind = _next_kind(words, kinds, low, high)
        before = 0
        for row in range(low, high):
            if words[row]:
                kind = kinds[row]
            elif row == tail:
                kind = _next_kind(words, kinds, row, high)
            if kind:
                # in the tail a line goes with the line feed before it, elsewhere with its own
                begin, end = starts[row], starts[min(row + 1, high - 1)]
                if row >= tail:
                    begin, end = ends[row - 1] if row > low else starts[row], ends[row]
                if before == kind and spans[count - 1, 2] == begin:
                    spans[count - 1, 2] = end
                else:
                    spans[count, 0], spans[count, 1] = text, begin
                    spans[count, 2], spans[count, 3] = end, kind
                    count += 1
            before = kind
    return count
