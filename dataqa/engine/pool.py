"""Who does the work: this process for little, one spawned process per core for much.

Never fork: polars has threads. Workers use one thread each, ignore Ctrl-C (the driver ends them),
and die with their driver even when it is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from queue import Empty
from typing import Any, NamedTuple

from dataqa.engine.batch import OpenedStep
from dataqa.engine.settle import Spread, in_turn
from dataqa.engine.shard import Done, Job, Progress, Tell, Work, open_steps, run_shard
from dataqa.environment import ONE_THREAD, variables
from dataqa.errors import RunError
from dataqa.io import lease
from dataqa.io.lease import Held

_PR_SET_PDEATHSIG = 1


class Pool(NamedTuple):
    """Whoever runs shards.

    Attributes:
        run: Runs some; results come as they are done, each with its work.
        each: Runs calls that can be sent to a process; what they make comes in their order.
        workers: How many there are, or have been at most.
    """

    run: Callable[[Sequence[Work]], Iterator[tuple[Work, Done]]]
    each: Spread
    workers: Callable[[], int]


@contextmanager
def pool_of(job: Job, workers: int, tell: Tell) -> Generator[Pool]:
    """A pool of ``workers`` processes; with one worker, this process itself."""
    if workers <= 1:
        yield Pool(Here(job, tell).run, in_turn, lambda: 1)
        return
    context = multiprocessing.get_context("spawn")
    with _told_of_death():
        messages = context.Queue()
    with variables(ONE_THREAD):
        executor = ProcessPoolExecutor(
            workers,
            context,
            _begin,
            (job, messages, os.getpid(), lease.told()),
            max_tasks_per_child=None,
        )
        try:
            start = _start_of(job)
            run = partial(_spread, executor, messages, tell, start)
            yield Pool(run, partial(_in_order, executor, start, workers), lambda: workers)
        finally:
            _end(executor)


class Here:
    """Works in this process, opening each stage's steps once."""

    def __init__(self, job: Job, tell: Tell) -> None:
        self._job, self._tell = job, tell
        self._opened: dict[str, list[OpenedStep]] = {}

    def run(self, works: Sequence[Work]) -> Iterator[tuple[Work, Done]]:
        """One after the other."""
        for work in works:
            yield work, self.one(work)

    def one(self, work: Work) -> Done:
        """One shard, by the steps that are open if they are its stage's."""
        key = work.stage.fingerprint
        if key not in self._opened:
            self._opened = {key: open_steps(work.stage, self._job.assets)}
        return run_shard(self._job, work, self._opened[key], self._tell)


_worker: Here | None = None


def _begin(job: Job, messages: Any, driver: int, leases: Sequence[Held]) -> None:
    """Set a worker process up: it lives as long as its driver."""
    global _worker  # noqa: PLW0603 - what a process keeps between its tasks has to live somewhere
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(driver)
    lease.follow(leases)
    _worker = Here(job, messages.put)


def _one(work: Work) -> Done:
    assert _worker is not None
    return _worker.one(work)


def _die_with(driver: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _spread(
    executor: ProcessPoolExecutor,
    messages: Any,
    tell: Tell,
    start: Callable[[], AbstractContextManager[None]],
    works: Sequence[Work],
) -> Iterator[tuple[Work, Done]]:
    with start(), _told_of_death():
        waiting: dict[Future[Done], Work] = {executor.submit(_one, work): work for work in works}
    while waiting:
        done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        for progress in _drain(messages):
            tell(progress)
        for future in done:
            work = waiting.pop(future)
            with _told_of_death():
                done_now = future.result()
            yield work, done_now


def _in_order(
    executor: ProcessPoolExecutor,
    start: Callable[[], AbstractContextManager[None]],
    workers: int,
    calls: Sequence[Callable[[], Any]],
) -> Iterator[Any]:
    """Not many ahead of who takes them: what they make has to be held meanwhile."""
    ahead: deque[Future[Any]] = deque()
    for call in calls:
        with start(), _told_of_death():
            ahead.append(executor.submit(call))
        if len(ahead) > 2 * workers:
            with _told_of_death():
                made = ahead.popleft().result()
            yield made
    for future in ahead:
        with _told_of_death():
            made = future.result()
        yield made


@contextmanager
def _told_of_death() -> Generator[None]:
    """Say what it means when a worker, or the tracker that starts with it, is gone."""
    try:
        yield
    except (BrokenProcessPool, BrokenPipeError, EOFError) as error:
        raise RunError(
            "a worker process ended without a word",
            hint="out of memory? Fewer --workers need less; run again to continue",
        ) from error


def _drain(messages: Any) -> Iterator[Progress]:
    while True:
        try:
            yield messages.get_nowait()
        except Empty:
            return


def _end(executor: ProcessPoolExecutor) -> None:
    """Stop at once: what a worker has half done is done again by the next run."""
    processes = list((executor._processes or {}).values())  # noqa: SLF001
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _start_of(job: Job) -> Callable[[], AbstractContextManager[None]]:
    """What workers are started in; a step that the script itself defines needs the script."""
    homes = {type(named.step).__module__ for named in job.pipeline.steps}
    return nullcontext if "__main__" in homes else _scripts_left_alone


@contextmanager
def _scripts_left_alone() -> Generator[None]:
    """Start workers without running the user's script in them once more.

    A spawned process imports the main module, and a script that calls ``dataqa.run`` without a
    ``__name__`` guard would begin again there. Workers need nothing of it: steps are found by their
    modules.
    """
    main = sys.modules["__main__"]
    hidden = {name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)}
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)
