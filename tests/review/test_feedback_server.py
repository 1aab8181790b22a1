"""The endpoint of feedback, asked as an application, and as one who means no good, would."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import dataqa as command

from dataqa.errors import InputError
from dataqa.feedback import open_store
from dataqa.feedback.server import Serving, endpoint

GOOD = {"prompt": "a", "answer": "b", "thumb": "up"}
TOKEN = "0123456789abcdef0123"


@contextmanager
def served(store: Path, **how: Any) -> Generator[int]:
    with endpoint(Serving(store, port=0, **how)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def asked(
    port: int, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    data = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    told = {"Content-Type": "application/json"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, data, told)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    head = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, msgspec.json.decode(content) if content else None, head


def test_what_is_posted_is_kept_and_may_be_deleted(tmp_path: Path):
    with served(tmp_path) as port:
        assert asked(port, "GET", "/health")[:2] == (200, {"ok": True})
        status, told, head = asked(port, "POST", "/feedback", {**GOOD, "edit": "c", "user": None})
        assert status == 201
        assert "access-control-allow-origin" not in head
        with open_store(tmp_path) as store:
            (kept,) = store.records()
        assert (kept.id, kept.said.edit) == (told["id"], "c")
        assert asked(port, "DELETE", f"/feedback/{kept.id}")[:2] == (200, {"hidden": 1})
        with open_store(tmp_path) as store:
            assert [*store.records()] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/feedback", b"{", {}, 400),
        ("POST", "/feedback", b"[1]", {}, 400),
        ("POST", "/feedback", b"\xff\xfe", {}, 400),
        ("POST", "/feedback", b"[" * 100_000, {}, 400),
        ("POST", "/feedback", {"prompt": "secret"}, {}, 400),
        ("POST", "/feedback", {**GOOD, "secret": 1}, {}, 400),
        ("POST", "/feedback", {**GOOD, "store": "/tmp/other"}, {}, 400),
        ("POST", "/feedback", {**GOOD, "thumb": "secret"}, {}, 400),
        ("POST", "/feedback", {**GOOD, "favourite": "secret", "flags": {"a": 1}}, {}, 400),
        ("POST", "/feedback", GOOD, {"Content_Type": "text/plain"}, 415),
        ("POST", "/feedback", b"x" * (1 << 20 | 1), {}, 413),
        ("POST", "/feedback", GOOD, {"Transfer_Encoding": "chunked"}, 411),
        ("POST", "/feedback", GOOD, {"Content_Length": "-5"}, 411),
        ("POST", "/feedback", GOOD, {"Content_Length": "9" * 40}, 413),
        ("POST", "/feedback", GOOD, {"Host": "evil.example"}, 403),
        ("POST", "/feedback", GOOD, {"Origin": "https://evil.example"}, 403),
        ("POST", "/other", GOOD, {}, 404),
        ("GET", "/feedback", None, {}, 404),
        ("DELETE", "/feedback/", None, {}, 404),
        ("OPTIONS", "/feedback", None, {"Origin": "https://evil.example"}, 403),
        ("PATCH", "/feedback", None, {}, 501),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_json_without_its_words(
    tmp_path: Path, method: str, path: str, body: Any, headers: dict[str, str], status: int
):
    with served(tmp_path) as port:
        try:
            told = asked(port, method, path, body, **headers)
        except (ConnectionError, http.client.HTTPException):
            # a body that is refused unread may end the connection before the answer is read
            assert status == 413
        else:
            assert told[0] == status
            assert set(told[1]) <= {"error", "hint"}
            assert "secret" not in str(told[1])
        assert asked(port, "POST", "/feedback", GOOD)[0] == 201
    with open_store(tmp_path) as store:
        assert store.count() == (1, 0)


def test_a_token_is_asked_for_where_there_is_one(tmp_path: Path):
    with served(tmp_path, token=TOKEN) as port:
        for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}):
            assert asked(port, "POST", "/feedback", GOOD, **wrong)[0] == 401
            assert asked(port, "DELETE", "/feedback/x", **wrong)[0] == 401
        right = {"Authorization": f"Bearer {TOKEN}", "Host": "feedback.example.com"}
        assert asked(port, "POST", "/feedback", GOOD, **right)[0] == 201


def test_pages_of_a_named_origin_may_post(tmp_path: Path):
    origin = "https://chat.example.com"
    with served(tmp_path, origin=origin) as port:
        status, _, head = asked(port, "OPTIONS", "/feedback", Origin=origin)
        assert (status, head["access-control-allow-origin"]) == (200, origin)
        assert asked(port, "POST", "/feedback", GOOD, Origin=origin)[0] == 201
        assert asked(port, "POST", "/feedback", GOOD, Origin="https://evil.example")[0] == 403


@pytest.mark.parametrize("how", [{"host": "0.0.0.0"}, {"token": "short"}, {"token": "é" * 20}])
def test_an_open_door_is_not_made(tmp_path: Path, how: dict[str, str]):
    with pytest.raises(InputError, match="token"), endpoint(Serving(tmp_path, port=0, **how)):
        pass


def test_a_taken_port_is_told(tmp_path: Path):
    with (
        served(tmp_path) as port,
        pytest.raises(InputError, match="cannot listen"),
        endpoint(Serving(tmp_path, port=port)),
    ):
        pass


def test_a_repeated_post_adds_nothing_and_another_is_a_conflict(tmp_path: Path):
    with served(tmp_path) as port:
        for _ in range(2):
            assert asked(port, "POST", "/feedback", {**GOOD, "id": "r1"})[0] == 201
        assert asked(port, "POST", "/feedback", {**GOOD, "id": "r1", "thumb": "down"})[0] == 409
    with open_store(tmp_path) as store:
        assert store.count() == (1, 0)


def test_one_who_says_nothing_keeps_nobody_waiting(tmp_path: Path):
    with served(tmp_path) as port, socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"POST /feedback HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert asked(port, "POST", "/feedback", GOOD)[0] == 201
        with socket.create_connection(("127.0.0.1", port)) as noise:
            noise.sendall(b"\x16\x03\x01 garbage\r\n\r\n")
            assert b"error" in noise.recv(4096)


def test_many_post_at_once(tmp_path: Path):
    codes: list[int] = []
    with served(tmp_path) as port:

        def post(name: int) -> None:
            for at in range(10):
                told = asked(port, "POST", "/feedback", {**GOOD, "id": f"{name}.{at}"})
                codes.append(told[0])

        threads = [threading.Thread(target=post, args=(name,)) for name in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert codes == [201] * 50
    with open_store(tmp_path) as store:
        assert store.count() == (50, 0)


def test_the_command_serves_until_it_is_stopped(tmp_path: Path):
    words = ["feedback", "serve", "--store", str(tmp_path), "--port", "0", "--key", "env:TOKEN"]
    started = subprocess.Popen(
        [sys.executable, "-u", "-m", "dataqa", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TOKEN": TOKEN},
    )
    assert started.stdout is not None
    port = int(started.stdout.readline().rpartition(":")[2].partition("/")[0])
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert asked(port, "POST", "/feedback", GOOD, **right)[0] == 201
    started.send_signal(signal.SIGTERM)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out, err.strip()) == (0, "", "stopped")


def test_the_command_refuses_what_is_unsafe(tmp_path: Path):
    serve = ("feedback", "serve", "--store", tmp_path)
    assert command(*serve, "--host", "0.0.0.0").code == 2
    told = command(*serve, "--key", "0123456789abcdef")
    assert told.code == 2
    assert "0123456789abcdef" not in told.err
