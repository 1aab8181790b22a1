"""Documents of a pipe as they arrive: JSON lines, answered before the next ones are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.io.sources import Reading, Unreadable
from dataqa.io.sources.jsonl import decoded
from dataqa.io.sources.streams import as_text, lines
from dataqa.types import DOC_ID

_MIB = 1 << 20
_WHERE = "standard input"


class Pipe(Protocol):
    """What can be read as far as there is something."""

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


class Arrived(NamedTuple):
    """Some documents.

    Attributes:
        ids: Of the id column, else ``-#`` and the number of the line.
        texts: Their texts.
        lines: The lines that they came in.
        damaged: Lines besides them that are no object with a text.
    """

    ids: list[str]
    texts: pl.Series
    lines: list[bytes]
    damaged: int


def arriving(stream: Pipe, reading: Reading) -> Iterator[Arrived]:
    """What there is to read, whenever there is something: at most a megabyte at once.

    Raises:
        InputError: It is compressed, or no text in UTF-8, or no line of the first ones has a text.
    """
    number = 0
    try:
        for found in lines(as_text(_blocks(stream), "-"), reading.max_document):
            arrived, names = _arrived(found, reading, number)
            if not (number or arrived.ids) and names:
                hint = did_you_mean(reading.text_column, names)
                raise InputError(f"no key {reading.text_column!r}", where=_WHERE, hint=hint)
            yield arrived
            number += len(found)
    except Unreadable as fault:
        hint = "give JSON lines in UTF-8, such as zstdcat FILE | dataqa …"
        raise InputError(fault.what, where=_WHERE, hint=hint) from None


def _arrived(found: list[bytes], reading: Reading, before: int) -> tuple[Arrived, list[str]]:
    """The documents among some lines; and the keys of an object that is none."""
    ids: list[str] = []
    texts: list[str] = []
    kept: list[bytes] = []
    names: list[str] = []
    blank = 0
    for number, line in enumerate(found, before + 1):
        row: Any = decoded(line) if len(line) <= reading.max_document else None
        if isinstance(row, dict) and isinstance(row.get(reading.text_column), str):
            ids.append(_id(row, reading, number))
            texts.append(row[reading.text_column])
            kept.append(line)
            continue
        blank += not line.strip()
        if isinstance(row, dict) and reading.text_column not in row:
            names = [*row]
    damaged = len(found) - len(kept) - blank
    return Arrived(ids, pl.Series(texts, dtype=pl.String), kept, damaged), names


def _blocks(stream: Pipe) -> Iterator[bytes]:
    while block := stream.read1(_MIB):
        yield block


def _id(row: dict[str, Any], reading: Reading, number: int) -> str:
    value = row.get(reading.id_column or DOC_ID)
    return str(value) if isinstance(value, str | int | float) else f"-#{number}"
