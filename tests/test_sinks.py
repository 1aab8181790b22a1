"""Files whose bytes depend on the rows alone."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.io import sinks
from dataqa.io.sinks import Table
from dataqa.io.store import Store

SIZE = 40
ROWS = pl.DataFrame(
    {
        "id": [f"d{at}" for at in range(SIZE)],
        "text": [None if at == 7 else "é" * (at * 37 % 90) for at in range(SIZE)],
        "n": list(range(SIZE)),
    }
)


def written(folder: Path, cuts: list[int], kind: str) -> tuple[bytes, str]:
    table = Table(Store(folder), "kept/x", heavy="text", kind=kind, group_bytes=300)
    for low, high in pairwise([0, *sorted(cuts), SIZE]):
        table.add(ROWS[low:high])
    done = table.close()
    assert done is not None
    assert done.rows == SIZE
    data = (folder / done.name).read_bytes()
    assert (done.bytes, done.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    return data, done.name


@pytest.mark.parametrize("kind", ["parquet", "jsonl.zst"])
@given(cuts=st.lists(st.integers(0, SIZE), max_size=8))
def test_however_rows_come_the_bytes_are_the_same(
    kind: str, cuts: list[int], tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("sink")
    assert written(folder / "a", cuts, kind) == written(folder / "b", [], kind)


def test_row_groups_end_where_the_bound_is_reached(tmp_path: Path):
    written(tmp_path, [], "parquet")
    with pq.ParquetFile(tmp_path / "kept/x.parquet") as file:
        groups = [
            pl.DataFrame(pl.from_arrow(file.read_row_group(n))) for n in range(file.num_row_groups)
        ]
    assert pl.concat(groups).equals(ROWS)
    for group in groups[:-1]:
        sizes = group["text"].str.len_bytes().fill_null(0)
        assert sizes.sum() >= 300 > sizes.head(group.height - 1).sum()


def test_groups_end_after_so_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sinks, "GROUP_ROWS", 16)
    table = Table(Store(tmp_path), "signals/x")
    table.add(ROWS)
    table.close()
    with pq.ParquetFile(tmp_path / "signals/x.parquet") as file:
        counts = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert counts == [16, 16, 8]


def test_nothing_added_is_no_file_unless_a_header_is_wanted(tmp_path: Path):
    assert Table(Store(tmp_path), "a").close() is None
    assert not (tmp_path / "a.parquet").exists()
    done = Table(Store(tmp_path), "b").close(ROWS.clear())
    assert done is not None
    assert pl.read_parquet(tmp_path / "b.parquet").schema == ROWS.schema
