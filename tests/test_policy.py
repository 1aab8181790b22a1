"""Rules over signals against a plain twin; the strongest action wins, a person's always."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.errors import InputError
from dataqa.policy import StepRule, actions, judge
from dataqa.rules import Rule
from dataqa.types import DOC, FINDINGS, Action, Batch, complete, no_findings

NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]))
BOUND = st.one_of(st.none(), st.sampled_from([0.5, 1.0, 1.5]))
RULES = st.builds(
    Rule,
    pack=st.just("p"),
    name=st.sampled_from(["one", "two"]),
    signal=st.sampled_from(["x", "y"]),
    min=BOUND,
    max=BOUND,
    doubt=st.sampled_from([0.0, 0.25, 0.5]),
    action=st.sampled_from([Action.REVIEW, Action.DROP]),
    missing=st.sampled_from([Action.KEEP, Action.REVIEW, Action.DROP]),
    languages=st.sampled_from([(), ("en",), ("en", "de")]),
    one_of=st.just(()),
    none_of=st.just(()),
    cite=st.just(""),
)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([None, "en", "de", "fr"])), max_size=8)


def batch(rows: list[tuple[Any, ...]]) -> Batch:
    schema = {"x": pl.Float64, "y": pl.Float64, "language": pl.String}
    signals = pl.DataFrame(rows, schema, orient="row")
    docs = pl.DataFrame({DOC: pl.Series(range(3, 3 + len(rows)), dtype=pl.UInt64)})
    return Batch(docs, signals, no_findings())


def tripped(rule: Rule, value: float | None, language: str | None) -> list[tuple[str, int]]:
    """What one rule says of one value, as its definition reads."""
    if rule.languages and language not in rule.languages:
        return []
    if value is None:
        return [(f"{rule.key}.missing", rule.missing)] if rule.missing != Action.KEEP else []
    found: list[tuple[str, int]] = []
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is None:
            continue
        near = bool(rule.doubt) and abs(value - bound) <= rule.doubt
        beyond = value < bound if side == "min" else value > bound
        if near or beyond:
            found.append((f"{rule.key}.{side}", Action.REVIEW if near else rule.action))
    return found


@given(rows=ROWS, rules=st.lists(RULES, max_size=5))
def test_rules_equal_their_definition(rows: list[tuple[Any, ...]], rules: list[Rule]):
    findings = judge(batch(rows), [StepRule("step", rule) for rule in rules])
    assert findings.schema == FINDINGS
    told = list(findings.select(DOC, "rule", "action").iter_rows())
    expected = [
        (at, name, int(action))
        for at, (x, y, language) in enumerate(rows, 3)
        for rule in rules
        for name, action in tripped(rule, x if rule.signal == "x" else y, language)
    ]
    assert sorted(told) == sorted(expected)
    assert findings[DOC].is_sorted()


def test_a_value_equal_to_its_bound_passes():
    """Field trap: strict or not; Gopher keeps a document of exactly 50 words."""
    rule = StepRule("s", Rule("p", "r", "x", min=1.0, max=2.0))
    rows = [(1.0, 0.0, None), (2.0, 0.0, None), (0.999, 0.0, None), (2.001, 0.0, None)]
    assert judge(batch(rows), [rule])[DOC].to_list() == [5, 6]


def test_a_signal_that_nobody_measures_is_an_error_and_not_silence():
    """Field trap A7: rules named a signal in the singular and never fired."""
    with pytest.raises(InputError, match="did you mean x"):
        judge(batch([(1.0, 1.0, "en")]), [StepRule("s", Rule("p", "r", "xx", min=1))])


def test_words_are_looked_up_and_source_values_not_told():
    rows = [(0.0, 0.0, "en"), (0.0, 0.0, "fr"), (0.0, 0.0, None)]
    rule = Rule("p", "r", "language", one_of=("en",))
    findings = judge(batch(rows), [StepRule("s", rule)])
    told = list(findings.select(DOC, "rule", "detail").iter_rows())
    assert told == [(4, "p.r", "fr"), (5, "p.r.missing", None)]
    private = batch(rows)
    private = private._replace(signals=private.signals.rename({"language": "column:owner"}))
    asked = judge(private, [StepRule("s", rule._replace(signal="column:owner"))])
    assert asked["detail"].null_count() == asked.height == 2


SAID = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(Action), st.sampled_from(["rule", "person:a", None])
    ),
    max_size=12,
)


@given(said=SAID)
def test_the_strongest_wins_and_a_person_over_all(said: list[tuple[int, Action, str | None]]):
    docs = pl.Series(DOC, range(6), pl.UInt64)
    rows = pl.DataFrame(
        {
            DOC: pl.Series([doc for doc, _, _ in said], dtype=pl.UInt64),
            "action": pl.Series([int(action) for _, action, _ in said], dtype=pl.UInt8),
            "by": pl.Series([by for _, _, by in said], dtype=pl.String),
        }
    )
    decided = actions(docs, complete(rows)).to_list()
    for doc in range(6):
        mine = [(by, int(action)) for at, action, by in said if at == doc]
        people = [action for by, action in mine if by == "person:a"]
        expected = people[-1] if people else max((action for _, action in mine), default=0)
        assert decided[doc] == expected
