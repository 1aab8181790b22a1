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

import hmac
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, override
from urllib.parse import urlsplit

import msgspec

from dataqa.errors import DataqaError, InputError
from dataqa.feedback.said import MOST
from dataqa.feedback.store import open_store, record

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORT = 8077
_PATIENCE = 10.0
"""Seconds that a caller may take for each piece of a request."""
_FIELDS = ("prompt", "answer", "thumb", "edit", "favourite", "flags", "user", "id")


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


class _Refused(Exception):  # noqa: N818 - a refusal is no error of ours
    def __init__(self, status: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.status, self.what, self.hint = status, what, hint


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
        server = _Server((how.host, how.port), _handler(how))
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

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is nobody's concern; and a traceback may quote it."""


def _handler(how: Serving) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
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

        def _answered(self, what: Any) -> None:
            try:
                status, told = what()
            except _Refused as refused:
                # a body that was not read would be taken for the next request
                self.close_connection = True
                status, told = refused.status, _error(refused.what, refused.hint)
            except InputError as error:
                what = f"{error.where}: {error.what}" if error.where else error.what
                taken = error.where == "id" and "another record" in error.what
                status, told = (409 if taken else 400), _error(what, error.hint)
            except (DataqaError, OSError, msgspec.MsgspecError):
                self.close_connection = True
                status, told = 500, _error("it could not be kept", "see the server's disk")
            self._send(status, told)

        def _get(self) -> tuple[int, dict[str, Any]]:
            if self.path != "/health":
                raise _Refused(404, "no such path", "POST /feedback")
            return 200, {"ok": True}

        def _post(self) -> tuple[int, dict[str, Any]]:
            self._admit()
            if self.path != "/feedback":
                raise _Refused(404, "no such path", "POST /feedback")
            told = self._body()
            return 201, {"id": record(**told, store=how.store)}

        def _delete(self) -> tuple[int, dict[str, Any]]:
            self._admit()
            head, _, number = self.path.rpartition("/")
            if head != "/feedback" or not number:
                raise _Refused(404, "no such path", "DELETE /feedback/ID")
            with open_store(how.store) as store:
                return 200, {"hidden": store.hide([number])}

        def _options(self) -> tuple[int, dict[str, Any]]:
            if not how.origin or self.headers.get("Origin") != how.origin:
                raise _Refused(403, "no page may post here", "--origin names one that may")
            return 200, {"ok": True}

        def _admit(self) -> None:
            """Let in who may post."""
            if how.token:
                given = self.headers.get("Authorization", "")
                if not hmac.compare_digest(given.encode(), f"Bearer {how.token}".encode()):
                    raise _Refused(401, "the token is missing or wrong", "Authorization: Bearer …")
            elif not _here(self.headers.get("Host", "")):
                raise _Refused(403, "another host is meant", "without a token: 127.0.0.1")
            origin = self.headers.get("Origin")
            if origin is not None and origin != how.origin:
                raise _Refused(403, "no page may post here", "--origin names one that may")

        def _body(self) -> dict[str, Any]:
            if self.headers.get_content_type() != "application/json":
                raise _Refused(415, "JSON is wanted", "Content-Type: application/json")
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or self.headers.get("Transfer-Encoding"):
                raise _Refused(411, "how long is it?", "give Content-Length")
            if int(length) > MOST:
                raise _Refused(413, f"more than {MOST:,} bytes")
            data = self.rfile.read(int(length))
            if len(data) < int(length):
                raise _Refused(400, "the body ends too soon")
            return _fields(data)

        def _send(self, status: int, told: Mapping[str, Any]) -> None:
            data = msgspec.json.encode(told)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Content-Type-Options", "nosniff")
            if how.origin:
                self.send_header("Access-Control-Allow-Origin", how.origin)
                self.send_header("Access-Control-Allow-Headers", "authorization, content-type")
                self.send_header("Access-Control-Allow-Methods", "POST, DELETE")
                self.send_header("Vary", "Origin")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        @override
        def send_error(
            self, code: int, message: str | None = None, explain: str | None = None
        ) -> None:
            """What ``http.server`` refuses by itself, as JSON."""
            del message, explain
            self.close_connection = True
            self.command = getattr(self, "command", None) or "GET"
            self.request_version = getattr(self, "request_version", "") or "HTTP/1.1"
            self._send(code, _error("no such method" if code == 501 else "no request"))

        @override
        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler


def _fields(data: bytes) -> dict[str, Any]:
    """The arguments of ``record`` in a body.

    Raises:
        InputError: It is no such object; nothing of it is quoted.
    """
    hint = f"an object with {', '.join(_FIELDS)}"
    try:
        told = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InputError("no JSON object", where="body", hint=hint) from None
    if not set(told) <= set(_FIELDS):
        raise InputError("an unknown field", where="body", hint=hint)
    lacking = [name for name in ("prompt", "answer") if name not in told]
    if lacking:
        raise InputError(f"no {lacking[0]}", where="body", hint=hint)
    return {name: value for name, value in told.items() if value is not None}


def _error(what: str, hint: str = "") -> dict[str, Any]:
    return {"error": what, "hint": hint} if hint else {"error": what}


def _here(host: str) -> bool:
    """Whether a request means this machine: a page's name may be made to lead here."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
