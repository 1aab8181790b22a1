"""``score`` by a judge: a sample by ids, replies kept, the same bytes again without the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from endpoints import fake

import dataqa
from dataqa.errors import DataqaError, InputError
from dataqa.llm.sampling import sampled
from dataqa.review.asking.candidates import candidates
from dataqa.steps.score import Score
from dataqa.types import Assets, Batch, batch_of

WORDS = "The tide rises because the moon pulls the water of the harbour, document number"


def corpus(tmp_path: Path, count: int = 60) -> Path:
    path = tmp_path / "in.jsonl"
    rows = [{"id": f"page-{at}", "text": f"{WORDS} {at}."} for at in range(count)]
    pl.DataFrame(rows).write_ndjson(path)
    return path


def pipeline(url: str, cache: Path, **more: Any) -> Path:
    """A pipeline that asks about a third of the documents."""
    score = {
        "llm": "judge/educational",
        "sample": 0.33,
        "cache": str(cache),
        "send": "raw",
        "endpoint": {"url": url, "model": "fake", "retries": 0, "concurrency": 2},
        **more,
    }
    path = cache.with_name("pipeline.yaml")
    tree = {"name": "edu", "steps": [{"score": score}], "reading": {"id_column": "id"}}
    path.write_text(yaml.safe_dump(tree))
    return path


def files(out: Path) -> dict[str, bytes]:
    """What a run wrote, but for its times."""
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    names = [path.relative_to(out).as_posix() for path in paths]
    return {
        name: path.read_bytes()
        for name, path in zip(names, paths, strict=True)
        if not name.startswith(".") and name not in {"run.json", "report.html"}
    }


def test_a_run_asks_about_a_sample_and_repeats_without_the_network(tmp_path: Path):
    source, cache = corpus(tmp_path), tmp_path / "replies.sqlite"
    with fake() as server:
        recipe = pipeline(server.url, cache, keep=3)
        dataqa.run(recipe, source, tmp_path / "one" / "out")
        wanted = [f"page-{at}" for at in range(60) if sampled(f"page-{at}", 0.33)]
        assert 10 < len(wanted) == len(server.asked()) < 30
    dataqa.run(recipe, source, tmp_path / "two" / "out")  # the server is gone
    assert files(tmp_path / "one" / "out") == files(tmp_path / "two" / "out")
    found = pl.read_parquet(tmp_path / "one" / "out" / "signals" / "*.parquet")
    asked = found.filter(pl.col("score.educational").is_not_null())
    assert sorted(asked["doc_id"]) == sorted(wanted)
    rejected = pl.read_parquet(tmp_path / "one" / "out" / "rejected" / "*.parquet")
    low = asked.filter(pl.col("score.educational") < 3)["doc_id"]
    assert sorted(rejected["doc_id"]) == sorted(low)


def test_a_run_that_was_stopped_goes_on(tmp_path: Path):
    source, cache = corpus(tmp_path), tmp_path / "replies.sqlite"

    def dies(number: int, body: dict[str, Any]) -> str:
        return "server" if number > 12 else ""

    with fake(fault=dies) as server:
        recipe = pipeline(server.url, cache)
        with pytest.raises(DataqaError):
            dataqa.run(recipe, source, tmp_path / "out")
        server.fault = lambda number, body: ""
        server.requests.clear()
        dataqa.run(recipe, source, tmp_path / "out")
        again = len(server.asked())
    wanted = sum(sampled(f"page-{at}", 0.33) for at in range(60))
    assert 0 < again < wanted


def test_where_repeated_answers_lie_apart_people_are_asked(tmp_path: Path):
    source, cache = corpus(tmp_path, 40), tmp_path / "replies.sqlite"
    with fake(logprobs=0) as server:
        recipe = pipeline(server.url, cache, sample=1.0, repeats=4, spread=3.0)
        dataqa.run(recipe, source, tmp_path / "one" / "out")
        assert len(server.asked()) == 40 * 4
    dataqa.run(recipe, source, tmp_path / "two" / "out")  # the server is gone
    assert files(tmp_path / "one" / "out") == files(tmp_path / "two" / "out")
    found = pl.read_parquet(tmp_path / "one" / "out" / "signals" / "*.parquet")
    spread, score = found["score.educational.spread"], found["score.educational"]
    assert spread.is_between(0, 5).all()
    assert score.is_between(0, 5).all()
    assert score.n_unique() > 6
    assert 0 < (spread > 3).sum() < 40
    held = found.filter(pl.col("verdict") == "review")["doc_id"]
    assert set(held) == set(found.filter(spread > 3)["doc_id"])
    rows = candidates(tmp_path / "one" / "out", "documents")
    assert set(rows["reason"]) == {"score.educational.spread.max"}
    assert set(rows["doc_id"]) == set(held)
    assert rows["score"].is_sorted(descending=True), "the furthest apart is asked first"


def test_a_spread_is_of_several_answers(assets: Assets):
    with pytest.raises(InputError, match="one answer has no spread"):
        Score(llm="judge/educational", spread=1.0).rules(assets)
    with pytest.raises(InputError, match="not for a model"):
        Score(model="m", repeats=3).open(assets)


def test_without_a_model_it_says_so(assets: Assets, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DATAQA_LLM_ENDPOINT", raising=False)
    with pytest.raises(InputError, match="no endpoint is named"):
        Score(llm="judge/educational", send="raw").open(assets)
    with pytest.raises(InputError, match="no judge"):
        Score(llm="judge/dunno", send="raw").open(assets)
    with pytest.raises(InputError, match="not for a judge"):
        Score(llm="judge/educational", chars=100).open(assets)


def test_outside_the_sample_nothing_is_asked(assets: Assets, tmp_path: Path):
    with fake() as server:
        step = Score(
            llm="educational",
            sample=0.0,
            send="raw",
            endpoint=server.endpoint(),
            cache=str(tmp_path / "r"),
        )
        docs = pl.DataFrame({"_doc": [1], "doc_id": ["a"], "text": ["Words."]})
        made: Batch = step.open(assets)(batch_of(docs))
        assert made.signals["score.educational"].to_list() == [None]
        assert not server.requests
    assert [rule.missing for rule in step.rules(assets)] == []


def test_the_pipeline_that_ships(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It takes its endpoint from the environment, and drops nothing by the score."""
    with fake() as server:
        monkeypatch.setenv("DATAQA_LLM_ENDPOINT", server.url)
        monkeypatch.setenv("DATAQA_LLM_MODEL", "fake")
        monkeypatch.setenv("DATAQA_LLM_CACHE", str(tmp_path / "replies.sqlite"))
        settings = {"reading.id_column": "id", "score.sample": 0.1, "score.send": "raw"}
        result = dataqa.run("educational", examples, tmp_path / "out", settings=settings)
        asked = len({*server.asked()})
    signals = result.scan("signals").collect()
    graded = {*signals.filter(pl.col("score.educational").is_not_null())["doc_id"]}
    assert 5 < asked <= len(graded)
    gone = result.scan("rejected").filter(pl.col("stage") == 1).collect()["doc_id"]
    assert {one for one in gone if sampled(one, 0.1)}  # the sample has some of them
    assert not graded & {*gone}, "what has left already is asked about"
    findings = result.scan("findings").filter(pl.col("step") == "score").collect()
    assert not findings.height
