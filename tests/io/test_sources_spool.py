"""Spooled files, standard input, stable shard numbers, digests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path

import msgspec
import polars as pl
import pytest
from read_sources import read_all

from dataqa.errors import InputError
from dataqa.io import sources
from dataqa.io.sources import Reading, Shard

LINES = b"".join(json.dumps({"text": f"document {i}"}).encode() + b"\n" for i in range(500))


class _Stdin:
    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_standard_input(packed: bool, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", _Stdin(gzip.compress(LINES) if packed else LINES))
    outcome = read_all("-", spool=tmp_path / "spool", shard_bytes=size)
    assert outcome.docs["text"].to_list() == [f"document {i}" for i in range(500)]
    assert outcome.docs["doc_id"].to_list() == [f"-#{i}" for i in range(1, 501)]
    assert (len(outcome.shards) > 1) == (size == 1000)


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "txt"])
def test_standard_input_of_any_format(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    frame = pl.DataFrame({"text": ["a", "b"]})
    target = io.BytesIO()
    match form:
        case "csv":
            frame.write_csv(target)
        case "parquet":
            frame.write_parquet(target)
        case "arrow":
            frame.write_ipc(target)
        case _:
            target.write(b"the whole")
    monkeypatch.setattr("sys.stdin", _Stdin(target.getvalue()))
    outcome = read_all("-", spool=tmp_path / "spool", format=form)
    if form == "txt":
        assert outcome.docs.select("doc_id", "text").rows() == [("-", "the whole")]
    else:
        assert outcome.docs.select("doc_id", "text").rows() == [("-#1", "a"), ("-#2", "b")]


def test_empty_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", _Stdin(b""))
    assert not read_all("-", spool=tmp_path / "spool").docs.height


def test_spools_are_private_resumed_and_redone(tmp_path: Path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINES))
    reading = Reading(shard_bytes=1000)
    (file,) = sources.find([path], reading)
    assert sources.needs_spool(file, reading)
    assert not sources.needs_spool(file, Reading())
    folder = tmp_path / "spool"
    pieces = sources.spool(file, reading, folder)
    kept = [Path(piece.path) for piece in pieces]
    assert {one.stat().st_mode & 0o777 for one in kept} == {0o600}
    assert {folder.stat().st_mode & 0o777, kept[0].parent.stat().st_mode & 0o777} == {0o700}
    before = [one.stat().st_mtime_ns for one in kept]
    assert sources.spool(file, reading, folder) == pieces
    assert [one.stat().st_mtime_ns for one in kept] == before
    (kept[0].parent / "pieces.json").unlink()  # killed before the marker: done again
    assert sources.spool(file, reading, folder) == pieces
    other = msgspec.structs.replace(reading, shard_bytes=2000)
    assert len(sources.spool(file, other, folder)) < len(pieces)
    assert not list(folder.rglob("*.tmp"))


def test_new_files_do_not_renumber_old_shards(tmp_path: Path):
    reading = Reading(shard_bytes=1000)
    for name in ("b.jsonl", "c.jsonl"):
        (tmp_path / name).write_bytes(LINES)
    known = sources.cut(sources.find([tmp_path], reading), reading)
    (tmp_path / "a.jsonl").write_bytes(LINES)
    files = sources.find([tmp_path], reading)
    shards = sources.cut(files, reading, known=known)
    assert shards[: len(known)] == known
    assert {piece.name for shard in shards[len(known) :] for piece in shard.pieces} == {
        files[0].path
    }
    assert [shard.number for shard in shards] == list(range(len(shards)))
    again = msgspec.json.decode(msgspec.json.encode(shards), type=list[Shard])
    assert again == shards


def test_small_neighbours_share_a_shard(tmp_path: Path):
    for i in range(50):
        (tmp_path / f"{i:02}.jsonl").write_bytes(b'{"text": "a"}\n')
    outcome = read_all(tmp_path, shard_bytes=140)
    assert len(outcome.shards) == 5
    assert outcome.docs.height == 50
    assert read_all(tmp_path).chunks == 1


def test_too_many_shards_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dataqa.io.sources.cutting.MAX_SHARDS", 3)
    (tmp_path / "a.jsonl").write_bytes(LINES)
    with pytest.raises(
        InputError, match=r"more than 3 shards\nHint: make them larger with --shard-bytes"
    ):
        read_all(tmp_path, shard_bytes=1000)


def test_digest_and_lines_in_one_pass(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)
    (file,) = sources.find([path], Reading())
    assert sources.digest(file) == hashlib.sha256(LINES).hexdigest()
    survey = sources.survey(file, Reading(shard_bytes=1000))
    assert sum(survey.lines) == 500
    reading = Reading(shard_bytes=3000)
    assert sources.cut([file], reading, surveys={file.path: survey}) == sources.cut([file], reading)
    with pytest.raises(InputError, match="-: can be read only once"):
        sources.digest(sources.find(["-"], Reading())[0])
