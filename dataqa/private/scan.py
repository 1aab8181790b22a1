"""One pass over texts: candidates, what is exactly a value, whether it can be real, how sure.

A match of a pattern is a candidate; its check drops what cannot be real; words around raise its
score; of overlapping ones one is left. Spans are UTF-8 bytes of the text. A batch is read as one
piece of data: what most windows hold is nothing, which arrays say of all of them at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.arrow import text_buffers
from dataqa.private.automaton import Automaton, Joined, Windows, automaton, joined
from dataqa.private.context import Context, Reader
from dataqa.private.forms import Asked, Form, expressions, forms, touched
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
        spans = _apart(list(self._spans(whole, found, reader, least)))
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
    ) -> Iterator[Span]:
        rows = texts.texts(windows.ends)
        limits = texts.begins[rows], texts.ends[rows]
        columns = [part.tolist() for part in (*windows, *limits)]
        last, form, looks = -1, self._forms[0] if self._forms else None, list[Asked]()
        for pattern, low, high, begin, end in zip(*columns, strict=True):
            if pattern != last:
                last, form = pattern, self._forms[pattern]
                looks = [one for one in form.looks if max(one.score, one.in_context) >= least]
            if form is not None:
                yield from _within(form, looks, texts.data, (low, high, begin, end), reader, least)


def _within(
    form: Form,
    looks: Sequence[Asked],
    data: bytes,
    window: tuple[int, int, int, int],
    reader: Reader,
    least: float,
) -> Iterator[Span]:
    """What a pattern finds in a window of it, which lies in a text."""
    low, high, begin, end = window
    group, near, against = form.group, 0, 0
    # what begins in the window is read to its end, and what stands behind that is seen
    for match in form.exact.finditer(data, low, min(high + form.ahead, end)):
        if match.start() >= high:
            break
        start, behind = match.span(group)
        size = behind - start
        if size < form.shortest or touched(data, start, behind, form.border):
            continue
        if form.asks:
            near, against = reader.about(start, behind, begin, end)
        for look in looks:
            score = look.in_context if near & look.bit else look.score
            if score < least or size < look.shortest or against & look.bit:
                continue
            # the dearest question comes last
            if look.check is None or look.check(match[group].decode()):
                yield Span(start, behind, score, look.recogniser)


def _apart(spans: list[Span]) -> list[Span]:
    """Of all spans those that are left, by place."""
    spans.sort()
    if len(spans) < 2:
        return spans
    starts, ends = (np.array([span[at] for span in spans], np.int64) for at in (0, 1))
    meets = np.zeros(len(spans), np.bool_)
    meets[1:] = starts[1:] < np.maximum.accumulate(ends)[:-1]
    meets[:-1] |= starts[1:] < ends[:-1]
    kept = [spans[at] for at in np.flatnonzero(~meets).tolist()]
    return sorted(kept + resolved([spans[at] for at in np.flatnonzero(meets).tolist()]))


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
