"""Letters and digits of full width, as East Asian text has them: read as the plain ones they are.

A number in ``１３８`` is the one in ``138``. Texts with such signs are scanned with the plain ones
in their place; what is found there is told by its place in the text as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers

_MARKS = "+-._"
_FIRST, _OFFSET, _LEAD, _WIDTH = 0xFF01, 0xFEE0, 0xEF, 3
"""The first full-width sign, how far it is from the plain one, and the first of its three bytes."""


def _plain() -> NDArray[np.uint8]:
    """The plain byte of each full-width sign, by the last two of its three bytes; else 0."""
    table = np.zeros(1 << 16, np.uint8)
    for code in range(_FIRST, _FIRST + 94):
        plain = chr(code - _OFFSET)
        if plain.isalnum() or plain in f"@{_MARKS}":
            _, second, third = chr(code).encode()
            table[second << 8 | third] = ord(plain)
    return table


_PLAIN = _plain()


class Narrowed(NamedTuple):
    """Texts with plain signs, and where each of their bytes was.

    Attributes:
        texts: A String column.
        places: For each row that was changed, the old place of each byte, and of the end.
    """

    texts: pl.Series
    places: Mapping[int, NDArray[np.int64]]

    def back(self, found: pl.DataFrame) -> pl.DataFrame:
        """Spans in the texts as they were."""
        if not self.places or not found.height:
            return found
        rows = found["row"].to_numpy()
        starts, ends = (found[name].to_numpy().copy() for name in ("start", "end"))
        for row, places in self.places.items():
            mine = slice(*np.searchsorted(rows, [row, row + 1]))
            starts[mine], ends[mine] = places[starts[mine]], places[ends[mine]]
        return found.with_columns(start=starts, end=ends)


def narrowed(texts: pl.Series) -> Narrowed:
    """Texts with plain letters and digits in the place of full-width ones.

    >>> made = narrowed(pl.Series(["电话：１３８ ok"]))
    >>> made.texts.to_list(), made.places[0][[9, 12]].tolist()
    (['电话：138 ok'], [9, 18])
    """
    buffers = text_buffers(texts)
    wide = _rows(buffers)
    if not len(wide):
        return Narrowed(texts, {})
    places: dict[int, NDArray[np.int64]] = {}
    made = texts.to_list()
    for row in wide.tolist():
        data = buffers.data[buffers.offsets[row] : buffers.offsets[row + 1]]
        at, signs = _signs(data)
        plain, stays = data.copy(), np.ones(len(data) + 1, np.bool_)
        plain[at] = signs
        for beside in range(1, _WIDTH):
            stays[at + beside] = False
        places[row] = np.flatnonzero(stays)
        made[row] = plain[stays[:-1]].tobytes().decode()
    return Narrowed(pl.Series(texts.name, made, pl.String), places)


def _signs(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where full-width letters, digits and marks begin, and the plain byte of each."""
    at = np.flatnonzero(data[: 1 - _WIDTH] == _LEAD)
    signs = _PLAIN[data[at + 1].astype(np.uint16) << 8 | data[at + 2]]
    return at[signs > 0], signs[signs > 0]


def _rows(buffers: TextBuffers) -> NDArray[np.int64]:
    """Rows with a full-width letter, digit or ＠: marks alone are no reason to read a text anew."""
    first = int(buffers.offsets[0])
    at, signs = _signs(buffers.data[first : buffers.offsets[-1]])
    telling = first + at[~np.isin(signs, np.frombuffer(_MARKS.encode("ascii"), np.uint8))]
    return np.unique(np.searchsorted(buffers.offsets, telling, side="right") - 1)
