"""Killed at any moment, a run continues and makes the same bytes; and no worker outlives it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from runs import conserved, documents, go, whole, write

SIZE = 110
KILLS = 54
AT_COMMITS = 14
HERE = Path(__file__).parent


class Uninterrupted(NamedTuple):
    """The corpus, what an undisturbed run makes of it, and how long that takes two workers."""

    corpus: Path
    bytes: dict[str, str]
    seconds: float


def start(corpus: Path, out: Path, *, workers: int = 2, commit: int = 0) -> subprocess.Popen[str]:
    """A driver in a process group of its own, ready to go."""
    command = [sys.executable, str(HERE / "driven.py"), str(corpus), str(out)]
    process = subprocess.Popen(
        [*command, str(workers), str(commit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> str:
    """Wait for it and give back what it complained of."""
    _, complaint = process.communicate(timeout=60)
    return complaint


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, while it lives."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    mine = [int(word) for word in told.split()]
    return [*mine, *(grand for child in mine for grand in descendants(child))]


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2][1] != "Z"
    except OSError:
        return False


def outliving(pids: list[int]) -> list[int]:
    """Those that still run after a moment: helpers of multiprocessing end just after the driver."""
    until = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return [pid for pid in pids if alive(pid)]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    folder = tmp_path_factory.mktemp("kills")
    corpus = write(folder / "in", documents(SIZE, seed=5))
    conserved(go(corpus, folder / "out"), SIZE)
    process = start(corpus, folder / "two")
    begun = time.monotonic()
    assert end(process) == ""
    assert whole(folder / "two") == whole(folder / "out")
    assert len(list((folder / "out" / "signals").glob("*-1.parquet"))) >= 6
    return Uninterrupted(corpus, whole(folder / "out"), time.monotonic() - begun)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_random_the_rerun_makes_the_same_bytes(
    seed: int, uninterrupted: Uninterrupted, tmp_path: Path
):
    """The driver alone, a worker, or a run without workers dies; then it is asked for again."""
    draw = random.Random(seed)
    whom = ("driver", "worker", "group")[seed % 3]
    process = start(uninterrupted.corpus, tmp_path / "out", workers=1 if whom == "group" else 2)
    time.sleep(draw.uniform(0, uninterrupted.seconds / (3 if whom == "group" else 1)))
    workers = descendants(process.pid)
    if whom == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif whom == "driver" or not workers:
        process.kill()
    else:
        os.kill(draw.choice(workers), signal.SIGKILL)
    complaint = end(process)
    if process.returncode > 0:
        assert "run again" in complaint
    # at once, while workers of the killed driver may still be dying
    conserved(go(uninterrupted.corpus, tmp_path / "out"), SIZE)
    assert whole(tmp_path / "out") == uninterrupted.bytes
    assert not list((tmp_path / "out" / ".state" / "drafts").glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(AT_COMMITS))
def test_killed_beside_a_commit_the_rerun_makes_the_same_bytes(
    seed: int, uninterrupted: Uninterrupted, tmp_path: Path
):
    """Just before and just after an object appears are the moments that matter most."""
    commit = random.Random(1000 + seed).randrange(2, 160)
    process = start(uninterrupted.corpus, tmp_path / "out", workers=1, commit=commit)
    end(process)
    assert process.returncode in {0, -signal.SIGKILL}
    go(uninterrupted.corpus, tmp_path / "out")
    assert whole(tmp_path / "out") == uninterrupted.bytes


@pytest.mark.slow
def test_killed_again_and_again_it_still_gets_there(uninterrupted: Uninterrupted, tmp_path: Path):
    """Field request 3: a job that is stopped every four hours must not begin from zero."""
    kills = 0
    for commit in (8, 40, 24, 60, 50, 90, 2000):
        process = start(uninterrupted.corpus, tmp_path / "out", workers=1, commit=commit)
        end(process)
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 3
    assert whole(tmp_path / "out") == uninterrupted.bytes


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_worker_outlives_a_killed_driver(uninterrupted: Uninterrupted, tmp_path: Path):
    """Killing the driver alone must not leave workers that write into the next run's folder."""
    process = start(uninterrupted.corpus, tmp_path / "out")
    workers: list[int] = []
    until = time.monotonic() + 20
    while len(workers) < 2 and time.monotonic() < until:
        workers = descendants(process.pid)
    time.sleep(0.5)
    workers = descendants(process.pid)
    process.kill()
    end(process)
    assert workers
    assert not outliving(workers)


@pytest.mark.slow
def test_interrupted_politely_it_ends_with_a_word(uninterrupted: Uninterrupted, tmp_path: Path):
    """Ctrl-C stops cleanly: no worker is left, and the next run continues."""
    process = start(uninterrupted.corpus, tmp_path / "out")
    time.sleep(uninterrupted.seconds / 2)
    workers = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    end(process)
    assert not outliving(workers)
    go(uninterrupted.corpus, tmp_path / "out")
    assert whole(tmp_path / "out") == uninterrupted.bytes
