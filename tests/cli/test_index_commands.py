"""``dataqa index`` as a user calls it: files in, matches out, messages that say what to do."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
import zstandard
from commands import dataqa

from dataqa.cli import counting
from dataqa.index import disk
from dataqa.index.index import Index


def pages(prefix: str, seeds: Sequence[int], edits: int = 0) -> pl.DataFrame:
    """A page of eighty words for each seed; edits are the same for the same number."""
    texts: list[str] = []
    for seed in seeds:
        source, other = random.Random(seed), random.Random(f"{seed} {edits}")
        words = [f"w{source.randrange(100_000)}" for _ in range(80)]
        for at in other.sample(range(80), edits):
            words[at] = f"e{other.randrange(100_000)}"
        texts.append(" ".join(words))
    return pl.DataFrame({"id": [f"{prefix}{seed}" for seed in seeds], "text": texts})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some known pages in parquet, and asked ones in JSON lines."""
    monkeypatch.chdir(tmp_path)
    pages("old", range(40)).write_parquet("known.parquet")
    pl.concat([pages("near", range(5), edits=1), pages("far", range(100, 103))]).write_ndjson(
        "asked.jsonl"
    )
    return tmp_path


def _unpacked(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())


def build() -> None:
    told = dataqa("index", "build", "i", "-i", "known.parquet", "--id-column", "id")
    assert told.code == 0, told.err


def test_build_query_remove_and_query_again(place: Path):
    build()
    told = dataqa("index", "query", "i", "-i", "asked.jsonl", "--id-column", "id")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [(row["doc_id"], row["ref"]) for row in rows] == [
        (f"near{k}", f"old{k}") for k in range(5)
    ]
    assert all(0.8 <= row["similarity"] < 1 and row["standard_error"] > 0 for row in rows)
    assert "8 documents, 5 are like one of 40" in told.err
    (place / "ids.txt").write_text("old0\nold1\r\nno such\n")
    told = dataqa("index", "remove", "i", "--ids", "ids.txt", "--id", "old2")
    assert "3 removed, 1 were not there" in told.err
    told = dataqa(
        "index", "query", "i", "-i", "asked.jsonl", "--id-column", "id", "-o", "m.parquet"
    )
    assert pl.read_parquet("m.parquet")["ref"].to_list() == ["old3", "old4"]
    assert not told.out


def test_add_new_only_writes_what_is_new_with_its_columns(place: Path):
    build()
    told = dataqa("index", "add", "i", "-i", "asked.jsonl", "--id-column", "id", "--new-only",
                  "-o", "new.jsonl.zst")  # fmt: skip
    assert "3 added, 5 like a known one" in told.err
    new = pl.read_ndjson(_unpacked(place / "new.jsonl.zst"))
    assert new["id"].to_list() == ["far100", "far101", "far102"]
    assert dataqa("index", "add", "i", "-i", "asked.jsonl", "-o", "x.jsonl").code == 2


def test_info_tells_what_there_is_and_how_sure_it_is(place: Path):
    build()
    told = dataqa("index", "info", "i", "--verify")
    assert "40 documents" in told.out
    assert "word:5" in told.out
    assert "called similar" in told.out
    assert "Whole and unchanged." in told.out
    value = json.loads(dataqa("index", "info", "i", "--json", "--verify").out)
    assert (value["entries"], value["faults"], value["unfinished"]) == (40, [], False)
    (file,) = (place / "i" / "segments").glob("*.segment")
    data = bytearray(file.read_bytes())
    data[-70] ^= 1
    file.write_bytes(data)
    told = dataqa("index", "info", "i", "--verify")
    assert told.code == 1
    assert "bytes have changed" in told.err
    file.write_bytes(data[:-1])
    told = dataqa("index", "query", "i", "-i", "asked.jsonl")
    assert told.code == 2
    assert "the file is damaged" in told.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["build", "i", "-i", "asked.jsonl"], "something already"),
        (["add", "no", "-i", "asked.jsonl"], "there is no index"),
        (["add", "i", "-i", "no.jsonl"], "no.jsonl"),
        (["add", "i", "-i", "asked.jsonl", "--text-column", "txet"], "text"),
        (["add", "i", "-i", "asked.jsonl", "--permutations", "64"], "permutations 128, not 64"),
        (["query", "i", "-i", "asked.jsonl", "--bands", "2x2"], "bands 12x5, not 2x2"),
        (["query", "i", "-i", "asked.jsonl", "--bands", "2by2"], "no preset '2by2'"),
        (["query", "i", "-i", "asked.jsonl", "--shingle", "word"], "no shingle"),
        (["query", "i", "-i", "asked.jsonl", "--similarity", "80"], "not in (0, 1]"),
        (["query", "i", "-i", "asked.jsonl", "-o", "m.csv"], "end it in"),
        (["query", "i", "-i", "half.jsonl.zst"], "truncated or damaged zstd"),
        (["add", "i", "-i", "half.jsonl.zst"], "get the file again"),
        (["remove", "i"], "name documents"),
        (["stream", "-i", "asked.jsonl", "--capacity", "0"], "capacity 0"),
        (["stream", "-i", "asked.jsonl", "--memory", "much"], "--memory much"),
        (["stream", "-i", "asked.jsonl", "--memory", "1MB", "--capacity", "5"], "not both"),
        (["stream", "-i", "asked.jsonl", "--false-positive-rate", "2"], "false-positive rate 2"),
    ],
)
def test_mistakes_are_told_with_what_to_do(place: Path, words: list[str], named: str):
    build()
    packed = zstandard.compress((place / "asked.jsonl").read_bytes())
    (place / "half.jsonl.zst").write_bytes(packed[: len(packed) // 2])
    told = dataqa("index", *words)
    assert told.code == 2
    assert named in told.err
    assert "Traceback" not in told.err
    assert len(Index.open("i")) == 40


def test_an_index_that_is_written_to_says_so(place: Path):
    build()
    with disk.locked(place / "i"):
        told = dataqa("index", "add", "i", "-i", "asked.jsonl")
        assert told.code == 2
        assert "another process is writing" in told.err
        assert dataqa("index", "query", "i", "-i", "asked.jsonl").code == 0


def test_ugly_input_is_counted(place: Path):
    build()
    lines = ['{"text": "one two"}', "garbage", '{"text": null}', "", '{"text": "…"}']
    (place / "ugly.jsonl").write_text("\n".join(lines))
    (place / "empty.jsonl").write_text("")
    told = dataqa("index", "add", "i", "-i", "ugly.jsonl", "-i", "empty.jsonl")
    assert told.code == 0
    assert "2 documents: 1 added, 1 without a word" in told.err
    assert "2 records are damaged" in told.err


SLOW = """
import sys, time
from dataqa.index import adding
from dataqa.cli.main import main
adding.waiting_rows = lambda _: 500
flush = adding.Adding.flush
def slowly(self):
    flush(self)
    print("committed", flush=True)
    time.sleep(0.2)
adding.Adding.flush = slowly
sys.argv = ["dataqa", *sys.argv[1:]]
main()
"""


def test_a_killed_build_goes_on_and_ends_as_another_would(place: Path):
    """Field request 3: what a kill interrupts is not begun again from nothing."""
    pages("big", range(3000)).write_parquet("big.parquet", row_group_size=100)
    words = ["index", "build", "j", "-i", "big.parquet", "--id-column", "id"]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "committed\n"
        assert process.stdout.readline() == "committed\n"
        process.send_signal(signal.SIGKILL)
    there = len(Index.open("j"))
    assert 1000 <= there < 3000
    assert "interrupted" in dataqa("index", "info", "j").out
    told = dataqa(*words, "--similarity", "0.7")
    assert told.code == 2
    assert "similarity 0.8, not 0.7" in told.err
    told = dataqa(*words)
    assert told.code == 0
    assert f"{there:,} are there already" in told.err
    assert len(Index.open("j")) == 3000
    assert "interrupted" not in dataqa("index", "info", "j").out
    assert not Index.open("j").verify()
    assert dataqa(*words).code == 2


def test_long_inputs_say_how_far_they_are(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(counting, "_EVERY", 0.0)
    words = ["-i", "known.parquet", "--log"]
    assert "40 documents" in dataqa("index", "build", "a", *words, "plain").err.splitlines()[0]
    event = json.loads(dataqa("index", "build", "b", *words, "json").err.splitlines()[0])
    assert (event["event"], event["documents"], event["shards"]) == ("progress", 40, 1)
    assert not any("MB/s" in line for line in dataqa("index", "build", "c", *words, "none").err)


def test_a_stream_of_files_is_told_apart(place: Path):
    words = ["-i", "known.parquet", "-i", "asked.jsonl", "--id-column", "id"]
    told = dataqa("index", "stream", *words, "--similarity", "0.6")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["doc_id"] for row in rows if not row["new"]] == [f"near{k}" for k in range(5)]
    assert "48 documents: 43 new, 5 like one before" in told.err
    assert "called seen" in told.err
    told = dataqa("index", "stream", "-i", "asked.jsonl", "--new-only", "--state", "f")
    assert [json.loads(line)["id"] for line in told.out.splitlines()][:2] == ["near0", "near1"]
    told = dataqa("index", "stream", "-i", "asked.jsonl", "--new-only", "--state", "f")
    assert not told.out
    told = dataqa("index", "stream", "-i", "known.parquet", "--capacity", "7")
    assert told.code == 3
    assert len(told.out.splitlines()) == 7
    assert "7 new documents" in told.err


def test_a_pipe_is_answered_before_it_ends_and_its_lines_stay_as_they_are(place: Path):
    lines = (place / "asked.jsonl").read_bytes().splitlines(keepends=True)
    command = [sys.executable, "-m", "dataqa", "index", "stream", "-i", "-", "--new-only"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in lines:
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        process.stdin.write(lines[0])
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_an_interrupted_stream_keeps_what_it_answered(place: Path):
    command = [sys.executable, "-m", "dataqa", "index", "stream", "-i", "-", "--state", "f"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write((place / "asked.jsonl").read_bytes())
        process.stdin.flush()
        for _ in range(8):
            assert b'"new":true' in process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.stdin.close()
    assert process.returncode == 1
    told = dataqa("index", "stream", "-i", "asked.jsonl", "--state", "f")
    assert '"new":true' not in told.out
