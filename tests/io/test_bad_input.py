"""Every kind of bad input: a clear error that says where, or a damaged row; nothing is lost."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from polars.testing import assert_frame_equal
from read_sources import read_all

from dataqa.errors import InputError
from dataqa.io import sources
from dataqa.io.sources import Reading, Unreadable

GOOD = b'{"text": "good"}'


def _lines(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"text": "unfinished', "broken JSON at character 9"),
        (b'{"text": "a"} trailing', "broken JSON"),
        (b'{"text": "raw \x00 nul"}', "broken JSON"),
        (b'{"text": "\xff\xfe"}', "invalid UTF-8 at byte 10"),
        (b'{"text": "\xed\xa0\x80"}', "invalid UTF-8"),
        (b'{"text": "\\ud800"}', "lone surrogate"),
        (b'{"text": "ok", "other": "\\udc00 x"}', "lone surrogate"),
        (b'{"text": null}', "key 'text' is null"),
        (b'{"body": "x"}', "no key 'text'"),
        (b'{"text": 12}', "key 'text' is number, not text"),
        (b'{"text": ["a"]}', "key 'text' is array"),
        (b'["a", "b"]', "a JSON array, not an object"),
        (b"3", "a JSON number"),
        (b"[" * 5000, "JSON"),
        (b'{"n": ' + b"9" * 5000 + b', "text": "x"}', "a number of too many digits"),
    ],
)
def test_a_broken_line_in_the_middle_is_one_damaged_row(line: bytes, said: str, tmp_path: Path):
    outcome = read_all(_lines(tmp_path / "a.jsonl", GOOD, line, GOOD))
    assert outcome.ids == ["a.jsonl#1", "a.jsonl#3"]
    assert outcome.docs["_doc"].to_list() == [0, 2]
    assert list(outcome.errors) == ["a.jsonl#2"]
    assert said in outcome.errors["a.jsonl#2"]
    assert outcome.damaged["raw"].to_list() == [line]
    assert outcome.damaged["_doc"].to_list() == [1]


def test_nul_empty_and_odd_texts_are_documents(tmp_path: Path):
    texts = ["", "\0", "a\0b", "\u2028", "\ufeff", "e\u0301", "\U0010ffff"]
    path = _lines(tmp_path / "a.jsonl", *(json.dumps({"text": text}).encode() for text in texts))
    assert read_all(path).docs["text"].to_list() == texts


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD)
    assert read_all(path).ids == ["a.jsonl#1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named_with_the_way_out(encoding: str, tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes((GOOD.decode() + "\n").encode(encoding))
    with pytest.raises(
        InputError, match=r"looks like UTF-(16|16LE|16BE|32)\nHint: .*iconv -f UTF-"
    ):
        read_all(path)
    both = read_all(path, _lines(tmp_path / "b.jsonl", GOOD), on_error="quarantine")
    assert "looks like UTF-" in both.errors["a.jsonl#1"]
    assert both.ids == ["b.jsonl#1"]


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_truncated_stream_gives_what_it_holds(kind: str, share: float, tmp_path: Path):
    raw = b"\n".join(
        json.dumps({"text": f"{i} {os.urandom(40).hex()}"}).encode() for i in range(6000)
    )
    packed = gzip.compress(raw, mtime=0) if kind == "gz" else zstandard.compress(raw)
    path = tmp_path / f"a.jsonl.{kind}"
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(Unreadable, match=rf"a\.jsonl\.{kind}: truncated or damaged .* near byte"):
        read_all(path)
    outcome = read_all(path, on_error="quarantine")
    count = outcome.docs.height
    assert outcome.docs["text"].to_list() == [
        json.loads(line)["text"] for line in raw.split(b"\n")[:count]
    ]
    assert list(outcome.errors) == [f"a.jsonl.{kind}#{count + 1}"]
    assert count > 6000 * (share - 0.3)
    again = read_all(path, on_error="quarantine", batch_bytes=1000)
    assert_frame_equal(again.docs, outcome.docs)
    assert_frame_equal(again.damaged, outcome.damaged)
    cut = read_all(path, on_error="quarantine", shard_bytes=50_000, spool=tmp_path / "spool")
    assert_frame_equal(cut.docs.drop("_doc"), outcome.docs.drop("_doc"))
    assert_frame_equal(cut.damaged.drop("_doc"), outcome.damaged.drop("_doc"))
    with pytest.raises(Unreadable, match="truncated or damaged"):
        read_all(path, shard_bytes=50_000, spool=tmp_path / "spool2")


def test_gzip_padded_with_zeros_is_whole(tmp_path: Path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(GOOD, mtime=0) + bytes(5000))
    assert read_all(path).ids == ["a.jsonl.gz#1"]


def test_a_flipped_bit_gives_the_lines_before(tmp_path: Path):
    raw = b"\n".join(json.dumps({"text": os.urandom(40).hex()}).encode() for _ in range(100))
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(raw))
    packed[-1] ^= 1
    (tmp_path / "a.jsonl.zst").write_bytes(packed)
    packed = bytearray(gzip.compress(raw, mtime=0))
    packed[-6] ^= 1
    (tmp_path / "b.jsonl.gz").write_bytes(packed)
    outcome = read_all(tmp_path, on_error="quarantine")
    assert list(outcome.errors) == ["a.jsonl.zst#100", "b.jsonl.gz#100"]


def test_gzip_with_something_behind_it_is_damaged(tmp_path: Path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(GOOD + b"\n", mtime=0) + b"something else")
    with pytest.raises(Unreadable, match="truncated or damaged gzip"):
        read_all(path)


def test_a_truncated_parquet_is_named(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["a"] * 100}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unreadable, match=r"a\.parquet: truncated or damaged"):
        read_all(path)
    both = read_all(path, _lines(tmp_path / "b.jsonl", GOOD), on_error="quarantine")
    assert list(both.errors) == ["a.parquet#1"]
    assert both.ids == ["b.jsonl#1"]


def test_a_parquet_damaged_inside_gives_the_rows_before(tmp_path: Path):
    path = tmp_path / "a.parquet"
    texts = [os.urandom(50).hex() for _ in range(2000)]
    pl.DataFrame({"text": texts}).write_parquet(path, row_group_size=500)
    at = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    raw = bytearray(path.read_bytes())
    raw[at : at + 400] = bytes(400)
    path.write_bytes(raw)
    with pytest.raises(Unreadable, match=r"a\.parquet: truncated or damaged"):
        read_all(path)
    outcome = read_all(path, on_error="quarantine")
    assert outcome.docs["text"].to_list() == texts[: outcome.docs.height]
    assert outcome.docs.height >= 500
    assert list(outcome.errors) == [f"a.parquet#{outcome.docs.height + 1}"]
    again = read_all(path, on_error="quarantine", batch_bytes=999)
    assert_frame_equal(again.docs, outcome.docs)
    assert_frame_equal(again.damaged, outcome.damaged)


@pytest.mark.parametrize("stream", [True, False])
def test_a_truncated_arrow_file_is_named(stream: bool, tmp_path: Path):
    table = pa.table({"text": [f"text {i}" for i in range(1000)]})
    path = tmp_path / "a.arrow"
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as file, make(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Unreadable, match=r"a\.arrow: truncated or damaged"):
        read_all(path)
    if stream:
        outcome = read_all(path, on_error="quarantine")
        assert outcome.docs["text"].to_list() == [f"text {i}" for i in range(outcome.docs.height)]
        assert outcome.docs.height >= 300
        assert outcome.damaged.height == 1


def test_invalid_utf_8_in_parquet_is_one_damaged_row(tmp_path: Path):
    values = pa.array([b"good", b"bad \xff", b"fine", None], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, values.buffers())
    pq.write_table(pa.table({"text": text, "n": [1, 2, 3, 4]}), tmp_path / "a.parquet")
    with pa.OSFile(str(tmp_path / "b.arrow"), "wb") as file:
        table = pa.table({"text": text, "n": [1, 2, 3, 4]})
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    outcome = read_all(tmp_path)
    assert outcome.docs.select("text", "n").rows() == [("good", 1), ("fine", 3)] * 2
    assert outcome.errors == {
        "a.parquet#2": "invalid UTF-8 in a text column",
        "a.parquet#4": "column 'text' is null",
        "b.arrow#2": "invalid UTF-8 in a text column",
        "b.arrow#4": "column 'text' is null",
    }


def test_a_100_mb_line_is_read_if_allowed(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    size = 100 << 20
    with path.open("wb") as file:
        file.write(GOOD + b'\n{"text": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n' + GOOD)
    outcome = read_all(path)
    assert outcome.ids == ["a.jsonl#1", "a.jsonl#3"]
    assert "larger than 16,777,216 bytes (raise --max-document" in outcome.errors["a.jsonl#2"]
    assert outcome.damaged["raw"].bin.size().to_list() == [(16 << 20) + 1]
    outcome = read_all(path, max_document=size + 100)
    assert outcome.docs["text"].str.len_bytes().to_list() == [4, size, 4]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl", "txt"])
def test_a_document_above_the_bound_is_damaged(ending: str, tmp_path: Path):
    path = tmp_path / f"a.{ending}"
    frame = pl.DataFrame({"text": ["x" * 2000, "short"]})
    match ending:
        case "parquet":
            frame.write_parquet(path)
        case "csv":
            frame.write_csv(path)
        case "jsonl":
            frame.write_ndjson(path)
        case _:
            path.write_text("x" * 2000)
    outcome = read_all(path, max_document=1000)
    assert outcome.damaged.height == 1
    assert "--max-document" in outcome.damaged["error"][0]
    assert outcome.docs.height == (0 if ending == "txt" else 1)


def test_a_missing_text_column_lists_the_others(tmp_path: Path):
    pl.DataFrame({"texts": ["a"], "id": ["b"]}).write_parquet(tmp_path / "a.parquet")
    said = r"no column 'text' for the text; columns: texts, id\nHint: did you mean texts\? \(--text"
    with pytest.raises(InputError, match=said):
        read_all(tmp_path)
    with pytest.raises(InputError, match="no column 'url' for the id"):
        read_all(tmp_path, text_column="texts", id_column="url")
    _lines(tmp_path / "b.jsonl", b'{"body": "x"}')
    with pytest.raises(InputError, match="no column 'text' for the text"):
        read_all(tmp_path / "b.jsonl")


def test_one_file_without_the_text_column_is_named(tmp_path: Path):
    pl.DataFrame({"text": ["a"]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"body": ["a"]}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: no column 'text'"):
        read_all(tmp_path)


def test_a_numeric_text_column_is_refused(tmp_path: Path):
    pl.DataFrame({"text": [1, 2], "body": ["a", "b"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"'text' is Int64, not text\nHint: .*text columns: body"):
        read_all(tmp_path)
    _lines(tmp_path / "b.jsonl", b'{"text": 1}', b'{"text": 2}')
    with pytest.raises(InputError, match="'text' is Int64, not text"):
        read_all(tmp_path / "b.jsonl")


def test_ragged_and_badly_quoted_csv_rows_are_damaged(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(
        b'text,n\na,1\nb\nc,3,4\n"d"x,5\n\xff,6\n\n"multi\nline ""q""",007\n"open,8\nrest\n'
    )
    outcome = read_all(path)
    assert outcome.docs.select("text", "n").rows() == [("a", "1"), ('multi\nline "q"', "007")]
    assert outcome.ids == ["a.csv#1", "a.csv#6"]
    assert [error.partition(":")[0] for error in outcome.damaged["error"]] == [
        "1 values for 2 columns",
        "3 values for 2 columns",
        "broken quoting",
        "invalid UTF-8 at byte 0 of the record",
        "a quoted field never ends; 2 lines follow its record's begin",
    ]
    assert outcome.damaged["raw"].to_list()[:2] == [b"b", b"c,3,4"]


def test_a_quote_never_closed_stops_at_the_bound(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'text\nfine\n"open\n' + b"more text\n" * 500)
    with pytest.raises(Unreadable, match="a quoted field does not end within 1,000 bytes"):
        read_all(path, max_document=1000)
    outcome = read_all(path, max_document=1000, on_error="quarantine")
    assert outcome.ids == ["a.csv#1"]
    assert list(outcome.errors) == ["a.csv#2"]


def test_two_columns_of_one_name_are_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_text("text,a,a\nx,1,2\n")
    with pytest.raises(InputError, match="two columns are named 'a'"):
        read_all(tmp_path)


def test_a_csv_written_with_an_index_is_read(tmp_path: Path):
    (tmp_path / "a.csv").write_text(",text\n0,x\n")
    assert read_all(tmp_path).docs.select("column_1", "text").rows() == [("0", "x")]


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.csv", "a.txt", "a.jsonl.gz", "a.parquet", "a.arrow"]
)
def test_an_empty_file_has_no_rows(name: str, tmp_path: Path):
    (tmp_path / name).touch()
    _lines(tmp_path / "b.jsonl", GOOD)
    assert read_all(tmp_path).ids == ["b.jsonl#1"]
    assert not read_all(tmp_path / name).docs.height


def test_files_of_no_rows_or_no_columns(tmp_path: Path):
    pl.DataFrame(schema={"text": pl.String}).write_parquet(tmp_path / "a.parquet")
    pq.write_table(pa.table({}), tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text("text\n")
    (tmp_path / "d.jsonl").write_text("\n\n")
    assert not read_all(tmp_path / "d.jsonl").docs.height
    (tmp_path / "e.jsonl").write_bytes(GOOD)
    assert read_all(tmp_path).ids == ["e.jsonl#1"]


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.jsonl", b"PAR1 and so on", "is parquet, not text"),
        ("a.jsonl", gzip.compress(GOOD, mtime=0), "is gzip, not text"),
        ("a.csv", b"PK\x03\x04....", "is a zip archive, not text"),
        ("a.jsonl.gz", GOOD, "is not gzip, though its name says so"),
        ("a.jsonl.zst", gzip.compress(GOOD, mtime=0), "is not zstd, though its name says so"),
        ("a.parquet", GOOD * 10, "is not parquet, though its name says so"),
        ("a.arrow", GOOD * 10, "is no Arrow file or stream, though its name says so"),
        ("a.warc", GOOD * 10, "breaks off in a record"),
        ("a.jsonl", b"text,n\nsome text,1\n", "no line of the sample is a JSON object"),
        ("a.json", b'[\n  {"text": "a"},\n  {"text": "b"}\n]', "is one JSON array, not JSON lines"),
    ],
)
def test_not_what_its_ending_says(name: str, raw: bytes, said: str, tmp_path: Path):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InputError, match=said) as caught:
        read_all(tmp_path)
    assert caught.value.hint
    assert name in str(caught.value)


def test_no_private_text_in_errors(tmp_path: Path):
    secret = b"4111111111111111"
    path = _lines(
        tmp_path / "a.jsonl",
        GOOD,
        b'{"text": "' + secret + b'\xff"}',
        b'{"text": "' + secret,
        b'{"text": "' + secret + b'", x}',
        b'{"text": ' + secret + b"}",
    )
    outcome = read_all(path)
    assert outcome.damaged.height == 4
    assert not any(secret.decode() in error for error in outcome.damaged["error"])


@contextmanager
def _as_nobody() -> Generator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("folder", [True, False])
def test_unreadable_folder_and_file(folder: bool, tmp_path: Path):
    for path in (tmp_path, *list(tmp_path.parents)[:-2]):
        if os.geteuid() == 0 and not path.stat().st_mode & 0o1:
            path.chmod(path.stat().st_mode | 0o11)
    inside = tmp_path / "in"
    inside.mkdir()
    path = _lines(inside / "a.jsonl", GOOD)
    (inside if folder else path).chmod(0)
    with (
        _as_nobody(),
        pytest.raises(InputError, match="cannot be read: permission denied") as caught,
    ):
        sources.find([inside], Reading())
    assert str(inside) in caught.value.where
    (inside if folder else path).chmod(0o700)
