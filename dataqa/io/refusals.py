"""What an object store's refusals mean, in our words: the store's own may hold keys."""

from __future__ import annotations

import re
from typing import NamedTuple

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io.urls import parse

PATIENCE = "DATAQA_STORE_SECONDS"
"""For how many seconds a request is tried again; by default 120."""
AGAIN = "run again to continue: what is finished is kept"
_METADATA = re.compile(
    r"https?://[^/\s]+/latest/(?:api|meta-data)|metadata\.google\.internal|//169\.254\."
)
"""Where a client asks for a login that nobody gave it."""


_DENIED = {"PermissionDeniedError", "UnauthenticatedError"}
_PLAIN = (
    "the endpoint is not encrypted (http://)",
    "export AWS_ALLOW_HTTP=true if the network between is yours",
)
_EMPTY = (
    "has or holds a key with an empty part, `//`, which cannot be read",
    "give such objects another key",
)
_TOLD = (
    ("BadScheme", *_PLAIN),
    ("URL scheme is not allowed", *_PLAIN),
    ("contained empty path segment", *_EMPTY),
)
"""The client's words, what they mean, and a hint."""


class Lost(RunError):  # noqa: N818 - a state of a connection
    """A connection that could not be made or was lost."""


def no_bucket(base: str) -> InputError:
    """The error for a bucket that is not there."""
    return InputError(
        "there is no such bucket", where=base, hint="make it first, or check its name"
    )


def changed(url: str) -> InputError:
    """The error for an object that is another one now."""
    hint = "see that nobody writes to it, then run again"
    return InputError("has changed while it was being read", where=url, hint=hint)


class _Said(NamedTuple):
    """What a refusal tells: obstore's kind, the status and the store's code, if any, and all."""

    kind: str
    status: str
    code: str
    text: str


def refusal(error: Exception, url: str) -> DataqaError | None:
    """What a failure means; ``None`` for "not found".

    Args:
        error: What obstore raised.
        url: What was asked for.
    """
    text = str(error)
    status = found[1] if (found := re.search(r"status code: (\d{3})", text)) else ""
    code = found[1] if (found := re.search(r"<Code>(\w+)</Code>", text)) else ""
    said = _Said(type(error).__name__, status, code, text)
    mistake = _mistake(said, url)
    if mistake is not None or status == "404":
        return mistake
    told = f"{status} {code}".rstrip()
    if status and not status.startswith("5") and status not in {"408", "429"}:
        return RunError(f"the store refuses: {told}", where=url, hint=AGAIN)
    hint = f"{AGAIN}; {PATIENCE} says how long one request is tried"
    if not status:
        what = "the store does not answer: it cannot be reached, or breaks off"
        return Lost(what, where=url, hint=hint)
    return RunError(f"the store does not answer: {told}", where=url, hint=hint)


def _mistake(said: _Said, url: str) -> InputError | None:  # noqa: PLR0911 - one per cause
    """What is the user's to mend."""
    base = parse(url).base
    if _METADATA.search(said.text):
        return InputError("there is no login for this bucket", where=url, hint=logins(base))
    if said.code == "NoSuchBucket":
        return no_bucket(base)
    if said.kind == "PreconditionError":
        return changed(url)
    if said.kind in _DENIED or said.status in {"401", "403"}:
        why = f" ({said.code})" if said.code else ""
        return InputError(f"permission denied{why}", where=url, hint=logins(base))
    if said.status in {"301", "307"} or "redirect without LOCATION" in said.text:
        return InputError("the bucket is in another region", where=url, hint="set AWS_REGION")
    for words, what, hint in _TOLD:
        if words in said.text:
            return InputError(what, where=url, hint=hint)
    return None


def logins(base: str) -> str:
    """How a login is given."""
    if base.startswith("s3"):
        return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if base.startswith("gs"):
        return "set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
    return "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or a SAS key"
