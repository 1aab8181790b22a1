"""A scorer learns from what a run measured of some documents: labels by a language model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from commands import dataqa
from endpoints import fake
from scored import texts

from dataqa.errors import InputError
from dataqa.llm import judging
from dataqa.llm.judges import load_judge, question
from dataqa.scores.runs import signal_of_run
from dataqa.types import Assets


def test_labels_of_a_sample_train_a_scorer_for_all(tmp_path: Path, assets: Assets):
    """The whole recipe: a model labels a share, a fast scorer learns it, and scores the others."""
    rows = texts(300).select("text").with_row_index("id")
    rows.write_ndjson(tmp_path / "in.jsonl")
    score: dict[str, Any] = {"llm": "judge/quality", "sample": 0.5, "send": "raw", "keep": 0.5}
    with fake() as server:
        score["endpoint"] = {"url": server.url, "model": "fake"}
        score["cache"] = str(tmp_path / "replies.sqlite")
        tree = {"name": "sample", "steps": [{"score": score}], "reading": {"id_column": "id"}}
        (tmp_path / "sample.yaml").write_text(yaml.safe_dump(tree))
        ran = dataqa(
            "run", tmp_path / "sample.yaml", "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out"
        )
    assert ran.code == 0, ran.err
    found = signal_of_run(tmp_path / "out", "score.quality")
    assert 100 < found.height < 200
    judge = load_judge("quality", assets)
    asked = {question(judge, text, "chat").messages[-1].content for text in found["text"]}
    assert asked == set(server.asked())
    assert judging.VERDICTS["score"] == found["score.quality"].dtype
    words = ("train", "quality", "--from-run", tmp_path / "out", "-o", tmp_path / "model")
    trained = dataqa(*words, "--signal", "score.quality", "--threshold", "0.5")
    assert trained.code == 0, trained.err
    tree["steps"] = [{"score": {"model": str(tmp_path / "model")}}]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(tree))
    ran = dataqa("run", tmp_path / "all.yaml", "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out2")
    assert ran.code == 0, ran.err
    scores = pl.read_parquet(tmp_path / "out2" / "signals" / "*.parquet")["score.model"]
    assert (len(scores), scores.null_count()) == (300, 0)
    assert all(math.isfinite(one) for one in scores)
    assert dataqa(*words).code == 2
    assert dataqa(*words, "--signal", "score.dunno").code == 2


def test_what_is_no_run(tmp_path: Path):
    with pytest.raises(InputError, match="no finished run"):
        signal_of_run(tmp_path, "score.quality")
