"""A sample is fair, keeps likes together, fits, and is the same however the corpus comes."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from alike import write
from previewed import READING, planted, previewed, removed

from dataqa import deduplicate
from dataqa.duplicates.signatures import Shingle
from dataqa.preview.sampling import Sample, draw
from dataqa.types import DOC, DOC_ID, TEXT

ROWS = planted(12_000)
FRAME = pl.DataFrame(ROWS)


def drawn(rows: list[dict[str, Any]], most: int, *, batch: int = 1000, **more: Any) -> Sample:
    docs = pl.DataFrame(rows).select(
        pl.int_range(pl.len(), dtype=pl.UInt64).alias(DOC),
        pl.col("id").alias(DOC_ID),
        pl.col("text").alias(TEXT),
        "source",
    )

    def chunks() -> Iterable[pl.DataFrame]:
        return docs.iter_slices(batch)

    found = draw(chunks, most, Shingle(), columns=["source"], **more)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("corpus") / "in", ROWS)


def test_what_a_sample_foresees_is_what_happens(place: Path, tmp_path: Path):
    """Field trap: a sample of a tenth of the documents holds a hundredth of the pairs."""
    told = previewed(place, tmp_path / "out", sample=1200, examples=False)
    assert told["sample"]["seeds"] == 1200
    assert told["corpus"]["documents"] == len(ROWS)
    for row in told["bounds"]:
        there = deduplicate(FRAME, id_column="id", similarity=row["similarity"]).removed
        # likenesses chain here more than they do anywhere
        assert abs(row["documents"] - there.height) <= 3 * row["error"] + 0.05 * there.height
        size = int(there["text"].str.len_bytes().sum())
        assert row["bytes"] == pytest.approx(size, rel=3 * row["error"] / row["documents"] + 0.07)


def test_without_companions_it_is_far_too_low_and_says_so(place: Path, tmp_path: Path):
    told = previewed(place, tmp_path / "out", sample=600, companions=False, examples=False)
    there = deduplicate(FRAME, id_column="id").removed.height
    assert removed(told)[0.8] < 0.6 * there
    assert told["sample"]["seen"] is None
    page = (tmp_path / "out" / "preview.html").read_text("utf-8")
    assert "far too low" in page
    assert "At similarity 0.8, at least " in page


def test_seeds_are_those_with_the_lowest_hashes_whatever_comes_first():
    one = drawn(ROWS, 500)
    shuffled = ROWS.copy()
    random.Random(1).shuffle(shuffled)
    for rows, batch in ((ROWS, 77), (shuffled, 1000)):
        other = drawn(rows, 500, batch=batch)
        for flag in (True, False):
            mine, theirs = (
                set(sample.docs.filter(pl.col("seed") == flag)[DOC_ID]) for sample in (one, other)
            )
            assert mine == theirs
        assert other.documents == one.documents
        assert other.bytes == one.bytes


def test_companions_are_like_seeds_and_no_others_are_missing():
    sample = drawn(ROWS, 500)
    like = deduplicate(FRAME, id_column="id", similarity=0.6).pairs
    seeds = set(sample.docs.filter("seed")[DOC_ID])
    there = set(sample.docs[DOC_ID])
    pairs = [(a, b) for a, b in like.select("removed", "kept").rows() if a in seeds]
    assert len(pairs) > 50
    missing = [pair for pair in pairs if pair[1] not in there]
    assert sample.left == 0
    # of a large group some that are better than a seed are there, not all
    small = {row["id"] for row in ROWS if row["source"] == "small"}
    assert len([pair for pair in missing if pair[0] in small]) <= 0.02 * len(pairs)


def test_a_sample_fits_in_the_text_it_may_hold():
    size = 400_000
    sample = drawn(ROWS, 5000, sizes=(size, size // 4))
    texts = sample.docs.with_columns(pl.col(TEXT).str.len_bytes().alias("size"))
    assert texts.filter("seed")["size"].sum() <= size
    assert texts.filter(~pl.col("seed"))["size"].sum() <= size // 4
    assert sample.seeds > 500
    assert sample.left > 0
    assert not sample.whole


def test_one_document_larger_than_all_is_taken():
    rows = [{"id": "a", "text": "word " * 1000, "source": "s"}]
    assert drawn(rows, 10, sizes=(100, 100)).whole


def test_ids_that_repeat_are_told_apart(tmp_path: Path):
    rows = [{"id": "same", "text": f"w{n} " * 9, "source": "s"} for n in range(5)]
    rows.append({"id": "same~2", "text": "another one here", "source": "s"})
    docs = drawn(rows, 10).docs
    assert docs[DOC_ID].n_unique() == 6
    told = previewed(write(tmp_path / "in", rows), tmp_path / "out")
    assert told["corpus"]["documents"] == 6


def test_the_same_preview_twice_but_for_times(place: Path, tmp_path: Path):
    small = msgspec.structs.replace(READING, batch_bytes=100_000, shard_bytes=250_000)
    one = previewed(place, tmp_path / "one", sample=900)
    other = previewed(place, tmp_path / "other", sample=900, reading=small)
    one.pop("cost")
    other.pop("cost")
    assert one == other
    for name in ("docs.parquet", "sets.bin", "pairs.json"):
        mine, theirs = (tmp_path / where / "sketches" / name for where in ("one", "other"))
        assert mine.read_bytes() == theirs.read_bytes(), name


def test_memory_is_that_of_the_sample_not_of_the_corpus():
    """300 MB of text go through in the room of 16 MiB of it."""
    code = (
        "import polars as pl\n"
        "from dataqa.duplicates.signatures import Shingle, load_kernels\n"
        "from dataqa.engine.host import peak_memory_mb\n"
        "from dataqa.preview.sampling import draw\n"
        "load_kernels()\n"
        "def chunks():\n"
        "    for part in range(30):\n"
        "        docs = pl.DataFrame({'_doc': pl.Series(range(2000), dtype=pl.UInt64)})\n"
        "        name = pl.lit(f'{part}-') + pl.col('_doc').cast(pl.String)\n"
        "        words = [name + f'-{k} some words' for k in range(250)]\n"
        "        number = pl.col('_doc') + part * 2000\n"
        "        text = pl.concat_str(words, separator=' ').alias('text')\n"
        "        yield docs.select(number, name.alias('doc_id'), text)\n"
        "for docs in chunks(): break\n"
        "before = peak_memory_mb()\n"
        "sample = draw(chunks, 50_000, Shingle(), sizes=(8 << 20, 8 << 20))\n"
        "print(sample.bytes / 1e6, peak_memory_mb() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    size, more = map(float, done.stdout.split())
    assert size > 300
    assert more < 230
