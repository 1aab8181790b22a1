"""How far the reading of documents is: a bar on a terminal, lines elsewhere, JSON if asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dataqa.io.documents import Documents
    from dataqa.io.sources import Chunk

_EVERY = 5.0
"""Seconds between lines."""


class _Counts:
    """What was read so far.

    Args:
        shards: How many there are.
    """

    def __init__(self, shards: int) -> None:
        self.shards, self.done = shards, 0
        self.documents = self.bytes = 0
        self.began = time.monotonic()

    def read(self, chunk: Chunk) -> None:
        self.documents += chunk.docs.height
        self.bytes += int(chunk.docs["text"].str.len_bytes().sum())

    def told(self) -> str:
        """Documents, speed and time left."""
        seconds = max(time.monotonic() - self.began, 1e-6)
        left = seconds / self.done * (self.shards - self.done) if self.done else None
        ends = "" if left is None else f", {int(left) // 60}:{int(left) % 60:02d} left"
        return f"{self.documents:,} documents, {self.bytes / 1e6 / seconds:.1f} MB/s{ends}"


type _Show = Callable[[_Counts], object]


def counted(documents: Documents, log: str, *, printing: bool = False) -> Iterator[Chunk]:
    """The chunks, while it is shown how many were read.

    Args:
        documents: Input files.
        log: ``auto``, ``plain``, ``json`` or ``none``, as in ``--log``.
        printing: Whether results are printed meanwhile.
    """
    counts = _Counts(documents.shards)
    # what is printed on the same terminal would be torn apart by a bar
    if log == "auto" and printing and sys.stdout.isatty():
        log = "none"
    with _display(log, counts) as show:
        for shard, chunk in documents.chunks:
            counts.done = shard
            yield chunk
            counts.read(chunk)
            show(counts)


def _display(log: str, counts: _Counts) -> AbstractContextManager[_Show]:
    if log == "auto" and sys.stderr.isatty():
        return _bar(counts)
    if log == "none":
        return nullcontext(lambda counts: None)  # noqa: ARG005
    return nullcontext(_lines(as_json=log == "json"))


@contextmanager
def _bar(counts: _Counts) -> Generator[_Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=24), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=counts.shards, told="")
        yield lambda now: progress.update(task, completed=now.done, told=now.told())


def _lines(*, as_json: bool) -> _Show:
    said = time.monotonic()

    def show(counts: _Counts) -> None:
        nonlocal said
        if time.monotonic() - said < _EVERY:
            return
        said = time.monotonic()
        if as_json:
            import msgspec

            event = {"event": "progress", "time": round(time.time(), 3)}
            told = {"documents": counts.documents, "bytes": counts.bytes, "done": counts.done}
            line = msgspec.json.encode({**event, **told, "shards": counts.shards})
            click.echo(line.decode(), err=True)
        else:
            click.echo(f"  {counts.told()}", err=True)

    return show
