"""A store below a URL: objects are there, and files of those that are asked for are here.

Whatever is put is put there, whole, before anybody is told of it. Of the run's state a copy stays
here, as the next stage reads it; of results none does.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from dataqa.io import lease, mirror, objects
from dataqa.io.urls import RemotePath

STATE = ".state"
DRAFTS = f"{STATE}/drafts"
_count = itertools.count()
_mine = secrets.token_hex(6)
"""Processes of several machines may share a folder of copies, and their numbers may be equal."""


class RemoteStore(NamedTuple):
    """Objects below one URL. See ``Store`` for what each method promises."""

    root: str

    def path(self, name: str) -> Path:
        """A file with the object's bytes, brought here if need be; none if there is no object."""
        meta = objects.head(self._url(name))
        if meta is None:
            mirror.drop(self.folder(), name)
            return mirror.absent(self.folder(), name)
        copy = mirror.copy_of(self.folder(), name, meta.etag, meta.size)
        if not copy.is_file():
            draft = self.draft()
            mirror.bring(meta, draft)
            self._keep(draft, name, copy)
        return copy

    def folder(self) -> Path:
        """Where the copies are."""
        return mirror.folder_of(self.root)

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        return objects.head(self._url(name)) is not None

    def size(self, name: str) -> int | None:
        """The object's bytes in number."""
        meta = objects.head(self._url(name))
        return None if meta is None else meta.size

    def get(self, name: str) -> bytes | None:
        """The object's bytes."""
        return objects.get(self._url(name))

    def put(self, name: str, data: bytes) -> None:
        """Put an object whole."""
        self._check(name)
        objects.put(self._url(name), data)

    def create(self, name: str, data: bytes) -> bool:
        """Put an object only if there is none of that name."""
        self._check(name)
        return objects.create(self._url(name), data)

    def draft(self) -> Path:
        """A path on this machine."""
        folder = self.folder() / DRAFTS
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{os.getpid()}-{_mine}-{next(_count)}"

    def commit(self, draft: Path, name: str) -> None:
        """Put a finished draft."""
        self._check(name)
        size = draft.stat().st_size
        etag = objects.put(self._url(name), draft)
        if STATE in f"{self.root}/{name}".split("/") and etag:
            self._keep(draft, name, mirror.copy_of(self.folder(), name, etag, size))
        else:
            draft.unlink()

    def names(self, prefix: str) -> list[str]:
        """The names below a prefix, sorted."""
        start = len(self.root) + 1
        found = [meta.url[start:] for meta in objects.listing(self._url(prefix))]
        return sorted(found)

    def delete(self, name: str) -> None:
        """Remove an object."""
        self._check(name)
        objects.delete([self._url(name)])
        mirror.drop(self.folder(), name)

    def delete_all(self, prefix: str) -> None:
        """Remove everything below a prefix, and an object of that very name."""
        self._check(prefix)
        objects.delete([self._url(name) for name in self.names(prefix)])
        shutil.rmtree(self.folder() / prefix, ignore_errors=True)
        self.delete(prefix)

    def take(self, source: str, name: str) -> None:
        """Copy what is below ``source`` to ``name``, in place of what is there."""
        self._check(name)
        new = {one[len(source) :]: one for one in self.names(source)}
        if self.exists(source):
            new[""] = source
        if not new:
            return
        old = {one[len(name) :] for one in self.names(name)}
        objects.delete([self._url(name + rest) for rest in sorted(old - new.keys())])
        for rest, one in sorted(new.items()):
            objects.copy(self._url(one), self._url(name + rest))

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the prefix for one run; the folder of copies is locked already."""
        with lease.held(self.root, self._mirror()):
            shutil.rmtree(self.folder() / DRAFTS, ignore_errors=True)
            yield
            mirror.clear(self.folder(), STATE)  # after an error the next run needs them

    def _mirror(self) -> str:
        """A word that names this machine's copies, made once; only who holds their lock asks."""
        path = self.folder() / STATE / "mirror"
        if not path.is_file():
            path.write_text(secrets.token_hex(8), encoding="ascii")
        return path.read_text(encoding="ascii")

    def _keep(self, draft: Path, name: str, copy: Path) -> None:
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.replace(copy)
        mirror.drop(self.folder(), name, but=copy)

    def _check(self, name: str) -> None:
        lease.check(self._url(name))

    def _url(self, name: str) -> str:
        return str(RemotePath(self.root) / name)
