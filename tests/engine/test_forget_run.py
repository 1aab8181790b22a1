"""A person's right: nothing of a document is left in a run, killed or not, and the run is whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from runs import PIPELINE, VERDICTS, documents, go, write

import dataqa
from dataqa.engine.decide import decide
from dataqa.engine.forget import NOTE, RECORD, forget, holders
from dataqa.engine.verify import faults
from dataqa.errors import InputError
from dataqa.io.store import Store

NAME = "Zebulona Quackenbushova"


def corpus(folder: Path) -> Path:
    """Documents of several people; those of one say her name, and some are copies of others."""
    rows = documents(90)
    for at, row in enumerate(rows):
        row["patient"] = f"p{at % 9}"
        if at % 9 == 4:
            row["text"] += f"\nSigned, {NAME}."
    rows[31]["text"] = rows[4]["text"]  # somebody else's copy of her document
    rows[31]["text"] = rows[31]["text"].replace(NAME, "Another Person")
    return write(folder / "in", rows, files=2)


def forgotten(out: Path, subject: str, column: str | None = None) -> int:
    store = Store(out)
    with store.locked():
        done = forget(store, holders(store, subject, column), lambda _: {})
    return sum(done.by_verdict.values())


def traces(out: Path, words: list[str]) -> list[str]:
    """Files that hold one of some words, in whatever way."""
    found: list[str] = []
    for path in sorted(out.rglob("*")):
        if not path.is_file():
            continue
        held = path.read_bytes().decode(errors="ignore")
        if path.suffix == ".parquet":
            held = str(pl.read_parquet(path).rows())
        found += [f"{path}: {word}" for word in words if word in held]
    return found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return go(corpus(tmp_path), tmp_path / "out").out


def test_nothing_of_a_person_is_left_and_the_run_is_whole(out: Path):
    store = Store(out)
    ids = holders(store, "p4", "patient")
    before: dict[str, int] = json.loads((out / "manifest.json").read_text())["counts"]
    assert len(ids) == 10
    assert traces(out, [NAME])
    assert forgotten(out, "p4", "patient") == 10
    quoted = [f"'{one}'" for one in ids] + [f'"{one}"' for one in ids]
    assert traces(out, [NAME, *quoted]) == []
    assert faults(out) == []
    counts = json.loads((out / "manifest.json").read_text())["counts"]
    assert counts["forgotten"] == 10
    assert counts["documents"] == before["documents"] - 10
    (record,) = (out / RECORD).read_text().splitlines()
    told = json.loads(record)
    assert told["documents"] == 10
    assert told["by"] == "id"
    assert "p4" not in record
    assert not (out / NOTE).exists()
    assert forgotten(out, "p4", "patient") == 0
    assert len((out / RECORD).read_text().splitlines()) == 1


def test_what_others_have_is_as_it_was(out: Path):
    def rows(folder: str) -> pl.DataFrame:
        parts = [pl.read_parquet(path) for path in sorted((out / folder).iterdir())]
        return pl.concat(parts)

    before = {folder: rows(folder) for folder in (*VERDICTS, "signals")}
    ids = holders(Store(out), "p4", "patient")
    forgotten(out, "p4", "patient")
    for folder, frame in before.items():
        assert rows(folder).equals(frame.filter(~pl.col("doc_id").is_in(ids))), folder


def test_one_document_by_its_id_in_json_lines_too(tmp_path: Path):
    lines = PIPELINE.with_settings({"output.format": "jsonl.zst"}, _assets(tmp_path))
    out = dataqa.run(lines, corpus(tmp_path), tmp_path / "out").out
    doc_id = pl.read_parquet(out / "signals" / "*.parquet").filter(verdict="kept")["doc_id"][3]
    assert forgotten(out, doc_id) == 1
    assert faults(out) == []
    assert traces(out, [f"'{doc_id}'", f'"{doc_id}"']) == []
    assert forgotten(out, doc_id) == 0


def _assets(folder: Path) -> Any:
    from dataqa.engine.local import assets_of

    return assets_of(Store(folder / "none"), ())


def test_neither_other_bounds_nor_the_same_run_bring_it_back(out: Path, tmp_path: Path):
    ids = holders(Store(out), "p4", "patient")
    forgotten(out, "p4", "patient")
    again = go(tmp_path / "in", out)
    assert again.counts["documents"] == 80
    decided = decide(out, {"gopher.word_count.min": 5}, tmp_path / "other")
    assert decided.counts["documents"] == 80
    assert faults(tmp_path / "other") == []
    signals = pl.read_parquet(tmp_path / "other" / "signals" / "*.parquet")
    assert not set(signals["doc_id"]) & set(ids)


def test_all_documents_of_a_repeated_id_are_forgotten(tmp_path: Path):
    rows = documents(12)
    for row in rows[:3]:
        row["id"] = "somebody"
    out = go(write(tmp_path / "in", rows), tmp_path / "out").out
    found = holders(Store(out), "somebody", None)
    assert sorted(found) == ["somebody", "somebody~2", "somebody~3"]
    assert forgotten(out, "somebody") == 3
    assert traces(out, ["somebody"]) == []
    assert faults(out) == []


KILLED = """
import os, sys
from pathlib import Path
from dataqa.engine.forget import forget, holders
from dataqa.io.store import Store
left = int(sys.argv[2])
def counted(self, draft, name, commit=Store.commit):
    global left
    if left == 0:
        os._exit(9)
    left -= 1
    commit(self, draft, name)
Store.commit = counted
store = Store(Path(sys.argv[1]))
with store.locked():
    forget(store, holders(store, "p4", "patient"), lambda _: {})
"""


def test_killed_beside_any_commit_it_is_completed_by_the_next_try(tmp_path: Path):
    source = corpus(tmp_path)
    expected = Path(shutil.copytree(go(source, tmp_path / "run").out, tmp_path / "whole"))
    forgotten(expected, "p4", "patient")
    code, commits = 9, 0
    while code == 9:
        out = tmp_path / f"killed{commits}"
        shutil.copytree(tmp_path / "run", out)
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        command = [sys.executable, "-c", KILLED, str(out), str(commits)]
        code = subprocess.run(command, check=False, env=environment).returncode
        forgotten(out, "p4", "patient")
        assert faults(out) == [], commits
        assert traces(out, [NAME]) == [], commits
        manifests = [json.loads((one / "manifest.json").read_text()) for one in (out, expected)]
        assert manifests[0]["counts"] == manifests[1]["counts"], commits
        assert len((out / RECORD).read_text().splitlines()) == 1, commits
        commits += 4
    assert code == 0
    assert commits > 9


def test_a_column_that_is_not_there_is_told(out: Path):
    with pytest.raises(InputError, match="no column 'pateint'") as raised:
        holders(Store(out), "p4", "pateint")
    assert "patient" in str(raised.value)
