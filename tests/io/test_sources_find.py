"""Finding inputs: names, patterns, folders; and a word for what is not found."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from read_sources import read_all

from dataqa.errors import InputError
from dataqa.io import sources
from dataqa.io.sources import Reading


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "b.jsonl",
        "a.jsonl.gz",
        "sub/c.CSV",
        "sub/deep/d.txt",
        "notes.md",
        ".hidden.jsonl",
        ".git/x.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        (["."], ["./a.jsonl.gz", "./b.jsonl", "./sub/c.CSV", "./sub/deep/d.txt"]),
        (["*.jsonl*"], ["a.jsonl.gz", "b.jsonl"]),
        (["**/*.txt"], ["sub/deep/d.txt"]),
        (["**"], ["a.jsonl.gz", "b.jsonl", "sub/c.CSV", "sub/deep/d.txt"]),
        (
            ["sub", "b.jsonl", "./b.jsonl", "sub/c.CSV"],
            ["./b.jsonl", "sub/c.CSV", "sub/deep/d.txt"],
        ),
        (["sub/*"], ["sub/c.CSV", "sub/deep/d.txt"]),
        ([".hidden.jsonl"], [".hidden.jsonl"]),
        (["-"], ["-"]),
    ],
)
def test_inputs_are_sorted_and_each_once(inputs: list[str], found: list[str], tree: Path):
    assert [file.path for file in sources.find(inputs, Reading())] == found


def test_format_and_compression_are_told_by_the_ending(tree: Path):
    kinds = {Path(f.path).name: (f.format, f.compression) for f in sources.find(["."], Reading())}
    assert kinds == {
        "a.jsonl.gz": ("jsonl", "gz"),
        "b.jsonl": ("jsonl", ""),
        "c.CSV": ("csv", ""),
        "d.txt": ("txt", ""),
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("c.jsonl", "c.jsonl: no such file, and no file matches\nHint: did you mean b.jsonl"),
        ("nowhere/*.jsonl", "no such file, and no file matches\nHint: there is no folder nowhere"),
        ("*.parquet", "no such file, and no file matches"),
        ("notes.md", "notes.md: unknown ending\nHint: --input-format says what it is: jsonl"),
        ("empty", "empty: no file of a known ending"),
        ("**/*.md", r"no file of a known ending \(endings seen: .md\)"),
    ],
)
def test_nothing_found_is_said_with_a_hint(given: str, said: str, tree: Path):
    (tree / "empty").mkdir()
    with pytest.raises(InputError, match=said):
        sources.find([given], Reading())


def test_no_input_and_unknown_format(tree: Path):
    with pytest.raises(InputError, match="no input given"):
        sources.find([], Reading())
    with pytest.raises(InputError, match=r"unknown format 'json'\nHint: did you mean jsonl"):
        sources.find(["."], Reading(format="json"))


def test_a_forced_format_reads_any_name(tree: Path):
    (tree / "notes.md").write_bytes(b'{"text": "a"}')
    assert read_all("notes.md", format="jsonl").ids == ["notes.md#1"]


def test_a_folder_of_texts_is_one_document_each(tmp_path: Path):
    for i in range(30):
        (tmp_path / f"{i:02}.txt").write_text(f"text {i}\n")
    (tmp_path / "07.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "08.txt").write_bytes(b"fine until \xff")
    outcome = read_all(tmp_path)
    assert outcome.docs["doc_id"][0] == str(tmp_path / "00.txt")
    assert len(outcome.shards) == outcome.chunks == 1
    assert list(outcome.errors) == ["07.txt", "08.txt"]
    assert "looks like UTF-16" in outcome.errors["07.txt"]
    assert outcome.damaged["_doc"].to_list() == [7, 8]
    assert outcome.docs.height == 28
    small = read_all(tmp_path, batch_bytes=10, shard_bytes=50)
    assert small.docs["doc_id"].to_list() == outcome.docs["doc_id"].to_list()


def _save(folder: Path, names: list[str]) -> None:
    """A dataset in the layout that ``save_to_disk`` leaves."""
    folder.mkdir(parents=True)
    for name in names:
        table = pa.table({"text": [f"{name} {i}" for i in range(5)], "label": [0, 1, 0, 1, 0]})
        with (
            pa.OSFile(str(folder / name), "wb") as file,
            pa.ipc.new_stream(file, table.schema) as writer,
        ):
            writer.write_table(table, max_chunksize=2)
    state = {
        "_data_files": [{"filename": name} for name in names],
        "_fingerprint": "x",
        "_split": None,
    }
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text('{"features": {}}')
    (folder / "cache-0123.arrow").write_bytes(b"left by a map()")


def test_a_hugging_face_folder_is_read_as_saved(tmp_path: Path):
    names = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    _save(tmp_path / "train", names)
    assert read_all(tmp_path / "train").docs["text"].to_list() == [
        f"{n} {i}" for n in names for i in range(5)
    ]
    _save(tmp_path / "test", names[:1])
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert read_all(tmp_path).docs.height == 15
    (tmp_path / "train" / names[1]).unlink()
    with pytest.raises(InputError, match=r"is missing, though state\.json names it"):
        sources.find([tmp_path], Reading())
