"""Replies that are kept: what was asked once is never asked again.

One SQLite file with a write-ahead log, for several processes at a time; each reply is there wholly
or not at all, however a process ends. Replies are private data: only the user can read the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from dataqa.errors import InputError
from dataqa.kernels.cache import home

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    key BLOB PRIMARY KEY, endpoint TEXT NOT NULL, model TEXT NOT NULL, failed INTEGER NOT NULL,
    made INTEGER NOT NULL, value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probes (
    endpoint TEXT NOT NULL, model TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (endpoint, model)
) WITHOUT ROWID;
"""
_DAY = 86_400


class Held(NamedTuple):
    """How much a cache has of one model."""

    endpoint: str
    model: str
    replies: int
    failed: int
    bytes: int


def default_path() -> Path:
    """``DATAQA_LLM_CACHE``, else a file in the user's cache folder."""
    own = os.environ.get("DATAQA_LLM_CACHE")
    return Path(own) if own else home() / "llm" / "replies.sqlite"


class Cache:
    """An open file of replies, for many threads."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it.

        Raises:
            InputError: It is not a file of replies, or cannot be written.
        """
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # made here, so that nobody else could ever open it; the log takes over its mode
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
        except OSError as error:
            why = (error.strerror or "cannot be opened").lower()
            raise InputError(why, where=str(path), hint="--llm-cache FILE") from None
        with self._explained():
            self._db = sqlite3.connect(
                path, timeout=60, check_same_thread=False, isolation_level=None
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA busy_timeout = 60000")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # a reply may have cost money
        self._db.execute("PRAGMA secure_delete = ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            hint = "it was made by another version of dataqa: take another file"
            raise InputError("replies in a form unknown here", where=str(self.path), hint=hint)
        self._db.executescript(_TABLES)
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def get(self, key: bytes) -> bytes | None:
        """The reply under a key."""
        with self._lock, self._explained():
            row = self._db.execute("SELECT value FROM replies WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: bytes, endpoint: str, model: str, value: bytes, *, failed: bool) -> bytes:
        """Keep a reply; the one that is kept, which is another's if that was quicker."""
        row = (key, endpoint, model, int(failed), int(time.time()), value)
        with self._lock, self._explained():
            self._db.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?)", row)
        return self.get(key) or value

    def probe(self, endpoint: str, model: str) -> bytes | None:
        """What is known of a model."""
        query = "SELECT value FROM probes WHERE endpoint = ? AND model = ?"
        with self._lock, self._explained():
            row = self._db.execute(query, (endpoint, model)).fetchone()
        return row[0] if row else None

    def put_probe(self, endpoint: str, model: str, value: bytes) -> None:
        """Keep what is known of a model."""
        with self._lock, self._explained():
            self._db.execute("REPLACE INTO probes VALUES (?, ?, ?)", (endpoint, model, value))

    def held(self) -> list[Held]:
        """How much there is of each model, sorted."""
        query = """SELECT endpoint, model, count(*), sum(failed), sum(length(value)) FROM replies
                   GROUP BY endpoint, model ORDER BY endpoint, model"""
        with self._lock, self._explained():
            return [Held(*row) for row in self._db.execute(query).fetchall()]

    def purge(
        self, *, endpoint: str = "", model: str = "", failed: bool = False, days: float = 0
    ) -> int:
        """Delete replies, and overwrite where they were; how many.

        Args:
            endpoint: Of this endpoint only.
            model: Of this model only.
            failed: Only those that did not conform, so that they are asked again.
            days: Only those that are older.
        """
        wanted = {"endpoint = ?": endpoint, "model = ?": model}
        wanted = {clause: value for clause, value in wanted.items() if value}
        clauses = [*wanted, *(["failed = 1"] if failed else [])]
        values: list[object] = [*wanted.values()]
        with self._lock, self._explained():
            if days:
                clauses.append("made < ?")
                values.append(int(time.time() - days * _DAY))
            where = " AND ".join(clauses) or "1"
            gone = self._db.execute(f"DELETE FROM replies WHERE {where}", values).rowcount  # noqa: S608
            if not failed and not days:
                where = " AND ".join(wanted) or "1"
                self._db.execute(f"DELETE FROM probes WHERE {where}", [*wanted.values()])  # noqa: S608
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = "name another file with --llm-cache, on a local disk"
            what = f"the cache of replies cannot be used: {error}"
            raise InputError(what, where=str(self.path), hint=hint) from None
