"""A7: every shipped rule is seen to trip on a text of its own, and to let another pass."""

from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.packs import load_pack, pack_names
from dataqa.proof import prove, require_proven
from dataqa.registry import shipped
from dataqa.signals import catalogue
from dataqa.types import Assets

SHIPPED = Assets((shipped("rules"),), Path())

MINE = """\
pack: mine
dialect: datatrove
title: A pack for tests
cite: the tests
rules:
  short:
    signal: word_count
    min: 5
    max: 8
    trips: [too short, word word word word word word word word word]
    passes: [this one is long enough]
  german:
    signal: word_count
    min: 2
    languages: [de]
    trips: [nein]
    passes: [aber ja]
"""


def write(folder: Path, text: str) -> Assets:
    (folder / "quality").mkdir(exist_ok=True)
    (folder / "quality" / "mine.yaml").write_text(text, "utf-8")
    return Assets((folder, *SHIPPED.rules), folder)


@pytest.mark.parametrize("name", pack_names(SHIPPED))
def test_a7_every_shipped_rule_does_what_its_examples_say(name: str):
    pack = load_pack(name, SHIPPED)
    assert {rule.signal.partition(":")[0] for rule in pack.rules} <= set(catalogue())
    assert prove(pack, SHIPPED) == []


def test_a_pack_that_holds_has_no_problems(tmp_path: Path):
    assets = write(tmp_path, MINE)
    assert prove(load_pack("mine", assets), assets) == []
    require_proven(load_pack("mine", assets), assets)


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("too short", "too short, just long enough to pass", 10, "rule short does not trip"),
        ("this one is", "not", 11, "rule short trips on an example that it must pass"),
        (
            ", word word word word word word word word word",
            "",
            10,
            "no example trips mine.short.max",
        ),
        ("too short, ", "", 10, "no example trips mine.short.min"),
        ("aber ja", "ja", 17, "rule german trips on an example that it must pass"),
    ],
)
def test_an_example_that_fails_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, what: str
):
    assets = write(tmp_path, MINE.replace(old, new, 1))
    pack = load_pack("mine", assets)
    assert [(p.where, p.what[: len(what)]) for p in prove(pack, assets)] == [
        (f"{pack.path}:{line}", what)
    ]
    with pytest.raises(InputError, match=what) as caught:
        require_proven(pack, assets)
    assert caught.value.where == f"{pack.path}:{line}"


def test_a_value_that_could_not_be_measured_proves_nothing(tmp_path: Path):
    """An empty text has no mean word length: it asks for review, and yet shows no bound at work."""
    text = MINE.replace("signal: word_count\n    min: 5", "signal: mean_word_length\n    min: 3", 1)
    text = text.replace("too short, word word", "'', averyveryverylongword a b, a b c, word")
    assets = write(tmp_path, text)
    problems = prove(load_pack("mine", assets), assets)
    assert problems[0].what.startswith("rule short does not trip")
