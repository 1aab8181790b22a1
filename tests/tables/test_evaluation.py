"""What a synthetic table is worth: figures on tables of which it is known, attacks, the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from commands import dataqa as command
from invented_people import people

import dataqa
from dataqa.errors import InputError
from dataqa.report.tables import bars_svg, headline, tables_html
from dataqa.tables.evidence.aligned import align
from dataqa.tables.evidence.attacks import risk_of
from dataqa.tables.evidence.distances import nearest
from dataqa.tables.evidence.evaluation import evaluate
from dataqa.tables.evidence.fidelity import fidelity
from dataqa.tables.profile import profile

REAL, HELD = people(800, 1), people(800, 2)
TRIED = 200


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    return evaluate(REAL, dataqa.synthesize(REAL, seed=1).frame, HELD, tried=TRIED)


@pytest.fixture(scope="module")
def copied() -> dict[str, Any]:
    return evaluate(REAL, REAL, HELD, tried=TRIED)


def test_a_synthetic_table_is_alike_and_gives_nobody_away(good: dict[str, Any]):
    assert all(one["holds"] for one in good["verdicts"]), good["verdicts"]
    assert good["fidelity"]["univariate"] > 0.93
    assert 0.4 < good["discriminator"] < 0.65
    assert good["distances"]["dcr_share"] == pytest.approx(0.5, abs=0.06)
    assert set(good["fidelity"]["columns"]).isdisjoint({"email", "first_name", "patient_id"})
    assert headline(good).endswith("nothing was found that gives anybody away.")


def test_a_copy_fails_whatever_is_asked(copied: dict[str, Any]):
    assert copied["fidelity"]["bivariate"] == 1
    assert copied["distances"]["dcr_share"] > 0.99
    assert copied["identical"]["identical"] == 1
    assert copied["private"]["email"]["synthetic"] == 1
    failed = {one["name"].partition(" (")[0] for one in copied["verdicts"] if not one["holds"]}
    assert len(failed) == 6
    assert all(copied["attacks"][name]["low"] > 0.3 for name in ("linkability", "singling out"))
    assert "do not pass it on" in headline(copied)


def test_the_holdout_passes_as_a_synthetic_table():
    found = evaluate(REAL, people(800, 9), HELD, tried=TRIED)
    assert all(one["holds"] for one in found["verdicts"]), found["verdicts"]


def test_alike_is_one_less_half_of_all_differences():
    one = pl.DataFrame({"a": ["x"] * 60 + ["y"] * 40, "b": ["p", "q"] * 50})
    two = pl.DataFrame({"a": ["x"] * 30 + ["y"] * 70, "b": ["p", "q"] * 50})
    found = fidelity(align(one, two, one, profile(one)))
    assert found["columns"] == pytest.approx({"a": 0.7, "b": 1.0})
    assert found["univariate"] == pytest.approx(0.85)
    assert found["bivariate"] == pytest.approx(0.7)


def test_the_nearest_are_those_of_brute_force():
    draw = np.random.default_rng(1)
    some, others = (draw.random((n, 4)).astype(np.float32) for n in (50, 900))
    places, far = nearest(some, others, 2)
    every = ((some[:, None] - others[None]) ** 2).sum(axis=2)
    order = np.argsort(every, axis=1)[:, :2]
    assert (places == order).all()
    assert far == pytest.approx(np.take_along_axis(every, order, 1), abs=1e-5)


def test_a_risk_is_what_is_gained_of_what_could_be():
    risk = risk_of("a", "", 1000, 600, 200)
    assert risk.risk == pytest.approx(0.5, abs=0.01)
    assert risk.low < risk.risk < risk.high
    assert risk_of("a", "", 1000, 200, 600).risk == 0
    assert risk_of("a", "", 0, 0, 0).low == 0


def test_the_worst_of_many_columns_is_not_blamed_for_what_is_chance():
    # real rows of the bank table: 17 columns, of which one differed as much by whom was attacked
    assert risk_of("inference", "", 1000, 975, 956).low > 0.1
    assert risk_of("inference", "", 1000, 975, 956, columns=17).low == 0
    assert risk_of("inference", "", 1000, 500, 250, columns=17).low > 0.2


def test_a_page_without_script_or_rows(good: dict[str, Any]):
    page = tables_html(good)
    assert "<script" not in page
    assert page.count("<svg") == len(good["pictures"]) > 5
    assert not any(mail in page for mail in REAL["email"])
    bar = bars_svg("a", [{"label": "<x>", "real": 0.5, "made": 0.25}])
    assert "&lt;x&gt;" in bar
    assert "25.0%" in bar


def test_commands_from_a_table_to_its_evidence(tmp_path: Path):
    real, held, made = (tmp_path / name for name in ("real.csv", "held.csv", "made.parquet"))
    REAL.write_csv(real)
    HELD.write_csv(held)
    hints = tmp_path / "hints.yaml"
    told = command("profile", real, "-o", hints)
    assert told.code == 0, told.err
    assert "EMAIL_ADDRESS" in told.out
    assert "corp.com" not in told.out
    assert json.loads(command("profile", real, "--json").out)["zone"]["kind"] == "category"
    told = command("synth", "table", real, "-o", made, "--hints", hints, "--seed", 4, "--mark-rows")
    assert told.code == 0, told.err
    assert "800 rows from 800" in told.err
    assert pl.read_parquet(made)["is_synthetic"].all()
    assert json.loads(pl.read_parquet_metadata(made)["dataqa.synthetic"])["seed"] == 4
    page = tmp_path / "report.html"
    words = ("--holdout", held, "-o", page, "--attacks", 100)
    told = command("synth", "evaluate", real, made, *words)
    assert told.code == 0, told.out + told.err
    assert "pairs alike" in told.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = command("synth", "evaluate", real, real, "--holdout", held, "--json", "--attacks", 100)
    assert told.code == 1
    assert json.loads(told.out)["identical"]["identical"] == 1


def test_commands_refuse_what_cannot_be(tmp_path: Path):
    real = tmp_path / "real.csv"
    REAL.write_csv(real)
    assert command("synth", "table", real, "-o", real).code == 2
    assert command("synth", "table", real, "-o", tmp_path / "a.xlsx").code == 2
    told = command("synth", "table", real, "-o", tmp_path / "a.csv", "--given", "region")
    assert "COLUMN=VALUE" in told.err
    with pytest.raises(InputError, match="no column 'region'"):
        evaluate(REAL, HELD.drop("region"), HELD)
    with pytest.raises(InputError, match="did you mean region"):
        evaluate(REAL, HELD, HELD, target="regio")
    with pytest.raises(InputError, match="too few rows"):
        evaluate(REAL, HELD.head(3), HELD)
