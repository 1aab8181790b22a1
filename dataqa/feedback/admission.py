"""Who may post feedback, and what a request must be; nothing of a request is quoted."""

from __future__ import annotations

import hmac
from email.message import Message
from io import BufferedIOBase
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dataqa.errors import InputError
from dataqa.feedback.said import MOST

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FIELDS = ("prompt", "answer", "thumb", "edit", "favourite", "flags", "user", "id")


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.status, self.what, self.hint = status, what, hint


def admit(headers: Message, token: str, origin: str) -> None:
    """Let in who may post.

    Args:
        headers: Of the request.
        token: That it must show; empty for none.
        origin: Whose pages may post; empty for no page's.

    Raises:
        RefusedError: It may not.
    """
    if token:
        given = headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise RefusedError(401, "the token is missing or wrong", "Authorization: Bearer …")
    elif not means_this_machine(headers.get("Host", "")):
        raise RefusedError(403, "another host is meant", "without a token: 127.0.0.1")
    page = headers.get("Origin")
    if page is not None and page != origin:
        raise RefusedError(403, "no page may post here", "--origin names one that may")


def body_of(headers: Message, file: BufferedIOBase) -> bytes:
    """The body of a request, which is only read where it is JSON and not too long.

    Raises:
        RefusedError: It is not.
    """
    if headers.get_content_type() != "application/json":
        raise RefusedError(415, "JSON is wanted", "Content-Type: application/json")
    length = headers.get("Content-Length", "")
    if not (length.isascii() and length.isdecimal()) or headers.get("Transfer-Encoding"):
        raise RefusedError(411, "how long is it?", "give Content-Length")
    if len(length) > 12 or int(length) > MOST:
        raise RefusedError(413, f"more than {MOST:,} bytes")
    data = file.read(int(length))
    if len(data) < int(length):
        raise RefusedError(400, "the body ends too soon")
    return data


def fields_of(data: bytes) -> dict[str, Any]:
    """The arguments of ``record`` in a body; what is null is left out.

    Raises:
        InputError: It is no such object.
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


def means_this_machine(host: str) -> bool:
    """Whether a request's host is this machine: a page's own name may be made to lead here.

    >>> [means_this_machine(host) for host in ("127.0.0.1:8077", "[::1]:80", "evil.example")]
    [True, True, False]
    """
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
