"""The Python API reaches the verdicts that a run over files reaches."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from dataqa import Pipeline, clean, judge, judge_batches, run
from dataqa.errors import InputError
from dataqa.io.sources import Reading
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality

READING = Reading(id_column="id")
LOCAL = Pipeline.of(
    "local", Normalize(), Quality(packs=("gopher", "c4")), Language(keep=("en",)), reading=READING
)
WHOLE = Pipeline.of(
    "whole", Normalize(), Quality(packs=("c4",)), Exact(), Language(), reading=READING
)


@pytest.fixture(scope="module")
def corpus(examples: Path) -> pl.DataFrame:
    """Real documents in many languages, some twice."""
    frame = pl.read_parquet(examples / "docs-many.parquet")
    planted = pl.read_ndjson(examples / "planted.jsonl", infer_schema_length=None)
    both = pl.concat([frame.select("id", "text", "url"), planted.select("id", "text", "url")])
    unique = both.filter(pl.col("text").is_not_null()).unique("id", maintain_order=True)
    return unique.sample(fraction=1, shuffle=True, seed=1)


@pytest.mark.parametrize("pipeline", [LOCAL, WHOLE], ids=["local", "whole"])
def test_judge_equals_a_run_over_files(pipeline: Pipeline, corpus: pl.DataFrame, tmp_path: Path):
    judged = judge(corpus, pipeline)
    assert judged.height == corpus.height
    assert judged.drop("verdict", "reasons", "text").equals(corpus.drop("text"))
    corpus.write_parquet(tmp_path / "in.parquet")
    result = run(pipeline, tmp_path / "in.parquet", tmp_path / "out", workers=1)
    signals = result.scan("signals").select("doc_id", "verdict").collect()
    assert dict(judged.select("id", "verdict").iter_rows()) == dict(signals.iter_rows())
    kept = result.scan("kept").select("id", "text").collect()
    mine = judged.filter(pl.col("verdict") == "kept").select("id", "text")
    assert dict(mine.iter_rows()) == dict(kept.iter_rows())
    rejected = result.scan("rejected").select("id", "reasons").collect()
    told = dict(judged.filter(pl.col("verdict") == "rejected").select("id", "reasons").iter_rows())
    assert told == dict(rejected.iter_rows())


def test_judge_batches_equals_judge_wherever_batches_end(corpus: pl.DataFrame):
    whole = judge(corpus, LOCAL)
    cuts = [0, *sorted(random.Random(3).choices(range(corpus.height), k=9)), corpus.height]
    batches = [
        batch
        for low, high in pairwise(cuts)
        for batch in corpus[low:high].rechunk().to_arrow().combine_chunks().to_batches()
    ]
    told = pa.Table.from_batches(list(judge_batches(batches, LOCAL)))
    frame = pl.from_arrow(told)
    assert isinstance(frame, pl.DataFrame)
    assert frame.select(whole.columns).equals(whole)


def test_judge_batches_refuses_what_needs_all_documents_when_it_is_called():
    with pytest.raises(InputError, match="exact needs to know all documents"):
        judge_batches([], WHOLE)


def test_clean_takes_a_lazy_frame_and_gives_lazy_frames(corpus: pl.DataFrame, tmp_path: Path):
    judged = judge(corpus, WHOLE)
    cleaned = clean(corpus.lazy(), WHOLE, out=tmp_path / "out", workers=1)
    kept = cleaned.kept.select("id").collect()["id"]
    assert set(kept) == set(judged.filter(pl.col("verdict") == "kept")["id"])
    sizes = [
        lazy.select(pl.len()).collect().item()
        for lazy in (cleaned.kept, cleaned.rejected, cleaned.review)
    ]
    assert sum(sizes) == corpus.height


def test_null_texts_are_told_apart_and_rows_stay():
    frame = pl.DataFrame({"id": ["a", "b", "c"], "text": ["Some words.", None, ""]})
    judged = judge(frame, LOCAL)
    assert judged["id"].to_list() == ["a", "b", "c"]
    assert judged["verdict"][1] == "quarantine"
    assert judged["reasons"][1].to_list() == ["text is null"]


def test_a_frame_of_nothing():
    frame = pl.DataFrame(schema={"id": pl.String, "text": pl.String})
    judged = judge(frame, WHOLE)
    assert judged.height == 0
    assert {"verdict", "reasons"} <= set(judged.columns)


def test_a_missing_text_column_is_named():
    with pytest.raises(InputError, match="'text'"):
        judge(pl.DataFrame({"txt": ["a"]}), LOCAL)


def test_pandas_frames_are_taken():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["a", "b"], "text": ["Some words.", "Other words."]})
    polars = pl.DataFrame({"id": ["a", "b"], "text": ["Some words.", "Other words."]})
    assert judge(frame, LOCAL).equals(judge(polars, LOCAL))
