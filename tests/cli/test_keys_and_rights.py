"""``dataqa key``, ``vault``, ``reidentify`` and ``forget``, as a user calls them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from commands import dataqa

from dataqa.engine.forget import forget
from dataqa.index.index import Index
from dataqa.io.store import Store

pytest.importorskip("stdnum")
pytest.importorskip("cryptography")

NOTES = pl.DataFrame(
    {
        "id": ["n1", "n2", "n3"],
        "patient": [7, 7, 8],
        "text": ["Write to jane@corp.com 😀", "电话13812345678 or jane@corp.com", "nothing"],
    }
)


def run(*words: str, code: int = 0) -> str:
    told = dataqa(*words)
    assert told.code == code, told.err
    return told.out if code == 0 else told.err


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl"
    NOTES.write_ndjson(path)
    return path


def test_a_new_key_is_the_users_alone_and_never_written_over(tmp_path: Path):
    file = tmp_path / "my.key"
    assert f"file:{file}" in run("key", "new", "-o", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(file.read_text())) == 32
    before = file.read_text()
    assert "a file already" in run("key", "new", "-o", str(file), code=2)
    assert file.read_text() == before
    assert len({run("key", "new") for _ in range(3)}) == 3


def test_the_way_back_takes_the_vault_and_its_key(source: Path, tmp_path: Path):
    for name in ("stand.key", "vault.key", "next.key"):
        run("key", "new", "-o", str(tmp_path / name))
    stand, lock, later = (f"file:{tmp_path / n}" for n in ("stand.key", "vault.key", "next.key"))
    clean, vault = tmp_path / "clean", tmp_path / "out.vault"
    scrub = ("scrub", "-i", str(source), "-o", str(clean), "--style", "surrogate")
    run(*scrub, "--key", stand, "--id-column", "id")
    build = ("vault", "build", str(source), "--run", str(clean), "-o", str(vault))
    assert "is that of the stand-ins" in run(*build, "--vault-key", stand, code=2)
    assert "3 rows of 2 documents" in run(*build, "--vault-key", lock)
    assert b"corp.com" not in vault.read_bytes()
    # another key in the same file would seal what nobody put into the texts
    (tmp_path / "stand.key").write_bytes((tmp_path / "next.key").read_bytes())
    assert "are not those that this run was made with" in run(*build, "--vault-key", lock, code=2)
    undo = ("reidentify", str(clean / "kept"), "--vault", str(vault))
    told = [json.loads(line) for line in run(*undo, "--vault-key", lock).splitlines()]
    assert [one["text"] for one in told] == NOTES["text"].to_list()
    run(*undo, "--vault-key", lock, "-o", str(tmp_path / "back.parquet"))
    back = pl.read_parquet(tmp_path / "back.parquet")
    assert back["text"].to_list() == NOTES["text"].to_list()
    assert "does not open" in run(*undo, "--vault-key", stand, code=2)
    rotate = ("key", "rotate", lock, later, "--in", str(vault))
    assert "3 rows have the new key" in run(*rotate)
    assert "has the new key already" in run(*rotate)
    assert "does not open" in run(*undo, "--vault-key", lock, code=2)
    assert "jane@corp.com" in run(*undo, "--vault-key", later)
    gone = ("forget", "7", "--column", "patient", "--in", str(clean))
    run(*gone, "--vault", str(vault), "--vault-key", lock, code=2)  # before anything is changed
    run(*gone)  # gone from the run, it is still found elsewhere by its id
    beside = ("--vault", str(vault), "--vault-key", later)
    for doc_id in NOTES.filter(patient=7)["id"]:
        assert "out.vault: " in run("forget", doc_id, "--in", str(clean), *beside)
    assert "jane@corp.com" not in run(*undo, "--vault-key", later)


def test_a_person_is_forgotten_in_run_and_index(source: Path, tmp_path: Path):
    clean, seen = tmp_path / "clean", tmp_path / "seen.index"
    run("scrub", "-i", str(source), "-o", str(clean), "--id-column", "id")
    index = Index.create(seen, similarity=0.7, permutations=64)
    index.add(
        pl.DataFrame({"doc_id": NOTES["id"], "text": ["a b c d e " * 9, "f g h " * 9, "x y"]})
    )
    gone = ("forget", "7", "--column", "patient", "--in", str(clean), "--index", str(seen))
    assert run(*gone, "--dry-run") == "2 documents would be removed\n"
    assert len(Index.open(seen)) == 3
    assert run(*gone) == "2 documents removed: 2 kept\n"
    assert len(Index.open(seen)) == 1
    assert run("verify", str(clean)) == "whole and unchanged\n"
    assert run(*gone) == "0 documents removed\n"
    record = json.loads((clean / "forgotten.jsonl").read_text())
    assert record["elsewhere"] == {"seen.index": 2}
    assert record["by"] == "column patient"
    assert "--vault takes" in run(
        "forget", "n3", "--in", str(clean), "--vault", str(source), code=2
    )


def test_a_forgetting_that_was_interrupted_is_completed_with_all_that_it_named(
    source: Path, tmp_path: Path
):
    clean, seen = tmp_path / "clean", tmp_path / "seen.index"
    run("scrub", "-i", str(source), "-o", str(clean), "--id-column", "id")
    index = Index.create(seen, similarity=0.7, permutations=64)
    index.add(pl.DataFrame({"doc_id": ["n1"], "text": ["a b c d e " * 9]}))
    store = Store(clean)

    def stopped(_: Sequence[str]) -> dict[str, int]:
        raise KeyboardInterrupt

    with store.locked(), pytest.raises(KeyboardInterrupt):
        forget(store, ["n1"], stopped, places=[str(seen.resolve())])
    again = ("forget", "n3", "--in", str(clean))
    assert "seen.index as well" in run(*again, code=2)
    assert len(Index.open(seen)) == 1
    assert run(*again, "--index", str(seen)) == "2 documents removed: 2 kept\n"
    assert len(Index.open(seen)) == 0
