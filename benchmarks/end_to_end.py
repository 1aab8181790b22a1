"""The whole job on up to 5 GB, and the same steps in datatrove and in Data-Juicer.

Normalise, language, quality, near-duplicates, private patterns, scrub, with two workers: time, MB
per CPU second of each step, memory of all processes together, and whether ten times the corpus
takes ten times as long. Then a smaller corpus through us and the peers, what each took out, and
how far they agree.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks import footprint
from benchmarks.bench import Arguments, Board, arguments
from benchmarks.dedupers import BANDS, ROWS, WORDS, ToolError, Usage, arrow_ids, timed, works
from benchmarks.grown import grow, text_bytes
from benchmarks.peers import python_of

MEMORY_GB = 3.0
LINEAR = 0.15
SMALL, LARGE = 2, 20
"""Copies of a quarter of a gigabyte."""
QUICK_ROWS = 1500
PEER_ROWS, QUICK_PEER_ROWS = 800, 60
SIMILARITY = 0.75
QUALITY = "{packs: [gopher, fineweb-c4, fineweb]}"
NEAR = f"{{bands: fineweb, similarity: {SIMILARITY}}}"
STEPS = f"""\
  - normalize
  - language: {{keep: [en], min: 0.65}}
  - quality: {QUALITY}
  - duplicates: {NEAR}
  - private: {{entities: [EMAIL_ADDRESS, IP_ADDRESS, PHONE_NUMBER, CREDIT_CARD, IBAN_CODE]}}
  - scrub
"""
LIKE_PEERS = f"""\
  - normalize
  - quality: {QUALITY}
  - duplicates: {NEAR}
  - private: {{entities: [EMAIL_ADDRESS, IP_ADDRESS]}}
  - scrub
"""
SCRIPTS = {"datatrove": "datatrove_job_peer.py", "data-juicer": "data_juicer_peer.py"}


class Outcome(NamedTuple):
    """What a tool did: the ids it kept, those it removed by step, and what it took."""

    kept: set[str]
    removed: dict[str, set[str]]
    usage: Usage


def main(given: Arguments) -> int:
    board = Board("end_to_end", given.json)
    file = given.data / "perf_en.parquet"
    if not file.is_file():
        board.skip("the whole job", f"{file.name} is not there")
        return board.close()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if given.quick:
            _one(board, file, work, 1, QUICK_ROWS)
            board.skip("linear to 5 GB", "the full size takes minutes; run without --quick")
        else:
            small, large = (_one(board, file, work, copies) for copies in (SMALL, LARGE))
            board.limit("seconds per GB, 5 GB over 0.5 GB", large / small, "×", at_most=1 + LINEAR)
        _peers(board, file, work / "peers", QUICK_PEER_ROWS if given.quick else PEER_ROWS)
    return board.close()


def _one(board: Board, file: Path, work: Path, copies: int, rows: int | None = None) -> float:
    """Run one size; its seconds per GB."""
    corpus, out = grow(file, work / f"in-{copies}", copies, rows), work / f"out-{copies}"
    written = work / "whole.yaml"
    written.write_text(f"name: whole\nsteps:\n{STEPS}", encoding="utf-8")
    peak = footprint.of([*_command(written, corpus, out), "--workers", "2"])
    told = json.loads((out / "run.json").read_bytes())
    megabytes = told["text_bytes"] / 1e6
    name = f"{megabytes / 1e3:.2g} GB"
    seconds = told["wall_seconds"]
    detail = f"{seconds:,.0f} s, {told['documents']:,} documents"
    board.note(f"{name}, two workers", megabytes / seconds, "MB/s", detail)
    for step, cpu in told["step_cpu_seconds"].items():
        board.note(f"{name}, {step}", megabytes / cpu, "MB/CPU s", f"{cpu:,.1f} CPU s")
    board.limit(f"{name}, memory of all processes", peak / 1e9, "GB", at_most=MEMORY_GB)
    shutil.rmtree(corpus)
    shutil.rmtree(out)
    return seconds / megabytes * 1e3


def _peers(board: Board, file: Path, work: Path, rows: int) -> None:
    corpus = grow(file, work / "in", 2, rows // 2)
    megabytes = text_bytes(corpus) / 1e6
    ours = _ours(corpus, work / "ours")
    _tell(board, "dataqa", ours, megabytes)
    for peer, script in SCRIPTS.items():
        if not works(peer):
            board.skip(peer, "its environment was not made (make peers)")
            continue
        try:
            theirs = _theirs(peer, script, corpus, work / peer)
        except ToolError as error:
            board.skip(peer, str(error).strip().splitlines()[-1])
            continue
        _tell(board, peer, theirs, megabytes)
        board.check(
            f"dataqa over {peer}", theirs.usage.cpu / ours.usage.cpu, "×", at_least=1, detail="CPU"
        )
        _compare(board, peer, ours, theirs)


def _tell(board: Board, name: str, outcome: Outcome, megabytes: float) -> None:
    detail = f"{megabytes:,.1f} MB, {outcome.usage.cpu:,.1f} CPU s, the whole command"
    board.note(f"{name}, the same steps", megabytes / outcome.usage.cpu, "MB/CPU s", detail)
    steps = ", ".join(f"{step} {len(ids):,}" for step, ids in outcome.removed.items() if ids)
    board.note(f"{name}, removed", sum(map(len, outcome.removed.values())), "documents", steps)


def _compare(board: Board, peer: str, ours: Outcome, theirs: Outcome) -> None:
    """Who removes what the other keeps, and by which step."""
    both = ours.kept | set().union(*ours.removed.values())
    same = len(both) - len(ours.kept ^ theirs.kept)
    board.note(f"{peer}, the same verdict", same / len(both), "", f"of {len(both):,} documents")
    for name, one, other in ((peer, theirs, ours), ("dataqa", ours, theirs)):
        found = {step: len(ids & other.kept) for step, ids in one.removed.items()}
        steps = ", ".join(f"{step} {count:,}" for step, count in found.items() if count)
        others = peer if one is ours else "dataqa"
        board.note(f"removed by {name}, kept by {others}", sum(found.values()), "", steps)


def _ours(corpus: Path, out: Path) -> Outcome:
    out.mkdir()
    written = out / "like-peers.yaml"
    reading = "reading: {id_column: id}\n"
    written.write_text(f"name: like-peers\n{reading}steps:\n{LIKE_PEERS}", encoding="utf-8")
    command = [*_command(written, corpus, out / "run"), "--workers", "2"]
    usage = timed(command, None, out)
    told = pl.read_parquet(out / "run" / "rejected" / "*.parquet", columns=["doc_id", "reasons"])
    removed: dict[str, set[str]] = {}
    for name, reasons in told.iter_rows():
        removed.setdefault(reasons[0].partition(".")[0], set()).add(name)
    kept = pl.read_parquet(out / "run" / "kept" / "*.parquet", columns=["doc_id"])
    return Outcome(set(kept["doc_id"]), removed, usage)


def _theirs(peer: str, script: str, corpus: Path, out: Path) -> Outcome:
    out.mkdir()
    job: dict[str, Any] = {
        "corpus": str(corpus),
        "out": str(out),
        "kept": str(out / "kept"),
        "similarity": SIMILARITY,
        "words": WORDS,
        "bands": BANDS,
        "rows": ROWS,
        "workers": 2,
    }
    # -P: what lies beside the script is not to be imported, such as our ray.py
    usage = timed([str(python_of(peer)), "-P", str(Path(__file__).with_name(script))], job, out)
    if (out / "removed.json").is_file():
        told = json.loads((out / "removed.json").read_bytes())
        return Outcome(arrow_ids(out / "kept"), {k: set(v) for k, v in told.items()}, usage)
    removed = {path.name: _ids(path) for path in sorted((out / "removed").iterdir())}
    return Outcome(_ids(out / "kept"), removed, usage)


def _ids(folder: Path) -> set[str]:
    found = (pl.read_parquet(path, columns=["id"])["id"] for path in folder.rglob("*.parquet"))
    return {name for column in found for name in column}


def _command(pipeline: Path, corpus: Path, out: Path) -> list[str]:
    run = ["-m", "dataqa", "run", str(pipeline), "-i", str(corpus), "-o", str(out)]
    return [sys.executable, *run, "--log", "none"]


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
