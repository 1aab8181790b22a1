"""Texts cut into pieces for models that read short ones: lines, and parts of long lines.

A piece ends at a line end; a line that is too long is cut behind a sentence, else behind a comma,
else at a space, else where it must be. Pieces cover the text, so nothing is left unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_ENDS = (
    # not behind an initial or a short title: "Mr. E. Kanar" stays together
    re.compile(r"""(?<=\w{4}|\w{3}[)\]"'”’])[.!?]["')\]”]*\s+(?=\S)|[。！？；…][”’」』）]*"""),
    re.compile(r"[,;:]\s+|[，、：]"),
    re.compile(r"\s+"),
)
HAN = re.compile("[\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
"""A character of Chinese: radicals and rare ones too."""
_FOREIGN = re.compile(r"[^\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uff65]{12,}")
"""What is no Chinese: so many characters of no Han and no mark of Chinese writing."""
_LETTER = re.compile(r"[^\W\d_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Piece(NamedTuple):
    """A part of a text.

    Attributes:
        row: The text's row.
        start: Its first byte.
        text: The part itself.
    """

    row: int
    start: int
    text: str

    @property
    def end(self) -> int:
        """The byte behind it."""
        return self.start + len(self.text.encode())


def pieces(row: int, text: str, longest: int) -> Iterator[Piece]:
    r"""A text's lines, cut where they are longer than so many characters; empty ones are left out.

    >>> [one.text for one in pieces(0, "One. Two.\nThree", 6)]
    ['One. ', 'Two.', 'Three']
    """
    at = 0
    for line in text.split("\n"):
        rest, start = line, at
        while rest:
            part = rest[: _cut(rest, longest)]
            yield Piece(row, start, part)
            start += len(part.encode())
            rest = rest[len(part) :]
        at += len(line.encode()) + 1


def stretches(piece: Piece) -> Iterator[Piece]:
    """The parts of a piece that are Chinese: long stretches of Latin letters are left out.

    >>> [one.text for one in stretches(Piece(0, 0, "张三在IBM工作, see Jane Doe for more，李四"))]
    ['张三在IBM工作', '，李四']
    """
    done = start = 0
    for gap in [*_FOREIGN.finditer(piece.text), None]:
        part = piece.text[done : gap.start() if gap else None]
        if chinese(part):
            yield Piece(piece.row, piece.start + start, part)
        start += len(part.encode())
        if gap:
            start += len(gap.group().encode())
            done = gap.end()


def chinese(text: str) -> bool:
    """Whether it has Han characters."""
    return HAN.search(text) is not None


def lettered(text: str) -> bool:
    """Whether it has letters of another script."""
    return _LETTER.search(text) is not None


def _cut(line: str, longest: int) -> int:
    if len(line) <= longest:
        return len(line)
    for ends in _ENDS:
        found = [match.end() for match in ends.finditer(line, 0, longest) if match.end() > 1]
        # not a crumb: a better kind of end is worth half the length, no more
        if found and found[-1] * 2 > longest:
            return found[-1]
    return longest
