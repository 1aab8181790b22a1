"""What all benchmarks share: arguments, CPU clocks, lines that hold or do not.

A benchmark is ``python -m benchmarks.NAME [--data DIR] [--quick] [--json FILE]``. Its ``main``
makes a ``Board``, measures, says ``board.check(...)`` or ``board.limit(...)`` for each line that
must hold, ``board.note(...)`` for what is only reported and ``board.skip(...)`` where a peer, data
or size is absent, and returns ``board.close()``: 1 when a checked line does not hold, else 0.

Times are CPU seconds of the process, the least of several runs, because machines are shared.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Arguments(NamedTuple):
    """What the command line said."""

    data: Path
    quick: bool
    json: Path | None


class Line(NamedTuple):
    """One result; ``holds`` is None when it was not checked."""

    name: str
    measured: float | None
    unit: str
    bound: float | None
    holds: bool | None
    detail: str


def arguments(description: str, argv: list[str] | None = None) -> Arguments:
    """Parse the arguments that every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of perf_en.parquet")
    parser.add_argument("--quick", action="store_true", help="a small sample, under 50 s")
    parser.add_argument("--json", type=Path, help="write the lines to this file")
    parsed = parser.parse_args(argv)
    return Arguments(parsed.data, parsed.quick, parsed.json)


def cpu_seconds(work: Callable[[], Any], runs: int = 3) -> float:
    """The least CPU time that ``work`` took in several runs, all threads together."""
    best = float("inf")
    for _ in range(runs):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


class Board:
    """Collects lines, prints each at once, and knows whether all hold."""

    def __init__(self, name: str, where: Path | None = None) -> None:
        self.name = name
        self.where = where
        self.lines: list[Line] = []

    def check(
        self, name: str, measured: float, unit: str, *, at_least: float, detail: str = ""
    ) -> None:
        """A line that must reach a bound."""
        self._add(Line(name, measured, unit, at_least, measured >= at_least, detail))

    def limit(
        self, name: str, measured: float, unit: str, *, at_most: float, detail: str = ""
    ) -> None:
        """A line that must stay under a bound."""
        self._add(Line(name, measured, unit, at_most, measured <= at_most, detail))

    def note(self, name: str, measured: float, unit: str, detail: str = "") -> None:
        """A line that is only reported."""
        self._add(Line(name, measured, unit, None, None, detail))

    def skip(self, name: str, why: str) -> None:
        """A line that could not be checked."""
        self._add(Line(name, None, "", None, None, f"not checked: {why}"))

    def close(self) -> int:
        """Write the file that was asked for; the exit code."""
        if self.where:
            rows = [line._asdict() for line in self.lines]
            self.where.write_text(json.dumps({"name": self.name, "lines": rows}, indent=1) + "\n")
        return int(any(line.holds is False for line in self.lines))

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        sign = {True: "ok    ", False: "FAILED", None: "      "}[line.holds]
        value = "" if line.measured is None else f"{line.measured:,.4g} {line.unit}"
        bound = "" if line.bound is None else f"(bound {line.bound:,.4g})"
        parts = [part for part in (value, bound, line.detail) if part]
        print(f"{sign} {self.name}: {line.name}: {' '.join(parts)}", flush=True)
