"""What an object store's refusals mean, in our words: the store's own may hold keys."""

from __future__ import annotations

import re

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io.urls import parse

PATIENCE = "DATAQA_STORE_SECONDS"
"""For how many seconds a request is tried again; by default 120."""
AGAIN = "run again to continue: what is finished is kept"
_METADATA = re.compile(
    r"https?://[^/\s]+/latest/(?:api|meta-data)|metadata\.google\.internal|//169\.254\."
)
"""Where a client asks for a login that nobody gave it."""


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


def refusal(error: Exception, url: str) -> DataqaError | None:  # noqa: PLR0911 - one per cause
    """What a failure means; ``None`` for "not found".

    Args:
        error: What obstore raised.
        url: What was asked for.
    """
    said, kind = str(error), type(error).__name__
    status = found[1] if (found := re.search(r"status code: (\d{3})", said)) else ""
    code = found[1] if (found := re.search(r"<Code>(\w+)</Code>", said)) else ""
    if _METADATA.search(said):
        return InputError(
            "there is no login for this bucket", where=url, hint=logins(parse(url).base)
        )
    if code == "NoSuchBucket":
        return no_bucket(parse(url).base)
    if kind == "InvalidPathError" or "Could not parse path" in said:
        return InputError(
            "has or holds a key with an empty part, `//`, which cannot be read",
            where=url,
            hint="give such objects another key",
        )
    if status == "404":
        return None
    if kind == "PreconditionError":
        return changed(url)
    if kind in {"PermissionDeniedError", "UnauthenticatedError"} or status in {"401", "403"}:
        why = f" ({code})" if code else ""
        return InputError(f"permission denied{why}", where=url, hint=logins(parse(url).base))
    if status in {"301", "307"} or "redirect without LOCATION" in said:
        return InputError("the bucket is in another region", where=url, hint="set AWS_REGION")
    if "BadScheme" in said or "URL scheme is not allowed" in said:
        return InputError(
            "the endpoint is not encrypted (http://)",
            where=url,
            hint="export AWS_ALLOW_HTTP=true if the network between is yours",
        )
    if status and not status.startswith("5") and status not in {"408", "429"}:
        return RunError(f"the store refuses: {status} {code}".rstrip(), where=url, hint=AGAIN)
    hint = f"{AGAIN}; {PATIENCE} says how long one request is tried"
    if not status:
        what = "the store does not answer: it cannot be reached, or breaks off"
        return Lost(what, where=url, hint=hint)
    return RunError(f"the store does not answer: {status} {code}".rstrip(), where=url, hint=hint)


def logins(base: str) -> str:
    """How a login is given."""
    if base.startswith("s3"):
        return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if base.startswith("gs"):
        return "set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
    return "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or a SAS key"
