"""A small HTTP endpoint for feedback: what an application posts is in the store when it answers.

    POST /feedback          {"prompt": …, "answer": …, "thumb": "up", …}  → 201 {"id": …}
    DELETE /feedback/ID     hides a record                                → 200 {"hidden": 1}
    GET /health             → 200 {"ok": true}

Everything else is an error, as JSON. It listens on this machine alone unless told otherwise, and
elsewhere only with a token. Web pages are kept out: without a token a request must name this
machine as its host, a body must be JSON, which a page of another origin may not send unasked, and
no origin is allowed unless one is named. Nothing of a request is logged.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, override

import msgspec

from dataqa.errors import DataqaError, InputError
from dataqa.feedback.admission import LOOPBACK, RefusedError, admit, body_of, fields_of
from dataqa.feedback.store import TakenError, open_store, record

type Told = tuple[int, dict[str, Any]]

PORT = 8077
_PATIENCE = 10.0
"""Seconds that a caller may take for each piece of a request."""


class Serving(NamedTuple):
    """How the endpoint serves.

    Attributes:
        store: The store's folder.
        host: The address of this machine that is listened at.
        port: 0 for any that is free.
        token: What callers must show as a bearer token; empty for none.
        origin: The origin whose web pages may post, such as ``https://chat.example.com``.
    """

    store: Path
    host: str = LOOPBACK[0]
    port: int = PORT
    token: str = ""
    origin: str = ""


@contextmanager
def endpoint(how: Serving) -> Generator[ThreadingHTTPServer]:
    """An endpoint that listens; ``serve_forever`` of it answers.

    Raises:
        InputError: It would listen beyond this machine without a token, the token is weak, the
            port is taken, or the store is damaged.
    """
    if how.host not in LOOPBACK and not how.token:
        hint = "--key env:NAME or file:PATH says where it is"
        raise InputError("beyond this machine a token is needed", where=how.host, hint=hint)
    if how.token and (len(how.token) < 16 or not how.token.isascii()):
        hint = "such as: python -c 'import secrets; print(secrets.token_hex(16))'"
        raise InputError("a token has 16 ASCII characters or more", where="--key", hint=hint)
    with open_store(how.store):
        pass
    try:
        server = _Server(how)
    except (OSError, OverflowError) as error:
        hint = "choose another port"
        where = f"{how.host}:{how.port}"
        raise InputError(f"cannot listen ({error})", where=where, hint=hint) from None
    try:
        yield server
    finally:
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, how: Serving) -> None:
        self.how = how
        self.address_family = socket.AF_INET6 if ":" in how.host else socket.AF_INET
        super().__init__((how.host, how.port), _Handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is nobody's concern; and a traceback may quote it."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "dataqa", ""

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def do_DELETE(self) -> None:
        self._answered(self._delete)

    def do_OPTIONS(self) -> None:
        self._answered(self._options)

    @property
    def _how(self) -> Serving:
        assert isinstance(self.server, _Server)
        return self.server.how

    def _answered(self, what: Callable[[], Told]) -> None:
        try:
            status, told = what()
        except RefusedError as refused:
            # a body that was not read would be taken for the next request
            self.close_connection = True
            status, told = refused.status, _error(refused.what, refused.hint)
        except InputError as error:
            what_is = f"{error.where}: {error.what}" if error.where else error.what
            status = 409 if isinstance(error, TakenError) else 400
            told = _error(what_is, error.hint)
        except (DataqaError, OSError):
            self.close_connection = True
            status, told = 500, _error("it could not be kept", "is the disk full?")
        self._send(status, told)

    def _get(self) -> Told:
        if self.path != "/health":
            raise RefusedError(404, "no such path", "POST /feedback")
        return 200, {"ok": True}

    def _post(self) -> Told:
        admit(self.headers, self._how.token, self._how.origin)
        if self.path != "/feedback":
            raise RefusedError(404, "no such path", "POST /feedback")
        told = fields_of(body_of(self.headers, self.rfile))
        return 201, {"id": record(**told, store=self._how.store)}

    def _delete(self) -> Told:
        admit(self.headers, self._how.token, self._how.origin)
        head, _, number = self.path.rpartition("/")
        if head != "/feedback" or not number:
            raise RefusedError(404, "no such path", "DELETE /feedback/ID")
        with open_store(self._how.store) as store:
            return 200, {"hidden": store.hide([number])}

    def _options(self) -> Told:
        if not self._how.origin or self.headers.get("Origin") != self._how.origin:
            raise RefusedError(403, "no page may post here", "--origin names one that may")
        return 200, {"ok": True}

    def _send(self, status: int, told: Mapping[str, Any]) -> None:
        data = msgspec.json.encode(told)
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        headers["X-Content-Type-Options"] = "nosniff"
        if self._how.origin:
            headers["Access-Control-Allow-Origin"] = self._how.origin
            headers["Access-Control-Allow-Headers"] = "authorization, content-type"
            headers["Access-Control-Allow-Methods"] = "POST, DELETE"
            headers["Vary"] = "Origin"
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What ``http.server`` refuses by itself, as JSON."""
        del message, explain
        self.close_connection = True
        self._send(code, _error("no such method" if code == 501 else "no request"))

    @override
    def log_message(self, format: str, *args: object) -> None:
        del format, args


def _error(what: str, hint: str = "") -> dict[str, Any]:
    return {"error": what, "hint": hint} if hint else {"error": what}
