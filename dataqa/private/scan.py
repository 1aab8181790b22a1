"""One pass over texts: candidates, what is exactly a value, whether it can be real, how sure.

A match of a pattern is a candidate; its check drops what cannot be real; words around raise its
score; of overlapping ones one is left. Spans are UTF-8 bytes of the text. A batch is read as one
piece of data: what most windows hold is nothing, which arrays say of all of them at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.arrow import text_buffers
from dataqa.private.automaton import Automaton, Joined, Windows, automaton, joined
from dataqa.private.context import Context, Reader
from dataqa.private.forms import BESIDE, Form, expressions, forms, touched
from dataqa.private.packs import Recogniser

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
        whole = joined(text_buffers(texts))
        found, places = self._context.around(whole, self._automaton.windows(whole), least)
        reader = self._context.reader(whole, places)
        spans = _apart(self._spans(whole, found, reader, least))
        starts, ends, scores, numbers = zip(*spans, strict=True) if spans else ((), (), (), ())
        rows = whole.texts(np.array(ends, np.int64))
        begins, which = whole.begins[rows], np.array(numbers, np.uint32)
        return pl.DataFrame(
            {
                "row": rows,
                "entity": self._entities.gather(which),
                "recogniser": self._names.gather(which),
                "start": np.array(starts, np.int64) - begins,
                "end": np.array(ends, np.int64) - begins,
                "score": np.array(scores, np.float64),
            },
            SPANS,
        )

    def _spans(
        self, texts: Joined, windows: Windows, reader: Reader, least: float
    ) -> list[tuple[int, int, float, int]]:
        rows = texts.texts(windows.ends)
        columns = (*windows, texts.begins[rows], texts.ends[rows])
        told: list[tuple[int, int, float, int]] = []
        # windows are ordered by pattern
        fresh = np.flatnonzero(np.diff(windows.patterns, prepend=-1)).tolist()
        for first, last in pairwise([*fresh, len(rows)]):
            _, *places = (part[first:last].tolist() for part in columns)
            form = self._forms[int(windows.patterns[first])]
            looks = [one for one in form.looks if max(one.score, one.in_context) >= least]
            form = form._replace(looks=looks)
            for window in zip(*places, strict=True):
                _told(form, texts.data, window, reader, least, told)
        return told


def _told(
    form: Form,
    data: bytes,
    window: tuple[int, ...],
    reader: Reader,
    least: float,
    told: list[tuple[int, int, float, int]],
) -> None:
    """Add what a pattern finds in a window of it, which lies in a text."""
    low, high, begin, end = window
    exact, group, ahead, border, looks, shortest, asks = form[:7]
    # what begins in the window is read to its end, and what stands behind that is seen
    limit = min(high + ahead, end)
    while low < high and (match := exact.search(data, low, limit)) is not None:
        start, behind = match.span(group)
        first, low = match.span() if group else (start, behind)
        if first >= high:
            break
        size = behind - start
        if size < shortest:
            continue
        if (data[start - 1] in BESIDE or data[behind] in BESIDE) and touched(
            data, start, behind, border
        ):
            continue
        near, against = reader.about(start, behind, begin, end) if asks else (0, 0)
        for recogniser, least_size, alone, in_context, check, bit in looks:
            score = in_context if near & bit else alone
            if score < least or size < least_size or against & bit:
                continue
            # the dearest question comes last
            if check is None or check(data[start:behind].decode()):
                told.append((start, behind, score, recogniser))


def _apart(spans: list[tuple[int, int, float, int]]) -> list[tuple[int, int, float, int]]:
    """Of all spans those that are left, by place."""
    spans.sort()
    if len(spans) < 2:
        return spans
    starts, ends = (np.array([span[at] for span in spans], np.int64) for at in (0, 1))
    meets = np.zeros(len(spans), np.bool_)
    meets[1:] = starts[1:] < np.maximum.accumulate(ends)[:-1]
    meets[:-1] |= starts[1:] < ends[:-1]
    if not meets.any():
        return spans
    met = [Span(*spans[at]) for at in np.flatnonzero(meets).tolist()]
    return sorted([spans[at] for at in np.flatnonzero(~meets).tolist()] + resolved(met))


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
