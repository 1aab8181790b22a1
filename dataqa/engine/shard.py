"""One shard through one stage: the unit of work, of resuming and of failure.

Everything it makes is written whole, its done-marker last; so a shard is either done, with the
marker saying what it made, or it is run again and makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from dataqa.engine.batch import (
    Failure,
    OnError,
    OpenedStep,
    Parts,
    Timed,
    lap,
    lap_parts,
    run_batch,
    take,
)
from dataqa.engine.host import peak_memory_mb
from dataqa.engine.onward import Onward, Wanted, marker, spilled, tallied
from dataqa.engine.outlet import QUARANTINE, Layout, Outlet
from dataqa.engine.overlay import Overlay
from dataqa.engine.replay import Replay
from dataqa.engine.settle import rulings_about
from dataqa.io.sinks import Written
from dataqa.io.sources import DAMAGED, Reading, Shard, read
from dataqa.io.spill import between, read_spill
from dataqa.io.store import Store
from dataqa.pipeline import Pipeline
from dataqa.plan import Stage
from dataqa.policy import actions, judge
from dataqa.report import Tally
from dataqa.rules import Rule
from dataqa.types import (
    DOC,
    DOC_ID,
    FINDINGS,
    TEXT,
    Action,
    Assets,
    Batch,
    GlobalStep,
    batch_of,
)

type Counts = dict[str, int]


class Progress(NamedTuple):
    """What one batch added.

    ``bytes`` is the text that was read, ``left`` the documents that left by verdict, ``seconds``
    the CPU time of each step, ``memory_mb`` the most that the process has held so far, ``parts``
    CPU time and characters of parts of steps.
    """

    stage: int
    documents: int
    bytes: int
    left: Counts
    seconds: dict[str, float]
    memory_mb: float
    parts: Parts


type Tell = Callable[[Progress], None]


class Job(NamedTuple):
    """All that is the same for every shard of a run; it travels to workers once."""

    store: Store
    pipeline: Pipeline
    assets: Assets
    layout: Layout
    schema: pl.Schema
    reading: Reading
    on_error: OnError
    parts: int
    overlay: Overlay | None
    user_ids: bool
    rules: tuple[Rule, ...]
    replay: Replay | None = None


class Work(NamedTuple):
    """One shard in one stage.

    ``key`` names its marker and what it spills; ``before`` is the key of the same shard in the
    stage before, ``rulings`` the fingerprint under which the settled global step has ruled.
    """

    stage: Stage
    shard: Shard
    key: str
    before: str | None
    rulings: str | None
    renames: str | None
    last: bool


class Done(NamedTuple):
    """A done-marker: counts, and the files that were made."""

    documents: int
    staying: int
    left: Counts
    files: list[Written]

    @property
    def leaving(self) -> int:
        """Documents that left in this stage."""
        return sum(self.left.values())


def done_of(told: dict[str, Any]) -> Done:
    """A done-marker from its JSON."""
    done = Done(**told)
    return done._replace(files=[Written(*file) for file in done.files])


class _Source(NamedTuple):
    batch: Batch
    damaged: pl.DataFrame


def open_steps(stage: Stage, assets: Assets) -> list[OpenedStep]:
    """The stage's steps, opened; do it once per worker."""
    return [OpenedStep(named.label, Timed(named.step.open(assets))) for named in stage.steps]


def run_shard(job: Job, work: Work, opened: list[OpenedStep], tell: Tell) -> Done:
    """Run a shard through a stage, write what comes of it, and the marker last.

    Raises:
        DataqaError: Input that cannot be read or a step that raised, unless quarantined.
    """
    stage = work.stage
    labels = [named.label for named in job.pipeline.steps]
    tally = Tally(job.rules, job.pipeline.output.source_column, steps=labels)
    outlet = Outlet(job.store, work.shard.number, stage.number, job.layout, tally)
    onward = Onward(job.store, work.key, _wanted(job, work))
    told = job.replay if job.replay and job.replay.has(work.shard.number) else None
    again = told.again(work.shard.number, stage, opened) if told else None
    left = _still_aside(outlet, told, work)
    documents, staying = left.get(QUARANTINE, 0), 0
    if told is not None and stage.number == 1:
        documents = told.aside(work.shard.number)  # those of later stages came in here too
    for source in _sources(job, work, told):
        onward.note_ids(source.batch.docs)
        run = again.run if again else partial(run_batch, steps=opened)
        batch, failures = run(source.batch, on_error=job.on_error)
        gone = _set_aside(outlet, source.damaged, failures)
        batch = judged(batch, stage)
        asked = actions(batch.docs[DOC], batch.findings)
        goes = asked == Action.DROP if not work.last else asked >= Action.KEEP
        gone |= outlet.leave(take(batch, goes), asked.filter(goes))
        onward.stay(take(batch, ~goes))
        read_now = source.batch.docs.height + source.damaged.height
        documents += read_now
        staying += int((~goes).sum())
        left = add(left, gone)
        size = int(source.batch.docs[TEXT].str.len_bytes().sum())
        seconds, parts = lap(opened) | onward.lap(), lap_parts(opened)
        tell(Progress(stage.number, read_now, size, gone, seconds, peak_memory_mb(), parts))
    onward.close()
    # one file in every folder, so that each can be scanned even when nothing went there
    files = outlet.close(every=work.last and work.shard.number == 0)
    done = Done(documents, staying, left, files)
    job.store.put_json(tallied(work.key), tally.to_dict())
    job.store.put_json(marker(work.key), done._asdict())
    return done


def judged(batch: Batch, stage: Stage) -> Batch:
    """The batch with the findings of the stage's rules, all findings by document."""
    if not batch.docs.height:
        return batch
    batch = batch.with_findings(judge(batch, stage.rules))
    return batch._replace(findings=batch.findings.sort(DOC, maintain_order=True))


def add(these: Counts, those: Counts) -> Counts:
    """Counts added up."""
    return {key: these.get(key, 0) + those.get(key, 0) for key in sorted({*these, *those})}


def _wanted(job: Job, work: Work) -> Wanted:
    following = work.stage.sketches
    sketch, label = None, ""
    if following is not None and isinstance(following.step, GlobalStep):
        sketch, label = following.step.sketcher(job.assets), following.label
    ids = job.user_ids and work.stage.number == 1
    return Wanted(not work.last, sketch, ids, job.parts, job.reading.batch_bytes, label)


def _set_aside(outlet: Outlet, damaged: pl.DataFrame, failures: list[Failure]) -> Counts:
    if not damaged.height and not failures:
        return {}
    outlet.set_aside(damaged, failures)
    return {QUARANTINE: damaged.height + len(failures)}


def _still_aside(outlet: Outlet, told: Replay | None, work: Work) -> Counts:
    """Quarantine what the run that is read back had quarantined in this stage."""
    rows = told.damaged(work.shard.number, work.stage.number) if told else None
    if rows is None or not rows.height:
        return {}
    outlet.set_aside_again(rows)
    return {QUARANTINE: rows.height}


def _sources(job: Job, work: Work, told: Replay | None) -> Iterator[_Source]:
    """The batches of a shard: read in the first stage, spilled ones with rulings in the others."""
    nothing = pl.DataFrame(schema=DAMAGED)
    if work.before is None and told is not None:
        for batch in told.batches(work.shard.number, job.reading.batch_bytes):
            yield _Source(job.overlay.over(batch) if job.overlay else batch, nothing)
        return
    if work.before is None:
        renames = _table(job.store, work.renames)
        for chunk in read(work.shard, job.reading, job.schema, job.on_error):
            docs = chunk.docs if renames is None else _renamed(chunk.docs, renames)
            batch = batch_of(docs)
            yield _Source(job.overlay.over(batch) if job.overlay else batch, chunk.damaged)
        return
    rulings = rulings_about(job.store, work.rulings, work.shard.number) if work.rulings else None
    for batch in read_spill(job.store, spilled(work.before)):
        yield _Source(batch if rulings is None else attach(batch, rulings), nothing)


def _table(store: Store, name: str | None) -> pl.DataFrame | None:
    if name is None or not store.exists(name):
        return None
    return pl.read_parquet(store.path(name))


def _renamed(docs: pl.DataFrame, renames: pl.DataFrame) -> pl.DataFrame:
    new = docs.select(DOC).join(renames, on=DOC, how="left", maintain_order="left")[DOC_ID]
    return docs.with_columns(pl.coalesce(new, pl.col(DOC_ID)).alias(DOC_ID))


def attach(batch: Batch, rulings: pl.DataFrame) -> Batch:
    """The batch with what a global step ruled about its documents: findings and signals."""
    mine = between(rulings, batch.docs[DOC])
    batch = batch.with_findings(mine.filter(pl.col("rule").is_not_null()))
    signals = [name for name in rulings.columns if name not in FINDINGS]
    if not signals:
        return batch
    told = mine.select(DOC, *signals).unique(DOC, keep="first", maintain_order=True)
    joined = batch.docs.select(DOC).join(told, on=DOC, how="left", maintain_order="left")
    return batch.with_signals(joined.select(signals))
