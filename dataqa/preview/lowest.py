"""The documents of lowest rank of a stream, as many as fit in bounded memory."""

from __future__ import annotations

import polars as pl

from dataqa.arrow import compact
from dataqa.types import DOC, TEXT

RANK = "_rank"
_SPARE = 1.25
"""So much more than what fits is held until all is looked through again."""


class Lowest:
    """Documents with the smallest ranks, as many as fit; the others are never wanted again.

    They are held as they came, piece by piece, so that none of them is copied with all others.
    """

    def __init__(self, most: int, size: int, held: pl.DataFrame) -> None:
        self._most, self._size = most, size
        self._pieces = [held]
        self.left = 0
        self._below = pl.lit(2**64 - 1, pl.UInt64)

    def fits(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Those that may be among them yet."""
        return docs.filter(pl.col(RANK) <= self._below)

    def add(self, docs: pl.DataFrame) -> None:
        """Take documents with a ``_rank``."""
        some = self.fits(docs)
        if some.height:
            self._pieces.append(compact(some))
        count = sum(piece.height for piece in self._pieces)
        if count > _SPARE * self._most or sum(map(text_size, self._pieces)) > _SPARE * self._size:
            self.settle()

    def only(self, wanted: pl.Series) -> None:
        """Give up those whose numbers are not wanted."""
        self._keep(pl.col(DOC).is_in(wanted.implode()))

    def settle(self) -> pl.DataFrame:
        """What fits, at least one if there is any."""
        told = [piece.select(RANK, size=pl.col(TEXT).str.len_bytes()) for piece in self._pieces]
        order = pl.concat(told).sort(RANK)
        upto = order["size"].fill_null(0).cast(pl.UInt64).cum_sum() <= self._size
        fits = min(self._most, max(1, int(upto.sum())))
        if fits < order.height:
            self.left += order.height - fits
            self._below = pl.lit(order[RANK][fits - 1], pl.UInt64)
            self._keep(pl.col(RANK) <= self._below)
        return pl.concat(self._pieces, rechunk=False)

    def _keep(self, which: pl.Expr) -> None:
        for at, piece in enumerate(self._pieces):
            some = piece.filter(which)
            if some.height < piece.height:
                self._pieces[at] = compact(some)
        some = [piece for piece in self._pieces if piece.height]
        self._pieces = some or self._pieces[:1]


def text_size(docs: pl.DataFrame) -> int:
    """Bytes of text."""
    return int(docs[TEXT].str.len_bytes().sum())
