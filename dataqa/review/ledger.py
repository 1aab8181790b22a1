"""The ledger: which items were chosen, where they are on the server, and what was said of them.

One SQLite file for each flow of a run, private to the user, in ``OUT/.review/FLOW/``. A step of a
push or a pull is one transaction, so that a kill leaves the ledger as it was before or after it.
Texts stand in it only until the server has acknowledged them.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.review.asking.controls import Answer

FOLDER, FILE = ".review", "ledger.sqlite"
type Why = Literal["asked", "audit", "gold"]
type State = Literal["planned", "sent", "there"]
_MOST = 500
"""Variables of one statement."""
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) STRICT;
CREATE TABLE IF NOT EXISTS items (
  key TEXT PRIMARY KEY, place INTEGER NOT NULL, doc_id TEXT NOT NULL, ref TEXT,
  reason TEXT NOT NULL, doubt REAL NOT NULL, kind TEXT NOT NULL, blind INTEGER NOT NULL,
  facts TEXT NOT NULL, data TEXT,
  state TEXT NOT NULL DEFAULT 'planned', batch INTEGER, task INTEGER, shown TEXT,
  late INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS prelabels (
  key TEXT, model TEXT, answer TEXT, probability REAL, cost TEXT, PRIMARY KEY (key, model)
) STRICT;
CREATE TABLE IF NOT EXISTS annotations (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, task INTEGER NOT NULL, annotator TEXT NOT NULL,
  created TEXT, updated TEXT, seconds REAL, skipped INTEGER NOT NULL, answer TEXT NOT NULL,
  shown TEXT, controls TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS history (
  id INTEGER, updated TEXT, annotator TEXT, key TEXT, skipped INTEGER, answer TEXT,
  PRIMARY KEY (id, updated)
) STRICT;
CREATE INDEX IF NOT EXISTS by_state ON items (state, batch);
CREATE INDEX IF NOT EXISTS by_task ON items (task);
CREATE INDEX IF NOT EXISTS by_key ON annotations (key);
"""


class Item(NamedTuple):
    """Something that people are asked about.

    Attributes:
        key: A digest of flow, document, text and controls: the same item has the same one.
        doc_id: The document; of records the record's id.
        ref: The other document of a pair.
        reason: Why it was chosen: a rule, ``audit``, ``gold``.
        doubt: From 0, sure, to 1, undecided.
        kind: ``asked``, ``audit`` (drawn by chance) or ``gold`` (its answer is known).
        blind: Shown without a prelabel.
        facts: What is remembered of it, without text: language, source, probability, place.
        data: What is shown; None once the server has it.
    """

    key: str
    doc_id: str
    ref: str | None
    reason: str
    doubt: float
    kind: Why
    blind: bool
    facts: dict[str, Any]
    data: dict[str, Any] | None


class Prelabel(NamedTuple):
    """What a model proposes for an item.

    Attributes:
        key: Of the item.
        model: Which model, with the version of the prompt.
        answer: What it says.
        probability: That its verdict is right, None if nobody knows.
        cost: What was spent: tokens in and out.
    """

    key: str
    model: str
    answer: Answer
    probability: float | None
    cost: dict[str, float]


class Annotation(NamedTuple):
    """What a person said of an item, as it is now.

    Attributes:
        id: Label Studio's number of it.
        key: Of the item.
        task: Label Studio's number of the task.
        annotator: Label Studio's number of the person, as text.
        created: When, ISO 8601.
        updated: When last.
        seconds: How long it took, None if unknown.
        skipped: The person passed it over.
        answer: What was said.
        shown: The model whose prelabel it began from, None for none.
        controls: The digest of the controls that it answers.
    """

    id: int
    key: str
    task: int
    annotator: str
    created: str
    updated: str
    seconds: float | None
    skipped: bool
    answer: Answer
    shown: str | None
    controls: str


class Ledger:
    """An open ledger."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._db, self.folder = connection, folder

    @contextmanager
    def change(self) -> Generator[sqlite3.Connection]:
        """One transaction."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db

    def get(self, name: str) -> str | None:
        """Something noted under a name."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, **values: str | int) -> None:
        """Note things under names."""
        with self.change() as db:
            put_notes(db, **values)

    @property
    def mark(self) -> str:
        """What tells this ledger's project from others on a server."""
        known = self.get("mark")
        if known is None:
            known = secrets.token_hex(8)
            self.note(mark=known)
        return known

    def add(self, items: Iterable[Item]) -> int:
        """Add items that are not there yet, in order; how many were new.

        One that was purged from the server before anybody answered it is there anew.
        """
        with self.change() as db:
            (place,) = db.execute("SELECT coalesce(max(place), -1) + 1 FROM items").fetchone()
            before = db.total_changes
            for at, item in enumerate(items, place):
                values = (
                    *(item.key, at, item.doc_id, item.ref, item.reason, item.doubt, item.kind),
                    *(int(item.blind), _json(item.facts), _json(item.data)),
                )
                db.execute(
                    "INSERT INTO items "
                    "(key, place, doc_id, ref, reason, doubt, kind, blind, facts, data) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (key) DO UPDATE SET state = 'planned', data = excluded.data, "
                    "batch = NULL, shown = NULL WHERE state = 'purged' AND NOT EXISTS "
                    "(SELECT 1 FROM annotations WHERE annotations.key = items.key AND NOT gone)",
                    values,
                )
            return db.total_changes - before

    def items(self, where: str = "1", *values: Any) -> Iterator[Item]:
        """Items in the order in which they were chosen."""
        columns = "key, doc_id, ref, reason, doubt, kind, blind, facts, data"
        query = f"SELECT {columns} FROM items WHERE {where} ORDER BY place"  # noqa: S608 - ours
        for *head, blind, facts, data in self._db.execute(query, values):
            yield Item._make([*head, bool(blind), _plain(facts), _plain(data)])

    def count(self, where: str = "1", *values: Any) -> int:
        """How many items there are of a kind."""
        query = f"SELECT count(*) FROM items WHERE {where}"  # noqa: S608 - conditions are ours
        return int(self._db.execute(query, values).fetchone()[0])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._db.execute(query, values).fetchall()

    def prelabels(self, keys: Sequence[str] | None = None) -> dict[str, Prelabel]:
        """The newest prelabel of each item, or of some items."""
        if keys is None:
            return {one.key: one for one in self.every_prelabel()}
        return {
            one.key: one
            for some in _pieces(keys)
            for one in self.every_prelabel(f"key IN ({_marks(some)})", *some)
        }

    def every_prelabel(self, where: str = "1", *values: Any) -> Iterator[Prelabel]:
        """The prelabels of every model, in the order in which they came."""
        columns = ", ".join(Prelabel._fields)
        query = f"SELECT {columns} FROM prelabels WHERE {where} ORDER BY rowid"  # noqa: S608 - ours
        for key, model, answer, probability, cost in self._db.execute(query, values):
            yield Prelabel(key, model, _plain(answer), probability, _plain(cost))

    def add_prelabels(self, prelabels: Iterable[Prelabel]) -> None:
        """Keep prelabels; of the same item and model the newest."""
        with self.change() as db:
            db.executemany(
                "INSERT OR REPLACE INTO prelabels (key, model, answer, probability, cost) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    (one.key, one.model, _json(one.answer), one.probability, _json(one.cost))
                    for one in prelabels
                ),
            )

    def annotations(self) -> list[Annotation]:
        """What people say now, by item and time."""
        columns = (
            "id, key, task, annotator, created, updated, seconds, skipped, answer, shown, controls"
        )
        query = f"SELECT {columns} FROM annotations WHERE NOT gone ORDER BY key, updated, id"  # noqa: S608
        return [
            Annotation._make([*row[:7], bool(row[7]), _plain(row[8]), *row[9:]])
            for row in self._db.execute(query)
        ]

    def add_annotations(
        self, some: Iterable[Annotation], gone: Iterable[int] = (), **notes: str | int
    ) -> None:
        """Keep what people said and note how far the pull is, at once; older words stay known."""
        with self.change() as db:
            for one in some:
                answer = _json(one.answer)
                db.execute(
                    "INSERT OR REPLACE INTO annotations (id, key, task, annotator, created, "
                    "updated, seconds, skipped, answer, shown, controls) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*one[:7], int(one.skipped), answer, *one[9:]),
                )
                db.execute(
                    "INSERT OR IGNORE INTO history VALUES (?, ?, ?, ?, ?, ?)",
                    (one.id, one.updated, one.annotator, one.key, int(one.skipped), answer),
                )
            db.executemany("UPDATE annotations SET gone = 1 WHERE id = ?", ((n,) for n in gone))
            put_notes(db, **notes)

    def keys_of(self, tasks: Sequence[int]) -> dict[int, str]:
        """The items of some tasks."""
        found: dict[int, str] = {}
        for some in _pieces(tasks):
            query = f"SELECT task, key FROM items WHERE task IN ({_marks(some)})"  # noqa: S608
            found.update(self._db.execute(query, some))
        return found


def put_notes(db: sqlite3.Connection, **values: str | int) -> None:
    """Note things within a transaction."""
    db.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)", ((k, str(v)) for k, v in values.items())
    )


def ledger_folder(source: Path, flow: str) -> Path:
    """Where the ledger of a run or a file of records is: in the run, or beside the file."""
    root = source if source.is_dir() else source.with_name(f"{source.name}{FOLDER}")
    return root / FOLDER / flow if source.is_dir() else root / flow


@contextmanager
def open_ledger(folder: Path, *, new: bool = True) -> Generator[Ledger]:
    """Open the ledger in a folder; one at a time writes to it.

    Raises:
        InputError: There is none and none is to be made, or it is damaged.
    """
    path = folder / FILE
    if not new and not path.is_file():
        hint = "dataqa review push chooses items and sends them"
        raise InputError("nothing was pushed from here", where=str(folder), hint=hint)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    try:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # texts that are taken out are gone
            connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise InputError(f"the ledger is damaged: {error}", where=str(path)) from None
        yield Ledger(connection, folder)
    finally:
        connection.close()


def _pieces[T](some: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(some), _MOST):
        yield some[at : at + _MOST]


def _marks(some: Sequence[Any]) -> str:
    return ",".join("?" * len(some))


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value, order="sorted").decode()


def _plain(stored: str | None) -> Any:
    return None if stored is None else msgspec.json.decode(stored)
