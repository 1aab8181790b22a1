"""The index says what comparing everything with everything says, however it lies on disk."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import documents
import msgspec
import polars as pl
import pytest
from documents import SMALL, estimated, mixed, pages, text
from hypothesis import given, settings
from hypothesis import strategies as st

import dataqa
from dataqa.duplicates.bands import Bands
from dataqa.duplicates.signatures import Shingle
from dataqa.errors import InputError
from dataqa.index import adding, asking, disk, merging, snapshot
from dataqa.index.index import Index
from dataqa.index.manifest import Manifest
from dataqa.index.merging import surplus
from dataqa.index.parameters import Parameters


def room_for(entries: int) -> Callable[[object], int]:
    return lambda _: entries


def small(path: Path, similarity: float = SMALL.similarity) -> Index:
    return Index.create(path, similarity=similarity, permutations=SMALL.permutations)


def triples(found: pl.DataFrame) -> list[tuple[str, str, float]]:
    return found.select("doc_id", "ref", "similarity").rows()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch):
    """Segments of few entries, merged often."""
    monkeypatch.setattr(adding, "WAITING_BYTES", 1)
    monkeypatch.setattr(adding, "waiting_rows", room_for(10))
    monkeypatch.setattr(merging, "UNIT", 16)
    monkeypatch.setattr(merging, "_PIECE_KEYS", 50)
    monkeypatch.setattr(merging, "_PIECE_BYTES", 900)


def test_it_is_part_of_the_package():
    assert dataqa.Index is Index


def test_query_names_the_most_similar_entry_and_how_similar(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("old", range(20)))
    asked = pl.concat([pages("near", [3], edits=1), pages("far", [300]), pages("same", [4])])
    found = index.query(asked)
    assert found["doc_id"].to_list() == ["near3", "same4"]
    assert found["ref"].to_list() == ["old3", "old4"]
    near, same = found["similarity"]
    assert 0.7 <= near < 1 == same
    # an estimate is never certain, not even that of equal signatures
    assert all(0 < error < 0.1 for error in found["standard_error"])
    assert found["shingles"].to_list() == found["ref_shingles"].to_list() == [76, 76]


@pytest.mark.parametrize("every", [False, True])
def test_query_finds_what_brute_force_finds(tmp_path: Path, every: bool, tiny: None):
    known, asked = mixed(300, 60, seed=1), mixed(100, 70, seed=2, prefix="q")
    index = small(tmp_path / "i")
    for part in range(0, 300, 77):
        index.add(known[part : part + 77])
    assert index.info().segments > 1
    found = triples(index.query(asked, every=every))
    expected = estimated(asked, known, SMALL)
    assert len(expected) > 100
    if every:
        assert sorted(found) == sorted(expected)
    else:
        nearest: dict[str, tuple[str, str, float]] = {}
        for pair in expected:
            if pair[0] not in nearest or pair[2] > nearest[pair[0]][2]:
                nearest[pair[0]] = pair
        assert found == list(nearest.values())


def test_documents_of_one_query_do_not_match_each_other(tmp_path: Path):
    index = small(tmp_path / "i")
    assert not index.query(pages("a", [1, 1, 1])).height
    assert not len(index)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 9))
def test_answers_do_not_depend_on_how_entries_were_added(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
):
    """Batches, waiting rooms, segments and merges are invisible, the cap included."""
    known = mixed(sum(sizes), 12, seed)
    asked = mixed(60, 14, seed + 100, prefix="q")
    one = small(tmp_path_factory.mktemp("one") / "i")
    many = small(tmp_path_factory.mktemp("many") / "i")
    gone = known["doc_id"].gather_every(7).to_list()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "COMPARED", 3)
        one.add(known)
        one.remove(gone)
        first = one.query(asked, every=True)
        one.compact()
        assert one.query(asked, every=True).equals(first)
        patch.setattr(adding, "waiting_rows", room_for(10))
        patch.setattr(merging, "UNIT", 16)
        patch.setattr(merging, "_PIECE_KEYS", 50)
        patch.setattr(merging, "_PIECE_BYTES", 900)
        for size in sizes:
            many.add(known[:size])
            known = known[size:]
        many.remove(gone)
        assert many.query(asked, every=True).equals(first)
        assert many.query(asked).equals(one.query(asked))


def test_adding_again_changes_nothing(tmp_path: Path, tiny: None):
    index = small(tmp_path / "i")
    known = pages("d", range(35))
    assert index.add(known).counts.added == 35
    before = sorted((tmp_path / "i" / "segments").iterdir())
    told = index.add(known).counts
    assert (told.added, told.unchanged, told.replaced) == (0, 35, 0)
    assert sorted((tmp_path / "i" / "segments").iterdir()) == before


def test_a_repeated_id_replaces_the_older_entry(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", [1, 2]))
    told = index.add(pl.DataFrame({"doc_id": ["d1"], "text": [text(9)]})).counts
    assert (told.added, told.replaced, len(index)) == (1, 1, 2)
    assert index.query(pages("q", [1, 2, 9]))["ref"].to_list() == ["d2", "d1"]


@pytest.mark.parametrize("waiting", [1, 2, 100])
def test_the_last_of_equal_ids_in_a_stream_stays(
    tmp_path: Path, waiting: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(adding, "waiting_rows", room_for(waiting))
    index = small(tmp_path / "i")
    index.add(pages("d", [1]))
    stream = pl.DataFrame(
        {"doc_id": ["d1", "x", "d1", "d1", "d1", "x"], "text": ["", "", "", "", "", ""]}
    )
    told = index.add(
        stream.with_columns(text=pl.Series([text(k) for k in (2, 5, 2, 3, 1, 5)]))
    ).counts
    assert index.query(pages("q", [1, 2, 3, 5]))["ref"].to_list() == ["d1", "x"]
    assert len(index) == 2
    assert told.documents == 6 == told.added + told.unchanged
    assert len(index) == 1 + told.added - told.replaced


def test_documents_without_a_shingle_are_like_nothing_and_not_kept(tmp_path: Path):
    """Field trap A9: what is shorter than a shingle must not share one empty signature."""
    index = small(tmp_path / "i")
    empty = pl.DataFrame({"doc_id": ["a", "b", "c", "d"], "text": ["", None, "...", "two words"]})
    told = index.add(empty).counts
    assert (told.empty, told.added, len(index)) == (3, 1, 1)
    assert triples(index.query(empty)) == [("d", "d", 1.0)]
    new = index.add(empty.with_columns(doc_id=pl.col("doc_id") + "2"), skip_known=True)
    assert new.fresh.to_list() == [True, True, True, False]


def test_matches_are_named_not_numbered(tmp_path: Path):
    """Field trap A5, request 1: an entry of the index is never mistaken for one of the input."""
    index = small(tmp_path / "i")
    index.add(pages("known", range(50)))
    asked = pages("new", range(40, 60))
    found = index.query(asked)
    assert found["ref"].to_list() == [f"known{k}" for k in range(40, 50)]
    assert set(found["doc_id"]) <= set(asked["doc_id"])


def test_removed_entries_are_found_no_more(tmp_path: Path, tiny: None):
    index = small(tmp_path / "i")
    index.add(pages("d", range(64)))
    assert index.remove(["d3", "d4", "no such", "d4"]) == 2
    assert index.remove(["d3"]) == 0
    assert len(index) == 62
    assert index.remove("d5") == 1
    assert index.add(pages("d", [5])).counts.added == 1
    assert index.query(pages("q", [2, 3, 4]))["ref"].to_list() == ["d2"]
    again = Index.open(tmp_path / "i")
    assert again.query(pages("q", [2, 3, 4]))["ref"].to_list() == ["d2"]
    assert again.add(pages("d", [3])).counts.added == 1
    assert again.query(pages("q", [3]))["ref"].to_list() == ["d3"]
    assert again.remove(f"d{k}" for k in range(64)) == 63
    again.compact()
    assert (len(again), again.info().segments, again.query(pages("q", [2])).height) == (0, 0, 0)


def test_many_are_removed_and_their_room_is_given_back(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", range(100)))
    before = index.info().bytes
    index.remove([f"d{k}" for k in range(60)])
    info = index.info()
    assert (info.entries, info.removed) == (40, 0)
    assert info.bytes < before / 2


def test_similarity_can_be_asked_for(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", range(30)))
    asked = pages("q", range(30), edits=1)
    few, many = index.query(asked, similarity=0.9), index.query(asked, similarity=0.5)
    assert 0 <= few.height < many.height
    assert all(few["similarity"] >= 0.9)
    with pytest.raises(InputError, match=r"\(0, 1\]"):
        index.query(asked, similarity=80)


def test_a_key_that_thousands_share_costs_no_more_than_it_may(tmp_path: Path):
    """Field traps A4, 4: one page a thousand times makes queries neither slow nor large."""
    index = small(tmp_path / "i")
    same = [text(1)] * 3000
    index.add(pl.DataFrame({"doc_id": [f"d{k}" for k in range(3000)], "text": same}))
    found, short = index.look_up(pl.Series(["q"]), pl.Series([text(1)]), None, every=True)
    assert found["ref"].to_list() == [f"d{k}" for k in range(snapshot.COMPARED)]
    assert short == 1
    assert triples(index.query(pages("q", [1]))) == [("q1", "d0", 1.0)]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"shingle": Shingle("char", 5)}, ["shingle word:5, not char:5"]),
        ({"permutations": 128}, ["permutations 64, not 128"]),
        ({"bands": Bands(2, 2)}, ["bands", "not 2x2"]),
        ({"bands": "curator"}, ["bands", "not 20x13", "shingle word:5, not char:24"]),
        ({"seed": 2, "permutations": 128}, ["seed 1, not 2", "permutations 64, not 128"]),
    ],
)
def test_other_parameters_are_an_error_that_names_them(
    tmp_path: Path, given: dict[str, object], named: list[str]
):
    small(tmp_path / "i")
    with pytest.raises(InputError) as raised:
        Index.open(tmp_path / "i", **given)  # pyright: ignore[reportArgumentType]
    assert all(name in str(raised.value) for name in named)


def test_the_same_parameters_are_welcome(tmp_path: Path):
    made = Index.create(tmp_path / "i", similarity=0.75, bands="fineweb", seed=3)
    assert made.parameters == Parameters(similarity=0.75, bands=Bands(14, 8), seed=3)
    Index.open(tmp_path / "i", bands="fineweb", seed=3, permutations=128, shingle=Shingle())


def test_bands_that_need_more_permutations_get_them(tmp_path: Path):
    made = Index.create(tmp_path / "i", bands="curator")
    assert (made.parameters.permutations, made.parameters.shingle.n) == (260, 24)
    with pytest.raises(InputError, match="need 260"):
        Index.create(tmp_path / "j", bands="curator", permutations=128)


def test_an_index_of_another_format_is_refused(tmp_path: Path):
    small(tmp_path / "i")
    path = tmp_path / "i" / disk.MANIFEST
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(InputError, match="format 9, and this version reads format 1"):
        Index.open(tmp_path / "i")


def test_texts_cut_otherwise_are_never_compared(tmp_path: Path):
    """Another Unicode or another version of ours: old entries stay readable, nothing is mixed."""
    index = small(tmp_path / "i")
    index.add(pages("d", [1]))
    path = tmp_path / "i" / disk.MANIFEST
    value = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**value, "fingerprint": "another"}))
    other = Index.open(tmp_path / "i")
    for use in (other.query, other.add):
        with pytest.raises(InputError, match="cuts texts otherwise"):
            use(pages("d", [2]))
    assert other.remove(["d1"]) == 1


def test_what_is_there_is_not_overwritten(tmp_path: Path):
    small(tmp_path / "i")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for name in ("i", "full"):
        with pytest.raises(InputError, match="something already"):
            small(tmp_path / name)


@pytest.mark.parametrize("where", ["no", "file.txt"])
def test_no_index_there_is_an_error_that_says_so(tmp_path: Path, where: str):
    (tmp_path / "file.txt").write_text("text")
    with pytest.raises(InputError, match="no index"):
        Index.open(tmp_path / where)


@pytest.mark.parametrize("what", ["cut", "longer", "gone", "manifest", "empty manifest"])
def test_a_damaged_index_is_never_searched(tmp_path: Path, what: str):
    """Field trap A13: cut-off signature files are named when the index is opened."""
    index = small(tmp_path / "i")
    index.add(pages("d", range(20)))
    (file,) = (tmp_path / "i" / "segments").glob("*.segment")
    if what == "cut":
        file.write_bytes(file.read_bytes()[:-64])
    elif what == "longer":
        file.write_bytes(file.read_bytes() + b"\0")
    elif what == "gone":
        file.unlink()
    else:
        data = (tmp_path / "i" / disk.MANIFEST).read_bytes()
        (tmp_path / "i" / disk.MANIFEST).write_bytes(data[:-30] if what == "manifest" else b"")
    with pytest.raises(InputError) as raised:
        Index.open(tmp_path / "i")
    assert str(tmp_path / "i") in str(raised.value)
    assert "Hint" in str(raised.value)


def test_verify_finds_a_flipped_bit(tmp_path: Path):
    """Field trap A13: bytes that have changed in place are found when they are asked about."""
    index = small(tmp_path / "i")
    index.add(pages("d", range(20)))
    index.remove(["d1"])
    assert not index.verify()
    (file,) = (tmp_path / "i" / "segments").glob("*.segment")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    (fault,) = Index.open(tmp_path / "i").verify()
    assert file.name in fault
    file.unlink()
    assert "missing" in index.verify()[0]


def test_bytes_that_changed_in_place_are_an_error_or_another_answer_never_a_crash(tmp_path: Path):
    """Field trap A13: whatever a disk makes of a segment, reading stays inside of it."""
    index = small(tmp_path / "i")
    known = pages("d", range(60))
    index.add(known)
    (file,) = (tmp_path / "i" / "segments").glob("*.segment")
    data, said = file.read_bytes(), set[str]()
    for seed in range(200):
        source = random.Random(seed)
        changed = bytearray(data)
        for _ in range(source.choice([1, 10, 300])):
            changed[source.randrange(64, len(data))] = source.randrange(256)
        file.write_bytes(changed)
        try:
            now = Index.open(tmp_path / "i").now
            snapshot.find_ids(now.segments, known["doc_id"])
            asking.look_up(now, known["doc_id"], known["text"], 0.5, every=True)
            said.add("answered")
        except InputError as error:
            said.add(error.what)
    assert "answered" in said
    assert any("bytes have changed" in what for what in said)


def test_one_writes_while_others_read(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", range(10)))
    reader = Index.open(tmp_path / "i")
    with index.adding() as writing:
        frame = pages("e", range(10, 20))
        writing.add(frame["doc_id"], frame["text"])
        with pytest.raises(InputError, match="another process is writing"):
            reader.add(pages("f", [1]))
        assert reader.query(pages("q", [3, 13]))["ref"].to_list() == ["d3"]
    index.compact()
    # its files are gone from the folder, and it still has them
    assert reader.query(pages("q", [3, 13]))["ref"].to_list() == ["d3"]
    assert Index.open(tmp_path / "i").query(pages("q", [3, 13]))["ref"].to_list() == ["d3", "e13"]
    # a writer begins with what is committed by now
    assert reader.add(pages("f", [30])).counts.added == 1
    assert len(reader) == 21


def test_a_reader_that_meets_a_merge_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    index = small(tmp_path / "i")
    index.add(pages("d", range(10)))
    index.add(pages("e", range(10, 20)))
    load, loaded = snapshot.load, list[int]()

    def load_and_merge(folder: Path) -> Manifest:
        found = load(folder)
        loaded.append(len(found.parts))
        if len(loaded) == 1:
            with monkeypatch.context() as patch:
                patch.setattr(snapshot, "load", load)
                index.compact()
        return found

    monkeypatch.setattr(snapshot, "load", load_and_merge)
    assert len(Index.open(tmp_path / "i")) == 20
    assert loaded == [2, 1]


@pytest.mark.parametrize("bad", ["no ids", "null id", "no text", "numbers", "no frame"])
def test_frames_that_do_not_fit_are_named(tmp_path: Path, bad: str):
    index = small(tmp_path / "i")
    frame: object = {
        "no ids": pl.DataFrame({"text": ["a"]}),
        "null id": pl.DataFrame({"doc_id": [None], "text": ["a"]}),
        "no text": pl.DataFrame({"doc_id": ["a"]}),
        "numbers": pl.DataFrame({"doc_id": ["a"], "text": [1]}),
        "no frame": ["a text"],
    }[bad]
    with pytest.raises(InputError):
        index.add(frame)
    if isinstance(frame, pl.DataFrame):
        with pytest.raises(InputError):
            index.add(frame.lazy())
    assert not len(index)


@pytest.mark.parametrize("named", [True, False])
def test_a_lazy_frame_is_as_good_as_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
):
    monkeypatch.setattr(asking, "_BYTES", 0)  # 64 at once
    known, asked = mixed(300, 60, seed=1), mixed(200, 70, seed=2, prefix="q")
    known.write_parquet(tmp_path / "known.parquet", row_group_size=50)
    lazy, eager = small(tmp_path / "lazy"), small(tmp_path / "eager")
    scanned = pl.scan_parquet(tmp_path / "known.parquet")
    assert lazy.add(scanned).counts == eager.add(known).counts
    asked = asked if named else asked.drop("doc_id")
    found = lazy.query(asked.lazy())
    assert found.height > 50
    assert found.equals(eager.query(asked))
    again, same = (index.add(known.lazy(), skip_known=True) for index in (lazy, eager))
    assert again.fresh.equals(same.fresh)
    assert again.matches.equals(same.matches)


def test_pandas_is_taken_too(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", [1, 2]).to_pandas())
    assert index.query(pages("q", [2]).to_pandas())["ref"].to_list() == ["d2"]


def test_rows_are_numbered_where_a_query_has_no_ids(tmp_path: Path):
    index = small(tmp_path / "i")
    index.add(pages("d", [1, 2]))
    found = index.query(pages("q", [5, 2]).rename({"doc_id": "id"}))
    assert triples(found) == [("1", "d2", 1.0)]
    assert (
        index.query(pages("q", [2]).rename({"doc_id": "id"}), id_column="id")["doc_id"][0] == "q2"
    )


def test_ids_of_all_scripts_come_back(tmp_path: Path, tiny: None):
    names = ["", "é", "网页#1", "a" * 500, "𝄞", "tab\tand\nline"]
    index = small(tmp_path / "i")
    known = pages("d", range(6)).with_columns(doc_id=pl.Series(names))
    for row in range(6):
        index.add(known[row : row + 1])
    assert index.info().segments < 4
    assert index.query(pages("q", range(6)))["ref"].to_list() == names
    assert index.remove(names) == 6


@given(st.lists(st.integers(1, 10**6), max_size=300))
def test_segments_stay_few_and_rows_are_rarely_rewritten(sizes: list[int]):
    left: list[int] = []
    rewritten = 0
    for size in sizes:
        left.append(size)
        while newest := surplus(left):
            merged = sum(left[-newest:])
            rewritten += merged
            left[-newest:] = [merged]
    assert sum(left) == sum(sizes)
    # fewer than four of each class; the larger among smaller ones begin a class anew
    assert len(left) <= 4 * 14
    small_ones = sum(size for size in sizes if size < merging.UNIT)
    assert rewritten <= 15 * sum(sizes) + merging.UNIT * len(sizes) + small_ones


def test_documents_are_what_the_tests_say():
    first, again = text(1), text(1, edits=1)
    assert first != again == documents.text(1, edits=1)
