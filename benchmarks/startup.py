"""How soon it answers: ``import dataqa``, ``--help``, a second start, and ``decide --dry-run``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments

HEAVY = ("numba", "polars", "pyarrow", "numpy", "spacy", "sklearn", "presidio_analyzer", "ray")
RUNS = 5
DOCUMENTS = 1_000_000
QUICK_DOCUMENTS = 50_000
PIECE = 240
"""Characters of one document of the million."""


def main(given: Arguments) -> int:
    board = Board("startup", given.json)
    board.limit("import dataqa", _seconds("-c", "import dataqa"), "s", at_most=0.2)
    heavy = f"import dataqa, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    board.limit("heavy modules imported", len(eval(told.stdout)), "", at_most=0)
    board.limit("dataqa --help", _seconds("-m", "dataqa", "--help"), "s", at_most=0.4)
    with tempfile.TemporaryDirectory() as folder:
        _starts(board, Path(folder))
        _dry_run(board, given, Path(folder))
    return board.close()


def _seconds(*arguments: str) -> float:
    """The least wall-clock time of several starts."""
    best = float("inf")
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        best = min(best, time.perf_counter() - begun)
    return best


def _starts(board: Board, work: Path) -> None:
    """The first start compiles the kernels into an empty cache, the second one nothing."""
    environment = os.environ | {"DATAQA_CACHE": str(work / "cache")}
    seen: list[set[tuple[str, int]]] = []
    for nth in ("first", "second"):
        out = work / f"start-{nth}"
        command = [sys.executable, "-m", "dataqa", "run", "quickstart", "-i", "examples/data"]
        begun = time.perf_counter()
        told = subprocess.run(
            [*command, "-o", str(out), "--log", "plain"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        board.note(f"{nth} start of a run", time.perf_counter() - begun, "s")
        files = (work / "cache").rglob("*.nb[ci]")
        seen.append({(str(file), file.stat().st_mtime_ns) for file in files})
        if nth == "first":
            said = float("compil" in told.stderr)
            board.check("the first start says that it compiles", said, "", at_least=1)
    board.limit("kernels compiled by the second start", len(seen[1] - seen[0]), "", at_most=0)
    board.check("kernels in the cache", len(seen[0]), "", at_least=1)


def _dry_run(board: Board, given: Arguments, work: Path) -> None:
    documents = QUICK_DOCUMENTS if given.quick else DOCUMENTS
    out = work / "million"
    corpus = work / "short.parquet"
    _short(given, documents).write_parquet(corpus, row_group_size=50_000)
    command = [sys.executable, "-m", "dataqa"]
    run = [*command, "run", "web-en", "-i", str(corpus), "-o", str(out), "--log", "none"]
    subprocess.run(run, cwd=ROOT, check=True)
    decide = ["decide", str(out), "--set", "gopher.word_count.min=30", "--dry-run"]
    seconds = _seconds("-m", "dataqa", *decide)
    name = f"decide --dry-run over {documents:,} documents"
    board.limit(name, seconds, "s", at_most=5.0)


def _short(given: Arguments, documents: int) -> pl.DataFrame:
    """So many short documents, cut from real text."""
    file = given.data / "perf_en.parquet"
    if file.is_file():
        texts = pl.read_parquet(file, columns=["text"])["text"]
    else:
        texts = pl.read_parquet(ROOT / "examples/data/docs-many.parquet")["text"]
    pieces: list[str] = []
    while len(pieces) < documents:
        for text in texts:
            pieces += [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
            if len(pieces) >= documents:
                break
    return pl.DataFrame({"text": pieces[:documents]})


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
