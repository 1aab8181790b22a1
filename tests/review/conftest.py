"""A real Label Studio for the tests that want one, started once for all of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from dataqa.review.server import local_server
from dataqa.review.server.local_server import VERSION, Place, login, running, up, usual_place
from dataqa.review.server.studio import Studio, connected

INSTALLED = usual_place()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A place where a server runs that all workers share; the last one to leave stops it."""
    if not INSTALLED.whole(VERSION).is_file():
        pytest.skip("no Label Studio is installed: dataqa label-studio install")
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    shared = Place(base / "label-studio")
    shared.root.mkdir(mode=0o700, exist_ok=True)
    users = base / "label-studio-users"
    users.mkdir(exist_ok=True)
    mine = users / str(os.getpid())
    with (base / "label-studio.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mine.touch()
        if not shared.whole(VERSION).parent.exists():
            shared.whole(VERSION).parent.symlink_to(INSTALLED.whole(VERSION).parent)
        if not shared.data.exists():
            filled(shared)
        up(shared, port=None, tell=lambda line: None)
    yield shared
    with (base / "label-studio.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mine.unlink()
        if not any(users.iterdir()):
            local_server.down(shared)


def filled(shared: Place) -> None:
    """Give a place the empty data base that a first start makes, which takes half a minute."""
    template = Place(INSTALLED.root / f"empty-{VERSION}")
    if not (template.root / "whole").is_file():
        shutil.rmtree(template.root, ignore_errors=True)
        template.root.mkdir(mode=0o700)
        template.whole(VERSION).parent.symlink_to(INSTALLED.whole(VERSION).parent)
        up(template, tell=lambda line: None)
        local_server.down(template)
        (template.root / "whole").touch()
    for name in ("login.json", "token"):
        shutil.copy2(template.root / name, shared.root / name)
    shutil.copytree(template.data, shared.data)


@pytest.fixture
def port(place: Place) -> int:
    known = running(place)
    assert known is not None
    return int(known.url.rpartition(":")[2])


@pytest.fixture
def token(place: Place) -> str:
    return login(place).token


@pytest.fixture
def studio(place: Place, token: str) -> Generator[Studio]:
    known = running(place)
    assert known is not None
    with connected(known.url, token) as opened:
        yield opened


@pytest.fixture
def ledger_place(tmp_path: Path) -> Path:
    return tmp_path / f"ledger-{time.monotonic_ns()}"
