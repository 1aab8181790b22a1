"""The in-memory driver: a whole pipeline over one frame, for notebooks, small jobs and examples.

The same stages, steps, rules and rulings as a run over files, so the same verdicts; nothing is
written anywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from dataqa.engine.batch import OpenedStep, run_batch, take, together
from dataqa.engine.shard import attach, judged, open_steps
from dataqa.plan import Plan, Stage
from dataqa.policy import actions
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, GlobalStep, batch_of


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


def _settle(step: GlobalStep, label: str, batch: Batch, assets: Assets) -> pl.DataFrame | None:
    pairs = step.propose(step.sketcher(assets)(batch))
    if not pairs.height:
        return None

    def texts(docs: pl.Series) -> pl.DataFrame:
        return batch.docs.filter(pl.col(DOC).is_in(docs.implode())).select(DOC, DOC_ID, TEXT)

    held = step.verify(pairs.unique(["a", "b"], maintain_order=True).sort("a", "b"), texts)
    names = batch.docs.select(pl.col(DOC).alias("ref_doc"), pl.col(DOC_ID).alias("ref"))
    rulings = step.rule(held).with_columns(pl.lit(label).alias("step"), pl.lit("rule").alias("by"))
    rulings = rulings.join(names, on="ref_doc", how="left").drop("ref_doc")
    return rulings.sort(DOC, "rule", "ref", nulls_last=True)


def _together(left: list[Judged]) -> Judged:
    """What left in different stages, in the first order again."""
    batch = together([part.batch for part in left])
    numbers = pl.concat([part.batch.docs[DOC] for part in left])
    asked = pl.concat([part.actions for part in left])
    return Judged(batch, asked.gather(numbers.arg_sort()))
