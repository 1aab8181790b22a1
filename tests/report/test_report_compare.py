"""Comparison of two runs: what moved, and which bounds were passed."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_corpus import report

from dataqa.errors import InputError
from dataqa.report.compare import Bounds, compare, compare_html, load_bounds, stability

REPORT = report(800)
COUNTS = st.lists(st.integers(0, 1000), min_size=12, max_size=12)


def test_a_run_equals_itself():
    same = compare(REPORT, REPORT, Bounds(psi=0.0, kept_share=0.0, languages=0.0, sources=0.0))
    assert same["passed"] == []
    assert all(one["psi"] == 0 for one in same["signals"])
    assert "No bound is exceeded" in compare_html(same)


def test_a_shifted_signal_passes_its_bound_and_others_do_not():
    moved = copy.deepcopy(REPORT)
    everything = moved["signals"]["alpha_words"]["all"]
    for outcome in ("kept", "other"):
        everything[outcome][::2] = [max(0, at - 30) for at in everything[outcome][::2]]
    found = compare(moved, REPORT, Bounds(psi=0.2))
    assert [one["what"] for one in found["passed"]] == ["psi of alpha_words"]
    assert found["passed"][0]["value"] == found["signals"][0]["psi"] > found["passed"][0]["bound"]
    assert found["signals"][0]["name"] == "alpha_words"
    assert "1 bound is exceeded" in compare_html(found)
    assert compare(moved, REPORT, Bounds(psi=0.2, signals={"alpha_words": 99.0}))["passed"] == []


def test_kept_share_and_languages_are_judged():
    moved = copy.deepcopy(REPORT)
    moved["totals"]["kept"]["documents"] //= 2
    moved["languages"] = [one for one in moved["languages"] if one["label"] != "zh"]
    found = compare(moved, REPORT, Bounds(kept_share=0.05, languages=0.1))
    told = [one["what"] for one in found["passed"]]
    assert told[0] == "change of the kept share"
    assert "change of language zh" in told
    assert "change of language zh" in compare_html(found)


def test_the_bound_passed_by_most_comes_first():
    moved = copy.deepcopy(REPORT)
    moved["totals"]["kept"]["documents"] //= 2
    moved["languages"] = [one for one in moved["languages"] if one["label"] != "zh"]
    bounds = Bounds(kept_share=0.2, languages=0.001, sources=0.0)
    found = compare(moved, REPORT, bounds)["passed"]
    times = [one["value"] / one["bound"] for one in found]
    assert times == sorted(times, reverse=True)
    assert found[-1]["what"] == "change of the kept share"


@given(COUNTS, COUNTS)
def test_the_index_is_never_negative(a: list[int], b: list[int]):
    assert stability(np.array(a, float), np.array(b, float)) >= 0


def test_bounds_are_read(tmp_path: Path):
    file = tmp_path / "drift.yaml"
    file.write_text("psi: 0.2\nkept_share: 0.05\nsignals:\n  word_count: 0.5\n")
    assert load_bounds(file) == Bounds(psi=0.2, kept_share=0.05, signals={"word_count": 0.5})


def test_an_unknown_bound_is_an_error_with_its_line(tmp_path: Path):
    file = tmp_path / "drift.yaml"
    file.write_text("psi: 0.2\nkept_shares: 0.05\n")
    with pytest.raises(InputError, match="kept_share"):
        load_bounds(file)


def test_an_unknown_signal_is_an_error_with_a_suggestion():
    with pytest.raises(InputError, match="did you mean word_count"):
        compare(REPORT, REPORT, Bounds(signals={"word_coutn": 0.1}))


def test_another_format_is_refused():
    with pytest.raises(InputError, match="format 0"):
        compare(REPORT | {"format": 0}, REPORT)
