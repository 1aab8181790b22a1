"""Where documents leave a run, each exactly once: kept, rejected, review or quarantine.

With a document go its signals and its findings; the tally sees it too. Files are named
``shard-stage``: what a shard's documents left in which stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.engine.batch import Failure
from dataqa.io.sinks import Table, Written
from dataqa.io.sources import DAMAGED
from dataqa.io.store import STATE, Store
from dataqa.pipeline import Output
from dataqa.policy import ACTIONS, reasons
from dataqa.report import Tally
from dataqa.types import DOC, DOC_ID, TEXT, Action, Batch, no_findings

KEPT, REJECTED, REVIEW, QUARANTINE = "kept", "rejected", "review", "quarantine"
FINDINGS_DIR, SIGNALS_DIR = "findings", "signals"
FOLDERS = (KEPT, REJECTED, REVIEW, QUARANTINE, FINDINGS_DIR, SIGNALS_DIR)

_FOLDERS = {Action.KEEP: KEPT, Action.REWRITE: KEPT, Action.REVIEW: REVIEW, Action.DROP: REJECTED}
VERDICT_OF = pl.Series([_FOLDERS[action] for action in Action])
"""The verdict of each action, to gather by."""
_ACTION_NAMES = pl.Series(list(ACTIONS))


class Layout(NamedTuple):
    """What output files look like: the same for every shard and stage of a run.

    ``docs`` is an empty frame of the document columns, ``names`` maps them to the user's names,
    ``signals`` is an empty frame of every signal of every stage. ``marks`` is what the files of
    kept documents say of what was done with them.
    """

    docs: pl.DataFrame
    names: Mapping[str, str]
    signals: pl.DataFrame
    output: Output
    marks: Mapping[str, str] = {}

    @property
    def public(self) -> dict[str, pl.DataType]:
        """The document columns as users see them, with their types."""
        kinds = self.docs.schema
        return {DOC_ID: pl.String(), **{new: kinds[old] for old, new in self.names.items()}}


ORDER = pl.Schema({DOC: pl.UInt64, "verdict": pl.String})
"""What is remembered of the documents that left: in the order in which they did."""


def left_of(shard: int, stage: int) -> str:
    """The name of the list of documents that left in a stage: their numbers and verdicts."""
    return f"{STATE}/left/{shard:05d}-{stage}.parquet"


class Outlet:
    """The output files of one shard and stage."""

    def __init__(self, store: Store, shard: int, stage: int, layout: Layout, tally: Tally) -> None:
        self._layout, self._stage, self.tally = layout, stage, tally
        self._tables: dict[str, Table] = {}
        name = f"{shard:05d}-{stage}"
        for folder in FOLDERS:
            documents = folder in {KEPT, REJECTED, REVIEW}
            self._tables[folder] = Table(
                store,
                f"{folder}/{name}",
                heavy=layout.names[TEXT] if documents else None,
                kind=layout.output.format if documents else "parquet",
                marks=layout.marks if folder == KEPT else None,
            )
        self._left = Table(store, left_of(shard, stage).removesuffix(".parquet"))

    def leave(self, batch: Batch, actions: pl.Series) -> dict[str, int]:
        """Let all documents of a batch go, each with the action decided for it.

        Returns:
            How many went where.
        """
        if not batch.docs.height:
            return {}
        self.tally.add(batch, actions, self._stage)
        verdicts = VERDICT_OF.gather(actions)
        why = reasons(batch.findings)
        counts: dict[str, int] = {}
        for folder in (KEPT, REJECTED, REVIEW):
            rows = batch.docs.filter(verdicts == folder)
            if rows.height:
                counts[folder] = rows.height
                self._tables[folder].add(self._documents(rows, folder, why))
        ids = batch.docs.select(DOC, DOC_ID)
        self._left.add(pl.DataFrame([batch.docs[DOC], verdicts.alias("verdict")]))
        self._tables[SIGNALS_DIR].add(self._signals(batch, verdicts))
        self._tables[FINDINGS_DIR].add(_public_findings(batch.findings, ids))
        return counts

    def set_aside(self, damaged: pl.DataFrame, failures: list[Failure]) -> None:
        """Put documents that could not be read, or on which a step raised, into quarantine."""
        rows = [self._damaged(damaged)]
        for failure in failures:
            told = pl.DataFrame(
                {
                    DOC_ID: failure.docs[DOC_ID],
                    "step": [failure.step],
                    "error": [f"the step raised {failure.error}"],
                    "traceback": [failure.traceback],
                    "raw": failure.docs[TEXT].cast(pl.Binary),
                }
            )
            rows.append(told.hstack(self._public(failure.docs).get_columns()))
        self.set_aside_again(pl.concat(rows, how="vertical_relaxed"))

    def set_aside_again(self, rows: pl.DataFrame) -> None:
        """Put rows into quarantine that another run put there."""
        self.tally.quarantine(rows)
        self._tables[QUARANTINE].add(rows)

    def close(self, *, every: bool) -> list[Written]:
        """Finish the files; with ``every``, each folder has one, if only with a header."""
        empty: dict[str, pl.DataFrame] = {}
        if every:
            nothing = Batch(self._layout.docs, self._layout.signals, no_findings())
            why = reasons(nothing.findings)
            for folder in (KEPT, REJECTED, REVIEW):
                empty[folder] = self._documents(self._layout.docs, folder, why)
            empty[SIGNALS_DIR] = self._signals(nothing, pl.Series([], dtype=pl.String))
            ids = self._layout.docs.select(DOC, DOC_ID)
            empty[FINDINGS_DIR] = _public_findings(no_findings(), ids)
            empty[QUARANTINE] = self._damaged(pl.DataFrame(schema=DAMAGED))
        # even when nothing left: it says that the shard is known, and replaces an older run's
        self._left.close(pl.DataFrame(schema=ORDER))
        written = [table.close(empty.get(folder)) for folder, table in self._tables.items()]
        return [file for file in written if file is not None]

    def _damaged(self, rows: pl.DataFrame) -> pl.DataFrame:
        told = rows.select(
            DOC_ID,
            pl.lit("read").alias("step"),
            "error",
            pl.lit(None, pl.String).alias("traceback"),
            "raw",
        )
        return told.hstack(_nulls(self._public(self._layout.docs), rows.height))

    def _public(self, docs: pl.DataFrame) -> pl.DataFrame:
        names = self._layout.names
        return docs.select(pl.col(name).alias(names[name]) for name in self._layout.names)

    def _documents(self, docs: pl.DataFrame, folder: str, why: pl.DataFrame) -> pl.DataFrame:
        if folder != KEPT and self._layout.output.rejected == "none":
            docs = docs.with_columns(pl.lit(None, pl.String).alias(TEXT))
        public = docs.select(DOC_ID).hstack(self._public(docs).get_columns())
        if folder == KEPT:
            return public
        mine = docs.select(DOC).join(why, on=DOC, how="left", maintain_order="left")
        stage = pl.repeat(self._stage, docs.height, dtype=pl.UInt8, eager=True).alias("stage")
        return public.with_columns(mine["reasons"], stage)

    def _signals(self, batch: Batch, verdicts: pl.Series) -> pl.DataFrame:
        every = self._layout.signals
        height = batch.docs.height
        columns = [
            batch.signals[name].cast(kind)
            if name in batch.signals.columns
            else pl.repeat(None, height, dtype=kind, eager=True).alias(name)
            for name, kind in every.schema.items()
        ]
        stage = pl.repeat(self._stage, height, dtype=pl.UInt8, eager=True).alias("stage")
        head = [batch.docs[DOC_ID], verdicts.alias("verdict"), stage]
        return pl.DataFrame([*head, *columns])


def _public_findings(findings: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    at = np.searchsorted(ids[DOC].to_numpy(), findings[DOC].to_numpy())
    return findings.select(
        ids[DOC_ID].gather(at).alias(DOC_ID),
        "step",
        "rule",
        _ACTION_NAMES.gather(findings["action"]).alias("action"),
        pl.exclude(DOC, "step", "rule", "action"),
    )


def _nulls(like: pl.DataFrame, height: int) -> list[pl.Series]:
    return [
        pl.repeat(None, height, dtype=kind, eager=True).alias(name)
        for name, kind in like.schema.items()
    ]
