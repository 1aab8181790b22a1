"""The in-memory driver: a whole pipeline over one frame, for notebooks, small jobs and examples.

The same stages, steps, rules and rulings as a run over files, so the same verdicts; nothing is
written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from dataqa.engine.batch import OpenedStep, run_batch, take, together
from dataqa.engine.settle import ruled
from dataqa.engine.shard import attach, judged, open_steps
from dataqa.plan import Plan, Stage
from dataqa.policy import actions
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, GlobalStep, Sketch, batch_of


class Judged(NamedTuple):
    """A batch in its first order with all evidence, and one action per document."""

    batch: Batch
    actions: pl.Series


class Opened:
    """A plan whose steps are open: judges any number of frames, each as a corpus of its own."""

    def __init__(self, plan: Plan, assets: Assets) -> None:
        self._plan, self._assets = plan, assets
        self._steps = [open_steps(stage, assets) for stage in plan.stages]

    def judge(self, docs: pl.DataFrame) -> Judged:
        """Judge documents together.

        Args:
            docs: Columns ``_doc`` (ascending), ``doc_id``, ``text`` and any others.
        """
        left: list[Judged] = []
        batch = batch_of(docs)
        for stage, steps in zip(self._plan.stages, self._steps, strict=True):
            batch = self._stage(batch, stage, steps)
            asked = actions(batch.docs[DOC], batch.findings)
            last = stage.number == self._plan.last
            goes = asked == Action.DROP if not last else asked >= Action.KEEP
            left.append(Judged(take(batch, goes), asked.filter(goes)))
            batch = take(batch, ~goes)
        return _together(left)

    def _stage(self, batch: Batch, stage: Stage, steps: list[OpenedStep]) -> Batch:
        if not batch.docs.height:
            return batch
        if stage.settles is not None and isinstance(stage.settles.step, GlobalStep):
            rulings = _settle(stage.settles.step, stage.settles.label, batch, self._assets)
            if rulings is not None:
                batch = attach(batch, rulings)
        return judged(run_batch(batch, steps)[0], stage)


class Frame(NamedTuple):
    """The ``Merge`` of one batch."""

    sketch: Sketch
    held: pl.DataFrame

    def each[T](self, task: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """What a task makes of all keyed rows."""
        if self.sketch.keyed.height:
            yield task(self.sketch.keyed)

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The documents' own rows, at once."""
        if self.sketch.docs is not None:
            yield self.sketch.docs.select(columns)

    def texts(self, docs: pl.Series) -> Iterator[pl.DataFrame]:
        """The texts asked for, at once."""
        yield self.held.filter(pl.col(DOC).is_in(docs.implode())).select(DOC, DOC_ID, TEXT)

    def each_text[T](
        self, runs: Sequence[pl.Series], task: Callable[[pl.DataFrame], T]
    ) -> Iterator[T]:
        """What a task makes of the texts of each run of documents."""
        return (task(texts) for run in runs for texts in self.texts(run))

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """A temporary folder."""
        with TemporaryDirectory(prefix="dataqa-") as folder:
            yield Path(folder)


def _settle(step: GlobalStep, label: str, batch: Batch, assets: Assets) -> pl.DataFrame | None:
    merge = Frame(step.sketcher(assets)(batch), batch.docs)
    found = [ruled(label, rulings) for rulings in step.settle(merge) if rulings.height]
    return pl.concat(found, how="diagonal").sort(DOC, maintain_order=True) if found else None


def _together(left: list[Judged]) -> Judged:
    """What left in different stages, in the first order again."""
    batch = together([part.batch for part in left])
    numbers = pl.concat([part.batch.docs[DOC] for part in left])
    asked = pl.concat([part.actions for part in left])
    return Judged(batch, asked.gather(numbers.arg_sort()))
