"""Findings from elsewhere: a person's verdict wins over every rule and over duplicates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dataqa.engine.decide import decide
from dataqa.engine.local import Options
from dataqa.engine.overlay import read_overlay
from dataqa.errors import InputError
from dataqa.frames import Result, run
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Column, Quality

PIPELINE = Pipeline.of(
    "overlaid",
    Quality(columns={"rank": Column(min=3)}),
    Exact(),
    reading=Reading(id_column="id", shard_bytes=2000),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = [{"id": "bad", "text": "x", "rank": 1}]
    rows.append({"id": "fine", "text": "A fine one.", "rank": 5})
    rows += [{"id": f"copy-{at}", "text": "The same text.", "rank": 5} for at in range(3)]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def overlaid(corpus: Path, name: str, rows: list[dict[str, Any]] | None, **options: Any) -> Result:
    folder = corpus.parent
    path = None
    if rows is not None:
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pipeline = options.pop("pipeline", PIPELINE)
    return run(pipeline, corpus, folder / name, workers=1, overlay=path, **options)


def where(result: Result) -> dict[str, str]:
    return dict(result.scan("signals").select("doc_id", "verdict").collect().iter_rows())


def test_a_person_wins_over_rules_and_duplicates(corpus: Path):
    before = where(overlaid(corpus, "plain", None))
    copies = [name for name in before if name.startswith("copy")]
    gone = [name for name in copies if before[name] == "rejected"]
    assert before["bad"] == "rejected"
    assert len(gone) == 2
    said = [
        {"doc_id": "bad", "action": "keep", "by": "person:ada"},
        {"doc_id": "fine", "action": "drop", "by": "person:ada"},
        {"doc_id": gone[0], "action": "keep", "by": "person:ada"},
        {"doc_id": "nobody", "action": "drop", "by": "person:ada"},
    ]
    result = overlaid(corpus, "said", said)
    after = where(result)
    assert after == before | {"bad": "kept", "fine": "rejected", gone[0]: "kept"}
    findings = result.scan("findings").filter(pl.col("doc_id") == "bad").collect()
    assert findings["rule"].str.starts_with("quality.rank").any()
    assert "person:ada" in findings["by"].to_list()


def test_a_machines_verdict_is_one_among_others(corpus: Path):
    said = [
        {"doc_id": "bad", "action": "keep", "by": "classifier"},
        {"doc_id": "fine", "action": "review", "by": "classifier"},
    ]
    after = where(overlaid(corpus, "said", said))
    assert (after["bad"], after["fine"]) == ("rejected", "review")


def test_decide_remembers_what_a_person_said(corpus: Path):
    said = [{"doc_id": "bad", "action": "keep", "by": "person:ada"}]
    result = overlaid(corpus, "said", said)
    assert where(result)["bad"] == "kept"
    decided = Result(*decide(result.out, {"quality.rank.min": 2}, options=Options(workers=1)))
    assert where(decided)["bad"] == "kept"


def test_other_columns_become_signals(corpus: Path):
    said = [{"doc_id": name, "toxicity": value} for name, value in (("bad", 0.9), ("fine", 0.1))]
    result = overlaid(corpus, "said", said)
    told = result.scan("signals").select("doc_id", "toxicity").collect()
    assert dict(told.iter_rows())["fine"] == 0.1
    assert dict(told.iter_rows())["copy-0"] is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": "bad", "action": "keep"}], "doc_id"),
        ([{"doc_id": "bad", "action": "kept"}], "did you mean keep"),
        ([{"doc_id": "bad", "score_x": 1}, {"doc_id": "bad", "score_x": 2}], "two values"),
    ],
)
def test_a_wrong_overlay_is_the_users_mistake(
    rows: list[dict[str, Any]], words: str, tmp_path: Path
):
    path = tmp_path / "said.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_overlay(path)


def test_no_overlay_and_no_table(tmp_path: Path):
    with pytest.raises(InputError, match="no such overlay"):
        read_overlay(tmp_path / "nothing.csv")
    (tmp_path / "said.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InputError, match="parquet, CSV or JSON Lines"):
        read_overlay(tmp_path / "said.txt")
    (tmp_path / "said.jsonl").write_text("{broken", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_overlay(tmp_path / "said.jsonl")
