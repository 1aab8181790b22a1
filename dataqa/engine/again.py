"""Doing a finished run again with other bounds or more inputs, from what it already knows.

The new run is made whole beside the old one and then takes its place, folder by folder; a kill in
between is healed by whoever opens the folder next.
"""

from __future__ import annotations

from typing import Any

from dataqa.engine.driver import Driver, Options
from dataqa.engine.finish import Result, evidence, load
from dataqa.engine.inputs import take_back
from dataqa.engine.layout import probe
from dataqa.engine.outlet import FOLDERS
from dataqa.engine.provenance import require_steps
from dataqa.engine.replay import Replay
from dataqa.engine.reporting import COMPLETE, TOLD_OF_DOCUMENTS, output_of
from dataqa.engine.shard import Job
from dataqa.engine.stock import SPOOL, STOCK, Stock
from dataqa.engine.watch import Watch
from dataqa.errors import InputError
from dataqa.io.store import STATE, Store
from dataqa.manifest import MANIFEST
from dataqa.pipeline import Pipeline
from dataqa.plan import Plan
from dataqa.types import Assets, rewrites

LOCKS = {"lock", "lease", "mirror"}
"""What of the state is about who holds it: kept when all else is forgotten."""
_NEXT = f"{STATE}/next"
_SWAP = f"{STATE}/swap.json"
_STATE_PARTS = (
    *("stages", "settled", "left", "renames", "overlay"),
    *("examples.json", "stock.json", "complete.json"),
)
FILES = (MANIFEST, "report.json", "report.html", "run.json", *TOLD_OF_DOCUMENTS)


def pipeline_of(store: Store) -> Pipeline:
    """The pipeline of the finished run in a folder.

    Raises:
        InputError: There is no finished run, or one of its steps cannot be found by its name.
    """
    manifest: dict[str, Any] | None = store.get_json(MANIFEST)
    if manifest is None or load(store) is None:
        raise InputError(
            "there is no finished run in this folder",
            where=str(store.root),
            hint="`dataqa run` makes one, or finishes it",
        )
    where = str(store.root / MANIFEST)
    require_steps(manifest["pipeline"], manifest["steps"], where)
    return Pipeline.from_builtins(manifest["pipeline"], name=where)


def refuse_strangers(store: Store) -> None:
    """Take no folder whose files no run has made: they would be swept.

    Raises:
        InputError: It has files where a run's documents go, and is no run's folder.
    """
    if store.exists(STOCK):
        return
    if (
        store.exists(MANIFEST)
        and load(store) is None
        and "pipeline" not in store.get_json(MANIFEST)
    ):
        raise InputError(
            "this folder is something else than a run: an index, or a preview",
            where=str(store.root),
            hint="choose another folder with -o",
        )
    for folder in FOLDERS:
        if names := store.names(folder):
            raise InputError(
                f"{names[0]} was made by somebody else",
                where=str(store.root),
                hint="choose another folder with -o; a run keeps kept/, rejected/ ... to itself",
            )


def same_evidence(store: Store, pipeline: Pipeline, assets: Assets) -> bool:
    """Whether a pipeline measures what the finished run in a folder measured."""
    complete = store.get_json(COMPLETE) or {}
    return complete.get("evidence") == evidence(pipeline, assets)


def rewritten(plan: Plan) -> bool:
    """Whether texts are changed by rulings: outputs hold what is left, and steps need the whole."""
    return any(stage.settles and rewrites(stage.settles.step) for stage in plan.stages)


def run_again(
    job: Job,
    plan: Plan,
    stock: Stock,
    options: Options,
    watch: Watch,
    *,
    to: Store | None = None,
) -> Result:
    """Run a plan over what the finished run in the job's folder knows, and over new shards.

    Args:
        job: The new run's job; its store holds the finished run.
        plan: The new run's stages.
        stock: The new run's inputs.
        options: How to run.
        watch: Whom to tell.
        to: Where the new run goes; by default it takes the place of the finished one.
    """
    old = job.store
    # the evidence is the same, so the finished run's files differ in how they are written at most
    known = probe(plan, job.schema, job.assets, None)
    was = output_of(old.get_json(MANIFEST)["pipeline"])
    written = known.layout._replace(output=was)
    replay = None if rewritten(plan) else Replay(old, written, known.owns, plan.last)
    if replay is None:
        take_back(old, stock, job.on_error)
    target = to or Store(old.root / _NEXT)
    with target.locked():
        refuse_strangers(target)
        target.put_json(STOCK, stock.record)
        finished = Driver(
            plan, stock, job._replace(store=target, replay=replay), options, watch
        ).run()
    old.delete_all(SPOOL)
    if to is None:
        old.put_json(_SWAP, {})
        recover(old)
        finished = finished._replace(out=old.root)
    return finished


def heal(store: Store) -> None:
    """``recover`` for a reader: only where something is to be done, and nobody else is doing it.

    Raises:
        InputError: A run is taking this one's place right now.
    """
    if store.exists(_SWAP):
        with store.locked():
            recover(store)


def recover(store: Store) -> None:
    """With the folder locked, finish taking a finished run's place, if that was begun.

    Safe to do any number of times.
    """
    if not store.exists(_SWAP):
        return
    if not store.get_json(_SWAP).get("taken"):
        store.delete(COMPLETE)
        for name in TOLD_OF_DOCUMENTS:
            store.delete(name)
        for name in (*FOLDERS, *FILES, *(f"{STATE}/{part}" for part in _STATE_PARTS)):
            store.take(f"{_NEXT}/{name}", name)
        # from here on what is left of the new one, where it was made, tells nothing any more
        store.put_json(_SWAP, {"taken": True})
    store.delete_all(_NEXT)
    store.delete(_SWAP)
