"""The tally's laws: batch borders are invisible, parts add up in any order, nothing is lost."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_corpus import RULES, actions, counted, documents, part, tally

from dataqa.report.bins import Shape, edges, slots
from dataqa.report.cells import Cells, Table
from dataqa.report.groups import POOL
from dataqa.report.masks import masked, snippet
from dataqa.report.tally import Tally, merge
from dataqa.types import DOC, DOC_ID, TEXT, Action, Batch, complete, no_findings

COUNT = 240
WHOLE = documents(COUNT)
ASKED = actions(WHOLE)
EXPECTED = json.dumps(counted(WHOLE).to_dict())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, COUNT), max_size=6), st.randoms(use_true_random=False))
def test_any_split_merged_in_any_order_gives_the_same_counts(cuts: list[int], random: Random):
    borders = sorted({0, COUNT, *cuts})
    parts: list[dict[str, Any]] = []
    for start, end in pairwise(borders):
        one = tally()
        one.add(part(WHOLE, start, end), ASKED[start:end], 1)
        parts.append(json.loads(json.dumps(one.to_dict())))
    random.shuffle(parts)
    merged = merge(parts)
    del merged["rules"]
    assert json.dumps(merged) == EXPECTED


def test_batches_of_one_tally_are_invisible():
    one = tally()
    for start in range(0, COUNT, 7):
        one.add(part(WHOLE, start, start + 7), ASKED[start : start + 7], 1)
    assert json.dumps(one.to_dict()) == EXPECTED


def test_only_whole_numbers_are_added():
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in leaves(one)]
        if isinstance(value, list):
            return [leaf for one in value for leaf in leaves(one)]
        return [value]

    counts = json.loads(EXPECTED)
    del counts["examples"]
    assert not any(isinstance(leaf, float) for leaf in leaves(counts))


def test_documents_are_conserved_over_outcomes_and_flow():
    cells = counted(WHOLE).to_dict()["cells"]
    everything = Table(cells["source"], "count", 12).total()
    flow = sum(
        Table(cells["source"], name, 12).total()
        for name in cells["source"]["tables"]
        if name.startswith("flow/")
    )
    assert everything[::3].sum() == COUNT
    assert np.array_equal(flow, everything)
    assert everything[1::3].sum() == WHOLE.docs[TEXT].str.len_bytes().sum()


def test_alone_is_the_only_reason_of_a_document():
    rules = {f"{rule.key}.{side}" for rule in RULES for side in ("min", "max")} | {"exact.copy"}
    strong = WHOLE.findings.filter((pl.col("action") >= 2) & pl.col("rule").is_in(rules))
    single = strong.group_by(DOC).agg(pl.col("rule").n_unique(), pl.col("rule").first().alias("r"))
    expected = single.filter(pl.col("rule") == 1)["r"].value_counts().sort("r").rows()
    table = Table(counted(WHOLE).to_dict()["cells"]["rule"], "count", 8)
    found = {
        label.partition("/")[2]: int(row[4])
        for label, row in zip(table.labels, table.rows, strict=True)
    }
    assert [(rule, found[rule]) for rule, _ in expected] == expected


def test_pairs_are_counted_once_for_each_document():
    pairs = counted(WHOLE).to_dict()["pairs"]
    name = "quality/fineweb.line_punctuation.min\tquality/gopher.alpha_words.min"
    both = WHOLE.signals.filter(pl.col("alpha_words") < 0.72).height
    assert pairs[name] == both > 0


def test_a_persons_verdict_without_a_reason_is_still_shown_leaving():
    batch = Batch(WHOLE.docs[:3], WHOLE.signals[:3], no_findings())
    one = tally()
    one.add(batch, pl.Series([3, 0, 2], dtype=pl.UInt8), 0)
    tables = one.to_dict()["cells"]["source"]["tables"]
    assert {"flow/", "flow/verdict"} <= set(tables)


def test_null_nan_and_infinite_values_find_a_slot():
    values = pl.Series([None, float("nan"), float("inf"), float("-inf"), 0.3])
    found = slots(values, "share").tolist()
    assert found == [100, 100, 99, 0, 30]


@pytest.mark.parametrize("shape", ["share", "whole", "real", "flag"])
def test_edges_ascend_and_hold_round_bounds(shape: Shape):
    lower = edges(shape)
    assert (np.diff(lower) > 0).all()
    if shape in {"share", "real"}:
        assert {0.01, 0.1, 0.2, 0.3, 0.65, 0.8} <= set(lower.tolist())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=80), st.integers(1, 5))
def test_pooling_of_too_many_labels_does_not_depend_on_order(numbers: list[int], batch: int):
    def count(order: list[int]) -> dict[str, Any]:
        cells = Cells(6)
        for start in range(0, len(order), batch):
            words = pl.Series([f"s{n}" for n in order[start : start + batch]])
            rows = cells.groups.codes(words)
            cells.add("count", rows, np.zeros_like(rows), 1)
            cells.settle()
        return cells.to_dict()

    forward, backward = count(numbers), count(numbers[::-1])
    assert forward == backward
    assert len([label for label in forward["labels"] if label != POOL]) <= 6
    assert sum(forward["tables"]["count"]["counts"]) == len(numbers)


def test_empty_batch_and_null_text_and_no_signals():
    one = Tally(RULES, None, kinds={})
    one.add(Batch(WHOLE.docs[:0], WHOLE.signals[:0], no_findings()), ASKED[:0], 0)
    docs = pl.DataFrame(
        {DOC: [1], DOC_ID: ["a"], TEXT: [None]}, schema_overrides={DOC: pl.UInt64, TEXT: pl.String}
    )
    one.add(Batch(docs, pl.DataFrame(), no_findings()), pl.Series([0], dtype=pl.UInt8), 0)
    assert Table(one.to_dict()["cells"]["source"], "count", 12).total().tolist()[:3] == [1, 0, 0]


def test_a_signal_of_two_shapes_is_refused():
    a, b = (Tally((), None, kinds=k) for k in ({"word_count": "count"}, {}))
    a.add(part(WHOLE, 0, 5), ASKED[:5], 0)
    other = WHOLE._replace(signals=WHOLE.signals.cast({"word_count": pl.String}))
    b.add(part(other, 0, 5), ASKED[:5], 0)
    with pytest.raises(ValueError, match="word_count"):
        merge([a.to_dict(), b.to_dict()])


def test_private_values_never_reach_examples():
    secret = "Ann Miller ann.miller@example.org +49 (30) 1234-5678 sk9aB3dE5gH7jK1mN4pQ8rS"
    docs = pl.DataFrame(
        {DOC: [0], DOC_ID: ["x"], TEXT: [f"{secret} end"]}, schema_overrides={DOC: pl.UInt64}
    )
    found = complete(
        pl.DataFrame(
            {
                DOC: [0, 0],
                "step": ["quality", "private"],
                "rule": ["gopher.word_count.min", "person"],
                "action": [int(Action.DROP), int(Action.KEEP)],
                "start": [None, 0],
                "end": [None, 10],
                "detail": ["ann@example.org", None],
            }
        )
    )
    one = Tally(RULES, None, kinds={})
    one.add(Batch(docs, pl.DataFrame(), found), pl.Series([3], dtype=pl.UInt8), 0)
    written = json.dumps(one.to_dict(), ensure_ascii=False)
    for word in ("Ann", "Miller", "ann@", "miller", "1234", "5678", "aB3dE5"):
        assert word not in written
    assert "end" in written


@given(st.text(max_size=2000), st.integers(0, 9000))
def test_snippets_are_short_and_never_fail(text: str, start: int):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert len(snippet(text, start)) <= 320


def test_masking_keeps_what_is_not_private():
    assert masked("In 2019, 12 of 40 pages of v1.2 were read") == (
        "In 2019, 12 of 40 pages of v1.2 were read"
    )


def test_quarantined_documents_are_counted_by_error():
    one = tally()
    rows = pl.DataFrame(
        {"step": [None, "quality"], "error": ["no JSON", "ValueError"], "raw": [b"{", None]},
        schema_overrides={"raw": pl.Binary},
    )
    one.quarantine(rows)
    names = set(one.to_dict()["cells"]["source"]["tables"])
    assert {"error/read/no JSON", "error/quality/ValueError"} <= names
