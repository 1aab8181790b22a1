"""The folder of an index: one small manifest, and files that never change once it names them.

A file is written under its final name, which no manifest names yet, and flushed to the disk. Only
then the manifest is replaced, by a rename. So whatever moment a writer dies at, the manifest names
whole files; what it does not name is swept by the next writer. Readers need no lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import msgspec

from dataqa.errors import InputError
from dataqa.index.parameters import Parameters
from dataqa.io.store import told_of_disk

FORMAT = 1
MANIFEST, LOCK, FILES = "manifest.json", "lock", "segments"
_STEP = 8 << 20


class Stored(msgspec.Struct, frozen=True):
    """A file that does not change: its name, its size, and the BLAKE2b digest of its bytes."""

    name: str
    bytes: int
    digest: str


class Part(msgspec.Struct, frozen=True):
    """One segment.

    Attributes:
        file: Where it is.
        rows: Entries, removed ones too.
        id_bytes: The length of their ids together.
        gone: A file of the rows that were removed since, if any were.
        gone_rows: How many.
    """

    file: Stored
    rows: int
    id_bytes: int
    gone: Stored | None = None
    gone_rows: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        format: Of the files.
        parameters: Of the signatures.
        fingerprint: Of everything else that signatures depend on.
        parts: The segments, oldest first.
        next: The number that the next file gets.
    """

    format: int
    parameters: Parameters
    fingerprint: str
    parts: tuple[Part, ...] = ()
    next: int = 0

    @property
    def entries(self) -> int:
        """Entries that count."""
        return sum(part.rows - part.gone_rows for part in self.parts)

    @property
    def files(self) -> list[Stored]:
        """All files that it names."""
        pairs = [(part.file, part.gone) for part in self.parts]
        return [file for pair in pairs for file in pair if file is not None]


class _Format(msgspec.Struct):
    format: int


def load(folder: Path) -> Manifest:
    """The manifest of an index.

    Raises:
        InputError: There is none, it is of another format, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            "there is no index", where=str(folder), hint="make one: dataqa index build"
        ) from None
    try:
        found = msgspec.json.decode(data, type=_Format).format
        if found == FORMAT:
            return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError:
        raise InputError(
            "the manifest cannot be read", where=str(path), hint="restore it, or build a new index"
        ) from None
    raise InputError(
        f"the index has format {found}, and this version reads format {FORMAT}",
        where=str(folder),
        hint="build a new one, or use the version that made it",
    )


def save(folder: Path, manifest: Manifest) -> None:
    """Commit: from now on the index is what this manifest says."""
    path = folder / MANIFEST
    draft = folder / f"{MANIFEST}.draft"
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with told_of_disk(path):
        with draft.open("wb") as file:
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # what the manifest names must be in its folder before the manifest is
        _flush_folder(folder / FILES)
        draft.replace(path)
        _flush_folder(folder)


def seal(folder: Path, name: str) -> Stored:
    """Flush a finished file to the disk and digest it."""
    path = folder / FILES / name
    with told_of_disk(path), path.open("rb+") as file:
        os.fsync(file.fileno())
        return Stored(name, path.stat().st_size, _digest(path))


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Check cheaply that files are whole.

    Raises:
        InputError: One is cut off, or longer than it was.
        FileNotFoundError: One is not there; perhaps a writer has just replaced it.
    """
    for file in manifest.files:
        path = folder / FILES / file.name
        size = path.stat().st_size
        if size != file.bytes:
            raise damaged(path, f"it has {size:,} bytes, not {file.bytes:,}")


def faults(folder: Path, manifest: Manifest) -> list[str]:
    """Read every byte: which files are missing or not what they were, and how."""
    found: list[str] = []
    for file in manifest.files:
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


def sweep(folder: Path, manifest: Manifest) -> None:
    """Delete the files that the manifest does not name."""
    keep = {file.name for file in manifest.files}
    for path in (folder / FILES).iterdir():
        if path.name not in keep:
            path.unlink()
    (folder / f"{MANIFEST}.draft").unlink(missing_ok=True)


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


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
