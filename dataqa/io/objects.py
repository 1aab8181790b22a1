"""Objects in S3, Google and Azure storage: the one module that talks to obstore.

Requests that a store refuses for the moment are tried again, by obstore, for a bounded time; what
stays wrong is told without the store's own words, which may hold keys.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io.credentials import of_profile
from dataqa.io.refusals import AGAIN, PATIENCE, Lost, changed, logins, no_bucket, refusal
from dataqa.io.urls import parse

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore

_MULTIPART = 16 << 20
"""Above so many bytes an upload is made of parts of so many."""
_RELEVANT = ("AWS_", "GOOGLE_", "AZURE_", "MSI_", "IDENTITY_", "DATAQA_STORE", "HOME")


class Meta(NamedTuple):
    """What a store knows of an object: its URL, bytes, time by the store's clock, version."""

    url: str
    size: int
    modified: datetime
    etag: str


def head(url: str) -> Meta | None:
    """What is known of an object, ``None`` where there is none."""
    obstore = _obstore()
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
    obstore = _obstore()
    base, key = parse(url)
    found = _asked(url, lambda store: obstore.list(store, key or None, chunk_size=1000).collect())
    if found is None:
        raise no_bucket(base)
    return iter(sorted(_meta(base, one) for one in found if one["path"] != key))


def children(url: str) -> list[str]:
    """The names directly below a prefix, those of folders too."""
    obstore = _obstore()
    _, key = parse(url)
    found = _asked(url, lambda store: obstore.list_with_delimiter(store, key or None))
    if found is None:
        return []
    paths = [*found["common_prefixes"], *(one["path"] for one in found["objects"])]
    return sorted({path.rstrip("/").rpartition("/")[2] for path in paths})


def get(url: str) -> bytes | None:
    """An object's bytes, ``None`` where there is none."""
    obstore = _obstore()
    key = parse(url).key
    return _asked(url, lambda store: bytes(obstore.get(store, key).bytes()))


def get_range(meta: Meta, start: int, end: int) -> bytes:
    """The bytes from ``start`` to before ``end`` of that version of an object.

    A shorter answer than was asked for is asked for again.

    Raises:
        InputError: The object is another one now, or gone.
        RunError: The store does not answer.
    """
    obstore = _obstore()
    key = parse(meta.url).key
    options: GetOptions = {"range": (start, end)}
    if meta.etag:
        options["if_match"] = meta.etag

    def read(store: ObjectStore) -> bytes:
        answer = obstore.get(store, key, options=options)
        if meta.etag and answer.meta["e_tag"] != meta.etag:  # not every store looks at `if_match`
            raise changed(meta.url)
        return bytes(answer.bytes())

    for _ in range(3):
        data = _asked(meta.url, read)
        if data is None:
            raise InputError(
                "is gone since the run began", where=meta.url, hint="put it back, then run again"
            )
        if len(data) == end - start:
            return data
    raise RunError("the store gives less than it promised", where=meta.url, hint=AGAIN)


def put(url: str, what: bytes | Path) -> str:
    """Put an object whole, over an older one; its version."""
    obstore = _obstore()
    key = parse(url).key
    size = len(what) if isinstance(what, bytes) else what.stat().st_size
    told = _asked(
        url,
        lambda store: obstore.put(
            store, key, what, use_multipart=size > _MULTIPART, chunk_size=_MULTIPART
        ),
    )
    if told is None:
        raise no_bucket(parse(url).base)
    return told["e_tag"] or ""


def create(url: str, data: bytes) -> bool:
    """Put an object only if there is none of that name; whether it was put."""
    obstore = _obstore()
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
        raise no_bucket(parse(url).base)
    return made


def copy(old: str, new: str) -> None:
    """Copy an object within its bucket, over an older one."""
    obstore = _obstore()
    source, target = parse(old), parse(new)
    _asked(old, lambda store: obstore.copy(store, source.key, target.key))


def delete(urls: Sequence[str]) -> None:
    """Remove objects of one bucket; one that is not there is fine."""
    obstore = _obstore()
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
    """An answer, ``None`` for "not found"; every other refusal is told in our words.

    obstore asks again where a store says that it is busy. A connection that is lost is not always
    among that, so it is asked again here: nothing that we ask does harm when it is done twice.
    """
    store, pause = _store_of(url), 0.1
    until = time.monotonic() + _patience(os.environ)
    while True:
        try:
            return ask(store)
        except FileNotFoundError:
            return None
        except DataqaError:
            raise
        except Exception as error:  # noqa: BLE001 - obstore's, and what its client raises
            told = refusal(error, url)
            if told is None:
                return None
            if not isinstance(told, Lost) or time.monotonic() + pause > until:
                raise told from None
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


def _obstore() -> ModuleType:
    """The library, which an extra brings.

    Raises:
        InputError: It is not installed.
    """
    try:
        import obstore  # noqa: PLC0415
    except ImportError:
        hint = "pip install 'dataqa[objects]'"
        raise InputError("object storage needs the extra `objects`", hint=hint) from None
    return obstore


def _store_of(url: str) -> ObjectStore:
    seen = tuple(sorted(one for one in os.environ.items() if one[0].startswith(_RELEVANT)))
    return _client(parse(url).base, seen)


@lru_cache(maxsize=16)
def _client(base: str, environment: tuple[tuple[str, str], ...]) -> ObjectStore:
    """The client of a bucket; another one when what it is made from has changed."""
    from obstore.store import from_url  # noqa: PLC0415

    given = dict(environment)
    patience = timedelta(seconds=_patience(given))
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
        known = re.search(r"(?:Missing|Unknown|Invalid|Unable|OpenCred)\w+", str(error))
        why = f" ({known[0]})" if known else ""
        hint = logins(base)
        raise InputError(f"no client can be made for it{why}", where=base, hint=hint) from None


def _patience(environment: Mapping[str, str]) -> float:
    try:
        seconds = float(environment.get(PATIENCE, "120"))
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise InputError("must be a number of seconds", where=PATIENCE, hint="for example 120")
    return seconds
