"""Random numbers that a value and a key determine, and the forms that they are laid into.

HMAC-SHA256 (RFC 2104) of the key and what a stand-in is about seeds a stream; the stream makes the
stand-in. Without the key it can be neither inverted nor joined with what another key made.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

UPPER, LOWER, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
_KINDS = (UPPER, LOWER, DIGITS)
_PLAIN = frozenset(UPPER + LOWER + DIGITS)
_NO_DIGIT, _NOT_PLAIN = re.compile("[^0-9]+"), re.compile("[^0-9A-Za-z]+")
_PARTING = str.maketrans("", "", " -()./·\u00a0")
_EIGHT = Struct(">8I")


class Draw:
    """A stream of random numbers that a value and a key determine."""

    def __init__(self, key: bytes, *about: str) -> None:
        self._seed = hmac.digest(key, "\0".join(about).encode(), sha256)
        self._round = 0
        self._numbers: list[int] = []

    def below(self, size: int) -> int:
        """A number from 0 to ``size`` - 1; ``size`` is far below 2**32, so all are as likely."""
        if not self._numbers:
            made = hmac.digest(self._seed, self._round.to_bytes(8), sha256)
            self._numbers = list(_EIGHT.unpack(made)[::-1])
            self._round += 1
        return self._numbers.pop() * size >> 32

    def one_of[Item](self, some: Sequence[Item]) -> Item:
        """One of some."""
        return some[self.below(len(some))]

    def digits(self, count: int) -> str:
        """So many digits."""
        below = self.below
        return "".join([DIGITS[below(10)] for _ in range(count)])

    def bytes(self, count: int) -> bytes:
        """So many bytes."""
        return bytes(self.below(256) for _ in range(count))


class Who(NamedTuple):
    """Whose values are replaced, and within what they stay the same.

    Attributes:
        key: Secret; with another one all stand-ins are others.
        scope: The same value has the same stand-in within it: nothing, or a document's id.
        subject: Whom a document is about: dates of one subject move together.
        weekdays: Dates move by whole weeks.
        day_first: ``03/04/2021`` is the third of April.
    """

    key: bytes
    scope: str = ""
    subject: str = ""
    weekdays: bool = False
    day_first: bool = False

    def draw(self, *about: str) -> Draw:
        """A stream for something within the scope."""
        return Draw(self.key, self.scope, *about)

    def own_draw(self, *about: str) -> Draw:
        """A stream for something that all documents of a subject share."""
        return Draw(self.key, "of a subject", self.subject, *about)


def listed(line: str) -> tuple[str, ...]:
    """The words of a line."""
    return tuple(line.split())


def folded(value: str) -> str:
    """A value without case, width and what parts its groups.

    >>> folded("+1 (415) 555-2671") == folded("+14155552671")
    True
    """
    plain = value if value.isascii() else unicodedata.normalize("NFKC", value)
    plain = plain.casefold()
    return plain.translate(_PARTING) if numeric(plain) else plain


def numeric(value: str) -> bool:
    """Whether most of its letters and digits are digits."""
    return len(digits_of(value)) * 2 > sum(map(str.isalnum, value))


def digits_of(value: str) -> str:
    """Its digits alone."""
    return _NO_DIGIT.sub("", value)


def bare(value: str) -> str:
    """Its letters and digits of ASCII alone."""
    return _NOT_PLAIN.sub("", value)


def same_form(value: str, draw: Draw) -> str:
    """Each letter and digit another of its kind, all else as it is.

    >>> made = same_form("ab-12 Z", Draw(b"key", "ab-12 Z"))
    >>> made[2] + made[5], made[:2].islower(), made[3:5].isdigit(), made[6].isupper()
    ('- ', True, True, True)
    """
    return "".join(_another(one, draw) for one in value)


def _another(one: str, draw: Draw) -> str:
    for kind in _KINDS:
        if one in kind:
            return draw.one_of(kind)
    if not one.isalnum():
        return one
    return chr(0x4E00 + draw.below(0x5000)) if "\u4e00" <= one <= "\u9fff" else draw.one_of(LOWER)


def laid(value: str, made: str) -> str:
    """New letters and digits in the form of a value; what is left over goes to the end.

    >>> laid("12 34-5", "987654")
    '98 76-54'
    """
    rest = iter(made)
    form = "".join([next(rest, one) if one in _PLAIN else one for one in value])
    return form + "".join(rest)


def cased(made: str, like: str) -> str:
    """A word in capitals, or without, as another one is.

    >>> cased("Miller", "SMITH"), cased("Miller", "smith"), cased("Miller", "Smith")
    ('MILLER', 'miller', 'Miller')
    """
    if like.isupper() and len(like) > 1:
        return made.upper()
    return made.lower() if like.islower() else made
