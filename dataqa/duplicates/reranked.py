"""Documents ranked by another keep policy, as far as what it asks for was noted for the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from dataqa.duplicates.ranks import Wish, rank_columns
from dataqa.duplicates.stored import Sketches
from dataqa.errors import InputError

_SAME = {"shortest": "longest", "least": "best", "oldest": "newest"}
"""Wishes that rank by the same value, one from the other end."""


class Reranked(NamedTuple):
    """Sketches whose rank columns are those of another policy."""

    sketches: Sketches
    ranks: dict[str, pl.Expr]

    @property
    def parts(self) -> int:
        """As before."""
        return self.sketches.parts

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' rows."""
        needed = {
            name: None
            for column in columns
            for name in (self.ranks[column].meta.root_names() if column in self.ranks else [column])
        }
        for docs in self.sketches.docs(list(needed)):
            yield docs.select(
                self.ranks[name].alias(name) if name in self.ranks else pl.col(name)
                for name in columns
            )


def reranked(
    sketches: Sketches, noted: Sequence[Wish], wanted: Sequence[Wish], columns: frozenset[str]
) -> Reranked:
    """Rank by ``wanted`` what was sketched for ``noted``.

    Raises:
        InputError: A wish asks for what was not noted.
    """
    known = {_value(wish): name for name, wish in zip(rank_columns(noted), noted, strict=True)}
    ranks: dict[str, pl.Expr] = {}
    for name, wish in zip(rank_columns(wanted), wanted, strict=True):
        if _value(wish) in known:
            ranks[name] = pl.col(known[_value(wish)])
        elif wish.kind == "source_priority" and "source" in columns:
            places = {source: at for at, source in enumerate(wish.what)}
            ranks[name] = pl.col("source").replace_strict(
                places, default=len(places), return_dtype=pl.Int64
            )
        elif _SAME.get(wish.kind, wish.kind) == "longest" and "chars" in columns:
            ranks[name] = pl.col("chars")
        else:
            raise InputError(
                f"the sketches do not tell what {wish.kind} asks for",
                where="keep",
                hint="preview the inputs anew with this policy",
            )
    return Reranked(sketches, ranks)


def _value(wish: Wish) -> tuple[str, object]:
    return _SAME.get(wish.kind, wish.kind), wish.what
