"""``exact``: of documents with the same text, one is kept.

The same means equal bytes, or equal but for white space (as FinePDFs does), case, punctuation and
whatever else is to be ignored, or equal in a column such as a URL. Which copy is kept follows from
a hash of the ids, so that the order of files, their sharding and the number of workers do not
matter. The finding of a removed copy names the kept one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import polars as pl

from dataqa.duplicates.folding import Fold, Ignore, digest, digests, folder, order_of
from dataqa.errors import InputError, did_you_mean
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
    """

    ignore: Ignore = "nothing"
    column: str = TEXT
    empty: bool = False

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
        """Rows ``_doc``, ``key``, ``low`` (128 bits of BLAKE2b of the value), ``order``, ``id``."""
        fold = folder(self.ignore)

        def sketch(batch: Batch) -> Sketch:
            values = self._values(batch.docs, fold)
            known = batch.docs.select(DOC, DOC_ID).filter(values.is_not_null())
            keys = digests(values.drop_nulls())
            key, low = (pl.Series(np.ascontiguousarray(keys[:, at])) for at in range(2))
            order = order_of(known[DOC_ID])
            return Sketch(known.rename({DOC_ID: "id"}).with_columns(key=key, low=low, order=order))

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Copies are dropped; the kept one is told how many there are.

        There is nothing to verify: 128 bits of a cryptographic digest stand for the value itself.
        """
        for part in range(merge.parts):
            rows = merge.keyed(part)
            if rows.height:
                yield _ruled(rows)

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


def _ruled(rows: pl.DataFrame) -> pl.DataFrame:
    """One partition's rulings: the first of each value, by ``order``, is kept."""
    same = ["key", "low"]
    ranked = rows.filter(pl.col("key").is_duplicated()).sort(*same, "order", DOC)
    first = pl.col(DOC) == pl.col(DOC).first().over(same)
    told = ranked.with_columns(
        first.alias("first"),
        pl.col("id").first().over(same).alias("ref"),
        pl.len().over(same).cast(pl.Int64).alias(COPIES),
    ).filter(pl.col(COPIES) > 1)
    copy = {
        "rule": pl.lit("exact.copy"),
        "action": pl.lit(int(Action.DROP), pl.UInt8),
        "score": pl.lit(1.0),
        "ref": pl.col("ref"),
    }
    return told.select(
        DOC, *(pl.when(~pl.col("first")).then(value).alias(n) for n, value in copy.items()), COPIES
    )
