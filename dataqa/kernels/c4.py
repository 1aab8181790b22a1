"""The line rules of C4 (arXiv 1910.10683), as counts over the lines that they keep.

The lines are those of ``str.splitlines``, without white space at the ends and without Wikipedia's
``[12]``, ``[edit]`` and ``[citation needed]``. A line falls when it has a word of more than 1,000
characters, no end mark, too few words, or ``javascript`` or a phrase of cookie notices in it.
``lorem ipsum`` and ``{`` condemn the page when a line that came that far has them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, helper
from dataqa.kernels.lines import next_line
from dataqa.kernels.sentences import count_sentences
from dataqa.kernels.tables import numbered
from dataqa.kernels.tokens import WORD, Breaks, Tokens

LONGEST_WORD = 1000
JAVASCRIPT, LOREM, BRACE, POLICY = 1, 2, 4, 8


class Cleaned(NamedTuple):
    """Counts over lines; see ``Variant`` for the three sets of bounds.

    Attributes:
        lines: All lines of ``str.splitlines``.
        javascript: Lines with ``javascript``.
        policy: Lines with a phrase of cookie and privacy notices.
        lorem: Lines with ``lorem ipsum``.
        braces: Lines with ``{``.
        kept: Lines kept, paper variant; ``sentences`` their sentences; ``page_lorem`` and
            ``page_braces`` lines that condemn the page. The same for ``_code`` and ``_any``.
    """

    lines: NDArray[np.int64]
    javascript: NDArray[np.int64]
    policy: NDArray[np.int64]
    lorem: NDArray[np.int64]
    braces: NDArray[np.int64]
    kept: NDArray[np.int64]
    sentences: NDArray[np.int64]
    page_lorem: NDArray[np.int64]
    page_braces: NDArray[np.int64]
    kept_code: NDArray[np.int64]
    sentences_code: NDArray[np.int64]
    page_lorem_code: NDArray[np.int64]
    page_braces_code: NDArray[np.int64]
    kept_any: NDArray[np.int64]
    sentences_any: NDArray[np.int64]
    page_lorem_any: NDArray[np.int64]
    page_braces_any: NDArray[np.int64]


C = numbered(Cleaned)


class Line(NamedTuple):
    """What one line shows."""

    words: Int
    words_left: Int
    longest: Int
    end: Int
    seen: Int


def _code_points(phrase: str) -> tuple[int, ...]:
    return tuple(phrase.encode())


_JAVASCRIPT = _code_points("javascript")
_LOREM = _code_points("lorem ipsum")
_TERMS = _code_points("terms of use")
_PRIVACY = _code_points("privacy policy")
_COOKIE_POLICY = _code_points("cookie policy")
_USES = _code_points("uses cookies")
_USE_OF = _code_points("use of cookies")
_USE = _code_points("use cookies")
_EDIT = _code_points("edit]")
_NEEDED = _code_points("citation needed]")


@helper
def _at(text: np.ndarray, start: Int, phrase: tuple[int, ...]) -> bool:
    """Whether lower-cased ASCII ``phrase`` stands at ``start``."""
    if start < 0 or start + len(phrase) > len(text):
        return False
    for k in range(len(phrase)):
        byte = text[start + k]
        if 0x41 <= byte <= 0x5A:
            byte |= 0x20
        if byte != phrase[k]:
            return False
    return True


@helper
def _exactly(text: np.ndarray, start: Int, phrase: tuple[int, ...]) -> bool:
    if start + len(phrase) > len(text):
        return False
    for k in range(len(phrase)):  # noqa: SIM110  # numba has no all()
        if text[start + k] != phrase[k]:
            return False
    return True


@helper
def citation_end(text: np.ndarray, bracket: Int) -> Int:
    """Byte after ``[12]``, ``[edit]`` or ``[citation needed]`` at ``bracket``, or 0."""
    at = bracket + 1
    while at < len(text) and 0x30 <= text[at] <= 0x39:
        at += 1
    if at < len(text) and text[at] == 0x5D:
        return at + 1
    if _exactly(text, bracket + 1, _EDIT):
        return bracket + 6
    if _exactly(text, bracket + 1, _NEEDED):
        return bracket + 17
    return 0


@helper
def _phrases(text: np.ndarray, start: Int, end: Int, low: Int) -> Int:
    """What the word at ``start:end`` completes; phrases may reach back to byte ``low``.

    Every phrase of two words is looked for at its last word, which begins a token.
    """
    size = end - start
    seen = 0
    if size >= len(_JAVASCRIPT):
        for at in range(start, end - len(_JAVASCRIPT) + 1):
            if text[at] | 0x20 == 0x6A and _at(text, at, _JAVASCRIPT):
                seen |= JAVASCRIPT
    pair = (np.int64(text[start]) << 8 | np.int64(text[start + 1])) | 0x2020
    if pair == 0x6970 and start - 6 >= low:  # ip
        seen |= LOREM * _at(text, start - 6, _LOREM)
    elif pair == 0x7573 and start - 9 >= low:  # us
        seen |= POLICY * _at(text, start - 9, _TERMS)
    elif pair == 0x706F and size > 5 and start - 7 >= low:  # po
        seen |= POLICY * _at(text, start - 7, _COOKIE_POLICY)
        if start - 8 >= low:
            seen |= POLICY * _at(text, start - 8, _PRIVACY)
    elif pair == 0x636F and size > 6 and start - 4 >= low:  # co
        seen |= POLICY * _at(text, start - 4, _USE)
        if start - 5 >= low:
            seen |= POLICY * _at(text, start - 5, _USES)
        if start - 7 >= low:
            seen |= POLICY * _at(text, start - 7, _USE_OF)
    return seen


@helper
def _inspect(text: np.ndarray, t: Tokens, low: Int, high: Int) -> Line:
    """Look at the line of tokens ``low:high`` (one at least)."""
    words = left = longest = seen = np.int64(0)
    word_left = False
    start = np.int64(t.starts[low])
    begun = t.chars[low]
    gone_from = gone_to = np.int64(-1)  # the last run of citations
    before = np.int64(-1)
    for k in range(low, high):
        at = np.int64(t.starts[k])
        if at != before:
            words += 1
            left += word_left
            word_left = False
            longest = max(longest, np.int64(t.chars[k] - begun))
            begun = t.chars[k]
        before = np.int64(t.ends[k])
        if at < gone_to:
            word_left |= before > gone_to
            continue
        if not t.flags[k] & WORD:
            code = t.first[k]
            if code == 0x5B:
                end = citation_end(text, before - 1)
                if end:
                    if before - 1 != gone_to:
                        gone_from = before - 1
                    gone_to = end
                    word_left |= before - 1 > at
                    continue
            seen |= BRACE * (code == 0x7B)
        elif before - at > 2:
            seen |= _phrases(text, at, before, start)
        word_left = True
    longest = max(longest, np.int64(t.chars[high] - begun))
    end = np.int64(t.ends[high - 1])
    if gone_to == end:
        end = gone_from
    return Line(words, left + word_left, longest, end, seen)


@helper
def _end_mark(text: np.ndarray, start: Int, end: Int) -> Int:
    """1 if the line ends with ``. ? ! "``, 2 if with ``'``, 0 otherwise or if with ``...``."""
    if end <= start:
        return 0
    last = text[end - 1]
    if last == 0x27:
        return 2
    if last == 0x2E:
        dots = end - start > 2 and text[end - 2] == 0x2E and text[end - 3] == 0x2E
        return 0 if dots else 1
    return 1 if last == 0x3F or last == 0x21 or last == 0x22 else 0  # noqa: PLR1714


@helper
def _keep(row: np.ndarray, base: Int, seen: Int) -> bool:
    """Settle a line that is long enough and ends well; ``base`` is where its variant counts."""
    if seen & LOREM:
        row[base + 2] += 1
        return False
    if seen & JAVASCRIPT:
        return False
    if seen & BRACE:
        row[base + 3] += 1
        return False
    if seen & POLICY:
        return False
    row[base] += 1
    return True


@helper
def c4(
    text: np.ndarray, t: Tokens, tokens: Int, b: Breaks, breaks: Int, table: np.ndarray,
    row: np.ndarray,
) -> None:  # fmt: skip
    """Count what ``Cleaned`` names."""
    row[:] = 0
    low = start = k = 0
    while start < len(text):
        if k < breaks:
            high = np.int64(b.tokens[k])
            start, k = next_line(b, breaks, k)
        else:
            high = np.int64(tokens)
            start = len(text)
        row[C.lines] += 1
        if high > low:
            _line(text, t, low, high, table, row)
        low = high


@helper
def _line(
    text: np.ndarray, t: Tokens, low: Int, high: Int, table: np.ndarray, row: np.ndarray
) -> None:
    line = _inspect(text, t, low, high)
    seen = line.seen
    row[C.javascript] += (seen & JAVASCRIPT) != 0
    row[C.policy] += (seen & POLICY) != 0
    row[C.lorem] += (seen & LOREM) != 0
    row[C.braces] += (seen & BRACE) != 0
    if line.longest > LONGEST_WORD:
        return
    mark = _end_mark(text, np.int64(t.starts[low]), line.end)
    paper = mark > 0 and line.words >= 3 and _keep(row, C.kept, seen)
    code = mark == 1 and line.words_left >= 5 and _keep(row, C.kept_code, seen)
    any_end = line.words >= 3 and _keep(row, C.kept_any, seen)
    if paper or code or any_end:
        count = count_sentences(t, low, high, table)
        row[C.sentences] += count * paper
        row[C.sentences_code] += count * code
        row[C.sentences_any] += count * any_end
