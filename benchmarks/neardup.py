"""Near-duplicate removal end to end, parquet in and kept files out, beside three other tools.

The corpus is the whole of perf_en with near-duplicates of a tenth of its documents planted in it.
Each tool runs in its own process and environment, with a worker for each core; its time is that of
the whole command, its precision and recall are against exact similarities (``benchmarks.scores``).

With ``--quick`` only a part of the corpus is used, a smaller one for the tools that are too slow.
Tools are then compared by megabytes a CPU second, the time that a start takes taken off.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks.bench import Arguments, Board, arguments
from benchmarks.dedupers import (
    IN_MEMORY,
    OURS,
    Outcome,
    Tool,
    ToolError,
    bands_of_ours,
    tools,
)
from benchmarks.planted import sources, with_copies, write_parts
from benchmarks.scores import Truth, promise, score, true_references, truth_of, verdict
from dataqa import kernels

SIMILARITY = 0.8
COPIES = 0.1
TIMES = {"text-dedup": (OURS, 10.0), "datatrove": (OURS, 10.0), "daft": (IN_MEMORY.name, 1.0)}
"""Which of ours must be how many times as fast: Daft's recipe holds all documents in memory."""
ROUNDS = 3
"""Runs of the fast ones, in turns, of which the least counts; the others run once."""
FAST_QUICK_MB = {OURS: 24.0, IN_MEMORY.name: 24.0, "daft": 24.0}
SLOW_QUICK_MB = 3.0
START_DOCUMENTS = 20
LEAST_MB = 2.0
"""Below this a comparison of speed says nothing."""


class Corpus(NamedTuple):
    """A corpus on disk, and what is true of it."""

    folder: Path
    megabytes: float
    truth: Truth


class Speed(NamedTuple):
    """Seconds of a whole command, and of its start alone (0 unless ``--quick``)."""

    cpu: float
    wall: float
    start: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Megabytes a CPU second, the start taken off."""
        return self.megabytes / max(self.cpu - self.start, 1e-3)


def main(given: Arguments) -> int:
    board = Board("neardup", given.json)
    kernels.warm()
    documents = sources(given.data, "en")
    ready: list[Tool] = []
    for tool in (IN_MEMORY, *tools()):
        if tool.missing:
            board.skip(tool.name, tool.missing)
        else:
            ready.append(tool)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few = _few(documents, folder / "few") if given.quick else None
        sizes = {tool.name: _size(tool, quick=given.quick) for tool in ready}
        corpora = {
            size: _corpus(documents, size, folder / f"corpus-{size}")
            for size in dict.fromkeys(sizes.values())
        }
        speeds: dict[str, Speed] = {}
        of_tool = {tool: corpora[sizes[tool.name]] for tool in ready}
        for tool, outcomes in _rounds(board, of_tool, folder, 1 if few else ROUNDS).items():
            start = _run(tool, few, folder / tool.name / "start").usage.cpu if few else 0.0
            corpus = of_tool[tool]
            speeds[tool.name] = _speed(board, tool, outcomes, corpus.megabytes, start)
            _accuracy(board, tool, corpus.truth, outcomes[0])
        _compare(board, speeds, quick=given.quick)
    return board.close()


def _rounds(
    board: Board, corpora: Mapping[Tool, Corpus], folder: Path, rounds: int
) -> dict[Tool, list[Outcome]]:
    """Run all tools once, the fast ones again in later rounds: a machine has bad minutes."""
    outcomes: dict[Tool, list[Outcome]] = {}
    for turn in range(rounds):
        for tool, corpus in corpora.items():
            if turn and tool.name not in FAST_QUICK_MB:
                continue
            try:
                outcome = _run(tool, corpus.folder, folder / tool.name / str(turn))
            except ToolError as error:
                if tool.name in {OURS, IN_MEMORY.name}:
                    raise
                board.skip(tool.name, str(error))
            else:
                outcomes.setdefault(tool, []).append(outcome)
    return outcomes


def _run(tool: Tool, corpus: Path, out: Path) -> Outcome:
    return tool.run(corpus, out, SIMILARITY, "en")


def _size(tool: Tool, *, quick: bool) -> float:
    """Megabytes of the corpus that a tool gets; the whole is said by a number past all."""
    return FAST_QUICK_MB.get(tool.name, SLOW_QUICK_MB) if quick else float("inf")


def _corpus(documents: pl.DataFrame, megabytes: float, folder: Path) -> Corpus:
    """Documents from all over, as many as make up that much text, copies planted among them."""
    every = max(1, round(_megabytes(documents) / megabytes))
    planted = with_copies(documents.gather_every(every), COPIES)
    write_parts(planted, folder)
    return Corpus(folder, _megabytes(planted), truth_of(planted, SIMILARITY))


def _few(documents: pl.DataFrame, folder: Path) -> Path:
    """Next to nothing: what a command takes for it is its start."""
    short = documents.filter(pl.col("text").str.len_chars() < 3000)
    some = short.gather_every(max(1, short.height // START_DOCUMENTS))
    return write_parts(with_copies(some, 2 * COPIES), folder)


def _speed(
    board: Board, tool: Tool, outcomes: Sequence[Outcome], megabytes: float, start: float
) -> Speed:
    cpu = min(outcome.usage.cpu for outcome in outcomes)
    wall = min(outcome.usage.wall for outcome in outcomes)
    speed = Speed(cpu, wall, start, megabytes)
    whole = f"{cpu:.1f} CPU s, {wall:.1f} s wall for {megabytes:,.1f} MB"
    board.note(f"{tool.name}, whole command", megabytes / cpu, "MB/CPU s", whole)
    if start:
        board.note(f"{tool.name}, start taken off", speed.rate, "MB/CPU s", f"{start:.1f} CPU s")
    return speed


def _accuracy(board: Board, tool: Tool, truth: Truth, outcome: Outcome) -> None:
    found = score(truth, verdict(truth, outcome.kept))
    precision, recall = found.precision or 0.0, found.recall or 0.0
    some = f"{found.removed} removed, {found.removed - found.nearly} of them not even nearly alike"
    many = f"{found.left} of {found.wanted} duplicates left"
    if outcome.pairs is None:
        board.note(f"{tool.name}, precision", precision, "%", some)
        board.note(f"{tool.name}, recall", recall, "%", many)
        return
    board.check(f"{tool.name}, precision", precision, "%", at_least=100.0, detail=some)
    bands, rows = bands_of_ours(SIMILARITY)
    due, spread = promise(truth, bands, rows)
    told = f"{bands} bands of {rows} promise {due:.2f} ± {spread:.2f} %; {many}"
    same = found.agreement or 0.0
    board.check(f"{tool.name}, recall", same, "%", at_least=due - 3 * spread, detail=told)
    true = true_references(truth, outcome.kept, outcome.pairs)
    share = 100 * true / max(1, found.removed)
    told = "it is kept, and as similar as said"
    board.check(f"{tool.name}, like the one it names", share, "%", at_least=100.0, detail=told)


def _compare(board: Board, speeds: dict[str, Speed], *, quick: bool) -> None:
    for name, (mine, bound) in TIMES.items():
        ours, theirs = speeds.get(mine), speeds.get(name)
        if ours is None or theirs is None:
            board.skip(f"times {name}", "one of the two was not run")
        elif theirs.megabytes < LEAST_MB:
            board.skip(f"times {name}", f"{theirs.megabytes:.1f} MB are too few; give --data")
        elif quick:
            ratio = ours.rate / theirs.rate
            board.check(f"{mine}, times {name}, start taken off", ratio, "x", at_least=bound)
        else:
            ratio = theirs.cpu / ours.cpu
            board.check(f"{mine}, times {name}, CPU seconds", ratio, "x", at_least=bound)
            board.note(f"{mine}, times {name}, wall clock", theirs.wall / ours.wall, "x")
    if (theirs := speeds.get("daft")) and not quick:
        ratio = theirs.cpu / speeds[OURS].cpu
        board.note(f"{OURS}, a run over files, times daft, CPU seconds", ratio, "x")


def _megabytes(documents: pl.DataFrame) -> float:
    return int(documents["text"].str.len_bytes().sum()) / 1e6


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
