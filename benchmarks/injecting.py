"""The faults of ``python -m benchmarks.faults``: each runs the command once, and harms it.

A fault is a function of a trial. It gives back how each process that it began has ended; what was
meant to be killed may say nothing, whatever else ends must say why.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bench import ROOT

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "engine")]

STORE_KINDS = ("refuse", "cut", "lose", "drop", "slow")
_LEASE = "2"
"""Seconds after which another machine may go on with a run in a bucket."""


class Ended(NamedTuple):
    """How a process ended: its exit code, minus the signal if one ended it, and what it said."""

    code: int
    said: str


class Trial(NamedTuple):
    """One run that is harmed.

    Attributes:
        draw: Where all chance comes from.
        command: The run, without its output folder and engine.
        out: The folder, also of a bucket.
        target: How the command calls it.
        environment: Of its process.
        files: About how many files the run makes.
        port: Of the bucket's server.
        cluster: Gives the Ray cluster, beginning one where there is none.
    """

    draw: random.Random
    command: tuple[str, ...]
    out: Path
    target: str
    environment: Mapping[str, str]
    files: int
    port: int
    cluster: Callable[[], Any]

    def start(
        self, *more: str, before: tuple[str, ...] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """Begin the run, in a process group of its own."""
        return subprocess.Popen(
            [*before, *self.command, "-o", self.target, *more],
            env={**os.environ, **self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def at_some_file(self, process: subprocess.Popen[str]) -> None:
        """Wait until the run has made so many files as is drawn, or has ended."""
        wanted, seen = self.draw.randrange(self.files), set[str]()
        while len(seen) <= wanted and process.poll() is None:
            seen.update(str(path) for path in self.out.rglob("*"))
            time.sleep(0.002)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for it."""
    _, said = process.communicate()
    return Ended(process.returncode, said)


def bytes_of(out: Path) -> dict[str, str]:
    """Digests of all files in a run's six folders."""
    from runs import tree  # pyright: ignore[reportMissingImports]

    return tree(out)


def driver_killed(trial: Trial) -> list[Ended]:
    """The driver alone: its workers must not write on."""
    process = trial.start("--workers", "2")
    trial.at_some_file(process)
    process.kill()
    return [ended(process)]


def worker_killed(trial: Trial) -> list[Ended]:
    """One worker of two."""
    from test_kills import descendants  # pyright: ignore[reportMissingImports]

    process = trial.start("--workers", "2")
    trial.at_some_file(process)
    for worker in trial.draw.sample(found := descendants(process.pid), min(1, len(found))):
        _kill(worker)
    return [ended(process)]


def machine_killed(trial: Trial) -> list[Ended]:
    """All processes at once."""
    process = trial.start("--workers", trial.draw.choice("12"))
    trial.at_some_file(process)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return [ended(process)]


def interrupted(trial: Trial) -> list[Ended]:
    """Ctrl-C."""
    process = trial.start("--workers", "2")
    trial.at_some_file(process)
    process.send_signal(signal.SIGINT)
    return [ended(process)]


def two_at_once(trial: Trial) -> list[Ended]:
    """Two runs into one folder: one of them is refused, or finds all done."""
    first = trial.start("--workers", "2")
    trial.at_some_file(first)
    second = trial.start("--workers", "1")
    return [ended(first), ended(second)]


def disk_full(trial: Trial) -> list[Ended]:
    """A disk of a few hundred kilobytes; it has room again before the run is continued."""
    trial.out.mkdir()
    size = trial.draw.randrange(16, 1200)
    told = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "dataqa-faults", str(trial.out)]
    subprocess.run(told, check=True)
    process = trial.start("--workers", "2")
    end = ended(process)
    subprocess.run(["mount", "-o", "remount,size=64m", str(trial.out)], check=True)
    return [end]


def may_mount(folder: Path) -> bool:
    """Whether this process may mount a small disk."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("mount"):
        return False
    there = folder / "disk"
    there.mkdir()
    told = ["mount", "-t", "tmpfs", "-o", "size=1m", "dataqa-faults", str(there)]
    if subprocess.run(told, capture_output=True, check=False).returncode:
        return False
    subprocess.run(["umount", str(there)], check=True)
    return True


def unmount(out: Path) -> None:
    """Give a small disk back."""
    if out.is_mount():
        subprocess.run(["umount", str(out)], check=True)


def bad_connection(trial: Trial) -> list[Ended]:
    """A store that refuses, cuts, loses, drops or is slow, up to every third request."""
    from faulty import Fault, faulty  # pyright: ignore[reportMissingImports]

    draw, share = random.Random(trial.draw.random()), trial.draw.uniform(0.02, 0.3)
    kinds = trial.draw.sample(STORE_KINDS, trial.draw.randint(1, len(STORE_KINDS)))

    def decide(method: str, path: str) -> Fault:
        del method, path
        return draw.choice(kinds) if draw.random() < share else ""

    with faulty(trial.port, decide) as url:
        process = trial.start("--workers", "2", AWS_ENDPOINT_URL=url, DATAQA_STORE_SECONDS="3")
        return [ended(process)]


def store_down(trial: Trial) -> list[Ended]:
    """From some request on, the store answers 503."""
    from faulty import Fault, faulty  # pyright: ignore[reportMissingImports]

    left = [trial.draw.randrange(1, 250)]

    def decide(method: str, path: str) -> Fault:
        del method, path
        left[0] -= 1
        return "" if left[0] > 0 else "refuse"

    with faulty(trial.port, decide) as url:
        process = trial.start("--workers", "2", AWS_ENDPOINT_URL=url, DATAQA_STORE_SECONDS="2")
        return [ended(process)]


def killed_in_bucket(trial: Trial) -> list[Ended]:
    """A run into a bucket is killed; it is continued by this machine or by another one."""
    process = trial.start("--workers", "2", DATAQA_LEASE_SECONDS=_LEASE)
    trial.at_some_file(process)
    os.killpg(process.pid, signal.SIGKILL)
    if trial.draw.random() < 0.5:
        shutil.rmtree(trial.environment["DATAQA_MIRROR"], ignore_errors=True)
    return [ended(process)]


def two_machines(trial: Trial) -> list[Ended]:
    """Two runs into one bucket from two machines."""
    first = trial.start("--workers", "2", DATAQA_LEASE_SECONDS=_LEASE)
    trial.at_some_file(first)
    mirror = trial.environment["DATAQA_MIRROR"] + "-other"
    second = trial.start("--workers", "1", DATAQA_LEASE_SECONDS=_LEASE, DATAQA_MIRROR=mirror)
    return [ended(first), ended(second)]


def wrong_clock(trial: Trial) -> list[Ended]:
    """Two machines whose clocks are hours apart; the first is killed and the other goes on."""
    behind, ahead = (f"{sign}{trial.draw.randrange(1, 48)}h" for sign in "-+")
    mirror = trial.environment["DATAQA_MIRROR"] + "-other"
    first = trial.start(
        "--workers", "1", before=("faketime", "-m", "-f", behind), DATAQA_LEASE_SECONDS=_LEASE
    )
    trial.at_some_file(first)
    os.killpg(first.pid, signal.SIGKILL)
    second = trial.start(
        *("--workers", "1"),
        before=("faketime", "-m", "-f", ahead),
        DATAQA_LEASE_SECONDS=_LEASE,
        DATAQA_MIRROR=mirror,
    )
    return [ended(first), ended(second)]


def ray_worker_killed(trial: Trial) -> list[Ended]:
    """A worker's process on a cluster, while it works."""
    process = _on(trial, trial.cluster())
    trial.at_some_file(process)
    for worker in trial.draw.sample(found := _ray_workers(), min(1, len(found))):
        _kill(worker)
    return [ended(process)]


def ray_node_killed(trial: Trial) -> list[Ended]:
    """A node of three, with its raylet and its workers."""
    cluster = trial.cluster()
    node = cluster.add_node(num_cpus=1)
    process = _on(trial, cluster)
    trial.at_some_file(process)
    cluster.remove_node(node, allow_graceful=False)
    return [ended(process)]


def ray_head_killed(trial: Trial) -> list[Ended]:
    """The head and all that it knows; the run is continued on this machine."""
    cluster = trial.cluster()
    process = _on(trial, cluster)
    trial.at_some_file(process)
    cluster.shutdown()
    return [ended(process)]


def _on(trial: Trial, cluster: Any) -> subprocess.Popen[str]:
    return trial.start("--engine", "ray", "--address", cluster.address)


def _ray_workers() -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            name = path.read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::_Worker"):
            found.append(int(path.parent.name))
    return sorted(found)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


class Clusters:
    """The Ray cluster of the trials: two nodes of one CPU, begun anew where it was shut down."""

    def __init__(self) -> None:
        self._cluster: Any = None

    def get(self) -> Any:
        """The one that runs."""
        from importlib import import_module

        from dataqa.engine.on_ray import library

        if self._cluster is None or self._cluster.head_node is None:
            library()
            head = {"num_cpus": 1}
            made = import_module("ray.cluster_utils").Cluster(
                initialize_head=True, head_node_args=head
            )
            made.add_node(num_cpus=1)
            self._cluster = made
        return self._cluster

    def close(self) -> None:
        """End it."""
        if self._cluster is not None and self._cluster.head_node is not None:
            self._cluster.shutdown()
