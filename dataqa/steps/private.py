"""``private``: where private data stands in texts, of which kind, and how surely.

It changes nothing and keeps no value: a finding has the kind, the place and the score. ``scrub``
acts on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import msgspec
import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.private.corrections import corrected, digest_of, read_corrections
from dataqa.private.finder import Finder, Plan, plan
from dataqa.private.names.stages import stages_for
from dataqa.private.proof import DOUBT, require_proven
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, Opened

SPANS, DOUBTFUL, SHARE = "private_spans", "private_doubtful", "private_char_ratio"
RULE = "private."


class Private(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Find private data by recognisers, and names by models; measure how much of it there is.

    Measured are ``private_spans``, ``private_doubtful`` (how many of them are below ``sure``) and
    ``private_char_ratio`` (the share of a text's bytes in them).

    Attributes:
        packs: ``private/global``, ``private/us``, ``private/cn`` and so on, or paths of packs.
        entities: Kinds that are looked for; by default all that the packs know. ``PERSON``,
            ``LOCATION`` and ``ORGANIZATION`` are found by ``names``.
        names: What finds names, in this order: ``tagger`` (small, English), ``spacy`` where that
            is unsure, ``lac`` (Chinese), ``gliner:PATH``, ``transformers:PATH``. By default
            nothing, or what ``languages`` take if ``entities`` has such a kind.
        languages: ``en`` (``tagger``), ``zh`` (``lac``).
        sure: From this score on a span is private.
        doubt: From this score on it may be: it is found and scrubbed like the others, and flagged.
            ``doubt: hold`` is the usual score, and ``hold``.
        hold: Send documents with a doubtful span to review.
        corrections: What people said of spans in their review, which holds in the place of what
            is found there; `dataqa review apply` writes such a file.
    """

    packs: tuple[str, ...] = ("private/global",)
    entities: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    sure: float = 0.8
    doubt: float | Literal["hold"] = DOUBT
    hold: bool = False
    corrections: str = ""

    judging: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.sure <= 1:
            hint = "such as sure: 0.8, doubt: 0.4"
            raise InputError("doubt is not below sure", where="private.doubt", hint=hint)
        if not self.packs:
            raise InputError("no packs", where="private.packs", hint="such as [private/global]")
        stages_for(self.names, self.languages, asked=False)

    @property
    def least(self) -> float:
        """The score from which on something is found."""
        return DOUBT if self.doubt == "hold" else self.doubt

    def digest(self, assets: Assets) -> str:
        """A digest of the recognisers and models in use, and of what people said."""
        told = digest_of(Path(self.corrections)) if self.corrections else ""
        return self._plan(assets).digest() + told

    def open(self, assets: Assets) -> Opened:
        """Prove the packs and compile them.

        Raises:
            InputError: A pack is not there, has a mistake, or does not do what its examples say.
        """
        what = self._plan(assets)
        require_proven(what.recognisers)
        said = read_corrections(Path(self.corrections)) if self.corrections else None
        return _Find(self, Finder(what, assets.cache), said)

    def _plan(self, assets: Assets) -> Plan:
        return plan(self.packs, self.entities, assets, self.names, self.languages)

    def told(self, batch: Batch, found: pl.DataFrame) -> Batch:
        """A batch with what was found as signals and findings."""
        batch = batch.with_signals(_measured(batch.docs[TEXT], found, self.sure))
        doubted = pl.col("score") < self.sure
        held = Action.REVIEW if self.hold or self.doubt == "hold" else Action.KEEP
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


class _Find:
    """The step, opened; it knows what each of its stages took."""

    def __init__(self, step: Private, finder: Finder, said: pl.DataFrame | None) -> None:
        self._step, self._finder, self._said = step, finder, said

    def __call__(self, batch: Batch) -> Batch:
        texts = batch.docs[TEXT]
        found = self._finder.scan(texts, self._step.least)
        if self._said is not None:
            found = corrected(found, batch.docs[DOC_ID], texts, self._said)
        return self._step.told(batch, found)

    def parts(self) -> dict[str, tuple[float, int]]:
        """CPU seconds of each of its stages since the last call, and characters that it read."""
        return {
            stage: (cost.seconds, cost.characters) for stage, cost in self._finder.lap().items()
        }


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
