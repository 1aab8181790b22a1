"""Places in a text: bytes, as a scan has them, and characters, as people count."""

from __future__ import annotations

import numpy as np
import polars as pl


def whole(text: str) -> str:
    r"""A text without halves of characters, which no UTF-8 has: each is a question mark, as long.

    >>> whole("a\ud83d")
    'a?'
    """
    return text.encode("utf-8", "replace").decode()


def in_characters(text: str, found: pl.DataFrame) -> pl.DataFrame:
    """What was found in one text, with starts and ends in characters.

    Args:
        text: The text.
        found: ``SPANS`` of it alone.
    """
    if text.isascii() or not found.height:
        return found
    data = np.frombuffer(text.encode(), np.uint8)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(data & 0xC0 != 0x80, dtype=np.int64)])
    return found.with_columns(
        pl.Series(name, before[found[name].to_numpy()]) for name in ("start", "end")
    )
