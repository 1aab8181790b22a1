"""One pass over texts: candidates, what is exactly a value, whether it can be real, how sure.

A match of a pattern is a candidate; its check drops what cannot be real; words around raise its
score; of overlapping ones one is left. Spans are UTF-8 bytes of the text. A batch is read as one
piece of data: what most windows hold is nothing, which arrays say of all of them at once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.private.automaton import Automaton, automaton
from dataqa.private.context import Context, Reader
from dataqa.private.forms import BESIDE, Form, expressions, forms, touched, whole
from dataqa.private.packs import Recogniser
from dataqa.private.widths import narrowed
from dataqa.private.windows import Joined, Windows, joined

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


type _Spans = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]
"""Starts, ends, scores and recognisers."""


class _Told(NamedTuple):
    """Spans as they are found, in columns: many small objects would keep the collector busy."""

    starts: array[int]
    ends: array[int]
    scores: array[float]
    recognisers: array[int]


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
        self._entities = pl.Series([one.entity for one in recognisers], dtype=pl.String)
        self._names = pl.Series([one.name for one in recognisers], dtype=pl.String)
        self._forms = forms(recognisers)
        self._context = Context(recognisers, self._forms)
        self._automaton = automaton_of or automaton(expressions(recognisers), cache)

    def scan(self, texts: pl.Series, least: float = 0.0) -> pl.DataFrame:
        """What is found in each text.

        Args:
            texts: A String column; in a null nothing is found.
            least: Spans of a lower score are left out.

        Returns:
            ``SPANS``: the text's row, entity, recogniser, start and end in UTF-8 bytes, score; by
            row and start. Spans do not overlap.
        """
        made = narrowed(texts)
        return made.back(self._plain(made.texts, least))

    def _plain(self, texts: pl.Series, least: float) -> pl.DataFrame:
        whole = joined(text_buffers(texts))
        windows = self._automaton.windows(whole)
        windows, places, spoken = self._context.around(whole, windows, least)
        reader = self._context.reader(whole, places)
        starts, ends, scores, numbers = _apart(self._spans(whole, windows, spoken, reader, least))
        rows = whole.texts(ends)
        return pl.DataFrame(
            {
                "row": rows,
                "entity": self._entities.gather(numbers),
                "recogniser": self._names.gather(numbers),
                "start": starts - whole.begins[rows],
                "end": ends - whole.begins[rows],
                "score": scores,
            },
            SPANS,
        )

    def _spans(
        self,
        texts: Joined,
        windows: Windows,
        spoken: NDArray[np.bool_],
        reader: Reader,
        least: float,
    ) -> _Told:
        rows = texts.texts(windows.ends)
        ahead = np.array([form.ahead for form in self._forms], np.int64)
        # what begins in a window is read to its end, and what stands behind that is seen
        limits = np.minimum(windows.ends + ahead[windows.patterns], texts.ends[rows])
        columns = (windows.starts, windows.ends, limits, texts.begins[rows], texts.ends[rows])
        told = _Told(array("q"), array("q"), array("d"), array("q"))
        # windows are ordered by pattern
        fresh = np.flatnonzero(np.diff(windows.patterns, prepend=-1)).tolist()
        for first, last in pairwise([*fresh, len(rows)]):
            form = self._forms[int(windows.patterns[first])]
            looks = [one for one in form.looks if max(one.score, one.in_context) >= least]
            parts = (*columns, spoken)
            some = zip(*(part[first:last].tolist() for part in parts), strict=True)
            _find(form._replace(looks=looks), texts.data, some, reader, least, told)
        return told


def _find(
    form: Form,
    data: bytes,
    windows: Iterable[tuple[int, int, int, int, int, bool]],
    reader: Reader,
    least: float,
    told: _Told,
) -> None:
    """Add what a pattern finds in its windows: of each the limit, the text, and words near it."""
    exact, group, border, looks, shortest = form[:5]
    search, about = exact.search, reader.about
    for low, high, limit, begin, end, spoken in windows:
        at = low
        while at < high and (match := search(data, at, limit)) is not None:
            start, behind = match.span(group)
            first, at = match.span() if group else (start, behind)
            if first >= high:
                break
            size = behind - start
            if size < shortest:
                continue
            if data[start - 1] in BESIDE or data[behind] in BESIDE:
                start, behind = whole(data, start, behind)
                if touched(data, start, behind, border):
                    continue
            near, against = about(start, behind, begin, end) if spoken else (0, 0)
            for recogniser, fewest, alone, in_context, check, bit in looks:
                score = in_context if near & bit else alone
                if score < least or size < fewest or against & bit:
                    continue
                # the dearest question comes last
                if check is None or check(data[start:behind].decode()):
                    told.starts.append(start)
                    told.ends.append(behind)
                    told.scores.append(score)
                    told.recognisers.append(recogniser)


def _apart(told: _Told) -> _Spans:
    """Of all spans those that are left, by place."""
    starts, ends, scores, numbers = (np.array(part) for part in told)
    order = np.lexsort((numbers, scores, ends, starts))
    spans = starts[order], ends[order], scores[order], numbers[order]
    starts, ends, *_ = spans
    if not len(starts):
        return spans
    meets = np.zeros(len(starts), np.bool_)
    meets[1:] = starts[1:] < np.maximum.accumulate(ends)[:-1]
    meets[:-1] |= starts[1:] < ends[:-1]
    if not meets.any():
        return spans
    met = [Span(*one) for one in zip(*(part[meets].tolist() for part in spans), strict=True)]
    columns = zip(spans, zip(*resolved(met), strict=True), strict=True)
    starts, ends, scores, numbers = (np.append(part[~meets], left) for part, left in columns)
    order = np.argsort(starts)
    return starts[order], ends[order], scores[order], numbers[order]


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
