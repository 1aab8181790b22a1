"""The step ``private``: spans as findings, how much there is, and who is held."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import dataqa
from dataqa.errors import InputError
from dataqa.kernels.cache import home
from dataqa.pipeline import Pipeline
from dataqa.registry import shipped
from dataqa.steps.private import Private
from dataqa.types import DOC, DOC_ID, TEXT, Action, Assets, Batch, batch_of

pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), home())
TEXTS = ["SSN 536-90-4399 😀 jane@corp.com", "itin-like 912-70-1234", "nothing", None, ""]
US: dict[str, Any] = {"packs": ("private/global", "private/us")}


def after(step: Private, texts: list[str | None]) -> Batch:
    docs = pl.DataFrame(
        {
            DOC: pl.Series(range(len(texts)), dtype=pl.UInt64),
            DOC_ID: [f"d{at}" for at in range(len(texts))],
            TEXT: pl.Series(texts, dtype=pl.String),
        }
    )
    return step.open(ASSETS)(batch_of(docs))


def test_spans_are_findings_without_their_values():
    done = after(Private(**US), TEXTS)
    rows = done.findings.select(DOC, "rule", "start", "end", "score").rows()
    assert rows == [
        (0, "private.US_SSN", 4, 15, 0.97),
        (0, "private.EMAIL_ADDRESS", 21, 34, 0.95),
        (1, "private.US_ITIN", 10, 21, 0.97),
    ]
    assert done.docs[TEXT].to_list() == TEXTS
    assert "corp.com" not in str(done.findings.rows())
    assert done.findings["action"].unique().to_list() == [Action.KEEP]


def test_how_much_there_is_is_measured():
    done = after(Private(**US), TEXTS)
    assert done.signals["private_spans"].to_list() == [2, 1, 0, None, 0]
    assert done.signals["private_char_ratio"].to_list() == [24 / 34, 11 / 21, 0.0, None, 0.0]


def test_a_doubtful_span_is_counted_and_holds_its_document_on_request():
    texts: list[str | None] = ["from 912-70-1234 on"]
    for step, action in (
        (Private(**US), Action.KEEP),
        (Private(**US, hold=True), Action.REVIEW),
        (Private(**US, doubt="hold"), Action.REVIEW),
    ):
        done = after(step, texts)
        assert done.signals["private_doubtful"].to_list() == [1]
        assert done.findings["action"].to_list() == [action]
    assert not after(Private(**US, sure=0.9, doubt=0.8), texts).findings.height


def test_kinds_are_chosen():
    done = after(Private(**US, entities=("EMAIL_ADDRESS",)), TEXTS)
    assert done.findings["rule"].unique().to_list() == ["private.EMAIL_ADDRESS"]


def test_mistakes_are_told_before_anything_is_read():
    wrong: list[dict[str, Any]] = [{"sure": 0.3}, {"doubt": 0.0}, {"packs": ()}]
    for fields in wrong:
        with pytest.raises(InputError):
            Private(**fields)
    with pytest.raises(InputError, match="EMAIL"):
        Private(entities=("EMAIL",)).open(ASSETS)
    frame = pl.DataFrame({"text": ["a"]})
    with pytest.raises(InputError, match="globl"):
        dataqa.judge(frame, Pipeline.of("p", Private(packs=("private/globl",))))
