"""Copies of objects on this machine, for readers that want a file.

A copy's name holds the version of the object that it is of, so that another version is another
file: nobody reads half of each, and no process has to ask another one. A copy may be deleted at any
time; it is brought again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from dataqa.errors import InputError
from dataqa.io.objects import Meta
from dataqa.io.ranges import open_version
from dataqa.io.urls import parse
from dataqa.kernels.cache import home

HOME = "DATAQA_MIRROR"
"""The folder for copies; by default ``objects`` in ``DATAQA_CACHE``."""
_KEPT = {"lock", "mirror"}
_BLOCK = 16 << 20


def folder_of(url: str) -> Path:
    """The folder for what is below a URL; another endpoint's bucket of that name has another.

    Raises:
        InputError: There is no folder that can be written.
    """
    base, key = parse(url)
    scheme, _, bucket = base.partition("://")
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
    top = Path(os.environ.get(HOME) or home() / "objects")
    there = hashlib.sha256(endpoint.encode()).hexdigest()[:8] if endpoint else "usual"
    folder = top / f"{scheme}-{there}" / bucket / key
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        top.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror}; copies of objects go there",
            where=str(folder),
            hint=f"set {HOME} to a folder of yours, with room",
        ) from None
    return folder


def copy_of(folder: Path, name: str, etag: str, size: int) -> Path:
    """Where the copy of a version of an object is, or would be."""
    version = hashlib.sha256(f"{etag} {size}".encode()).hexdigest()[:16]
    place = folder / name
    return place.with_name(f"{version}.{place.name}")


def absent(folder: Path, name: str) -> Path:
    """A path at which there is never a file: the copy of an object that is not there."""
    place = folder / name
    return place.with_name(f"absent.{place.name}")


def bring(meta: Meta, draft: Path) -> None:
    """Write an object's bytes to a file.

    Raises:
        InputError: It has changed or is gone meanwhile.
        RunError: The store does not answer.
    """
    with open_version(meta) as source, draft.open("wb") as target:
        shutil.copyfileobj(source, target, _BLOCK)


def drop(folder: Path, name: str, but: Path | None = None) -> None:
    """Delete the copies of an object, all or all but one."""
    place = folder / name
    if not place.parent.is_dir():
        return
    for path in place.parent.iterdir():
        if path.name.partition(".")[2] == place.name and path != but and path.is_file():
            path.unlink(missing_ok=True)


def clear(folder: Path, state: str) -> None:
    """Delete all copies below a folder, but for what is about who holds it."""
    for path in (*folder.iterdir(), *(folder / state).iterdir()):
        if path.name in {state, *_KEPT}:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
