"""Merging the sketches of up to fifty million documents: memory, time and disk for each document.

The sketches are synthetic: three documents in ten lie in clusters whose sizes follow a power law,
one cluster holds a fiftieth of all documents, and two members of a cluster share each band with the
likelihood that a similarity of 0.9 gives. They are written as a run writes them and merged by what
a run merges with, in a process of its own; only true similarities are looked up, not computed. A
run over a million real and edited documents shows the whole, verified on the texts.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.bench import ROOT, Arguments, Board, arguments

BANDS = 12
SHARED = 0.9**5
SHARD = 250_000
IN_CLUSTERS = 0.3
BIGGEST = 50
PARTS = {"small": 8, "large": 64}
FLAT = 1.3
MOST_GB = 8.0
SIZES = {"quick": (250_000, 1_000_000), "full": (1_000_000, 10_000_000, 50_000_000)}
REAL = 1_000_000
_STEP = np.uint64(0x9E3779B97F4A7C15)


def main(given: Arguments) -> int:
    board = Board("merge", given.json)
    sizes = SIZES["quick" if given.quick else "full"]
    costs: list[float] = []
    for documents in sizes:
        with tempfile.TemporaryDirectory() as folder:
            told = _own_process("--sketch", folder, str(documents))
            disk = told["disk_gb"]
            told = _own_process("--merge", folder, str(documents))
        costs.append(told["cpu_seconds"] / documents)
        board.limit(
            f"memory to merge {documents:,} documents",
            told["peak_gb"],
            "GB",
            at_most=MOST_GB,
            detail=f"{told['wall_seconds']:.0f} s, {costs[-1] * 1e6:.2f} µs a document, "
            f"{disk:.1f} GB of sketches, {told['removed']:,} removed",
        )
        board.limit(
            f"of {documents:,}: removed for one of another cluster", told["wrong"], "", at_most=0
        )
    name, ratio = f"cost of a document, {sizes[-1]:,} over {sizes[0]:,}", costs[-1] / costs[0]
    if given.quick:
        board.note(name, ratio, "×")
    else:
        board.limit(name, ratio, "×", at_most=FLAT)
    if given.quick:
        board.skip("50,000,000 documents", "run without --quick")
    _real(board, given)
    return board.close()


def _own_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.merge", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def sketch(folder: Path, documents: int) -> dict[str, float]:
    """Write the sketches of so many documents."""
    from dataqa.engine.onward import described, sketched
    from dataqa.io.sinks import Table
    from dataqa.io.spill import write_sketches
    from dataqa.io.store import Store

    store = Store(folder)
    rng = np.random.default_rng(1)
    clusters = _clusters(documents, rng)
    for number, low in enumerate(range(0, documents, SHARD)):
        mine = clusters[low : low + SHARD]
        docs = np.arange(len(mine), dtype=np.uint64) | (np.uint64(number) << np.uint64(32))
        keys = _keys(mine, low, rng)
        rows = pl.DataFrame({"_doc": np.repeat(docs, BANDS), "key": keys.reshape(-1)})
        write_sketches(store, sketched(str(number)), [rows], _parts(documents))
        table = Table(store, described(str(number)), codec="lz4")
        table.add(_described(docs, mine, low))
        table.close()
    files = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"disk_gb": files / 1e9}


def _clusters(documents: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The cluster of each document, in random order; alone ones have a negative number each."""
    sizes = [documents // BIGGEST]
    left = int(documents * IN_CLUSTERS) - sizes[0]
    drawn = np.minimum(rng.zipf(2.2, left) + 1, documents // 1000)
    sizes.extend(drawn[np.cumsum(drawn) <= left].tolist())
    member = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    alone = -1 - np.arange(documents - len(member), dtype=np.int64)
    return rng.permutation(np.concatenate([member, alone]))


def _keys(clusters: NDArray[np.int64], low: int, rng: np.random.Generator) -> NDArray[np.uint64]:
    bands = np.arange(BANDS, dtype=np.uint64)
    own = (np.arange(low, low + len(clusters), dtype=np.uint64) + np.uint64(1 << 40))[:, None]
    theirs = clusters.astype(np.uint64)[:, None]
    share = (clusters >= 0)[:, None] & (rng.random((len(clusters), BANDS)) < SHARED)
    return _mixed(np.where(share, theirs, own) * np.uint64(BANDS) + bands)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values + np.uint64(1)) * _STEP
    values ^= values >> np.uint64(29)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    return values ^ (values >> np.uint64(32))


def _described(docs: NDArray[np.uint64], clusters: NDArray[np.int64], low: int) -> pl.DataFrame:
    numbers = np.arange(low, low + len(docs), dtype=np.uint64)
    ids = pl.Series(clusters).cast(pl.String) + "/" + pl.Series(numbers).cast(pl.String)
    hashes = _mixed(numbers)
    return pl.DataFrame(
        {
            "_doc": docs,
            "doc_id": ids,
            "held": np.zeros(len(docs), np.bool_),
            "stands": np.ones(len(docs), np.int64),
            "rank0": (hashes % np.uint64(10_000)).astype(np.int64),
            "content": hashes,
            "order": _mixed(hashes),
            "shingles": np.ones(len(docs), np.int64),
        }
    )


def merge(folder: Path, documents: int) -> dict[str, float]:
    """Merge them; what it took, and how many were removed."""
    from dataqa import kernels
    from dataqa.duplicates.ranks import Wish

    kernels.warm()
    from dataqa.duplicates.rulings import Policy, ruled_on
    from dataqa.engine.settle import Shards
    from dataqa.io.store import Store

    keys = {number: str(number) for number in range(-(-documents // SHARD))}
    shards = Shards(Store(folder), keys, _parts(documents))
    policy = Policy((Wish("longest"),), 0.8, 0.8, False, 64, False, 1.0)
    wall, cpu = time.perf_counter(), time.process_time()
    removed = wrong = 0
    with shards.scratch() as scratch:
        for rulings in ruled_on(shards, policy, _lay, scratch):
            rows = rulings.filter(pl.col("rule") == "duplicates.near")
            removed += rows.height
            wrong += int((rows["score"] != 1.0).sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return {
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_gb": peak,
        "removed": removed,
        "wrong": wrong,
    }


def _lay(shards: Any, members: Any, linked: Any, _: Path) -> Any:
    """One shingle for each document, its cluster: true similarities without texts."""
    from dataqa.kernels.clusters import Sets

    values = np.zeros(members.rows.height, np.uint64)
    for docs in shards.docs(["_doc", "doc_id"]):
        nodes = linked.numbering.nodes(docs["_doc"])
        inside = linked.members[nodes]
        cluster = docs["doc_id"].filter(pl.Series(inside)).str.extract(r"^(-?\d+)/").cast(pl.Int64)
        values[members.places[nodes[inside]]] = cluster.to_numpy().astype(np.uint64)
    starts = np.arange(len(values), dtype=np.int64)
    arrays = (values, starts, np.ones(len(values), np.int32))
    for array in arrays:
        array.flags.writeable = False
    return Sets(*arrays)


def _parts(documents: int) -> int:
    return PARTS["large" if documents > 5_000_000 else "small"]


def _real(board: Board, given: Arguments) -> None:
    """A whole run, verified on texts, over real paragraphs of which a tenth is edited."""
    file = given.data / "perf_en.parquet"
    if given.quick or not file.is_file():
        why = "run without --quick" if given.quick else f"{file.name} is not there"
        board.skip(f"{REAL:,} real and edited documents, verified", why)
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _paragraphs(file, work / "in")
        (work / "near.yaml").write_text("name: near\nsteps:\n  - duplicates\n")
        command = [sys.executable, "-m", "dataqa", "run", str(work / "near.yaml"), "-i"]
        command += [str(work / "in"), "-o", str(work / "out"), "--log", "none"]
        began = time.perf_counter()
        _, status, used = os.wait4(subprocess.Popen(command, cwd=ROOT).pid, 0)
        took = time.perf_counter() - began
        if status:
            raise RuntimeError(f"dataqa run ended with status {status}")
        peak = used.ru_maxrss / (1 << 20)
        rejected = pl.scan_parquet(work / "out/rejected/*.parquet").select(pl.len()).collect()
        board.limit(
            f"memory, {REAL:,} real and edited documents, verified",
            peak,
            "GB",
            at_most=MOST_GB,
            detail=f"{took:.0f} s, {rejected.item():,} removed",
        )
        shutil.rmtree(work / "out")


def _paragraphs(file: Path, folder: Path) -> None:
    """A million documents: paragraphs of a corpus in turn, of every tenth another edited copy."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    texts = pl.read_parquet(file, columns=["text"])["text"].str.split("\n\n").explode()
    texts = texts.filter(texts.str.len_chars() > 200)
    for number, part in enumerate(_dealt(texts, rng)):
        part.write_parquet(folder / f"part-{number:02d}.parquet")


def _dealt(texts: pl.Series, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    made = turn = 0
    while made < REAL:
        fresh = [text if not turn else _edited(text, rng, 0.5) for text in texts.head(REAL - made)]
        copies = [_edited(text, rng, 0.02) for text in fresh[::10]]
        yield pl.DataFrame({"text": (fresh + copies)[: REAL - made]})
        made += len(fresh) + len(copies)
        turn += 1


def _edited(text: str, rng: np.random.Generator, share: float) -> str:
    """The text with a share of its words replaced."""
    words = text.split(" ")
    for at in np.flatnonzero(rng.random(len(words)) < share):
        words[at] = f"{words[at][::-1]}{rng.integers(10_000)}"
    return " ".join(words)


if __name__ == "__main__":
    if sys.argv[1] in {"--sketch", "--merge"} if len(sys.argv) > 1 else False:
        work = {"--sketch": sketch, "--merge": merge}[sys.argv[1]]
        print(json.dumps(work(Path(sys.argv[2]), int(sys.argv[3]))))
        sys.exit(0)
    sys.exit(main(arguments(__doc__ or "")))
