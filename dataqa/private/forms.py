"""Patterns as the scan asks them: each once, with everybody who looks for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from dataqa.private.checks import Check, check_of
from dataqa.private.packs import Look, Recogniser
from dataqa.private.patterns import FARTHEST, Border, Expression, compiled, widest

BEHIND = 4
"""Bytes behind a window that a border looks at."""
_POINTS, _DIGITS = b".,", b"0123456789"
_SPACED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "ARABIC", "HEBREW", "DEVANAGARI")
"""Scripts of which a letter beside a value makes it part of a word."""
BESIDE = frozenset(b".,-/") | frozenset(range(0x80, 0x100))
"""Bytes of which one beside a value has to be for it to be ``touched``."""


class Asked(NamedTuple):
    """What one recogniser makes of a match of a pattern.

    Attributes:
        recogniser: Its number.
        shortest: Bytes that a match has at least.
        score: What a match scores, and
        in_context: what beside one of the recogniser's words.
        check: Whether a match can be real.
        bit: Of the recogniser, in what is said of the words around a match.
    """

    recogniser: int
    shortest: int
    score: float
    in_context: float
    check: Check | None
    bit: int


class Form(NamedTuple):
    """A pattern with its border, and all that look for it: it is matched once for all of them.

    Attributes:
        exact: What decides.
        group: Which group of it is the value; 0 for all.
        border: What a match may not touch.
        looks: Who looks for it.
        shortest: Bytes that a match has at least.
        ahead: Bytes behind a window that a match of it, and its border, may reach.
        asks: Whether words around it matter.
        within: How near words have to be at most, in bytes.
        best: The most that a match can score, whoever looks for it, and
        alone: the same without any word around it.
    """

    exact: re.Pattern[bytes]
    group: int
    border: Border
    looks: list[Asked]
    shortest: int
    ahead: int
    asks: bool
    within: int
    best: float
    alone: float


def expressions(recognisers: Sequence[Recogniser]) -> list[Expression]:
    """The patterns of some recognisers with their borders, each once."""
    every = [
        Expression(look.pattern, one.border, look.holds)
        for one in recognisers
        for look in one.looks
    ]
    return list(dict.fromkeys(every))


def forms(recognisers: Sequence[Recogniser]) -> list[Form]:
    """One for each of the ``expressions``, in their order."""
    known = expressions(recognisers)
    looks: dict[Expression, list[tuple[Recogniser, Asked]]] = {one: [] for one in known}
    for number, one in enumerate(recognisers):
        for look in one.looks:
            asked = Expression(look.pattern, one.border, look.holds)
            looks[asked].append((one, _asked(one, number, look)))
    return [_form(one, some) for one, some in looks.items()]


def _form(one: Expression, some: Sequence[tuple[Recogniser, Asked]]) -> Form:
    exact = compiled(one.pattern, one.border)
    longest = widest(one.pattern)
    looks = [asked for _, asked in some]
    return Form(
        exact,
        exact.groups,
        one.border,
        looks,
        min(look.shortest for look in looks),
        ahead=BEHIND + (longest if longest <= FARTHEST else 0),
        asks=any(told.words or told.unlike for told, _ in some),
        within=max(told.within for told, _ in some),
        best=max(max(look.score, look.in_context) for look in looks),
        alone=max(look.score for look in looks),
    )


def _asked(recogniser: Recogniser, number: int, look: Look) -> Asked:
    return Asked(
        number,
        look.shortest,
        look.score,
        look.score if look.in_context is None else look.in_context,
        check_of(recogniser.check) if recogniser.check else None,
        1 << number,
    )


def whole(data: bytes, low: int, high: int) -> tuple[int, int]:
    """A place without half characters: patterns count bytes, and may end within one.

    >>> whole("号码".encode(), 3, 5)
    (3, 6)
    """
    while 0x80 <= data[low] < 0xC0:
        low -= 1
    while high < len(data) and 0x80 <= data[high] < 0xC0:
        high += 1
    return low, high


def touched(data: bytes, low: int, high: int, border: Border) -> bool:
    """Whether what stands beside a match makes it a part of something else.

    Args:
        data: With at least one byte before and behind the match.
        low: Where the match begins, and
        high: behind its last byte.
        border: What it may not touch.
    """
    if border == "none":
        return False
    before, behind = data[low - 1], data[high]
    goes_on = behind in b"." and data[high + 1] in _DIGITS
    if before in _POINTS and data[low - 2] in _DIGITS and data[low] in _DIGITS:
        return True
    if goes_on and data[high - 1] in _DIGITS:
        return True
    if border == "number" and _goes_on(data, low, high):
        return True
    return border in {"word", "number"} and _in_word(data, low, high)


def _goes_on(data: bytes, low: int, high: int) -> bool:
    """Whether a hyphen or a slash with a digit behind it makes it a part of a longer number."""
    before = data[low - 1] in b"-/" and data[low - 2] in _DIGITS
    return before or (data[high] in b"-/" and data[high + 1] in _DIGITS)


def _in_word(data: bytes, low: int, high: int) -> bool:
    """Whether a letter beyond ASCII, of a script that parts words by spaces, touches it."""
    before = data[low - 1] >= 0x80 and _spaced(_last(data, low))
    return before or (data[high] >= 0x80 and _spaced(_first(data, high)))


def _last(data: bytes, end: int) -> str:
    return data[max(0, end - 4) : end].decode(errors="ignore")[-1:]


def _first(data: bytes, start: int) -> str:
    return data[start : start + 4].decode(errors="ignore")[:1]


def _spaced(character: str) -> bool:
    if not character.isalpha():
        return False
    return unicodedata.name(character, "").partition(" ")[0] in _SPACED
