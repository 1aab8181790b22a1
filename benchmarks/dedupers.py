"""Near-duplicate removal as a command, ours and the peers': corpus folder in, kept files out.

Each runs in a process of its own, and in its own environment, with as many workers as the machine
has cores, and is timed from start to end: imports, reading, writing, all its workers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from benchmarks.bench import ROOT
from benchmarks.peers import python_of
from dataqa import registry

STEP = "duplicates"
BANDS, ROWS, WORDS = 14, 8, 5
"""FineWeb's: a pair of similarity 0.8 is proposed with a chance of 92 %."""
WORKERS = os.cpu_count() or 1


class Usage(NamedTuple):
    """What a command took: wall-clock and CPU seconds, its workers' included."""

    wall: float
    cpu: float


class Outcome(NamedTuple):
    """What a tool did to a corpus.

    Attributes:
        kept: The ids of the documents in its output.
        pairs: Removed ids, the kept ids they were told to be like, and how like; None where the
            tool does not say.
        usage: What it took.
    """

    kept: set[str]
    pairs: pl.DataFrame | None
    usage: Usage


class ToolError(Exception):
    """A tool did not come to its end; the last lines that it wrote."""


class Tool(NamedTuple):
    """A tool; ``missing`` says why it cannot run, if it cannot."""

    name: str
    missing: str
    run: Callable[[Path, Path, float, str], Outcome]


def tools() -> list[Tool]:
    """Ours first, then the peers."""
    made = [Tool(OURS, "" if STEP in registry.step_names() else f"no step {STEP} yet", run_ours)]
    for peer, script, read in PEERS:
        missing = "" if works(peer) else "its environment was not made (make peers)"
        made.append(Tool(peer, missing, _peer(peer, script, read)))
    return made


def run_ours(corpus: Path, out: Path, similarity: float, language: str = "en") -> Outcome:  # noqa: ARG001
    """``dataqa.run`` with the step alone, in another process."""
    job = {"corpus": str(corpus), "out": str(out), "similarity": similarity, "workers": WORKERS}
    out.mkdir(parents=True)
    usage = timed([sys.executable, "-m", "benchmarks.dedupers"], job, out)
    kept = _ids(out / "run" / "kept")
    found = pl.read_parquet(out / "run" / "findings" / "*.parquet")
    pairs = found.filter(pl.col("rule") == f"{STEP}.near").select("doc_id", "ref", "score")
    return Outcome(kept, pairs, usage)


def run_in_memory(corpus: Path, out: Path, similarity: float, language: str = "en") -> Outcome:  # noqa: ARG001
    """``dataqa.deduplicate`` of the corpus as a frame, in another process: as Daft's recipe."""
    job = {"corpus": str(corpus), "out": str(out), "similarity": similarity, "workers": 0}
    out.mkdir(parents=True)
    usage = timed([sys.executable, "-m", "benchmarks.dedupers"], job, out)
    told = pl.read_parquet(out / "pairs.parquet")
    pairs = told.select(doc_id="removed", ref="kept", score="similarity")
    return Outcome(_ids(out / "kept"), pairs, usage)


def bands_of_ours(similarity: float) -> tuple[int, int]:
    """The bands and rows that our step chooses for a similarity."""
    step: Any = registry.step_class(STEP)
    banding = step(similarity=similarity).banding
    return banding.bands, banding.rows


def _work(job: dict[str, Any]) -> None:
    """What ours has done in the other process: files by a run, or a frame without workers."""
    import dataqa

    if not job["workers"]:
        frame = pl.read_parquet(f"{job['corpus']}/*.parquet", columns=["id", "text"])
        fields: dict[str, Any] = {"shingle": {"unit": "word", "n": WORDS}}
        found = dataqa.deduplicate(frame, id_column="id", similarity=job["similarity"], **fields)
        (Path(job["out"]) / "kept").mkdir()
        found.kept.write_parquet(Path(job["out"]) / "kept" / "kept.parquet")
        found.pairs.write_parquet(Path(job["out"]) / "pairs.parquet")
        return
    written = Path(job["out"]) / "pipeline.yaml"
    shingle = f"{{unit: word, n: {WORDS}}}"
    written.write_text(
        f"name: near\nreading: {{id_column: id}}\nsteps:\n"
        f"  - {STEP}: {{similarity: {job['similarity']}, shingle: {shingle}}}\n"
    )
    dataqa.run(written, job["corpus"], Path(job["out"]) / "run", workers=job["workers"])


def _peer(
    peer: str, script: str, read: Callable[[Path], set[str]]
) -> Callable[[Path, Path, float, str], Outcome]:
    command = [str(python_of(peer)), str(Path(__file__).with_name(script))]

    def run(corpus: Path, out: Path, similarity: float, language: str) -> Outcome:
        try:
            return once(corpus, out, similarity, language)
        except ToolError:  # Daft dies of a segmentation fault now and then
            return once(corpus, out.with_name(f"{out.name}-again"), similarity, language)

    def once(corpus: Path, out: Path, similarity: float, language: str) -> Outcome:
        kept = out / "kept"
        job = {
            "corpus": str(corpus),
            "out": str(out),
            "kept": str(kept),
            "similarity": similarity,
            "language": language,
            "words": WORDS,
            "bands": BANDS,
            "rows": ROWS,
            "workers": WORKERS,
        }
        out.mkdir(parents=True)
        usage = timed(command, job, out)
        return Outcome(read(kept), None, usage)

    return run


def timed(command: list[str], job: dict[str, Any] | None, out: Path) -> Usage:
    """Run a command to its end, its job in a file that it is given; what it took."""
    if job is not None:
        told = out / "job.json"
        told.write_text(json.dumps(job))
        command = [*command, str(told)]
    with (out / "log").open("w") as log:
        begun = time.perf_counter()
        child = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        tail = (out / "log").read_text()[-2000:]
        raise ToolError(f"{Path(command[-1]).name} failed ({child.returncode}):\n{tail}")
    return Usage(wall, used.ru_utime + used.ru_stime)


def _ids(folder: Path) -> set[str]:
    files = sorted(folder.glob("*.parquet"))
    return {name for file in files for name in pl.read_parquet(file, columns=["id"])["id"]}


def arrow_ids(folder: Path) -> set[str]:
    """Of a dataset as Hugging Face's library saves it: Arrow streams."""
    found: set[str] = set()
    for file in sorted(folder.glob("*.arrow")):
        with pa.memory_map(str(file)) as mapped:
            found.update(pa.ipc.open_stream(mapped).read_all()["id"].to_pylist())
    return found


def works(peer: str) -> bool:
    """Whether a peer's environment was made, and to its end."""
    python = python_of(peer)
    module = peer.replace("-", "_")
    return (
        python is not None
        and not subprocess.run(
            [python, "-c", f"import importlib.util as u; assert u.find_spec({module!r})"],
            capture_output=True,
            check=False,
        ).returncode
    )


OURS = "dataqa"
IN_MEMORY = Tool("dataqa, a frame in memory", "", run_in_memory)
"""Like for like with a recipe that holds all documents in memory."""
PEERS: tuple[tuple[str, str, Callable[[Path], set[str]]], ...] = (
    ("daft", "daft_dedup_peer.py", _ids),
    ("text-dedup", "text_dedup_peer.py", arrow_ids),
    ("datatrove", "datatrove_dedup_peer.py", _ids),
)


if __name__ == "__main__":
    _work(json.loads(Path(sys.argv[1]).read_text()))
