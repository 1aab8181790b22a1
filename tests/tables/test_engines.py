"""MOSTLY AI's engine behind our interface: run where its environment is, and named where not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from invented_people import people

import dataqa
from dataqa.cli.main import cli
from dataqa.errors import InputError
from dataqa.tables.engines.argn import VARIABLE, Settings
from dataqa.tables.files import write_table

PEER = Path(__file__).parents[2] / ".peers" / "mostlyai"
PYTHON = os.environ.get(VARIABLE) or (
    str(PEER / "bin" / "python") if (PEER / "made.txt").is_file() else None
)


def test_a_missing_engine_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match="where is MOSTLY AI's engine") as caught:
        dataqa.synthesize(people(60), model="mostlyai")
    assert "uv venv" in str(caught.value)
    with pytest.raises(InputError, match="no such interpreter"):
        dataqa.synthesize(people(60), model="mostlyai", engine=Settings("/nowhere/python"))


def test_an_environment_without_the_engine_is_told():
    with pytest.raises(InputError, match="the engine failed: ModuleNotFoundError") as caught:
        dataqa.synthesize(people(60), model="mostlyai", engine=Settings(sys.executable))
    assert "mostlyai-engine" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        ["--engine-python", sys.executable],
        ["--engine-minutes", "2"],
        ["--model", "mostlyai", "--save-model", "model.zip"],
        ["--model", "mostlyai", "--epsilon", "1"],
        ["--epsilon", "1", "--delta", "0"],
    ],
)
def test_options_that_do_not_go_together_are_refused(options: list[str], tmp_path: Path):
    table = tmp_path / "people.csv"
    write_table(people(60), table, {})
    asked = ["synth", "table", str(table), "-o", str(tmp_path / "out.csv"), *options]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code != 0
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.slow
@pytest.mark.skipif(PYTHON is None, reason="python -m benchmarks.peers mostlyai")
def test_the_engine_learns_what_our_own_models_do():
    """A small run: forms, people, what is given and marks of rows are ours all the same."""
    real = people(400)
    made = dataqa.synthesize(
        real, 300, model="mostlyai", given={"region": "EU"}, engine=Settings(PYTHON, 0.5, 1)
    )
    frame = made.frame
    assert (frame.columns, frame.height) == (real.columns, 300)
    assert frame["region"].unique().to_list() == ["EU"]
    assert frame["income"].str.contains(r"^(\$\d{1,3}(,\d{3})*\.\d\d|NA)$").all()
    assert not set(frame["email"]) & set(real["email"])
    assert not set(frame["birth_date"]) & set(real["birth_date"])
    assert made.report["still_equal"] == 0
    again = made.model.sample(20, seed=3)
    assert again.equals(made.model.sample(20, seed=3))
    assert float(np.mean(again["sex"].is_in(["F", "M"]).to_numpy())) == 1
    with pytest.raises(InputError, match="an engine's model is not saved"):
        made.model.save("nowhere.zip")
    assert isinstance(again, pl.DataFrame)
