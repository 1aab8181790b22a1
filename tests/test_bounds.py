import math

import pytest

from dataqa.bounds import check_changed, check_rule
from dataqa.errors import InputError
from dataqa.rules import Rule
from dataqa.signals import Signal

RATIO = Signal("share", "", "ratio", 0.0, 1.0, needs_words=False)
NAME = Signal("name", "", "text", -math.inf, math.inf, needs_words=False)


def rule(**fields: object) -> Rule:
    return Rule("p", "r", "share")._replace(**fields)


@pytest.mark.parametrize(
    "good",
    [rule(min=0.01), rule(max=0), rule(max=0.99), rule(min=1), rule(min=0.2, max=0.2, doubt=0.1)],
)
def test_a_bound_inside_the_range_is_fine(good: Rule):
    check_rule(good, RATIO, str)


@pytest.mark.parametrize(
    ("signal", "bad", "where", "what"),
    [
        (RATIO, rule(), "signal", "has no bound"),
        (RATIO, rule(min=0), "min", "can never trip"),
        (RATIO, rule(max=1), "max", "can never trip"),
        (RATIO, rule(min=1.01), "min", "always trips"),
        (RATIO, rule(max=-0.01), "max", "always trips"),
        (RATIO, rule(min=0.5, max=0.4), "min", "is above max"),
        (RATIO, rule(none_of=("a",)), "none_of", "is a number"),
        (NAME, rule(), "signal", "has no bound"),
        (NAME, rule(max=1), "max", "is text"),
        (NAME, rule(one_of=("a",), doubt=1), "doubt", "is text"),
        (NAME, rule(one_of=("a",), none_of=("a", "b")), "none_of", "every document trips"),
    ],
)
def test_a_bound_that_tells_nothing_apart_is_an_error(
    signal: Signal, bad: Rule, where: str, what: str
):
    with pytest.raises(InputError, match=what) as caught:
        check_rule(bad, signal, str)
    assert caught.value.where == where


def test_text_is_judged_by_lists():
    check_rule(rule(one_of=("a", "b"), none_of=("b",)), NAME, str)


def test_only_what_the_user_changed_is_looked_at():
    as_written = Rule("gopher", "hash", "alnum_ratio", max=1.0)
    check_changed([as_written], [as_written])
    with pytest.raises(InputError, match="max 2 can never trip") as caught:
        check_changed([as_written], [as_written._replace(max=2.0)])
    assert caught.value.where == "bounds.gopher.hash.max"


def test_a_side_that_is_switched_off_is_no_bound():
    rules = [Rule("gopher", "hash", "alnum_ratio", max=0.1)]
    check_changed(rules, [rules[0]._replace(max=None)])


def test_a_signal_of_no_known_range_takes_any_bound():
    rules = [Rule("quality", "score", "column:score", min=3)]
    check_changed(rules, [rules[0]._replace(min=-1e9)])
