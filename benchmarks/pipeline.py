"""The main job, end to end: parquet in, language, signals, three packs, kept and rejected out.

MB of text per CPU second of one process that has run before, as a long run is; the whole command
from its start, imports and loading included, is reported beside it.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments, cpu_seconds
from dataqa.engine.driver import Options
from dataqa.engine.local import run_local
from dataqa.pipeline import Pipeline
from dataqa.steps.language import Language
from dataqa.steps.quality import Quality

BOUNDS = {"perf_en": ("en", 20.0), "perf_zh": ("zh", 10.0)}
PACKS = ("gopher", "c4", "fineweb")
QUICK_ROWS = 3000


def main(given: Arguments) -> int:
    board = Board("pipeline", given.json)
    for name, (language, bound) in BOUNDS.items():
        file = given.data / f"{name}.parquet"
        if not file.is_file():
            board.skip(name, f"{file.name} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _measure(board, file, language, bound, Path(folder), quick=given.quick)
    return board.close()


def _measure(
    board: Board, file: Path, language: str, bound: float, work: Path, *, quick: bool
) -> None:
    corpus = pl.read_parquet(file)
    if quick:
        corpus = corpus.gather_every(max(1, corpus.height // QUICK_ROWS))
        file = work / file.name
        corpus.write_parquet(file)
    size = int(corpus["text"].str.len_bytes().sum()) / 1e6
    del corpus
    pipeline = Pipeline.of("main-job", Language(keep=(language,)), Quality(packs=PACKS))
    out = work / "out"

    def run() -> None:
        shutil.rmtree(out, ignore_errors=True)
        run_local(pipeline, [file], out, Options(workers=1))

    run()
    seconds = cpu_seconds(run, runs=2)
    board.check(file.stem, size / seconds, "MB/CPU s", at_least=bound, detail=f"{size:,.0f} MB")
    written = work / "main-job.yaml"
    written.write_text(pipeline.to_yaml(), encoding="utf-8")
    command = _command(written, file, work / "out2")
    board.note(f"{file.stem}, whole command", size / command, "MB/CPU s", f"{command:.1f} CPU s")


def _command(pipeline: Path, file: Path, out: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        sys.executable,
        "-m",
        "dataqa",
        "run",
        str(pipeline),
        "-i",
        str(file),
        "-o",
        str(out),
    ]
    subprocess.run([*command, "--workers", "1", "--log", "none"], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
