"""What all steps that keep one of several like documents are asked, and note, in the same words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

from dataqa.duplicates.folding import order_of
from dataqa.duplicates.ranks import Wish, rank_columns
from dataqa.errors import InputError, did_you_mean
from dataqa.types import DOC, DOC_ID, TEXT, Batch

ROLE = "role"
_REMOVABLE, _KEEPER = 1, 2


class Across(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove from some sources what other sources have, and nothing else.

    Attributes:
        remove: The sources from which documents go.
        found_in: The sources that they are compared with; these lose nothing.
    """

    remove: tuple[str, ...]
    found_in: tuple[str, ...]

    def check(self, step: str) -> None:
        """See that no source is on both sides.

        Raises:
            InputError: One is.
        """
        if set(self.remove) & set(self.found_in):
            hint = "name other sources in found_in"
            raise InputError("a source is on both sides", where=f"{step}.across", hint=hint)


def check_share(value: float, where: str) -> None:
    """See that a bound is in (0, 1].

    Raises:
        InputError: It is not.
    """
    if not 0 < value <= 1:
        hint = "give a share such as 0.8"
        raise InputError(f"{value} is not in (0, 1]", where=where, hint=hint)


def check_band(band: tuple[float, float], where: str) -> None:
    """See that the review band is one.

    Raises:
        InputError: A side is no share, or they are the wrong way round.
    """
    for side in band:
        check_share(side, where)
    if band[0] >= band[1]:
        raise InputError("low before high", where=where, hint="such as [0.75, 0.85]")


def described(
    batch: Batch, wishes: Sequence[Wish], source_column: str, across: Across | None, step: str
) -> pl.DataFrame:
    """For each document ``doc_id``, what it is ranked by, and its ``role`` if there are some."""
    docs = batch.docs
    ranks = [wish.values(batch, source_column) for wish in wishes]
    columns = dict(zip(rank_columns(wishes), ranks, strict=True))
    if across:
        columns[ROLE] = _roles(docs, source_column, across, step)
    return docs.select(DOC, DOC_ID).with_columns(
        content=order_of(docs[TEXT].fill_null("")), order=order_of(docs[DOC_ID]), **columns
    )


def standing(batch: Batch, names: Sequence[str]) -> Batch:
    """Signals that tell how many documents each stands for: one where nothing else was ruled."""
    one = pl.repeat(1, batch.docs.height, dtype=pl.Int64, eager=True)
    known = {name: batch.signals[name] for name in names if name in batch.signals.columns}
    return batch.with_signals(
        {name: known[name].fill_null(1) if name in known else one for name in names}
    )


def _roles(docs: pl.DataFrame, column: str, across: Across, step: str) -> pl.Series:
    if column not in docs.columns:
        hint = did_you_mean(column, docs.columns)
        raise InputError(f"there is no column {column!r}", where=f"{step}.across", hint=hint)
    roles = dict.fromkeys(across.remove, _REMOVABLE) | dict.fromkeys(across.found_in, _KEEPER)
    sources = docs[column].cast(pl.String)
    return sources.replace_strict(roles, default=0, return_dtype=pl.UInt8)
