"""What all steps that keep one of several like documents are asked, and note, in the same words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

from dataqa.duplicates.folding import order_of
from dataqa.duplicates.ranks import HELD, Wish, rank_columns
from dataqa.errors import InputError, did_you_mean
from dataqa.types import DOC, DOC_ID, TEXT, Batch

ROLE, STANDS = "role", "stands"
"""Columns: what a document may do (``dataqa.kernels.clusters``), and how many equal ones it stands
for already."""
EXACT = "exact_copies"
REMOVABLE, KEEPER = 1, 2


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
    batch: Batch,
    held: pl.Series,
    wishes: Sequence[Wish],
    source_column: str,
    across: Across | None,
    step: str,
) -> pl.DataFrame:
    """For each document ``doc_id``, what it is ranked by, and its ``role`` if there are some.

    Args:
        batch: The documents.
        held: Whether each is in review already.
        wishes: The keep policy.
        source_column: Where a document's source is told.
        across: Between which sources documents go.
        step: What errors call the step.
    """
    docs = batch.docs
    ranks = [wish.values(batch, source_column) for wish in wishes]
    columns = dict(zip(rank_columns(wishes), ranks, strict=True))
    if across:
        columns[ROLE] = roles_between(docs, source_column, across, step)
    return docs.select(DOC, DOC_ID).with_columns(
        held.alias(HELD),
        stands_for(batch).alias(STANDS),
        content=order_of(docs[TEXT].fill_null("")),
        order=order_of(docs[DOC_ID]),
        **columns,
    )


def stands_for(batch: Batch) -> pl.Series:
    """How many documents each stands for: itself, and its exact copies that went before."""
    one = pl.repeat(1, batch.docs.height, dtype=pl.Int64, eager=True)
    return batch.signals[EXACT].fill_null(1) if EXACT in batch.signals.columns else one


def standing(batch: Batch, name: str) -> Batch:
    """The signal that tells how many documents each stands for, also where nothing was ruled."""
    alone = stands_for(batch)
    known = batch.signals[name] if name in batch.signals.columns else alone
    return batch.with_signals({name: known.to_frame(name).select(pl.coalesce(name, alone))[:, 0]})


def roles_between(docs: pl.DataFrame, column: str, across: Across, step: str) -> pl.Series:
    """What each document may do, by its source: ``REMOVABLE``, ``KEEPER`` or 0, neither.

    Raises:
        InputError: There is no such column.
    """
    if column not in docs.columns:
        hint = did_you_mean(column, docs.columns)
        raise InputError(f"there is no column {column!r}", where=f"{step}.across", hint=hint)
    roles = dict.fromkeys(across.remove, REMOVABLE) | dict.fromkeys(across.found_in, KEEPER)
    sources = docs[column].cast(pl.String)
    return sources.replace_strict(roles, default=0, return_dtype=pl.UInt8)
