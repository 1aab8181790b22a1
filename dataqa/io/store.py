"""The one place state and output go through: whole objects, put at once, listed by name.

The interface asks nothing that an object store cannot do: an object appears whole or not at all,
names have no meaning but their prefix, nothing is appended to or locked. Locally an object is
written beside its place and moved there; what a kill leaves in ``.state/drafts`` is swept by the
next run, which holds the lock. Below a URL it is a ``RemoteStore`` that does all of this.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from dataqa.errors import InputError, RunError
from dataqa.io.remote_store import DRAFTS, STATE, RemoteStore
from dataqa.io.urls import is_remote

__all__ = ["DRAFTS", "STATE", "Store", "told_of_disk"]

_count = itertools.count()
_mine = uuid4().hex[:12]
"""Processes of several machines may write in one folder, and their numbers may be equal."""


class Store(NamedTuple):
    """Objects under one folder, or below one URL.

    ``root / name`` names an object in messages; it is a file of this machine only where the root is
    a folder of this machine.
    """

    root: Path

    @property
    def remote(self) -> RemoteStore | None:
        """The store below a URL, ``None`` for a folder."""
        return RemoteStore(str(self.root)) if is_remote(self.root) else None

    def path(self, name: str) -> Path:
        """A file that holds the object, to be read; where there is no object, there is none."""
        return far.path(name) if (far := self.remote) else self.root / name

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        return far.exists(name) if (far := self.remote) else (self.root / name).is_file()

    def size(self, name: str) -> int | None:
        """The object's bytes in number, ``None`` where there is none."""
        if far := self.remote:
            return far.size(name)
        return (self.root / name).stat().st_size if self.exists(name) else None

    def get(self, name: str) -> bytes | None:
        """The object's bytes, ``None`` where there is none."""
        if far := self.remote:
            return far.get(name)
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def get_json(self, name: str) -> Any:
        """A JSON object's value, ``None`` where there is none."""
        data = self.get(name)
        return None if data is None else msgspec.json.decode(data)

    def put(self, name: str, data: bytes) -> None:
        """Put an object whole, over an older one of the same name."""
        if far := self.remote:
            far.put(name, data)
            return
        draft = self.draft()
        with told_of_disk(self.root / name):
            draft.write_bytes(data)
        self.commit(draft, name)

    def create(self, name: str, data: bytes) -> bool:
        """Put an object only if there is none of that name; whether it was put.

        Of several processes, of several machines too, one puts it. It is there after a power cut.
        """
        if far := self.remote:
            return far.create(name, data)
        target, draft = self.root / name, self.draft()
        with told_of_disk(target):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, target)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
            _sync(target.parent)
        return True

    def put_json(self, name: str, value: Any, *, indent: int = 0) -> None:
        """Put a value as JSON with sorted keys, so that equal values are equal bytes."""
        data = msgspec.json.encode(value, order="sorted")
        self.put(name, msgspec.json.format(data, indent=indent) + b"\n" if indent else data)

    def draft(self) -> Path:
        """A new path to write an object at before it is committed; private to the user."""
        if far := self.remote:
            return far.draft()
        folder = self.root / DRAFTS
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{os.getpid()}-{_mine}-{next(_count)}"

    def commit(self, draft: Path, name: str) -> None:
        """Give a finished draft its name; the draft is gone then."""
        target = self.root / name
        if far := self.remote:
            with told_of_disk(target):
                far.commit(draft, name)
            return
        with told_of_disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)

    def names(self, prefix: str) -> list[str]:
        """The names below a prefix, sorted; drafts are not among them."""
        if far := self.remote:
            return far.names(prefix)
        found = (self.root / prefix).rglob("*")
        names = (path.relative_to(self.root).as_posix() for path in found if path.is_file())
        return sorted(name for name in names if not name.startswith(DRAFTS))

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is fine."""
        if far := self.remote:
            far.delete(name)
        else:
            (self.root / name).unlink(missing_ok=True)

    def delete_all(self, prefix: str) -> None:
        """Remove everything below a prefix, and an object of that very name."""
        if far := self.remote:
            far.delete_all(prefix)
            return
        shutil.rmtree(self.root / prefix, ignore_errors=True)
        if not (self.root / prefix).is_dir():
            self.delete(prefix)

    def take(self, source: str, name: str) -> None:
        """Put what is at or below ``source``, if anything is, in the place of ``name``.

        Where folders can be moved, ``source`` is gone then; else it is the caller's to delete.
        """
        new, old = self.root / source, self.root / name
        if far := self.remote:
            far.take(source, name)
        elif new.exists():
            if old.is_dir():
                shutil.rmtree(old)
            new.replace(old)

    def make_folder(self, name: str, mode: int = 0o777) -> None:
        """Make a folder, so that it can be seen though nothing is in it; below a URL none can."""
        if not self.remote:
            (self.root / name).mkdir(mode=mode, parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the store for one run; what a killed one left half-written is swept.

        Raises:
            InputError: It cannot be written, or another run holds it.
            RunError: A store below a URL does not answer.
        """
        far = self.remote
        with _flocked(far.folder() if far else self.root, self.root):
            if far is None:
                self.delete_all(DRAFTS)
                yield
                return
            with far.locked():
                yield


def _sync(folder: Path) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _flocked(folder: Path, where: Path) -> Generator[None]:
    """Hold a folder of this machine; ``where`` is what the user calls it."""
    state = folder / STATE
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = (state / "lock").open("w")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror}",
            where=str(where),
            hint="choose another output folder with -o",
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                "another run is using this output folder",
                where=str(where),
                hint="wait for it to end, or choose another folder with -o",
            ) from None
        yield


@contextmanager
def told_of_disk(path: Path) -> Generator[None]:
    """Turn a full disk or a vanished permission into a message that says what to do."""
    try:
        yield
    except OSError as error:
        hints = {
            errno.ENOSPC: "free some space, then run again: what is finished is kept",
            errno.EDQUOT: "raise the quota, then run again: what is finished is kept",
        }
        raise RunError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            hint=hints.get(error.errno or 0, "run again to continue"),
        ) from error
