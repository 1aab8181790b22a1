"""Recognisers prove themselves; mistakes in packs are named with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.private.packs import USUAL, digest, entities, load_packs, pack_names
from dataqa.private.patterns import complaint
from dataqa.private.proof import prove
from dataqa.registry import shipped
from dataqa.types import Assets

SHIPPED = Assets((shipped("rules"),), Path())
NAMES = pack_names(SHIPPED)
MINE = """\
pack: mine
title: For tests
cite: the tests
recognisers:
  case:
    entity: CASE_NUMBER
    words: [case]
    looks:
      - {pattern: "[A-Z]{2}-[0-9]{4}", score: 0.3, in_context: 0.9}
    hits: ["case ⟦AB-1234⟧"]
    misses: ["AB-123"]
"""


def put(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_all_packs_are_asked_where_none_is_named():
    assert {f"private/{name}" for name in NAMES} == set(USUAL)


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_lists_what_a_pack_finds(name: str):
    page = (Path(__file__).parents[2] / "docs" / "private-data.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `private/{name}` |")]
    told = set(re.findall(r"`([A-Z_]+)`", row))
    assert told == {one.entity for one in load_packs([name], SHIPPED)}


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_pack_does_what_its_examples_say(name: str):
    pytest.importorskip("stdnum")
    assert not prove(load_packs([f"private/{name}"], SHIPPED))


def test_all_shipped_packs_together_still_do():
    pytest.importorskip("stdnum")
    assert not prove(load_packs(NAMES, SHIPPED))


def test_every_recogniser_cites_and_shows_both_sides():
    for one in load_packs(NAMES, SHIPPED):
        assert one.cite
        assert {example.kind for example in one.examples} >= {"hit", "miss"}


def test_a_pack_of_ones_own_is_proven(tmp_path: Path):
    (one,) = load_packs([put(tmp_path, MINE)], SHIPPED)
    assert (one.name, one.entity) == ("mine.case", "CASE_NUMBER")
    assert not prove([one])
    (wrong,) = load_packs([put(tmp_path, MINE.replace('["AB-123"]', '["case AB-1234"]'))], SHIPPED)
    (problem,) = prove([wrong])
    assert problem.where.endswith("mine.yaml:11")
    assert "finds AB-1234 where it must find nothing" in problem.what


def test_examples_and_citations_are_no_part_of_the_digest(tmp_path: Path):
    first = digest(load_packs([put(tmp_path, MINE)], SHIPPED))
    assert first == digest(load_packs([put(tmp_path, MINE.replace("AB-123", "A-1"))], SHIPPED))
    assert first != digest(load_packs([put(tmp_path, MINE.replace("0.9", "0.8"))], SHIPPED))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pack: mine", "pack: yours", "calls itself"),
        ("[A-Z]{2}-", "(?<=x)[A-Z]-", "looks around"),
        ("[A-Z]{2}-", "[A-Zä]-", "other than ASCII"),
        ("{pattern:", "{holds: X, pattern:", "holds that"),
        ("[A-Z]{2}-", "号?[A-Z]-", "in a group"),
        ("[A-Z]{2}-", "(?:[A-Z]+)+-", "for ever"),
        ("[A-Z]{2}-", "(", "no regular expression"),
        ("[0-9]{4}", ".*", "takes anything"),
        ("score: 0.3", "score: 1.3", "no score"),
        ("    words: [case]\n", "", "no words make a context"),
        ('["case ⟦AB-1234⟧"]', '["case AB-1234"]', "marks nothing"),
        ('["AB-123"]', '["⟦AB-123⟧"]', "marks a value"),
        ('    misses: ["AB-123"]\n', "", "not complete"),
        ("    words: [case]\n", "    words: [case]\n    check: luhnn\n", "no check 'luhnn'"),
        ("entity:", "entitty:", "unknown key"),
    ],
)
def test_mistakes_are_named(old: str, new: str, said: str, tmp_path: Path):
    with pytest.raises(InputError, match=said) as raised:
        load_packs([put(tmp_path, MINE.replace(old, new, 1))], SHIPPED)
    assert "mine.yaml" in str(raised.value)


def test_unknown_packs_and_kinds_have_a_hint():
    with pytest.raises(InputError, match="globl") as raised:
        load_packs(["private/globl"], SHIPPED)
    assert "global" in str(raised.value)
    with pytest.raises(InputError, match="EMAIL") as raised:
        entities(load_packs(["global"], SHIPPED), ["EMAIL"])
    assert "EMAIL_ADDRESS" in str(raised.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a?a)*b",
        "(?:a*)*b",
        "(?:[ab]+c?)+d",
        r"(?:\w+\d)+x",
        "(?:ab|a.)*",
        "a{300}",
        "a*",
    ],
)
def test_patterns_that_could_explode_are_refused(pattern: str):
    assert complaint(pattern)


@pytest.mark.parametrize(
    "pattern", ["(?:[.][a-z]+)+", "(?:[0-9]{4} )+x", "[a-z]+@", "(?:京|沪)[A-Z]"]
)
def test_patterns_that_cannot_are_taken(pattern: str):
    assert not complaint(pattern)
