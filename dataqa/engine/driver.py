"""The driver: stage by stage, shard by shard, resuming whatever is already done.

A shard's key names what it is a function of: its input, the stage's fingerprint and everything
before it. A marker under that key means done, and nothing else does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl

from dataqa.engine import settle
from dataqa.engine.batch import OnError
from dataqa.engine.finish import Result, finish
from dataqa.engine.host import Session, peak_memory_mb
from dataqa.engine.losses import lost, too_many
from dataqa.engine.onward import marker, spilled
from dataqa.engine.pool import Pool, pool_of
from dataqa.engine.shard import Counts, Done, Job, Progress, Tell, Work, add, done_of
from dataqa.engine.stock import Stock
from dataqa.engine.watch import StageBegins, Watch
from dataqa.io.sources import Shard
from dataqa.io.spill import has_spill
from dataqa.io.store import STATE
from dataqa.manifest import file_sha256
from dataqa.pipeline import NamedStep
from dataqa.plan import Plan, Stage, chain, digest
from dataqa.types import DOC, DOC_ID, asked, asks, promise

_RENAMED = f"{STATE}/renames/done.json"
type Engine = Literal["local", "ray"]
LOOKS = 32
"""Shards whose markers are looked at together: in a bucket each look is a few requests."""
IN_PROCESS_BYTES = 100 << 20
"""Below this much input, starting workers costs more than it gains."""


class Options(NamedTuple):
    """How to run, as against what to do: nothing here changes what is kept.

    Attributes:
        workers: Processes; ``None`` is one per core, or this one alone for a small input.
        on_error: ``stop``, or set the documents aside on which a step raises.
        fresh: Forget what an earlier run left in the output folder.
        max_drop: Say so as soon as a larger share of the documents than this is lost.
        overlay: A file of findings from elsewhere.
        rules: Folders of rule packs and word lists, searched before the shipped one.
        engine: ``local`` for processes of this machine, ``ray`` for a cluster.
        address: Of the Ray cluster; None is ``RAY_ADDRESS``, else a cluster of this machine alone.
    """

    workers: int | None = None
    on_error: OnError = "stop"
    fresh: bool = False
    max_drop: float | None = None
    overlay: Path | None = None
    rules: tuple[Path, ...] = ()
    engine: Engine = "local"
    address: str | None = None


class Driver:
    """One run; holds what stages hand to one another."""

    def __init__(self, plan: Plan, stock: Stock, job: Job, options: Options, watch: Watch) -> None:
        self._plan, self._stock, self._job = plan, stock, job
        self._options, self._watch = options, watch
        self._store = job.store
        self._done: dict[int, dict[str, Done]] = {}
        self._twice = self._warned = False
        self._session = Session()

    @property
    def asked(self) -> str:
        """What identifies the run: pipeline, inputs and overlay; not how it is run."""
        keys = [self._first(shard).key for shard in self._stock.shards]
        return chain(self._plan.stages[-1].fingerprint, keys)

    def run(self) -> Result:
        """Run every stage, or what is left of it, and finish."""
        first = [self._first(shard) for shard in self._stock.shards]
        session = self._session

        def tell(told: Progress) -> None:
            seen = 0 if self._twice else told.stage
            session.add(seen, told.documents, told.bytes, told.seconds, told.memory_mb)
            session.add_parts(told.parts)
            self._watch.progress(told)

        with self._pool(tell) as pool:
            self._stages(pool, first)
            session.workers = pool.workers()
        self._store.put_json("run.json", session.told(), indent=1)
        stages = [self._done[stage.number] for stage in self._plan.stages]
        return finish(self._job, self._stock, self._plan, stages, self.asked)

    def _pool(self, tell: Tell) -> AbstractContextManager[Pool]:
        options = self._options
        if options.engine == "ray":
            from dataqa.engine.on_ray import Cluster, ray_pool  # noqa: PLC0415 - heavy

            cluster = Cluster(options.address, options.workers, self._watch.note)
            return ray_pool(self._job, cluster, tell)
        return pool_of(self._job, self._workers(), tell)

    def _workers(self) -> int:
        wanted = self._options.workers
        if wanted is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
            wanted = cores if self._stock.bytes > IN_PROCESS_BYTES else 1
        return max(1, min(wanted, len(self._stock.shards)))

    def _stages(self, pool: Pool, works: list[Work]) -> None:
        renamed = self._store.get_json(_RENAMED) if self._job.user_ids else None
        if renamed is not None and renamed["asked"] == self.asked:
            # the first pass has told which ids repeat: go on with the second
            names: dict[int, str] = dict(renamed["names"])
            works = [self._first(work.shard, names.get(work.shard.number)) for work in works]
        for stage in self._plan.stages:
            self._stage(pool, stage, works)
            if stage.number == 1 and self._job.user_ids:
                works = self._without_repeats(pool, stage, works)
            if stage.number < self._plan.last:
                self._warn()
                following = self._plan.stages[stage.number]
                works = self._next(following, works, self._settle(pool, following, works))

    def _first(self, shard: Shard, renames: str | None = None) -> Work:
        stage = self._plan.stages[0]
        told = None if renames is None else file_sha256(self._store, renames)
        identity = [stage.fingerprint, self._stock.identity(shard), self._job.on_error, told]
        overlay = self._job.overlay
        if overlay is not None:
            identity.append(overlay.digest())
        key = f"{shard.number:05d}-{stage.number}-{digest(identity)}"
        return Work(stage, shard, key, None, None, renames, stage.number == self._plan.last)

    def _next(self, stage: Stage, before: list[Work], settled: str) -> list[Work]:
        return [
            Work(
                stage,
                work.shard,
                f"{work.shard.number:05d}-{stage.number}-{chain(settled, [work.key])}",
                work.key,
                settled,
                None,
                stage.number == self._plan.last,
            )
            for work in before
        ]

    def _stage(self, pool: Pool, stage: Stage, works: list[Work]) -> None:
        """Run what is not done yet; afterwards ``_done`` has a marker for every shard."""
        with ThreadPoolExecutor(LOOKS) as looks:
            found = looks.map(self._is_done, works)
            done = {work.key: told for work, told in zip(works, found, strict=True)}
        todo = [work for work in works if done[work.key] is None]
        begins = self._begins(stage, works, todo)
        self._watch.stage(begins)
        self._forget_others(todo)
        for named in stage.steps if todo else ():
            self._note(named, asks(named.step, self._job.assets, begins.documents))
        for work, result in pool.run(todo):
            done[work.key] = result
            self._watch.shard(result)
        for named in stage.steps if todo else ():
            self._note(named, asked(named.step, self._job.assets))
        self._done[stage.number] = {key: result for key, result in done.items() if result}

    def _note(self, named: NamedStep, told: str) -> None:
        if told:
            self._watch.note(f"{named.label}: {told}")

    def _forget_others(self, todo: list[Work]) -> None:
        """Other settings' markers for these shards and this stage: their files are written over."""
        places = {work.key.rpartition("-")[0] for work in todo}
        for name in self._store.names(f"{STATE}/stages"):
            key = Path(name).name.partition(".")[0]
            if name.endswith(".done") and key.rpartition("-")[0] in places:
                self._store.delete(name)

    def _is_done(self, work: Work) -> Done | None:
        told = self._store.get_json(marker(work.key))
        if told is None:
            return None
        done = done_of(told)
        here = work.last or has_spill(self._store, spilled(work.key), done.staying)
        made = all(self._store.size(file.name) == file.bytes for file in done.files)
        return done if here and made else None

    def _begins(self, stage: Stage, works: list[Work], todo: list[Work]) -> StageBegins:
        steps = tuple(named.label for named in stage.steps)
        documents = None
        if stage.number > 1:
            documents = sum(done.staying for done in self._done[stage.number - 1].values())
        size = sum(work.shard.bytes for work in todo) if stage.number == 1 else None
        already = len(works) - len(todo)
        return StageBegins(
            stage.number, self._plan.last, steps, len(todo), already, documents, size
        )

    def _without_repeats(self, pool: Pool, stage: Stage, works: list[Work]) -> list[Work]:
        """Run shards that hold a repeated id once more, now with ids of their own."""
        new = pl.DataFrame(schema={DOC: pl.UInt64, DOC_ID: pl.String})
        self._twice = True
        while (more := self._repeats(pool, works)).height:
            # a new id may be one that somebody has: hence again, until none is repeated
            self._watch.note(f"{more.height} documents have the id of another one: ~2, ~3, … added")
            new = pl.concat([new, more]).unique(DOC, keep="last").sort(DOC)
            names = settle.write_renames(self._store, new)
            works = [self._first(work.shard, names.get(work.shard.number)) for work in works]
            self._store.put_json(_RENAMED, {"asked": self.asked, "names": list(names.items())})
            self._stage(pool, stage, works)
        self._twice = False
        return works

    def _repeats(self, pool: Pool, works: list[Work]) -> pl.DataFrame:
        return self._shards(pool, works).renames()

    def _settle(self, pool: Pool, stage: Stage, works: list[Work]) -> str:
        """Have the global step rule over all documents that are left; the ruling's fingerprint."""
        fingerprint = chain(stage.fingerprint, [work.key for work in works])
        named = stage.settles
        if named is None or self._store.exists(settle.settled(fingerprint)):
            return fingerprint
        promised = f"{said}; " if (said := promise(named.step)) else ""
        self._watch.note(f"{named.label}: {promised}merging what {len(works)} shards know")
        started, elsewhere, here = time.process_time(), 0.0, os.getpid()

        def spread(calls: Sequence[Callable[[], Any]]) -> Iterator[Any]:
            nonlocal elsewhere
            for made, seconds in pool.each([partial(settle.timed, one, here) for one in calls]):
                elsewhere += seconds
                yield made

        shards = self._shards(pool, works)._replace(spread=spread)
        settle.settle(named, shards, fingerprint)
        spent = {named.label: time.process_time() - started + elsewhere}
        self._session.add(stage.number, 0, 0, spent, peak_memory_mb())
        return fingerprint

    def _shards(self, pool: Pool, works: list[Work]) -> settle.Shards:
        return settle.Shards(self._store, _keys(works), self._job.parts, pool.each)

    def _warn(self) -> None:
        """Say as soon as too many documents are lost: who looks on may want to stop here."""
        documents = sum(done.documents for done in self._done[1].values())
        counts: Counts = {}
        for done in (done for parts in self._done.values() for done in parts.values()):
            counts = add(counts, done.left)
        if not self._warned and too_many(counts, documents, self._options.max_drop):
            self._warned = True
            self._watch.note(
                f"{lost(counts)} of {documents} documents are lost already, more than max_drop "
                "allows; the run goes on, so that its report tells why"
            )


def _keys(works: list[Work]) -> dict[int, str]:
    return {work.shard.number: work.key for work in works}
