"""An endpoint: where a model is, how fast it may be asked, and where its key is kept.

The key itself is read when a connection opens and is nowhere else: no setting, error or cache
holds it.
"""

from __future__ import annotations

import os
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from dataqa.environment import secret_at
from dataqa.errors import InputError

URL, MODEL, KEY = "DATAQA_LLM_ENDPOINT", "DATAQA_LLM_MODEL", "DATAQA_LLM_KEY"
"""Variables that stand for ``--endpoint``, ``--model`` and ``--key``."""
LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")

type AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
type Price = Annotated[float, msgspec.Meta(ge=0)]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of a server that speaks OpenAI's protocol.

    Attributes:
        url: The base, such as ``http://127.0.0.1:8080/v1``.
        model: The model's name there.
        key: Where its key is: ``env:NAME`` or ``file:PATH``; empty for a server without one.
        concurrency: So many requests at a time.
        timeout: Seconds that one answer may take.
        retries: So many times is one request tried again.
        requests_per_minute: 0 for any number.
        tokens_per_minute: In and out together; 0 for any number.
        price_in: US dollars per million tokens sent; None if that is not known.
        price_out: The same of tokens received.
    """

    url: str
    model: str
    key: str = ""
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=256)] = 4
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 120.0
    retries: Annotated[int, msgspec.Meta(ge=0, le=20)] = 5
    requests_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0
    tokens_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0
    price_in: Price | None = None
    price_out: Price | None = None

    def __post_init__(self) -> None:
        """See that it can be one, before anything is sent.

        Raises:
            InputError: It is no URL of HTTP, holds a password, or ``key`` is a key itself.
        """
        such = "the base of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1"
        check_url(self.url, "endpoint", such)
        if not self.model:
            raise InputError("no model is named", where="model", hint=f"--model, or {MODEL}")
        if self.key and self.key.partition(":")[0] not in {"env", "file"}:
            hint = "write env:NAME or file:PATH; never the key"
            raise InputError("not where a key is", where="key", hint=hint)

    @property
    def base(self) -> str:
        """The URL without a slash at its end: what the cache knows the endpoint by."""
        return self.url.rstrip("/")

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return bool(LOOPBACK.fullmatch(urlsplit(self.url).hostname or ""))


def check_url(url: str, where: str, such: str) -> None:
    """See that a URL is of a server, and that nothing in it could be a secret.

    Args:
        url: The URL; no message repeats it.
        where: What a message names.
        such: What it should be, as a hint.

    Raises:
        InputError: It is none, or holds a login, a query or a fragment.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError("no URL of a server", where=where, hint=such)
    if parts.username or parts.password or parts.query or parts.fragment:
        hint = "give the key as env:NAME or file:PATH"
        raise InputError("a URL with a secret or a query", where=where, hint=hint)


def endpoint(url: str = "", model: str = "", key: str = "", **more: float | None) -> Endpoint:
    """An endpoint from what a command was given, and else from the environment.

    Raises:
        InputError: No endpoint or model is named, or a value is not allowed.
    """
    found = url or os.environ.get(URL, "")
    if not found:
        hint = f"--endpoint http://127.0.0.1:8080/v1 --model NAME, or {URL} and {MODEL}"
        raise InputError("no endpoint is named", where="endpoint", hint=hint)
    given = {
        "url": found,
        "model": model or os.environ.get(MODEL, ""),
        "key": key or os.environ.get(KEY, ""),
        **more,
    }
    try:
        return msgspec.convert(given, Endpoint)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from None
        raise InputError(str(error), where="endpoint") from None


def secret(endpoint: Endpoint) -> str:
    """The key of an endpoint, read now; empty where it has none.

    Raises:
        InputError: It is not where it is said to be, or could not be sent in a header.
    """
    if not endpoint.key:
        return ""
    found = secret_at(endpoint.key)
    if not found or not found.isascii() or not found.isprintable():
        why = "there is no key there" if not found else "what is there is no key"
        hint = "export it, or put it into a file of one line that only you can read"
        raise InputError(why, where=endpoint.key, hint=hint)
    return found
