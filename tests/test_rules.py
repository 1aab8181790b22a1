import math

import pytest

from dataqa.errors import InputError
from dataqa.rules import Rule, with_bounds

WORDS = Rule("gopher", "word_count", "word_count", min=50, max=100)
LICENCE = Rule("quality", "licence", "column:licence", one_of=("mit",))


def test_with_bounds_replaces_one_side_and_keeps_the_order():
    changed = with_bounds([LICENCE, WORDS], {"gopher.word_count.min": 30})
    assert changed == [LICENCE, WORDS._replace(min=30)]


def test_with_bounds_leaves_the_given_rules_alone():
    rules = [WORDS]
    with_bounds(rules, {"gopher.word_count.min": 30})
    assert rules == [WORDS]


def test_doubt_can_be_set_where_there_is_a_number():
    assert with_bounds([WORDS], {"gopher.word_count.doubt": 5})[0].doubt == 5


@pytest.mark.parametrize("side", ["min", "max"])
def test_infinity_switches_a_side_off(side: str):
    changed = with_bounds([WORDS], {f"gopher.word_count.{side}": math.inf})[0]
    assert getattr(changed, side) is None


@pytest.mark.parametrize(
    ("bounds", "what", "hint"),
    [
        ({"gopher.wordcount.min": 1}, "no bound 'gopher.wordcount.min'", "gopher.word_count.min"),
        ({"quality.licence.min": 1}, "no bound 'quality.licence.min'", ""),
        ({"gopher.word_count.min": 101}, "min 101 is above max 100", ""),
        ({"gopher.word_count.min": math.nan}, "nan is no min", ""),
        ({"gopher.word_count.doubt": -1}, "-1 is no doubt", ""),
        ({"gopher.word_count.doubt": math.inf}, "inf is no doubt", ""),
    ],
)
def test_a_bound_that_makes_no_sense_is_named(bounds: dict[str, float], what: str, hint: str):
    with pytest.raises(InputError) as caught:
        with_bounds([WORDS, LICENCE], bounds)
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where.startswith("bounds.")
