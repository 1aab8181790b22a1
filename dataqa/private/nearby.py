"""Which words stand around a candidate: of all recognisers at once, so that most are never asked.

Hundreds of words make candidates likelier or drop them. Searching for each recogniser's beside each
candidate would cost more than all the rest. So what is around it is read once, as words (of scripts
without spaces, as pairs of characters), and looked up in one table; only recognisers that may have
one of them search for what they exactly want.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import add

_WORDS = re.compile(rb"[a-z]+")


class Nearby:
    """The words of recognisers, each of which is a bit of an answer."""

    def __init__(self, lists: Iterable[Sequence[str]]) -> None:
        """Learn lists of words: of the first the bit is 1, of the second 2, and so on."""
        self._latin: dict[bytes, int] = {}
        self._others: dict[str, int] = {}
        self._always = 0
        for at, words in enumerate(lists):
            for word in words:
                self._learn(word.encode().lower(), 1 << at)

    def _learn(self, word: bytes, bit: int) -> None:
        if not word.isascii():
            first = word.decode()[:2]
            self._others[first] = self._others.get(first, 0) | bit
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
        for word in latin.keys() & _WORDS.findall(lower):
            found |= latin[word]
        if not lower.isascii():
            others = self._others
            plain = lower.decode(errors="ignore")
            for pair in {*plain, *map(add, plain, plain[1:])} & others.keys():
                found |= others[pair]
        return found
