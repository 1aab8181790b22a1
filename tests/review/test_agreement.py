"""Agreement: published examples, what a coefficient must not depend on, and whole ledgers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import dataqa
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import item, ledger_of, prelabel, said

from dataqa.review.measuring.agreement import Agreement, agreement
from dataqa.review.measuring.agreement_page import agreement_html, lines_of
from dataqa.review.measuring.coefficients import alpha, calibration_error, kappa, overlap, ratio
from dataqa.review.measuring.gathered import unchanged
from dataqa.review.measuring.intervals import bootstrapped, difference, share

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", C: four observers, twelve units
_OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
UNITS = [[one for one in unit if one is not None] for unit in zip(*_OBSERVERS, strict=True)]
KEEP, DROP = {"verdict": "keep"}, {"verdict": "drop"}


def test_alpha_is_what_krippendorff_computes():
    assert alpha(UNITS).value == pytest.approx(0.743, abs=5e-4)
    assert alpha(UNITS, "ordinal").value == pytest.approx(0.815, abs=5e-4)
    assert alpha(UNITS).count == 11  # one unit has one value, which pairs with nothing


def test_alpha_of_two_observers_with_binary_data():
    # ibid., A: ten units, two observers
    one, two = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert alpha(list(zip(one, two, strict=True))).value == pytest.approx(0.095, abs=5e-4)


def test_kappa_is_what_cohen_computes():
    # Cohen 1960, table 1 in counts of two hundred
    table = {("a", "a"): 88, ("a", "b"): 14, ("a", "c"): 18, ("b", "a"): 10, ("b", "b"): 40}
    table |= {("b", "c"): 10, ("c", "a"): 2, ("c", "b"): 6, ("c", "c"): 12}
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    assert kappa(pairs).value == pytest.approx(0.29 / 0.59, abs=1e-4)


units_of = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), min_size=10, max_size=25)


@settings(deadline=None, max_examples=10)
@given(units_of, st.permutations(["d", "b", "c", "a"]))
def test_alpha_depends_on_no_name_and_no_order(units: list[list[int]], names: list[str]):
    renamed = [[names[value - 1] for value in reversed(unit)] for unit in units[::-1]]
    one, two = alpha(units), alpha(renamed)
    assert (one.value, one.count) == (two.value, two.count)


@settings(deadline=None, max_examples=10)
@given(units_of)
def test_ordinal_alpha_depends_on_ranks_alone(units: list[list[int]]):
    curved = [[value**3 for value in unit] for unit in units]
    upside_down = [[-value for value in unit] for unit in units]
    value = alpha(units, "ordinal").value
    assert alpha(curved, "ordinal").value == value == alpha(upside_down, "ordinal").value


@settings(deadline=None, max_examples=10)
@given(st.lists(st.sampled_from("abc"), min_size=12, max_size=40))
def test_who_says_the_same_agrees_wholly(words: list[str]):
    known = None if len(set(words)) == 1 else 1.0
    assert kappa([(word, word) for word in words]).value == known
    assert alpha([[word, word] for word in words]).value == known


def test_of_too_few_nothing_is_told():
    assert alpha(UNITS[:9]).value is None
    assert kappa([("a", "a"), ("b", "b")]).value is None
    assert difference((3, 4), (30, 40)).value is None
    assert calibration_error([0.5] * 49, [True] * 49)[0].value is None


def test_exact_intervals_cover_what_they_promise():
    draw = random.Random(3)
    for truth, count in ((0.9, 20), (0.5, 40), (0.02, 60)):
        told = [share(sum(draw.random() < truth for _ in range(count)), count) for _ in range(200)]
        inside = sum((one.low or 0) <= truth <= (one.high or 0) for one in told)
        assert inside >= 184  # 95 % of 200, less chance


def test_bootstrapped_intervals_widen_with_fewer_items_and_repeat():
    draw = random.Random(5)
    pairs = [(draw.choice("ab"), draw.choice("aab")) for _ in range(800)]
    many, few = kappa(pairs), kappa(pairs[:80])
    assert many == kappa(pairs)
    assert (many.high or 0) - (many.low or 0) < (few.high or 0) - (few.low or 0)


def test_spans_are_held_against_one_another_by_place_and_kind():
    one, two = [(0, 4, "X"), (6, 9, "Y"), (20, 24, "Z")], [(0, 4, "X"), (5, 9, "Y"), (20, 24, "Q")]

    def f1(*, exact: bool) -> float | None:
        (parts,) = overlap([(one, two)], exact=exact)
        return ratio(parts)

    assert f1(exact=True) == pytest.approx(1 / 3)
    assert f1(exact=False) == pytest.approx(2 / 3)


def test_calibration_error_of_one_who_is_always_too_sure():
    told = [0.9] * 100
    right = [number % 10 < 6 for number in range(100)]
    error, bins = calibration_error(told, right)
    assert error.value == pytest.approx(0.3)
    assert sum(count for _, _, count in bins) == 100


def filled(place: Path, *, anchored: float = 0.9, count: int = 200) -> Agreement:
    """Two people, a model that says keep, every fourth item blind; of those people keep half."""
    draw = random.Random(7)
    with ledger_of(place, "quality") as (ledger, flow):
        keys = [f"{at:03}" for at in range(count)]
        ledger.add(item(key, blind=at % 4 == 0) for at, key in enumerate(keys))
        ledger.add([item("gold", kind="gold", blind=True, facts={"answer": DROP})])
        ledger.add_prelabels(prelabel(key, KEEP, probability=0.8) for key in keys)
        answers = []
        for at, key in enumerate(keys):
            blind = at % 4 == 0
            first = KEEP if draw.random() < (0.5 if blind else anchored) else DROP
            second = first if draw.random() < 0.9 else DROP
            for person, answer in ((1, first), (2, second)):
                number = 2 * at + person
                seconds = 1.0 if person == 2 and at % 5 == 0 else 10.0
                shown = None if blind else "m1"
                told: dict[str, Any] = {"seconds": seconds, "shown": shown}
                answers.append(said(number, key, answer, flow, person, **told))
        answers.append(said(9001, "gold", DROP, flow, person=1))
        answers.append(said(9002, "gold", KEEP, flow, person=2))
        answers.append(said(9003, "000", {}, flow, person=3, skipped=True))
        answers.append(said(9004, "001", KEEP, flow, person=4, controls="older"))
        ledger.add_annotations(answers)
        return agreement([ledger], flow)


def test_a_review_is_told_whole(tmp_path: Path):
    told = filled(tmp_path)
    assert (told.items, told.answered, told.skipped, told.others) == (201, 201, 1, 1)
    (model,) = told.models
    assert model.proposals == 200
    assert model.shown.value == pytest.approx(0.87, abs=0.06)
    assert 0.3 < (model.blind.value or 0) < 0.7
    assert (model.gap.low or 0) > 0
    assert model.error.count > 100
    assert model.cost == {"tokens": 20_000.0}
    one, two, three = told.people
    assert (one.answered, one.gold.value, two.gold.value) == (201, 1.0, 0.0)
    assert (one.stamps.value, two.stamps.value) == (0.0, pytest.approx(40 / 201, abs=1e-4))
    assert (three.answered, three.skipped, three.seconds) == (0, 1, None)
    assert [pair.figure.count for pair in told.pairs] == [200]
    assert sum(period.items for period in told.periods) == 200


def test_without_anchoring_the_gap_has_nothing_in_it(tmp_path: Path):
    (model,) = filled(tmp_path, anchored=0.5).models
    assert (model.gap.low or 0) < 0 < (model.gap.high or 0)


def test_a_changed_answer_is_no_acceptance_whatever_it_began_from(tmp_path: Path):
    with ledger_of(tmp_path, "quality") as (ledger, flow):
        keys = [f"{at}" for at in range(30)]
        ledger.add(map(item, keys))
        ledger.add_prelabels(prelabel(key, KEEP) for key in keys)
        told = [said(at, key, DROP, flow, shown="m1") for at, key in enumerate(keys)]
        ledger.add_annotations(told)
        (model,) = agreement([ledger], flow).models
        assert (model.shown.value, model.unchanged.value, model.cost_each) == (0.0, 0.0, None)


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ([{"start": 0, "end": 4, "label": "PERSON", "stand_in": "Ann"}], True),
        ([{"start": 0, "end": 4, "label": "PERSON", "stand_in": "Bob"}], False),
        ([{"start": 0, "end": 5, "label": "PERSON", "stand_in": "Ann"}], False),
        ([], False),
    ],
)
def test_a_proposal_is_unchanged_if_spans_and_stand_ins_are(
    tmp_path: Path, answer: list[Any], *, same: bool
):
    with ledger_of(tmp_path, "private-spans") as (_, flow):
        proposal = {"private": [{"start": 0, "end": 4, "label": "PERSON", "stand_in": "Ann"}]}
        assert unchanged(flow, {"private": answer, "document": "safe"}, proposal) == same


def test_rankings_are_compared_pair_by_pair(tmp_path: Path):
    with ledger_of(tmp_path, "ranking") as (ledger, flow):
        keys = [f"{at}" for at in range(20)]
        ledger.add(map(item, keys))
        told = [
            said(2 * at + one, key, {"rank": {"good": order, "bad": []}}, flow, person=one)
            for at, key in enumerate(keys)
            for one, order in (
                (0, [*"abc"] if at % 2 else [*"cba"]),
                (1, [*"abc"] if at % 2 else [*"bca"]),
            )
        ]
        ledger.add_annotations(told)
        (among,) = agreement([ledger], flow).among
        assert (among.figure.count, among.measure) == (20, "alpha nominal")
        assert 0.5 < (among.figure.value or 0) < 1


def test_ledgers_of_two_servers_keep_their_people_apart(tmp_path: Path):
    ledgers: list[Any] = []
    with (
        ledger_of(tmp_path / "a", "quality") as (one, flow),
        ledger_of(tmp_path / "b", "quality") as (two, _),
    ):
        for number, ledger in enumerate((one, two)):
            ledger.note(url=f"http://server{number}")
            ledger.add(item(f"{at}") for at in range(12))
            ledger.add_annotations(
                said(at, f"{at}", [KEEP, DROP][at % 2], flow) for at in range(12)
            )
            ledgers.append(ledger)
        told = agreement(ledgers, flow)
        assert [person.person for person in told.people] == ["1:1", "2:1"]
        assert [(pair.figure.value, pair.figure.count) for pair in told.pairs] == [(1.0, 12)]
        assert told.items == 12


def test_the_page_holds_no_foreign_markup_and_needs_nothing(tmp_path: Path):
    with ledger_of(tmp_path, "quality") as (ledger, flow):
        keys = [f"{at}" for at in range(60)]
        evil = "<script>alert(1)</script>\"'&"
        ledger.add(map(item, keys))
        ledger.add_prelabels(
            prelabel(key, [KEEP, DROP][at % 2], model=evil) for at, key in enumerate(keys)
        )
        told = [
            said(at, key, {**KEEP, "note": "secret words"}, flow, shown=evil, annotator=evil)
            for at, key in enumerate(keys)
        ]
        ledger.add_annotations(told)
        page = agreement_html(agreement([ledger], flow))
    assert "alert(1)</script>" not in page
    assert "secret words" not in page
    assert not re.search(r"(src|href)=\"https?:", page)
    assert page.count("<svg") == page.count("</svg>") >= 3


def test_the_command_tells_lines_json_and_a_page(tmp_path: Path):
    filled(tmp_path)
    page = tmp_path / "agreement.html"
    shown = dataqa("review", "agreement", tmp_path, "-o", page)
    assert shown.code == 0, shown.err
    assert "anchoring gap" in shown.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = dataqa("review", "agreement", tmp_path, "--log", "json", "--by", "batch")
    assert msgspec.json.decode(told.out)["models"][0]["gap"]["count"] == 50
    assert dataqa("review", "agreement", tmp_path, "--flow", "toxicity").code == 2


def test_of_nothing_nothing_is_told(tmp_path: Path):
    for flow_name in (
        "quality",
        "private-spans",
        "demonstration",
        "ranking",
        "pairwise",
        "feedback",
    ):
        with ledger_of(tmp_path, flow_name) as (ledger, flow):
            told = agreement([ledger], flow)
            assert agreement_html(told)
            assert [*lines_of(told)]
            assert all(one.figure.value is None for one in told.among)


def test_a_bootstrap_draws_items_with_all_that_is_of_them():
    import numpy as np

    def mean(sums: Any) -> float | None:
        return ratio(sums)

    alone = np.array([[1.0, 1.0], [0.0, 1.0]] * 50)
    together = np.array([[10.0, 10.0], [0.0, 10.0]] * 5)
    one, ten = bootstrapped(alone, mean), bootstrapped(together, mean)
    assert one.value == ten.value == 0.5
    assert width(ten.low, ten.high) > 2 * width(one.low, one.high)


def width(*ends: float | None) -> float:
    known: Sequence[float] = [one for one in ends if one is not None]
    return known[1] - known[0]


def test_equal_probabilities_are_not_parted_by_chance():
    error, bins = calibration_error([0.8] * 200, [number % 5 > 0 for number in range(200)])
    assert error.value == pytest.approx(0.0)
    assert bins == [(0.8, 0.8, 200)]
