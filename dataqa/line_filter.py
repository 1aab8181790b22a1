"""The lines of a batch that go by some bounds, the texts without them, and the evidence.

Two passes. The first cuts pieces out of lines (citations, snippets): few texts have any, and they
are looked at one by one. The second removes whole lines, all texts at once, from the counts that
the kernel makes of every line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers, text_series
from dataqa.edits import Edit, encode
from dataqa.kernels import cache as compiled
from dataqa.kernels import tables
from dataqa.types import DOC, TEXT, Action, Batch

STEP = "line_rules"
KINDS = (
    "word_length", "terminal", "min_words", "javascript", "policy", "upper", "digits", "counter",
    "citations", "snippets",
)  # fmt: skip
"""Rules in the order in which a line is held against them; the last two only cut pieces out."""
_CITATIONS, _SNIPPETS = KINDS.index("citations") + 1, KINDS.index("snippets") + 1

_CITATION = r"\[(?:\d*|edit|citation needed)\]"
_SNIPPET = r"(?i)items in cart|read more\.\.\.|sign-in"
_CITATION_BYTES = re.compile(_CITATION.replace(r"\d", "[0-9]").encode())
_SNIPPET_BYTES = re.compile(rb"(?i)^[ \t]*(sign-in)|(items in cart)|(read more\.\.\.)[ \t\r]*$")
_SHORT_LINE = 10
_COUNTER = re.compile(
    r"^\W*\d(?:,|\.|\d)*(?:K|k|M|m|B|b)?\s+(?:likes|shares|comments|retweets|reposts|quotes"
    r"|bookmarks|upvotes|downvotes|downloads|views|followers)\W*$"
)
_COUNTER_WORDS = 12


class Bounds(NamedTuple):
    """What a line must be; 0 and False ask for nothing."""

    terminal: bool = False
    quoted_end: bool = False
    min_words: int = 0
    max_word_length: int = 0
    citations: bool = False
    javascript: bool = False
    policy: bool = False
    max_upper_ratio: float = 0.0
    max_digit_ratio: float = 0.0
    counters: bool = False
    snippets: bool = False


class _Cuts(NamedTuple):
    """Pieces cut out of one text: where, of which kind, and how many words they held."""

    edits: list[Edit]
    kinds: list[int]
    words: int


class _Removed(NamedTuple):
    """Spans that go: rows text, start, end (in that text), kind; and lines by text and kind."""

    spans: NDArray[np.int64]
    lines: NDArray[np.int64]
    words: NDArray[np.int64]
    gone: NDArray[np.int64]


def clean(batch: Batch, bounds: Bounds) -> Batch:
    """Remove what ``bounds`` forbid; add the signals, and one finding a text and kind."""
    received = batch.docs[TEXT]
    text, cuts = _cut(received, bounds)
    buffers = text_buffers(text)
    removed = _remove(buffers, bounds)
    spans = removed.spans
    if len(spans):
        text = _without(buffers, spans)
    for row, cut in cuts.items():
        removed.gone[row] += cut.words
        removed.words[row] += cut.words
    batch = batch.with_signals(_signals(buffers, removed))
    if not len(spans) and not cuts:
        return batch
    findings = _findings(batch.docs[DOC], removed, cuts)
    return batch.with_text(text).with_findings(findings)


def _cut(text: pl.Series, bounds: Bounds) -> tuple[pl.Series, dict[int, _Cuts]]:
    wanted = [one for one, on in ((_CITATION, bounds.citations), (_SNIPPET, bounds.snippets)) if on]
    found: dict[int, _Cuts] = {}
    if not wanted:
        return text, found
    mask = pl.Series(np.zeros(text.len(), np.bool_))
    for pattern in wanted:
        mask = mask | text.str.contains(pattern).fill_null(value=False)
    rows = mask.arg_true()
    new: list[str | None] = [None] * text.len() if rows.len() else []
    for row, one in zip(rows.to_list(), text.gather(rows).to_list(), strict=True):
        encoded = one.encode()
        pieces = sorted(_pieces(encoded, bounds))
        if pieces:
            left, cut = _cut_one(encoded, pieces)
            new[row] = left.decode()
            found[row] = cut
    return (pl.Series(TEXT, new, pl.String).fill_null(text), found) if found else (text, found)


def _pieces(text: bytes, bounds: Bounds) -> Iterator[tuple[int, int, int]]:
    if bounds.citations:
        for match in _CITATION_BYTES.finditer(text):
            yield match.start(), match.end(), _CITATIONS
    if bounds.snippets:
        at = 0
        for line in text.split(b"\n"):
            for match in _SNIPPET_BYTES.finditer(line):
                if len(line.split(None, _SHORT_LINE + 1)) <= _SHORT_LINE:
                    start, end = match.span(match.lastindex or 0)
                    yield at + start, at + end, _SNIPPETS
            at += len(line) + 1


def _cut_one(text: bytes, pieces: Sequence[tuple[int, int, int]]) -> tuple[bytes, _Cuts]:
    parts: list[bytes] = []
    edits: list[Edit] = []
    kinds: list[int] = []
    at = words = 0
    for start, end, kind in pieces:
        parts.append(text[at:start])
        edits.append(Edit(start, end - start, 0))
        kinds.append(kind)
        # a citation sticks to a word; a snippet is words of its own
        words += len(text[start:end].split()) if kind == _SNIPPETS else 0
        at = end
    parts.append(text[at:])
    return b"".join(parts), _Cuts(edits, kinds, words)


@cache
def _kernels() -> Any:
    """The compiled kernels; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        return import_module("dataqa.kernels.line_facts")


def _remove(buffers: TextBuffers, bounds: Bounds) -> _Removed:
    kernels = _kernels()
    data, offsets, _ = buffers
    size = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == 0x0A)) + len(buffers)
    facts = kernels.room(size)
    first = np.zeros(len(offsets), np.int64)
    kernels.line_facts(data, offsets, tables.flags(), facts, first)
    kinds = _kinds(buffers, facts, bounds, kernels)
    spans = np.zeros((size, 4), np.int64)
    arguments = (facts.starts, facts.ends, facts.words, kinds, first, spans)
    spans = spans[: kernels.removed_spans(*arguments)]
    spans[:, 1:3] -= offsets[spans[:, 0]][:, None]
    texts = np.repeat(np.arange(len(buffers)), np.diff(first))
    lines = np.zeros((len(buffers), len(KINDS) + 1), np.int64)
    going = np.flatnonzero(kinds)
    np.add.at(lines, (texts[going], kinds[going]), 1)
    words = facts.words.astype(np.int64)
    return _Removed(
        spans, lines, _by_text(words, first), _by_text(np.where(kinds != 0, words, 0), first)
    )


def _by_text(values: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(values)])
    return sums[first[1:]] - sums[first[:-1]]


def _kinds(buffers: TextBuffers, facts: Any, bounds: Bounds, kernels: Any) -> NDArray[np.uint8]:
    """The first rule that each line breaks, as its place in ``KINDS`` from 1, else 0."""
    chars, flags = facts.chars, facts.flags
    ends = kernels.ENDS_WELL | (kernels.ENDS_QUOTED if bounds.quoted_end else 0)
    tests = {
        "word_length": bounds.max_word_length and facts.longest > bounds.max_word_length,
        "terminal": bounds.terminal and (flags & ends) == 0,
        "min_words": bounds.min_words and facts.words < bounds.min_words,
        "javascript": bounds.javascript and (flags & kernels.JAVASCRIPT) != 0,
        "policy": bounds.policy and (flags & kernels.POLICY) != 0,
        "upper": bounds.max_upper_ratio and facts.upper > bounds.max_upper_ratio * chars,
        "digits": bounds.max_digit_ratio and facts.digits > bounds.max_digit_ratio * chars,
    }
    broken = np.zeros(len(flags), np.uint8)
    for name, hit in reversed(tests.items()):
        if isinstance(hit, np.ndarray):
            broken[hit] = KINDS.index(name) + 1
    if bounds.counters:
        short = (facts.words >= 2) & (facts.words <= _COUNTER_WORDS)
        likely = (flags & kernels.BEGINS_WITH_DIGIT != 0) & short & (broken == 0)
        for row in np.flatnonzero(likely):
            line = buffers.data[facts.starts[row] : facts.ends[row]].tobytes().decode()
            if _COUNTER.match(line.strip()):
                broken[row] = KINDS.index("counter") + 1
    broken[facts.words == 0] = 0
    return broken


def _without(buffers: TextBuffers, spans: NDArray[np.int64]) -> pl.Series:
    """The texts without the spans."""
    data, offsets, valid = buffers
    base = offsets[0]
    depth = np.zeros(offsets[-1] - base + 1, np.int8)
    starts = offsets[spans[:, 0]] - base
    depth[starts + spans[:, 1]] += 1
    # neighbours of different kinds touch: where one ends the next begins
    np.subtract.at(depth, starts + spans[:, 2], 1)
    kept = np.cumsum(depth[:-1], dtype=np.int8) == 0
    shrunk = np.zeros(len(buffers), np.int64)
    np.add.at(shrunk, spans[:, 0], spans[:, 2] - spans[:, 1])
    left = np.concatenate([[0], np.cumsum(np.diff(offsets) - shrunk)])
    return text_series(data[base : offsets[-1]][kept], left, valid)


def _signals(buffers: TextBuffers, removed: _Removed) -> dict[str, pl.Series]:
    ratio = removed.gone / np.maximum(removed.words, 1)
    lines = removed.lines.sum(axis=1)
    columns = {
        "lines_removed": pl.Series(lines, dtype=pl.Int64),
        "line_rules_removed_word_ratio": pl.Series(ratio, dtype=pl.Float64),
    }
    if buffers.valid is None:
        return columns
    measured = pl.Series(buffers.valid)
    return {
        name: pl.select(pl.when(measured).then(one)).to_series() for name, one in columns.items()
    }


def _findings(docs: pl.Series, removed: _Removed, cuts: dict[int, _Cuts]) -> pl.DataFrame:
    """One row a text and kind, with exactly the spans of that kind."""
    spans = removed.spans
    edits: dict[tuple[int, int], list[Edit]] = {}
    counts: dict[tuple[int, int], int] = {}
    borders = np.searchsorted(spans[:, 0], [*cuts, *(row + 1 for row in cuts)])
    for row, low, high in zip(cuts, borders[: len(cuts)], borders[len(cuts) :], strict=True):
        whole = _in_source(spans[low:high], cuts[row].edits)
        for edit, kind in zip(cuts[row].edits, cuts[row].kinds, strict=True):
            # what was cut out of a line that then went is part of that line's edit
            at = int(np.searchsorted(whole[:, 0], edit.start, side="right")) - 1
            if at < 0 or edit.start >= whole[at, 1]:
                edits.setdefault((row, kind), []).append(edit)
                counts[row, kind] = counts.get((row, kind), 0) + 1
    for row, start, end, kind in spans.tolist():
        edits.setdefault((row, kind), []).append(Edit(start, end - start, 0))
        counts[row, kind] = int(removed.lines[row, kind])
    keys = sorted(edits)
    return pl.DataFrame(
        {
            DOC: docs.gather([row for row, _ in keys]),
            "step": pl.repeat(STEP, len(keys), eager=True),
            "rule": [f"{STEP}.{KINDS[kind - 1]}" for _, kind in keys],
            "action": pl.repeat(int(Action.REWRITE), len(keys), dtype=pl.UInt8, eager=True),
            "detail": [_detail(counts[key], key[1]) for key in keys],
            "edits": pl.Series([encode(edits[key]) for key in keys], dtype=pl.Binary),
        }
    )


def _in_source(spans: NDArray[np.int64], cuts: Sequence[Edit]) -> NDArray[np.int64]:
    """Turn spans of a text with pieces cut out, in place, into spans of the text before."""
    starts = np.array([edit.start for edit in cuts])
    sizes = np.array([edit.removed for edit in cuts])
    total = np.concatenate([[0], np.cumsum(sizes)])
    places = starts - total[:-1]
    spans[:, 1] += total[np.searchsorted(places, spans[:, 1], side="right")]
    spans[:, 2] += total[np.searchsorted(places, spans[:, 2], side="left")]
    return spans[:, 1:3]


def _detail(count: int, kind: int) -> str:
    noun = "line" if kind < _CITATIONS else "place"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
