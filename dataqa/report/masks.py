"""Text that is safe to show: shortened, and what could be somebody's replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LONGEST = 300
"""Characters of text in an example."""

_MARGIN = 300
_HIDDEN = "\x00"
_MASK = "▒▒▒"
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:]{1,64}@[^\s@<>()\[\]\"',;:]+")
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_NUMBER = re.compile(r"\d(?:(?:[\s()./_-]{0,2}|[,:])\d){4,}")
_LONG = re.compile(r"[A-Za-z0-9_+/=.-]{20,}")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_UNSEEN = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def snippet(text: str, start: int | None = None, private: Sequence[tuple[int, int]] = ()) -> str:
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
    at = len(raw[low:first].decode())
    window = raw[low:high].decode()[: at + LONGEST + _MARGIN]
    hidden = _hide(window, [_inside(raw, low, high, span) for span in private])
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


def harmless(text: str) -> str:
    """A whole text as it may be shown: masked, and without characters that nobody sees.

    >>> harmless("Call\u202e 030 1234567")
    'Call ▒▒▒'
    """
    return _UNSEEN.sub("", masked(text))


def _hide(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text, as long as before, with private characters replaced by ``_HIDDEN``."""
    text = text.replace(_HIDDEN, " ")
    characters = list(text)
    for start, end in (*_private(text), *spans):
        hidden = min(end, len(text)) - start
        if hidden > 0:
            characters[start : start + hidden] = _HIDDEN * hidden
    return "".join(characters)


def _private(text: str) -> Iterator[tuple[int, int]]:
    """Spans that could be an address, a number of somebody's, or a key.

    Written so that each pattern walks a long text without spaces once.
    """
    patterns = [_NUMBER, _ADDRESS, _LOGIN] if "@" in text else [_NUMBER]
    for pattern in patterns:
        yield from (match.span() for match in pattern.finditer(text))
    for match in _LONG.finditer(text):
        if _DIGIT.search(match[0]) and _LETTER.search(match[0]):
            yield match.span()


def _inside(raw: bytes, low: int, high: int, span: tuple[int, int]) -> tuple[int, int]:
    """A byte span of the whole text as characters of the window."""
    start, end = (_border(raw, min(max(at, low), high)) for at in span)
    return len(raw[low:start].decode()), len(raw[low : max(start, end)].decode())


def _border(raw: bytes, at: int) -> int:
    """The nearest byte at or before ``at`` where a character begins."""
    while 0 < at < len(raw) and raw[at] & 0xC0 == 0x80:
        at -= 1
    return at
