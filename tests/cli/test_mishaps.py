"""What users do by mistake: it is refused, named, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from commands import dataqa

import dataqa as package
from dataqa.errors import BoundError, InputError

MAILS = ["Ask jane@corp.com about it.", "Nothing here.", "Or li@corp.cn, 13812345678."]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    path = tmp_path / "mails.jsonl"
    pl.DataFrame({"text": MAILS}).write_ndjson(path)
    return path


def test_another_key_is_another_run(mails: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    words = ("scrub", "-i", mails, "-o", tmp_path / "out", "--style", "hash", "--log", "none")
    monkeypatch.setenv("DATAQA_KEY", "the first key, long enough")
    assert dataqa(*words).code == 0
    assert dataqa(*words).code == 0
    monkeypatch.setenv("DATAQA_KEY", "the second key, long enough")
    told = dataqa(*words)
    assert told.code == 2
    assert "--fresh" in told.err
    for path in (tmp_path / "out").rglob("*.json"):
        assert "key, long enough" not in path.read_text("utf-8")


@pytest.mark.parametrize("steps", [["scrub"], ["scrub", "private"]])
def test_scrub_without_private_before_it_is_refused(steps: list[str]):
    pipeline = package.Pipeline.from_builtins({"steps": steps})
    with pytest.raises(InputError, match="no step `private`"):
        package.judge(pl.DataFrame({"text": MAILS}), pipeline)


def test_a_run_leaves_an_index_alone(mails: Path, tmp_path: Path):
    seen = tmp_path / "seen.index"
    assert dataqa("index", "build", seen, "-i", mails, "--log", "none").code == 0
    before = {path: path.read_bytes() for path in seen.rglob("*") if path.is_file()}
    told = dataqa("run", "quickstart", "-i", mails, "-o", seen, "--log", "none")
    assert told.code == 2
    assert "something else than a run" in told.err
    assert all(path.read_bytes() == held for path, held in before.items())


def test_nothing_is_written_over_what_is_read(mails: Path, tmp_path: Path):
    held = mails.read_bytes()
    seen = tmp_path / "seen.index"
    dataqa("index", "build", seen, "-i", mails, "--log", "none")
    for words in (
        ("index", "query", seen, "-i", mails, "-o", mails),
        ("index", "add", seen, "-i", mails, "--new-only", "-o", mails),
        ("contamination", "-i", mails, "--against", mails, "-o", mails),
    ):
        told = dataqa(*words)
        assert told.code == 2
        assert "this is an input" in told.err
    assert mails.read_bytes() == held


def test_an_output_folder_within_an_input_folder_is_refused(mails: Path, tmp_path: Path):
    for out in (tmp_path, tmp_path / "out"):
        told = dataqa("run", "quickstart", "-i", tmp_path, "-o", out, "--log", "none")
        assert told.code == 2
        assert "lies in an input folder" in told.err
    assert [path.name for path in tmp_path.iterdir()] == [mails.name]


def test_a_leak_check_does_not_say_none_of_what_it_could_not_read(mails: Path, tmp_path: Path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "harmless"}\n{"text": "jane@corp.com\n', encoding="utf-8")
    told = dataqa("leakcheck", mails, broken, "--log", "none")
    assert told.code == 1
    assert "1 records are damaged" in told.err


def test_a_filter_that_would_be_full_takes_a_frame_whole_or_not_at_all():
    texts = [" ".join(f"{word}{at}" for word in "abcdefgh") for at in range(3)]
    seen = package.BloomFilter(2)
    with pytest.raises(BoundError):
        seen.add(pl.DataFrame({"text": texts}))
    assert seen.add(pl.DataFrame({"text": texts[:2]})).to_list() == [True, True]
    assert seen.add(pl.DataFrame({"text": texts[:2]})).to_list() == [False, False]


def test_marked_spans_in_another_format_are_named(tmp_path: Path):
    path = tmp_path / "gold.parquet"
    pl.DataFrame({"text": MAILS}).write_parquet(path)
    told = dataqa("private", "evaluate", path)
    assert told.code == 2
    assert "gold.parquet" in told.err


def test_a_file_that_cannot_be_written_is_named(mails: Path, tmp_path: Path):
    where = tmp_path / "nowhere" / "evidence.jsonl"
    told = dataqa("contamination", "-i", mails, "--against", mails, "-o", where)
    assert told.code == 2
    assert "fault in dataqa" not in told.err
    assert "evidence.jsonl" in told.err


def test_the_end_of_a_file_is_not_told_as_a_stop(mails: Path, monkeypatch: pytest.MonkeyPatch):
    def cut(_: object) -> pl.DataFrame:
        raise EOFError

    monkeypatch.setattr("dataqa.tables.files.read_table", cut)
    assert dataqa("profile", mails) == (2, "", "\nError: a file is cut off\n")
