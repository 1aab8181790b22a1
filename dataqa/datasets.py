"""Judging inside a user's own Ray Data job: a dataset in, a dataset out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dataqa.environment import ONE_THREAD

if TYPE_CHECKING:
    import pyarrow as pa

    from dataqa.frames import AnyPipeline
    from dataqa.pipeline import Pipeline
    from dataqa.types import Assets


class _Judge:
    """What Ray Data starts in each of its actors: the steps are opened once."""

    def __init__(self, pipeline: Pipeline, assets: Assets) -> None:
        os.environ.update(ONE_THREAD)
        from dataqa.frames import table_judge  # noqa: PLC0415 - in the actor, not where it is asked

        self._judge: Callable[[pa.Table], pa.Table] = table_judge(pipeline, assets)

    def __call__(self, table: pa.Table) -> pa.Table:
        return self._judge(table)


def judge_dataset(
    dataset: Any,
    pipeline: AnyPipeline,
    *,
    settings: Mapping[str, Any] | None = None,
    concurrency: int | tuple[int, int] | None = None,
    batch_size: int = 1024,
) -> Any:
    """Judge the documents of a Ray dataset, each batch by itself, on an actor pool.

    Args:
        dataset: A ``ray.data.Dataset`` with the pipeline's text column.
        pipeline: A pipeline without steps that need all documents, such as ``exact``.
        settings: What ``--set`` takes.
        concurrency: Actors, or the least and the most of them; by default one up to as many as the
            cluster has CPUs.
        batch_size: Rows that are judged together.

    Returns:
        The dataset with the text as the steps left it, ``verdict`` (kept, rejected, review or
        quarantine) and ``reasons`` (a list of rules); lazy, as Ray's datasets are.

    Raises:
        InputError: At once, if the pipeline has such a step, or one with a budget, which actors
            by themselves could not keep: use ``dataqa.run(..., engine="ray")``.
    """
    from dataqa.errors import InputError  # noqa: PLC0415 - as below
    from dataqa.frames import batchwise  # noqa: PLC0415 - heavy
    from dataqa.types import resources  # noqa: PLC0415 - heavy

    chosen, assets = batchwise(pipeline, settings)
    for named in chosen.steps:
        if getattr(named.step, "budget", ""):
            hint = 'dataqa.run(..., engine="ray") keeps one'
            what = "a budget is counted in the folder of a run"
            raise InputError(what, where=f"step {named.label}", hint=hint)
    needs = {"num_cpus": 1.0, **resources(named.step for named in chosen.steps)}
    return dataset.map_batches(
        _Judge,
        fn_constructor_args=(chosen, assets),
        batch_format="pyarrow",
        batch_size=batch_size,
        concurrency=concurrency or (1, _cpus()),
        **needs,
    )


def _cpus() -> int:
    from importlib import import_module  # noqa: PLC0415

    ray: Any = import_module("ray")
    return max(1, int(ray.cluster_resources().get("CPU", 1)))
