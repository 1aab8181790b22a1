"""What might be asked about: near bounds, and where rules and scores do not agree."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from scored import model_folder
from scored import texts as labelled

import dataqa
from dataqa.pipeline import Pipeline
from dataqa.review.asking.candidates import candidates, drawn
from dataqa.review.asking.flows import load_flow
from dataqa.review.asking.items import Choice, choose


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts that a scorer likes or not, in two versions of it, and a rule on a column."""
    folder = tmp_path_factory.mktemp("candidates")
    texts = labelled(90)["text"].to_list()
    rank = [1 if at % 3 == 0 else 4 if at % 3 == 1 else 9 for at in range(len(texts))]
    docs = pl.DataFrame({"id": [f"d{at:02}" for at in range(len(texts))], "text": texts})
    docs.with_columns(pl.Series("rank", rank)).write_ndjson(folder / "docs.jsonl")
    model = model_folder()
    (folder / "p.yaml").write_text(f"""
name: two-scores
reading: {{id_column: id}}
steps:
  - quality: {{columns: {{rank: {{min: 3}}}}}}
  - score: {{model: {model}, name: strict, keep: 0.9}}
  - score: {{model: {model}, name: mild, keep: 0.1, action: review}}
""")
    out = folder / "out"
    dataqa.run(Pipeline.from_yaml(folder / "p.yaml"), folder / "docs.jsonl", out, workers=1)
    return out


def test_what_rules_reject_and_a_score_would_keep_is_asked_about(run: Path):
    rows = candidates(run, "documents")
    signals = pl.read_parquet(run / "signals" / "*.parquet")
    rejected = signals.filter(pl.col("verdict") == "rejected")
    mine = rows.filter(pl.col("reason").str.starts_with("rules against model"))
    liked = rejected.filter(pl.col("score.mild") >= 0.1)
    assert set(mine["doc_id"]) == set(liked["doc_id"]) - set(
        rows.filter(~pl.col("reason").str.starts_with("rules against"))["doc_id"]
    )
    # by the column's rule, and by the bound of the other score
    strict = rejected.filter(pl.col("score.strict") < 0.9, pl.col("column:rank") >= 3)
    assert set(mine["doc_id"]) & set(strict["doc_id"])
    assert set(mine["doc_id"]) & set(rejected.filter(pl.col("column:rank") < 3)["doc_id"])
    assert rows["doc_id"].is_unique().all()
    assert rows["doubt"].is_between(0, 1).all()


def test_the_nearest_to_its_bound_is_asked_first(run: Path):
    rows = candidates(run, "documents").filter(pl.col("reason") == "score.mild.min")
    assert rows.height > 1
    gaps = (rows["score"] - rows["bound"]).abs().to_list()
    assert gaps == sorted(gaps)


def test_an_audit_is_a_share_of_all_whatever_became_of_them(run: Path):
    rows = candidates(run, "documents", audit=0.5)
    some = rows.filter(pl.col("kind") == "audit")
    ids = pl.read_parquet(run / "signals" / "*.parquet")["doc_id"].sort()
    asked = set(candidates(run, "documents")["doc_id"])
    assert set(some["doc_id"]) == set(ids.filter(drawn(ids, 0.5, "audit"))) - asked
    flow = load_flow("quality")
    reasons = [item.reason for item in choose(run, flow, Choice(items=10, audit=0.5))]
    assert len(set(reasons)) > 1, "a budget is spread over reasons"
