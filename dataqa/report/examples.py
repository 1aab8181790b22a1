"""A few real documents behind each rule, chosen by hash and safe to show.

Which documents are shown depends on their ids and the rule alone, not on batches or workers: the
ones with the smallest keyed hash. What could be somebody's is masked before it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.report.groups import rank

MOST = 5
"""Examples kept for each rule."""
LONGEST = 300
"""Characters of text in an example."""

_MARGIN = 800
_HIDDEN = "\x00"
_MASK = "▒▒▒"
_PRIVATE = (
    re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+"),
    re.compile(r"\d(?:[\s().,:/_-]{0,2}\d){4,}"),
    re.compile(r"(?=[\w+/=.-]*\d)(?=[\w+/=.-]*[A-Za-z])[A-Za-z0-9_+/=.-]{20,}"),
    re.compile(r"(?<=://)[^\s/@]+@"),
)
_UNSEEN = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

type Hashes = NDArray[np.uint64]


class Example(NamedTuple):
    """One document behind a rule."""

    rank: int
    doc_id: str
    score: float | None
    bound: float | None
    detail: str | None
    ref: str | None
    snippet: str


def hashes(doc_ids: Sequence[str]) -> Hashes:
    """One number for each document, from its public id."""
    return np.array([rank(doc_id, "example") for doc_id in doc_ids], np.uint64)


def mixed(docs: Hashes, rules: Hashes) -> Hashes:
    """One number for each document and rule: the splitmix64 finaliser over both hashes."""
    with np.errstate(over="ignore"):
        z = docs ^ rules
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def smallest(examples: Sequence[Example]) -> list[Example]:
    """The ones that stay when there are more than ``MOST``."""
    distinct = {(one.rank, one.doc_id): one for one in examples}
    return [distinct[key] for key in sorted(distinct)][:MOST]


def snippet(
    text: str, start: int | None = None, private: Sequence[tuple[int, int]] = ()
) -> str:
    """About ``LONGEST`` characters of a text, masked, around a span or from the beginning.

    Args:
        text: The document's text as it is now.
        start: First byte of the span, in UTF-8; beyond the text when later steps shortened it.
        private: Byte spans to mask whatever they hold.

    >>> snippet("Write to ann@example.org or call 030 1234567.")
    'Write to ▒▒▒ or call ▒▒▒.'
    """
    raw = text.encode()
    begin = min(start or 0, len(raw))
    first = _border(raw, max(0, begin - LONGEST // 3))
    low = _border(raw, max(0, first - _MARGIN))
    high = _border(raw, min(len(raw), first + 4 * LONGEST + _MARGIN))
    hidden = _hide(raw[low:high].decode(), [_inside(raw, low, high, span) for span in private])
    at = len(raw[low:first].decode())
    shown = hidden[at : at + LONGEST]
    more = at + LONGEST < len(hidden) or high < len(raw)
    tidy = re.sub(f"{_HIDDEN}+", _MASK, re.sub(r"\s*\n\s*", "\n", _UNSEEN.sub("", shown)).strip())
    return f"{'… ' if first else ''}{tidy}{' …' if more else ''}"


def masked(text: str) -> str:
    """A short text with what could be private replaced, whitespace kept.

    >>> masked("key AKIA99ABCDEFGHIJKLMNOPQ")
    'key ▒▒▒'
    """
    return re.sub(f"{_HIDDEN}+", _MASK, _hide(text, []))


def _hide(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text, as long as before, with private characters replaced by ``_HIDDEN``."""
    text = text.replace(_HIDDEN, " ")
    found = [match.span() for pattern in _PRIVATE for match in pattern.finditer(text)]
    for start, end in (*found, *spans):
        text = f"{text[:start]}{_HIDDEN * (end - start)}{text[end:]}"
    return text


def _inside(raw: bytes, low: int, high: int, span: tuple[int, int]) -> tuple[int, int]:
    """A byte span of the whole text as characters of the window."""
    start, end = (_border(raw, min(max(at, low), high)) for at in span)
    return len(raw[low:start].decode()), len(raw[low:max(start, end)].decode())


def _border(raw: bytes, at: int) -> int:
    """The nearest byte at or before ``at`` where a character begins."""
    while 0 < at < len(raw) and raw[at] & 0xC0 == 0x80:
        at -= 1
    return at
