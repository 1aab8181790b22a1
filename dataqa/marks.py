"""Which code points can make a text differ from its NFC, told once from Python's own tables.

A character that has combining class 0 and passes NFC's quick check is a border: what stands before
it and what follows normalise independently (Unicode Standard Annex 15, section 9.1). So a text
without any of the others is in NFC already, and one with some changes only beside them.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_PLANES = ((0x80, 0xD800), (0xE000, 0x20000), (0x2F800, 0x2FA20), (0xE0000, 0xE0200))
"""Everything assigned but the large ideographic planes and private use, which NFC leaves alone."""


@cache
def nfc_suspects() -> tuple[tuple[int, int], ...]:
    """Ranges (first, last) of the code points that are no border for NFC.

    >>> any(first <= 0x301 <= last for first, last in nfc_suspects())
    True
    """
    # Hangul vowels and final consonants join the syllable before them by arithmetic, not by table
    found = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for low, high in _PLANES:
        for point in range(low, high):
            character = chr(point)
            parts = unicodedata.decomposition(character)
            canonical = bool(parts) and not parts.startswith("<")
            changes = canonical and unicodedata.normalize("NFC", character) != character
            if changes or unicodedata.combining(character):
                found.add(point)
            if canonical and " " in parts:
                found.add(int(parts.rpartition(" ")[2], 16))
    return _ranges(sorted(found))


def _ranges(points: list[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1] = (ranges[-1][0], point)
        else:
            ranges.append((point, point))
    return tuple(ranges)


def character_class(pattern: str = "{}-{}") -> str:
    """The inside of a regular expression's brackets: every suspect, spelled with ``pattern``."""
    return "".join(pattern.format(chr(first), chr(last)) for first, last in nfc_suspects())
