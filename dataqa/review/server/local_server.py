"""A Label Studio on this machine, for trying the review: installed apart, started, stopped.

It lives in ``label-studio/`` of the cache folder: an environment of its own for each version, the
data, and who may log in. Nothing of it is imported here. Its settings were measured on 1.23.2; the
secret key is set by us, because one that the server draws for itself may begin with a ``$``, which
it cannot read back, and then every token is void.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from dataqa.errors import InputError, RunError
from dataqa.kernels.cache import home

VERSION = "1.23.2"
"""The version whose ways are known."""
USER = "admin@example.com"
PORT = 8080
_LOOPBACK = "127.0.0.1"
_STARTS = 600.0
"""Seconds that a first start may take; it fills a data base."""
_SETTINGS = {
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",  # webhooks on this machine are refused else
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
}


class Login(msgspec.Struct, frozen=True):
    """Who may log in: kept in a file that only its owner reads."""

    user: str
    password: str
    token: str
    secret_key: str


class Running(msgspec.Struct, frozen=True):
    """A server that was started."""

    pid: int
    url: str


class Place(NamedTuple):
    """Where a local server keeps what it has."""

    root: Path

    @property
    def data(self) -> Path:
        """Its data base and files."""
        return self.root / "data"

    @property
    def token(self) -> Path:
        """The file that holds the token alone: ``--key file:…``."""
        return self.root / "token"

    def program(self, version: str) -> Path:
        """The command of an installed version."""
        return self.root / version / "bin" / "label-studio"

    def whole(self, version: str) -> Path:
        """What is written last when a version is installed."""
        return self.root / version / "whole"


def usual_place() -> Place:
    """The place of this user's server."""
    return Place(home() / "label-studio")


def running(place: Place) -> Running | None:
    """The server that runs there, None if none does."""
    try:
        known = msgspec.json.decode((place.root / "server.json").read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return known if _alive(known.pid) and _answers(known.url) else None


def up(
    place: Place,
    *,
    port: int | None = None,
    version: str = VERSION,
    tell: Callable[[str], None] = print,
) -> Running:
    """Start a server, after installing it if need be; one that runs already is left alone.

    Args:
        place: Where it keeps what it has.
        port: By default 8080 or the first free one after it.
        version: Which release.
        tell: Told what takes long.

    Raises:
        InputError: The port is taken.
        RunError: It could not be installed or did not start.
    """
    known = running(place)
    if known is not None:
        return known
    install(place, version, tell)
    chosen = _free(port)
    who = login(place)
    first = not place.data.exists()
    place.data.mkdir(mode=0o700, exist_ok=True)
    tell("starting; the first time takes half a minute" if first else "starting")
    told = Running(_start(place, version, chosen, who), f"http://{_LOOPBACK}:{chosen}")
    (place.root / "server.json").write_bytes(msgspec.json.encode(told))
    _wait(told, place)
    return told


def install(place: Place, version: str = VERSION, tell: Callable[[str], None] = print) -> bool:
    """Install a release unless it is there; whether it was not.

    Raises:
        RunError: It could not be installed.
    """
    place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.whole(version).is_file():
        return False
    tell(f"installing Label Studio {version}: a gigabyte, a minute or two")
    _install(place, version)
    return True


def down(place: Place, *, purge: bool = False) -> bool:
    """Stop the server; with ``purge`` also delete its data. Whether there was one to stop."""
    known = running(place)
    if known is not None:
        _stop(known.pid)
    (place.root / "server.json").unlink(missing_ok=True)
    if purge:
        shutil.rmtree(place.data, ignore_errors=True)
        for name in ("login.json", "token", "server.log"):
            (place.root / name).unlink(missing_ok=True)
    return known is not None


def login(place: Place) -> Login:
    """Who may log in: drawn once."""
    path = place.root / "login.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Login)
    except (OSError, msgspec.DecodeError):
        # hexadecimal digits: the server takes values that begin with a dollar for names
        drawn = Login(USER, secrets.token_hex(8), secrets.token_hex(20), secrets.token_hex(32))
    _private(path, msgspec.json.encode(drawn))
    _private(place.token, drawn.token.encode())
    return drawn


def _private(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _install(place: Place, version: str) -> None:
    """An environment of its own; one that could not be completed is removed."""
    target = place.root / version
    shutil.rmtree(target, ignore_errors=True)
    uv = shutil.which("uv")
    what = f"label-studio=={version}"
    python = str(target / "bin" / "python")
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(target)],
            [uv, "pip", "install", "--quiet", "--python", python, what],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(target)],
            [python, "-m", "pip", "install", "--quiet", what],
        ]
    for command in steps:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(target, ignore_errors=True)
            raise RunError(
                "Label Studio could not be installed",
                where=" ".join(command[-3:]),
                hint=(done.stderr.strip().splitlines() or ["is PyPI reachable?"])[-1],
            )
    place.whole(version).touch()


def _free(port: int | None) -> int:
    for candidate in [port] if port is not None else range(PORT, PORT + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, candidate))
            except OSError:
                continue
            return candidate
    where = f"{_LOOPBACK}:{port or PORT}"
    raise InputError("the port is taken", where=where, hint="choose another one with --port")


def _start(place: Place, version: str, port: int, who: Login) -> int:
    known = {key: value for key, value in os.environ.items() if key not in {"USERNAME", "PASSWORD"}}
    settings = {
        **known,
        **_SETTINGS,
        "SECRET_KEY": who.secret_key,
        "LABEL_STUDIO_USERNAME": who.user,
        "LABEL_STUDIO_PASSWORD": who.password,
        "LABEL_STUDIO_USER_TOKEN": who.token,
    }
    command = [str(place.program(version)), "start", "--no-browser", "--internal-host", _LOOPBACK]
    command += ["--port", str(port), "--data-dir", str(place.data), "--log-level", "WARNING"]
    # by a shell that ends at once: whoever started the server need not outlive it, nor wait for it
    script = '"$@" >"$SERVER_LOG" 2>&1 </dev/null & echo $!'
    started = subprocess.run(
        ["sh", "-c", script, "sh", *command],
        env={**settings, "SERVER_LOG": str(place.root / "server.log")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        start_new_session=True,
    )
    return int(started.stdout)


def _wait(told: Running, place: Place) -> None:
    end = time.monotonic() + _STARTS
    while time.monotonic() < end:
        if _answers(told.url):
            return
        if not _alive(told.pid):
            break
        time.sleep(0.25)
    _stop(told.pid)
    log = place.root / "server.log"
    raise RunError("Label Studio did not start", where=told.url, hint=f"{log} says why")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _stop(pid: int) -> None:
    for number, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(os.getpgid(pid), number)
        except OSError:
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not _alive(pid):
                return
            time.sleep(0.1)
