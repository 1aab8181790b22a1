"""The Python API: frames in, frames out.

``run`` works on files, ``clean`` on a LazyFrame of any size, ``judge`` on a DataFrame in memory,
``judge_batches`` on a stream of Arrow batches. All take a pipeline by name, by path or built in
code, and all reach the same verdicts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from dataqa.engine.batch import OnError
from dataqa.engine.driver import Engine, Options
from dataqa.engine.finish import Result
from dataqa.engine.local import run_local
from dataqa.engine.losses import bounded, check_bound
from dataqa.engine.memory import Opened
from dataqa.engine.outlet import QUARANTINE, VERDICT_OF
from dataqa.engine.watch import Watch
from dataqa.errors import InputError, did_you_mean
from dataqa.io.spill import frame_of
from dataqa.io.urls import place
from dataqa.pipeline import Pipeline
from dataqa.plan import make_plan
from dataqa.policy import reasons
from dataqa.registry import user_assets
from dataqa.types import DOC, DOC_ID, TEXT, Assets

type AnyPipeline = Pipeline | str | Path
type AnyFrame = pl.DataFrame | Any
"""A polars or pandas frame, or an Arrow table, batch or reader."""

_JUDGED = ("verdict", "reasons")


class Cleaned(NamedTuple):
    """A cleaned corpus, as LazyFrames over files in ``out``."""

    kept: pl.LazyFrame
    rejected: pl.LazyFrame
    review: pl.LazyFrame
    findings: pl.LazyFrame
    out: Path


def run(
    pipeline: AnyPipeline,
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    workers: int | None = None,
    settings: Mapping[str, Any] | None = None,
    on_error: OnError = "stop",
    max_drop: float | None = None,
    overlay: str | Path | None = None,
    rules: Sequence[str | Path] = (),
    fresh: bool = False,
    watch: Watch | None = None,
    engine: Engine = "local",
    address: str | None = None,
) -> Result:
    """Run a pipeline over files; run again, it continues what was interrupted.

    Args:
        pipeline: A shipped pipeline's name, a YAML file, or one built in code.
        inputs: Files, folders or globs.
        out: The output folder.
        workers: Processes; by default one per core, or none for a small input.
        settings: What ``--set`` takes, such as ``{"gopher.word_count.min": 30}``.
        on_error: ``stop`` when a step raises, or ``quarantine`` its documents.
        max_drop: The share of the documents that may be lost: rejected, or in quarantine.
        overlay: A file of findings from elsewhere.
        rules: Folders of your own rule packs and word lists.
        fresh: Forget what an earlier run left in ``out``.
        watch: Somebody to tell how it goes.
        engine: ``local``, or ``ray`` for a cluster; the results are the same bytes.
        address: Of the Ray cluster: ``auto``, ``ray://HOST:PORT``; None is ``RAY_ADDRESS``, else a
            cluster of this machine alone.

    Raises:
        InputError: Something in the pipeline, the inputs or the folder has to be mended.
        RunError: The run stopped; call again to continue.
        BoundError: More was lost than ``max_drop``; the run is complete all the same.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     result = run("quickstart", "examples/data", out)
    ...     result.counts["documents"] == sum(
    ...         result.counts[name] for name in ("kept", "rejected", "review", "quarantine")
    ...     )
    True
    """
    check_bound(max_drop)
    folders = tuple(Path(folder) for folder in rules)
    chosen = _pipeline(pipeline, settings, user_assets(*folders))
    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    over = Path(overlay) if overlay is not None else None
    options = Options(workers, on_error, fresh, max_drop, over, folders, engine, address)
    return bounded(run_local(chosen, paths, place(out), options, watch), max_drop)


def judge(
    frame: AnyFrame, pipeline: AnyPipeline, *, settings: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Judge the documents of a frame together, in memory.

    Args:
        frame: A polars or pandas frame, or an Arrow table, with the pipeline's text column.
        pipeline: A shipped pipeline's name, a YAML file, or one built in code.
        settings: What ``--set`` takes.

    Returns:
        The same rows in the same order, the text as the steps left it, with ``verdict`` (kept,
        rejected, review or quarantine) and ``reasons`` (a list of rules).

    >>> texts = pl.DataFrame({"text": ["Too short to be a page.", None]})
    >>> judge(texts, "quickstart").select("verdict").to_series().to_list()
    ['rejected', 'quarantine']
    """
    chosen, assets = _prepared(pipeline, settings)
    return _judge(_polars(frame), chosen, Opened(make_plan(chosen, assets), assets))


def judge_batches(
    batches: Iterable[pa.RecordBatch],
    pipeline: AnyPipeline,
    *,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Judge a stream of Arrow batches, each as it comes.

    Args:
        batches: Record batches with the pipeline's text column.
        pipeline: A pipeline without steps that need all documents, such as ``exact``.
        settings: What ``--set`` takes.

    Raises:
        InputError: At once, if the pipeline has such a step: use ``clean``.
    """
    judged = table_judge(*batchwise(pipeline, settings))
    return (
        one
        for batch in batches
        for one in judged(pa.Table.from_batches([batch])).combine_chunks().to_batches()
    )


def batchwise(pipeline: AnyPipeline, settings: Mapping[str, Any] | None) -> tuple[Pipeline, Assets]:
    """A pipeline that can judge each batch by itself, and where its steps find what they open.

    Raises:
        InputError: It has a step that needs all documents.
    """
    chosen, assets = _prepared(pipeline, settings)
    stages = make_plan(chosen, assets).stages
    if len(stages) > 1:
        step = stages[0].sketches
        raise InputError(
            f"step {step.label if step else ''} needs to know all documents, not one batch",
            hint="use dataqa.clean or dataqa.run, or a pipeline without it",
        )
    return chosen, assets


def table_judge(pipeline: Pipeline, assets: Assets) -> Callable[[pa.Table], pa.Table]:
    """The function that judges an Arrow table, its steps opened."""
    opened = Opened(make_plan(pipeline, assets), assets)

    def judged(table: pa.Table) -> pa.Table:
        out = _judge(frame_of(table), pipeline, opened)
        return out.to_arrow(compat_level=pl.CompatLevel.oldest())

    return judged


def clean(
    frame: pl.LazyFrame | AnyFrame,
    pipeline: AnyPipeline,
    *,
    out: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
) -> Cleaned:
    """Clean a LazyFrame of any size in bounded memory.

    Args:
        frame: The corpus; it is sunk to parquet shards first.
        pipeline: A shipped pipeline's name, a YAML file, or one built in code.
        out: Where the result is kept; by default a new temporary folder, which is yours to delete.
        settings: What ``--set`` takes.
        workers: Processes.

    >>> corpus = pl.LazyFrame({"text": ["Too short to be a page."]})
    >>> clean(corpus, "quickstart").rejected.select(pl.len()).collect().item()
    1
    """
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="dataqa-"))
    lazy = frame if isinstance(frame, pl.LazyFrame) else _polars(frame).lazy()
    source = folder / "input.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    lazy.sink_parquet(source, compression="lz4", row_group_size=16_384, maintain_order=True)
    result = run(pipeline, source, folder, settings=settings, workers=workers)
    kept, rejected, review, findings = (
        result.scan(name) for name in ("kept", "rejected", "review", "findings")
    )
    return Cleaned(kept, rejected, review, findings, folder)


def _pipeline(
    pipeline: AnyPipeline, settings: Mapping[str, Any] | None, assets: Assets
) -> Pipeline:
    chosen = pipeline if isinstance(pipeline, Pipeline) else Pipeline.from_yaml(pipeline)
    return chosen.with_settings(settings or {}, assets)


def _prepared(pipeline: AnyPipeline, settings: Mapping[str, Any] | None) -> tuple[Pipeline, Assets]:
    assets = user_assets()
    return _pipeline(pipeline, settings, assets), assets


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pa.RecordBatchReader):
        return frame_of(frame.read_all())
    if isinstance(frame, pa.Table | pa.RecordBatch):
        return frame_of(pa.table(frame))
    if isinstance(frame, pl.LazyFrame) or not hasattr(frame, "columns"):
        raise InputError(
            f"a frame in memory is needed, not a {type(frame).__name__}",
            hint="give a polars or pandas frame or an Arrow table; dataqa.clean takes a LazyFrame",
        )
    return pl.from_pandas(frame)


def _judge(frame: pl.DataFrame, pipeline: Pipeline, opened: Opened) -> pl.DataFrame:
    docs = _documents(frame, pipeline)
    readable = docs[TEXT].is_not_null()
    judged = opened.judge(docs.filter(readable))
    verdicts = VERDICT_OF.gather(judged.actions)
    told = judged.batch.docs.select(DOC, pl.col(TEXT).alias("_judged")).with_columns(
        verdicts.alias("verdict")
    )
    joined = docs.select(DOC).join(told, on=DOC, how="left", maintain_order="left")
    joined = joined.join(reasons(judged.batch.findings), on=DOC, how="left", maintain_order="left")
    unreadable = pl.lit(["text is null"])
    return frame.with_columns(
        joined["_judged"].alias(pipeline.reading.text_column),
        joined["verdict"].fill_null(QUARANTINE),
        joined.select(
            pl.when(pl.col("verdict").is_null())
            .then(unreadable)
            .otherwise(pl.col("reasons").fill_null(pl.lit([], pl.List(pl.String))))
            .alias("reasons")
        )["reasons"],
    )


def _documents(frame: pl.DataFrame, pipeline: Pipeline) -> pl.DataFrame:
    reading = pipeline.reading
    if reading.text_column not in frame.columns:
        raise InputError(
            f"the frame has no column {reading.text_column!r}",
            hint=did_you_mean(reading.text_column, frame.columns),
        )
    numbers = pl.Series(DOC, range(frame.height), pl.UInt64)
    ids = numbers.cast(pl.String)
    if reading.id_column is not None and reading.id_column in frame.columns:
        ids = frame[reading.id_column].cast(pl.String)
    for name in _JUDGED:
        if name in frame.columns:
            raise InputError(
                f"the frame has a column {name!r}, which is what judging adds",
                hint=f"rename it: frame.rename({{{name!r}: 'my_{name}'}})",
            )
    others = frame.drop(DOC, DOC_ID, TEXT, strict=False).get_columns()
    text = frame[reading.text_column].cast(pl.String)
    return pl.DataFrame([numbers, ids.alias(DOC_ID), text.alias(TEXT), *others])
