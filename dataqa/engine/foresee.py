"""What a run will take, foreseen from a sample: a few batches really run, and timed."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from dataqa.engine.batch import OpenedStep, lap, run_batch, take
from dataqa.engine.host import peak_memory_mb
from dataqa.engine.layout import probe
from dataqa.engine.shard import judged, open_steps
from dataqa.errors import InputError
from dataqa.io.sources import File, Reading, Shard, cut, find, read, schema
from dataqa.pipeline import Pipeline
from dataqa.plan import Plan, make_plan
from dataqa.policy import actions
from dataqa.types import DOC, TEXT, Action, Assets, Batch, batch_of

SAMPLE_BYTES = 4 << 20
"""Text sampled from each of ``SAMPLE_SHARDS`` places spread over the input."""
SAMPLE_SHARDS = 3
_UNCUT = 1 << 62
_WRITE_MB_PER_SECOND = 130.0
_SPILL_RATIO = 0.6
_OUTPUT_RATIO = 0.4


class StepCost(NamedTuple):
    """One step on the sample: CPU seconds for each megabyte of text that reaches it."""

    step: str
    seconds_per_mb: float


class StageCost(NamedTuple):
    """One stage: the text that reaches it and what its steps cost."""

    number: int
    documents: int
    mb: float
    steps: list[StepCost]
    stays: float


class Forecast(NamedTuple):
    """What a run will take: sizes in megabytes (10^6 bytes), times in seconds."""

    files: int
    stored_mb: float
    text_mb: float
    documents: int
    stages: list[StageCost]
    cpu_seconds: float
    memory_mb: float
    spill_mb: float
    output_mb: float

    def wall(self, workers: int) -> float:
        """Seconds on so many cores; two workers measured 1.8 to 2 times one."""
        return self.cpu_seconds / max(1.0, workers * 0.92)


def forecast(pipeline: Pipeline, inputs: Sequence[str | Path], assets: Assets) -> Forecast:
    """Run a sample and extrapolate.

    Raises:
        InputError: Something in the pipeline or the inputs has to be mended.
    """
    plan = make_plan(pipeline, assets)
    files = find(inputs, pipeline.reading)
    if any(file.path == "-" for file in files):
        raise InputError(
            "standard input can be read only once, by the run itself",
            where="-",
            hint="give plan a file, such as some of it saved with `head -n 10000`",
        )
    # one shard for each unsplittable file: nothing is decoded but the sample
    reading = msgspec.structs.replace(pipeline.reading, limit=None)
    uncut = msgspec.structs.replace(reading, shard_bytes=_UNCUT)
    columns = schema(files, uncut)
    probe(plan, columns, assets, None)
    shards = cut(files, uncut)
    started = time.process_time()
    sample, share = _sample(shards, reading, columns, files)
    read_seconds = time.process_time() - started
    text_bytes = int(sample[TEXT].str.len_bytes().sum()) if sample.height else 0
    stages = _stages(plan, sample, assets, max(share, 1e-9))
    text_mb = text_bytes / 1e6 / max(share, 1e-9)
    cpu = read_seconds / max(share, 1e-9) + text_mb / _WRITE_MB_PER_SECOND
    cpu += sum(step.seconds_per_mb * stage.mb for stage in stages for step in stage.steps)
    crossing = sum(stage.mb for stage in stages[1:])
    return Forecast(
        len(files),
        sum(file.size for file in files) / 1e6,
        text_mb,
        round(sample.height / max(share, 1e-9)),
        stages,
        cpu + crossing / _WRITE_MB_PER_SECOND,
        peak_memory_mb(),
        crossing * _SPILL_RATIO,
        text_mb * _OUTPUT_RATIO,
    )


def _sample(
    shards: list[Shard], reading: Reading, columns: pl.Schema, files: list[File]
) -> tuple[pl.DataFrame, float]:
    """Some documents from the beginning of a few shards, and their share of the whole."""
    small = msgspec.structs.replace(reading, batch_bytes=SAMPLE_BYTES)
    step = max(1, len(shards) // SAMPLE_SHARDS)
    taken: list[pl.DataFrame] = []
    for shard in shards[::step][:SAMPLE_SHARDS]:
        taken += [chunk.docs for chunk in islice(read(shard, small, columns), 1)]
    docs = pl.concat(taken) if taken else pl.DataFrame(schema={DOC: pl.UInt64, TEXT: pl.String})
    if not docs.height:
        return docs, 1.0
    stored = sum(file.size for file in files)
    return docs.sort(DOC), min(1.0, _stored_size(docs, files) / max(stored, 1))


def _stored_size(docs: pl.DataFrame, files: list[File]) -> float:
    """About how many bytes of the files these documents take, by compressing some of their text."""
    size = int(docs[TEXT].str.len_bytes().sum())
    if not any(file.compression or file.format in {"parquet", "arrow"} for file in files):
        return size
    some = "\n".join(docs[TEXT].head(500).drop_nulls()).encode()[: 1 << 20]
    return size * len(zlib.compress(some, 6)) / max(len(some), 1)


def _stages(plan: Plan, sample: pl.DataFrame, assets: Assets, share: float) -> list[StageCost]:
    batch = batch_of(sample)
    costs: list[StageCost] = []
    for stage in plan.stages:
        documents = batch.docs.height
        mb = int(batch.docs[TEXT].str.len_bytes().sum()) / 1e6 if documents else 0.0
        steps: list[StepCost] = []
        for step in open_steps(stage, assets):
            batch, seconds = _timed(step, batch)
            steps.append(StepCost(step.label, seconds / mb if mb else 0.0))
        batch = judged(batch, stage)
        asked = actions(batch.docs[DOC], batch.findings)
        batch = take(batch, asked != Action.DROP)
        stays = batch.docs.height / documents if documents else 1.0
        costs.append(StageCost(stage.number, round(documents / share), mb / share, steps, stays))
    return costs


def _timed(step: OpenedStep, batch: Batch) -> tuple[Batch, float]:
    """The step twice, for the first time may load and compile; the second one is timed."""
    run_batch(batch, [step])
    lap([step])
    after, _ = run_batch(batch, [step])
    return after, lap([step])[step.label]
