"""What a user installs: the wheel, its extras, and the licences of what comes with it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, requires, version
from pathlib import Path
from typing import Any

import commands
import pytest
from test_licences import bundled

import dataqa
from dataqa.cli.scaffold import list_command


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_carries_every_pipeline_rule_and_template(wheel: zipfile.ZipFile, root: Path):
    inside = set(wheel.namelist())
    for folder in ("pipelines", "rules"):
        for path in (root / folder).rglob("*.yaml"):
            assert f"dataqa/_shipped/{path.relative_to(root)}" in inside
    for path in (root / "dataqa").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(root)) in inside
    assert "dataqa/py.typed" in inside


def test_the_wheel_carries_no_file_of_which_nothing_is_told(wheel: zipfile.ZipFile):
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    carried = {name.removeprefix("dataqa/_shipped/") for name in inside if name[-3:] != ".py"}
    assert carried == set(bundled())  # tests/test_licences.py looks for a line about each


def test_the_version_is_said_once(project: dict[str, Any], root: Path):
    assert version("dataqa") == dataqa.__version__ == project["version"]
    told = commands.dataqa("--version")
    assert (told.code, told.out.strip()) == (0, f"dataqa, version {project['version']}")
    elsewhere = [
        path.relative_to(root).as_posix()
        for path in (root / "dataqa").rglob("*.py")
        if re.search(
            r"""^_*version_* *=.*["']\d+\.\d+""",
            path.read_text("utf-8"),
            re.MULTILINE | re.IGNORECASE,
        )
    ]
    assert elsewhere == ["dataqa/review/server/local_server.py"]  # of Label Studio


def test_types_are_promised(wheel: zipfile.ZipFile, project: dict[str, Any]):
    assert "dataqa/py.typed" in wheel.namelist()
    assert "Typing :: Typed" in project["classifiers"]
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    assert b"Classifier: Typing :: Typed" in wheel.read(name)


def test_the_wheel_carries_its_licences_and_nothing_else(wheel: zipfile.ZipFile):
    info = {name.split("/", 1)[1] for name in wheel.namelist() if ".dist-info/" in name}
    assert {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt", "METADATA"} <= info
    assert {name.split("/")[0].partition("-")[0] for name in wheel.namelist()} == {"dataqa"}
    assert sum(file.file_size for file in wheel.filelist) < 7 << 20


def test_every_requirement_of_the_extras_is_told(project: dict[str, Any]):
    extras = set(project["optional-dependencies"])
    told = {
        line.split("extra == ")[1].strip("'\"")
        for line in requires("dataqa") or ()
        if "extra" in line
    }
    assert told == extras
    (everything,) = project["optional-dependencies"]["all"]
    apart = {"all", "dp"}  # jax is large, and few need it
    assert set(everything[len("dataqa[") : -1].split(",")) == extras - apart


def test_the_command_lists_the_extras(project: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    list_command.main(["extras"], standalone_mode=False)
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert listed == set(project["optional-dependencies"])


def test_nothing_that_is_installed_is_under_a_gpl():
    copyleft: list[str] = []
    for found in distributions():
        told = found.metadata
        stated = [told.get("License-Expression") or "", *(told.get_all("Classifier") or ())]
        # the LGPL lets a library be used as it is: python-stdnum, in an extra
        lines = [line.replace("Lesser General", "") for line in stated]
        if any("GPL" in line and "LGPL" not in line for line in stated if "::" not in line):
            copyleft.append(told["Name"])
        if any(line.startswith("License") and " General Public" in line for line in lines):
            copyleft.append(told["Name"])
    assert not copyleft


def test_every_locked_package_is_pinned_by_hash(root: Path):
    lock = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        if package["name"] == "dataqa":
            continue
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]
        assert "-core-" not in package["name"], "placeholders of another's name"
