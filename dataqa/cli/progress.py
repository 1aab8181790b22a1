"""What a run shows while it works: a live display on a terminal, lines elsewhere, JSON if asked."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import click
import msgspec

from dataqa.engine.finish import Result
from dataqa.engine.shard import Counts, Done, Progress, add
from dataqa.engine.watch import StageBegins, Watch

_EVERY = 5.0
"""Seconds between plain lines."""


class Shown(Watch, Protocol):
    """A watch that can also say how a run ended."""

    def finished(self, finished: Result) -> None:
        """The run is complete."""
        ...


@contextmanager
def watch_of(log: str) -> Generator[Shown]:
    """The display that was asked for; ``auto`` is live on a terminal and plain elsewhere.

    What the package logs while it is shown goes through it too.
    """
    with _display(log) as watch:
        handler = _Notes(watch)
        logger = logging.getLogger("dataqa")
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        try:
            yield watch
        finally:
            logger.removeHandler(handler)


class _Notes(logging.Handler):
    """Log records as notes of a watch."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.INFO)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.note(record.getMessage())


@contextmanager
def _display(log: str) -> Generator[Shown]:
    if log == "json":
        yield JsonLines()
    elif log == "none":
        yield Nothing()
    elif log == "plain" or not sys.stderr.isatty():
        yield Plain()
    else:
        from dataqa.cli.live import live

        with live() as watch:
            yield watch


class Meter:
    """Adds up what batches report about the stage that is running."""

    def __init__(self) -> None:
        self.begins: StageBegins | None = None
        self.documents = self.bytes = self.shards = 0
        self.left: Counts = {}
        self.started = time.monotonic()

    def stage(self, begins: StageBegins) -> None:
        self.begins = begins
        self.documents = self.bytes = self.shards = 0
        self.left = {}
        self.started = time.monotonic()

    def progress(self, progress: Progress) -> None:
        self.documents += progress.documents
        self.bytes += progress.bytes
        self.left = add(self.left, progress.left)

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-6)

    def rate(self) -> str:
        """Text megabytes a second.

        >>> Meter().rate()
        '0.0 MB/s'
        """
        return f"{self.bytes / 1e6 / self.seconds:.1f} MB/s"

    def staying(self) -> str:
        """The share of documents that is not rejected so far; some of it may go to review."""
        gone = self.left.get("rejected", 0) + self.left.get("quarantine", 0)
        return f"{1 - gone / self.documents:.0%}" if self.documents else "–"

    def time_left(self) -> str:
        """From the shards that are done: minutes and seconds, or a dash."""
        if self.begins is None or not self.shards or self.shards >= self.begins.shards:
            return "–"
        left = self.seconds / self.shards * (self.begins.shards - self.shards)
        return f"{int(left) // 60}:{int(left) % 60:02d}"


class Plain:
    """Lines on standard error, now and then."""

    def __init__(self) -> None:
        self._meter = Meter()
        self._said = 0.0

    def note(self, message: str) -> None:
        click.echo(message, err=True)

    def stage(self, begins: StageBegins) -> None:
        self._meter.stage(begins)
        self._said = time.monotonic()
        done = f", {begins.already_done} done before" if begins.already_done else ""
        click.echo(
            f"stage {begins.number}/{begins.stages} ({', '.join(begins.steps)}): "
            f"{begins.shards} shards{done}",
            err=True,
        )

    def progress(self, progress: Progress) -> None:
        self._meter.progress(progress)
        if time.monotonic() - self._said > _EVERY:
            self._said = time.monotonic()
            meter = self._meter
            click.echo(
                f"  {meter.documents:,} documents, {meter.rate()}, {meter.staying()} not rejected, "
                f"{meter.time_left()} left",
                err=True,
            )

    def shard(self, done: Done) -> None:  # noqa: ARG002
        self._meter.shards += 1

    def finished(self, finished: Result) -> None:
        click.echo(summary(finished))


class JsonLines:
    """One JSON object a line on standard error: for machines."""

    def note(self, message: str) -> None:
        self._say("note", message=message)

    def stage(self, begins: StageBegins) -> None:
        self._say("stage", **begins._asdict())

    def progress(self, progress: Progress) -> None:
        self._say("progress", **progress._asdict())

    def shard(self, done: Done) -> None:
        self._say("shard", documents=done.documents, staying=done.staying, left=done.left)

    def finished(self, finished: Result) -> None:
        self._say("finished", out=str(finished.out), counts=finished.counts)

    def _say(self, event: str, **fields: object) -> None:
        line = msgspec.json.encode({"event": event, "time": round(time.time(), 3), **fields})
        click.echo(line.decode(), err=True)


class Nothing:
    """Nothing but errors."""

    def note(self, message: str) -> None: ...

    def stage(self, begins: StageBegins) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def shard(self, done: Done) -> None: ...

    def finished(self, finished: Result) -> None: ...


def summary(finished: Result) -> str:
    """How a run ended, in a few lines."""
    counts = finished.counts
    total = counts["documents"]
    parts = [
        f"{counts[name]:,} {name} ({counts[name] / total:.1%})" if total else f"0 {name}"
        for name in ("kept", "rejected", "review", "quarantine")
    ]
    return (
        f"{total:,} documents: {', '.join(parts)}\n"
        f"Report: {finished.out / 'report.html'}\n"
        f"Why one document went where it did: dataqa explain {finished.out} DOC_ID"
    )
