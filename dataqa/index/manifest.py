"""What an index holds: one small manifest, and files that never change once it names them.

A file is written under its final name, which no manifest names yet, and flushed to the disk. Only
then the manifest is replaced, by a rename. So whatever moment a writer dies at, the manifest names
whole files; what it does not name is swept by the next writer. Readers need no lock.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from dataqa.errors import InputError
from dataqa.index.disk import DRAFT, FILES, LOCK, MANIFEST, Stored, flush_folder, locked
from dataqa.index.parameters import Parameters
from dataqa.io.store import told_of_disk

FORMAT = 1


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
        unfinished: Whether the build that made it has not come to its end.
    """

    format: int
    parameters: Parameters
    fingerprint: str
    parts: tuple[Part, ...] = ()
    next: int = 0
    unfinished: bool = False

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


def make(
    folder: Path, parameters: Parameters, fingerprint: str, *, unfinished: bool = False
) -> None:
    """Make the folder of an empty index.

    Raises:
        InputError: There is something already, or the folder cannot be made.
    """
    if (folder / MANIFEST).exists() or (folder.exists() and not _bare(folder)):
        raise InputError(
            "there is something already",
            where=str(folder),
            hint="add to an index: dataqa index add; or choose another folder",
        )
    with told_of_disk(folder):
        (folder / FILES).mkdir(parents=True, exist_ok=True)
    manifest = Manifest(
        format=FORMAT, parameters=parameters, fingerprint=fingerprint, unfinished=unfinished
    )
    with locked(folder):
        save(folder, manifest)


def _bare(folder: Path) -> bool:
    """Whether there is nothing in a folder but what a killed ``make`` leaves."""
    left = {FILES, LOCK, DRAFT}
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= left


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
    draft = folder / DRAFT
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with told_of_disk(path):
        with draft.open("wb") as file:
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # what the manifest names must be in its folder before the manifest is
        flush_folder(folder / FILES)
        draft.replace(path)
        flush_folder(folder)
