"""``duplicates``: of documents that are nearly the same, one stays.

MinHash with bands proposes (Broder 1997; Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*,
ch. 3); a document goes only if its true similarity to one that stays, computed from both texts,
reaches ``similarity``. That one's id, the similarity and what made it the better one are in the
finding. Nothing goes for being similar to something that goes itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa import kernels
from dataqa.arrow import binary_rows
from dataqa.duplicates.bands import (
    PRESETS,
    Bands,
    Preset,
    band_keys,
    derive,
    probability,
)
from dataqa.duplicates.options import ROLE, Across, check_band, check_share, described, standing
from dataqa.duplicates.ranks import Wish, wish_of
from dataqa.duplicates.signatures import Shingle, shingle_sets, signatures
from dataqa.errors import InputError, did_you_mean
from dataqa.policy import in_review
from dataqa.types import DOC, TEXT, Assets, Batch, Merge, Opened, Sketch

if TYPE_CHECKING:
    from dataqa.duplicates.rulings import Policy

COPIES, WEIGHT = "near_copies", "near_weight"
REHYDRATION = ((1, 1), (2, 2), (3, 3), (5, 5), (100, 8), (1000, 1))
"""FineWeb-2: from so many copies on, how often to train on the one that stays."""


class Duplicates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep one of the documents whose texts are similar.

    Attributes:
        method: ``minhash``.
        similarity: From this true similarity on a document goes.
        measure: ``jaccard``: shared shingles over all of both; ``containment``: over the
            document's own. Bands find pairs by their Jaccard similarity in either case.
        shingle: ``{unit: word, n: 5}``, or ``unit: char``; by default the preset's, else words, 5.
        permutations: Length of a signature; more of them promise more with fewer false candidates.
        bands: ``{bands: 14, rows: 8}`` or the name of a preset, ``fineweb``, ``finepdfs``,
            ``refinedweb``, ``curator`` or ``rpv2``; by default what promises to find 99 % of the
            pairs at ``similarity``.
        keep: Which of similar documents stays, as wishes in order: ``longest``, ``shortest``,
            ``{best: SIGNAL}``, ``{least: SIGNAL}``, ``{newest: COLUMN}``, ``{oldest: COLUMN}``,
            ``{source_priority: [NAME, ...]}``; then a hash of the content, then one of the id.
        source_column: Where a document's source is told.
        across: Compare only across sources.
        review_band: ``[low, high]``: from ``low`` on a document goes to review, from ``high`` on it
            goes, whatever ``similarity`` is.
        most_compared: Comparisons for one document; left uncompared it stays, and is counted.
        largest: Stop if one document would stand for a larger share of all documents than this
            (and for more than 1,000).
        rehydrate: Measure ``near_weight`` too: how often FineWeb-2 would train on a document.
        seed: Of the permutations.
    """

    method: Literal["minhash"] = "minhash"
    similarity: float = 0.8
    measure: Literal["jaccard", "containment"] = "jaccard"
    shingle: Shingle | None = None
    permutations: int = 128
    bands: Bands | str | None = None
    keep: tuple[Any, ...] = ("longest",)
    source_column: str = "source"
    across: Across | None = None
    review_band: tuple[float, float] | None = None
    most_compared: int = 64
    largest: float = 0.2
    rehydrate: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        check_share(self.similarity, "duplicates.similarity")
        check_share(self.largest, "duplicates.largest")
        if self.most_compared < 1:
            raise InputError("at least one", where="duplicates.most_compared", hint="give 64")
        if self.review_band is not None:
            check_band(self.review_band, "duplicates.review_band")
        if self.across:
            self.across.check("duplicates")
        _ = self.wishes, self.banding, self.cutting

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """The keep policy."""
        return tuple(wish_of(entry, "duplicates.keep") for entry in self.keep)

    @property
    def range(self) -> tuple[float, float]:
        """From which similarity on a document is doubted, and from which on it goes."""
        return self.review_band or (self.similarity, self.similarity)

    @property
    def banding(self) -> Bands:
        """Bands as given, as the preset says, or as derived from the lowest similarity."""
        if self.bands is None:
            return derive(self.range[0], self.permutations)
        return self.bands if isinstance(self.bands, Bands) else self._preset.bands(self.range[0])

    @property
    def promise(self) -> str:
        """How many of the pairs at the bound are found."""
        low, (bands, rows) = self.range[0], (self.banding.bands, self.banding.rows)
        share = probability(low, bands, rows)
        return f"{bands} bands of {rows} find {share:.1%} of the pairs at {low:g}"

    @property
    def cutting(self) -> Shingle:
        """What documents are cut into."""
        if self.shingle is not None:
            return self.shingle
        return self._preset.shingle if isinstance(self.bands, str) else Shingle()

    @property
    def _preset(self) -> Preset:
        if self.bands not in PRESETS:
            hint = did_you_mean(str(self.bands), PRESETS)
            raise InputError(f"no preset {self.bands!r}", where="duplicates.bands", hint=hint)
        return PRESETS[str(self.bands)]

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """After the rulings: a document that nothing is like stands for itself."""

        def count(batch: Batch) -> Batch:
            batch = standing(batch, COPIES)
            if not self.rehydrate:
                return batch
            return batch.with_signals({WEIGHT: rehydration(batch.signals[COPIES])})

        return count

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:  # noqa: ARG002
        """Band keys; and for each document its signature, rank and number of shingles.

        Source and bytes are for ``dataqa dedup preview``, which reads all this without a text.
        """
        kernels.warm()
        banding = self.banding
        length = max(self.permutations, banding.permutations)

        def sketch(batch: Batch) -> Sketch:
            told = signatures(batch.docs[TEXT], self.cutting, length, seed=self.seed)
            docs = self._described(batch, told.values, told.counts)
            some = told.counts > 0
            if self.across:
                some &= docs[ROLE].to_numpy() > 0
            keys = band_keys(told.values[some], banding)
            numbers = np.repeat(batch.docs[DOC].to_numpy()[some], banding.bands)
            return Sketch(pl.DataFrame({DOC: numbers, "key": keys.reshape(-1)}), docs)

        return sketch

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Propose by keys, verify on the texts, and rule greedily in the order of the policy.

        Raises:
            BoundError: One document would stand for more than the share ``largest``.
        """
        kernels.warm()
        from dataqa.duplicates.rulings import rulings  # noqa: PLC0415 - compiled code

        yield from rulings(merge, self.policy(), partial(shingle_sets, shingle=self.cutting))

    def policy(self) -> Policy:
        """How to rule."""
        from dataqa.duplicates.rulings import Policy  # noqa: PLC0415 - compiled code

        low, high = self.range
        return Policy(
            wishes=self.wishes,
            sure=high,
            doubt=low,
            contained=self.measure == "containment",
            most=self.most_compared,
            roles=self.across is not None,
            largest=self.largest,
        )

    def _described(
        self, batch: Batch, values: NDArray[np.uint32], counts: NDArray[np.int64]
    ) -> pl.DataFrame:
        given = (self.wishes, self.source_column, self.across, "duplicates")
        docs = described(batch, in_review(batch), *given)
        texts, known = batch.docs[TEXT], batch.docs.columns
        source = batch.docs[self.source_column] if self.source_column in known else None
        return docs.with_columns(
            bytes=texts.str.len_bytes().fill_null(0).cast(pl.UInt32),
            shingles=pl.Series(counts),
            signature=binary_rows(values),
            **({} if source is None else {"source": source.cast(pl.String)}),
        )


def rehydration(copies: pl.Series) -> pl.Series:
    """How often FineWeb-2 would train on a document that stands for so many.

    >>> rehydration(pl.Series([1, 2, 4, 99, 100, 5000])).to_list()
    [1, 2, 3, 5, 8, 1]
    """
    starts, weights = zip(*REHYDRATION, strict=True)
    found = np.searchsorted(starts, copies.to_numpy(), side="right") - 1
    return pl.Series(WEIGHT, np.array(weights, np.int64)[found])
