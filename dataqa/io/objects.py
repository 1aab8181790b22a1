"""Objects in S3, Google and Azure storage: the one module that talks to obstore.

Requests that a store refuses for the moment are tried again, by obstore, for a bounded time; what
stays wrong is told without the store's own words, which may hold keys.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io.credentials import of_profile
from dataqa.io.urls import parse

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore

PATIENCE = "DATAQA_STORE_SECONDS"
"""For how many seconds a request is tried again; by default 120."""
_MULTIPART = 16 << 20
"""Above so many bytes an upload is made of parts of so many."""
_RELEVANT = ("AWS_", "GOOGLE_", "AZURE_", "MSI_", "IDENTITY_", "DATAQA_STORE", "HOME")
_AGAIN = "run again to continue: what is finished is kept"


class Meta(NamedTuple):
    """What a store knows of an object: its URL, bytes, time by the store's clock, version."""

    url: str
    size: int
    modified: datetime
    etag: str


def head(url: str) -> Meta | None:
    """What is known of an object, ``None`` where there is none."""
    import obstore  # noqa: PLC0415 - an extra

    base, key = parse(url)
    if not key:
        return None
    with_told = _asked(url, lambda store: obstore.head(store, key))
    return None if with_told is None else _meta(base, with_told)


def listing(url: str) -> Iterator[Meta]:
    """Everything below a prefix that is taken as a folder, in the order of keys.

    Raises:
        InputError: There is no such bucket, or it may not be listed.
    """
    import obstore  # noqa: PLC0415

    base, key = parse(url)
    found = _asked(url, lambda store: obstore.list(store, key or None, chunk_size=1000).collect())
    if found is None:
        raise _no_bucket(base)
    return iter(sorted(_meta(base, one) for one in found if one["path"] != key))


def children(url: str) -> list[str]:
    """The names directly below a prefix, those of folders too."""
    import obstore  # noqa: PLC0415

    _, key = parse(url)
    found = _asked(url, lambda store: obstore.list_with_delimiter(store, key or None))
    if found is None:
        return []
    paths = [*found["common_prefixes"], *(one["path"] for one in found["objects"])]
    return sorted({path.rstrip("/").rpartition("/")[2] for path in paths})


def get(url: str) -> bytes | None:
    """An object's bytes, ``None`` where there is none."""
    import obstore  # noqa: PLC0415

    key = parse(url).key
    return _asked(url, lambda store: bytes(obstore.get(store, key).bytes()))


def get_range(meta: Meta, start: int, end: int) -> bytes:
    """The bytes from ``start`` to before ``end`` of that version of an object.

    A shorter answer than was asked for is asked for again.

    Raises:
        InputError: The object is another one now, or gone.
        RunError: The store does not answer.
    """
    import obstore  # noqa: PLC0415

    key = parse(meta.url).key
    options: GetOptions = {"range": (start, end)}
    if meta.etag:
        options["if_match"] = meta.etag

    def read(store: ObjectStore) -> bytes:
        return bytes(obstore.get(store, key, options=options).bytes())

    for _ in range(3):
        data = _asked(meta.url, read)
        if data is None:
            raise InputError(
                "is gone since the run began", where=meta.url, hint="put it back, then run again"
            )
        if len(data) == end - start:
            return data
    raise RunError("the store gives less than it promised", where=meta.url, hint=_AGAIN)


def put(url: str, what: bytes | Path) -> str:
    """Put an object whole, over an older one; its version."""
    import obstore  # noqa: PLC0415

    key = parse(url).key
    size = len(what) if isinstance(what, bytes) else what.stat().st_size
    told = _asked(
        url,
        lambda store: obstore.put(
            store, key, what, use_multipart=size > _MULTIPART, chunk_size=_MULTIPART
        ),
    )
    if told is None:
        raise _no_bucket(parse(url).base)
    return told["e_tag"] or ""


def create(url: str, data: bytes) -> bool:
    """Put an object only if there is none of that name; whether it was put."""
    import obstore  # noqa: PLC0415
    from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

    key = parse(url).key

    def make(store: ObjectStore) -> bool:
        try:
            obstore.put(store, key, data, mode="create")
        except (AlreadyExistsError, PreconditionError):
            return False
        return True

    made = _asked(url, make)
    if made is None:
        raise _no_bucket(parse(url).base)
    return made


def copy(old: str, new: str) -> None:
    """Copy an object within its bucket, over an older one."""
    import obstore  # noqa: PLC0415

    source, target = parse(old), parse(new)
    _asked(old, lambda store: obstore.copy(store, source.key, target.key))


def delete(urls: Sequence[str]) -> None:
    """Remove objects of one bucket; one that is not there is fine."""
    import obstore  # noqa: PLC0415

    if len(urls) == 1:
        _asked(urls[0], lambda store: obstore.delete(store, parse(urls[0]).key))
        return
    for at in range(0, len(urls), 1000):
        keys = [parse(url).key for url in urls[at : at + 1000]]
        # some stores fail for one that is gone already: then each is asked for alone
        if _asked(urls[at], lambda store, keys=keys: (obstore.delete(store, keys), True)) is None:
            for url in urls[at : at + 1000]:
                delete([url])


def _meta(base: str, told: Any) -> Meta:
    return Meta(f"{base}/{told['path']}", told["size"], told["last_modified"], told["e_tag"] or "")


def _asked[T](url: str, ask: Callable[[ObjectStore], T]) -> T | None:
    """An answer, ``None`` for "not found"; every other refusal is told in our words."""
    store = _store_of(url)
    try:
        return ask(store)
    except FileNotFoundError:
        return None
    except DataqaError:
        raise
    except Exception as error:  # noqa: BLE001 - obstore's, and what its client raises
        told = _told(error, url)
        if told is None:
            return None
        raise told from None


def _store_of(url: str) -> ObjectStore:
    seen = tuple(sorted(one for one in os.environ.items() if one[0].startswith(_RELEVANT)))
    return _client(parse(url).base, seen)


@lru_cache(maxsize=16)
def _client(base: str, environment: tuple[tuple[str, str], ...]) -> ObjectStore:
    """The client of a bucket; another one when what it is made from has changed."""
    try:
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError:
        raise InputError(
            "object storage needs the extra `objects`",
            where=base,
            hint="pip install 'dataqa[objects]'",
        ) from None
    given = dict(environment)
    patience = timedelta(seconds=_seconds(given.get(PATIENCE, "120")))
    settings: dict[str, Any] = {}
    client: dict[str, Any] = {"timeout": timedelta(seconds=60), "connect_timeout": "10s"}
    if base.startswith("s3"):
        # single deletions are free, and not every store has the other kind
        settings = {**of_profile(given), "disable_bulk_delete": True}
        client["allow_http"] = given.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes"}
    client["timeout"] = min(client["timeout"], patience)
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10)}
    retries = {"max_retries": 50, "retry_timeout": patience, "backoff": {**backoff, "base": 2}}
    make: Any = from_url
    try:
        return make(
            base.replace("s3a:", "s3:"), **settings, client_options=client, retry_config=retries
        )
    except Exception as error:  # noqa: BLE001
        told = _told(error, base)
        raise (told or InputError("cannot be opened", where=base)) from None


def _seconds(told: str) -> float:
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise InputError("must be a number of seconds", where=PATIENCE, hint="for example 120")
    return seconds


def _no_bucket(base: str) -> InputError:
    return InputError(
        "there is no such bucket", where=base, hint="make it first, or check its name"
    )


def _told(error: Exception, url: str) -> DataqaError | None:  # noqa: PLR0911 - one per cause
    """What a failure means; ``None`` for "not found"."""
    from obstore.exceptions import (  # noqa: PLC0415
        PermissionDeniedError,
        PreconditionError,
        UnauthenticatedError,
    )

    said = str(error)
    status = found[1] if (found := re.search(r"status code: (\d{3})", said)) else ""
    code = found[1] if (found := re.search(r"<Code>(\w+)</Code>", said)) else ""
    if code == "NoSuchBucket":
        return _no_bucket(parse(url).base)
    if status == "404":
        return None
    if isinstance(error, PreconditionError):
        return InputError(
            "has changed while it was being read",
            where=url,
            hint="see that nobody writes to it, then run again",
        )
    if re.search(r"latest/api/token|latest/meta-data|computeMetadata|metadata/identity", said):
        return InputError(
            "there is no login for this bucket", where=url, hint=_logins(parse(url).base)
        )
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in {"401", "403"}:
        why = f" ({code})" if code else ""
        return InputError(f"permission denied{why}", where=url, hint=_logins(parse(url).base))
    if status in {"301", "307"} or "region" in said.partition("Debug source")[0].lower():
        return InputError("the bucket is in another region", where=url, hint="set AWS_REGION")
    if "BadScheme" in said or "URL scheme is not allowed" in said:
        return InputError(
            "the endpoint is not encrypted (http://)",
            where=url,
            hint="export AWS_ALLOW_HTTP=true if the network between is yours",
        )
    if "source: HttpError" not in said and "RetryError" not in said and not status:
        known = re.search(r"Missing\w+|Unknown\w+|Invalid\w+", said)
        why = f": {known[0]}" if known else ""
        hint = _logins(parse(url).base)
        return InputError(f"the client cannot be made{why}", where=url, hint=hint)
    if status and not status.startswith("5") and status not in {"408", "429"}:
        return RunError(f"the store refuses: {status} {code}".rstrip(), where=url, hint=_AGAIN)
    what = f"{status} {code}".strip() or "it cannot be reached, or breaks off"
    return RunError(
        f"the store does not answer: {what}",
        where=url,
        hint=f"{_AGAIN}; {PATIENCE} says how long one request is tried",
    )


def _logins(base: str) -> str:
    if base.startswith("s3"):
        return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if base.startswith("gs"):
        return "set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
    return "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or a SAS key"
