"""A run on this machine, begun, continued or done again from what a finished one already knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from dataqa.engine import again
from dataqa.engine.driver import Driver, Options
from dataqa.engine.finish import Result, load, sizes_changed, sweep
from dataqa.engine.layout import probe
from dataqa.engine.outlet import FOLDERS
from dataqa.engine.overlay import read_overlay
from dataqa.engine.shard import Job
from dataqa.engine.stock import Stock, take_stock
from dataqa.engine.watch import Silent, Watch
from dataqa.errors import InputError
from dataqa.io.sources import Reading
from dataqa.io.store import STATE, Store
from dataqa.io.urls import is_remote, place
from dataqa.pipeline import Pipeline
from dataqa.plan import Plan, make_plan
from dataqa.registry import rule_folders, user_assets
from dataqa.types import DOC_ID, Assets


def assets_of(store: Store, rules: Sequence[Path]) -> Assets:
    """Where the steps of a run find what they open."""
    if store.remote:
        return user_assets(*rules)._replace(run=store.root)
    return Assets(rule_folders(*rules), store.root / STATE / "cache", store.root)


def run_local(
    pipeline: Pipeline,
    inputs: Sequence[str | Path],
    out: Path,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Result:
    """Run a pipeline over files, on this machine.

    Raises:
        InputError: Something in the pipeline, the inputs or the output folder has to be mended.
        RunError: The run stopped; running again continues it.
    """
    options, watch = options or Options(), watch or Silent()
    out = place(out)
    _apart(inputs, out)
    store = Store(out)
    assets = assets_of(store, options.rules)
    plan = make_plan(pipeline, assets)
    with store.locked():
        again.recover(store)
        again.refuse_strangers(store)
        if options.fresh:
            _forget(store)
        finished = load(store)
        if finished is not None and not again.same_evidence(store, pipeline, assets):
            raise InputError(
                "this folder holds a finished run that measured other things",
                where=str(out),
                hint="choose another folder with -o, or begin anew with --fresh",
            )
        if finished is not None and (changed := sizes_changed(store)):
            watch.note(f"{changed[0]} is not what the run wrote: running again what is missing")
            store.delete(again.COMPLETE)
            finished = None
        stock = take_stock(
            store,
            pipeline.name,
            inputs,
            pipeline.reading,
            options.on_error,
            complete=finished is not None,
        )
        job = make_job(store, plan, stock, assets, options)
        driver = Driver(plan, stock, job, options, watch)
        if finished is None:
            return driver.run()
        if load(store, driver.asked) is not None:
            watch.note("nothing to do: this run is complete")
            sweep(store)
            return finished
        watch.note("reading back what the finished run already knows")
        return again.run_again(job, plan, stock, options, watch)


def _apart(inputs: Sequence[str | Path], out: Path) -> None:
    """See that a run does not read what it writes."""
    for one in map(place, inputs):
        within = out.resolve().is_relative_to(one.resolve())
        if within and (one.is_dir() or is_remote(one)):
            raise InputError(
                "the output folder lies in an input folder, and the next run would read it",
                where=str(out),
                hint="choose another folder with -o",
            )


def make_job(store: Store, plan: Plan, stock: Stock, assets: Assets, options: Options) -> Job:
    """What is the same for every shard of a run.

    Raises:
        InputError: A step lacks what it needs, or the overlay cannot be read.
    """
    reading = plan.pipeline.reading
    overlay = read_overlay(options.overlay) if options.overlay else None
    return Job(
        store=store,
        pipeline=plan.pipeline,
        assets=assets,
        layout=probe(plan, stock.schema, assets, overlay).layout,
        schema=stock.schema,
        reading=reading,
        on_error=options.on_error,
        parts=stock.parts,
        overlay=overlay,
        user_ids=_has_ids(stock.schema, reading),
        rules=tuple(rule for stage in plan.stages for _, rule in stage.rules),
    )


def _has_ids(schema: pl.Schema, reading: Reading) -> bool:
    """Whether ids are the user's, and so may repeat."""
    return reading.id_column is not None or DOC_ID in schema


def _forget(store: Store) -> None:
    for name in (*FOLDERS, *again.FILES):
        store.delete_all(name)
    for part in sorted({name.split("/")[1] for name in store.names(STATE)} - again.LOCKS):
        store.delete_all(f"{STATE}/{part}")
