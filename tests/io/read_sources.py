"""Reads inputs the way the engine does, for the tests of the sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.io import sources
from dataqa.io.sources import Reading
from dataqa.io.sources.shards import OnError


class Outcome(NamedTuple):
    docs: pl.DataFrame
    damaged: pl.DataFrame
    shards: list[sources.Shard]
    chunks: int

    @property
    def ids(self) -> list[str]:
        """The part of each id after the folder, in order."""
        return [value.rpartition("/")[2] for value in self.docs["doc_id"]]

    @property
    def errors(self) -> dict[str, str]:
        names = [value.rpartition("/")[2] for value in self.damaged["doc_id"]]
        return dict(zip(names, self.damaged["error"], strict=True))


def read_all(
    *inputs: str | Path,
    on_error: OnError = "stop",
    spool: Path | None = None,
    **reading: Any,
) -> Outcome:
    how = Reading(**reading)
    files = sources.find(inputs, how)
    spooled = {
        file.path: sources.spool(file, how, spool, on_error)
        for file in files
        if spool is not None and sources.needs_spool(file, how)
    }
    schema = sources.schema(files, how, spooled=spooled, on_error=on_error)
    shards = sources.cut(files, how, spooled=spooled, on_error=on_error)
    chunks = [chunk for shard in shards for chunk in sources.read(shard, how, schema, on_error)]
    docs = [chunk.docs for chunk in chunks]
    damaged = [chunk.damaged for chunk in chunks]
    return Outcome(
        pl.concat(docs) if docs else pl.DataFrame(schema=["_doc", "doc_id", "text"]),
        pl.concat(damaged) if damaged else pl.DataFrame(schema=sources.DAMAGED),
        shards,
        len(chunks),
    )
