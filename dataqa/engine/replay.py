"""A finished run as the input of another: its documents with the evidence they already have.

Signals and findings of steps are measured once; when only bounds change, or inputs are added, they
are read back instead. A document that now gets further than it did runs the steps it missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl
import pyarrow.parquet as pq

from dataqa.engine.batch import Failure, OnError, OpenedStep, run_batch, take, together
from dataqa.engine.outlet import KEPT, ORDER, QUARANTINE, REJECTED, REVIEW, Layout, left_of
from dataqa.errors import RunError
from dataqa.io.outputs import read_lines
from dataqa.io.spill import between, frame_of
from dataqa.io.store import Store
from dataqa.plan import Stage
from dataqa.policy import ACTIONS
from dataqa.types import DOC, DOC_ID, FINDINGS, TEXT, Batch, GlobalStep, complete


class Replay(NamedTuple):
    """A finished run to read back.

    Attributes:
        store: Where it is.
        layout: What its files look like.
        owns: For each step, the signals that it measured.
        stages: How many stages it had.
    """

    store: Store
    layout: Layout
    owns: Mapping[str, tuple[str, ...]]
    stages: int

    def has(self, shard: int) -> bool:
        """Whether it knows this shard."""
        return any(self.store.exists(left_of(shard, stage)) for stage in self._numbers())

    def batches(self, shard: int, batch_bytes: int) -> Iterator[Batch]:
        """The shard's documents in order, without signals or findings."""
        streams = [
            stream
            for stage in self._numbers()
            for folder in (KEPT, REJECTED, REVIEW)
            if (stream := self._stream(folder, shard, stage)) is not None
        ]
        for docs in _merged(streams):
            yield from _cut(docs, batch_bytes)

    def damaged(self, shard: int, stage: int) -> pl.DataFrame | None:
        """The quarantined documents of a stage, as they were written."""
        path = self.store.path(f"{QUARANTINE}/{shard:05d}-{stage}.parquet")
        return pl.read_parquet(path) if path.is_file() else None

    def aside(self, shard: int) -> int:
        """How many of the shard's documents were quarantined, in whatever stage."""
        parts = (self.damaged(shard, stage) for stage in self._numbers())
        return sum(part.height for part in parts if part is not None)

    def again(self, shard: int, stage: Stage, opened: list[OpenedStep]) -> Again:
        """How a stage runs over the shard's documents once more."""
        return Again(self._evidence(shard), stage, opened, self.owns)

    def _evidence(self, shard: int) -> Evidence:
        parts = [part for stage in self._numbers() if (part := self._part(shard, stage))]
        if not parts:
            return Evidence(pl.DataFrame(schema={DOC: pl.UInt64, "stage": pl.UInt8}), _none())
        signals = pl.concat([part.signals for part in parts]).sort(DOC)
        findings = pl.concat([part.findings for part in parts]).sort(DOC, maintain_order=True)
        return Evidence(signals, findings)

    def _numbers(self) -> range:
        return range(1, self.stages + 1)

    def _order(self, shard: int, stage: int) -> pl.DataFrame:
        path = self.store.path(left_of(shard, stage))
        return pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=ORDER)

    def _part(self, shard: int, stage: int) -> Evidence | None:
        order = self._order(shard, stage)
        if not order.height:
            return None
        name = f"{shard:05d}-{stage}.parquet"
        stored = pl.read_parquet(self.store.path(f"signals/{name}"))
        if stored.height != order.height:
            raise RunError("is not what the run wrote", where=f"signals/{name}", hint="dataqa run")
        ids = stored.select(DOC_ID).with_columns(order[DOC])
        signals = stored.drop(DOC_ID, "verdict").with_columns(order[DOC])
        path = self.store.path(f"findings/{name}")
        if not path.is_file():
            return Evidence(signals, _none())
        # a step need not say who found it: a null is not "rule"
        said = pl.read_parquet(path).filter(pl.col("by").ne_missing("rule"))
        said = said.join(ids, on=DOC_ID, how="left", maintain_order="left").with_columns(
            pl.col("action").replace_strict(ACTIONS, return_dtype=pl.UInt8)
        )
        return Evidence(signals, complete(said))

    def _stream(self, folder: str, shard: int, stage: int) -> Iterator[pl.DataFrame] | None:
        order = self._order(shard, stage).filter(pl.col("verdict") == folder)
        if not order.height:
            return None
        if folder != KEPT and self.layout.output.rejected == "none":
            raise RunError(
                "the text of rejected documents was not kept",
                where=str(self.store.root),
                hint="run the pipeline again, with output: {rejected: raw}",
            )
        return self._documents(f"{folder}/{shard:05d}-{stage}", order[DOC])

    def _documents(self, name: str, numbers: pl.Series) -> Iterator[pl.DataFrame]:
        inside = {new: old for old, new in self.layout.names.items()}
        kinds = self.layout.docs.schema
        at = 0
        for rows in _row_groups(self.store, name, self.layout):
            mine = numbers.slice(at, rows.height)
            at += rows.height
            # inputs that were added since may have brought columns, or wider types
            columns = [
                (pl.col(new) if new in rows.columns else pl.lit(None)).cast(kinds[old]).alias(old)
                for new, old in inside.items()
            ]
            yield rows.select(mine, DOC_ID, *columns).select(self.layout.docs.columns)


class Evidence(NamedTuple):
    """What is known of a shard's documents, by document.

    ``signals`` has ``_doc``, ``stage`` (where the document left) and a column for each signal;
    ``findings`` are those of steps and people, not of rules.
    """

    signals: pl.DataFrame
    findings: pl.DataFrame

    def known(self, docs: pl.Series, stage: int) -> pl.Series:
        """Which of some documents have been through a stage."""
        there = docs.to_frame().join(
            self.signals.select(DOC, "stage"), on=DOC, how="left", maintain_order="left"
        )
        return (there["stage"] >= stage).fill_null(value=False)

    def add(self, batch: Batch, step: str, owned: tuple[str, ...]) -> Batch:
        """The batch with what a step measured of these documents when it ran."""
        mine = between(self.findings, batch.docs[DOC])
        said = mine.filter((pl.col("step") == step) & pl.col(DOC).is_in(batch.docs[DOC].implode()))
        batch = batch.with_findings(said)
        if not owned:
            return batch
        told = self.signals.select(DOC, *owned)
        joined = batch.docs.select(DOC).join(told, on=DOC, how="left", maintain_order="left")
        return batch.with_signals(joined.select(owned))


class Again(NamedTuple):
    """A stage over documents of which some have been through it before."""

    evidence: Evidence
    stage: Stage
    opened: list[OpenedStep]
    owns: Mapping[str, tuple[str, ...]]

    def run(self, batch: Batch, *, on_error: OnError) -> tuple[Batch, list[Failure]]:
        """Run the steps over the documents they have not seen; read what they said of the others.

        A global step's own evidence follows from its rulings, which are new: it always runs.
        """
        known = self.evidence.known(batch.docs[DOC], self.stage.number)
        seen, new = take(batch, known), take(batch, ~known)
        for step, named in zip(self.opened, self.stage.steps, strict=True):
            if not isinstance(named.step, GlobalStep):
                seen = self.evidence.add(seen, named.label, self.owns[named.label])
            elif seen.docs.height:
                seen = step.run(seen)
        new, failures = run_batch(new, self.opened, on_error)
        return together([seen, new]), failures


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=FINDINGS)


def _row_groups(store: Store, name: str, layout: Layout) -> Iterator[pl.DataFrame]:
    if layout.output.format == "jsonl.zst":
        yield read_lines(store.path(f"{name}.jsonl.zst"), layout.public)
        return
    with pq.ParquetFile(store.path(f"{name}.parquet"), pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            yield frame_of(file.read_row_group(group))


def _merged(streams: list[Iterator[pl.DataFrame]]) -> Iterator[pl.DataFrame]:
    """Ascending streams as one: at most one row group of each is held."""
    heads = [(head, stream) for stream in streams if (head := next(stream, None)) is not None]
    while heads:
        safe = min(head[DOC][-1] for head, _ in heads)
        yield pl.concat([head.filter(pl.col(DOC) <= safe) for head, _ in heads]).sort(DOC)
        left: list[tuple[pl.DataFrame, Iterator[pl.DataFrame]]] = []
        for head, stream in heads:
            rest = head.filter(pl.col(DOC) > safe)
            following = rest if rest.height else next(stream, None)
            if following is not None:
                left.append((following, stream))
        heads = left


def _cut(docs: pl.DataFrame, batch_bytes: int) -> Iterator[Batch]:
    sizes = docs[TEXT].str.len_bytes().cum_sum()
    part = (sizes // batch_bytes).alias("_part")
    for piece in docs.with_columns(part).partition_by("_part", maintain_order=True):
        yield Batch(piece.drop("_part"), pl.DataFrame(), _none())
