"""What is told private once in a text is private wherever it stands in it."""

from __future__ import annotations

import polars as pl
import pytest

import dataqa
from dataqa.private.again import everywhere
from dataqa.private.scan import SPANS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("my ssn is 536904399, yes 536904399; not 1536904399 nor 536904399.1 but (536904399).", 3),
        ("社保 ssn 536904399，再说一次536904399。", 2),
        ("536904399 comes first, ssn 536904399 then", 2),
        ("ssn 536904399", 1),
    ],
)
def test_every_place_of_a_value_is_found(text: str, count: int):
    found = dataqa.scan_text(text, packs=["private/us"], entities=["US_SSN"])
    assert [text[one.start : one.end] for one in found] == ["536904399"] * count


def test_what_is_equal_by_chance_stays():
    spans = [
        (0, "AGE", "global.age", 0, 2, 0.9),
        (0, "PERSON", "names.tagger", 3, 7, 0.9),
        (0, "SECRET", "global.key", 8, 12, 0.9),
    ]
    found = pl.DataFrame(spans, SPANS, orient="row")
    texts = pl.Series(["34 Jane abcd; Jane, 34, abcd"])
    assert everywhere(texts, found).rows() == spans


def test_places_do_not_overlap_what_is_found():
    text = "a@b.co x.a@b.co a@b.co"
    spans = [(0, "EMAIL_ADDRESS", "m", 0, 6, 0.9), (0, "EMAIL_ADDRESS", "m", 7, 15, 0.9)]
    found = everywhere(pl.Series([text]), pl.DataFrame(spans, SPANS, orient="row"))
    assert found.select("start", "end").rows() == [(0, 6), (7, 15), (16, 22)]
