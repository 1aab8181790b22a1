"""``score`` by a judge: a sample by ids, replies kept, the same bytes again without the network."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from commands import dataqa as command
from endpoints import Fake, drawn, fake

import dataqa
from dataqa.errors import BoundError, DataqaError, InputError, RunError
from dataqa.io.store import Store
from dataqa.llm.budget import Budget
from dataqa.llm.claims import Claims
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


def in_shards(recipe: Path) -> Path:
    """The same pipeline, over shards of a few documents each."""
    tree = yaml.safe_load(recipe.read_text())
    tree["reading"]["shard_bytes"] = 1000
    recipe.write_text(yaml.safe_dump(tree))
    return recipe


def ends(recipe: Path, source: Path, out: Path, workers: int, budget: str) -> str:
    """How a run with a budget ends, and with what words."""
    try:
        dataqa.run(recipe, source, out, workers=workers, settings={"score.budget": budget})
    except (BoundError, RunError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def troubled(number: int, body: dict[str, Any]) -> str:
    """Every third request fails, some of them after their tokens are spent."""
    return ("busy", "server", "dropped", *[""] * 6)[drawn(f"trouble {number}", 9)]


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


def test_a_budget_is_never_passed_by_eight_workers_and_all_runs_together(tmp_path: Path):
    """With retries and faults; a byte is a token, the worst there is. Then a larger one goes on."""
    source, cache = corpus(tmp_path, 120), tmp_path / "replies.sqlite"
    with fake(fault=troubled) as server:
        more: dict[str, Any] = {"retries": 4, "concurrency": 2, "timeout": 5.0}
        told = {"url": server.url, "model": "fake", **more}
        recipe = in_shards(pipeline(server.url, cache, sample=1.0, endpoint=told))
        out = tmp_path / "one" / "out"
        first = ends(recipe, source, out, 8, "120k-tokens")
        assert "BoundError" in first, first
        assert "the budget of 120,000 tokens is too small" in first
        assert 60_000 < server.tokens <= 120_000
        seen = len(server.requests)
        assert "BoundError" in ends(recipe, source, out, 1, "120k-tokens")  # spent stays spent
        assert server.tokens <= 120_000
        assert "BoundError" in ends(recipe, source, out, 1, f"9M-tokens,{seen + 30}-requests")
        assert len(server.requests) <= seen + 30
        while "RunError" in (end := ends(recipe, source, out, 1, "9M-tokens")):
            pass  # a question that failed five times: run again
        assert end == ""
        asked = [*server.asked()]
        assert ends(recipe, source, tmp_path / "two" / "out", 1, "1-tokens") == ""  # all is kept
        assert server.asked() == asked
        # a finished run has measured the same, whatever it was allowed to spend
        assert ends(recipe, source, out, 1, "5M-tokens") == ""
    left = pl.read_parquet(out / "signals" / "*.parquet").drop("shard", strict=False)
    right = pl.read_parquet(tmp_path / "two" / "out" / "signals" / "*.parquet")
    assert left.equals(right)
    one, two = files(out), files(tmp_path / "two" / "out")
    told = {"manifest.json", "report.json"}  # which tell the settings, and so the budget
    assert {name for name in one if one[name] != two[name]} <= told


def killed(recipe: Path, source: Path, out: Path, server: Fake, after: int) -> None:
    """A run that is killed when so many requests have been made since."""
    until = len(server.requests) + after
    words = ["run", str(recipe), "-i", str(source), "-o", str(out), "--workers", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "dataqa", *words], stderr=subprocess.DEVNULL
    ) as run:
        while len(server.requests) < until and run.poll() is None:
            time.sleep(0.01)
        run.kill()


def test_what_a_killed_run_may_have_spent_counts(tmp_path: Path):
    source, cache = corpus(tmp_path, 80), tmp_path / "replies.sqlite"
    with fake(seconds=0.02) as server:
        told = {"sample": 1.0, "budget": "60-requests,9M-tokens"}
        recipe, out = in_shards(pipeline(server.url, cache, **told)), tmp_path / "out"
        for after in (5, 11):
            killed(recipe, source, out, server, after)
        assert 16 <= len(server.requests) < 60
        with pytest.raises(BoundError, match="60 requests spent"):
            dataqa.run(recipe, source, out)
        assert 40 < len(server.requests) <= 60
        # begun anew nothing is spent, and replies are kept
        dataqa.run(recipe, source, out, fresh=True)


def test_what_it_will_ask_and_what_that_took_is_told(tmp_path: Path):
    source, cache = corpus(tmp_path), tmp_path / "replies.sqlite"
    with fake() as server:
        recipe = pipeline(server.url, cache, budget="1M-tokens")
        words = ("run", recipe, "-i", source, "-o", tmp_path / "out", "--log", "plain")
        told = command(*words)
        assert told.code == 0, told.err
        assert f"fake at {server.url} is asked about 0.33 of the documents" in told.err
        assert "the budget is 1,000,000 tokens, 0 tokens spent before" in told.err
        assert f"{server.tokens:,} tokens spent of 1,000,000 tokens" in told.err
        small = ("--set", "score.budget=9k-tokens", "--set", "score.sample=1", "--fresh")
        told = command(*words, *small)
    assert (told.code, "run again with a larger `budget`" in told.err) == (3, True)


def test_a_budget_that_is_none_or_for_a_model(assets: Assets):
    with pytest.raises(InputError, match="is no budget"):
        Score(llm="judge/educational", budget="2M")
    with pytest.raises(InputError, match="not for a model"):
        Score(model="m", budget="2M-tokens").open(assets)


def test_in_memory_a_budget_is_of_all_batches(assets: Assets, tmp_path: Path):
    docs = pl.DataFrame({"_doc": range(40), "doc_id": [f"{n}" for n in range(40)]})
    docs = docs.with_columns(pl.format("{} {}.", pl.lit(WORDS), "doc_id").alias("text"))
    with fake() as server:
        step = Score(
            llm="educational",
            sample=1.0,
            send="raw",
            budget="30-requests",
            endpoint=server.endpoint(),
            cache=str(tmp_path / "r"),
        )
        opened = step.open(assets)
        for low in range(0, 16, 4):  # beside some ten requests that find out what it can do
            opened(batch_of(docs.slice(low, 4)))
        with pytest.raises(BoundError, match="30 requests spent"):
            opened(batch_of(docs.slice(16, 24)))
        assert len(server.requests) == 30


def test_a_budget_of_a_real_model(llama_url: str, tmp_path: Path):
    """It counts as the server counts, and goes on where it stopped."""
    source, cache = corpus(tmp_path, 8), tmp_path / "replies.sqlite"
    model = {"url": llama_url, "model": "smollm2", "concurrency": 1}
    recipe = pipeline("", cache, endpoint=model, style="completion", sample=1.0)
    out = tmp_path / "out"
    assert "BoundError" in ends(recipe, source, out, 1, "3k-tokens")
    claims = Claims(Budget(), "score.educational", Store(out))
    first = claims.total
    assert 500 < first.tokens <= 3000
    assert ends(recipe, source, out, 1, "1M-tokens") == ""
    with sqlite3.connect(cache) as db:
        kept = [json.loads(value) for (value,) in db.execute("SELECT value FROM replies")]
    replied = sum(one["tokens_in"] + one["tokens_out"] for one in kept)
    probed = claims.total.tokens - replied
    assert len(kept) == 8
    assert 0 < probed < first.tokens, "beside replies only what found out what it can do"
