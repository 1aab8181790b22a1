"""Patterns of letters and digits alone: each match is a whole token, and tokens have few shapes.

The shape of a token is which of its characters are digits, capital and small letters. Which
patterns may match a shape is found out once and kept; so a column of numbers is a few look-ups of
arrays, where an automaton would follow a hundred patterns through every digit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.private.patterns import (
    ALNUM,
    Expression,
    all_items,
    characters,
    firsts,
    parsed,
    parts,
    widest,
)

LONGEST = 32
"""Characters of a token of which the shape fits in 64 bits."""
_KINDS = (frozenset(b"0123456789"), frozenset(range(65, 91)), frozenset(range(97, 123)))
_KIND = np.zeros(256, np.uint8)
for _code, _those in enumerate(_KINDS, 1):
    _KIND[list(_those)] = _code
_MANY = 1 << 12
_MOST = 1 << 14
"""Shapes that are remembered."""


class Stretches(NamedTuple):
    """Parts of some data as one piece, with a line feed between them.

    Attributes:
        data: All of them.
        begins: Where each begins in that, and
        lows: where in what it was taken from.
    """

    data: bytes
    begins: NDArray[np.int64]
    lows: NDArray[np.int64]

    def moved(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """By how much what ends there has to be moved to be where it was taken from."""
        which = np.searchsorted(self.begins, ends - 1, side="right") - 1
        return (self.lows - self.begins)[which]


def stretches(data: bytes, lows: NDArray[np.int64], highs: NDArray[np.int64]) -> Stretches:
    """Parts of some data that rise and are apart."""
    view = memoryview(data)
    ends = zip(lows.tolist(), highs.tolist(), strict=True)
    begins = np.concatenate([[0], np.cumsum(highs - lows + 1)[:-1]]).astype(np.int64)
    return Stretches(b"\n".join([view[low:high] for low, high in ends]), begins, lows)


def fields(some: Stretches, inside: NDArray[np.bool_]) -> Stretches:
    """The parts of some stretches that hold letters or digits and signs, and nothing but those.

    Args:
        some: Stretches.
        inside: Of each of the 256 bytes, whether it is one of the signs.
    """
    octets = np.frombuffer(some.data, np.uint8)
    sign = inside[octets]
    held = np.zeros(len(octets) + 2, np.bool_)
    held[1:-1] = sign | (_KIND[octets] > 0)
    edges = np.flatnonzero(held[1:] != held[:-1])
    starts, ends = edges[::2], edges[1::2]
    signed = np.concatenate([[0], np.cumsum(sign)])
    mixed = signed[ends] > signed[starts]
    starts, ends = starts[mixed], ends[mixed]
    parted = stretches(some.data, starts, ends)
    return parted._replace(lows=starts + some.moved(ends))


class Tokens:
    """Some of the patterns, by the shapes that their matches have."""

    def __init__(self, numbers: Sequence[int], patterns: Sequence[Expression]) -> None:
        """Learn the shapes of patterns of which ``shape`` is something."""
        self._shapes = [
            (number, re.compile(shape(patterns[number].pattern)), widest(patterns[number].pattern))
            for number in numbers
        ]
        self._longest = max((longest for *_, longest in self._shapes), default=0)
        self._known: dict[int, list[int]] = {}
        self._begins = np.zeros((len(patterns), 256), np.bool_)
        for number in numbers:
            pattern = patterns[number].pattern
            # where the case of letters does not matter, a match may begin with others
            some = _KIND.nonzero()[0] if "(?" in pattern.replace("(?:", "") else [*firsts(pattern)]
            self._begins[number, some] = True

    def found(self, data: bytes, some: Stretches) -> NDArray[np.int64]:
        """The number of a pattern, start and end of each token that it may match.

        Args:
            data: The whole data, with a byte before and behind every token, and
            some: the parts of it that are read.
        """
        if not self._longest:
            return np.zeros((0, 3), np.int64)
        kinds = np.append(np.append(np.uint8(0), _KIND[np.frombuffer(some.data, np.uint8)]), 0)
        edges = np.flatnonzero((kinds[1:] > 0) != (kinds[:-1] > 0))
        starts, ends = edges[::2], edges[1::2]
        fits = ends - starts <= self._longest
        starts, ends = starts[fits], ends[fits]
        moved = some.moved(ends)
        octets = np.frombuffer(data, np.uint8)
        # a token that a stretch cuts is longer than it looks
        whole = (_KIND[octets[starts + moved - 1]] == 0) & (_KIND[octets[ends + moved]] == 0)
        starts, ends, moved = starts[whole], ends[whole], moved[whole]
        shapes, which = np.unique(_packed(kinds[1:], starts, ends), return_inverse=True)
        listed = [self._of(one) for one in shapes.tolist()]
        counts = np.array([len(one) for one in listed], np.int64)
        firsts = np.cumsum(counts) - counts
        flat = np.array([number for one in listed for number in one], np.int64)
        times = counts[which] if len(which) else np.zeros(0, np.int64)
        token = np.repeat(np.arange(len(starts)), times)
        place = np.arange(len(token)) - np.repeat(np.cumsum(times) - times, times)
        numbers = flat[firsts[which[token]] + place]
        lows, highs = (starts + moved)[token], (ends + moved)[token]
        begins = self._begins[numbers, octets[lows]]
        return np.stack([numbers, lows, highs], axis=1)[begins]

    def _of(self, packed: int) -> list[int]:
        """The patterns that may match a shape."""
        found = self._known.get(packed)
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            size = (packed.bit_length() + 1) // 2
            written = "".join("_0Aa"[packed >> 2 * at & 3] for at in range(size))
            found = [
                number
                for number, pattern, longest in self._shapes
                if size <= longest and pattern.fullmatch(written)
            ]
            self._known[packed] = found
        return found


def _packed(
    kinds: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """The shape of each token as a number: two bits for each character, the first lowest."""
    packed = np.zeros(len(starts), np.uint64)
    for at in range(int((ends - starts).max(initial=0))):
        longer = np.flatnonzero(ends - starts > at)
        packed[longer] |= kinds[starts[longer] + at].astype(np.uint64) << np.uint64(2 * at)
    return packed


@lru_cache(_MANY)
def shape(pattern: str) -> str:
    """A pattern over shapes, that takes the shapes of all matches of letters and digits alone.

    Nothing if there are none.

    >>> shape("[12][0-9]{8}|[A-F]x?"), shape("[0-9](?:[ -]?[0-9]){2}"), shape("[0-9]-[0-9]")
    ('(?:[0](?:[0]){8,8}|[A](?:[a]){0,1})', '[0](?:[0]){2,2}', '')
    """
    return _shape(parsed(pattern)) or ""


@lru_cache(_MANY)
def signs(pattern: str) -> frozenset[int]:
    """The characters of a pattern that are neither letters nor digits; 128 is any beyond ASCII."""
    every = (characters(item) or frozenset[int]() for item in all_items(parsed(pattern)))
    return frozenset[int]().union(*every) - ALNUM


def _shape(tree: Any) -> str | None:
    """The shapes of what a tree takes without signs; None if it cannot be without."""
    written = ""
    for item in tree:
        one = _one(item)
        if one is None:
            return None
        written += one
    return written


def _one(item: Any) -> str | None:
    name, value = str(item[0]), item[1]
    if (taken := characters(item)) is not None:
        some = [sign for sign, those in zip("0Aa", _KINDS, strict=True) if taken & those]
        return f"[{''.join(some)}]" if some else None
    # where the case of letters does not matter, either is taken
    some = [one for part in parts(name, value) if (one := _shape(part)) is not None]
    either = "|".join(some)
    if name == "SUBPATTERN" and value[1]:
        either = either.replace("[A]", "[Aa]").replace("[a]", "[Aa]")
    if name.endswith("_REPEAT"):
        least = int(value[0])
        return f"(?:{either}){{{least},{value[1]}}}" if some else None if least else ""
    return f"(?:{either})" if some else None
