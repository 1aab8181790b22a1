"""Dockerfile and compose.yaml, as far as they can be held to something without Docker."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataqa.kernels import cache
from dataqa.review.server import local_server

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = [
    (line.partition(" ")[0], line.partition(" ")[2])
    for line in DOCKERFILE.splitlines()
    if line and not line.startswith("#")
]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
STUDIO: dict[str, Any] = COMPOSE["services"]["label-studio"]
DATAQA: dict[str, Any] = COMPOSE["services"]["dataqa"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def of(word: str) -> list[str]:
    return [rest for first, rest in LINES if first == word]


def test_the_image_is_of_our_python_and_runs_as_nobody_special():
    python = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert {one.split()[0] for one in of("FROM")} == {f"python:{python}-slim"}
    words = [word for word, _ in LINES]
    assert of("USER") == ["dataqa"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    (entry,) = of("ENTRYPOINT")
    assert yaml.safe_load(entry)[0] in PROJECT["scripts"]


def test_the_image_installs_what_is_locked_and_extras_that_there_are():
    syncs = [one for one in of("RUN") if "uv sync" in one]
    assert len(syncs) == 2
    assert all("--frozen --no-dev" in one for one in syncs)
    assert re.search(r"uv==\d+\.\d+\.\d+$", next(one for one in of("RUN") if "pip install" in one))
    (extras,) = re.findall('EXTRAS="(.*)"', "\n".join(of("ARG")))
    page = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    told = re.findall('EXTRAS="(.*?)"', page)
    assert told
    for some in (extras, *told):
        assert set(some.split()) <= set(PROJECT["optional-dependencies"])


def test_what_the_image_copies_is_enough_to_build_the_same_wheel(tmp_path: Path):
    seen = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert seen[0] == "*"
    for line in (one for one in of("COPY") if not one.startswith("--from")):
        *sources, target = line.split()
        for source in sources:
            assert f"!{source}" in seen
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target)
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    carried = [built(tmp_path), built(ROOT, tmp_path / "here")]
    assert carried[0] == carried[1]


def built(source: Path, out: Path | None = None) -> set[str]:
    """The files in the wheel of a folder."""
    out = out or source / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_server_is_the_one_that_was_measured_and_says_when_it_is_there():
    assert STUDIO["image"] == f"heartexlabs/label-studio:{local_server.VERSION}"
    assert "/health'" in STUDIO["healthcheck"]["test"][-1]
    compile(STUDIO["healthcheck"]["test"][-1], "healthcheck", "exec")
    assert DATAQA["depends_on"] == {"label-studio": {"condition": "service_healthy"}}


def test_the_server_keeps_to_itself():
    settings = dict(local_server._SETTINGS)  # pyright: ignore[reportPrivateUsage]
    settings.pop("LABEL_STUDIO_SSRF_PROTECTION_ENABLED")  # off for webhooks on one machine alone
    assert settings.items() <= STUDIO["environment"].items()
    assert STUDIO["ports"] == [f"127.0.0.1:{local_server.PORT}:8080"]
    assert "ports" not in DATAQA
    for service in (STUDIO, DATAQA):
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service


@pytest.mark.parametrize("service", [STUDIO, DATAQA], ids=["label-studio", "dataqa"])
def test_keys_come_from_the_environment_and_must_be_there(service: dict[str, Any]):
    secret = {
        name: value
        for name, value in service["environment"].items()
        if re.search("KEY|PASSWORD|TOKEN$", name) and value != "true"
    }
    assert secret
    for value in secret.values():
        assert re.fullmatch(r"\$\{LABEL_STUDIO_[A-Z_]+:\?[^}]+\}", value)
    page = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    for value in secret.values():
        assert f"{value[2:].partition(':')[0]}=$(openssl rand -hex" in page
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not (ROOT / ".dockerignore").read_text(encoding="utf-8").count("!.env")


def test_dataqa_reads_what_the_file_sets():
    code = (ROOT / "dataqa" / "review" / "reviews.py").read_text(encoding="utf-8")
    assert set(DATAQA["environment"]) == set(re.findall(r"LABEL_STUDIO_(?:URL|API_KEY)", code))
    home = re.findall(r"DATAQA_CACHE=(\S+)", DOCKERFILE)
    assert home == of("VOLUME") == ["/cache"]
    assert "DATAQA_CACHE" in Path(cache.__file__).read_text(encoding="utf-8")


def test_what_is_kept_is_kept_in_volumes_that_are_declared():
    mounts = [mount.partition(":")[0::2] for mount in STUDIO["volumes"] + DATAQA["volumes"]]
    assert {name for name, _ in mounts if name != "."} == set(COMPOSE["volumes"])
    assert (".", of("WORKDIR")[-1]) in mounts
