"""A value that was found in a text is the same value wherever else it stands in it.

A word beside a number may be what told that it is private. Where the number is repeated without the
word it is no less private, so each other place of it is taken too, as surely as the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

import polars as pl

from dataqa.private.scan import SPANS

BY_CHANCE = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "DATE_OF_BIRTH", "AGE", "NRP", "TITLE"}
)
"""Kinds of which the same letters elsewhere in a text may well be something else."""
_FEWEST = 4
"""Letters and digits of a value that is told by itself."""

type Row = tuple[int, str, str, int, int, float]


def everywhere(texts: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """What was found, and every other place of the same values.

    Args:
        texts: A String column.
        found: ``SPANS`` by row and start, without overlaps.

    Returns:
        ``SPANS`` by row and start, without overlaps.
    """
    if not found.height:
        return found
    more: list[Row] = []
    for row, spans in groupby(found.rows(), key=lambda span: span[0]):
        more += _more(texts[row].encode(), list(spans))
    if not more:
        return found
    added = pl.DataFrame(more, SPANS, orient="row")
    return pl.concat([found, added]).sort("row", "start", maintain_order=True)


def _more(data: bytes, spans: Sequence[Row]) -> Iterator[Row]:
    """The other places in one text, the likeliest values first."""
    taken: list[tuple[int, int]] | None = None
    done: set[bytes] = set()
    for span in sorted(spans, key=lambda one: (-one[5], one[3] - one[4], one[3])):
        row, entity, recogniser, start, end, score = span
        value = data[start:end]
        if entity in BY_CHANCE or value in done:
            continue
        done.add(value)
        if data.find(value, 0, start) < 0 and data.find(value, end) < 0:
            continue
        if not _tells(value):
            continue
        taken = [(one[3], one[4]) for one in spans] if taken is None else taken
        for low in _places(data, value):
            high = low + len(value)
            if all(high <= first or last <= low for first, last in taken):
                taken.append((low, high))
                yield row, entity, recogniser, low, high, score


def _tells(value: bytes) -> bool:
    letters = sum(one.isalnum() for one in value.decode())
    return letters >= _FEWEST and (b"@" in value or any(0x30 <= one <= 0x39 for one in value))


def _places(data: bytes, value: bytes) -> Iterator[int]:
    """Where a value stands by itself, not as a part of a longer word or number."""
    before = rb"(?<![0-9A-Za-z])" if value[:1].isalnum() else b""
    behind = rb"(?![0-9A-Za-z])" if value[-1:].isalnum() else b""
    before += rb"(?<![0-9][.,])" if value[:1].isdigit() else b""
    behind += rb"(?![.][0-9])" if value[-1:].isdigit() else b""
    for match in re.finditer(before + re.escape(value) + behind, data):
        yield match.start()
