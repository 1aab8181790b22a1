"""A Ray cluster of two nodes on this machine beside the same run in two processes.

Both are whole commands' work: reading, judging, near-duplicates, writing. The bytes must be equal;
the cluster may take longer by what its scheduling and its object store cost.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.bench import Arguments, Board, arguments
from benchmarks.scale import copies_of
from dataqa.engine.driver import Options
from dataqa.engine.local import run_local
from dataqa.engine.on_ray import library
from dataqa.engine.watch import Silent, StageBegins
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.duplicates import Duplicates
from dataqa.steps.language import Language
from dataqa.steps.quality import Quality

SHARE, QUICK_SHARE = 0.5, 0.2
COPIES, QUICK_COPIES = 8, 1
"""Of a quarter of a gigabyte; starting the workers takes some ten seconds, whatever the size."""
PACKS = ("gopher", "c4", "fineweb")


class Stages(Silent):
    """Notes when each stage begins."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, float]] = []

    def stage(self, begins: StageBegins) -> None:
        """One begins."""
        self.begun.append((begins.number, time.monotonic()))

    def seconds(self, end: float) -> dict[int, float]:
        """What each stage took, with what is settled after it."""
        ends = [at for _, at in self.begun[1:]] + [end]
        return {number: after - at for (number, at), after in zip(self.begun, ends, strict=True)}


def main(given: Arguments) -> int:
    board = Board("ray", given.json)
    file = given.data / "perf_en.parquet"
    if not file.is_file():
        board.skip("a cluster beside two processes", f"{file.name} is not there")
        return board.close()
    with tempfile.TemporaryDirectory() as folder:
        _measure(board, file, Path(folder), quick=given.quick)
    return board.close()


def _measure(board: Board, file: Path, work: Path, *, quick: bool) -> None:
    corpus = copies_of(file, work / "in", QUICK_COPIES if quick else COPIES)
    limit = 20_000 if quick else None
    pipeline = Pipeline.of(
        "cluster",
        Language(keep=("en",)),
        Quality(packs=PACKS),
        Duplicates(),
        reading=Reading(shard_bytes=(8 if quick else 64) << 20, limit=limit),
    )
    here = _timed(pipeline, corpus, work / "local", Options(workers=2))
    library()
    made = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1}
    )
    try:
        made.add_node(num_cpus=1)
        there = _timed(pipeline, corpus, work / "ray", Options(engine="ray", address=made.address))
    finally:
        made.shutdown()
    same = _digests(work / "local") == _digests(work / "ray")
    board.check("files of equal bytes", float(same), "", at_least=1.0)
    least = QUICK_SHARE if quick else SHARE
    board.check(
        "throughput of two nodes over two processes",
        here["wall"] / there["wall"],
        "×",
        at_least=least,
        detail=f"{there['bytes'] / 1e6 / there['wall']:.1f} MB/s of {there['bytes'] / 1e6:,.0f} MB",
    )
    for number, seconds in there["stages"].items():
        before = here["stages"][number]
        board.note(
            f"stage {number}, cost of the cluster", seconds - before, "s", f"of {seconds:.1f} s"
        )


def _timed(pipeline: Pipeline, corpus: Path, out: Path, options: Options) -> dict[str, Any]:
    stages = Stages()
    begun = time.monotonic()
    run_local(pipeline, [corpus], out, options, stages)
    end = time.monotonic()
    told = msgspec.json.decode((out / "run.json").read_bytes())
    return {"wall": end - begun, "bytes": told["text_bytes"], "stages": stages.seconds(end)}


def _digests(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    names = {path.relative_to(out).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not name.startswith(".") and name not in {"run.json", "report.html"}
    }


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
