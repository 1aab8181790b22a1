"""The edits a step made to a text, stored compactly, so that any span maps back to the source.

An edit says: from this byte of the received text so many bytes were removed, and so many others
stand in their place. Edits are ordered and disjoint; the inserted bytes themselves are not stored,
for the new text holds them. Three LEB128 numbers an edit, the start counted from the end of the
edit before it: deleting a carriage return costs three bytes.

Several findings of one step about one document may carry edits: all are offsets into the text that
the step received, and ``merge`` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge as merge_sorted
from typing import NamedTuple

_FAR = 1 << 62


class Edit(NamedTuple):
    """``removed`` bytes at ``start`` of the received text gave way to ``inserted`` others."""

    start: int
    removed: int
    inserted: int


def encode(edits: Iterable[Edit]) -> bytes:
    """The stored form of ordered, disjoint edits.

    >>> encode([Edit(5, 1, 0), Edit(9, 2, 1)]).hex()
    '050100030201'
    """
    stored = bytearray()
    end = 0
    for start, removed, inserted in edits:
        for number in (start - end, removed, inserted):
            rest = number
            while rest > 0x7F:
                stored.append(rest & 0x7F | 0x80)
                rest >>= 7
            stored.append(rest)
        end = start + removed
    return bytes(stored)


def decode(stored: bytes) -> list[Edit]:
    """The edits in order.

    >>> decode(bytes.fromhex("050100030201"))[1]
    Edit(start=9, removed=2, inserted=1)
    """
    numbers: list[int] = []
    number = shift = 0
    for byte in stored:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    edits: list[Edit] = []
    end = 0
    for at in range(0, len(numbers), 3):
        gap, removed, inserted = numbers[at : at + 3]
        edits.append(Edit(end + gap, removed, inserted))
        end += gap + removed
    return edits


def merge(stored: Iterable[bytes]) -> bytes:
    """One stored form for the disjoint edits that several findings of one step carry.

    >>> merge([encode([Edit(9, 2, 0)]), encode([Edit(5, 1, 0)])]).hex()
    '050100030200'
    """
    return encode(merge_sorted(*(decode(one) for one in stored)))


def growth(stored: bytes) -> int:
    """By how many bytes the edits lengthen a text; negative when they shorten it.

    >>> growth(encode([Edit(5, 1, 0), Edit(9, 2, 4)]))
    1
    """
    return sum(inserted - removed for _, removed, inserted in decode(stored))


def to_source(stored: bytes, offset: int, *, end: bool = False) -> int:
    """Where an offset of the new text lies in the received one.

    Args:
        stored: The edits of one step.
        offset: A byte of the new text.
        end: The offset ends a span. Inside inserted bytes a span's start goes to the start and its
            end to the end of what they replaced; beside a deletion a span does not take it in.

    >>> to_source(encode([Edit(5, 2, 0)]), 5), to_source(encode([Edit(5, 2, 0)]), 5, end=True)
    (7, 5)
    """
    pieces = ((new, inserted, removed) for _, new, removed, inserted in _places(stored))
    return _move(pieces, offset, end=end)


def to_result(stored: bytes, offset: int, *, end: bool = False) -> int:
    """Where an offset of the received text lies in the new one; ``end`` as in ``to_source``.

    >>> to_result(encode([Edit(5, 2, 0)]), 9)
    7
    """
    pieces = ((start, removed, inserted) for start, _, removed, inserted in _places(stored))
    return _move(pieces, offset, end=end)


def source_span(chain: Sequence[bytes], start: int, end: int) -> tuple[int, int]:
    """A span of the last text in terms of the first: ``chain`` holds each step's edits in order.

    >>> source_span([encode([Edit(0, 3, 0)]), encode([Edit(4, 1, 2)])], 4, 6)
    (7, 8)
    """
    for stored in reversed(chain):
        first = to_source(stored, start)
        # an empty span beside a deletion stays empty
        last = max(first, to_source(stored, end, end=True))
        start, end = first, last
    return start, end


def result_span(chain: Sequence[bytes], start: int, end: int) -> tuple[int, int]:
    """A span of the first text in terms of the last; what was deleted leaves an empty span."""
    for stored in chain:
        first = to_result(stored, start)
        last = max(first, to_result(stored, end, end=True))
        start, end = first, last
    return start, end


def compose(first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """One list of edits that does what ``first`` and then ``second`` do.

    Edits of both that touch become one; nothing else is widened, so the result is as exact.

    >>> compose([Edit(0, 2, 0)], [Edit(3, 1, 1)])
    [Edit(start=0, removed=2, inserted=0), Edit(start=5, removed=1, inserted=1)]
    """
    drift = 0  # by how much the source is ahead of the middle text
    pieces: list[tuple[int, int, int, int]] = []  # middle start and end, growth back and forth
    for start, removed, inserted in first:
        pieces.append((start - drift, start - drift + inserted, removed - inserted, 0))
        drift += removed - inserted
    pieces += [(start, start + gone, 0, new - gone) for start, gone, new in second]
    pieces.sort()
    composed: list[Edit] = []
    low = high = back = forth = drift = 0
    for start, end, to_first, to_last in [*pieces, (_FAR, _FAR, 0, 0)]:
        if start > high:
            if high - low or back or forth:
                composed.append(Edit(low + drift, high - low + back, high - low + forth))
            drift += back
            low = high = start
            back = forth = 0
        high, back, forth = max(high, end), back + to_first, forth + to_last
    return composed


def _places(stored: bytes) -> Iterable[tuple[int, int, int, int]]:
    """Start in the received text, start in the new text, bytes removed and inserted."""
    drift = 0
    for start, removed, inserted in decode(stored):
        yield start, start + drift, removed, inserted
        drift += inserted - removed


def _move(pieces: Iterable[tuple[int, int, int]], offset: int, *, end: bool) -> int:
    """Move an offset over pieces (start here, bytes here, bytes there)."""
    drift = 0
    for start, here, there in pieces:
        if offset < start or (end and offset == start):
            break
        if offset < start + here or (end and offset == start + here):
            return start + drift + (there if end else 0)
        drift += there - here
    return offset + drift
