"""Every format gives the same documents, whatever the sizes of chunks and shards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from read_sources import read_all

from dataqa.errors import InputError
from dataqa.io import sources
from dataqa.io.sources import Reading

ROWS = [
    {"text": f"document {i}, größer\nand 漢字 {'x' * (i % 50)}", "n": f"{i:04}", "lang": "en"}
    for i in range(200)
]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)


def _jsonl(path: Path) -> Path:
    path.write_bytes(LINES)
    return path


def _gz(path: Path) -> Path:
    half = len(LINES) // 2
    path.write_bytes(gzip.compress(LINES[:half]) + gzip.compress(LINES[half:]))
    return path


def _zst(path: Path) -> Path:
    half = len(LINES) // 2
    path.write_bytes(zstandard.compress(LINES[:half]) + zstandard.compress(LINES[half:]))
    return path


def _parquet(path: Path) -> Path:
    pl.DataFrame(ROWS).write_parquet(path, row_group_size=30)
    return path


def _arrow_file(path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _table().schema) as writer:
        writer.write_table(_table(), max_chunksize=30)
    return path


def _arrow_stream(path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, _table().schema) as writer:
        writer.write_table(_table(), max_chunksize=30)
    return path


def _polars_arrow(path: Path) -> Path:
    pl.DataFrame(ROWS).write_ipc(path, compression="zstd")
    return path


def _csv(path: Path) -> Path:
    pl.DataFrame(ROWS).write_csv(path)
    return path


def _csv_gz(path: Path) -> Path:
    path.write_bytes(gzip.compress(pl.DataFrame(ROWS).write_csv().encode()))
    return path


def _tsv(path: Path) -> Path:
    pl.DataFrame(ROWS).write_csv(path, separator="\t")
    return path


def _table() -> pa.Table:
    return pa.Table.from_pylist(ROWS)


WRITERS: dict[str, Callable[[Path], Path]] = {
    "a.jsonl": _jsonl,
    "a.jsonl.gz": _gz,
    "a.jsonl.zst": _zst,
    "a.parquet": _parquet,
    "file.arrow": _arrow_file,
    "stream.arrow": _arrow_stream,
    "polars.arrow": _polars_arrow,
    "a.csv": _csv,
    "a.csv.gz": _csv_gz,
    "a.tsv": _tsv,
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_format_gives_the_same_documents(name: str, tmp_path: Path):
    outcome = read_all(WRITERS[name](tmp_path / name))
    assert outcome.docs["text"].to_list() == [row["text"] for row in ROWS]
    assert outcome.docs["n"].to_list() == [row["n"] for row in ROWS]  # leading zeros survive
    assert outcome.ids == [f"{name}#{i}" for i in range(1, 201)]
    assert outcome.docs["_doc"].dtype == pl.UInt64
    assert not outcome.damaged.height


@pytest.mark.parametrize("name", WRITERS)
def test_chunk_borders_are_invisible(name: str, tmp_path: Path):
    path = WRITERS[name](tmp_path / name)
    whole = read_all(path)
    for size in (1, 100, 5000):
        small = read_all(path, batch_bytes=size)
        assert_frame_equal(small.docs, whole.docs)
        assert small.chunks > whole.chunks


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("size", [700, 5000])
def test_shard_borders_lose_nothing(name: str, size: int, tmp_path: Path):
    """datatrove #316: one huge file is cut, so that a rerun does not begin it from zero."""
    path = WRITERS[name](tmp_path / name)
    whole = read_all(path)
    cut = read_all(path, shard_bytes=size, spool=tmp_path / "spool")
    assert_frame_equal(cut.docs.drop("_doc"), whole.docs.drop("_doc"))
    if path.stat().st_size > size and name != "polars.arrow":  # one record batch cannot be cut
        assert len(cut.shards) > 1
    assert cut.docs["_doc"].is_sorted()
    assert cut.docs["_doc"].n_unique() == 200


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.csv.gz", "file.arrow"])
def test_limit_reads_the_first_records(name: str, tmp_path: Path):
    path = WRITERS[name](tmp_path / name)
    for limit in (0, 1, 70, 500):
        outcome = read_all(path, limit=limit, shard_bytes=900, spool=tmp_path / "spool")
        assert outcome.ids == [f"{name}#{i}" for i in range(1, min(limit, 200) + 1)]


def _line(text: str) -> bytes:
    return json.dumps({"text": text}).encode()


LINE = st.one_of(
    st.text(max_size=30).map(_line),
    st.sampled_from([b"", b"  ", b"{", b"[1]", b'{"text": null}', b'{"text": 1}', b"\xff", b"{}"]),
)


@given(
    st.lists(LINE, max_size=30),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.integers(1, 200),
    st.integers(1, 300),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_line_is_a_document_or_damaged(
    tmp_path: Path, found: list[bytes], end: bytes, closed: bool, batch: int, shard: int
):
    """Conservation, and independence of every border, on lines of any kind."""
    lines = [b'{"text": "first"}', *found]
    path = tmp_path / "a.jsonl"
    path.write_bytes(end.join(lines) + (end if closed else b""))
    whole = read_all(path)
    positions = [i for i, line in enumerate(lines, 1) if line.strip()]
    assert whole.docs.height + whole.damaged.height == len(positions)
    numbers = pl.concat([whole.docs["_doc"], whole.damaged["_doc"]]).sort()
    assert numbers.to_list() == list(range(len(positions)))
    given_ids = [f"a.jsonl#{i}" for i in positions]
    assert sorted([*whole.ids, *whole.errors]) == sorted(given_ids)
    small = read_all(path, batch_bytes=batch)
    assert_frame_equal(small.docs, whole.docs)
    assert_frame_equal(small.damaged, whole.damaged)
    cut = read_all(path, shard_bytes=shard)
    assert_frame_equal(cut.docs.drop("_doc"), whole.docs.drop("_doc"))
    assert_frame_equal(cut.damaged.drop("_doc"), whole.damaged.drop("_doc"))


@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=5)), min_size=1, max_size=20),
    st.integers(1, 300),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_survives_csv(tmp_path: Path, rows: list[tuple[str, str]], shard: int):
    path = tmp_path / "a.csv"
    quoted = [
        '"text","b"',
        *(",".join(f'"{v.replace(chr(34), chr(34) * 2)}"' for v in r) for r in rows),
    ]
    path.write_bytes("\n".join(quoted).encode("utf-8", "replace"))
    outcome = read_all(path, shard_bytes=shard, spool=tmp_path / "spool")
    assert outcome.docs.select("text", "b").rows() == [
        (a.encode("utf-8", "replace").decode(), b.encode("utf-8", "replace").decode())
        for a, b in rows
    ]


def test_source_columns_travel_unchanged(tmp_path: Path):
    frame = pl.DataFrame(
        {
            "text": ["a", "b"],
            "when": [date(2020, 1, 1), None],
            "tags": [["x"], []],
            "meta": [{"k": 1, "s": "é"}, {"k": None, "s": None}],
            "blob": [b"\xff\x00", None],
            "kind": pl.Series(["p", "q"], dtype=pl.Categorical),
            "price": pl.Series(["1.10", None], dtype=pl.String).cast(pl.Decimal(10, 2)),
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    docs = read_all(tmp_path / "a.parquet").docs
    assert_frame_equal(
        docs.drop("_doc", "doc_id"), frame.with_columns(pl.col("kind").cast(pl.String))
    )


def test_dictionary_columns_are_decoded(tmp_path: Path):
    column = pa.array(["a", "b", None, "a"]).dictionary_encode()
    table = pa.table({"text": column, "list": pa.array([[1], [], None, [2]])})
    pq.write_table(table, tmp_path / "a.parquet")
    with (
        pa.OSFile(str(tmp_path / "b.arrow"), "wb") as file,
        pa.ipc.new_file(file, table.schema) as w,
    ):
        w.write_table(table)
    outcome = read_all(tmp_path)
    assert outcome.docs["text"].to_list() == ["a", "b", "a"] * 2
    assert list(outcome.errors) == ["a.parquet#3", "b.arrow#3"]


def test_types_widen_over_files(tmp_path: Path):
    pl.DataFrame({"text": ["a"], "n": pl.Series([1], dtype=pl.Int8)}).write_parquet(
        tmp_path / "1.parquet"
    )
    pl.DataFrame({"text": ["b"], "n": pl.Series([2**31], dtype=pl.UInt32)}).write_parquet(
        tmp_path / "2.parquet"
    )
    pl.DataFrame({"text": ["c"], "new": [True]}).write_parquet(tmp_path / "3.parquet")
    docs = read_all(tmp_path).docs
    assert docs.schema["n"] == pl.Int64
    assert docs.select("n", "new").rows() == [(1, None), (2**31, None), (None, True)]


def test_mixed_schemas_name_both_files(tmp_path: Path):
    pl.DataFrame({"text": ["a"], "n": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"text": ["b"], "n": ["x"]}).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(
        InputError, match=r"2\.parquet: column 'n' is String.* but Int64 in .*1\.parquet"
    ):
        read_all(tmp_path)


def test_ids_come_from_the_user(tmp_path: Path):
    ids: list[Any] = [7, None, "x", ""]
    rows = [{"text": "a", "id": value} for value in ids]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read_all(path, id_column="id").ids == ["7", "a.jsonl#2", "x", "a.jsonl#4"]
    pl.DataFrame({"text": ["a", "b"], "doc_id": [3, None]}).write_parquet(tmp_path / "b.parquet")
    outcome = read_all(tmp_path / "b.parquet")
    assert outcome.ids == ["3", "b.parquet#2"]
    assert outcome.docs.columns == ["_doc", "doc_id", "text"]


def test_reserved_names_travel_aside_and_come_back(tmp_path: Path):
    frame = pl.DataFrame({"text": ["label"], "body": ["the text"], "_doc": [5], "doc_id": ["d"]})
    frame.write_parquet(tmp_path / "a.parquet")
    reading = Reading(text_column="body", id_column="text")
    docs = read_all(tmp_path, text_column="body", id_column="text").docs
    assert docs.columns == [
        "_doc",
        "doc_id",
        "text",
        "_source_text",
        "_source__doc",
        "_source_doc_id",
    ]
    assert docs.drop("_doc").row(0) == ("label", "the text", "label", 5, "d")
    schema = sources.schema(sources.find([tmp_path], reading), reading)
    assert sources.output_names(schema, reading) == {
        "text": "body",
        "_source_text": "text",
        "_source__doc": "_doc",
        "_source_doc_id": "source_doc_id",
    }


def test_json_that_fits_no_column_is_rescued(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    lines = ['{"text": "a", "n": 1, "deep": {"k": 1}}'] * 5
    lines += ['{"text": "b", "n": "odd"}', '{"text": "c", "n": 99999999999999999999}']
    lines += ['{"text": "e", "n": true}']
    path.write_text("\n".join(lines))
    late = tmp_path / "b.jsonl"
    late.write_text(
        '{"text": "f", "n": 3}\n' * 20000
        + '{"text": "g", "later": [1.5, NaN]}\n{"text": "d", "deep": {"k": 1, "new": 2}}'
    )
    docs = read_all(path, late).docs
    rescued = dict(
        docs.filter(pl.col("_rescued_data").is_not_null()).select("text", "_rescued_data").rows()
    )
    assert rescued == {
        "b": '{"n":"odd"}',
        "c": '{"n":99999999999999999999}',
        "e": '{"n":true}',
        "g": '{"later":[1.5,NaN]}',
        "d": '{"deep":{"k":1,"new":2}}',
    }
    again = tmp_path / "c.jsonl"
    docs.drop("_doc", "deep").write_ndjson(again)
    assert read_all(again).docs["_rescued_data"].drop_nulls().to_list() == list(rescued.values())


def test_memory_of_one_huge_row_group_is_bounded(tmp_path: Path):
    """Only a few megabytes of a row group are decoded at a time."""
    path = tmp_path / "a.parquet"
    text = [f"{i} " + "word " * 2000 for i in range(6000)]  # 60 MB in one row group
    pl.DataFrame({"text": text}).write_parquet(path, row_group_size=6000, compression="zstd")
    reading = Reading(batch_bytes=1 << 20)
    files = sources.find([path], reading)
    schema = sources.schema(files, reading)
    (shard,) = sources.cut(files, reading)
    before = pa.total_allocated_bytes()
    peak = seen = 0
    for chunk in sources.read(shard, reading, schema):
        peak = max(peak, pa.total_allocated_bytes() - before)
        seen += chunk.docs.height
        assert chunk.docs["text"].str.len_bytes().sum() <= reading.batch_bytes
    assert seen == 6000
    assert peak < 30 << 20
