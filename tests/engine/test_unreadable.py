"""An input that cannot be read at all: a clear error, or one row in quarantine; never both."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from runs import conserved, go, whole

from dataqa.engine.verify import faults
from dataqa.errors import InputError
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Quality

LINES = b"".join(
    json.dumps({"text": f"{i} {os.urandom(30).hex()}"}).encode() + b"\n" for i in range(9)
)
PIPELINE = Pipeline.of("p", Quality(packs=("gopher",)), Exact(), reading=Reading(id_column="id"))
PLAIN = Pipeline.of("p", Exact())
SMALL = Pipeline.of("p", Exact(), reading=Reading(shard_bytes=200))


def parquet(path: Path) -> None:
    pl.DataFrame({"text": ["a", "b"]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-6])


def arrow(path: Path) -> None:
    pl.DataFrame({"text": ["a", "b"]}).write_ipc(path)
    path.write_bytes(path.read_bytes()[:60])


def put(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


INPUTS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "gzip of nothing but its head": ("a.jsonl.gz", put(gzip.compress(LINES)[:10]), "truncated"),
    "gzip of three bytes": ("a.jsonl.gz", put(b"\x1f\x8b\x08"), "truncated"),
    "half a zstd frame": ("a.jsonl.zst", put(zstandard.compress(LINES)[:40]), "truncated"),
    "no gzip": ("a.jsonl.gz", put(LINES), "is not gzip"),
    "UTF-16": ("a.jsonl", put(LINES.decode().encode("utf-16")), "looks like UTF-16"),
    "UTF-16 CSV": ("a.csv", put("text\na\n".encode("utf-16")), "looks like UTF-16"),
    "UTF-16 text": ("a.txt", put("a text".encode("utf-16")), "looks like UTF-16"),
    "gzipped CSV cut": ("a.csv.gz", put(gzip.compress(b"text\na\n")[:12]), "truncated"),
    "gzipped text cut": ("a.txt.gz", put(gzip.compress(b"a text")[:12]), "truncated"),
    "gzipped WARC cut": ("a.warc.gz", put(gzip.compress(b"WARC/1.0\r\n")[:12]), "truncated"),
    "no WARC": ("a.warc", put(b"nothing of the kind" * 3), "breaks off in a record"),
    "parquet cut": ("a.parquet", parquet, "truncated or damaged"),
    "arrow cut": ("a.arrow", arrow, "truncated or damaged"),
    "one broken line": ("a.jsonl", put(b'{"text": "unfinished\n'), "broken JSON"),
}
every_input = pytest.mark.parametrize("name", INPUTS)


def made(name: str, folder: Path) -> Path:
    file, make, _ = INPUTS[name]
    make(folder / file)
    return folder / file


@every_input
def test_alone_it_is_one_row_in_quarantine_with_its_bytes(name: str, tmp_path: Path):
    path, said = made(name, tmp_path), INPUTS[name][2]
    pipeline = PLAIN if ".txt" in path.name else PIPELINE
    result = go(path, tmp_path / "out", pipeline=pipeline, on_error="quarantine")
    conserved(result, 1)
    assert result.counts["quarantine"] == 1
    row = result.scan("quarantine").collect().row(0, named=True)
    assert row["doc_id"] == (str(path) if ".txt" in path.name else f"{path}#1")
    assert said in row["error"]
    assert row["raw"]
    assert path.read_bytes().startswith(row["raw"]) or name == "half a zstd frame"
    assert result.report["quarantine"][0]["documents"] == 1
    assert faults(result.out) == []


@pytest.mark.parametrize("name", [name for name in INPUTS if "text" not in name])
def test_with_stop_it_is_the_users_to_mend(name: str, tmp_path: Path):
    """But for a text file, which is one document: that is set aside in any case."""
    path = made(name, tmp_path)
    with pytest.raises(InputError) as told:
        go(path, tmp_path / "out", pipeline=PIPELINE)
    assert path.name in str(told.value)
    assert told.value.hint


@pytest.mark.parametrize("name", ["UTF-16 CSV", "no gzip", "gzip of three bytes"])
@pytest.mark.parametrize("size", [1, 400_000])
def test_spooled_or_not_the_row_is_the_same(name: str, size: int, tmp_path: Path):
    """Large files are decoded once into pieces: that loses neither the fault nor the bytes."""
    path = made(name, tmp_path)
    path.write_bytes((path.read_bytes() * size)[: 3 << 19])
    results = [
        go(path, tmp_path / f"out-{at}", pipeline=pipeline, on_error="quarantine")
        for at, pipeline in enumerate((PIPELINE, SMALL))
    ]
    rows = [result.scan("quarantine").select("doc_id", "error", "raw") for result in results]
    assert rows[0].collect().equals(rows[1].collect())
    (row,) = rows[0].collect().rows()
    assert row[2] == path.read_bytes()[: 1 << 20]
    assert ("(raw holds its first 1,048,576 bytes)" in row[1]) == (path.stat().st_size > 1 << 20)


def test_a_stream_keeps_what_it_breaks_off_in_however_it_is_cut(tmp_path: Path):
    packed = gzip.compress(LINES)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    told: list[pl.DataFrame] = []
    for at, pipeline in enumerate((PLAIN, SMALL)):
        result = go(path, tmp_path / str(at), pipeline=pipeline, on_error="quarantine")
        told.append(result.scan("quarantine").select("doc_id", "error", "raw").collect())
    assert told[0].equals(told[1])
    kept = LINES.splitlines()[int(told[0]["doc_id"][0].partition("#")[2]) - 1]
    assert kept.startswith(told[0]["raw"][0])
    assert told[0]["raw"][0]


def test_from_standard_input_nothing_is_lost(tmp_path: Path):
    data = LINES.decode().encode("utf-16")
    asked = ("run", "quickstart", "-i", "-", "--on-error", "quarantine", "-o", "out")
    done = subprocess.run(
        [sys.executable, "-m", "dataqa", *asked],
        input=data, capture_output=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    row = pl.read_parquet(tmp_path / "out" / "quarantine").row(0, named=True)
    assert (row["doc_id"], row["raw"]) == ("-#1", data)


def test_a_file_that_is_put_right_and_added_is_judged(tmp_path: Path):
    (tmp_path / "in").mkdir()
    made("UTF-16", tmp_path / "in")
    result = go(tmp_path / "in", tmp_path / "out", pipeline=SMALL, on_error="quarantine")
    conserved(result, 1)
    (tmp_path / "in" / "b.jsonl").write_bytes(LINES)
    result = go(tmp_path / "in", tmp_path / "out", pipeline=SMALL, on_error="quarantine")
    conserved(result, 10)
    assert result.counts["kept"] == 9
    shutil.rmtree(tmp_path / "out")
    assert go(tmp_path / "in", tmp_path / "out", pipeline=SMALL, on_error="quarantine").counts == (
        result.counts
    )


@pytest.mark.parametrize("text", [b'[\n{"text": "a"},\n{"text": "b"}\n]\n', b'{"body": "a"}\n'])
def test_a_readable_file_of_another_kind_is_a_mistake_even_so(text: bytes, tmp_path: Path):
    (tmp_path / "a.jsonl").write_bytes(text)
    with pytest.raises(InputError, match=r"one JSON array|no column 'text'"):
        go(tmp_path / "a.jsonl", tmp_path / "out", pipeline=SMALL, on_error="quarantine")


def test_quarantined_alone_by_two_workers_it_is_the_same(tmp_path: Path):
    for name in ("UTF-16", "gzip of three bytes"):
        made(name, tmp_path)
    both = [tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"]
    one = go(both, tmp_path / "one", pipeline=SMALL, on_error="quarantine")
    two = go(both, tmp_path / "two", pipeline=SMALL, on_error="quarantine", workers=2)
    conserved(one, 2)
    assert whole(one.out) == whole(two.out)
