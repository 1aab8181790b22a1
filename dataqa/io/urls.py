"""Places in object storage by their URL: what tells them from paths is here, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path, PosixPath
from typing import Any, NamedTuple

from dataqa.errors import InputError, did_you_mean

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss")
_REMOTE = re.compile(rf"({'|'.join(SCHEMES)}):/{{1,2}}(?=[^/]|$)")
_ANY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


class Url(NamedTuple):
    """A place: ``base`` is the scheme with the bucket, ``key`` what comes below it, or nothing."""

    base: str
    key: str


class RemotePath(PosixPath):
    """A URL where a folder's path is expected: it is joined like one and shown as it was written.

    Nothing is there for the system's calls; ``Store`` knows what is, and whoever goes around it is
    refused.

    >>> place("s3://bucket/clean/") / "report.html"
    RemotePath('s3://bucket/clean/report.html')
    """

    def __str__(self) -> str:
        """The URL; a path keeps one slash where there were two."""
        return _REMOTE.sub(r"\1://", super().__str__(), count=1)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: ARG002
        """Refuse: the system would make a folder of this name on this machine.

        Raises:
            InputError: Always.
        """
        raise _only_here(self)

    def open(self, *_: Any, **__: Any) -> Any:
        """Refuse.

        Raises:
            InputError: Always.
        """
        raise _only_here(self)

    def resolve(self, strict: bool = False) -> RemotePath:  # noqa: ARG002 - as in pathlib
        """Itself: there is nothing to follow."""
        return self


def is_remote(path: str | Path) -> bool:
    """Whether a path is a place in object storage.

    >>> [is_remote(path) for path in ("s3://bucket/a", "abfs://c@a.host/b", "s3/a", "-")]
    [True, True, False, False]
    """
    return isinstance(path, RemotePath) or _REMOTE.match(str(path)) is not None


def place(word: str | Path) -> Path:
    """A folder by its path or its URL.

    Raises:
        InputError: It is a URL of another kind, or one that does not name a bucket.
    """
    if is_remote(word):
        url = parse(word)
        return RemotePath(f"{url.base}/{url.key}")
    refuse_foreign(str(word))
    return Path(word)


def parse(path: str | Path) -> Url:
    """The bucket and the key of a URL; the key is without slashes at its ends.

    Raises:
        InputError: It names no bucket, or holds a password.

    >>> parse("s3://bucket/crawl/a.jsonl")
    Url(base='s3://bucket', key='crawl/a.jsonl')
    """
    scheme, _, rest = str(path).partition(":")
    if scheme not in SCHEMES:
        raise _unknown(scheme)
    bucket, _, key = rest.lstrip("/").partition("/")
    # abfs://container@account.host is no login, but nothing else is before an @
    if "@" in bucket and (not scheme.startswith("abfs") or ":" in bucket.partition("@")[0]):
        raise InputError(
            "a URL with a login in it is not taken, as it would be kept in manifests",
            where=f"{scheme}://…@{bucket.rpartition('@')[2]}",
            hint="leave the login out: it comes from the environment (docs/object-storage.md)",
        )
    if not bucket:
        raise InputError("names no bucket", where=str(path), hint=f"write {scheme}://BUCKET/PREFIX")
    return Url(f"{scheme}://{bucket}", key.strip("/"))


def refuse_foreign(path: str) -> None:
    """Raise for such a URL.

    Raises:
        InputError: Always for a URL that is not of object storage.
    """
    if (found := _ANY.match(path)) and not is_remote(path):
        raise _unknown(found[1])


def _only_here(path: RemotePath) -> InputError:
    return InputError(
        "this goes to files of this machine only, not to object storage",
        where=str(path),
        hint="write to a folder, then copy it there",
    )


def _unknown(scheme: str) -> InputError:
    near = did_you_mean(scheme, SCHEMES)
    return InputError(
        f"{scheme}:// is no object storage that is known",
        hint=near if "mean" in near else f"known: {', '.join(f'{one}://' for one in SCHEMES)}",
    )
