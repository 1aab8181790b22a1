"""A value that was found in a text is the same value wherever else it stands in it.

A word beside a number may be what told that it is private. Where the number is repeated without the
word it is no less private, so each other place of it is taken too, as surely as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import polars as pl

from dataqa.private.scan import SPANS

BY_CHANCE = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "DATE_OF_BIRTH", "AGE", "NRP", "TITLE"}
)
"""Kinds of which the same letters elsewhere in a text may well be something else."""
_FEW = 4
"""Values in a text up to which each is counted by itself."""
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
    values: dict[bytes, Row] = {}
    for span in sorted(spans, key=lambda one: (-one[5], one[3] - one[4], one[3])):
        value = data[span[3] : span[4]]
        if span[1] not in BY_CHANCE and value not in values and _tells(value):
            values[value] = span
    if not values:
        return
    told = _told(data, values)
    if not told:
        return
    taken = bytearray(len(data))
    for span in spans:
        taken[span[3] : span[4]] = b"\1" * (span[4] - span[3])
    for low, value in told:
        high = low + len(value)
        if taken.find(1, low, high) < 0 and _alone(data, low, high):
            taken[low:high] = b"\1" * len(value)
            row, entity, recogniser, *_, score = values[value]
            yield row, entity, recogniser, low, high, score


def _told(data: bytes, values: Mapping[bytes, Row]) -> list[tuple[int, bytes]]:
    """Where values stand, if any stands twice: those of the likeliest first."""
    if len(values) <= _FEW and all(data.count(value) < 2 for value in values):
        return []
    text, some = pl.Series([data.decode()]), [value.decode() for value in values]
    places = text.str.find_many(some, overlapping=True)[0].to_list()
    words = text.str.extract_many(some, overlapping=True)[0].to_list()
    ranks = {value: at for at, value in enumerate(values)}
    found = [(place, word.encode()) for place, word in zip(places, words, strict=True)]
    return sorted(found, key=lambda one: (ranks[one[1]], one[0]))


def _tells(value: bytes) -> bool:
    letters = sum(one.isalnum() for one in value.decode())
    return letters >= _FEWEST and (b"@" in value or any(0x30 <= one <= 0x39 for one in value))


def _alone(data: bytes, low: int, high: int) -> bool:
    """Whether a value stands by itself, not as a part of a longer word or number."""
    first, last = data[low : low + 1], data[high - 1 : high]
    before, behind = data[max(0, low - 2) : low], data[high : high + 2]
    if (first.isalnum() and before[-1:].isalnum()) or (last.isalnum() and behind[:1].isalnum()):
        return False
    in_number = first.isdigit() and before[-1:] in {b".", b","} and before[:1].isdigit()
    return not in_number and not (last.isdigit() and behind[:1] == b"." and behind[1:].isdigit())
