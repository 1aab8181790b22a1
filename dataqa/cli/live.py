"""The live display of a run on a terminal."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from dataqa.cli.progress import Meter, summary
from dataqa.engine.finish import Result
from dataqa.engine.shard import Done
from dataqa.engine.shard import Progress as BatchProgress
from dataqa.engine.watch import StageBegins


@contextmanager
def live() -> Generator[Live]:
    """A display that stays while the block runs."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("shards  {task.fields[told]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield Live(progress)


class Live:
    """One bar for each stage, with documents, speed, share kept and time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._meter = Meter()
        self._task: TaskID | None = None

    def note(self, message: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(message, style="dim", highlight=False, markup=False)

    def stage(self, begins: StageBegins) -> None:
        """Begin a bar."""
        self._meter.stage(begins)
        label = f"{begins.number}/{begins.stages} {' → '.join(begins.steps) or 'read'}"
        total = begins.shards + begins.already_done
        self._task = self._progress.add_task(
            label, total=total, completed=begins.already_done, told=""
        )

    def progress(self, progress: BatchProgress) -> None:
        """A batch is done."""
        self._meter.progress(progress)
        self._show()

    def shard(self, done: Done) -> None:  # noqa: ARG002
        """A shard is done."""
        self._meter.shards += 1
        if self._task is not None:
            self._progress.advance(self._task)
        self._show()

    def finished(self, finished: Result) -> None:
        """Stop the bars and say how it ended."""
        self._progress.stop()
        Console().print(summary(finished), highlight=False, markup=False)

    def _show(self) -> None:
        meter = self._meter
        if self._task is not None:
            told = (
                f"{meter.documents:,} documents  {meter.rate()}  {meter.staying()} not rejected  "
                f"{meter.time_left()} left"
            )
            self._progress.update(self._task, told=told)
