"""One request to an endpoint, and how it ended; the only module that touches the network.

Bodies of errors are not shown to anybody: a server may quote the document in them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.llm.endpoint import Endpoint, secret

if TYPE_CHECKING:
    import httpx

LONGEST = 32 << 20
"""Bytes of an answer; what is longer is no answer."""
_CODE = re.compile(r"[a-z][a-z0-9_]{1,40}")

type Failure = Literal[
    "", "connect", "timeout", "dropped", "unreadable", "busy", "server", "refused", "key", "absent"
]
PASSING: frozenset[Failure] = frozenset(
    {"connect", "timeout", "dropped", "unreadable", "busy", "server"}
)
"""Failures that may be over the next time."""
FREE: frozenset[Failure] = frozenset({"connect", "busy", "refused", "key", "absent"})
"""Failures in which no token was made."""


class Answer(NamedTuple):
    """How one request ended.

    Attributes:
        body: What the server answered; empty in a failure.
        failure: What went wrong; empty if nothing.
        status: Of HTTP; 0 where there was no answer.
        wait: Seconds that the server asked to wait, None if it did not.
        code: The server's own word for an error, such as ``context_length_exceeded``.
    """

    body: dict[str, Any]
    failure: Failure = ""
    status: int = 0
    wait: float | None = None
    code: str = ""


class Connection:
    """An open way to an endpoint, for many threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Read the key; nothing is sent yet.

        Raises:
            InputError: The extra or the key is missing.
        """
        try:
            import httpx  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            hint = "pip install 'dataqa[llm]'"
            raise InputError("models are asked with httpx", where="llm", hint=hint) from None
        key = secret(endpoint)
        self._endpoint = endpoint
        self._errors = httpx
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(endpoint.timeout, connect=min(endpoint.timeout, 20.0)),
            limits=httpx.Limits(max_connections=endpoint.concurrency),
            # a proxy of the environment is for the outside; and no text goes where it was not sent
            trust_env=not endpoint.local,
            follow_redirects=False,
        )

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        """Send a body as JSON to a path below the base."""
        return self._ended(
            lambda: self._client.stream("POST", self._endpoint.base + path, json=body)
        )

    def close(self) -> None:
        """End it."""
        self._client.close()

    def _ended(self, send: Callable[[], Any]) -> Answer:
        errors = self._errors
        try:
            with send() as response:
                data = self._read(response)
                return _answer(response, data)
        except (errors.ConnectError, errors.ConnectTimeout, errors.PoolTimeout):
            return Answer({}, "connect")
        except (errors.TimeoutException, TimeoutError):
            return Answer({}, "timeout")
        except (errors.DecodingError, OverflowError):
            return Answer({}, "unreadable")
        except errors.RequestError:
            return Answer({}, "dropped")

    def _read(self, response: httpx.Response) -> bytes:
        """The whole answer, unless it takes longer than one may, also in drops."""
        until = time.monotonic() + self._endpoint.timeout
        data = bytearray()
        for piece in response.iter_bytes():
            data += piece
            if time.monotonic() > until:
                raise TimeoutError
            if len(data) > LONGEST:
                raise OverflowError
        return bytes(data)


def _answer(response: httpx.Response, data: bytes) -> Answer:
    status = response.status_code
    body: Any = None
    with suppress(ValueError, RecursionError):
        body = json.loads(data, strict=False)
    if status == 200:
        ok = isinstance(body, dict) and "error" not in body
        return Answer(body, status=status) if ok else Answer({}, "unreadable", status)
    wait = seconds_to_wait(response.headers.get("retry-after", ""), time.time())
    return Answer({}, _failure(status), status, wait, _code(body))


def _failure(status: int) -> Failure:
    if status in {401, 403}:
        return "key"
    if status in {404, 405}:
        return "absent"
    if status in {408, 409, 425, 429}:
        return "busy"
    return "server" if status >= 500 else "refused"


def _code(body: Any) -> str:
    """The server's own word for an error, if it is a word: anything else may quote the text."""
    error = body.get("error") if isinstance(body, dict) else None
    found = (error.get("code"), error.get("type")) if isinstance(error, dict) else ()
    return next((one for one in found if isinstance(one, str) and _CODE.fullmatch(one)), "")


def seconds_to_wait(value: str, now: float) -> float | None:
    """What ``Retry-After`` asks, in seconds or as a date of HTTP.

    Args:
        value: The header.
        now: Seconds since 1970.

    >>> seconds_to_wait("7", 0.0), seconds_to_wait("Thu, 01 Jan 1970 00:01:00 GMT", 50.0)
    (7.0, 10.0)
    >>> seconds_to_wait("soon", 0.0)
    """
    try:
        return max(0.0, msgspec.convert(value, float, strict=False))
    except msgspec.ValidationError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
