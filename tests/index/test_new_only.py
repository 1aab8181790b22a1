"""One pass over a stream: what is new, against the index and against what came before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from documents import SMALL, mixed, new_ones, pages
from hypothesis import given, settings
from hypothesis import strategies as st

from dataqa.errors import InputError
from dataqa.index import adding, merging, snapshot
from dataqa.index.index import Index
from dataqa.index.newest import AddingNew


def small(path: Path) -> Index:
    return Index.create(path, similarity=SMALL.similarity, permutations=SMALL.permutations)


def room_for(entries: int) -> Callable[[object], int]:
    return lambda _: entries


@settings(max_examples=12)
@given(
    st.integers(0, 99),
    st.integers(0, 40),
    st.integers(1, 30),
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_a_stream_is_judged_in_order_whatever_its_batches(
    tmp_path_factory: pytest.TempPathFactory, seed: int, old: int, room: int, batches: list[int]
):
    """Equal to comparing one after the other, wherever batches and segments end."""
    known, stream = mixed(old, 20, seed), mixed(sum(batches), 30, seed + 1, prefix="s")
    fresh, gone = new_ones(stream, known, SMALL)
    index = small(tmp_path_factory.mktemp("new") / "i")
    index.add(known)
    told: list[pl.DataFrame] = []
    new: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "waiting_rows", room_for(room))
        patch.setattr(merging, "UNIT", 16)
        rest = stream
        with index.adding_new() as session:
            for size in batches:
                some, rest = rest[:size], rest[size:]
                is_fresh, matches = session.add(some["doc_id"], some["text"])
                new += some["doc_id"].filter(pl.Series(is_fresh)).to_list()
                told.append(matches)
    assert new == fresh
    found = pl.concat(told)
    assert {name: (ref, share) for name, ref, share, *_ in found.iter_rows()} == gone
    assert len(index) == old + len(fresh)
    assert session.told.added == len(fresh)
    assert session.told.known == len(gone) == found.height
    assert not index.verify()
    # everything is known now, each new one as itself
    again = index.add(stream, skip_known=True)
    assert not again.fresh.any()


def test_a_broken_stream_leaves_the_index_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(adding, "waiting_rows", room_for(5))
    index = small(tmp_path / "i")
    index.add(pages("d", range(8)))
    stream = pages("s", range(100, 130))

    def broken() -> None:
        with index.adding_new() as session:
            session.add(stream["doc_id"], stream["text"])
            raise ValueError("the source broke off")

    with pytest.raises(ValueError, match="broke off"):
        broken()
    assert len(Index.open(tmp_path / "i")) == 8
    again = index.add(stream, skip_known=True)
    assert again.fresh.all()
    assert len(index) == 38
    assert not index.verify()
    named = {file.name for file in index.now.manifest.files}
    assert {path.name for path in (tmp_path / "i" / "segments").iterdir()} == named


def test_a_recrawled_page_is_known_by_its_own_name(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", [1]))
    told = index.add(pages("d", [1, 2]), skip_known=True)
    assert told.fresh.to_list() == [False, True]
    assert told.matches["ref"].to_list() == ["d1"]


def test_a_recrawled_page_with_new_content_replaces_the_old(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", [1]))
    other = pages("d", [7]).with_columns(doc_id=pl.lit("d1"))
    told = index.add(other, skip_known=True)
    assert (told.counts.added, told.counts.replaced, len(index)) == (1, 1, 1)
    assert index.query(pages("q", [1, 7]))["doc_id"].to_list() == ["q7"]


def test_the_bound_can_be_raised(tmp_path: Path):
    stream = pl.concat([pages("a", range(20)), pages("b", range(20), edits=1)])
    loose, strict = small(tmp_path / "loose"), small(tmp_path / "strict")
    one = loose.add(stream, skip_known=True)
    other = strict.add(stream, skip_known=True, similarity=0.95)
    assert one.counts.known > other.counts.known
    with pytest.raises(InputError):
        loose.add(stream, skip_known=True, similarity=1.5)


def test_documents_in_all_are_accounted_for(tmp_path: Path):
    stream = mixed(200, 50, seed=3)
    stream = pl.concat([stream, pl.DataFrame({"doc_id": ["e"], "text": ["!"]})])
    told = small(tmp_path / "i").add(stream, skip_known=True).counts
    assert told.documents == 201 == told.added + told.known + told.unchanged + told.empty
    assert told.empty == 1


def test_memory_does_not_grow_with_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What waits never exceeds its room, and new segments are merged while the stream goes on."""
    monkeypatch.setattr(adding, "waiting_rows", room_for(64))
    monkeypatch.setattr(merging, "UNIT", 128)
    index = small(tmp_path / "i")
    waiting: list[int] = []
    with index.adding_new() as session:
        assert isinstance(session, AddingNew)
        for start in range(0, 3000, 100):
            frame = pages("d", range(start, start + 100))
            session.add(frame["doc_id"], frame["text"])
            waiting.append(session.waiting)
            assert session.segments <= 12
    assert max(waiting) <= 64
    assert len(index) == 3000


@settings(max_examples=12)
@given(st.integers(0, 99), st.integers(1, 50))
def test_where_segments_end_is_invisible_however_few_are_compared(
    tmp_path_factory: pytest.TempPathFactory, seed: int, room: int
):
    stream = mixed(150, 6, seed)
    found: list[tuple[list[bool], pl.DataFrame]] = []
    for entries in (room, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(snapshot, "COMPARED", 2)
            patch.setattr(adding, "waiting_rows", room_for(entries))
            patch.setattr(merging, "UNIT", 16)
            index = small(tmp_path_factory.mktemp("new") / "i")
            told = index.add(stream, skip_known=True, similarity=0.9)
            found.append((told.fresh.to_list(), told.matches))
    (fresh, matches), (same, others) = found
    assert fresh == same
    assert matches.equals(others)
