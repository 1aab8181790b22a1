from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dataqa import kernels
from dataqa.kernels import cache

_START = """
import sys, time
from dataqa import kernels
begun = time.monotonic()
print(kernels.warm())
print(time.monotonic() - begun)
from dataqa.signals.counts import Counts
print(Counts.of("two words").words.words.tolist())
"""


def start(home: Path) -> list[str]:
    environment = {"DATAQA_CACHE": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", _START], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of its own, as a first start filled it."""
    kernels.warm()
    path = tmp_path_factory.mktemp("cache")
    shutil.copytree(cache.folder(), path / "kernels" / cache.folder().name)
    return path


def files(home: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in home.rglob("*.nb*")}


def test_the_second_start_compiles_nothing(home: Path):
    before = files(home)
    assert before
    compiled, seconds, answer = start(home)
    assert (compiled, answer) == ("False", "[2]")
    assert float(seconds) < 10
    assert files(home) == before


def test_a_broken_cache_heals(home: Path):
    """numba's own index never heals once it is truncated."""
    for path in home.rglob("*.nbi"):
        path.write_bytes(path.read_bytes()[:7])
    compiled, _, answer = start(home)
    assert (compiled, answer) == ("True", "[2]")
    assert start(home)[0] == "False"


def test_numba_imported_first_by_somebody_else_does_not_matter(home: Path):
    code = "import numba\n" + _START
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DATAQA_CACHE": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] == "False"


def test_folders_differ_when_sources_do(monkeypatch: pytest.MonkeyPatch):
    before = cache.digest()
    monkeypatch.setattr(cache, "processor", lambda: "another")
    assert cache.digest() != before


def test_importing_the_package_loads_no_numba():
    code = "import sys, dataqa.signals as s; s.catalogue(); assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_warm_is_idempotent():
    kernels.warm()
    assert kernels.warm() is False
    assert kernels.is_warm()


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("DATAQA_CACHE", str(blocked))
    assert cache.folder().is_dir()
