"""``exact``: of documents with the same text, one is kept.

The same means equal bytes, or equal but for white space (as FinePDFs does), case, punctuation and
whatever else is to be ignored, or equal in a column such as a URL. Which copy is kept follows from
the keep policy, then from a hash of the ids, so that the order of files, their sharding and the
number of workers do not matter. The finding of a removed copy names the kept one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import polars as pl

from dataqa.duplicates.folding import Fold, Ignore, digest, digests, folder, order_of
from dataqa.duplicates.options import KEEPER, REMOVABLE, ROLE, Across, roles_between
from dataqa.duplicates.ranks import BY_HASH, HELD, Wish, deciding, rank_columns, wish_of
from dataqa.errors import InputError, did_you_mean
from dataqa.policy import in_review
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Merge, Opened, Sketch

COPIES = "exact_copies"


class Exact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep one of the documents whose text is the same.

    Attributes:
        ignore: What may differ: ``nothing``, ``whitespace``, ``folded`` (case, space, punctuation,
            width) or a list of ``case``, ``space``, ``punctuation``, ``width``, ``digits`` and
            ``script`` (``dataqa.duplicates.folding`` says what each is exactly). A text in which
            nothing else is left is empty.
        column: Compare this column in place of the text; a null is the same as nothing else.
        empty: Whether documents with nothing to compare but white space are copies of one another.
        keep: Which copy stays, as in ``duplicates``: ``{newest: date}``, ``{source_priority: [wiki,
            crawl]}`` and so on, in order. One that is in review comes after all that are not.
        source_column: Where a document's source is told.
        across: Remove from some sources what others have, and nothing else.
    """

    ignore: Ignore = "nothing"
    column: str = TEXT
    empty: bool = False
    keep: tuple[Any, ...] = ()
    source_column: str = "source"
    across: Across | None = None

    def __post_init__(self) -> None:
        if self.across:
            self.across.check("exact")
        _ = self.wishes

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """The keep policy."""
        return tuple(wish_of(entry, "exact.keep") for entry in self.keep)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """The version of the table by which scripts are compared, if they are."""
        return digest(self.ignore)

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """After the rulings: a document nobody copied has one copy, itself.

        Raises:
            InputError: What is to be ignored takes a package that is not installed.
        """
        folder(self.ignore)

        def count(batch: Batch) -> Batch:
            known = batch.signals[COPIES] if COPIES in batch.signals.columns else None
            if known is None:
                known = pl.repeat(None, batch.docs.height, dtype=pl.Int64, eager=True)
            return batch.with_signals({COPIES: known.fill_null(1)})

        return count

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:  # noqa: ARG002
        """Rows ``_doc``, ``key``, ``low`` (128 bits of BLAKE2b of the value), ``order``, ``id``.

        And what copies are ranked by: ``held`` (whether it is in review) and ``rank0``, ....
        """
        fold = folder(self.ignore)
        names = rank_columns(self.wishes)

        def sketch(batch: Batch) -> Sketch:
            values = self._values(batch.docs, fold)
            columns = {HELD: in_review(batch), "order": order_of(batch.docs[DOC_ID])}
            for name, wish in zip(names, self.wishes, strict=True):
                columns[name] = wish.values(batch, self.source_column)
            if self.across:
                columns[ROLE] = roles_between(batch.docs, self.source_column, self.across, "exact")
            ranked = batch.docs.select(DOC, pl.col(DOC_ID).alias("id")).with_columns(**columns)
            keys = digests(values.drop_nulls())
            key, low = (pl.Series(np.ascontiguousarray(keys[:, at])) for at in range(2))
            return Sketch(ranked.filter(values.is_not_null()).with_columns(key=key, low=low))

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Copies are dropped; the kept one is told how many there are.

        There is nothing to verify: 128 bits of a cryptographic digest stand for the value itself.
        """
        yield from merge.each(partial(_ruled, wishes=self.wishes))

    def _values(self, docs: pl.DataFrame, fold: Fold) -> pl.Series:
        if self.column not in docs.columns:
            raise InputError(
                f"there is no column {self.column!r} to compare",
                where="step exact",
                hint=did_you_mean(self.column, docs.columns),
            )
        values = fold(docs[self.column].cast(pl.String))
        if self.empty:
            return values
        return docs.select(pl.when(values.str.strip_chars() != "").then(values))[:, 0]


def _ruled(rows: pl.DataFrame, wishes: Sequence[Wish]) -> pl.DataFrame:
    """One partition's rulings: of each value the first that may be kept, by the policy, is."""
    same = ["key", "low"]
    order = [HELD, *rank_columns(wishes), "order", DOC]
    down = [False, False, False, *(wish.descending for wish in wishes), False, False]
    copies = rows.filter(pl.col("key").is_duplicated())
    ranked = copies.sort([*same, *order], descending=down, nulls_last=True)
    sided = ROLE in rows.columns
    keepers = ranked.filter(pl.col(ROLE) == KEEPER) if sided else ranked
    best = keepers.unique(same, keep="first", maintain_order=True)
    both = ranked.join(best, on=same, how="inner", maintain_order="left", suffix="_best")
    mine = pl.col(DOC) != pl.col(f"{DOC}_best")
    gone = (mine & (pl.col(ROLE) == REMOVABLE) if sided else mine).alias("gone")
    told = both.with_columns(gone).with_columns(
        (1 + pl.col("gone").sum().over(same)).cast(pl.Int64).alias(COPIES)
    )
    told = told.filter((pl.col(COPIES) > 1) & (pl.col("gone") | ~mine))
    better = told.select(pl.col(f"{name}_best").alias(name) for name in order)
    why = deciding(wishes, better, told)
    copy = {
        "rule": pl.lit("exact.copy"),
        "action": pl.lit(int(Action.DROP), pl.UInt8),
        "score": pl.lit(1.0),
        "ref": pl.col("id_best"),
        "detail": pl.when(why != BY_HASH).then("kept for " + why),
    }
    return told.select(
        DOC, *(pl.when("gone").then(value).alias(name) for name, value in copy.items()), COPIES
    )
