"""MinHash signatures of 128 permutations over word 5-grams, ours and four peers' on the same texts.

Ours fold case and cut by Unicode's letters and digits. Daft, in Rust, folds nothing and cuts at
white space; rensa, in Rust too, and datasketch are fed by the usual Python shingling; datatrove's
is its signature stage. Each is one process; its CPU seconds are counted, all threads together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments, cpu_seconds
from benchmarks.peers import python_of
from dataqa import kernels
from dataqa.duplicates.bands import Bands, band_keys
from dataqa.duplicates.signatures import Shingle, shingle_sets, signatures, similarities

PERMUTATIONS, WORDS = 128, 5
PAIRED, TURNS = 5, 4
DAFT_TIMES, RENSA_TIMES, DATATROVE_TIMES = 2.2, 15.0, 600.0
DAFT_AIM = 5.0
DAFT_HASH = "xxhash"
"""The quickest of those that Daft offers."""
BATCH = 16.0
"""Megabytes that we are timed on at least, however small a sample a slow peer gets."""


class Peer(NamedTuple):
    """A tool, in an environment of its own, with texts in memory."""

    process: subprocess.Popen[str]

    def seconds(self) -> float:
        """CPU seconds for the signatures of all its texts."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def peer(python: Path, name: str, texts: pl.Series, *more: str) -> Generator[Peer]:
    """Start a peer and hand it texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.parquet"
        texts.to_frame("text").write_parquet(path)
        script = Path(__file__).with_name("minhash_peer.py")
        with subprocess.Popen(
            [str(python), str(script), name, str(path), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{name} did not start")
            yield Peer(process)
            assert process.stdin is not None
            process.stdin.close()


def environment_of(name: str) -> Path | None:
    """The interpreter that has a peer, if its environment was made to its end."""
    python = Path(sys.executable) if name == "datasketch" else python_of(name)
    if python is None:
        return None
    look = f"import sys, importlib.util as u; sys.exit(u.find_spec({name!r}) is None)"
    return None if subprocess.run([str(python), "-c", look], check=False).returncode else python


def megabytes(texts: pl.Series) -> float:
    return int(texts.str.len_bytes().sum()) / 1e6


def first(texts: pl.Series, size: float) -> pl.Series:
    """As many of the first texts as make up so many megabytes."""
    return texts.head(max(int((texts.str.len_bytes().cum_sum() <= size * 1e6).sum()), 1))


def load(data: Path, size: float) -> tuple[pl.Series, str]:
    """Texts of so many megabytes, and which they are."""
    path = data / "perf_en.parquet"
    if path.exists():
        return first(pl.read_parquet(path, columns=["text"])["text"], size), path.name
    some = pl.read_ndjson(ROOT / "examples" / "data" / "docs-en.jsonl.zst")["text"]
    return pl.concat([some] * max(round(size / megabytes(some)), 1)), "examples, repeated"


def ours(texts: pl.Series) -> None:
    signatures(texts, Shingle("word", WORDS), PERMUTATIONS)


def our_rate(texts: pl.Series) -> float:
    """Megabytes for each CPU second, on these texts in a batch of usual size."""
    times = max(1, round(BATCH / megabytes(texts)))
    many = pl.concat([texts] * times)
    return megabytes(many) / cpu_seconds(lambda: ours(many), runs=5)


def mean_seconds(texts: pl.Series, turns: int) -> float:
    """CPU seconds of one of several turns, so that a short time is not one of chance."""
    begun = time.process_time()
    for _ in range(turns):
        ours(texts)
    return (time.process_time() - begun) / turns


def beside_daft(board: Board, texts: pl.Series) -> None:
    """Run by run in turn, so that both meet the same machine."""
    python, size = environment_of("daft"), megabytes(texts)
    if python is None:
        board.skip("times Daft", "make peers has not made .peers/daft")
        return
    with peer(python, "daft", texts, DAFT_HASH) as daft:
        daft.seconds()
        pairs = [(daft.seconds(), mean_seconds(texts, TURNS)) for _ in range(PAIRED)]
    board.note(f"Daft, {DAFT_HASH}", size / median(its for its, _ in pairs), "MB/s")
    board.note("ours, the same runs", size / median(mine for _, mine in pairs), "MB/s")
    ratios = sorted(its / mine for its, mine in pairs)
    told = f"of {PAIRED} paired runs, {ratios[0]:.2f} to {ratios[-1]:.2f}; aim {DAFT_AIM:g}"
    board.check("times Daft, median", median(ratios), "x", at_least=DAFT_TIMES, detail=told)


def beside(board: Board, name: str, texts: pl.Series, bound: float) -> None:
    """The least of three runs of a slow peer beside ours on the same texts."""
    python = environment_of(name)
    if python is None:
        board.skip(f"times {name}", f"make peers has not made .peers/{name}")
        return
    with peer(python, name, texts) as other:
        seconds = min(other.seconds() for _ in range(3))
    size, mine = megabytes(texts), our_rate(texts)
    board.note(name, size / seconds, "MB/s", f"{len(texts)} documents, {size:.2f} MB")
    ratio = mine * seconds / size
    if bound:
        board.check(f"times {name}", ratio, "x", at_least=bound, detail=f"ours {mine:.0f} MB/s")
    else:
        board.note(f"times {name}", ratio, "x", f"ours {mine:.0f} MB/s")


def beyond(board: Board, texts: pl.Series) -> None:
    """What else near-duplicates take: keys, sets of shingles, true similarities; only reported."""
    size = megabytes(texts)
    some = shingle_sets(texts, Shingle("word", WORDS))
    seconds = cpu_seconds(lambda: shingle_sets(texts, Shingle("word", WORDS)))
    board.note("shingle sets", size / seconds, "MB/s")
    seconds = cpu_seconds(lambda: signatures(texts, Shingle("char", 24), 260))
    board.note("signatures of 260, of characters, 24", size / seconds, "MB/s")
    values = signatures(texts, Shingle("word", WORDS), PERMUTATIONS).values
    many = np.tile(values, (max(1, 100_000 // len(values)), 1))
    seconds = cpu_seconds(lambda: band_keys(many, Bands(14, 8)))
    board.note("band keys, 14 of 8", len(many) / seconds / 1e6, "million documents/s")
    left = np.arange(len(texts) - 1).repeat(max(1, 20_000 // len(texts)))
    seconds = cpu_seconds(lambda: similarities(some, left, left + 1))
    told = f"sets of {some.sizes.mean():.0f} on average, counted to the end"
    board.note("true similarities", len(left) / seconds / 1e3, "thousand pairs/s", told)
    seconds = cpu_seconds(lambda: similarities(some, left, left + 1, 0.8))
    board.note("true similarities of at least 0.8", len(left) / seconds / 1e3, "thousand pairs/s")


def run(board: Board, asked: Arguments) -> None:
    """All lines, or why they are not checked."""
    kernels.warm()
    texts, which = load(asked.data, 32 if asked.quick else 250)
    ours(first(texts, 1))
    size = megabytes(texts)
    seconds = cpu_seconds(lambda: ours(texts), runs=5)
    board.note("ours", size / seconds, "MB/s", f"{which}, {len(texts)} documents, {size:.1f} MB")
    beside_daft(board, texts)
    beside(board, "rensa", first(texts, 4 if asked.quick else 16), RENSA_TIMES)
    few = first(texts, 0.5 if asked.quick else 3)
    beside(board, "datatrove", few, DATATROVE_TIMES)
    beside(board, "datasketch", few, 0)
    beyond(board, first(texts, 16))


def main() -> int:
    """Run the benchmark; 1 when a line does not hold."""
    asked = arguments(__doc__ or "")
    board = Board("minhash", asked.json)
    run(board, asked)
    return board.close()


if __name__ == "__main__":
    sys.exit(main())
