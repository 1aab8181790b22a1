"""The store of feedback: one SQLite file to which records are added, by any number of processes.

A record is there whole, on disk, before ``record`` returns, or not at all. Nothing is changed: a
deletion is another record, which hides one, and only ``purge`` takes texts out of the file. Who
said something is kept as a digest with a salt of the store's own, so that one person's records can
be told from another's, and deleted, but stand under no name.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from dataqa.errors import InputError, RunError
from dataqa.feedback.said import Said, check_text, said_of

FILE = "feedback.sqlite"
PLACE = "DATAQA_FEEDBACK"
"""The variable that says where the store is, where nothing else does."""
_LONGEST = 128
"""Bytes of a user's name and of an id."""
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, time TEXT NOT NULL,
  person TEXT NOT NULL, said TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS hidden (id TEXT PRIMARY KEY, time TEXT NOT NULL) STRICT;
"""
_SOME = """
SELECT place, id, time, person, said FROM records
WHERE place > ? AND id NOT IN (SELECT id FROM hidden) ORDER BY place LIMIT 500
"""

type Prompt = str | Sequence[Mapping[str, str]]


class Record(NamedTuple):
    """A record of the store.

    Attributes:
        id: Its name.
        time: When it came, ISO 8601 in UTC.
        person: A digest of who said it, empty if nobody knows.
        said: What.
    """

    id: str
    time: str
    person: str
    said: Said


class TakenError(InputError):
    """Another record has this id."""


class Store:
    """An open store."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db, self.path = connection, path

    def add(self, said: Said, user: str = "", key: str = "") -> str:
        """Add a record; its id. One that is there already under that id is left as it is.

        Raises:
            TakenError: Another record has this id.
            RunError: The disk is full, or the file may not be written.
        """
        told = msgspec.json.encode(said, order="sorted").decode()
        number = key or secrets.token_hex(16)
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._change() as db:
            known = db.execute("SELECT said FROM records WHERE id = ?", (number,)).fetchone()
            if known is None:
                db.execute(
                    "INSERT INTO records (id, time, person, said) VALUES (?, ?, ?, ?)",
                    (number, time, self._person(user), told),
                )
            elif known[0] != told:
                hint = "give each record an id of its own, or none"
                raise TakenError("another record has this id", where="id", hint=hint)
        return number

    def records(self) -> Iterator[Record]:
        """All records that are not hidden, in the order in which they came."""
        last = -1
        # a reader that stays would keep writers waiting
        while some := self._db.execute(_SOME, (last,)).fetchall():
            for _, number, time, person, told in some:
                yield Record(number, time, person, msgspec.json.decode(told, type=Said))
            last = some[-1][0]

    def count(self) -> tuple[int, int]:
        """How many records there are, and how many of them are hidden."""
        (every,) = self._db.execute("SELECT count(*) FROM records").fetchone()
        query = "SELECT count(*) FROM records WHERE id IN (SELECT id FROM hidden)"
        return int(every), int(self._db.execute(query).fetchone()[0])

    def hide(self, ids: Sequence[str] = (), user: str = "") -> int:
        """Hide records by id, or all of one user; how many that were not hidden before."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._change() as db:
            wanted = list(ids)
            if user:
                mine = "SELECT id FROM records WHERE person = ?"
                wanted += [one for (one,) in db.execute(mine, (self._person(user),))]
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO hidden SELECT id, ? FROM records WHERE id = ?",
                ((time, one) for one in wanted),
            )
            return db.total_changes - before

    def purge(self) -> int:
        """Take what is hidden out of the file; how many records."""
        with self._change() as db:
            gone = db.execute("DELETE FROM records WHERE id IN (SELECT id FROM hidden)").rowcount
        self._db.execute("VACUUM")
        return gone

    @contextmanager
    def _change(self) -> Generator[sqlite3.Connection]:
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
        except sqlite3.Error as error:
            raise RunError(f"cannot be written: {error}", where=str(self.path)) from None

    def _person(self, user: str) -> str:
        if not user:
            return ""
        (salt,) = self._db.execute("SELECT value FROM meta WHERE name = 'salt'").fetchone()
        return blake2b(user.encode(), key=bytes.fromhex(salt), digest_size=8).hexdigest()


def record(
    prompt: Prompt,
    answer: str,
    *,
    thumb: Literal["up", "down"] | bool | None = None,
    edit: str | None = None,
    favourite: bool = False,
    flags: Sequence[str] = (),
    user: str = "",
    id: str = "",  # noqa: A002 - what it is called everywhere
    store: str | Path | None = None,
) -> str:
    """Keep what a user says of an answer; it is on disk when this returns.

    Args:
        prompt: What was asked: a text, or the messages before the answer.
        answer: What the application answered.
        thumb: ``up``, ``down``, True or False.
        edit: The answer as it should be.
        favourite: It is one.
        flags: ``wrong``, ``unsafe``, ``delete``; what is to be deleted is in no export.
        user: Who says so; kept as a digest.
        id: A name for the record, so that a repeated call adds nothing.
        store: The store's folder; by default what ``DATAQA_FEEDBACK`` says.

    Returns:
        The record's id.

    Raises:
        InputError: Nothing is said, something is not as it should be, or no store is known.
        RunError: It cannot be written.
    """
    said = said_of(prompt, answer, thumb=thumb, edit=edit, favourite=favourite, flags=flags)
    for name, value in (("user", user), ("id", id)):
        check_text(name, value, _LONGEST)
    with open_store(store) as opened:
        return opened.add(said, user, id)


@contextmanager
def open_store(folder: str | Path | None = None, *, new: bool = True) -> Generator[Store]:
    """Open a store.

    Args:
        folder: Where it is; by default what ``DATAQA_FEEDBACK`` says.
        new: Make one if there is none.

    Raises:
        InputError: No place is known, there is no store, or it is damaged.
    """
    place = folder if folder is not None else os.environ.get(PLACE, "")
    if not str(place):
        hint = f"give store=…, or set {PLACE} to a folder"
        raise InputError("where is feedback kept?", where="feedback", hint=hint)
    path = Path(place) / FILE
    if not new and not path.is_file():
        hint = "dataqa.feedback.record makes one"
        raise InputError("there is no feedback in this folder", where=str(place), hint=hint)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    try:
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            _prepare(connection)
        except sqlite3.DatabaseError as error:
            raise InputError(f"the store is damaged: {error}", where=str(path)) from None
        yield Store(connection, path)
    finally:
        connection.close()


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables once; the first of several processes does."""
    if db.execute("PRAGMA user_version").fetchone() == (1,):
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        for table in filter(str.strip, _TABLES.split(";")):
            db.execute(table)
        db.execute("INSERT OR IGNORE INTO meta VALUES ('salt', ?)", (secrets.token_hex(16),))
        db.execute("PRAGMA user_version = 1")
