"""The examples of other people's pipelines, run as those would run them."""

from __future__ import annotations

import contextlib
import io
import json
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from commands import Told

import dataqa
from dataqa.errors import InputError

ROOT = Path(__file__).parents[2]
HERE = ROOT / "examples" / "etl"
PLANTED = pl.read_ndjson(ROOT / "examples" / "data" / "planted.jsonl")
GOOD: str = PLANTED.filter(pl.col("id") == "planted-near-01")["text"][0]
PAGES = ["Too short.", GOOD, None]


def script(name: str, *words: object) -> Told:
    """An example's ``main``, in this process; docs/etl.md is run with a process for each."""
    printed, complaint = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complaint),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", [name, *map(str, words)])
        code = loaded(name)["main"]()
    return Told(code or 0, printed.getvalue(), complaint.getvalue())


def loaded(name: str) -> dict[str, Any]:
    return runpy.run_path(str(HERE / name))


def test_a_plain_job_hands_on_what_is_kept_and_goes_on_with_more_files(
    tmp_path: Path, examples: Path
):
    source = tmp_path / "in"
    source.mkdir()
    pages = pl.read_parquet(examples / "docs-many.parquet")
    pages[:30].write_parquet(source / "a.parquet")
    first = script("plain_job.py", source, tmp_path / "out")
    assert first.code == 0, first.err
    kept = pl.read_parquet(tmp_path / "out" / "clean.parquet")
    assert kept.columns == ["doc_id", "text"]
    assert kept.height == json.loads(first.out)["kept"]
    pages[30:40].write_parquet(source / "b.parquet")
    second = json.loads(script("plain_job.py", source, tmp_path / "out").out)
    assert second["documents"] == 40


def test_a_plain_job_ends_as_the_command_does(tmp_path: Path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "Too short."}\n' * 9, encoding="utf-8")
    lost = script("plain_job.py", bad, tmp_path / "out")
    assert lost.code == 3
    assert re.search(r"\d of 9 documents are lost", lost.err)
    assert not (tmp_path / "out" / "clean.parquet").exists()
    assert (tmp_path / "out" / "run" / "report.html").is_file()
    missing = script("plain_job.py", tmp_path / "nowhere", tmp_path / "out2")
    assert missing.code == 2
    assert "nowhere" in missing.err


def test_arrow_batches_are_judged_as_they_are_read(tmp_path: Path, examples: Path):
    source, target = examples / "docs-many.parquet", tmp_path / "kept.parquet"
    done = script("arrow_handover.py", source, target)
    assert done.code == 0, done.err
    whole = dataqa.judge(pl.read_parquet(source), loaded("arrow_handover.py")["PIPELINE"])
    counts = {word: int(count) for word, count in re.findall(r"(\w+) (\d+)", done.out)}
    assert counts == dict(whole["verdict"].value_counts().iter_rows())
    kept = whole.filter(pl.col("verdict") == "kept")
    assert pl.read_parquet(target).equals(kept.select(list(pl.read_parquet_schema(target))))


def test_an_arrow_reader_is_read_no_further_than_it_is_asked():
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for n in range(50):
            read.append(n)
            yield pa.record_batch({"text": [f"{GOOD} {n}"]})

    source = pa.RecordBatchReader.from_batches(pa.schema({"text": pa.string()}), batches())
    reader = loaded("arrow_handover.py")["judged"](source)
    assert reader.read_next_batch().num_rows == 1
    assert len(read) < 5


def test_an_empty_arrow_reader_has_the_columns():
    reader = loaded("arrow_handover.py")["judged"](
        pa.table({"text": pa.array([], pa.string())}).to_reader()
    )
    assert reader.read_all().num_rows == 0
    assert reader.schema.names == ["text", "verdict", "reasons"]


def test_arrow_tables_batches_readers_and_datasets_are_judged_like_frames(tmp_path: Path):
    frame = pl.DataFrame({"id": [1, 2, 3], "text": PAGES})
    pipeline = loaded("spark_judge.py")["PIPELINE"]
    wanted = dataqa.judge(frame, pipeline)
    assert wanted["verdict"].to_list() == ["rejected", "kept", "quarantine"]
    table = frame.to_arrow()
    frame.write_parquet(tmp_path / "pages.parquet")
    for given in (
        table,
        table.to_batches()[0],
        table.to_reader(),
        table.slice(0),
        ds.dataset(tmp_path / "pages.parquet").to_table(),
        frame.to_pandas(),
    ):
        assert dataqa.judge(given, pipeline).equals(wanted), type(given)
    with pytest.raises(InputError, match="Arrow table"):
        dataqa.judge(["text"], pipeline)


def test_the_spark_function_gives_what_spark_expects():
    """Spark sends a partition as an Arrow stream, of 32-bit offsets, and takes one back."""
    example = loaded("spark_judge.py")
    sent = pa.schema({"id": pa.string(), "text": pa.string()})
    parts = [PAGES, [], PAGES[::-1]]
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, sent) as writer:
        for n, texts in enumerate(parts):
            names = [f"{n}-{at}" for at in range(len(texts))]
            writer.write_batch(pa.record_batch([names, pa.array(texts, pa.string())], schema=sent))
    back = io.BytesIO()
    columns = example["COLUMNS"]
    with pa.ipc.new_stream(back, columns) as writer:
        for batch in example["judged"](iter(pa.ipc.open_stream(stream.getvalue()))):
            writer.write_batch(batch)  # refuses a batch of other types
    got = pa.ipc.open_stream(back.getvalue()).read_all()
    verdicts = ["rejected", "kept", "quarantine"]
    assert got["verdict"].to_pylist() == [*verdicts, *verdicts[::-1]]
    assert got["id"].to_pylist() == ["0-0", "0-1", "0-2", "2-0", "2-1", "2-2"]
    assert got["reasons"][2].as_py() == ["text is null"]
    assert list(example["judged"](iter(()))) == []  # an empty partition


def test_the_spark_schema_is_that_of_the_batches():
    example = loaded("spark_judge.py")
    spark = {"string": "string", "list<item: string>": "array<string>"}
    told = (f"{field.name} {spark[str(field.type)]}" for field in example["COLUMNS"])
    assert example["SCHEMA"] == ", ".join(told)
