"""Precision, recall, F1 and leaks, beside counts made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.private.evaluate import Marked, evaluate, read_gold
from dataqa.private.finder import Finder, plan
from dataqa.registry import shipped
from dataqa.types import Assets

pytest.importorskip("stdnum")

SCANNER = Finder(plan(["global"], [], Assets((shipped("rules"),), Path())))


def test_each_kind_is_counted_exactly_by_overlap_and_by_what_leaks():
    gold = [
        Marked("😀 jane@corp.com and Jane", [("EMAIL_ADDRESS", 2, 15), ("PERSON", 20, 24)]),
        Marked("mail <li@corp.cn>", [("EMAIL_ADDRESS", 5, 17)]),
        Marked("at 8.8.8.8", []),
    ]
    scores = {one.entity: one for one in evaluate(SCANNER, gold, 0.4)}
    mail = scores["EMAIL_ADDRESS"]
    assert (mail.gold, mail.found, mail.exact, mail.touched, mail.reached) == (2, 2, 1, 2, 2)
    assert (mail.precision, mail.recall, mail.exact_f1) == (1.0, 1.0, 0.5)
    assert (mail.leaked, mail.characters) == (2, 25)
    person = scores["PERSON"]
    assert (person.precision, person.recall, person.leaked) == (None, 0.0, 4)
    assert (scores["IP_ADDRESS"].precision, scores["IP_ADDRESS"].recall) == (0.0, None)
    assert (scores["all"].gold, scores["all"].found, scores["all"].reached) == (3, 3, 2)


def test_other_names_are_taken(tmp_path: Path):
    path = tmp_path / "gold.jsonl"
    row = {"text": "jane@corp.com", "spans": [{"start": 0, "end": 13, "label": "MAIL"}]}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert read_gold(path, {"MAIL": "EMAIL_ADDRESS"})[0].spans == [("EMAIL_ADDRESS", 0, 13)]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "a"}', '{"text": "a", "entities": [{}]}'])
def test_a_line_that_is_something_else_is_named(line: str, tmp_path: Path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"text": "", "entities": []}\n' + line, encoding="utf-8")
    with pytest.raises(InputError, match=r"gold\.jsonl:2"):
        read_gold(path, {})
