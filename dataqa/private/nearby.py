"""Which words stand around a candidate: of all recognisers at once, so that most are never asked.

Hundreds of words make candidates likelier or drop them. Searching for each recogniser's beside each
candidate would cost more than all the rest. So the letters around it are read once, as words, and
looked up in one table; only recognisers that have one of them search for what they exactly want.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_WORDS = re.compile(rb"[a-z]+")


class Nearby:
    """The words of recognisers, each of which is a bit of an answer."""

    def __init__(self, lists: Iterable[Sequence[str]]) -> None:
        """Learn lists of words: of the first the bit is 1, of the second 2, and so on."""
        self._latin: dict[bytes, int] = {}
        self._others: dict[bytes, int] = {}
        self._always = 0
        for at, words in enumerate(lists):
            for word in words:
                self._learn(word.encode().lower(), 1 << at)
        some = sorted(self._others, key=lambda one: (-len(one), one))
        for word in some:  # where it stands, so does each that it begins with
            self._others[word] = _or(bit for one, bit in self._others.items() if word.startswith(one))
        found = b"|".join(map(re.escape, some))
        self._search = re.compile(b"(?=(" + found + b"))") if some else None

    def _learn(self, word: bytes, bit: int) -> None:
        if not word.isascii():
            self._others[word] = self._others.get(word, 0) | bit
        elif found := _WORDS.search(word):
            first = found.group()
            self._latin[first] = self._latin.get(first, 0) | bit
        else:
            self._always |= bit

    def among(self, text: bytes) -> int:
        """The lists of which a word may be in a text, as bits; of others none is.

        >>> found = Nearby([["tax id"], ["手机", "vat"]])
        >>> found.among("His TAX:".encode()), found.among("手机号".encode()), found.among(b"-")
        (1, 2, 0)
        """
        lower = text.lower()
        found = self._always
        latin = self._latin
        for word in _WORDS.findall(lower):
            found |= latin.get(word, 0)
        if self._search is not None and not lower.isascii():
            for word in self._search.findall(lower):
                found |= self._others[word]
        return found


def _or(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found
