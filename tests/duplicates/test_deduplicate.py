"""``dataqa.deduplicate``: frames in, frames out, as a run over files would decide."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from alike import corpus, edited, text

import dataqa
from dataqa import Pipeline, deduplicate
from dataqa.errors import BoundError, InputError

ROWS = corpus(150)
FRAME = pl.DataFrame(ROWS)
STEP: dict[str, Any] = {
    "similarity": 0.7,
    "keep": [{"source_priority": ["wiki"]}, "longest"],
    "review_band": [0.5, 0.7],
    "rehydrate": True,
}


def test_every_row_is_kept_or_removed_as_it_was_and_in_order():
    found = deduplicate(FRAME, id_column="id", **STEP)
    added = ["near_copies", "near_weight"]
    assert found.removed.height > 20
    assert found.kept.columns == [*FRAME.columns, *added]
    assert found.removed.columns == [*FRAME.columns, "ref", "similarity", "why"]
    kept = set(found.kept["id"])
    assert FRAME.filter(pl.col("id").is_in(kept)).equals(found.kept.drop(added))
    gone = FRAME.filter(~pl.col("id").is_in(kept))
    assert gone.equals(found.removed.select(FRAME.columns))
    assert set(found.removed["ref"]) <= kept
    # every document that goes is counted at the one that stays for it
    assert found.kept["near_copies"].sum() == FRAME.height


def test_pairs_are_those_removed_and_those_doubted():
    found = deduplicate(FRAME, id_column="id", **STEP)
    drops = found.pairs.filter(pl.col("action") == "drop")
    mine = drops.select(pl.col("removed").alias("id"), pl.col("kept").alias("ref"), "similarity")
    assert mine.sort("id").equals(found.removed.select("id", "ref", "similarity").sort("id"))
    doubts = found.pairs.filter(pl.col("action") == "review")
    assert doubts.height
    assert set(doubts["removed"]) <= set(found.kept["id"])
    assert doubts["similarity"].min() == pytest.approx(0.5, abs=0.1)
    # as alike as those that go are only those that are like a doubted one
    alike = doubts.filter(pl.col("similarity") >= 0.7)
    assert set(alike["kept"]) <= set(doubts["removed"])


@pytest.mark.parametrize("id_column", ["id", None])
def test_a_lazy_frame_gives_lazy_frames_of_the_same_rows(id_column: str | None, tmp_path: Path):
    whole = deduplicate(FRAME, id_column=id_column, **STEP)
    lazy = deduplicate(FRAME.lazy(), id_column=id_column, out=tmp_path, workers=1, **STEP)
    for one, other in zip(whole[:2], lazy[:2], strict=True):
        assert isinstance(other, pl.LazyFrame)
        assert one.equals(other.collect())
    assert whole.pairs.sort("removed").equals(lazy.pairs.collect().sort("removed"))
    assert (tmp_path / "report.html").is_file()


def test_the_same_as_a_run_over_files(tmp_path: Path):
    tree = {"name": "x", "reading": {"id_column": "id"}, "steps": [{"duplicates": STEP}]}
    FRAME.write_parquet(tmp_path / "in.parquet")
    run = dataqa.run(Pipeline.from_builtins(tree), tmp_path / "in.parquet", tmp_path / "out")
    found = deduplicate(FRAME, id_column="id", **STEP)
    assert set(run.scan("rejected").collect()["id"]) == set(found.removed["id"])
    assert run.counts["review"] == found.pairs.filter(pl.col("action") == "review").height


def test_the_order_of_rows_keeps_no_other_document():
    first = deduplicate(FRAME, id_column="id", **STEP).kept.sort("id")
    rows = list(ROWS)
    random.Random(4).shuffle(rows)
    assert deduplicate(pl.DataFrame(rows), id_column="id", **STEP).kept.sort("id").equals(first)


def test_without_ids_rows_are_numbered():
    frame = pl.DataFrame({"text": [text(1), text(2), edited(text(1), [3])]})
    found = deduplicate(frame, keep={"least": "char_count"})
    assert found.kept["row"].to_list() == [0, 1]
    assert found.removed.select("row", "ref").row(0) == (2, 0)
    assert found.pairs.select("removed", "kept").row(0) == (2, 0)


def test_numbers_are_ids_too_and_stay_numbers():
    frame = pl.DataFrame({"n": [10, 20], "text": [text(1), text(1) + " x"]})
    found = deduplicate(frame, id_column="n")
    assert found.removed.select("n", "ref").row(0) == (10, 20)


def test_best_takes_a_column_of_the_frame_or_a_signal():
    frame = pl.DataFrame({"text": [text(1), text(1) + " x"], "score": [0.9, 0.1]})
    assert deduplicate(frame, keep={"best": "score"}).removed["why"].item() == "kept for best score"
    assert deduplicate(frame, keep={"best": "word_count"}).kept["row"].to_list() == [1]


def test_a_null_and_an_empty_text_are_like_nothing_and_stay():
    frame = pl.DataFrame({"text": [None, "", None, "", text(1)]})
    found = deduplicate(frame)
    assert found.kept["row"].to_list() == [0, 1, 2, 3, 4]
    assert found.kept["near_copies"].to_list() == [1] * 5
    assert not found.pairs.height


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_compare(size: int):
    frame = pl.DataFrame({"text": [None, None]}, schema={"text": pl.String}).head(size)
    found = deduplicate(frame, rehydrate=True)
    assert found.kept.height == size
    assert found.kept.columns == ["row", "text", "near_copies", "near_weight"]
    assert not found.removed.height


def test_pandas_frames_are_taken():
    pandas = pytest.importorskip("pandas")
    found = deduplicate(pandas.DataFrame({"body": [text(1), text(1)]}), text_column="body")
    assert found.kept.height == found.removed.height == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text_column": "txt"}, "no column 'txt'"),
    ({"id_column": "ids"}, "no column 'ids'"),
    ({"id_column": "source"}, "2 ids in column 'source'"),
    ({"id_column": "x"}, "cannot name rows"),
    ({"similarty": 0.8}, "similarty"),
    ({"keep": "longst"}, "no such policy 'longst'"),
    ({"keep": {"best": "edu"}}, "no signal or column 'edu'"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[row[1] for row in WRONG])
@pytest.mark.parametrize("lazy", [False, True], ids=["frame", "lazy"])
def test_what_is_wrong_is_said(given: dict[str, Any], said: str, lazy: bool, tmp_path: Path):
    frame = FRAME.head(3).with_columns(x=pl.lit(0.5), source=pl.lit("wiki"))
    with pytest.raises(InputError, match=said):
        deduplicate(frame.lazy() if lazy else frame, out=tmp_path, **given)


def test_a_column_of_a_name_that_is_added_is_refused():
    with pytest.raises(InputError, match="'ref'"):
        deduplicate(FRAME.with_columns(ref=pl.lit(1)))
    with pytest.raises(InputError, match="'row'"):
        deduplicate(FRAME.with_columns(row=pl.lit(1)))


def test_an_alarm_is_raised_and_not_a_result():
    """Field trap A4."""
    frame = pl.DataFrame({"text": [f"{text(1, 30)} n{at}" for at in range(1_100)]})
    with pytest.raises(BoundError, match="set `largest` higher"):
        deduplicate(frame)


def test_what_was_not_compared_with_all_is_told():
    texts = [
        f"{'a b c d e f g h i j k l m n o p ' * 3} {at} {at + 1} {at + 2}" for at in range(200)
    ]
    settings: dict[str, Any] = {"similarity": 0.99, "bands": {"bands": 20, "rows": 1}}
    found = deduplicate(pl.DataFrame({"text": texts}), most_compared=2, **settings)
    uncompared = found.pairs.filter(pl.col("why") == "uncompared")
    assert uncompared.height > 100
    assert uncompared["action"].unique().to_list() == ["keep"]
    assert set(uncompared["removed"]) <= set(found.kept["row"])
