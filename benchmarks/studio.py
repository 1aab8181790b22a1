"""A Label Studio of their own for the benchmarks of the review, and a process that pushes to it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dataqa.review.server import local_server
from dataqa.review.server.local_server import VERSION, Place, Running, login, up, usual_place


def installed() -> bool:
    """Whether there is one to start: ``dataqa label-studio install``."""
    return usual_place().whole(VERSION).is_file()


@contextmanager
def studio_place() -> Generator[tuple[Place, Running]]:
    """A server with an empty data base, stopped at the end."""
    with TemporaryDirectory(prefix="dataqa-studio-") as folder:
        place = Place(Path(folder))
        place.whole(VERSION).parent.symlink_to(usual_place().whole(VERSION).parent)
        empty = Place(usual_place().root / f"empty-{VERSION}")
        if (empty.root / "whole").is_file():  # as the tests left it: a first start takes long
            for name in ("login.json", "token"):
                shutil.copy2(empty.root / name, place.root / name)
            shutil.copytree(empty.data, place.data)
        try:
            yield place, up(place, port=_free(), tell=_silent)
        finally:
            local_server.down(place)


def again(place: Place) -> Running:
    """Start the server once more after it was killed, at the same port."""
    port = int((place.root / "port").read_text())
    return up(place, port=port, tell=_silent)


def kill(place: Place) -> None:
    """Kill the server as a power cut would."""
    known = local_server.running(place)
    if known is not None:
        (place.root / "port").write_text(known.url.rpartition(":")[2])
        subprocess.run(["kill", "-9", "--", f"-{os.getpgid(known.pid)}"], check=False)
        while local_server.running(place) is not None:
            time.sleep(0.05)


def process(*arguments: str) -> subprocess.Popen[bytes]:
    """A process that runs ``python -m benchmarks.exactly_once`` in a part of its own."""
    command = [sys.executable, "-m", "benchmarks.exactly_once", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def token(place: Place) -> str:
    """The legacy token of the server's user."""
    return login(place).token


def _free() -> int:
    """A port that nobody else looks for when this server is down for a moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _silent(line: str) -> None:
    del line
