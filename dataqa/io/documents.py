"""Documents from files to be looked up, and rows into a file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from dataqa.errors import InputError
from dataqa.io.corpus import Corpus
from dataqa.io.outputs import lost_in_json
from dataqa.io.sinks import Table
from dataqa.io.sources import (
    Chunk,
    Reading,
    output_names,
)
from dataqa.io.store import Store, told_of_disk
from dataqa.types import DOC, DOC_ID, TEXT

_KINDS = ("parquet", "jsonl.zst", "jsonl")


class Documents(NamedTuple):
    """Input files.

    Attributes:
        empty: A frame of what is read, without rows, under the users' names.
        shards: How many there are.
        chunks: Documents and damaged records in order, each with the number of its shard.
        public: A chunk's documents under the users' names.
    """

    empty: pl.DataFrame
    shards: int
    chunks: Iterator[tuple[int, Chunk]]
    public: Callable[[pl.DataFrame], pl.DataFrame]


@contextmanager
def documents(inputs: Sequence[str | Path], reading: Reading) -> Generator[Documents]:
    """Find and cut input files; what has to be decoded first lies in a temporary folder.

    Raises:
        InputError: An input does not exist or cannot be read, or has no text column.
    """
    with Corpus(inputs, reading) as corpus:
        columns = corpus.columns
        names = output_names(columns, reading)
        kinds = {new: columns.get(new, pl.String()) for new in names.values()}

        def public(docs: pl.DataFrame) -> pl.DataFrame:
            return docs.drop(DOC).rename(names).select(DOC_ID, *names.values())

        empty = pl.DataFrame(schema={DOC_ID: pl.String(), **kinds, names[TEXT]: pl.String()})
        chunks = ((shard.number, chunk) for shard, chunk in corpus.chunks())
        yield Documents(empty, corpus.shards, chunks, public)


@contextmanager
def rows_file(path: Path, empty: pl.DataFrame) -> Generator[Callable[[pl.DataFrame], None]]:
    """Write rows to a file that gets its name when all of them are written.

    Args:
        path: It ends in ``.parquet``, ``.jsonl.zst`` or ``.jsonl``.
        empty: The rows' columns.

    Raises:
        InputError: It has another ending, or a column that it cannot hold.
    """
    kind = next((kind for kind in _KINDS if path.name.endswith(f".{kind}")), None)
    if kind is None:
        hint = "end it in .parquet, .jsonl.zst or .jsonl"
        raise InputError("unknown ending", where=str(path), hint=hint)
    for name, column in empty.schema.items():
        if kind != "parquet" and lost_in_json(column):
            raise InputError(
                f"column {name!r} is {column}, which JSON Lines cannot give back",
                where=str(path),
                hint="write parquet",
            )
    if not path.parent.is_dir():
        raise InputError("there is no such folder", where=str(path.parent), hint="make it first")
    # beside its place, so that the last step is a rename
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        draft = Path(folder) / f"rows.{kind}"
        if kind == "jsonl":
            with told_of_disk(path), draft.open("wb") as file:

                def put(rows: pl.DataFrame) -> None:
                    file.write(rows.write_ndjson().encode())

                yield put
        else:
            heavy = next((name for name, of in empty.schema.items() if of == pl.String), None)
            table = Table(Store(Path(folder)), "rows", heavy=heavy, kind=kind)
            yield table.add
            table.close(empty)
        with told_of_disk(path), draft.open("rb+") as file:
            os.fsync(file.fileno())
            draft.replace(path)
