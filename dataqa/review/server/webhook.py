"""A receiver for Label Studio's webhooks that does nothing but wake the puller.

Label Studio waits one second for an answer while an annotator waits for it, does not ask again, and
signs nothing. So every request is answered at once and believed in nothing: the pull that follows
asks the server itself what is new. A lost call costs nothing but the time to the next pull.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

from dataqa.errors import InputError

LOOPBACK = "127.0.0.1"
_PATIENCE = 1.0
"""Seconds that a caller may take to say what it wants."""
_GATHERED = 0.3
"""Seconds after a call in which others are taken together with it."""
_DRAINED = 1 << 20


class Waker:
    """Whether somebody called."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._called = threading.Event()

    def call(self) -> None:
        """Wake who waits."""
        self._called.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a call or so many seconds; whether there was one."""
        called = self._called.wait(seconds)
        if called:
            time.sleep(_GATHERED)
        self._called.clear()
        return called


@contextmanager
def listening(port: int, host: str = LOOPBACK) -> Generator[Waker]:
    """Take calls while the block runs.

    Args:
        port: Where; 0 for any that is free.
        host: The address of this machine that is listened at.

    Raises:
        InputError: The port is taken or not to be had.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE
        protocol_version = "HTTP/1.0"

        def do_POST(self) -> None:
            waker.call()
            self.send_response_only(204)
            self.end_headers()
            self.close_connection = True
            _let_go(self.connection)

        do_PUT = do_POST  # noqa: N815

        @override
        def log_message(self, format: str, *args: object) -> None:
            del format, args

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        @override
        def handle_error(self, request: object, client_address: object) -> None:
            """A caller that went away is nobody's concern."""

    try:
        server = Server((host, port), Handler)
    except (OSError, OverflowError) as error:
        hint = "choose another port"
        raise InputError(f"cannot listen ({error})", where=f"{host}:{port}", hint=hint) from None
    waker = Waker(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield waker
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def waiting(place: str | None) -> Generator[Callable[[float], object]]:
    """What waits for some seconds, or for a call if somebody is to be listened to.

    Args:
        place: ``PORT`` or ``HOST:PORT``; None to listen to nobody.
    """
    if place is None:
        yield time.sleep
        return
    host, port = place_of(place)
    with listening(port, host) as waker:
        yield waker.wait


def _let_go(connection: socket.socket) -> None:
    """End the connection such that the answer arrives: what was sent is thrown away unread."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        left = _DRAINED
        while left > 0 and (some := connection.recv(1 << 16)):
            left -= len(some)


def place_of(told: str) -> tuple[str, int]:
    """Host and port of ``PORT`` or ``HOST:PORT``.

    Raises:
        InputError: It is neither.

    >>> place_of("8090"), place_of("0.0.0.0:8090")
    (('127.0.0.1', 8090), ('0.0.0.0', 8090))
    """
    host, _, port = told.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise InputError("no port", where="--webhook", hint="such as 8090 or 0.0.0.0:8090")
    return host or LOOPBACK, int(port)
