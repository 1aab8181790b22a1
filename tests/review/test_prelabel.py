"""Prelabels: what a model says becomes an answer on the page, or is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from asked import items_of, quality
from endpoints import fake
from llama import MODEL, llama

import dataqa
from dataqa.errors import InputError
from dataqa.llm.budget import Budget
from dataqa.llm.client import Client
from dataqa.llm.endpoint import Endpoint
from dataqa.review.asking.answers import faults
from dataqa.review.asking.flows import flow_names, load_flow
from dataqa.review.asking.prelabel import asked_schema, located, prelabel, question_of
from dataqa.review.ledger import open_ledger


def test_every_item_is_asked_once_and_answers_are_kept(tmp_path: Path):
    flow, items = quality(), items_of(12, blind=4)
    with fake() as state, open_ledger(tmp_path / "ledger") as ledger:
        ledger.add(items)
        for again in (False, True):
            with Client(state.endpoint(), cache=tmp_path / "cache.sqlite") as client:
                told = prelabel(ledger, flow, client, {}, None)
            assert told.labelled == (0 if again else 12), told
            requests = len(state.requests)
        found = ledger.prelabels()
        assert set(found) == {item.key for item in items}, "blind ones too, for comparison"
        for one in found.values():
            assert not faults(one.answer, flow.controls, partly=True)
            assert one.probability is None or 0 <= one.probability <= 1
        # another ledger with the same items: nothing is asked again
        with (
            open_ledger(tmp_path / "other") as other,
            Client(state.endpoint(), cache=tmp_path / "cache.sqlite") as client,
        ):
            other.add(items)
            told = prelabel(other, flow, client, {}, None)
            assert (told.labelled, told.cached) == (12, 12)
        assert len(state.requests) == requests


def test_a_budget_stops_it_and_the_next_call_goes_on(tmp_path: Path):
    flow, items = quality(), items_of(10)
    with fake() as state, open_ledger(tmp_path / "ledger") as ledger:
        ledger.add(items)
        with Client(
            state.endpoint(), cache=tmp_path / "c.sqlite", budget=Budget(requests=9)
        ) as client:
            first = prelabel(ledger, flow, client, {}, None)
        assert len(state.requests) <= 9
        assert first.failed.get("budget", 0) == 10 - first.labelled > 0
        with Client(state.endpoint(), cache=tmp_path / "c.sqlite") as client:
            second = prelabel(ledger, flow, client, {}, None)
        assert first.labelled + second.labelled == 10


def test_private_spans_are_not_looked_for_in_scrubbed_texts(tmp_path: Path):
    flow = load_flow("private-spans")
    with fake() as state, open_ledger(tmp_path / "ledger") as ledger:
        with (
            Client(state.endpoint(), cache=tmp_path / "c.sqlite") as client,
            pytest.raises(InputError, match="not in scrubbed texts"),
        ):
            prelabel(ledger, flow, client, {}, str)
        assert not state.requests


@pytest.mark.parametrize("name", flow_names())
def test_what_is_asked_holds_the_item_and_nothing_of_why_it_was_chosen(name: str):
    flow = load_flow(name)
    for example in flow.examples:
        told = question_of(flow, example.data, None)
        sent = told.messages[-1].content
        for value in example.data.values():
            if isinstance(value, str) and value == example.data.get("why"):
                assert value not in sent
        assert "<document " in sent
        assert set(told.schema["required"]) == set(told.schema["properties"])
        json.dumps(told.schema)


def test_masked_texts_are_what_leaves():
    told = question_of(quality(), {"text": "call 030 1234567", "why": "x"}, lambda _: "call ***")
    assert "1234567" not in str(told)
    assert "call ***" in told.messages[-1].content


def test_quotations_become_places_in_characters():
    text = "😀 Ann met Ann."
    spans: list[dict[str, Any]] = [
        {"quote": "Ann", "label": "PERSON"},
        {"quote": "nobody", "label": "PERSON"},
        {"quote": "Ann", "label": "PERSON"},
    ]
    assert [(one["start"], one["end"]) for one in located(spans, text)] == [(2, 5), (10, 13)]
    schema = asked_schema(load_flow("private-spans"))
    span = schema["properties"]["private"]["items"]["properties"]
    assert "quote" in span
    assert "start" not in span


def test_rows_of_a_frame_are_answered(tmp_path: Path):
    frame = pl.DataFrame({"text": ["one", "two"], "id": [1, 2]})
    with fake() as state:
        told = dataqa.prelabel(
            frame, "toxicity", state.endpoint(), send="raw", cache=tmp_path / "c.sqlite"
        )
        assert told.columns == ["text", "id", "answer", "probability", "error"]
        for answer in told["answer"]:
            assert json.loads(answer)["verdict"] in {"toxic", "clean", "unsure"}
        with pytest.raises(InputError, match="no column 'text'"):
            dataqa.prelabel(frame.drop("text"), "toxicity", state.endpoint())


def test_a_real_model_answers_on_the_page(tmp_path: Path):
    flow = load_flow("toxicity")
    with llama() as url, open_ledger(tmp_path / "ledger") as ledger:
        ledger.add(items_of(2, text="The weather is fine"))
        where = Endpoint(url=url, model=MODEL, concurrency=1, timeout=300)
        with Client(where, cache=tmp_path / "cache.sqlite") as client:
            told = prelabel(ledger, flow, client, {}, None)
        assert told.labelled + sum(told.failed.values()) == 2
        for one in ledger.prelabels().values():
            assert one.answer["verdict"] in {"toxic", "clean", "unsure"}
            assert one.probability is not None
