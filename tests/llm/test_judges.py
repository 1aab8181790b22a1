"""Judges: every one that ships asks what it says, and mistakes in one's own are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from endpoints import drawn, fake

from dataqa.errors import InputError
from dataqa.llm import outgoing
from dataqa.llm.client import Client
from dataqa.llm.judges import judge_names, load_judge, question, schema_of
from dataqa.llm.judging import VERDICTS, expected, foresee, judge_texts
from dataqa.llm.outgoing import preparing
from dataqa.llm.question import Reply
from dataqa.llm.reading import Schema
from dataqa.types import Assets

SHIPPED = ("educational", "quality", "toxicity")


def test_these_ship(assets: Assets):
    assert judge_names(assets) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_judge_has_an_example_of_each_label_and_a_source(name: str, assets: Assets):
    judge = load_judge(f"judge/{name}", assets)
    assert {one.label for one in judge.examples} == {*judge.labels}
    assert judge.cite
    assert judge.url.startswith("https://")
    assert len({str(label)[:3] for label in judge.labels}) == len(judge.labels)
    assert min(judge.value(label) for label in judge.labels) == 0
    schema = Schema(schema_of(judge))
    for one in judge.examples:
        assert one.reason
        assert not schema.problem({"reason": one.reason, "label": one.label})
    assert schema.problem({"reason": "x", "label": "dunno"}) == "label breaks enum"


def test_a_text_is_shown_from_its_beginning_only(assets: Assets):
    judge = load_judge("quality", assets)
    asked = question(judge, "word " * 10_000, "chat").messages[-1].content
    assert judge.characters < len(asked) < judge.characters + 100


SHEET: dict[str, Any] = {
    "judge": "mine",
    "title": "Mine",
    "instructions": "Say yes or no.",
    "labels": ["fine", "wrong"],
    "values": {"fine": 0, "wrong": 1},
    "examples": [{"text": "a", "label": "fine"}, {"text": "b", "label": "wrong"}],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"judge": "other"}, "calls itself"),
        ({"labels": ["fine"]}, "labels"),
        ({"labels": ["fine", 1]}, "two kinds"),
        ({"labels": ["fine", "fine"]}, "twice"),
        ({"values": {}}, "without values"),
        ({"values": {"fine": 0}}, "not those of the labels"),
        ({"examples": [{"text": "a", "label": "x"}, {"text": "b", "label": "fine"}]}, "example"),
        ({"examples": [{"text": " ", "label": "fine"}, {"text": "b", "label": "fine"}]}, "example"),
        ({"prompt": "x"}, "prompt"),
    ],
)
def test_a_mistake_is_named(changed: dict[str, Any], told: str, assets: Assets, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(SHEET))
    assert load_judge(str(path), assets).value("wrong") == 1
    path.write_text(yaml.safe_dump(SHEET | changed))
    with pytest.raises(InputError, match=told) as error:
        load_judge(str(path), assets)
    assert "mine.yaml" in str(error.value)


def test_a_judge_that_is_not_there(assets: Assets):
    with pytest.raises(InputError, match="no judge is named 'educationl'") as error:
        load_judge("educationl", assets)
    assert "did you mean educational" in str(error.value)


def test_the_score_is_what_the_probabilities_expect(assets: Assets):
    judge = load_judge("educational", assets)
    shares = dict.fromkeys(map(str, judge.labels), 0.0) | {"2": 0.25, "4": 0.75}
    assert expected(judge, Reply(label=4, probabilities=shares)) == 3.5
    assert expected(judge, Reply(label=4)) == 4.0
    assert expected(judge, Reply(error="invalid")) is None


def test_texts_become_a_frame(assets: Assets, tmp_path: Path):
    judge = load_judge("educational", assets)
    texts = ["one", None, "two", "  ", "three"]
    with fake() as server, Client(server.endpoint(), cache=tmp_path / "r.sqlite") as client:
        assert foresee(texts, judge, client).questions == 3
        made = judge_texts(texts, judge, client)
    assert made.schema == VERDICTS
    assert made["error"].to_list() == [None, "empty", None, "empty", None]
    asked = [question(judge, text, "chat").messages[-1].content for text in ("one", "two", "three")]
    assert made["label"].drop_nulls().to_list() == [str(drawn(text, 6)) for text in asked]
    assert made["score"].drop_nulls().is_between(0, 5).all()
    assert made["reason"].drop_nulls().to_list() == ["it seems so"] * 3
    assert made.filter(pl.col("label").is_null()).height == 2


def test_private_values_do_not_leave(assets: Assets, tmp_path: Path):
    judge = load_judge("quality", assets)
    text = "Please write to jane.quackenbush@corp.com, or ask Mr John Quackenbush of Boston."
    with fake() as server, Client(server.endpoint(), cache=tmp_path / "r.sqlite") as client:
        judge_texts([text], judge, client, prepare=preparing("scrubbed", assets))
        sent = str(server.requests)
        assert "quackenbush" not in sent.lower()
        assert "Please write to" in sent
        judge_texts([text], judge, client, prepare=preparing("raw", assets))
        assert "jane.quackenbush@corp.com" in str(server.requests)
    assert b"uackenbush" not in (tmp_path / "r.sqlite").read_bytes()


def test_names_in_chinese_leave_as_stars(assets: Assets):
    prepare = preparing("scrubbed", assets)
    assert prepare is not None
    told = "昨天王建国在北京见了李小红，他的电话是13812345678。"
    sent = prepare(f"{told}\nMr John Quackenbush was there.")
    for private in ("王建国", "李小红", "北京", "13812345678", "Quackenbush"):
        assert private not in sent
    assert "昨天" in sent
    assert "电话是" in sent


def test_chinese_that_nobody_reads_does_not_leave(assets: Assets, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outgoing, "_reads_chinese", lambda: False)
    prepare = preparing("scrubbed", assets)
    assert prepare is not None
    assert prepare("The festival is called 元宵 in that part of the country.") == (
        "The festival is called ** in that part of the country."
    )
    with pytest.raises(InputError, match=r"must not leave as it is(.|\n)*dataqa\[zh\]"):
        prepare("昨天王建国在北京见了李小红。")
