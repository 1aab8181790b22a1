"""One pass over a stream in fixed memory: the stated rates are those that are met."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from documents import mixed, pages, text

from dataqa.duplicates.bands import Bands, band_keys, probability
from dataqa.duplicates.signatures import Shingle, signatures
from dataqa.errors import BoundError, InputError
from dataqa.index.arriving import arriving
from dataqa.index.bloom import BloomFilter, steepest
from dataqa.index.bloom_file import load, save
from dataqa.index.sizing import documents_within, size_for
from dataqa.io.sources import Reading


def unrelated(count: int, seed: int) -> pl.DataFrame:
    """Texts that have no shingle in common."""
    words = np.random.default_rng(seed).integers(0, 1 << 40, (count, 8)).astype(str)
    return pl.DataFrame({"row": words.tolist()}).select(text=pl.col("row").list.join(" "))


@pytest.mark.parametrize(("rate", "capacity"), [(0.02, 4096), (0.02, 5000), (0.2, 300)])
@pytest.mark.parametrize("forget", [False, True])
def test_unrelated_texts_are_called_seen_as_often_as_is_stated(
    rate: float, capacity: int, forget: bool
):
    """Field trap A2: a filter whose false positives nobody measured had 100 % of them."""
    seen = BloomFilter(capacity, false_positive_rate=rate, forget=forget)
    start = 0
    while seen.room:  # fill it to the last place
        seen.add(unrelated(min(seen.room, capacity), start))
        start += 1
    if forget:
        seen.admit(unrelated(1, 9999)["text"])
        while seen.room:
            seen.add(unrelated(min(seen.room, capacity), 10_000 + start))
            start += 1
    assert seen.passed.new >= capacity
    before = seen.passed
    share = 1 - float(seen.query(unrelated(60_000, 77)).to_numpy().mean())
    assert seen.passed == before
    slack = 4 * np.sqrt(rate / 60_000)
    assert abs(share - seen.rate()) < slack
    assert 0.5 * rate < share < rate + slack


@pytest.mark.parametrize("keys", [1, 9, 450])
@pytest.mark.parametrize("rate", [0.3, 0.01, 1e-6])
def test_the_size_keeps_the_rate_of_whole_documents_and_is_not_wasteful(keys: int, rate: float):
    size = size_for(100_000, keys, rate)
    perfect = 100_000 * keys * np.log(keys / rate) / np.log(2) ** 2 / 8
    assert perfect * 0.7 < size.bytes < perfect * 2
    assert 99_000 < documents_within(size.bytes, keys, rate) < 101_000


@pytest.mark.parametrize("true", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_pairs_of_a_similarity_are_called_seen_as_often_as_the_curve_says(true: float):
    source = np.random.default_rng(3)
    ones, others = zip(*(two_sets(true, source) for _ in range(1500)), strict=True)
    seen = BloomFilter(10_000, shingle=Shingle("word", 1))
    assert seen.add(pl.DataFrame({"text": ones})).all()
    share = 1 - float(seen.query(pl.DataFrame({"text": others})).to_numpy().mean())
    told = seen.called_seen(true)
    assert abs(share - told) < 4 * np.sqrt(max(told * (1 - told), 1e-3) / 1500)
    assert told >= probability(true, 9, 13)


def two_sets(true: float, source: np.random.Generator) -> tuple[str, str]:
    """Texts of single words with nearly this Jaccard similarity."""
    words = source.choice(1 << 30, 200, replace=False)
    shared = round(true * 200)
    only = (200 - shared) // 2
    one, other = words[: shared + only], np.concatenate([words[:shared], words[shared + only :]])
    return " ".join(f"w{k}" for k in one), " ".join(f"w{k}" for k in other)


def plain(texts: pl.Series, seen: BloomFilter) -> list[bool]:
    """What sets of keys say in place of a filter: no false positives."""
    parameters = seen.parameters
    made = signatures(texts, parameters.shingle, parameters.permutations, parameters.seed)
    known: set[int] = set()
    new: list[bool] = []
    for count, keys in zip(made.counts, band_keys(made.values, parameters.bands), strict=True):
        mine = set(keys.tolist()) if count else set[int]()
        new.append(not mine & known)
        known |= mine if new[-1] else set()
    return new


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_stream_is_answered_in_order_whatever_its_batches(batch: int):
    """Field trap A12: the same documents stay in every run."""
    stream = pl.concat([mixed(400, 90, seed=4), pages("e", range(3)).with_columns(text=pl.lit(""))])
    seen = BloomFilter(1000, similarity=0.7, false_positive_rate=1e-9)
    told = pl.concat([seen.add(part) for part in stream.iter_slices(batch)])
    assert told.to_list() == plain(stream["text"], seen)
    assert 50 < told.sum() < 300
    assert seen.passed.documents == 403 == seen.passed.new + seen.passed.seen + seen.passed.empty
    assert seen.passed.empty == 3


def test_a_document_never_meets_itself():
    """Field trap A6: a filter that was updated before it was asked removed nine tenths of all."""
    frame = unrelated(3000, 1)
    seen = BloomFilter(3000, false_positive_rate=1e-6)
    assert seen.add(frame).all()
    assert not seen.add(frame).any()
    assert seen.passed[:3] == (6000, 3000, 3000)


def test_one_like_a_document_that_was_seen_only_is_new():
    """Field trap A4: what is not remembered removes nothing, so no chain goes on."""
    chain = [text(1, edits=0)]
    words = chain[0].split(" ")
    for at in range(0, 60, 3):
        words[at : at + 3] = [f"x{at}", f"y{at}", f"z{at}"]
        chain.append(" ".join(words))
    told = BloomFilter(100, similarity=0.6).add(pl.DataFrame({"text": chain}))
    assert told[0]
    assert 1 < told.sum() < len(chain)


def test_documents_without_a_shingle_are_always_new():
    """Field trap A9: what is shorter than a shingle does not share one empty signature."""
    seen = BloomFilter(10)
    told = seen.add(pl.DataFrame({"text": ["", None, "…", "", "two words", "two words"]}))
    assert told.to_list() == [True, True, True, True, True, False]
    assert seen.passed == (6, 1, 1, 4)


def test_a_full_filter_stops_before_its_rate_does_not_hold():
    seen = BloomFilter(50)
    frame = unrelated(60, 2)
    told = seen.admit(pl.concat([frame["text"][:50], frame["text"][:5], frame["text"][50:]]))
    assert told.tolist() == [True] * 50 + [False] * 5
    assert seen.passed == (55, 50, 5, 0)
    with pytest.raises(BoundError, match="50 new documents"):
        seen.add(frame)
    assert not seen.add(frame[:50]).any()
    assert seen.rate() <= seen.false_positive_rate


def test_a_filter_that_forgets_remembers_the_last_ones():
    seen = BloomFilter(200, forget=True)
    parts = [unrelated(200, seed) for seed in range(5)]
    for before, part in zip([None, *parts], parts, strict=False):
        assert seen.add(part).sum() > 195
        if before is not None:
            assert not seen.add(before).any()
        assert seen.rate() <= 2 * seen.false_positive_rate
    assert seen.add(parts[0]).sum() > 195
    assert seen.bytes == sum(words.nbytes for words in seen.halves)


def test_memory_is_what_was_asked_for_however_long_the_stream():
    seen = BloomFilter.within(1_000_000, forget=True)
    arrays = [id(words) for words in seen.halves]
    assert 900_000 < seen.bytes <= 1_000_000
    for seed in range(3):
        seen.add(unrelated(20_000, seed))
    assert seen.passed.new > seen.capacity
    assert sorted(map(id, seen.halves)) == sorted(arrays)
    assert sum(words.nbytes for words in seen.halves) == seen.bytes


@pytest.mark.parametrize(
    "given",
    [
        {"capacity": 0},
        {"capacity": 1, "false_positive_rate": 0.0},
        {"capacity": 1, "false_positive_rate": 1.0},
        {"capacity": 10**15},
        {"capacity": 1, "similarity": 1.5},
        {"capacity": 1, "bands": "no such"},
    ],
)
def test_what_is_out_of_range_is_an_error(given: dict[str, float]):
    with pytest.raises(InputError):
        BloomFilter(**given)  # pyright: ignore[reportArgumentType]


def test_presets_are_taken():
    assert BloomFilter(10, similarity=0.75, bands="fineweb").parameters.bands == Bands(14, 8)
    assert steepest(0.5, 32).permutations <= 32


@pytest.mark.parametrize("forget", [False, True])
def test_a_filter_in_a_file_goes_on_as_if_it_had_never_stopped(tmp_path: Path, forget: bool):
    stream = mixed(300, 80, seed=6)
    whole = BloomFilter(100, similarity=0.7, forget=forget)
    seen = BloomFilter(100, similarity=0.7, forget=forget)
    told = whole.admit(stream["text"])
    first = seen.admit(stream["text"][:90])
    save(seen, tmp_path / "f")
    again = load(tmp_path / "f", similarity=0.7, capacity=100, forget=forget)
    rest = again.admit(stream["text"][90:])
    assert [*first, *rest] == told.tolist()
    assert again.passed == whole.passed
    assert {path.name for path in tmp_path.iterdir()} == {"f"}


def test_a_file_that_is_another_or_damaged_is_refused(tmp_path: Path):
    path = tmp_path / "f"
    save(BloomFilter(100), path)
    data = path.read_bytes()
    for given in ({"capacity": 7}, {"similarity": 0.7}, {"bands": Bands(2, 2)}, {"forget": True}):
        with pytest.raises(InputError, match="made with"):
            load(path, **given)
    flipped = bytearray(data)
    flipped[-5] ^= 1
    for changed in (data[:-1], data + b"\0", bytes(flipped), data[:40], b"", b"text\n"):
        path.write_bytes(changed)
        with pytest.raises(InputError):
            load(path)
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "no")


class _Slow(io.BytesIO):
    """A pipe that gives a few bytes at once."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(min(size or 1, 7))


def test_lines_of_a_pipe_are_given_as_they_arrive():
    data = (
        '{"doc_id": "a", "text": "één"}\n\n{"doc_id": 7, "text": "two"}\nno JSON\n{"text": null}\n'
        '[1]\n{"text": "last"}'
    )
    found = list(arriving(_Slow(data.encode()), Reading()))
    assert len(found) > 1
    assert [name for one in found for name in one.ids] == ["a", "7", "-#7"]
    assert pl.concat([one.texts for one in found]).to_list() == ["één", "two", "last"]
    assert sum(one.damaged for one in found) == 3
    assert found[-1].lines == [b'{"text": "last"}']


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b'{"content": "x"}\n', "no key 'text'"),
        (b"\x28\xb5\x2f\xfd....", "is zstd"),
        (b"\xff\xfea\0b\0", "UTF-16"),
    ],
)
def test_pipes_of_something_else_say_what_they_are(data: bytes, named: str):
    with pytest.raises(InputError, match=named):
        list(arriving(io.BytesIO(data), Reading()))


def test_a_line_that_is_too_long_is_damaged_and_fills_no_memory():
    long = b'{"text": "' + b"x" * 200 + b'"}\n{"text": "short"}\n'
    (found,) = arriving(io.BytesIO(long), Reading(max_document=100))
    assert (found.ids, found.damaged) == (["-#2"], 1)
