"""``semantic``: of documents that say the same in other words, one stays.

A model that the user has turns texts into vectors (Abbas et al. 2023, SemDeDup, arXiv 2303.09540).
A document goes only if the cosine of its vector and that of one that stays, computed and not
estimated, reaches ``similarity``. That one's id, the similarity and what made it the better one are
in the finding. Nothing goes for being similar to something that goes itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import msgspec
import polars as pl

from dataqa.duplicates.embeddings import Embed, embedder
from dataqa.duplicates.models import check_model, model_digest
from dataqa.duplicates.options import ROLE, Across, check_band, check_share, described, standing
from dataqa.duplicates.ranks import Wish, wish_of
from dataqa.errors import InputError
from dataqa.policy import in_review
from dataqa.types import DOC, TEXT, Assets, Batch, Merge, Opened, Sketch

COPIES = "semantic_copies"
_NO_KEYS = pl.DataFrame(schema={DOC: pl.UInt64, "key": pl.UInt64})


class Semantic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep one of the documents whose embeddings are similar.

    Attributes:
        model: A folder with a model2vec or a sentence-transformers model; it is never downloaded.
        similarity: From this cosine similarity on a document goes. What it means is the model's.
        max_chars: How much of a text is embedded, from its beginning.
        keep: Which of similar documents stays, as wishes in order: ``longest``, ``shortest``,
            ``{best: SIGNAL}``, ``{least: SIGNAL}``, ``{newest: COLUMN}``, ``{oldest: COLUMN}``,
            ``{source_priority: [NAME, ...]}``; then a hash of the content, then one of the id.
        source_column: Where a document's source is told.
        across: Compare only across sources.
        review_band: ``[low, high]``: from ``low`` on a document goes to review, from ``high`` on it
            goes, whatever ``similarity`` is.
        largest: Stop if one document would stand for a larger share of all documents than this
            (and for more than 1,000).
    """

    model: str = ""
    similarity: float = 0.95
    max_chars: int = 10_000
    keep: tuple[Any, ...] = ("longest",)
    source_column: str = "source"
    across: Across | None = None
    review_band: tuple[float, float] | None = None
    largest: float = 0.2

    def __post_init__(self) -> None:
        check_share(self.similarity, "semantic.similarity")
        check_share(self.largest, "semantic.largest")
        if self.max_chars < 1:
            raise InputError("at least one", where="semantic.max_chars", hint="give 10000")
        if self.review_band is not None:
            check_band(self.review_band, "semantic.review_band")
        if self.across:
            self.across.check("semantic")
        _ = self.wishes

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """The keep policy."""
        return tuple(wish_of(entry, "semantic.keep") for entry in self.keep)

    @property
    def range(self) -> tuple[float, float]:
        """From which similarity on a document is doubted, and from which on it goes."""
        return self.review_band or (self.similarity, self.similarity)

    def digest(self, assets: Assets) -> str:  # noqa: ARG002 - every step gets them
        """A digest of the model's files."""
        return model_digest(self._folder)

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """After the rulings: a document that nothing is like stands for itself.

        Raises:
            InputError: There is no model, or a package is missing that is needed later.
        """
        check_model(self._folder)
        if find_spec("usearch") is None:
            hint = "pip install 'dataqa[semantic]'"
            raise InputError("needs the package usearch", where="step semantic", hint=hint)
        return partial(standing, name=COPIES)

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:  # noqa: ARG002
        """For each document its embedding and rank; there are no keys to meet by.

        Raises:
            InputError: The model cannot be read.
        """
        return partial(self._sketch, embed=embedder(self._folder, self.max_chars))

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Go through documents in the order of the policy, each beside its nearest that stays.

        Raises:
            BoundError: One document would stand for more than the share ``largest``.
        """
        from dataqa.duplicates.nearest import nearest_rulings  # noqa: PLC0415 - compiled code
        from dataqa.duplicates.rulings import COPIES as TOLD  # noqa: PLC0415
        from dataqa.duplicates.rulings import Policy  # noqa: PLC0415

        low, high = self.range
        policy = Policy(
            wishes=self.wishes,
            sure=high,
            doubt=low,
            contained=False,
            most=0,
            roles=self.across is not None,
            largest=self.largest,
            rule="semantic",
        )
        for rows in nearest_rulings(merge, policy):
            yield rows.rename({TOLD: COPIES})

    def _sketch(self, batch: Batch, *, embed: Embed) -> Sketch:
        given = (self.wishes, self.source_column, self.across, "semantic")
        docs = described(batch, in_review(batch), *given)
        wanted = docs[ROLE] > 0 if self.across else pl.repeat(True, docs.height, eager=True)
        texts = batch.docs.select(pl.when(wanted).then(TEXT).fill_null("")).to_series()
        told = embed(texts)
        values = [
            vector.tobytes() if known else None
            for vector, known in zip(told.values, told.known, strict=True)
        ]
        return Sketch(
            _NO_KEYS,
            docs.with_columns(
                pl.Series("embedding", values, pl.Binary),
                pl.Series("uncompared", told.tokens & ~told.known),
            ),
        )

    @property
    def _folder(self) -> str:
        if not self.model:
            hint = "name the folder of a model2vec or sentence-transformers model"
            raise InputError("no model is named", where="semantic.model", hint=hint)
        return self.model
