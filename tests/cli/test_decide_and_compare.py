"""``decide`` and ``report``: what machines and people are told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import dataqa

BOUND = "gopher-dclm.word_count.min=60"


@pytest.fixture(scope="module")
def finished(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over the example corpus, and beside it one over its planted documents alone."""
    folder = tmp_path_factory.mktemp("runs")
    for name, source in (("out", examples), ("planted", examples / "planted.jsonl")):
        asked = ("run", "quickstart", "-i", source, "-o", folder / name, "--id-column", "id")
        assert dataqa(*asked, "--log", "none").code == 0
    return folder


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished / "out", tmp_path / "out")


def test_decide_tells_machines_what_run_tells_them(out: Path):
    told = dataqa("decide", out, "--set", BOUND, "--log", "json")
    assert (told.code, told.out) == (0, "")
    events = [json.loads(line) for line in told.err.splitlines()]
    assert {"stage", "shard", "progress", "finished"} <= {event["event"] for event in events}
    report = json.loads((out / "report.json").read_bytes())
    assert events[-1]["counts"] == report["facts"]["counts"]


def test_decide_can_be_silent(out: Path):
    assert dataqa("decide", out, "--set", BOUND, "--log", "none") == (0, "", "")


def test_what_is_foreseen_is_json_for_machines(finished: Path):
    told = dataqa("decide", finished / "out", "--set", BOUND, "--dry-run", "--log", "json")
    assert (told.code, told.err) == (0, "")
    foreseen = json.loads(told.out)
    assert sum(foreseen["before"].values()) == sum(foreseen["after"].values())
    assert list(foreseen["rules"]) == ["gopher-dclm.word_count"]


def test_of_many_bounds_that_are_passed_the_worst_are_named(finished: Path, tmp_path: Path):
    drift = tmp_path / "drift.yaml"
    drift.write_text("psi: 0.0001\nlanguages: 0.0001\n", encoding="utf-8")
    runs = (finished / "planted", finished / "out")
    told = dataqa("report", *runs, "--bounds", drift, "--json")
    assert told.code == 3
    passed = json.loads(told.out)["passed"]
    assert len(passed) > 20
    assert f": {len(passed)} bounds are passed: {passed[0]['what']} " in told.err
    assert f"; and {len(passed) - 5} more\nHint: " in told.err
    assert told.err.count(">") == 5
    page = (finished / "planted" / "comparison.html").read_text(encoding="utf-8")
    assert f"and {len(passed) - 20} more" in page


def test_one_bound_that_is_passed_is_named_alone(finished: Path, tmp_path: Path):
    drift = tmp_path / "drift.yaml"
    drift.write_text("kept_share: 0.0001\n", encoding="utf-8")
    told = dataqa("report", finished / "planted", finished / "out", "--bounds", drift)
    assert told.code == 3
    assert "1 bound is passed: change of the kept share 0." in told.err
    assert "more\n" not in told.err
