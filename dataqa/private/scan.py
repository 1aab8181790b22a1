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
from dataqa.private.packs import Recogniser
from dataqa.private.patterns import Border, compiled

_POINTS, _DIGITS = b".,", b"0123456789"
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
    """A pattern, ready: one of a recogniser's."""

    recogniser: Recogniser
    exact: re.Pattern[bytes]
    shortest: int
    score: float
    in_context: float
    check: Check | None
    words: re.Pattern[bytes] | None
    unlike: re.Pattern[bytes] | None


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
        self._looks = [_look(one, at) for one in self._recognisers for at in range(len(one.looks))]
        places = {one.name: at for at, one in enumerate(self._recognisers)}
        self._places = [places[look.recogniser.name] for look in self._looks]
        written = [look.pattern for one in self._recognisers for look in one.looks]
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
        for text, pattern, start, end in self._automaton.windows(buffers).rows():
            if text != row:
                if spans:
                    yield row, spans
                low, high = buffers.offsets[text], buffers.offsets[text + 1]
                row, data, spans = text, buffers.data[low:high].tobytes(), []
            spans += self._spans(data, pattern, start, end, least)
        if spans:
            yield row, spans

    def _spans(
        self, data: bytes, pattern: int, start: int, end: int, least: float
    ) -> Iterator[Span]:
        look = self._looks[pattern]
        for match in look.exact.finditer(data, start, end + _AFTER):
            low, high = match.span()
            if high - low < look.shortest or _touched(data, low, high, look.recogniser.border):
                continue
            score = look.in_context if _near(look, data, low, high) else look.score
            # the dearest question comes last
            if score < least:
                continue
            if look.unlike is not None and look.unlike.search(data, max(0, low - _BEFORE), low):
                continue
            if look.check is None or look.check(match.group().decode()):
                yield Span(low, high, score, self._places[pattern])


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


def _look(recogniser: Recogniser, at: int) -> _Look:
    look = recogniser.looks[at]
    return _Look(
        recogniser,
        compiled(look.pattern, recogniser.border),
        look.shortest,
        look.score,
        look.score if look.in_context is None else look.in_context,
        check_of(recogniser.check) if recogniser.check else None,
        _words(recogniser.words),
        _words(recogniser.unlike, at_end=True),
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
    words, within = look.words, look.recogniser.within
    if words is None:
        return False
    before = max(0, low - within)
    return bool(words.search(data, before, low) or words.search(data, high, high + within // 2))


def _touched(data: bytes, low: int, high: int, border: Border) -> bool:
    """Whether what stands beside a match makes it a part of something else."""
    if border == "none":
        return False
    decimals = low > 1 and data[low - 1] in _POINTS and data[low - 2] in _DIGITS
    goes_on = high + 1 < len(data) and data[high] in b"." and data[high + 1] in _DIGITS
    if (decimals and data[low] in _DIGITS) or (goes_on and data[high - 1] in _DIGITS):
        return True
    return border == "word" and _in_word(data, low, high)


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
