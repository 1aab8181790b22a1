"""What crosses from stage to stage comes back as it went."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dataqa.io.spill import (
    Part,
    Spill,
    between,
    drop_spill,
    has_spill,
    read_sketches,
    read_spill,
    read_texts,
    write_sketches,
)
from dataqa.io.store import Store
from dataqa.types import DOC, DOC_ID, TEXT, Batch, batch_of


def batch(size: int) -> Batch:
    docs = pl.DataFrame(
        {
            DOC: pl.Series([(5 << 32) + 3 * at for at in range(size)], dtype=pl.UInt64),
            DOC_ID: [f"d{at}" for at in range(size)],
            TEXT: ["é" * at for at in range(size)],
            "tags": pl.Series([["a"], None] * size, dtype=pl.List(pl.String)).head(size),
        }
    )
    found = docs[::3].select(DOC, pl.lit("s").alias("step"), pl.lit("s.r").alias("rule"))
    told = batch_of(docs).with_signals({"text": pl.Series(range(size), dtype=pl.Int64)})
    return told.with_findings(found.with_columns(pl.lit(2, pl.UInt8).alias("action")))


def test_documents_come_back_with_their_evidence(tmp_path: Path):
    """A signal may be called as a column is: they are kept apart."""
    store, sent = Store(tmp_path), batch(50)
    spill = Spill(store, "x", 200)
    spill.add(sent)
    assert spill.close() == 50
    assert has_spill(store, "x", 50)
    back = list(read_spill(store, "x"))
    assert len(back) > 3
    for frame, parts in zip(sent, zip(*back, strict=True), strict=True):
        assert pl.concat(parts).equals(frame)
    drop_spill(store, "x")
    assert not has_spill(store, "x", 50)
    assert has_spill(store, "x", 0)
    assert list(read_spill(store, "x")) == []


@given(wanted=st.lists(st.integers(0, 49), max_size=60))
def test_texts_are_looked_up_by_number(wanted: list[int]):
    with tempfile.TemporaryDirectory() as folder:
        store, sent = Store(Path(folder)), batch(50)
        spill = Spill(store, "x", 300)
        spill.add(sent)
        spill.close()
        asked = sent.docs[DOC].gather(wanted) if wanted else sent.docs[DOC].clear()
        pieces = list(read_texts(store, "x", asked, [DOC_ID]))
        found = [name for piece in pieces for name in piece[DOC_ID]]
        assert found == [f"d{at}" for at in sorted(set(wanted))]


@given(keys=st.lists(st.integers(0, (1 << 64) - 1), max_size=40), parts=st.integers(1, 9))
def test_every_sketch_is_in_one_partition(keys: list[int], parts: int):
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        numbers = pl.Series(DOC, range(len(keys)), pl.UInt64)
        rows = pl.DataFrame([numbers, pl.Series("key", keys, pl.UInt64)])
        for name in ("a", "b"):
            write_sketches(store, name, [rows, rows.clear()], parts)
        found = [read_sketches(store, ["a", "b"], Part(n, parts)) for n in range(parts)]
        full = [part for part in found if part.height]
        for number, part in enumerate(found):
            assert not part.height or (part["key"] % parts == number).all()
        together = sorted(row for part in full for row in part.rows())
        assert together == sorted(rows.rows() * 2)


def test_between_takes_the_rows_of_a_run_of_documents():
    rows = pl.DataFrame({DOC: pl.Series([1, 2, 2, 5, (1 << 63) + 1], dtype=pl.UInt64)})
    docs = pl.Series(DOC, [2, 3, 5], pl.UInt64)
    assert between(rows, docs)[DOC].to_list() == [2, 2, 5]
    assert between(rows, docs.clear()).height == 0
