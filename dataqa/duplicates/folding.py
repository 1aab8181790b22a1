"""What may differ between texts that are still taken for the same: folded away, in the key only.

Folding replaces characters by a table, made from Python's Unicode data, in one pass over the text:
each character for itself, whatever stands around it, but for ``digits`` and half-width voice marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError

type Word = Literal[
    "nothing", "whitespace", "folded",
    "case", "space", "punctuation", "width", "digits", "script",
]  # fmt: skip
type Ignore = Word | tuple[Word, ...]
"""What a user writes: one word, or a list of them.

- ``case``: full case folding (``str.casefold``): ``STRASSE`` and ``straße`` are the same.
- ``space``: white space (``str.isspace``), wherever it stands.
- ``punctuation``: characters of Unicode's categories P; symbols such as ``+`` and ``$`` count.
- ``width``: half- and full-width forms, as NFKC's ``<wide>`` and ``<narrow>`` have them, and kana
  with half-width voice marks; nothing else of NFKC.
- ``digits``: a run of decimal digits (category Nd) in any script is the same as any other.
- ``script``: traditional characters are the same as simplified ones, character by character
  (OpenCC's ``t2s`` without its phrases: ``乾`` is always ``干``); needs the extra ``dedup``.
- ``whitespace`` is ``space``; ``folded`` is case, space, punctuation and width; ``nothing`` is no
  word at all.
"""
type Fold = Callable[[pl.Series], pl.Series]

_MEANT = {
    "nothing": (),
    "whitespace": ("space",),
    "folded": ("case", "space", "punctuation", "width"),
}
_CASED = 0x20000
"""Case, digits, white space and punctuation are all below; above are ideographs."""
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x323B0))
_NARROW = (0xFF66, 0xFF9E)
_VOICE_MARKS = "\uff9e\uff9f"
_LIBRARY = "opencc-py"


def ignored(ignore: Ignore) -> frozenset[str]:
    """The kinds of difference that are meant.

    >>> sorted(ignored(("folded", "script")))
    ['case', 'punctuation', 'script', 'space', 'width']
    """
    words = (ignore,) if isinstance(ignore, str) else ignore
    return frozenset(kind for word in words for kind in _MEANT.get(word, (word,)))


def folder(ignore: Ignore) -> Fold:
    """The function that folds a String column; nulls stay.

    Raises:
        InputError: ``script`` is wanted and its library is not installed.

    >>> folder("folded")(pl.Series(["Ｄon’t  PANIC!"])).to_list()
    ['dontpanic']
    >>> folder("digits")(pl.Series(["page 9 of 1024"])).to_list()
    ['page 0 of 0']
    """
    kinds = ignored(ignore)
    if not kinds:
        return lambda values: values
    table = _table(kinds)
    plain, becomes = list(table), list(table.values())

    def fold(values: pl.Series) -> pl.Series:
        values = values.str.replace_many(plain, becomes, leftmost=True)
        return values.str.replace_all("00+", "0") if "digits" in kinds else values

    return fold


def digests(values: pl.Series, size: int = 16) -> NDArray[np.uint64]:
    """BLAKE2b of each value, the same everywhere: a row of ``size`` / 8 numbers for each.

    128 bits of a cryptographic digest stand for the value: nobody is known to have two with one.
    """
    binary = values.cast(pl.Binary).to_list()
    told = b"".join([blake2b(value, digest_size=size).digest() for value in binary])
    return np.frombuffer(told, "<u8").reshape(-1, size // 8)


def order_of(values: pl.Series) -> pl.Series:
    """A hash of each value by which to sort: the same everywhere, and of no meaning."""
    return pl.Series(np.ascontiguousarray(digests(values, 8)[:, 0]))


def order_with(values: pl.Series, held: pl.Series) -> pl.Series:
    """``order_of``, but that all that are held come after all that are not."""
    halves = order_of(values).to_numpy() >> np.uint64(1)
    return pl.Series(halves | (held.to_numpy().astype(np.uint64) << np.uint64(63)))


def digest(ignore: Ignore) -> str:
    """What folding depends on besides the words themselves: the version of a table that we use."""
    if "script" not in ignored(ignore):
        return ""
    _simplified()
    return f"{_LIBRARY} {version(_LIBRARY)}"


@cache
def _table(kinds: frozenset[str]) -> dict[str, str]:
    """What each character becomes, where that is not itself; what is longer comes first."""
    simplified = _simplified() if "script" in kinds else {}
    table = _voiced() if "width" in kinds else {}
    for point in (*range(0xD800), *range(0xE000, _CASED), *map(ord, simplified)):
        character = chr(point)
        becomes = character
        if "width" in kinds and unicodedata.decomposition(character)[:4] in {"<wid", "<nar"}:
            becomes = unicodedata.normalize("NFKC", character)
        becomes = simplified.get(becomes, becomes)
        if "case" in kinds:
            becomes = becomes.casefold()
        becomes = _left(becomes, kinds)
        if becomes != character:
            table[character] = becomes
    return table


def _left(characters: str, kinds: frozenset[str]) -> str:
    """What of one character's replacement counts: mostly it is one character too."""
    if "space" in kinds and characters.isspace():
        return ""
    categories = {unicodedata.category(one) for one in characters}
    if "punctuation" in kinds and all(category[0] == "P" for category in categories):
        return ""
    return "0" if "digits" in kinds and categories == {"Nd"} else characters


def _voiced() -> dict[str, str]:
    """Half-width kana with a voice mark behind, which are two characters where others are one."""
    pairs = (chr(kana) + mark for kana in range(*_NARROW) for mark in _VOICE_MARKS)
    composed = {pair: unicodedata.normalize("NFKC", pair) for pair in pairs}
    return {pair: one for pair, one in composed.items() if len(one) == 1}


@cache
def _simplified() -> dict[str, str]:
    """Every traditional character with its simplified one."""
    try:
        import opencc  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise InputError(
            f"to ignore `script` takes the package {_LIBRARY!r}, which is not installed",
            hint="pip install 'dataqa[dedup]'",
        ) from None
    han = [chr(point) for low, high in _HAN for point in range(low, high)]
    # a line break between them keeps characters from being taken for phrases
    converted: str = opencc.OpenCC("t2s").convert("\n".join(han))
    pairs = zip(han, converted.split("\n"), strict=True)
    return {old: new for old, new in pairs if old != new and len(new) == 1}
