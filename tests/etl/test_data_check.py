"""The data check of docs/etl.md: its YAML is YAML, and its commands do what is said of them."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from commands import Told, dataqa

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "etl.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORKFLOW, HOOKS = (yaml.safe_load(block) for block in FENCED.findall(PAGE))


def run(command: str, place: Path) -> Told:
    with contextlib.chdir(place):
        return dataqa(*shlex.split(command)[1:])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a folder of data."""
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "examples" / "data" / "docs-many.parquet", tmp_path / "data")
    return tmp_path


def test_the_workflow_checks_and_uploads_a_report_without_texts(place: Path):
    (job,) = WORKFLOW["jobs"].values()
    assert WORKFLOW[True] == {"pull_request": {"paths": ["data/**"]}}  # `on` is true in YAML 1.1
    steps: list[dict[str, Any]] = job["steps"]
    (command,) = [step["run"] for step in steps if step.get("run", "").startswith("dataqa ")]
    (upload,) = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert run(command, place).code == 0
    report = place / upload["with"]["path"]
    assert "docs-many.parquet#" not in report.read_text(encoding="utf-8")
    assert run("dataqa report out --examples", place).code == 0  # with them there would be some
    assert "docs-many.parquet#" in report.read_text(encoding="utf-8")


def test_the_hook_checks_again_when_the_data_changed(place: Path):
    (hook,) = [hook for repo in HOOKS["repos"] for hook in repo["hooks"]]
    assert {"id", "name", "language", "entry"} <= set(hook)
    assert run(hook["entry"], place).code == 0
    short = pl.DataFrame({"id": [str(n) for n in range(90)], "text": ["Too short."] * 90})
    short.write_parquet(place / "data" / "docs-many.parquet")
    told = run(hook["entry"], place)
    assert told.code == 3
    assert "89 of 90 documents are lost" in told.err


def test_the_line_that_is_shown_is_the_one_that_is_printed(place: Path):
    (line,) = re.findall(r"^    (Error: .*)$", PAGE, re.MULTILINE)
    told = run("dataqa run quickstart -i data -o out/check --max-drop 5% --log none", place)
    assert told.code == 3
    assert told.err.splitlines()[0] == line
