"""The one value that flows through everything, and the contracts around it.

A ``Batch`` holds some documents and all that is known of them. Steps add evidence to it; they
never add, remove or reorder rows. What becomes of a document is decided elsewhere, once, from all
the evidence together (``dataqa.policy``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, runtime_checkable

import polars as pl

if TYPE_CHECKING:
    from dataqa.rules import Rule

DOC = "_doc"
"""Internal document number, ``shard << 32 | row``: exact in JSON, never shown to users."""
DOC_ID = "doc_id"
"""Public document id: the user's id, else ``path#position``; a repeated id gets ``~n``."""
TEXT = "text"

RESERVED = (DOC, DOC_ID, TEXT)

FINDINGS = pl.Schema(
    {
        DOC: pl.UInt64,
        "step": pl.String,
        "rule": pl.String,
        "action": pl.UInt8,
        "score": pl.Float64,
        "bound": pl.Float64,
        "detail": pl.String,
        "start": pl.Int64,
        "end": pl.Int64,
        "ref": pl.String,
        "by": pl.String,
        "edits": pl.Binary,
    }
)
"""One row per observation. ``start`` and ``end`` are UTF-8 bytes of the text the step received,
``ref`` the id of another document, ``edits`` the changes a step made (``dataqa.edits``)."""


class Action(IntEnum):
    """What a finding asks for its document; the strongest one asked wins."""

    KEEP = 0
    REWRITE = 1
    REVIEW = 2
    DROP = 3


class Batch(NamedTuple):
    """Some documents in order, their signals (row by row) and their findings (long)."""

    docs: pl.DataFrame
    signals: pl.DataFrame
    findings: pl.DataFrame

    def with_text(self, text: pl.Series) -> Batch:
        """The same documents with other texts."""
        return self._replace(docs=self.docs.with_columns(text.alias(TEXT)))

    def with_signals(self, columns: pl.DataFrame | Mapping[str, pl.Series]) -> Batch:
        """The same documents with more signals; one of the same name is replaced."""
        new = (
            columns.get_columns()
            if isinstance(columns, pl.DataFrame)
            else [series.alias(name) for name, series in columns.items()]
        )
        if not self.signals.width:
            return self._replace(signals=pl.DataFrame(new))
        return self._replace(signals=self.signals.with_columns(new))

    def with_findings(self, rows: pl.DataFrame) -> Batch:
        """The same documents with more findings; columns that ``rows`` lacks become null."""
        if not rows.height:
            return self
        return self._replace(findings=pl.concat([self.findings, complete(rows)]))


def complete(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with every column of ``FINDINGS``, in order and type; missing ones are null."""
    return rows.select(
        pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, kind).alias(name)
        for name, kind in FINDINGS.items()
    )


def no_findings() -> pl.DataFrame:
    """An empty findings frame."""
    return pl.DataFrame(schema=FINDINGS)


def batch_of(docs: pl.DataFrame) -> Batch:
    """A batch about whose documents nothing is known yet."""
    return Batch(docs, pl.DataFrame(), no_findings())


class Assets(NamedTuple):
    """Where a step finds what it opens: rule packs and word lists, and a folder for caches.

    ``rules`` are searched in order, the user's own folders before the ones that ship. ``run`` is
    the output folder or URL of the run that a step works in, None outside one.
    """

    rules: tuple[Path, ...]
    cache: Path
    run: Path | None = None


type Opened = Callable[[Batch], Batch]


@runtime_checkable
class Step(Protocol):
    """A frozen msgspec struct: the setting that, once opened, turns a batch into a batch.

    A class attribute ``running`` may name those of its fields that say how it is run and change
    nothing of what comes of it: with other values of these a run goes on where it was.

    A class attribute ``follows = "private"`` names the step without which, before it, it would do
    nothing: a pipeline that has the one without the other is refused.
    """

    __struct_fields__: ClassVar[tuple[str, ...]]

    def open(self, assets: Assets) -> Opened:
        """Load models and lists once per worker and return the function that does the work."""
        ...


@runtime_checkable
class Digested(Protocol):
    """A step that also depends on files: rule packs, word lists, models.

    Where only some of them change what is measured, a method ``measures(assets)`` digests those: a
    finished run can be decided anew as long as it is the same.
    """

    def digest(self, assets: Assets) -> str:
        """A digest of their contents; another one makes a stored stage another stage."""
        ...


@runtime_checkable
class Judges(Protocol):
    """A step that also brings rules over the signals it measures.

    A class attribute ``judging`` may name those of its fields that change rules only, never what is
    measured: with other values of these a finished run can be decided anew.
    """

    def rules(self, assets: Assets) -> tuple[Rule, ...]:
        """The rules, with the bounds this step was given."""
        ...


class Sketch(NamedTuple):
    """What a global step notes of a batch, small enough to hold of a whole corpus on disk.

    Attributes:
        keyed: Rows ``_doc``, ``key`` (UInt64) and any others, as many for a document as it has
            keys. Rows of equal key meet in one partition.
        docs: One row ``_doc``, ascending, and any others, for each document that has a sketch;
            None where the keyed rows say all.
    """

    keyed: pl.DataFrame
    docs: pl.DataFrame | None = None


class Merge(Protocol):
    """All documents' sketches, and their texts, for a global step to rule over.

    Memory is the step's to bound: what it asks for comes in pieces.
    """

    def each[T](self, task: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """What a task makes of the keyed rows of each key partition that has any, in their order.

        Rows of equal keys are in one partition, and results must not depend on how many there are.
        Where a run has workers they do it: so the task is a function of a module, a method of a
        step or a ``partial`` of one, and what it makes is small.
        """
        ...

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' own rows, by ascending document, in bounded pieces."""
        ...

    def texts(self, docs: pl.Series) -> Iterator[pl.DataFrame]:
        """``_doc``, ``doc_id`` and ``text`` of some documents, ascending, in bounded pieces."""
        ...

    def each_text[T](
        self, runs: Sequence[pl.Series], task: Callable[[pl.DataFrame], T]
    ) -> Iterator[T]:
        """What a task makes of ``_doc``, ``doc_id`` and ``text`` of each run of documents.

        Workers do it, as with ``each``; each holds the texts of one run, ascending as its documents
        are, so runs are small.
        """
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder, private to the user, that is deleted at the end of the block."""
        ...


@runtime_checkable
class GlobalStep(Step, Protocol):
    """A step that first needs to know all the documents.

    The engine sketches each batch and then has the step settle once: from equal keys it proposes
    which documents belong together, verifies that on the texts, and rules. Rulings are findings
    (with ``_doc``) and, in columns that are not findings' own, signals; the engine adds them to
    the batches of the next stage and then calls what ``open`` gave.

    A class attribute ``rewrites = True`` says that ``open`` changes texts by the rulings: such a
    run is not read back from its outputs but done again from its inputs.

    An attribute or property ``promise``, a sentence without its full stop, says what it will find;
    a run says it when it merges: ``12 bands of 5 find 99.2 % of the pairs at 0.8``.
    """

    def sketcher(self, assets: Assets) -> Callable[[Batch], Sketch]:
        """The function that sketches a batch."""
        ...

    def settle(self, merge: Merge) -> Iterator[pl.DataFrame]:
        """Rulings, in frames of bounded size; several may be about one document.

        Raises:
            BoundError: A bound that the user set is passed.
        """
        ...


def resources(steps: Iterable[Step]) -> dict[str, float]:
    """What a worker on a cluster has to have for steps, in Ray's words: the most of each thing.

    A step may say so by a class attribute or property ``resources``, such as
    ``{"num_gpus": 0.5, "memory": 4e9}`` (bytes). On one machine it is not looked at.
    """
    needs: dict[str, float] = {}
    for step in steps:
        for name, amount in (getattr(step, "resources", None) or {}).items():
            needs[name] = max(amount, needs.get(name, 0.0))
    return dict(sorted(needs.items()))


def asks(step: Step, assets: Assets, documents: int | None) -> str:
    """What a step is going to ask of a service, told before a stage begins; empty for most.

    A step may have a method ``asks(assets, documents)``, documents being None where it is not known
    how many come, and ``asked(assets)``, which tells after the stage what was spent.
    """
    told: Callable[[Assets, int | None], str] | None = getattr(step, "asks", None)
    return "" if told is None else told(assets, documents)


def asked(step: Step, assets: Assets) -> str:
    """What a step has spent on that, empty for most."""
    told: Callable[[Assets], str] | None = getattr(step, "asked", None)
    return "" if told is None else told(assets)


def promise(step: Step) -> str:
    """What a global step says that it will find, empty if nothing."""
    return getattr(step, "promise", None) or ""


def rewrites(step: Step) -> bool:
    """Whether a global step changes texts by its rulings."""
    return bool(getattr(step, "rewrites", False))
