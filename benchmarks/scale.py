"""Two workers beside one, and a worker's memory from 0.25 GB to 5 GB of input.

The large input is the corpus again and again under other file names, so every document has another
id. Wall-clock speed needs an idle machine; memory does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bench import ROOT, Arguments, Board, arguments

SPEED_UP = 1.8
WORKER_MB = 1000.0
FLAT = 1.15
COPIES = {"0.25 GB": 1, "1 GB": 4, "5 GB": 20}
SPEED_COPIES = 8
"""About 2 GB: start-up is some three seconds, whatever the size."""
QUICK = {"0.25 GB": 1}


def main(given: Arguments) -> int:
    board = Board("scale", given.json)
    file = given.data / "perf_en.parquet"
    if not file.is_file():
        board.skip("workers and memory", f"{file.name} is not there")
        return board.close()
    peaks: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=_roomy(given.data)) as folder:
        work = Path(folder)
        for size, copies in (QUICK if given.quick else COPIES).items():
            corpus = copies_of(file, work / f"corpus-{copies}", copies)
            told = _run(corpus, work / f"out-{copies}", 2)
            peaks[size] = told["peak_memory_mb"]
            detail = f"{told['mb_per_second']} MB/s on 2 workers"
            board.limit(
                f"memory of a worker, {size}", peaks[size], "MB", at_most=WORKER_MB, detail=detail
            )
    if given.quick:
        board.skip("two workers over one", "start-up weighs too much on a small input")
    elif (os.cpu_count() or 1) < 2:
        board.skip("two workers over one", "this machine has one core")
    else:
        _speed_up(board, file)
    if given.quick:
        board.skip("memory flat to 5 GB", "the full size takes minutes; run without --quick")
    else:
        board.limit(
            "memory, 5 GB over 0.25 GB", peaks["5 GB"] / peaks["0.25 GB"], "×", at_most=FLAT
        )
    return board.close()


def _speed_up(board: Board, file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        corpus = copies_of(file, work / "corpus", SPEED_COPIES)
        alone, two = (_run(corpus, work / f"out-{n}", n)["wall_seconds"] for n in (1, 2))
        took = f"{alone:.0f} s and {two:.0f} s for {SPEED_COPIES} copies of {file.name}"
        board.check("two workers over one", alone / two, "×", at_least=SPEED_UP, detail=took)


def _roomy(data: Path) -> str | None:
    """The system's temporary folder, unless the data lie on a disk that can be written too."""
    return str(data) if os.access(data, os.W_OK) else None


def copies_of(file: Path, folder: Path, copies: int) -> Path:
    folder.mkdir()
    for number in range(copies):
        (folder / f"part-{number:02d}.parquet").symlink_to(file.resolve())
    return folder


def _run(corpus: Path, out: Path, workers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "dataqa", "run", "web-en", "-i", str(corpus), "-o", str(out)]
    subprocess.run([*command, "--workers", str(workers), "--log", "none"], cwd=ROOT, check=True)
    return json.loads((out / "run.json").read_text())


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
