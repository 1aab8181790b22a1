"""What is removed leaves no trace on disk, when that is asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from documents import SMALL, pages

from dataqa.index.entries import entries_of, id_keys
from dataqa.index.index import Index

SECRET = "someone@example.org/private-page"


def traces(folder: Path) -> list[bytes]:
    """Bytes by which the secret document would be recognised: its id, signature and keys."""
    frame = pages("", [77])
    made = entries_of(pl.Series([SECRET]), frame["text"], SMALL)
    parts = [made.values[0].tobytes()[at : at + 16] for at in range(0, made.values.nbytes, 16)]
    keys = [key.tobytes() for key in [*made.keys[0], *id_keys(made.ids)]]
    return [SECRET.encode(), *parts, *keys]


def found(folder: Path) -> int:
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(trace in data for trace in traces(folder))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "i", similarity=0.7, permutations=64)
    made.add(pages("d", range(30)))
    made.add(pages("", [77]).with_columns(doc_id=pl.lit(SECRET)))
    made.add(pages("e", range(100, 130)))
    assert found(made.path) == len(traces(made.path))
    return made


def test_forgetting_leaves_no_trace(index: Index):
    assert index.remove([SECRET], forget=True) == 1
    assert found(index.path) == 0
    assert len(index) == 60
    assert index.query(pages("q", [5, 77, 105]))["ref"].to_list() == ["d5", "e105"]


def test_what_was_removed_earlier_is_forgotten_too(index: Index):
    index.remove([SECRET, "d0"])
    assert index.remove([], forget=True) == 0
    assert found(index.path) == 0


def test_compacting_leaves_no_trace(index: Index):
    index.remove([SECRET])
    index.compact()
    assert found(index.path) == 0
    assert index.info().segments == 1


def test_a_replaced_text_leaves_none_after_compacting(index: Index):
    index.add(pages("", [78]).with_columns(doc_id=pl.lit(SECRET)))
    index.compact()
    assert found(index.path) == 2  # the id and its key are still needed
    assert index.query(pages("q", [77, 78]))["doc_id"].to_list() == ["q78"]
