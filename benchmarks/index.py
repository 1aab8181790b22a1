"""A million documents in an index, a hundred thousand looked up, and a kill -9 in between.

Documents are paragraphs of a corpus, and so many versions of them in which half of the words are
others that there are enough. Those that are looked up are copies of which a few words are others,
and as many that are like none. What the index must find follows from true similarities, computed
here from the texts. Each part runs in a process of its own.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from math import sqrt
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments

SIZES = {
    True: (40_000, 4_000, 10_000, 150_000),
    False: (1_000_000, 100_000, 100_000, 1_000_000),
}
"""Documents, documents looked up, those that datasketch gets, and unrelated ones; quick or not."""
MOST_GB = 1.0


def main(given: Arguments) -> int:
    board = Board("index", given.json)
    documents, asked, peers, unrelated = SIZES[given.quick]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _own_process("--make", work, given.data, documents, asked)
        size = _bytes(work / "known.parquet")
        added = _own_process("--add", work, "whole")
        _cost(board, f"add {documents:,} documents", added, documents, size)
        _memory(board, "add", added)
        disk = sum(path.stat().st_size for path in (work / "whole").rglob("*") if path.is_file())
        board.note(
            "on disk", disk / documents, "bytes a document", f"{disk / size:.0%} of the text"
        )
        told = _own_process("--query", work, "whole")
        _cost(board, f"look {asked:,} documents up", told, asked, _bytes(work / "asked.parquet"))
        _memory(board, "look up", told)
        _killed(board, work, documents, int(added["entries"]))
        _recall(board, _own_process("--judge", work, "whole"))
        _stream(board, _own_process("--stream", work, unrelated), documents, size)
        _peer(board, work, peers, (added, told), (documents, asked))
    if given.quick:
        board.skip(f"{SIZES[False][0]:,} documents", "run without --quick")
    return board.close()


def _cost(board: Board, name: str, told: dict[str, float], documents: int, size: int) -> None:
    each = documents / told["cpu_seconds"]
    speed = f"{size / 1e6 / told['cpu_seconds']:.0f} MB a CPU second"
    board.note(name, each, "a CPU second", f"{speed}, {told['wall_seconds']:.1f} s by the clock")


def _memory(board: Board, name: str, told: dict[str, float]) -> None:
    detail = f"{told['all_gb']:.2f} GB with the pages of mapped files"
    board.limit(f"memory to {name}", told["peak_gb"], "GB", at_most=MOST_GB, detail=detail)


def _killed(board: Board, work: Path, documents: int, entries: int) -> None:
    """Kill a writer in the middle, look what is there, and let another one go on."""
    from dataqa.index.index import Index

    command = [sys.executable, "-m", "benchmarks.indexing", "--say", str(work), "killed"]
    committed = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            committed = int(line)
            # somewhere in what it does next: sketching, writing, merging
            if committed >= documents * 0.4:
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")[:-1]
    committed = int(rest[-1]) if rest else committed
    assert committed < documents, "it came to its end before it was killed"
    began = time.perf_counter()
    index = Index.open(work / "killed")
    took = time.perf_counter() - began
    there = len(index)
    detail = f"{committed:,} had been committed, {there:,} are there; opened in {took * 1e3:.0f} ms"
    lost = max(0, committed - there) + len(index.verify())
    board.limit("lost by a kill -9", lost, "documents", at_most=0, detail=detail)
    told = _own_process("--add", work, "killed")
    missing = there - told["unchanged"] + entries - told["entries"]
    board.limit("and after adding all of them again", missing, "documents", at_most=0)


def _recall(board: Board, told: dict[str, Any]) -> None:
    board.check(
        "copies found, of what bands and estimate promise",
        told["found"] / told["promised"],
        "×",
        at_least=1 - 3 * told["slack"],
        detail=f"{told['found']:.4f} of {told['copies']:,} copies, {told['promised']:.4f} promised",
    )
    board.note("copies of 0.9 and more found", told["found_90"], "", f"of {told['copies_90']:,}")
    board.limit(
        "matches of a true similarity under 0.65", told["far"], "of all", at_most=0.001,
        detail=f"{told['matches']:,} matches",
    )  # fmt: skip
    board.limit(
        "error of estimates, root mean square, over the one stated",
        told["error"],
        "×",
        at_most=1.1,
    )


def _stream(board: Board, told: dict[str, float], documents: int, size: int) -> None:
    _cost(board, "tell new ones of a stream apart", told, documents, size)
    board.note("its filter", told["bytes"] / 1e6, "MB", f"{told['new']:,.0f} new documents in it")
    board.limit(
        "unrelated documents called seen, of the rate stated",
        told["seen"] / told["stated"],
        "×",
        at_most=1 + 4 / sqrt(told["asked"] * told["stated"]),
        detail=f"{told['seen']:.5f} of {told['asked']:,.0f}, {told['stated']:.5f} stated",
    )


def _peer(
    board: Board,
    work: Path,
    peers: int,
    ours: tuple[dict[str, float], dict[str, float]],
    sizes: tuple[int, int],
) -> None:
    told = _own_process("--datasketch", work, peers)
    for name, mine, size in zip(("add", "look_up"), ours, sizes, strict=True):
        theirs = peers / told[f"{name}_seconds"]
        times = size / mine["cpu_seconds"] / theirs
        detail = f"ours from texts, on disk: {times:.1f} times"
        board.note(
            f"datasketch, in memory, {name.replace('_', ' ')}", theirs, "a CPU second", detail
        )
    board.note("its memory", told["bytes"], "bytes a document", f"of {peers:,}")


def _own_process(what: str, work: Path, *rest: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.indexing", what, str(work), *map(str, rest)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _bytes(file: Path) -> int:
    return pl.scan_parquet(file).select(pl.col("text").str.len_bytes().sum()).collect().item()


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
