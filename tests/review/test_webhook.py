"""The receiver of webhooks: answers at once, believes nothing, wakes who waits."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from commands import dataqa as command
from reviews import ledger_of

from dataqa.errors import InputError
from dataqa.review.server.pulling import Pulled
from dataqa.review.server.webhook import listening, place_of, waiting


def call(port: int, body: bytes = b'{"action": "ANNOTATION_CREATED"}', method: str = "POST") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, "/anything", body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_call_wakes_and_silence_does_not():
    with listening(0) as waker:
        assert not waker.wait(0.05)
        assert call(waker.port) == 204
        assert waker.wait(5)
        assert not waker.wait(0.05)


def test_calls_that_come_together_wake_once():
    with listening(0) as waker:
        for _ in range(5):
            call(waker.port)
        assert waker.wait(5)
        assert not waker.wait(0.05)


@pytest.mark.parametrize("body", [b"", b"\xff" * 500_000, b"{" * 1000, b"null"])
def test_whatever_it_says_it_is_answered(body: bytes):
    with listening(0) as waker:
        assert call(waker.port, body) == 204
        assert waker.wait(5)


def test_it_is_answered_before_the_body_has_come():
    with listening(0) as waker, socket.create_connection(("127.0.0.1", waker.port)) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        slow.settimeout(5)
        assert slow.recv(100).startswith(b"HTTP/1.0 204")
        assert waker.wait(5)


def test_only_posts_wake_and_silent_callers_hold_nobody_up():
    with listening(0) as waker, socket.create_connection(("127.0.0.1", waker.port)):
        assert call(waker.port, method="GET") == 501
        assert not waker.wait(0.05)
        assert call(waker.port) == 204
        assert waker.wait(5)


def test_a_taken_port_is_told():
    with (
        listening(0) as waker,
        pytest.raises(InputError, match="cannot listen"),
        listening(waker.port),
    ):
        pass


@pytest.mark.parametrize("told", ["x", "", "1:", "99999", "host:-1"])
def test_what_is_no_port_is_told(told: str):
    with pytest.raises(InputError):
        place_of(told)


def test_without_a_receiver_one_sleeps():
    with waiting(None) as wait:
        begun = time.monotonic()
        wait(0.02)
        assert time.monotonic() - begun >= 0.02


def test_pull_follows_and_is_woken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command pulls as soon as it is called; what it is told is not what is tested here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ledger_of(tmp_path, "quality"):
        pass
    times: list[float] = []

    def pull(*words: Any, full: bool) -> Pulled:
        times.append(time.monotonic())
        if len(times) == 3:
            raise KeyboardInterrupt
        threading.Timer(0.2, call, (port,)).start()
        return Pulled(new=len(times))

    monkeypatch.setattr("dataqa.review.server.pulling.pull", pull)

    def server(where: object) -> AbstractContextManager[None]:
        return nullcontext()

    monkeypatch.setattr("dataqa.review.reviews.server", server)
    told = command("review", "pull", tmp_path, "--follow", 600, "--webhook", port)
    assert (told.code, len(times)) == (1, 3)
    assert times[-1] - times[0] < 60
    assert "2 new" in told.out
    assert command("review", "pull", tmp_path, "--webhook", port).code == 2
