"""What a corpus is made of on its way in: files, their pieces, numbered shards, chunks of rows."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import polars as pl

from dataqa.errors import InputError

MIB = 1 << 20
MAX_SHARDS = 2_000_000
"""``shard << 32 | row`` must stay exact in a float64, as JSON readers have it."""

RESCUED = "_rescued_data"
"""Column of JSON-lines inputs: what a line held that fits no column, as JSON; null when nothing."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How inputs are read. All sizes are bytes.

    Attributes:
        text_column: The column that holds the document.
        id_column: The column that holds the document's id; None takes ``doc_id`` if there is one,
            else makes ``path#position``.
        format: One of ``FORMATS``, whatever the file's ending says.
        shard_bytes: About how much of the files makes one shard.
        batch_bytes: How much text a chunk holds before the next one begins.
        max_document: A larger record is damaged: it could not be held in memory safely.
        limit: Read only the first so many records of the corpus.
    """

    text_column: str = "text"
    id_column: str | None = None
    format: str | None = None
    shard_bytes: int = 64 * MIB
    batch_bytes: int = 16 * MIB
    max_document: int = 16 * MIB
    limit: int | None = None

    def __post_init__(self) -> None:
        for name in ("shard_bytes", "batch_bytes", "max_document"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1 byte")
        if self.limit is not None and self.limit < 0:
            raise InputError("limit must not be negative")


class File(msgspec.Struct, frozen=True):
    """One input file; ``path`` is as the user wrote it, maybe a URL; ``-`` is standard input."""

    path: str
    size: int
    mtime_ns: int
    format: str
    compression: str = ""


class Piece(msgspec.Struct, frozen=True):
    """A run of records in one file.

    ``start`` and ``end`` are bytes (JSON lines), row groups (parquet) or record batches (Arrow);
    ``end`` is -1 for "to the end". ``first`` is the position of the first record, counted from 1:
    the line of a JSON-lines file, the row of any other. ``source`` is the user's file, which ids
    name, also when ``path`` is a spooled part of it. ``fault`` says why the file cannot be read
    past this piece.
    """

    path: str
    format: str
    start: int = 0
    end: int = -1
    first: int = 1
    source: str = ""
    compression: str = ""
    fault: str = ""

    @property
    def name(self) -> str:
        """The file as the user knows it."""
        return self.source or self.path

    @property
    def rest(self) -> str:
        """Where the bytes lie that a spooled file breaks off in, if there are any."""
        return f"{self.path}.rest"


class Shard(msgspec.Struct, frozen=True):
    """The unit of work: pieces read one after the other, at most ``rows`` records of them."""

    number: int
    pieces: tuple[Piece, ...]
    bytes: int = 0
    rows: int | None = None


class Survey(msgspec.Struct, frozen=True):
    """What one pass over a file's bytes tells.

    ``digest`` is the SHA-256 in hex; ``lines[i]`` counts the newlines in the ``i``-th ``step``
    bytes (plain JSON lines only, else empty).
    """

    digest: str
    lines: tuple[int, ...] = ()
    step: int = 0


class Chunk(NamedTuple):
    """Some documents, and the records between them that could not become documents.

    ``docs``: ``_doc``, ``doc_id``, ``text``, then the source's other columns.
    ``damaged``: the columns of ``DAMAGED``.
    """

    docs: pl.DataFrame
    damaged: pl.DataFrame


DAMAGED = pl.Schema({"_doc": pl.UInt64, "doc_id": pl.String, "error": pl.String, "raw": pl.Binary})
"""``error`` never holds document text; ``raw`` is the record as it was found."""


class Bad(NamedTuple):
    """One record that cannot be a document; ``id`` is set where it is not ``path#position``."""

    position: int
    error: str
    raw: bytes
    id: str = ""


class Part(NamedTuple):
    """Records as a format gives them: a frame of the user's columns and the bad ones between.

    ``positions`` belongs to ``frame`` row by row; together with those of ``bad`` they are distinct,
    and parts come in rising order of position. ``ids`` holds ids where the format knows better than
    a cast of the id column.
    """

    frame: pl.DataFrame
    positions: pl.Series
    bad: list[Bad]
    ids: pl.Series | None = None


class Unreadable(InputError):  # noqa: N818 - a state of a file, told to its user
    """A file that cannot be read from some position on; ``raw`` is a record it breaks off in."""

    position: int = 0
    raw: bytes = b""

    def at(self, position: int, raw: bytes = b"") -> Unreadable:
        """The same error, knowing the first record that is lost."""
        self.position, self.raw = position, raw
        return self
