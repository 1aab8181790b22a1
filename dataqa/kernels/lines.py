r"""Counts over lines and paragraphs of one document, in every published dialect.

Two notions of a line: what ``\n`` separates, and what ``str.splitlines`` gives ("text lines").
Blank means white space only. A paragraph stands between runs of two or more ``\n``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.groups import Groups, group
from dataqa.kernels.hashing import of_bytes
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.tables import ALPHA, LOWER, TERMINAL, UPPER, numbered
from dataqa.kernels.tokens import WORD, Breaks, Tokens
from dataqa.kernels.words import is_loose

SHORT = 30
NEWLINE = 0x0A


class Lines(NamedTuple):
    r"""Counts over lines.

    Attributes:
        newlines: Characters ``\n``.
        chars: Characters that are not ``\n``.
        lines: Non-blank lines.
        line_chars: Their characters.
        longest: Characters of the longest.
        terminal: Those whose last character ends a sentence.
        short: Those of at most 30 characters.
        numeric: Those whose words are all without a letter, and that have a word.
        capital: Those whose letters are mostly upper-case words.
        repeats: Non-blank lines seen before, and ``repeat_chars`` their characters.
        parts: Pieces between runs of ``\n``, an empty one at either end included (datatrove).
        part_repeats: Pieces seen before, and ``part_repeat_chars`` their characters.
        stripped_chars: Characters of the non-blank lines without white space at the ends (DCLM).
        shared: Non-blank stripped lines that occur twice or more, all of them (DCLM).
        shared_chars: Their characters.
        stripped_repeats: Stripped lines seen before, and ``stripped_repeat_chars``.
        text_lines: Lines of ``str.splitlines``.
        bullets: Those that begin with ``•`` or ``-``.
        ellipses: Those that end with ``...`` or ``…``.
        wide_bullets: Non-blank lines that begin with ``●``, ``•``, ``*`` or ``-`` (DCLM).
        wide_ellipses: Non-blank lines that end with ``...``, ``…`` or ``. . .`` (DCLM).
    """

    newlines: NDArray[np.int64]
    chars: NDArray[np.int64]
    lines: NDArray[np.int64]
    line_chars: NDArray[np.int64]
    longest: NDArray[np.int64]
    terminal: NDArray[np.int64]
    short: NDArray[np.int64]
    numeric: NDArray[np.int64]
    capital: NDArray[np.int64]
    repeats: NDArray[np.int64]
    repeat_chars: NDArray[np.int64]
    parts: NDArray[np.int64]
    part_repeats: NDArray[np.int64]
    part_repeat_chars: NDArray[np.int64]
    stripped_chars: NDArray[np.int64]
    shared: NDArray[np.int64]
    shared_chars: NDArray[np.int64]
    stripped_repeats: NDArray[np.int64]
    stripped_repeat_chars: NDArray[np.int64]
    text_lines: NDArray[np.int64]
    bullets: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    wide_bullets: NDArray[np.int64]
    wide_ellipses: NDArray[np.int64]


class Paragraphs(NamedTuple):
    """Counts over paragraphs: raw ones of the stripped text (datatrove) and stripped ones (DCLM).

    Attributes:
        parts: Raw paragraphs; an empty text has one.
        part_repeats: Raw paragraphs seen before.
        part_repeat_chars: Their characters.
        paragraphs: Non-blank paragraphs.
        paragraph_chars: Their characters without white space at the ends.
        shared: Stripped paragraphs that occur twice or more, all of them.
        shared_chars: Their characters.
        repeats: Stripped paragraphs seen before.
        repeat_chars: Their characters.
    """

    parts: NDArray[np.int64]
    part_repeats: NDArray[np.int64]
    part_repeat_chars: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    paragraph_chars: NDArray[np.int64]
    shared: NDArray[np.int64]
    shared_chars: NDArray[np.int64]
    repeats: NDArray[np.int64]
    repeat_chars: NDArray[np.int64]


L = numbered(Lines)
P = numbered(Paragraphs)


@helper
def count_chars(text: np.ndarray, start: Int, end: Int) -> Int:
    """Characters of ``text[start:end]``."""
    total = np.int64(0)
    for at in range(start, end):
        total += (text[at] & 0xC0) != 0x80
    return total


@helper
def _sums(room: Groups, size: Int) -> tuple[Int, Int, Int, Int]:
    """Repeats and shared ones among grouped keys, and characters (in ``places``) of both."""
    repeats = repeat_chars = shared = shared_chars = np.int64(0)
    for k in range(size):
        head = room.first[k]
        if head != k:
            repeats += 1
            repeat_chars += room.places[k]
        if room.counts[head] > 1:
            shared += 1
            shared_chars += room.places[k]
    return repeats, repeat_chars, shared, shared_chars


@helper
def _look(t: Tokens, low: Int, high: Int, end: Int, chars: Int, row: np.ndarray) -> None:
    """Count one non-blank line of tokens ``low:high`` that ends at byte ``end``."""
    last = high - 1
    row[L.lines] += 1
    row[L.line_chars] += chars
    row[L.longest] = max(row[L.longest], chars)
    if chars <= SHORT:
        row[L.short] += 1
    if t.flags[last] & TERMINAL and t.ends[last] == end:
        row[L.terminal] += 1
    first = t.first[low]
    if first == 0x25CF or first == 0x2022 or first == 0x2A or first == 0x2D:  # noqa: PLR1714
        row[L.wide_bullets] += 1
    if _ends_open(t, last) or (high - low > 2 and is_loose(t, last)):
        row[L.wide_ellipses] += 1
    words = letters = capital = 0
    for k in range(low, high):
        flags = t.flags[k]
        words += (flags & WORD) != 0
        letters += (flags & ALPHA) != 0
        capital += (flags & (UPPER | LOWER)) == UPPER
    if words and not letters:
        row[L.numeric] += 1
    if 2 * capital > words:
        row[L.capital] += 1


@helper
def _ends_open(t: Tokens, last: Int) -> bool:
    """Whether token ``last`` is ``...`` (or more points) or ``…``."""
    code = t.first[last]
    return code == 0x2026 or (code == 0x2E and t.ends[last] - t.starts[last] > 2)


@helper
def lines(
    text: np.ndarray, t: Tokens, tokens: Int, b: Breaks, breaks: Int, chars: Int,
    raw: Groups, stripped: Groups, row: np.ndarray,
) -> None:  # fmt: skip
    """Count what ``Lines`` names."""
    row[:] = 0
    size = len(text)
    parts = empty = kept = 0
    start = low = begun = np.int64(0)
    for k in range(breaks + 1):
        if k < breaks:
            if b.code[k] != NEWLINE:
                continue
            end, high, stop = np.int64(b.at[k]), np.int64(b.tokens[k]), np.int64(b.chars[k])
            row[L.newlines] += 1
        else:
            end, high, stop = np.int64(size), np.int64(tokens), np.int64(chars)
        if end > start:
            raw.keys[parts] = of_bytes(text, start, end)
            raw.places[parts] = stop - begun
            raw.marks[parts] = high > low
            parts += 1
        elif start == 0 or k == breaks:
            empty += 1
        if high > low:
            _look(t, low, high, end, stop - begun, row)
            left, right = np.int64(t.starts[low]), np.int64(t.ends[high - 1])
            stripped.keys[kept] = of_bytes(text, left, right)
            inner = stop - begun
            if right - left != end - start:
                inner = count_chars(text, left, right)
            stripped.places[kept] = inner
            row[L.stripped_chars] += inner
            kept += 1
        start, low, begun = end + 1, high, stop + 1
    row[L.chars] = chars - row[L.newlines]
    group(raw, parts)
    row[L.part_repeats], row[L.part_repeat_chars], _, _ = _sums(raw, parts)
    row[L.parts] = parts + empty
    row[L.part_repeats] += max(empty - 1, 0)
    for k in range(parts):
        if raw.marks[k] and raw.first[k] != k:
            row[L.repeats] += 1
            row[L.repeat_chars] += raw.places[k]
    group(stripped, kept)
    sums = _sums(stripped, kept)
    row[L.stripped_repeats], row[L.stripped_repeat_chars] = sums[0], sums[1]
    row[L.shared], row[L.shared_chars] = sums[2], sums[3]
    _text_lines(text, t, tokens, b, breaks, row)


@helper
def next_line(b: Breaks, breaks: Int, k: Int) -> tuple[Int, Int]:
    r"""Byte after the line end ``k``, and the next line end; ``\r\n`` is one."""
    at = np.int64(b.at[k])
    code = b.code[k]
    if code == 0x0D and k + 1 < breaks and b.at[k + 1] == at + 1 and b.code[k + 1] == NEWLINE:
        return at + 2, k + 2
    if code < 0x80:
        return at + 1, k + 1
    return at + (2 if code == 0x85 else 3), k + 1


@helper
def _text_lines(
    text: np.ndarray, t: Tokens, tokens: Int, b: Breaks, breaks: Int, row: np.ndarray
) -> None:
    """Count lines as ``str.splitlines`` cuts them."""
    size = len(text)
    low = start = 0
    k = 0
    while start < size:
        if k < breaks:
            high = np.int64(b.tokens[k])
            start, k = next_line(b, breaks, k)
        else:
            high = np.int64(tokens)
            start = size
        row[L.text_lines] += 1
        if high > low:
            first = t.first[low]
            row[L.bullets] += first == 0x2022 or first == 0x2D  # noqa: PLR1714
            row[L.ellipses] += _ends_open(t, high - 1)
        low = high


@helper
def paragraphs(
    text: np.ndarray, t: Tokens, tokens: Int, b: Breaks, breaks: Int,
    raw: Groups, stripped: Groups, row: np.ndarray,
) -> None:  # fmt: skip
    """Count what ``Paragraphs`` names."""
    row[:] = 0
    if tokens == 0:
        row[P.parts] = 1
        return
    final = np.int64(t.ends[tokens - 1])
    start = np.int64(t.starts[0])
    low = parts = kept = 0
    k = 0
    while k < breaks and b.at[k] < start:
        k += 1
    while start < final:
        while k < breaks and not _is_gap(b, breaks, k):
            k += 1
        if k < breaks and b.at[k] < final:
            end, high = np.int64(b.at[k]), np.int64(b.tokens[k])
            after = end
            while k < breaks and b.code[k] == NEWLINE and b.at[k] == after:
                after += 1
                k += 1
        else:
            end, high, after = final, np.int64(tokens), final
        raw.keys[parts] = of_bytes(text, start, end)
        raw.places[parts] = count_chars(text, start, end)
        if high > low:
            left, right = np.int64(t.starts[low]), np.int64(t.ends[high - 1])
            stripped.keys[kept] = of_bytes(text, left, right)
            inner = np.int64(raw.places[parts])
            if left != start or right != end:
                inner = count_chars(text, left, right)
            stripped.places[kept] = inner
            row[P.paragraph_chars] += inner
            kept += 1
        parts += 1
        start, low = after, high
    group(raw, parts)
    row[P.parts], row[P.paragraphs] = parts, kept
    row[P.part_repeats], row[P.part_repeat_chars], _, _ = _sums(raw, parts)
    group(stripped, kept)
    row[P.repeats], row[P.repeat_chars], row[P.shared], row[P.shared_chars] = _sums(stripped, kept)


@helper
def _is_gap(b: Breaks, breaks: Int, k: Int) -> bool:
    r"""Whether two or more ``\n`` begin at line end ``k``."""
    if b.code[k] != NEWLINE or k + 1 >= breaks:
        return False
    return b.code[k + 1] == NEWLINE and b.at[k + 1] == b.at[k] + 1
