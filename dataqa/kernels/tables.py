"""What every character is: a table of flags, one of lower-case letters, one of kinds.

The tables cover the first two planes (U+0000 to U+1FFFF), where all but ideographs live; kernels
work out the rest by range. They are built from ``unicodedata`` in some 60 ms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PLANES = 0x20000

SPACE = 1
BREAK = 2
"""Ends a line for ``str.splitlines``."""
ALPHA = 4
DIGIT = 8
NUMBER = 16
"""A numeral that is not a decimal digit: ½, ², Ⅷ."""
MARK = 32
"""A combining mark or a joiner: never starts a word by itself, always continues one."""
IDEO = 64
"""Han or Kana: a token by itself."""
UPPER = 128
LOWER = 256
PUNCT = 512
TERMINAL = 1024
"""Ends a sentence in some script (Unicode's Sentence_Terminal)."""
PLAIN = 2048
"""Not among the characters that the datatrove dialect takes for symbols."""
CLOSER = 4096
"""A closing quote or bracket: may stand between a sentence's end mark and its end."""

HAN = (
    (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
)  # fmt: skip
KANA = (
    (0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF),
    (0xFF66, 0xFF9D), (0x1AFF0, 0x1AFFE), (0x1B000, 0x1B167),
)  # fmt: skip
HANGUL = (
    (0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB),
    (0xFFA0, 0xFFDC),
)  # fmt: skip
EMOJI = (
    (0x2600, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x1F000, 0x1FAFF),
)  # fmt: skip
TERMINALS = (
    (0x21, 0x21), (0x2E, 0x2E), (0x3F, 0x3F), (0x589, 0x589), (0x61D, 0x61F), (0x6D4, 0x6D4),
    (0x700, 0x702), (0x7F9, 0x7F9), (0x837, 0x837), (0x839, 0x839), (0x83D, 0x83E), (0x964, 0x965),
    (0x104A, 0x104B), (0x1362, 0x1362), (0x1367, 0x1368), (0x166E, 0x166E), (0x1735, 0x1736),
    (0x17D4, 0x17D6), (0x17D9, 0x17DA), (0x1803, 0x1803), (0x1809, 0x1809), (0x1944, 0x1945),
    (0x1AA8, 0x1AAB), (0x1B5A, 0x1B5B), (0x1B5E, 0x1B5F), (0x1B7D, 0x1B7E), (0x1C3B, 0x1C3C),
    (0x1C7E, 0x1C7F), (0x203C, 0x203D), (0x2047, 0x2049), (0x2E2E, 0x2E2E), (0x2E3C, 0x2E3C),
    (0x2E53, 0x2E54), (0x3002, 0x3002), (0xA4FF, 0xA4FF), (0xA60E, 0xA60F), (0xA6F3, 0xA6F3),
    (0xA6F7, 0xA6F7), (0xA876, 0xA877), (0xA8CE, 0xA8CF), (0xA92F, 0xA92F), (0xA9C8, 0xA9C9),
    (0xAA5D, 0xAA5F), (0xAAF0, 0xAAF1), (0xABEB, 0xABEB), (0xFE52, 0xFE52), (0xFE56, 0xFE57),
    (0xFF01, 0xFF01), (0xFF0E, 0xFF0E), (0xFF1F, 0xFF1F), (0xFF61, 0xFF61), (0x10A56, 0x10A57),
    (0x10F55, 0x10F59), (0x10F86, 0x10F89), (0x11047, 0x11048), (0x110BE, 0x110C1),
    (0x11141, 0x11143), (0x111C5, 0x111C6), (0x111CD, 0x111CD), (0x111DE, 0x111DF),
    (0x11238, 0x11239), (0x1123B, 0x1123C), (0x112A9, 0x112A9), (0x1144B, 0x1144C),
    (0x115C2, 0x115C3), (0x115C9, 0x115D7), (0x11641, 0x11642), (0x1173C, 0x1173E),
    (0x11944, 0x11944), (0x11946, 0x11946), (0x11A42, 0x11A43), (0x11A9B, 0x11A9C),
    (0x11C41, 0x11C42), (0x11EF7, 0x11EF8), (0x11F43, 0x11F44), (0x16A6E, 0x16A6F),
    (0x16AF5, 0x16AF5), (0x16B37, 0x16B38), (0x16B44, 0x16B44), (0x16E98, 0x16E98),
    (0x1BC9F, 0x1BC9F), (0x1DA88, 0x1DA88),
)  # fmt: skip
"""Sentence_Terminal of Unicode 15, which FineWeb's line rule goes by."""
SYMBOLS = "–—’“”„…∶━►、。〈〉《》「」【】«´»！％（），．１：；？～"
"""What the datatrove dialect takes for a symbol beyond ASCII, controls and terminal marks."""
CLOSERS = "\"')]}’”»›」』）】〉》〕］｝＂＇"
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
JOINERS = "\u00ad\u200c\u200d"
PARENTHESES = "()[]{}⟨⟩"


def numbered(fields: Any) -> Any:
    """A named tuple that holds the place of each of its fields, for kernels to write by name.

    >>> numbered(Kinds).lower
    2
    """
    return fields(*range(len(fields._fields)))


class Kinds(NamedTuple):
    """Kinds that characters are counted by; ``KIND`` holds their numbers."""

    other: NDArray[np.int64]
    upper: NDArray[np.int64]
    lower: NDArray[np.int64]
    letter: NDArray[np.int64]
    han: NDArray[np.int64]
    rare_han: NDArray[np.int64]
    kana: NDArray[np.int64]
    hangul: NDArray[np.int64]
    digit: NDArray[np.int64]
    number: NDArray[np.int64]
    mark: NDArray[np.int64]
    punctuation: NDArray[np.int64]
    parenthesis: NDArray[np.int64]
    symbol: NDArray[np.int64]
    emoji: NDArray[np.int64]
    blank: NDArray[np.int64]
    newline: NDArray[np.int64]
    whitespace: NDArray[np.int64]
    control: NDArray[np.int64]
    format: NDArray[np.int64]
    replacement: NDArray[np.int64]


KIND = numbered(Kinds)


def spread(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """The code points of inclusive ranges."""
    return [code for low, high in ranges for code in range(low, high + 1)]


@cache
def categories() -> NDArray[np.str_]:
    """The general category of each code point of the tables."""
    return np.array([unicodedata.category(chr(code)) for code in range(PLANES)])


@cache
def flags() -> NDArray[np.uint16]:
    """The flags of each code point of the tables."""
    category = categories()
    major = category.astype("U1")
    out = np.zeros(PLANES, np.uint16)
    out[major == "L"] |= ALPHA
    out[(major == "P")] |= PUNCT
    out[major == "M"] |= MARK
    out[category == "Nd"] |= DIGIT
    out[(category == "Nl") | (category == "No")] |= NUMBER
    out[(category == "Lu") | (category == "Lt")] |= UPPER
    out[category == "Ll"] |= LOWER
    out[[code for code in range(0x3001) if chr(code).isspace()]] |= SPACE
    out[[ord(char) for char in BREAKS]] |= BREAK
    out[[ord(char) for char in JOINERS]] |= MARK
    out[spread(HAN) + spread(KANA)] |= IDEO
    out[spread(TERMINALS)] |= TERMINAL
    out[[ord(char) for char in CLOSERS]] |= CLOSER
    out |= PLAIN
    out[_symbols()] &= ~np.uint16(PLAIN)
    out.flags.writeable = False
    return out


def _symbols() -> list[int]:
    ascii_symbols = [
        code for code in range(0x80) if not chr(code).isalnum() and code not in (9, 10, 32)
    ]
    controls = list(range(0x80, 0xA0))
    return ascii_symbols + controls + [ord(char) for char in SYMBOLS] + spread(TERMINALS)


@cache
def folds() -> NDArray[np.uint32]:
    """The lower-case form of each code point, where that is one character; ’ becomes '."""
    lowered = [chr(code).lower() for code in range(PLANES)]
    out = np.array([ord(low[0]) for low in lowered], np.uint32)
    out[0x2019] = 0x27
    out.flags.writeable = False
    return out


@cache
def kinds() -> NDArray[np.uint8]:
    """The kind (``KIND``) of each code point of the tables."""
    category = categories()
    major = category.astype("U1")
    out = np.zeros(PLANES, np.uint8)
    out[major == "L"] = KIND.letter
    out[(category == "Lu") | (category == "Lt")] = KIND.upper
    out[category == "Ll"] = KIND.lower
    out[category == "Nd"] = KIND.digit
    out[(category == "Nl") | (category == "No")] = KIND.number
    out[major == "M"] = KIND.mark
    out[major == "P"] = KIND.punctuation
    out[major == "S"] = KIND.symbol
    out[category == "Cc"] = KIND.control
    out[category == "Cf"] = KIND.format
    out[spread(HAN)] = KIND.rare_han
    out[0x4E00:0x9FA6] = KIND.han
    out[spread(KANA)] = KIND.kana
    out[spread(HANGUL)] = KIND.hangul
    out[spread(EMOJI)] = KIND.emoji
    out[[code for code in range(0x3001) if chr(code).isspace()]] = KIND.whitespace
    out[[ord(char) for char in PARENTHESES]] = KIND.parenthesis
    out[0x20], out[0x0A], out[0xFFFD] = KIND.blank, KIND.newline, KIND.replacement
    out.flags.writeable = False
    return out
