"""One text made plain, pass by pass, with an exact account of every change.

Each pass looks for what it would change and says so as byte spans of UTF-8; nothing else touches
the text. The passes run again until none finds anything, so tidying a tidy text changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from dataqa.edits import Edit, compose
from dataqa.marks import character_class

KINDS = (
    "repaired", "crlf", "cr", "nul", "control", "zero_width", "soft_hyphen", "nfc",
    "trailing_space", "newlines",
)  # fmt: skip
"""What an account counts, in this order; ``zero_width`` is characters, ``nfc`` is places."""

LINE_SPACE = " \t\u00a0\u3000"
"""What counts as space at the end of a line."""

_ROUNDS = 8
_MAX_MARKS = 1024
"""NFC sorts a run of marks in quadratic time; a longer run than this is no writing."""

_LINE_ENDS = re.compile(rb"\r\n|(?:\r(?!\n))+")
_CONTROLS = re.compile(rb"(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f])+")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_C0 = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})
_INVISIBLE = tuple(mark.encode() for mark in "\u200b\u200c\u200d\u2060\ufeff\u00ad")
_ZERO_WIDTH = re.compile(rb"(?:\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad)+")
_ONE_ZERO_WIDTH = re.compile("[\u200c\u200d]+|\u200b+|\u00ad+|[\u2060\ufeff]+")

_JOINED = re.compile(
    "[\u0590-\u1c7f\ua800-\ua82f\ua840-\ua8ff\ua900-\uabff\ufb1d-\ufdff\ufe70-\ufefe"
    "\U00010800-\U00011fff\U0001e900-\U0001e95f]"
)
"""Scripts in which a joiner changes what is read: Arabic and its kin, Indic, Mongolian, others."""
_UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u1aaf\uaa60-\uaa7f]")
"""Scripts without spaces, whose writers mark word borders with zero-width spaces (Khmer, Thai)."""


class Change(NamedTuple):
    """Bytes ``start`` to ``end`` give way to ``new``; it counts as ``times`` of a kind."""

    start: int
    end: int
    new: bytes
    kind: str
    times: int = 1


type Pass = Callable[[bytes], Sequence[Change]]


class Tidied(NamedTuple):
    """The new text, how it came from the old one, and how many changes of each kind."""

    text: bytes
    edits: list[Edit]
    account: Counter[str]

    def detail(self) -> str:
        r"""The account in words.

        >>> tidy(b"a\r\nb\r\n\x00", [line_ends, controls]).detail()
        'crlf 2, nul 1'
        """
        return ", ".join(f"{kind} {self.account[kind]}" for kind in KINDS if self.account[kind])


def tidy(text: bytes, passes: Sequence[Pass]) -> Tidied:
    """Run the passes over a UTF-8 text until nothing changes any more.

    Args:
        text: Valid UTF-8.
        passes: In the order in which they run in each round.
    """
    edits: list[Edit] = []
    account: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        before = text
        for find in passes:
            changes = find(text)
            if changes:
                text = _apply(text, changes)
                made = [Edit(c.start, c.end - c.start, len(c.new)) for c in changes]
                edits = compose(edits, made) if edits else made
                for change in changes:
                    account[change.kind] += change.times
        if text == before:
            break
    return Tidied(text, edits, account)


def line_ends(text: bytes) -> list[Change]:
    """CRLF and CR become LF."""
    if b"\r" not in text:
        return []
    return [
        Change(m.start(), m.start() + 1, b"", "crlf")
        if m[0][-1] == 0x0A
        else Change(m.start(), m.end(), b"\n" * len(m[0]), "cr", len(m[0]))
        for m in _LINE_ENDS.finditer(text)
    ]


def controls(text: bytes) -> list[Change]:
    """C0 and C1 controls go, save tab and line ends; NUL is counted apart."""
    changes: list[Change] = []
    # deleting bytes is ten times faster than searching for any of thirty
    if len(text.translate(None, _C0)) == len(text) and not _C1.search(text):
        return changes
    for match in _CONTROLS.finditer(text):
        at = match.start()
        for part in re.finditer(rb"\x00+|[^\x00]+", match[0]):
            kind = "control" if part[0][0] else "nul"
            start, end = at + part.start(), at + part.end()
            changes.append(Change(start, end, b"", kind, len(part[0].decode())))
    return changes


def zero_width(text: bytes) -> list[Change]:
    """Characters that show nothing go, unless they mean something where they stand.

    Byte-order marks, word joiners and soft hyphens always go. A joiner or non-joiner stays beside a
    letter of a script that joins, and between emoji; a zero-width space stays inside a script that
    is written without spaces.
    """
    changes: list[Change] = []
    if not any(mark in text for mark in _INVISIBLE):
        return changes
    for match in _ZERO_WIDTH.finditer(text):
        before, after = _last(text, match.start()), _first(text, match.end())
        at = match.start()
        for part in _ONE_ZERO_WIDTH.finditer(match[0].decode()):
            size = len(part[0].encode())
            if not _means_something(part[0][0], before, after):
                kind = "soft_hyphen" if part[0][0] == "\u00ad" else "zero_width"
                changes.append(Change(at, at + size, b"", kind, len(part[0])))
            at += size
    return changes


def nfc(text: bytes) -> list[Change]:
    """Canonical composition, only where it changes something."""
    decoded = text.decode()
    if unicodedata.is_normalized("NFC", decoded):
        return []
    return list(_byte_changes(decoded, "nfc", _nfc_places(decoded)))


def trailing_space(text: bytes) -> list[Change]:
    """Spaces, no-break and ideographic ones too, go from the ends of lines."""
    decoded = text.decode()
    return list(_byte_changes(decoded, "trailing_space", _trailing_places(decoded)))


def newlines(most: int) -> Pass:
    """A pass that shortens longer runs of line feeds to ``most``."""
    runs = re.compile(rb"\n{%d,}" % (most + 1))
    return lambda text: [
        Change(match.start() + most, match.end(), b"", "newlines") for match in runs.finditer(text)
    ]


def repaired(text: bytes) -> list[Change]:
    """Mojibake undone by ftfy, line by line; nothing else of ftfy's is used."""
    if text.isascii():
        return []
    decoded = text.decode()
    return list(_byte_changes(decoded, "repaired", _repaired_places(decoded)))


def _apply(text: bytes, changes: Sequence[Change]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.new)
        at = change.end
    parts.append(text[at:])
    return b"".join(parts)


def _byte_changes(text: str, kind: str, places: Iterator[tuple[int, int, str]]) -> Iterator[Change]:
    """Changes at character offsets as changes at byte offsets."""
    at = byte = 0
    for start, end, new in places:
        first = byte + len(text[at:start].encode())
        byte = first + len(text[start:end].encode())
        at = end
        yield Change(first, byte, new.encode(), kind)


@cache
def _nfc_segments() -> re.Pattern[str]:
    suspects = character_class()
    return re.compile(f"[^{suspects}]?[{suspects}]+")


def _nfc_places(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _nfc_segments().finditer(text):
        if len(match[0]) <= _MAX_MARKS:
            composed = unicodedata.normalize("NFC", match[0])
            if composed != match[0]:
                yield match.start(), match.end(), composed


def _trailing_places(text: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for line in text.split("\n"):
        kept = len(line.rstrip(LINE_SPACE))
        if kept < len(line):
            yield at + kept, at + len(line), ""
        at += len(line) + 1


def _repaired_places(text: str) -> Iterator[tuple[int, int, str]]:
    import ftfy  # noqa: PLC0415 - an option that few turn on

    at = 0
    for line in text.split("\n"):
        better = line if line.isascii() else ftfy.fix_encoding(line)
        if better != line:
            same = _common(line, better)
            tail = _common(line[same:][::-1], better[same:][::-1])
            yield at + same, at + len(line) - tail, better[same : len(better) - tail]
        at += len(line) + 1


def _common(one: str, other: str) -> int:
    """How many characters two strings share at their beginning."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _means_something(character: str, before: str, after: str) -> bool:
    if character == "\u200b":
        return bool(_UNSPACED.match(before) and _UNSPACED.match(after))
    if character not in "\u200c\u200d":
        return False
    if _JOINED.match(before) or _JOINED.match(after):
        return True
    return character == "\u200d" and _pictures(before) and _pictures(after)


def _pictures(character: str) -> bool:
    """Whether it is part of an emoji: a picture, a skin tone, a variation selector or a tag."""
    if character == "\ufe0f" or "\U000e0020" <= character <= "\U000e007f":
        return True
    return character != "" and unicodedata.category(character) in {"So", "Sk"}


def _last(text: bytes, end: int) -> str:
    """The character that ends at a byte, or nothing."""
    start = end - 1
    while start > 0 and text[start] & 0xC0 == 0x80:
        start -= 1
    return text[max(start, 0) : end].decode()


def _first(text: bytes, start: int) -> str:
    """The character that begins at a byte, or nothing."""
    end = start + 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    return text[start:end].decode()
