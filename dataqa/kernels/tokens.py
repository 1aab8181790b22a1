"""The one pass that every measure reads: tokens and line ends of a document.

A token is a maximal run of letters, marks and digits, in which an apostrophe may join letters and
``.`` or ``,`` may join digits; or one Han or Kana character (with the marks on it); or a run of one
same other character. White space belongs to no token, so tokens cover everything else. *Words* are
the tokens with a letter or a digit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.tables import (
    ALPHA,
    BREAK,
    DIGIT,
    IDEO,
    MARK,
    NUMBER,
    PLAIN,
    PLANES,
    SPACE,
)
from dataqa.kernels.tables import flags as flag_table

WORDY = ALPHA | DIGIT | NUMBER | MARK
WORD = ALPHA | DIGIT | NUMBER
_LETTERLIKE = ALPHA | MARK
ONE = np.uint64(1)


def _quick() -> NDArray[np.uint16]:
    """Flags of the ASCII letters and digits; 0 for every other byte."""
    out = np.zeros(256, np.uint16)
    for byte in range(0x80):
        if chr(byte).isalnum():
            out[byte] = flag_table()[byte]
    return out


QUICK = _quick()
ENDS_WORD = np.array([byte < 0x80 and chr(byte) not in "'.," for byte in range(256)])
"""Whether a byte that is no ASCII letter or digit ends every word before it."""


class Tokens(NamedTuple):
    """Tokens of one document (or, flat, of many); ``chars`` has one element more.

    Attributes:
        plain: Hash of the token as it is written.
        fold: Hash of its lower-case form; ``’`` is ``'``.
        starts: First byte, from the document's start.
        ends: Byte after the last.
        chars: Characters in all tokens before this one; spaces are not counted.
        flags: Flags of all its characters together (``tables``).
        first: Its first code point.
    """

    plain: NDArray[np.uint64]
    fold: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    chars: NDArray[np.int32]
    flags: NDArray[np.uint16]
    first: NDArray[np.uint32]


class Breaks(NamedTuple):
    """Line ends of one document, in order.

    Attributes:
        at: Byte of the line end.
        chars: Characters before it, spaces included.
        tokens: Tokens before it.
        code: Its code point.
    """

    at: NDArray[np.int32]
    chars: NDArray[np.int32]
    tokens: NDArray[np.int32]
    code: NDArray[np.uint32]


def token_room(size: Int) -> Tokens:
    """Room for the tokens of ``size`` bytes; pages never written cost no memory."""
    return Tokens(
        np.empty(size, np.uint64),
        np.empty(size, np.uint64),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size + 1, np.int32),
        np.empty(size, np.uint16),
        np.empty(size, np.uint32),
    )


def break_room(size: Int) -> Breaks:
    """Room for the line ends of ``size`` bytes."""
    return Breaks(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.uint32),
    )


@helper
def width(lead: Int) -> Int:
    """Bytes of the character that begins with ``lead``."""
    if lead < 0x80:
        return 1
    if lead < 0xE0:
        return 2
    if lead < 0xF0:
        return 3
    return 4


@helper
def decode(text: np.ndarray, at: Int) -> Int:
    """The code point at byte ``at`` of valid UTF-8."""
    lead = np.int64(text[at])
    if lead < 0x80:
        return lead
    second = np.int64(text[at + 1]) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second
    third = np.int64(text[at + 2]) & 0x3F
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | second << 6 | third
    return (lead & 0x07) << 18 | second << 12 | third << 6 | (np.int64(text[at + 3]) & 0x3F)


@helper
def flags_of(code: Int, table: np.ndarray) -> Int:
    """The flags of any code point."""
    if code < PLANES:
        return np.int64(table[code])
    if code < 0x323B0:
        return ALPHA | IDEO | PLAIN
    if 0xE0100 <= code < 0xE01F0:
        return MARK | PLAIN
    return PLAIN


@helper
def fold_of(code: Int, table: np.ndarray) -> np.uint64:
    """The lower-case form of any code point."""
    if code < PLANES:
        return np.uint64(table[code])
    return np.uint64(code)


@helper
def joins(text: np.ndarray, at: Int, code: Int, before: Int, table: np.ndarray) -> bool:
    """Whether the character at ``at`` joins what stands on both sides of it to one word."""
    if code == 0x27 or code == 0x2019:  # noqa: PLR1714
        wanted, needed = ALPHA, _LETTERLIKE
    elif code == 0x2E or code == 0x2C:  # noqa: PLR1714
        wanted, needed = DIGIT, DIGIT
    else:
        return False
    after = at + (3 if code == 0x2019 else 1)
    if not before & needed or after >= len(text):
        return False
    following = flags_of(decode(text, after), table)
    return bool(following & wanted) and not following & IDEO


@helper
def tokenise(
    text: np.ndarray, table: np.ndarray, folds: np.ndarray, out: Tokens, breaks: Breaks, base: Int
) -> tuple[Int, Int, Int]:
    """Write the tokens of ``text`` from row ``base`` on; how many, and line ends and characters."""
    size = len(text)
    limit = np.uint64(size)
    at = 0
    seen = 0  # characters, spaces included
    within = np.int64(0)  # characters in tokens
    count = base
    ends = 0
    while at < size:
        code = np.int64(text[np.uint64(at)])
        if code == 0x20:
            at += 1
            seen += 1
            continue
        if code >= 0x80:
            code = decode(text, at)
        flags = flags_of(code, table)
        if flags & SPACE:
            if flags & BREAK:
                breaks.at[ends] = at
                breaks.chars[ends] = seen
                breaks.tokens[ends] = count - base
                breaks.code[ends] = code
                ends += 1
            at += width(text[at])
            seen += 1
            continue
        out.starts[count] = at
        out.first[count] = code
        out.chars[count] = within
        plain = (SEED ^ np.uint64(code)) * STEP
        fold = (SEED ^ fold_of(code, folds)) * STEP
        every = flags
        length = 1
        at += width(text[at])
        if flags & WORDY:
            alone = flags & IDEO
            before = flags
            while at < size:
                if not alone:
                    # most text is ASCII letters: a loop of its own, with unsigned places, in which
                    # numba need not look for negative ones
                    here = np.uint64(at)
                    while here < limit:
                        byte = text[here]
                        some = QUICK[byte]
                        if not some:
                            break
                        plain = (plain ^ np.uint64(byte)) * STEP
                        fold = (fold ^ np.uint64(folds[byte])) * STEP
                        every |= some
                        here += ONE
                    length += np.int64(here) - at
                    at = np.int64(here)
                    if here >= limit or ENDS_WORD[text[here]]:
                        break
                    if QUICK[text[here - ONE]]:
                        before = np.int64(QUICK[text[here - ONE]])
                code = np.int64(text[at])
                if code >= 0x80:
                    code = decode(text, at)
                flags = flags_of(code, table)
                if flags & WORDY:
                    if flags & IDEO or (alone and not flags & MARK):
                        break
                elif alone or not joins(text, at, code, before, table):
                    break
                before = flags
                if flags & WORDY:  # what joins is no end mark here
                    every |= flags
                plain = (plain ^ np.uint64(code)) * STEP
                fold = (fold ^ fold_of(code, folds)) * STEP
                length += 1
                at += width(text[at])
        else:
            while at < size and decode(text, at) == code:
                plain = (plain ^ np.uint64(code)) * STEP
                fold = (fold ^ fold_of(code, folds)) * STEP
                length += 1
                at += width(text[at])
        out.plain[count] = finish(plain)
        out.fold[count] = finish(fold)
        out.ends[count] = at
        out.flags[count] = every
        seen += length
        within += length
        count += 1
    out.chars[count] = within
    return count - base, ends, seen
