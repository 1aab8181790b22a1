"""What the whole job costs at 1, 100 and 1,000 TB: fitted from two measured runs, then multiplied.

The two runs tell CPU seconds of each megabyte, what goes from stage to stage, and how many files a
shard makes. The largest merge is simulated with partitions of the size that it would have: 4,096 of
15 million keys, and clusters joined in an array of a quarter of the 4,294,967,295 documents that
one merge can number.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments
from benchmarks.end_to_end import STEPS
from benchmarks.grown import grow

TERABYTES = (1, 100, 1000)
COPIES = (1, 4)
"""Of a quarter of a gigabyte."""
QUICK_ROWS = (1000, 2000)
SHARD_MB = 64.0
MOST_DOCUMENTS = (1 << 32) - 1
HOURS = 24.0
"""In which the job is to be done."""
BUSY = 0.9
"""Share of the time in which a core of a cluster works."""
CPU_HOUR, PUT, GET, GB_MONTH = 0.04, 5e-6, 4e-7, 0.023
"""Dollars, as large clouds list them: a core on demand for an hour, requests, storage."""
REQUESTS = 17
"""Of a run in a bucket, for each shard and stage (docs/object-storage.md)."""
STAGES = 2
KEYS = 14
PARTS = 4096
NODES, QUICK_NODES = 1 << 30, 1 << 24
LINKED = 0.3
"""Share of documents that share a key with another one."""


class Costs(NamedTuple):
    """Fitted: of a megabyte of text unless it says otherwise.

    Attributes:
        cpu: Seconds, of all processes.
        start: Seconds of CPU, once.
        documents: How many.
        written: Bytes that a stage leaves for the next one and for the merge.
        out: Bytes of outputs.
        files: Output files of a shard.
    """

    cpu: float
    start: float
    documents: float
    written: float
    out: float
    files: float


class Run(NamedTuple):
    """One measured run."""

    megabytes: float
    cpu: float
    documents: int
    written: int
    out: int
    files: int
    shards: int


def main(given: Arguments) -> int:
    if len(sys.argv) > 1 and sys.argv[1] == "--part":
        print(json.dumps(part(int(sys.argv[2]))))
        return 0
    board = Board("scale_plan", given.json)
    file = given.data / "perf_en.parquet"
    if file.is_file():
        with tempfile.TemporaryDirectory() as folder:
            _plan(board, fit(file, Path(folder), quick=given.quick))
    else:
        board.skip("the plan", f"{file.name} is not there")
    _largest(board, QUICK_NODES if given.quick else NODES)
    return board.close()


def fit(file: Path, work: Path, *, quick: bool) -> Costs:
    """Two runs, and the line through them."""
    if quick:
        corpora = [grow(file, work / f"in-{rows}", 1, rows) for rows in QUICK_ROWS]
    else:
        corpora = [grow(file, work / f"in-{copies}", copies) for copies in COPIES]
    small, large = (_measured(corpus, work / f"out-{at}") for at, corpus in enumerate(corpora))
    cpu = (large.cpu - small.cpu) / (large.megabytes - small.megabytes)
    return Costs(
        cpu,
        max(0.0, small.cpu - cpu * small.megabytes),
        large.documents / large.megabytes,
        large.written / large.megabytes,
        large.out / large.megabytes,
        large.files / large.shards,
    )


def _measured(corpus: Path, out: Path) -> Run:
    written = out.with_suffix(".yaml")
    written.write_text(f"name: whole\nsteps:\n{STEPS}", encoding="utf-8")
    command = [sys.executable, "-m", "dataqa", "run", str(written), "-i", str(corpus)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([*command, "-o", str(out), "--log", "none"], cwd=ROOT)
    most = 0
    while process.poll() is None:  # what stages hand to one another is gone at the end
        most = max(most, _bytes(out / ".state"))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit("the measured run failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads((out / "run.json").read_bytes())
    kept = [path for path in out.glob("*/*.parquet") if ".state" not in path.parts]
    return Run(
        told["text_bytes"] / 1e6,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        told["documents"],
        most,
        sum(path.stat().st_size for path in kept),
        len(kept),
        len({path.name.split("-")[0] for path in kept}),
    )


def _bytes(folder: Path) -> int:
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(root) / name).stat().st_size
            except OSError:
                continue
    return size


def _plan(board: Board, costs: Costs) -> None:
    board.note("a megabyte of text", costs.cpu, "CPU s", f"and {costs.start:.0f} CPU s to begin")
    board.note("a megabyte of text, handed on", costs.written / 1e6, "MB")
    board.note("a shard", costs.files, "files of output")
    for terabytes in TERABYTES:
        for name, (value, unit) in extrapolated(costs, terabytes).items():
            board.note(f"{terabytes:,} TB, {name}", value, unit)


def extrapolated(costs: Costs, terabytes: float) -> dict[str, tuple[float, str]]:
    """What so many terabytes of text cost."""
    megabytes = terabytes * 1e6
    hours = costs.cpu * megabytes / 3600
    shards = megabytes / SHARD_MB
    requests = shards * REQUESTS * STAGES
    documents = costs.documents * megabytes
    dollars = hours / BUSY * CPU_HOUR
    asked = requests * (PUT + GET) / 2
    stored = costs.out * megabytes / 1e9 * GB_MONTH
    return {
        "documents": (documents, ""),
        "CPU hours": (hours, "h"),
        f"cores for {HOURS:.0f} hours": (hours / HOURS / BUSY, ""),
        "handed on, written once and read once": (costs.written * megabytes / 1e12, "TB"),
        "output": (costs.out * megabytes / 1e12, "TB"),
        "shards": (shards, ""),
        "output files": (shards * costs.files, ""),
        "requests to a store": (requests, ""),
        "merges": (float(-(-documents // MOST_DOCUMENTS)), "of at most 4.29e9 documents"),
        "cores": (dollars, "dollars"),
        "requests": (asked, "dollars"),
        "output for a month": (stored, "dollars"),
    }


def _largest(board: Board, nodes: int) -> None:
    command = [sys.executable, "-m", "benchmarks.scale_plan", "--part", str(nodes)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    rows = MOST_DOCUMENTS * KEYS // PARTS
    board.limit(
        "one partition of the largest merge, memory",
        told["part_gb"],
        "GB",
        at_most=4.0,
        detail=f"{rows:,} keys",
    )
    board.note("one partition of the largest merge", told["part_seconds"], "CPU s")
    hours = told["part_seconds"] * PARTS / 3600
    board.note("all partitions, on workers", hours, "CPU h", f"{PARTS:,} of them")
    each = told["join_seconds"] / told["joined"]
    joined = MOST_DOCUMENTS * LINKED * KEYS * 0.59
    board.note(
        "joining, in the driver", each * joined / 3600, "h", f"{each * 1e9:.0f} ns for each link"
    )
    board.note("joining, memory", MOST_DOCUMENTS * 5 / 1e9, "GB", f"measured at {nodes:,} nodes")


def part(nodes: int) -> dict[str, float]:
    """In a process of its own: one partition as a worker does it, and its links joined."""
    from dataqa import kernels

    kernels.warm()
    from dataqa.duplicates.links import repeated
    from dataqa.kernels import clusters

    rng = np.random.default_rng(1)
    rows = MOST_DOCUMENTS * KEYS // PARTS
    rows = rows if nodes == NODES else rows // 64
    alone = int(rows * (1 - LINKED))
    keys = rng.integers(0, 1 << 63, rows, np.uint64)
    keys[alone:] = rng.integers(0, 1 << 63, (rows - alone) // 3 + 1, np.uint64).repeat(3)[
        : rows - alone
    ]
    order = rng.permutation(rows)
    frame = pl.DataFrame({"key": keys[order], "at": rng.integers(0, nodes, rows, np.uint32)})
    del keys, order
    begun = time.process_time()
    again = repeated(frame["key"].to_numpy())
    found, others = frame["key"].to_numpy()[again], frame["at"].gather(again).to_numpy()
    took = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    parent = np.arange(nodes, dtype=np.uint32)
    several = np.zeros(len(found), np.bool_)
    begun = time.process_time()
    clusters.link(found, others, parent, several)
    joined: dict[str, Any] = {
        "part_seconds": took if nodes == NODES else took * 64,
        "part_gb": peak,
        "join_seconds": time.process_time() - begun,
        "joined": len(found),
    }
    return joined


if __name__ == "__main__":
    asked = sys.argv[1:2] == ["--part"]
    given = Arguments(Path("data"), quick=True, json=None) if asked else arguments(__doc__ or "")
    sys.exit(main(given))
