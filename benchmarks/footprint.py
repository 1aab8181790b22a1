"""How much memory a command and all that it starts hold together, at most."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.bench import ROOT

EVERY = 0.25
"""Seconds between two looks."""


def of(command: list[str]) -> int:
    """Run a command to its end; the most bytes that its processes held, shared pages once.

    Raises:
        CalledProcessError: It failed.
    """
    process = subprocess.Popen(command, cwd=ROOT)
    most = 0
    while process.poll() is None:
        most = max(most, sum(_proportional(pid) for pid in _family(process.pid)))
        time.sleep(EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return most


def _family(pid: int) -> list[int]:
    children: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, path.read_text(encoding="ascii").split())
        except OSError:
            continue
    return [pid, *(one for child in children for one in _family(child))]


def _proportional(pid: int) -> int:
    """A process's own pages and its share of others, in bytes; 0 when it has gone."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = (line.split() for line in told.splitlines() if line.startswith("Pss:"))
    return sum(int(words[1]) for words in lines) * 1024
