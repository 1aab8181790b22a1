"""The Dagster example, by Dagster itself: not among our dependencies, so CI installs it apart."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

dg: Any = pytest.importorskip("dagster", reason="Dagster is not installed: .ci/run does so")
ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "examples" / "data" / "docs-many.parquet"

pytestmark = pytest.mark.filterwarnings("default")  # Dagster's own


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster tells its makers of runs, else."""
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "examples" / "etl" / "dagster_assets.py"))


def materialize(example: dict[str, Any], out: Path, **settings: Any) -> Any:
    """Both assets, as ``dagster asset materialize`` would make them."""
    cleaning = example["Cleaning"](**{"inputs": str(TEXTS), "out": str(out), **settings})
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [example["clean_corpus"], example["clean_table"]],
            resources={"cleaning": cleaning},
            instance=instance,
            raise_on_error=False,
        )


def test_the_corpus_is_cleaned_checked_and_handed_on(example: dict[str, Any], tmp_path: Path):
    done = materialize(example, tmp_path / "out")
    assert done.success
    (made,) = done.asset_materializations_for_node("clean_corpus")
    told = {name: value.value for name, value in made.metadata.items()}
    assert told["documents"] == 216
    assert told["documents"] == sum(
        told[name] for name in ("kept", "rejected", "review", "quarantine")
    )
    assert Path(told["report"]).is_file()
    (check,) = done.get_asset_check_evaluations()
    assert check.passed
    assert (tmp_path / "out" / "clean.parquet").is_file()


def test_too_many_lost_fail_the_check_and_stop_what_comes_after(
    example: dict[str, Any], tmp_path: Path
):
    done = materialize(example, tmp_path / "out", max_drop=0.01)
    (check,) = done.get_asset_check_evaluations()
    assert not check.passed
    assert not done.success
    assert (tmp_path / "out" / "report.html").is_file()
    assert not (tmp_path / "out" / "clean.parquet").exists()


def test_a_mistake_is_not_tried_again(example: dict[str, Any], tmp_path: Path):
    done = materialize(example, tmp_path / "out", inputs=str(tmp_path / "nowhere.parquet"))
    assert not done.success
    (failed,) = [event for event in done.all_events if event.is_step_failure]
    assert "nowhere.parquet" in failed.event_specific_data.error.to_string()
    assert not [event for event in done.all_events if event.is_step_up_for_retry]


def test_the_definitions_load(example: dict[str, Any]):
    dg.Definitions.validate_loadable(example["defs"])
