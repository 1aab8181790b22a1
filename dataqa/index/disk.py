"""The files in the folder of an index: written once, sealed, checked, swept; and its lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import msgspec

from dataqa.errors import InputError
from dataqa.io.store import told_of_disk

MANIFEST, LOCK, FILES = "manifest.json", "lock", "segments"
DRAFT = f"{MANIFEST}.draft"
_STEP = 8 << 20


class Stored(msgspec.Struct, frozen=True):
    """A file that does not change: its name, its size, and the BLAKE2b digest of its bytes."""

    name: str
    bytes: int
    digest: str


def seal(folder: Path, name: str) -> Stored:
    """Flush a finished file to the disk and digest it."""
    path = folder / FILES / name
    with told_of_disk(path), path.open("rb+") as file:
        os.fsync(file.fileno())
        return Stored(name, path.stat().st_size, _digest(path))


def check_sizes(folder: Path, files: Iterable[Stored]) -> None:
    """Check cheaply that files are whole.

    Raises:
        InputError: One is cut off, or longer than it was.
        FileNotFoundError: One is not there; perhaps a writer has just replaced it.
    """
    for file in files:
        path = folder / FILES / file.name
        size = path.stat().st_size
        if size != file.bytes:
            raise damaged(path, f"it has {size:,} bytes, not {file.bytes:,}")


def faults(folder: Path, files: Iterable[Stored]) -> list[str]:
    """Read every byte: which files are missing or not what they were, and how."""
    found: list[str] = []
    for file in files:
        path = folder / FILES / file.name
        if not path.is_file():
            found.append(f"{path}: is missing")
        elif _digest(path) != file.digest:
            found.append(f"{path}: its bytes have changed")
    return found


def damaged(path: Path, what: str) -> InputError:
    """A file that is not what the manifest says."""
    return InputError(
        f"the file is damaged: {what}", where=str(path), hint="restore it, or build the index anew"
    )


def sweep(folder: Path, files: Iterable[Stored]) -> None:
    """Delete all files but these: those that no manifest names."""
    keep = {file.name for file in files}
    for path in (folder / FILES).iterdir():
        if path.name not in keep:
            path.unlink()
    (folder / DRAFT).unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Be the only writer.

    Raises:
        InputError: Another process is, or the folder cannot be written.
    """
    try:
        handle = (folder / LOCK).open("w")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror}",
            where=str(folder),
            hint="reading needs no permission to write: query and info work",
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                "another process is writing to this index",
                where=str(folder),
                hint="wait for it to end; reading goes on meanwhile",
            ) from None
        yield


def delete(folder: Path, files: Iterable[Stored]) -> None:
    """Delete files that the manifest has stopped naming."""
    for file in files:
        (folder / FILES / file.name).unlink(missing_ok=True)


def _digest(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_STEP):
            digest.update(block)
    return digest.hexdigest()


def flush_folder(folder: Path) -> None:
    """Have the disk know what is in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
