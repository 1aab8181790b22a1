"""Who does the work on a Ray cluster: an actor for each worker, a call for each shard.

Only this module knows Ray. A shard on a cluster is the same unit as in a process of this machine:
what it makes is whole or not there, so a shard whose actor died is simply run again elsewhere, and
a run begun here can be finished there. All nodes need the same environment, and see the inputs and
the output folder at the same place.
"""

from __future__ import annotations

import os
import platform
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from dataqa.engine.last_words import last_words
from dataqa.environment import ONE_THREAD
from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io import lease
from dataqa.io.lease import Held
from dataqa.io.store import STATE

if TYPE_CHECKING:
    from dataqa.engine.pool import Here, Pool
    from dataqa.engine.shard import Done, Job, Tell, Work

DEATHS = 3
"""Workers that may die over one shard before the run gives up: the shard may be what kills them."""
_PATIENCE = 30.0
"""Seconds without a single worker after which the run says what it waits for."""
_CONTINUES = "when it is back, run again to continue; so does --engine local"
_ENDED = f"""
Error: ended from outside, or by Ray because the cluster is lost
Hint: {_CONTINUES}
"""
"""Where the head dies with the raylet of this machine, Ray calls ``_exit``."""


class Cluster(NamedTuple):
    """Which cluster, and how much of it.

    Attributes:
        address: ``auto`` for the one that this machine belongs to, ``ray://HOST:PORT`` or
            ``HOST:PORT``; None for ``RAY_ADDRESS``, else a cluster of this machine alone, started
            for the run.
        workers: How many; None is one for each CPU that the cluster has.
        note: Told in a sentence what the run waits for.
    """

    address: str | None
    workers: int | None
    note: Callable[[str], None]


class _Worker:
    """The actor: a process somewhere that opens each stage's steps once."""

    def __init__(self, home: str, modules: Sequence[str]) -> None:
        self._home, self._modules = home, modules
        self._here: Here | None = None
        self._told: list[Any] = []

    def begin(self, job: bytes, probe: str, leases: Sequence[Held]) -> str | DataqaError:
        """Set the process up; the node's name, or why it cannot work."""
        os.environ.update(ONE_THREAD)  # before polars and numba are imported
        if os.path.isdir(self._home):  # noqa: PTH112 - as it was written there
            os.chdir(self._home)  # inputs may be named from the folder where the run began
        sys.path += [
            place for place in self._modules if place not in sys.path
        ]  # other people's steps
        from dataqa.engine.pool import Here  # noqa: PLC0415 - it imports polars

        lease.follow(leases)
        opened: Job = import_module("ray").cloudpickle.loads(job)
        if not opened.store.exists(probe):
            return InputError(
                f"node {platform.node()} does not see this folder",
                where=str(opened.store.root),
                hint="put inputs and output where all nodes see them, or on object storage",
            )
        self._here = Here(opened, self._told.append)
        return platform.node()

    def one(self, work: bytes) -> tuple[Any, list[Any]]:
        """Run a shard: its done-marker or what stops the run, and what it took."""
        assert self._here is not None
        return self._made(partial(self._here.one, import_module("ray").cloudpickle.loads(work)))

    def call(self, call: bytes) -> tuple[Any, list[Any]]:
        """Make a call: what it makes or what stops the run."""
        return self._made(import_module("ray").cloudpickle.loads(call))

    def _made(self, call: Callable[[], Any]) -> tuple[Any, list[Any]]:
        self._told.clear()
        try:
            made = call()
        except DataqaError as error:
            made = error
        return made, list(self._told)


@contextmanager
def ray_pool(job: Job, cluster: Cluster, tell: Tell) -> Generator[Pool]:
    """A pool of workers on a Ray cluster.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
        RunError: The cluster is lost; running again continues.
    """
    from dataqa.engine.pool import Pool  # noqa: PLC0415 - it imports polars

    with last_words(_ENDED), connected(cluster.address) as ray:
        probe = f"{STATE}/cluster/{uuid4().hex}"
        job.store.put(probe, b"")
        crew = _Crew(ray, job, cluster, probe)
        try:
            yield Pool(partial(crew.run, tell), partial(crew.each, tell), crew.most)
        finally:
            crew.dismiss()
            job.store.delete_all(f"{STATE}/cluster")


@contextmanager
def connected(address: str | None) -> Generator[Any]:
    """Ray, connected; a connection that was there before stays."""
    ray = library()
    ours = not ray.is_initialized()
    if ours:
        try:
            _listens(address or os.environ.get("RAY_ADDRESS", ""))
            ray.init(address, log_to_driver=False, configure_logging=False)
        except (OSError, ValueError, RuntimeError) as error:
            hint = "is it running, in the same versions of Ray and Python? `ray status` tells"
            where = address or os.environ.get("RAY_ADDRESS", "this machine")
            raise InputError(f"no Ray cluster: {_line(error)}", where=where, hint=hint) from None
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def library() -> Any:
    """The package ray, as runs want it; what Ray's own variables already say stays.

    Raises:
        InputError: It is not installed.
    """
    for name in (
        "RAY_USAGE_STATS_ENABLED",  # nothing is sent anywhere
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO",  # a worker without GPUs does not warn of it
        # begun by `uv run`, Ray would copy the folder of the project to each node and make its
        # environment again there, for minutes; nodes have the same environment already
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV",
    ):
        os.environ.setdefault(name, "0")
    try:
        return import_module("ray")  # a type checker that saw its name would read all of it
    except ModuleNotFoundError:
        hint = "pip install 'dataqa[ray]', on every node"
        raise InputError("needs the package ray", where="--engine ray", hint=hint) from None


class _Crew:
    """The actors of a run, replaced where they die; those of a stage have what its steps need."""

    def __init__(self, ray: Any, job: Job, cluster: Cluster, probe: str) -> None:
        self._ray, self._cluster, self._probe = ray, cluster, probe
        self._job = ray.put(ray.cloudpickle.dumps(job))
        self._needs: Mapping[str, float] = {}
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, int]] = {}
        self._waited, self._most = 0.0, 1

    def most(self) -> int:
        """How many have worked at once."""
        return self._most

    def run(self, tell: Tell, works: Sequence[Work]) -> Iterator[tuple[Work, Done]]:
        """Run shards; each comes as it is done."""
        if not works:
            return
        self._need(works[0])
        for number, done in self._spread(tell, "one", works, [_shard(work) for work in works]):
            yield works[number], done

    def each(self, tell: Tell, calls: Sequence[Callable[[], Any]]) -> Iterator[Any]:
        """Make calls; what they make comes in their order, and is held for one round of them."""
        size = 2 * self._size()
        for first in range(0, len(calls), size):
            some = calls[first : first + size]
            names = [f"partition {first + at}" for at in range(len(some))]
            made = dict(self._spread(tell, "call", some, [(name, "") for name in names]))
            yield from (made[at] for at in range(len(some)))

    def _spread(
        self, tell: Tell, method: str, items: Sequence[Any], names: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[int, Any]]:
        """Have actors do things, each anew where its actor dies; number and result, as they come.

        Args:
            tell: Told what things took.
            method: Of the actor.
            items: What it is given, pickled.
            names: What each is called, and where it comes from, if it kills who does it.
        """
        todo, deaths = deque(range(len(items))), Counter[int]()
        self._hire(min(self._size(), len(items)))
        while todo or self._busy:
            while todo and self._idle:
                self._give(self._idle.pop(), method, todo[0], items[todo.popleft()])
            for ref in self._some():
                if ref in self._starting:
                    self._started(ref)
                    continue
                actor, number = self._busy.pop(ref)
                result = self._result(ref, actor)
                if result is None:
                    deaths[number] += 1
                    if deaths[number] > DEATHS:
                        raise _killers(*names[number])
                    todo.appendleft(number)
                    self._start()
                    continue
                self._idle.append(actor)
                made, told = result
                for progress in told:
                    tell(progress)
                if isinstance(made, DataqaError):
                    raise made
                yield number, made

    def dismiss(self) -> None:
        """End all actors: what one has half done is done again by the next run."""
        busy = [actor for actor, _ in self._busy.values()]
        if self._ray.is_initialized():
            for actor in (*self._starting.values(), *self._idle, *busy):
                self._ray.kill(actor)
        self._starting, self._idle, self._busy = {}, [], {}

    def _size(self) -> int:
        return self._cluster.workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def _need(self, work: Work) -> None:
        """Have actors with what the stage's steps need, and no others."""
        from dataqa.types import resources  # noqa: PLC0415 - it imports polars

        needs = resources(named.step for named in work.stage.steps)
        if needs != self._needs:
            self.dismiss()
            self._needs = needs

    def _hire(self, wanted: int) -> None:
        for _ in range(wanted - len(self._idle) - len(self._starting)):
            self._start()

    def _start(self) -> None:
        told: dict[str, Any] = {"num_cpus": 1, **self._needs}
        actor = self._ray.remote(_Worker).options(**told).remote(str(Path.cwd()), sys.path)
        self._starting[actor.begin.remote(self._job, self._probe, lease.told())] = actor

    def _started(self, ref: Any) -> None:
        actor = self._starting.pop(ref)
        result = self._result(ref, actor)
        if isinstance(result, DataqaError):
            raise result
        if result is None:
            self._start()
        else:
            self._idle.append(actor)

    def _give(self, actor: Any, method: str, number: int, item: Any) -> None:
        ref = getattr(actor, method).remote(self._ray.cloudpickle.dumps(item))
        self._busy[ref] = actor, number
        self._most = max(self._most, len(self._busy))

    def _some(self) -> list[Any]:
        """Calls that have ended, if any did within a second."""
        with self._told_of_loss():
            waiting = [*self._busy, *self._starting]
            done, _ = self._ray.wait(waiting, num_returns=1, timeout=1.0)
        self._waited = 0.0 if done or self._busy else self._waited + 1.0
        if self._waited == _PATIENCE:
            free = self._ray.available_resources()
            needs = "".join(f", {key} {amount:g}" for key, amount in self._needs.items())
            self._cluster.note(
                f"no worker has begun: each needs a CPU{needs}; free are "
                f"{free.get('CPU', 0):g} CPUs and {free.get('GPU', 0):g} GPUs"
            )
        return list(done)

    def _result(self, ref: Any, actor: Any) -> Any:
        """What a call gave, None if its process or node is gone."""
        gone = self._ray.exceptions
        with self._told_of_loss():
            try:
                return self._ray.get(ref)
            except (gone.RayActorError, gone.ObjectLostError, gone.OutOfMemoryError):
                self._ray.kill(actor)
                return None
            except (gone.ActorUnschedulableError, gone.RuntimeEnvSetupError) as error:
                hint = "do all nodes have the same Python and packages? `ray logs` tells"
                raise RunError(f"no worker can start: {_line(error)}", hint=hint) from None

    @contextmanager
    def _told_of_loss(self) -> Generator[None]:
        try:
            yield
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise RunError(f"the cluster is lost: {_line(error)}", hint=_CONTINUES) from None


def _listens(address: str) -> None:
    """See that somebody does there: Ray itself would try for many minutes.

    Raises:
        OSError: Nobody does.
    """
    import socket  # noqa: PLC0415 - see tests/test_imports.py

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10.0).close()


def _shard(work: Work) -> tuple[str, str]:
    return f"shard {work.shard.number}", work.shard.pieces[0].name if work.shard.pieces else ""


def _killers(name: str, where: str) -> RunError:
    return RunError(
        f"{DEATHS + 1} workers died over {name}",
        where=where,
        hint="out of memory? `ray logs` tells; a smaller shard_bytes or fewer --workers need less",
    )


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
