"""One pass over texts: candidates, what is exactly a value, whether it can be real, how sure.

A match of a pattern is a candidate; its check drops what cannot be real; words around raise its
score; of overlapping ones one is left. Spans are UTF-8 bytes of the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from dataqa.arrow import TextBuffers, text_buffers
from dataqa.private.automaton import Automaton, automaton
from dataqa.private.checks import Check, check_of
from dataqa.private.nearby import Nearby
from dataqa.private.packs import Look, Recogniser
from dataqa.private.patterns import FARTHEST, Border, Expression, compiled, widest

_POINTS, _DIGITS = b".,", b"0123456789"
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_BEFORE, _AFTER = 40, 4
"""Bytes before a match that ``unlike`` looks at, and behind a window that a border does."""
_SPACED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "ARABIC", "HEBREW", "DEVANAGARI")
"""Scripts of which a letter beside a value makes it part of a word."""
SPANS = pl.Schema(
    {
        "row": pl.UInt32,
        "entity": pl.String,
        "recogniser": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
        "score": pl.Float64,
    }
)


class _Look(NamedTuple):
    """What one recogniser makes of a match of a pattern.

    Attributes:
        recogniser: Its number.
        shortest: Bytes that a match has at least.
        score: What a match scores, and
        in_context: what beside one of the recogniser's words.
        check: Whether a match can be real.
        words: The recogniser's words.
        unlike: Words directly before a match that say that it is something else.
        within: How near words have to be, in bytes.
        bit: Of the words, and twice that of ``unlike``, in what ``Nearby`` says.
    """

    recogniser: int
    shortest: int
    score: float
    in_context: float
    check: Check | None
    words: re.Pattern[bytes] | None
    unlike: re.Pattern[bytes] | None
    within: int
    bit: int


class _Form(NamedTuple):
    """A pattern with its border, and all that look for it: it is matched once for all of them.

    Attributes:
        exact: What decides.
        group: Which group of it is the value; 0 for all.
        ahead: Bytes behind a window that a match of it, and its border, may reach.
        border: What a match may not touch.
        looks: Who looks for it.
        shortest: Bytes that a match has at least, and
        best: the most that it can score, whoever looks for it;
        alone: the same without any word around it.
        words: The bits of those whose words matter, and
        within: how near they have to be at most.
        asks: Whether words around it matter.
    """

    exact: re.Pattern[bytes]
    group: int
    ahead: int
    border: Border
    looks: list[_Look]
    shortest: int
    best: float
    alone: float
    words: int
    within: int
    asks: bool


class Span(NamedTuple):
    """A value in a text; ordered by place."""

    start: int
    end: int
    score: float
    recogniser: int


class Scanner:
    """Recognisers, opened: scans any number of texts."""

    def __init__(
        self,
        recognisers: Sequence[Recogniser],
        cache: Path | None = None,
        *,
        automaton_of: Automaton | None = None,
    ) -> None:
        self._recognisers = tuple(recognisers)
        self._forms = _forms(self._recognisers)
        lists = [words for one in self._recognisers for words in (one.words, one.unlike)]
        self._nearby = Nearby(lists)
        self._within = max([_BEFORE, *(one.within for one in self._recognisers)])
        written = expressions(self._recognisers)
        self._automaton = automaton_of or automaton(written, cache)

    def scan(self, texts: pl.Series, least: float = 0.0) -> pl.DataFrame:
        """What is found in each text.

        Args:
            texts: A String column; in a null nothing is found.
            least: Spans of a lower score are left out.

        Returns:
            ``SPANS``: the text's row, entity, recogniser, start and end in UTF-8 bytes, score; by
            row and start. Spans do not overlap.
        """
        buffers = text_buffers(texts)
        rows: list[tuple[int, str, str, int, int, float]] = []
        for row, spans in self._candidates(buffers, least):
            for span in resolved(spans):
                told = self._recognisers[span.recogniser]
                rows.append((row, told.entity, told.name, span.start, span.end, span.score))
        return pl.DataFrame(rows, SPANS, orient="row")

    def _candidates(self, buffers: TextBuffers, least: float) -> Iterator[tuple[int, list[Span]]]:
        """The texts that have any, with them."""
        row, data = -1, b""
        spans: list[Span] = []
        known: dict[tuple[int, int], int] = {}
        for text, pattern, start, end in self._automaton.windows(buffers).rows():
            if text != row:
                if spans:
                    yield row, spans
                low, high = buffers.offsets[text], buffers.offsets[text + 1]
                row, data, spans, known = text, buffers.data[low:high].tobytes(), [], {}
            spans += self._spans(data, (pattern, start, end), least, known)
        if spans:
            yield row, spans

    def _spans(
        self,
        data: bytes,
        window: tuple[int, int, int],
        least: float,
        known: dict[tuple[int, int], int],
    ) -> Iterator[Span]:
        pattern, start, end = window
        form = self._forms[pattern]
        if not self._may_count(form, data, start, end, least):
            return
        # what begins in the window is read to its end, and what stands behind that is seen
        for match in form.exact.finditer(data, start, end + form.ahead):
            if match.start() >= end:
                break
            low, high = match.span(form.group)
            if high - low < form.shortest or _touched(data, low, high, form.border):
                continue
            about = self._about(data, low, high, known) if form.asks else 0
            for look in form.looks:
                if high - low < look.shortest:
                    continue
                near = about & look.bit and _near(look, data, low, high)
                score = look.in_context if near else look.score
                # the dearest question comes last
                if score < least or (about & look.bit << 1 and _unlike(look, data, low)):
                    continue
                if look.check is None or look.check(match.group(form.group).decode()):
                    yield Span(low, high, score, look.recogniser)

    def _may_count(self, form: _Form, data: bytes, start: int, end: int, least: float) -> bool:
        """Whether a match in a window can score enough: not where it takes a word and none is."""
        if form.alone >= least or form.border not in {"word", "number"}:
            return form.best >= least
        high = _whole(data, end + form.ahead + form.within // 2)
        around = data[max(0, start - form.within) : high]
        return form.best >= least and bool(self._nearby.among(around) & form.words)

    def _about(self, data: bytes, low: int, high: int, known: dict[tuple[int, int], int]) -> int:
        """Whose words may stand around a place; asked once for all who look at it."""
        found = known.get((low, high))
        if found is None:
            within = self._within
            before = data[max(0, low - within) : low]
            behind = data[high : _whole(data, high + within // 2)]
            found = self._nearby.among(before + b"\0" + behind)
            known[low, high] = found
        return found


def expressions(recognisers: Sequence[Recogniser]) -> list[Expression]:
    """The patterns of some recognisers with their borders, each once."""
    every = [
        Expression(look.pattern, one.border, look.holds)
        for one in recognisers
        for look in one.looks
    ]
    return list(dict.fromkeys(every))


def resolved(spans: Sequence[Span]) -> list[Span]:
    """Of spans that overlap one: of the highest score, then the longest, then the first.

    >>> resolved([Span(0, 4, 0.5, 1), Span(2, 9, 0.9, 2), Span(9, 12, 0.3, 3)])
    [Span(start=2, end=9, score=0.9, recogniser=2), Span(start=9, end=12, score=0.3, recogniser=3)]
    """
    left: list[Span] = []
    for span in sorted(spans, key=lambda one: (-one.score, one.start - one.end, one.start, one[3])):
        at = bisect_left(left, span)
        free = at == len(left) or span.end <= left[at].start
        if free and (not at or left[at - 1].end <= span.start):
            left.insert(at, span)
    return left


def _forms(recognisers: Sequence[Recogniser]) -> list[_Form]:
    """One for each of the ``expressions``, in their order."""
    looks: dict[Expression, list[_Look]] = {one: [] for one in expressions(recognisers)}
    for number, one in enumerate(recognisers):
        for look in one.looks:
            looks[Expression(look.pattern, one.border, look.holds)].append(_look(one, number, look))
    return [
        _Form(
            exact := compiled(one.pattern, one.border),
            exact.groups,
            _AFTER + (longest if (longest := widest(one.pattern)) <= FARTHEST else 0),
            one.border,
            some,
            min(look.shortest for look in some),
            max(max(look.score, look.in_context) for look in some),
            max(look.score for look in some),
            sum({look.bit for look in some if look.words}),
            max(look.within for look in some),
            asks=any(look.words or look.unlike for look in some),
        )
        for one, some in looks.items()
    ]


def _look(recogniser: Recogniser, number: int, look: Look) -> _Look:
    return _Look(
        number,
        look.shortest,
        look.score,
        look.score if look.in_context is None else look.in_context,
        check_of(recogniser.check) if recogniser.check else None,
        _words(recogniser.words),
        _words(recogniser.unlike, at_end=True),
        recogniser.within,
        1 << 2 * number,
    )


def _words(words: Sequence[str], *, at_end: bool = False) -> re.Pattern[bytes] | None:
    """Any of some words, whatever their case; letters of the Latin alphabet need a border."""
    if not words:
        return None
    some = [
        (r"(?<![A-Za-z])" + re.escape(one) + r"(?![A-Za-z])" if one.isascii() else re.escape(one))
        for one in sorted(words, key=len, reverse=True)
    ]
    written = "(?i:" + "|".join(some) + ")"
    return re.compile((written + (r"[\s:#=：,.-]{0,6}\Z" if at_end else "")).encode())


def _near(look: _Look, data: bytes, low: int, high: int) -> bool:
    words, within = look.words, look.within
    if words is None:
        return False
    before = max(0, low - within)
    behind = _whole(data, high + within // 2)
    return bool(words.search(data, before, low) or words.search(data, high, behind))


def _whole(data: bytes, limit: int) -> int:
    """A place at or before a limit where no word of the Latin alphabet is cut."""
    while 0 < limit < len(data) and data[limit] in _LETTERS and data[limit - 1] in _LETTERS:
        limit -= 1
    return limit


def _unlike(look: _Look, data: bytes, low: int) -> bool:
    return look.unlike is not None and bool(look.unlike.search(data, max(0, low - _BEFORE), low))


def _touched(data: bytes, low: int, high: int, border: Border) -> bool:
    """Whether what stands beside a match makes it a part of something else."""
    if border == "none":
        return False
    decimals = low > 1 and data[low - 1] in _POINTS and data[low - 2] in _DIGITS
    goes_on = high + 1 < len(data) and data[high] in b"." and data[high + 1] in _DIGITS
    if (decimals and data[low] in _DIGITS) or (goes_on and data[high - 1] in _DIGITS):
        return True
    if border == "number" and _goes_on(data, low, high):
        return True
    return border in {"word", "number"} and _in_word(data, low, high)


def _goes_on(data: bytes, low: int, high: int) -> bool:
    """Whether a hyphen or a slash with a digit behind it makes it a part of a longer number."""
    before = low > 1 and data[low - 1] in b"-/" and data[low - 2] in _DIGITS
    return before or (high + 1 < len(data) and data[high] in b"-/" and data[high + 1] in _DIGITS)


def _in_word(data: bytes, low: int, high: int) -> bool:
    """Whether a letter beyond ASCII, of a script that parts words by spaces, touches it."""
    before = low > 0 and data[low - 1] >= 0x80 and _spaced(_last(data, low))
    return before or (high < len(data) and data[high] >= 0x80 and _spaced(_first(data, high)))


def _last(data: bytes, end: int) -> str:
    return data[max(0, end - 4) : end].decode(errors="ignore")[-1:]


def _first(data: bytes, start: int) -> str:
    return data[start : start + 4].decode(errors="ignore")[:1]


def _spaced(character: str) -> bool:
    if not character.isalpha():
        return False
    return unicodedata.name(character, "").partition(" ")[0] in _SPACED
