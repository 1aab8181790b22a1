"""Duplicates in meaning: embedding, the graph beside all pairs, a whole run, SemHash beside ours.

The model is the folder ``model2vec`` in ``--data``, any model2vec model; without it only the graph
is checked, on drawn vectors. What is true is told by the cosines of all pairs, of the model's own
vectors in 32 bits for the comparison with SemHash, and of those that we keep, in 8 bits, for ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.bench import ROOT, Arguments, Board, arguments
from benchmarks.peers import python_of
from benchmarks.planted import sources

SIMILARITY = 0.95
RECALL, PRECISION = 99.0, 100.0
COMPARED = 5_000
"""Documents that are compared all with all."""
CHARACTERS = 1_500
"""Of each text for SemHash and ours: the library reads 512 tokens unless it is told otherwise."""
QUICK_DOCUMENTS = 3_000

type Vectors = NDArray[np.float64]


class Removed(NamedTuple):
    """What a tool removed, for which text, and CPU seconds for vectors and for the rest."""

    of: dict[int, int]
    embedding: float
    choosing: float


def main(given: Arguments) -> int:
    board = Board("semantic", given.json)
    if find_spec("usearch") is None or find_spec("model2vec") is None:
        board.skip("all", "the extra semantic is not installed")
        return board.close()
    _graph(board)
    model = given.data / "model2vec"
    if not (model / "model.safetensors").is_file():
        board.skip("with a model", f"there is no model2vec model in {model}")
        return board.close()
    documents = sources(given.data, "en")
    if given.quick:
        documents = documents.gather_every(max(1, documents.height // QUICK_DOCUMENTS))
    texts = documents["text"]
    _embedding(board, texts, model)
    _whole(board, documents, model)
    some = texts.gather_every(max(1, len(texts) // COMPARED))[:COMPARED].str.slice(0, CHARACTERS)
    _peer(board, some.unique(maintain_order=True), model)
    return board.close()


def _graph(board: Board) -> None:
    """Recall where nothing but the graph proposes, on groups of points of all sizes."""
    draw = np.random.default_rng(1)
    centres = draw.normal(size=(COMPARED // 8, 64))
    spread = draw.uniform(0.02, 0.6, (len(centres), 1))
    of = (len(centres) * draw.power(0.4, COMPARED)).astype(int)
    vectors = _eight_bits(centres[of] + spread[of] * draw.normal(size=(COMPARED, 64)))
    from dataqa.duplicates import nearest

    before, nearest.BLOCK = nearest.BLOCK, 16
    ours, _ = _chosen(vectors, 0.9)
    nearest.BLOCK = before
    _beside_all_pairs(board, "graph alone, drawn vectors", vectors, ours, 0.9)


def _embedding(board: Board, texts: pl.Series, model: Path) -> None:
    """Speed of embedding, and what eight bits cost in accuracy."""
    from dataqa.duplicates.embeddings import embedder

    embed = embedder(str(model), 10_000)
    begun = time.process_time()
    found = [embed(texts[at : at + 1000]) for at in range(0, len(texts), 1000)]
    took = time.process_time() - begun
    megabytes = int(texts.str.slice(0, 10_000).str.len_bytes().sum()) / 1e6
    board.note("embedding", megabytes / took, "MB/CPU s", f"{megabytes:.0f} MB read")
    board.note("embedding, documents", len(texts) / took, "1/CPU s")
    values = np.concatenate([told.values for told in found])
    values = values[np.concatenate([told.known for told in found])]
    ours, seconds = _chosen(values, SIMILARITY)
    board.note("neighbours", 1e6 * seconds / len(values), "CPU µs a document", f"{len(values):,}")
    _beside_all_pairs(board, f"all {len(values):,} documents", values, ours, SIMILARITY)


def _beside_all_pairs(
    board: Board, name: str, vectors: NDArray[np.int8], ours: dict[int, int], bound: float
) -> None:
    units = _units(vectors)
    gone = _by_all_pairs(units, bound)
    both = sum(1 for at in ours if gone[at])
    told = f"{int(gone.sum()):,} removed by all pairs"
    recall = 100 * both / max(1, int(gone.sum()))
    board.check(f"{name}, recall", recall, "%", at_least=RECALL, detail=told)
    true = _true(units, ours, bound)
    board.check(f"{name}, precision", true, "%", at_least=PRECISION, detail="like the one named")


def _whole(board: Board, documents: pl.DataFrame, model: Path) -> None:
    """A whole run, from parquet to the kept file: time and memory of a worker."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents.write_parquet(folder / "in.parquet", row_group_size=1000)
        step = {"model": str(model), "similarity": SIMILARITY}
        tree = {"name": "said", "reading": {"id_column": "id"}, "steps": [{"semantic": step}]}
        (folder / "said.yaml").write_text(json.dumps(tree))
        command = [sys.executable, "-m", "dataqa", "run", str(folder / "said.yaml")]
        files = ["-i", str(folder / "in.parquet"), "-o", str(folder / "out"), "--log", "none"]
        begun = time.perf_counter()
        child = subprocess.Popen([*command, *files, "--workers", "1"], cwd=ROOT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"dataqa run: exit code {child.returncode}")
        wall = time.perf_counter() - begun
        megabytes = int(documents["text"].str.len_bytes().sum()) / 1e6
        cpu = used.ru_utime + used.ru_stime
        detail = f"{wall:.0f} s wall for {megabytes:.0f} MB"
        board.note("whole run, one worker", megabytes / cpu, "MB/CPU s", detail)
        board.note("whole run, memory", used.ru_maxrss / 1024, "MB")


def _peer(board: Board, texts: pl.Series, model: Path) -> None:
    """SemHash and ours on the same texts, judged by the model's vectors in 32 bits."""
    from model2vec import StaticModel

    static: Any = StaticModel.from_pretrained(model)
    units = _units(static.encode(texts.to_list(), max_length=None, use_multiprocessing=False))
    ours, values, known = _ours(texts, model)
    _eight_bits_beside(board, values[known][:2000], units[known][:2000])
    tools = {"dataqa": ours}
    python = python_of("semhash")
    if python is None:
        board.skip("SemHash", "its environment was not made (make peers)")
    else:
        tools["SemHash"] = _semhash(python, texts, model)
    gone = int(_by_all_pairs(units[known], SIMILARITY).sum())
    detail = f"{gone} removed by all pairs of the {int(known.sum()):,} that the model knows"
    board.note("compared", len(texts), "documents", detail)
    for name, told in tools.items():
        kept = np.ones(len(texts), np.bool_)
        kept[list(told.of)] = False
        scores = units[list(told.of)] @ units[kept].T
        like = 100 * float((scores.max(axis=1) >= SIMILARITY - 1e-6).mean())
        left = int(_by_all_pairs(units[kept & known], SIMILARITY).sum())
        strange = sum(1 for at in told.of if not known[at])
        named = sum(1 for other in told.of.values() if other >= 0 and kept[other])
        board.note(f"{name}, removed", len(told.of), "", f"{like:.1f} % of them like one kept")
        board.note(f"{name}, kept though like one kept", left, "documents")
        board.note(f"{name}, removed though hardly a token is known", strange, "documents")
        true = _true(units, told.of, SIMILARITY)
        detail = f"{named} of {len(told.of)} named documents are kept"
        board.note(f"{name}, like the one named", true, "%", detail)
        seconds = f"{told.embedding:.2f} s of it for vectors"
        board.note(f"{name}, CPU", told.embedding + told.choosing, "s", seconds)


def _ours(texts: pl.Series, model: Path) -> tuple[Removed, NDArray[np.int8], NDArray[np.bool_]]:
    """What the step would remove, all vectors, and which texts have one."""
    from dataqa.duplicates.embeddings import embedder

    embed = embedder(str(model), CHARACTERS)
    begun = time.process_time()
    told = embed(texts)
    took = time.process_time() - begun
    # the longest first, as the step would have them by default
    order = np.argsort(-texts.str.len_chars().to_numpy(), kind="stable")
    order = order[told.known[order]]
    removed, seconds = _chosen(told.values[order], SIMILARITY)
    of = {int(order[at]): int(order[other]) for at, other in removed.items()}
    return Removed(of, took, seconds), told.values, told.known


def _semhash(python: Path, texts: pl.Series, model: Path) -> Removed:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(texts.to_list()))
        job = {
            "texts": str(folder / "texts.json"),
            "model": str(model.resolve()),
            "similarity": SIMILARITY,
            "out": str(folder / "out.json"),
        }
        (folder / "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("semhash_peer.py")
        command = [str(python), str(script), str(folder / "job.json")]
        subprocess.run(command, check=True, capture_output=True)
        told = json.loads((folder / "out.json").read_text())
    of = {row["id"]: row["of"] for row in told["removed"]}
    return Removed(of, told["first"], told["second"])


def _chosen(vectors: NDArray[np.int8], similarity: float) -> tuple[dict[int, int], float]:
    """Which rows go for which others, and CPU seconds."""
    from dataqa.duplicates.nearest import choose
    from dataqa.duplicates.ranks import Wish
    from dataqa.duplicates.rulings import Policy

    wishes = (Wish("longest"),)
    policy = Policy(wishes, similarity, similarity, False, 0, False, 1.0, "semantic")
    begun = time.process_time()
    stands = np.ones(len(vectors), np.int64)
    found = choose(vectors, np.full(len(vectors), 3, np.uint8), stands, policy)
    took = time.process_time() - begun
    rows = np.flatnonzero(found.states)
    return dict(zip(rows.tolist(), found.others[rows].tolist(), strict=True)), took


def _eight_bits_beside(board: Board, values: NDArray[np.int8], units: Vectors) -> None:
    exact, ours = units @ units.T, _units(values)
    off = np.abs(ours @ ours.T - exact)[exact > 0.9]
    detail = f"most; on average {off.mean():.5f}, of {off.size:,} cosines above 0.9"
    board.note("what eight bits change", float(off.max()), "", detail)


def _by_all_pairs(units: Vectors, bound: float) -> NDArray[np.bool_]:
    """Who goes, the first rows ranking best, if each is compared with all that stay."""
    gone = np.zeros(len(units), np.bool_)
    for first in range(0, len(units), 1000):
        block = units[first : first + 1000]
        before = np.flatnonzero(~gone[:first])
        near = np.any(block @ units[before].T >= bound - 1e-9, axis=1)
        among = block @ block.T >= bound - 1e-9
        for k in range(len(block)):
            inside = among[k, :k] & ~gone[first : first + k]
            gone[first + k] = bool(near[k] or inside.any())
    return gone


def _true(units: Vectors, removed: dict[int, int], bound: float) -> float:
    """Per cent of those removed that are as similar as asked to the one named."""
    rows, others = np.array(list(removed)), np.array(list(removed.values()))
    if not len(rows):
        return 100.0
    scores = np.einsum("ij,ij->i", units[rows], units[others])
    return 100 * float((scores >= bound - 1e-6).mean())


def _units(vectors: Sequence[Any] | NDArray[Any]) -> Vectors:
    values = np.asarray(vectors, np.float64)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def _eight_bits(vectors: NDArray[np.float64]) -> NDArray[np.int8]:
    from dataqa.duplicates.embeddings import quantized

    return quantized(vectors)


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
