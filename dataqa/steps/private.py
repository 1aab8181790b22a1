"""``private``: where private data stands in texts, of which kind, and how surely.

It changes nothing and keeps no value: a finding has the kind, the place and the score. ``scrub``
acts on them.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec
import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.private.packs import Recogniser, digest, entities, load_packs
from dataqa.private.proof import DOUBT, require_proven
from dataqa.private.scan import Scanner
from dataqa.types import DOC, TEXT, Action, Assets, Batch, Opened

SPANS, DOUBTFUL, SHARE = "private_spans", "private_doubtful", "private_char_ratio"
RULE = "private."


class Private(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Find private data by packs of recognisers; measure how much of it there is.

    Measured are ``private_spans``, ``private_doubtful`` (how many of them are below ``sure``) and
    ``private_char_ratio`` (the share of a text's bytes in them).

    Attributes:
        packs: ``private/global``, ``private/us``, ``private/cn`` and so on, or paths of packs.
        entities: Kinds that are looked for; by default all that the packs know.
        sure: From this score on a span is private.
        doubt: From this score on it may be: it is found and scrubbed like the others, and flagged.
        hold: Send documents with a doubtful span to review.
    """

    packs: tuple[str, ...] = ("private/global",)
    entities: tuple[str, ...] = ()
    sure: float = 0.8
    doubt: float = DOUBT
    hold: bool = False

    judging: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not 0 < self.doubt <= self.sure <= 1:
            hint = "such as sure: 0.8, doubt: 0.4"
            raise InputError("doubt is not below sure", where="private.doubt", hint=hint)
        if not self.packs:
            raise InputError("no packs", where="private.packs", hint="such as [private/global]")

    def digest(self, assets: Assets) -> str:
        """A digest of the recognisers in use."""
        return digest(self._recognisers(assets))

    def open(self, assets: Assets) -> Opened:
        """Prove the packs and compile them.

        Raises:
            InputError: A pack is not there, has a mistake, or does not do what its examples say.
        """
        recognisers = self._recognisers(assets)
        require_proven(recognisers)
        scanner = Scanner(recognisers, assets.cache)

        def find(batch: Batch) -> Batch:
            found = scanner.scan(batch.docs[TEXT], self.doubt)
            return self._told(batch, found)

        return find

    def _recognisers(self, assets: Assets) -> tuple[Recogniser, ...]:
        return entities(load_packs(self.packs, assets), self.entities)

    def _told(self, batch: Batch, found: pl.DataFrame) -> Batch:
        batch = batch.with_signals(_measured(batch.docs[TEXT], found, self.sure))
        doubted = pl.col("score") < self.sure
        held = Action.REVIEW if self.hold else Action.KEEP
        action = pl.when(doubted).then(pl.lit(int(held))).otherwise(pl.lit(int(Action.KEEP)))
        rows = found.with_columns(batch.docs[DOC].gather(found["row"]))
        return batch.with_findings(
            rows.select(
                DOC,
                step=pl.lit("private"),
                rule=RULE + pl.col("entity"),
                action=action.cast(pl.UInt8),
                score="score",
                bound=pl.lit(self.sure),
                detail="recogniser",
                start="start",
                end="end",
                by=pl.lit("step"),
            )
        )


def _measured(texts: pl.Series, found: pl.DataFrame, sure: float) -> pl.DataFrame:
    """The three signals of each text; null for a null."""
    rows = found["row"].to_numpy()
    sizes = (found["end"] - found["start"]).to_numpy()
    doubted = (found["score"] < sure).to_numpy()
    count = len(texts)
    whole = np.maximum(texts.str.len_bytes().fill_null(0).to_numpy(), 1)
    told = pl.DataFrame(
        {
            SPANS: pl.Series(np.bincount(rows, minlength=count), dtype=pl.Int64),
            DOUBTFUL: pl.Series(np.bincount(rows[doubted], minlength=count), dtype=pl.Int64),
            SHARE: pl.Series(np.bincount(rows, sizes, minlength=count) / whole),
        }
    )
    return told.select(pl.when(texts.is_not_null()).then(pl.all()))
