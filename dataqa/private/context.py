"""What words around a value say of it: whose they are, and whether they are near enough."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataqa.private.forms import Form
from dataqa.private.nearby import Nearby, Places, merged
from dataqa.private.packs import Recogniser
from dataqa.private.windows import Joined, Windows

_BEFORE, _BETWEEN = 40, 6
"""Bytes before a value that words against it lie in, and between the last of them and it."""
_MARKS = b" \t\n\r\f\v:#=,.-" + "：".encode()


class Context:
    """The words of recognisers, and which of them speak for or against which."""

    def __init__(self, recognisers: Sequence[Recogniser], forms: Sequence[Form]) -> None:
        """Learn the words of some recognisers, and whose patterns need them."""
        lists = [words for one in recognisers for words in (one.words, one.unlike)]
        known = {word: at for at, word in enumerate(dict.fromkeys(_lower(lists)))}
        self._nearby = Nearby(known)
        self._for: list[list[tuple[int, int]]] = [[] for _ in known]
        self._against = [0 for _ in known]
        for bit, one in enumerate(recognisers):
            for word in set(_lower([one.words])):
                self._for[known[word]].append((one.within, 1 << bit))
            for word in set(_lower([one.unlike])):
                self._against[known[word]] |= 1 << bit
        self._for = [_together(some) for some in self._for]
        self._needed = np.zeros((len(forms), len(known)), np.bool_)
        for at, form in enumerate(forms):
            words = [recognisers[look.recogniser].words for look in form.looks]
            self._needed[at, [known[word] for word in _lower(words)]] = True
        self._within = np.array([form.within for form in forms], np.int64)
        self._ahead = np.array([form.ahead for form in forms], np.int64)
        self._best = np.array([form.best for form in forms])
        self._alone = np.array([form.alone for form in forms])
        self._asks = np.array([form.asks for form in forms], np.bool_)
        self.farthest = max([_BEFORE, *(one.within for one in recognisers)])

    def around(
        self, texts: Joined, windows: Windows, least: float
    ) -> tuple[Windows, Places, NDArray[np.bool_]]:
        """The windows in which something may score enough, and the words around them.

        Args:
            texts: What is looked through.
            windows: Where patterns may match.
            least: What is enough.

        Returns:
            Windows, words, and of each window whether words are near that may matter.
        """
        windows = _some(windows, self._best[windows.patterns] >= least)
        patterns, rows = windows.patterns, texts.texts(windows.ends)
        within = self._within[patterns]
        before, behind = np.maximum(within, _BEFORE), self._ahead[patterns] + within // 2
        lows = np.maximum(windows.starts - before, texts.begins[rows])
        highs = np.minimum(windows.ends + behind, texts.ends[rows])
        asks = self._asks[patterns]
        places = self._nearby.places(texts.data, *merged(lows[asks] - 1, highs[asks] + 1))
        first = np.searchsorted(places.starts, lows)
        counts = np.searchsorted(places.starts, highs) - first
        needs = np.flatnonzero(self._alone[patterns] < least)
        first, some = first[needs], counts[needs]
        which = np.repeat(np.arange(len(needs)), some)
        one = np.arange(len(which)) + np.repeat(first - np.cumsum(some) + some, some)
        helps = self._needed[patterns[needs[which]], places.words[one]]
        kept = np.ones(len(patterns), np.bool_)
        kept[needs] = np.bincount(which[helps], minlength=len(needs)) > 0
        return _some(windows, kept), places, (asks & (counts > 0))[kept]

    def reader(self, texts: Joined, places: Places) -> Reader:
        """What tells of the words around a value."""
        return Reader(self, texts.data, places)

    def says(self, word: int) -> tuple[list[tuple[int, int]], int]:
        """For whom a word speaks within how many bytes, and against whom, as bits."""
        return self._for[word], self._against[word]


class Reader:
    """The words around values of one batch."""

    def __init__(self, context: Context, data: bytes, places: Places) -> None:
        self._data, self._farthest = data, context.farthest
        self._starts, self._ends = places.starts.tolist(), places.ends.tolist()
        self._says = [context.says(word) for word in places.words.tolist()]
        self._known: dict[tuple[int, int], tuple[int, int]] = {}

    def about(self, low: int, high: int, begin: int, end: int) -> tuple[int, int]:
        """The recognisers for which words speak, and those against which they do, as bits.

        Args:
            low: Where the value begins, and
            high: behind its last byte.
            begin: Where its text begins, and
            end: behind its last byte.
        """
        found = self._known.get((low, high))
        if found is None:
            found = self._known[low, high] = self._asked(low, high, begin, end)
        return found

    def _asked(self, low: int, high: int, begin: int, end: int) -> tuple[int, int]:
        near = against = 0
        starts, ends, says = self._starts, self._ends, self._says
        at = bisect_left(starts, max(begin, low - self._farthest))
        last = min(end, high + self._farthest // 2)
        while at < len(starts) and starts[at] < last:
            start, behind = starts[at], ends[at]
            if behind <= low:
                away = low - start
                unlike = says[at][1]
                if unlike and away <= _BEFORE and self._joins(behind, low):
                    against |= unlike
            elif start >= high:
                away = 2 * (behind - high)
            else:
                at += 1
                continue
            for limit, bits in says[at][0]:
                if away <= limit:
                    near |= bits
            at += 1
        return near, against

    def _joins(self, low: int, high: int) -> bool:
        """Whether nothing but marks and spaces, and few of them, lie between two places."""
        return high - low <= _BETWEEN and not self._data[low:high].strip(_MARKS)


def _lower(lists: Sequence[Sequence[str]]) -> list[str]:
    """Words as they are compared: without the case of letters of ASCII."""
    return [word.encode().lower().decode() for words in lists for word in words]


def _together(some: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Bits by the same number of bytes as one."""
    found: dict[int, int] = {}
    for limit, bit in some:
        found[limit] = found.get(limit, 0) | bit
    return list(found.items())


def _some(windows: Windows, kept: NDArray[np.bool_]) -> Windows:
    return Windows(*(part[kept] for part in windows))
