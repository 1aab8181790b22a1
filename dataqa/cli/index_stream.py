"""``dataqa index stream``: in one pass and fixed memory, which documents are new."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from dataqa.cli.counting import counted
from dataqa.cli.index_info import percent
from dataqa.cli.index_options import (
    given_of,
    reading_of,
    say,
    say_rest,
    sketch_options,
)
from dataqa.cli.options import inputs_option, log_option, parse_size, reading_options

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from dataqa.index.arriving import Pipe
    from dataqa.index.bloom import BloomFilter
    from dataqa.io.sources import Reading


class _Some(NamedTuple):
    """Documents: ids, texts, and as they were read, one a line; and damaged records besides."""

    ids: list[str]
    texts: pl.Series
    lines: Any
    damaged: int


@click.command("stream")
@inputs_option
@click.option("--capacity", type=int, help="New documents that are remembered [1000000].")
@click.option("--memory", metavar="SIZE", help="In place of --capacity: such as 2GB.")
@click.option("--false-positive-rate", type=float, help="The most the filter may add [0.001].")
@click.option("--forget", is_flag=True, help="When it is full, forget the oldest; else stop.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that the filter is read from, if it is there, and kept in at the end.",
)
@click.option("--new-only", is_flag=True, help="Print new documents, in place of what each is.")
@click.option("--similarity", type=float, help="Around it documents begin to be seen [0.8].")
@sketch_options
@reading_options
@log_option
def stream_command(
    *,
    inputs: tuple[str, ...],
    capacity: int | None,
    memory: str | None,
    false_positive_rate: float | None,
    forget: bool,
    state: Path | None,
    new_only: bool,
    log: str,
    **given: Any,
) -> None:
    """Tell of each document of a stream whether it is new or like one before.

    One pass, in memory that is fixed from the start: a Bloom filter of band keys. It cannot tell
    which document one is like, nor how much; an index can. A line is printed for each document:
    {"doc_id": "a", "new": true}. Standard input (-i -) is JSON lines, answered as they arrive.
    """
    from dataqa.index.bloom_file import save

    wished = {
        "capacity": capacity,
        "false_positive_rate": false_positive_rate,
        "forget": forget or None,
        "similarity": given.pop("similarity"),
    }
    parameters, reading = given_of(given)
    seen = _filter(wished | parameters, memory, state)
    say(f"{seen.bytes / 1e6:,.1f} MB for {seen.capacity:,} new documents")
    damaged = 0
    try:
        for some in _arriving(inputs, reading, log):
            fresh = seen.admit(some.texts)
            _print(some, fresh, new_only=new_only)
            damaged += some.damaged
            if len(fresh) < len(some.ids):
                raise seen.full()
    finally:
        # also when it was interrupted: what was answered is remembered
        if state is not None:
            save(seen, state)
    _tell(seen)
    say_rest(0, damaged)


def _filter(wished: dict[str, Any], memory: str | None, state: Path | None) -> BloomFilter:
    from dataqa.index.bloom import BloomFilter
    from dataqa.index.bloom_file import load

    if state is not None and state.exists():
        if memory is not None:
            raise click.UsageError("--memory is for a filter that is begun: this one is there")
        return load(state, **wished)
    given = {name: value for name, value in wished.items() if value is not None}
    if memory is None:
        return BloomFilter(given.pop("capacity", 1_000_000), **given)
    if "capacity" in given:
        raise click.UsageError("--capacity or --memory, not both")
    return BloomFilter.within(parse_size(memory, "--memory"), **given)


def _arriving(inputs: tuple[str, ...], reading: Reading, log: str) -> Iterator[_Some]:
    from dataqa.index.arriving import arriving
    from dataqa.types import DOC_ID, TEXT

    for given in inputs:  # in their order: which of two is the first is what matters here
        if given == "-":
            for one in arriving(cast("Pipe", sys.stdin.buffer), reading):
                yield _Some(one.ids, one.texts, one.lines, one.damaged)
            continue
        with reading_of((given,), reading) as documents:
            for chunk in counted(documents, log, printing=True):
                ids = chunk.docs[DOC_ID].to_list()
                lines = documents.public(chunk.docs)
                yield _Some(ids, chunk.docs[TEXT], lines, chunk.damaged.height)


def _print(some: _Some, fresh: NDArray[np.bool_], *, new_only: bool) -> None:
    import msgspec

    if not new_only:
        pairs = zip(some.ids, fresh.tolist(), strict=False)
        rows = [msgspec.json.encode({"doc_id": name, "new": new}) for name, new in pairs]
    elif isinstance(some.lines, list):
        rows = [line for line, new in zip(some.lines, fresh, strict=False) if new]
    else:
        rows = [some.lines[: len(fresh)].filter(fresh).write_ndjson().rstrip("\n").encode()]
    if rows and rows != [b""]:
        click.echo(b"\n".join(rows).decode())
        sys.stdout.flush()


def _tell(seen: BloomFilter) -> None:
    told, rate = seen.passed, seen.rate()
    say(
        f"{told.documents:,} documents: {told.new:,} new, {told.seen:,} like one before,"
        f" {told.empty:,} without a word"
    )
    say(
        f"of documents that are like none {percent(rate)} % are called seen by the filter as"
        f" it is now, at most {percent(seen.false_positive_rate)} % when it is full"
    )
    say("similarity to one before   called seen")
    for step in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        say(f"{step:>24.2f}   {percent(seen.called_seen(step, rate))} %")
