"""One batch through one stage's steps: pure, and the same wherever it runs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import polars as pl

from dataqa.errors import DataqaError, RunError
from dataqa.types import DOC, DOC_ID, Batch, Opened

type OnError = Literal["stop", "quarantine"]


type Parts = dict[str, tuple[float, int]]
"""CPU seconds and characters read, of parts of steps."""


class Timed:
    """An opened step that counts the CPU seconds it takes.

    What it opened to may have a method ``parts``: what each part of it took since the last call.
    """

    def __init__(self, run: Opened) -> None:
        self._run = run
        self.seconds = 0.0

    def __call__(self, batch: Batch) -> Batch:
        """Run the step."""
        started = time.process_time()
        try:
            return self._run(batch)
        finally:
            self.seconds += time.process_time() - started

    def parts(self) -> Parts:
        """What parts of the step took since the last call; nothing for most steps."""
        told: Callable[[], Parts] | None = getattr(self._run, "parts", None)
        return told() if told is not None else {}


class OpenedStep(NamedTuple):
    """A step's label and the function it opened to."""

    label: str
    run: Timed


def lap(steps: Sequence[OpenedStep]) -> dict[str, float]:
    """The seconds of each step since the last lap."""
    seconds = {step.label: step.run.seconds for step in steps}
    for step in steps:
        step.run.seconds = 0.0
    return seconds


def lap_parts(steps: Sequence[OpenedStep]) -> Parts:
    """What parts of steps took since the last lap, as ``step.part``."""
    told = ((step.label, step.run.parts()) for step in steps)
    return {f"{label}.{part}": took for label, parts in told for part, took in parts.items()}


class Failure(NamedTuple):
    """A document on which a step raised."""

    docs: pl.DataFrame
    step: str
    error: str
    traceback: str


def run_batch(
    batch: Batch, steps: Sequence[OpenedStep], on_error: OnError = "stop"
) -> tuple[Batch, list[Failure]]:
    """The batch after every step, and the documents on which one raised.

    Raises:
        RunError: A step raised and ``on_error`` is ``stop``; the message names step and documents,
            never what the exception says, for that may quote the text.
    """
    failures: list[Failure] = []
    for step in steps:
        if batch.docs.height:
            batch, failed = _attempt(step, batch, on_error)
            failures += failed
    return batch, failures


def take(batch: Batch, mask: pl.Series) -> Batch:
    """The documents of a batch where ``mask`` holds, with their signals and findings."""
    if mask.all():
        return batch
    docs = batch.docs.filter(mask)
    mine = batch.findings.filter(pl.col(DOC).is_in(docs[DOC].implode()))
    return Batch(docs, batch.signals.filter(mask) if batch.signals.width else batch.signals, mine)


def together(parts: list[Batch]) -> Batch:
    """Batches of one run as one batch, by document."""
    some = [part for part in parts if part.docs.height] or parts[:1]
    docs = pl.concat([part.docs for part in some])
    signals = pl.concat([part.signals for part in some], how="diagonal")
    order = docs[DOC].arg_sort()
    findings = pl.concat([part.findings for part in some]).sort(DOC, maintain_order=True)
    return Batch(docs[order], signals[order] if signals.width else signals, findings)


def _attempt(step: OpenedStep, batch: Batch, on_error: OnError) -> tuple[Batch, list[Failure]]:
    try:
        return _checked(step, batch, step.run(batch)), []
    except DataqaError:
        raise
    except Exception as error:
        if on_error == "stop":
            raise _stopped(step, batch, error) from error
        if batch.docs.height == 1:
            told = "".join(traceback.format_exception(error))
            return _rows(batch, 0, 0), [Failure(batch.docs, step.label, _name(error), told)]
    # somewhere in here is the guilty document: halve until it stands alone
    half = batch.docs.height // 2
    first, failed = _attempt(step, _rows(batch, 0, half), on_error)
    second, more = _attempt(step, _rows(batch, half, batch.docs.height), on_error)
    return _joined(first, second), failed + more


def _checked(step: OpenedStep, before: Batch, after: Batch) -> Batch:
    if not after.docs[DOC].equals(before.docs[DOC]) or after.signals.height not in {
        0,
        after.docs.height,
    }:
        raise RunError(
            "the step added, removed or reordered rows",
            where=f"step {step.label}",
            hint="a step may only add evidence and edit text; this is a fault in the step",
        )
    return after


def _rows(batch: Batch, low: int, high: int) -> Batch:
    docs = batch.docs.slice(low, high - low)
    findings = batch.findings.filter(pl.col(DOC).is_in(docs[DOC].implode()))
    return Batch(docs, batch.signals.slice(low, high - low), findings)


def _joined(first: Batch, second: Batch) -> Batch:
    if not first.docs.height or not second.docs.height:
        return second if second.docs.height else first
    return Batch(*(pl.concat(pair) for pair in zip(first, second, strict=True)))


def _stopped(step: OpenedStep, batch: Batch, error: Exception) -> RunError:
    ids = batch.docs[DOC_ID]
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return RunError(
        f"step {step.label} raised {_name(error)} at {frame.filename}:{frame.lineno}",
        where=f"{ids.len()} documents from {ids[0]} to {ids[-1]}",
        hint="`--on-error quarantine` sets the guilty documents aside, with the traceback",
    )


def _name(error: Exception) -> str:
    return type(error).__name__
