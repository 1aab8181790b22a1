"""What outputs look like, learnt by sending an empty batch through every stage.

So a step whose model, list or column is missing says so before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from dataqa.engine.outlet import Layout
from dataqa.engine.overlay import Overlay
from dataqa.engine.provenance import marks_of
from dataqa.engine.shard import open_steps
from dataqa.errors import InputError
from dataqa.io.outputs import lost_in_json
from dataqa.io.sources import output_names
from dataqa.plan import Plan, Stage
from dataqa.types import DOC, DOC_ID, TEXT, Assets, batch_of


class Probed(NamedTuple):
    """The layout, and for each step the signals that it measures."""

    layout: Layout
    owns: dict[str, tuple[str, ...]]


def probe(plan: Plan, schema: pl.Schema, assets: Assets, overlay: Overlay | None) -> Probed:
    """Open every step and run it over no documents.

    Raises:
        InputError: A step lacks what it needs, or a rule a signal.
    """
    names = output_names(schema, plan.pipeline.reading)
    kinds = {new: schema[old] for new, old in names.items() if new != TEXT and old in schema}
    docs = pl.DataFrame(
        schema={DOC: pl.UInt64, DOC_ID: pl.String, **{n: kinds.get(n, pl.String) for n in names}}
    )
    if plan.pipeline.output.format == "jsonl.zst":
        _fit_for_json(docs, names)
    batch = batch_of(docs)
    owns: dict[str, tuple[str, ...]] = {}
    if overlay is not None:
        batch = overlay.over(batch)
    for stage in plan.stages:
        for step in open_steps(stage, assets):
            before = set(batch.signals.columns)
            batch = step.run(batch)
            owns[step.label] = tuple(c for c in batch.signals.columns if c not in before)
        _signals_known(stage, batch.signals)
    output = plan.pipeline.output
    layout = Layout(docs, names, batch.signals.clear(), output, marks_of(plan.pipeline))
    return Probed(layout, owns)


def _fit_for_json(docs: pl.DataFrame, names: Mapping[str, str]) -> None:
    for name, kind in docs.schema.items():
        if lost_in_json(kind):
            raise InputError(
                f"column {names.get(name, name)!r} is {kind}, which JSON Lines cannot give back",
                hint="write parquet: --format parquet",
            )


def _signals_known(stage: Stage, signals: pl.DataFrame) -> None:
    for step, rule in stage.rules:
        if rule.signal not in signals.columns:
            raise InputError(
                f"rule {rule.key} needs the signal {rule.signal}, which no step measures",
                where=f"step {step}",
            )
        if rule.languages and "language" not in signals.columns:
            raise InputError(
                f"rule {rule.key} holds for {', '.join(rule.languages)} only, and no language is "
                "known",
                where=f"step {step}",
                hint="put the step `language` before it",
            )
