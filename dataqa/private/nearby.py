"""Where the words of recognisers stand: of all of them at once, only around what may be a value.

Hundreds of words make candidates likelier or drop them. Searching for each recogniser's beside each
candidate would cost more than all the rest. So the surroundings of all candidates of a batch are
read once, as arrays: a word can only be where its first letters (of scripts without spaces, its
first characters) are, and these are at most eight bytes, which are one number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FIRST = re.compile(rb"[a-z]+")
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SIEVE = 16
"""Bits of a number's place in the sieve."""
_PAD = b"\n" * 64
"""Before what is read, longer than what precedes the first letters in any word."""


class _Word(NamedTuple):
    """A word in lower case, and where its key is in it.

    Attributes:
        written: All of it.
        number: Its place among the words.
        at: Where the key begins.
        key: The first letters, one sign, or the first bytes beyond ASCII.
        parted: Whether a letter beside it makes it a part of another word.
    """

    written: bytes
    number: int
    at: int
    key: bytes
    parted: bool


class Places(NamedTuple):
    """Where words stand, by start.

    Attributes:
        starts: First bytes.
        ends: Behind the last bytes.
        words: Which words, by their places among those that are known.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    words: NDArray[np.int64]


class Nearby:
    """Words that are looked for, whatever their case."""

    def __init__(self, words: Iterable[str]) -> None:
        """Learn some words, each once; their places are their numbers."""
        some = [_word(word.encode().lower(), at) for at, word in enumerate(words)]
        self._of: dict[int, list[_Word]] = {}
        for one in some:
            self._of.setdefault(int.from_bytes(one.key, "little"), []).append(one)
        self._sizes = sorted({len(one.key) for one in some if one.key[0] >= 0x80})
        self._signs = np.zeros(256, np.bool_)
        self._signs[[one.key[0] for one in some if _is_sign(one.key)]] = True
        self._sieve = np.zeros(1 << _SIEVE, np.bool_)
        self._sieve[_sieved(np.array([*self._of], np.uint64))] = True

    def places(self, data: bytes, lows: NDArray[np.int64], highs: NDArray[np.int64]) -> Places:
        """Where words stand in stretches of some data, which rise and are apart.

        A word that is cut where a stretch begins or ends may be missed, or half of it be taken for
        one: stretches are one byte wider than what is asked about.

        >>> near = Nearby(["tax id", "手机"])
        >>> [part.tolist() for part in near.places("TAX ID, 手机".encode(), *np.array([[0], [14]]))]
        [[0, 8], [6, 14], [0, 1]]
        """
        view = memoryview(data)
        parts = [view[low:high] for low, high in zip(lows.tolist(), highs.tolist(), strict=True)]
        read = _PAD + b"\n".join(parts).lower() + b"\n" * 8
        found = self._verified(read, *self._likely(read)) if parts else []
        starts, ends, words = np.array(sorted(found), np.int64).reshape(-1, 3).T
        begins = len(_PAD) + np.concatenate([[0], np.cumsum(highs - lows + 1)[:-1]])
        moved = (lows - begins)[np.searchsorted(begins, starts, side="right") - 1] if found else 0
        return Places(starts + moved, ends + moved, words)

    def _likely(self, read: bytes) -> tuple[list[int], list[int]]:
        """Places of keys, and what may be keys there."""
        octets = np.frombuffer(read, np.uint8)
        eights = np.ndarray((len(read) - 7,), "<u8", read, strides=(1,))
        letter = (octets - np.uint8(97)) < 26
        edges = np.flatnonzero(letter[1:] != letter[:-1]) + 1
        starts, ends = edges[::2], edges[1::2]
        places = [starts]
        keys = [eights[starts] & _MASKS[np.minimum(ends - starts, 8)]]
        if self._sizes and (leads := np.flatnonzero(octets >= 0xC0)).size:
            for size in self._sizes:
                places.append(leads)
                keys.append(eights[leads] & _MASKS[size])
        if self._signs.any():
            places.append(np.flatnonzero(self._signs[octets]))
            keys.append(octets[places[-1]].astype(np.uint64))
        place, key = np.concatenate(places), np.concatenate(keys)
        likely = self._sieve[_sieved(key)]
        return place[likely].tolist(), key[likely].tolist()

    def _verified(
        self, read: bytes, places: list[int], keys: list[int]
    ) -> list[tuple[int, int, int]]:
        found: list[tuple[int, int, int]] = []
        known = self._of
        for place, key in zip(places, keys, strict=True):
            for written, number, at, _, parted in known.get(key, ()):
                low = place - at
                high = low + len(written)
                if not read.startswith(written, low):
                    continue
                if not parted or (read[low - 1] not in _LETTERS and read[high] not in _LETTERS):
                    found.append((low, high, number))
        return found


def merged(
    lows: NDArray[np.int64], highs: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stretches that overlap or touch as one.

    >>> [part.tolist() for part in merged(np.array([9, 1, 2]), np.array([11, 3, 4]))]
    [[1, 9], [4, 11]]
    """
    if not len(lows):
        return lows, highs
    order = np.argsort(lows, kind="stable")
    lows, furthest = lows[order], np.maximum.accumulate(highs[order])
    fresh = np.append(True, lows[1:] > furthest[:-1])
    last = np.append(fresh[1:], True)
    return lows[fresh], furthest[last]


def _word(written: bytes, number: int) -> _Word:
    if not written.isascii():
        at = next(place for place, one in enumerate(written) if one >= 0x80)
        rest = len(written) - at
        size = max(size for size in (2, 3, 6) if size <= rest)
        return _Word(written, number, at, written[at : at + size], parted=False)
    if first := _FIRST.search(written):
        return _Word(written, number, first.start(), first.group()[:8], parted=True)
    return _Word(written, number, 0, written[:1], parted=True)


def _is_sign(key: bytes) -> bool:
    return key[0] < 0x80 and key[0] not in _LETTERS


def _sieved(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (keys * _SPREAD) >> np.uint64(64 - _SIEVE)
