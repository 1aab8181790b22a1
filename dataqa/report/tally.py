"""What a report is built from: whole numbers, added up as documents leave a run.

A document leaves once, dropped at the end of a stage or at the end of the run, and is counted then,
with every signal and finding it has gathered. Nothing here depends on the order of documents, on
where batches were cut, or on how shards were shared out: parts are merged by adding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.report.bins import Shape, edges, shape_of, slots
from dataqa.report.cells import Cells, Table
from dataqa.report.examples import Examples
from dataqa.report.groups import UNKNOWN
from dataqa.report.leaving import (
    KEPT,
    MEASURES,
    OUTCOMES,
    QUARANTINE,
    READING,
    REJECTED,
    REVIEW,
    RULE_COUNTS,
    Leaving,
    count_edits,
    count_rules,
    sizes_of,
)
from dataqa.report.masks import masked
from dataqa.report.private import count_private
from dataqa.report.reasons import Order, reasons
from dataqa.rules import Rule
from dataqa.types import TEXT, Batch

FORMAT = 1

_LABELS = 200
_VALUES = 500
_RULES = 2000

type Ints = NDArray[np.int64]


class Tally:
    """The counts of some documents.

    Args:
        rules: The rules of the run, in order: the first of several reasons is named first.
        sources: The column that says where a document came from, if there is one.
        steps: The labels of the run's steps, in order.
        kinds: What each signal is (see ``bins.shape_of``); the signal catalogue when left out.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        sources: str | None,
        *,
        steps: Sequence[str] = (),
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self._order = Order(steps, rules)
        self._sources = sources
        self._signals = {
            f"{rule.key}.{side}": rule.signal for rule in rules for side in _sides(rule)
        }
        self._kinds = signal_kinds() if kinds is None else kinds
        self._shapes: dict[str, Shape] = {}
        self._cells = {
            "source": Cells(_LABELS),
            "language": Cells(_LABELS),
            "rule": Cells(_RULES),
            "edit": Cells(_RULES),
            "stage": Cells(_RULES),
            "private": Cells(_RULES),
            "recogniser": Cells(_RULES),
        }
        self._pairs: Counter[str] = Counter()
        self._examples = Examples()

    def add(self, batch: Batch, actions: pl.Series, stage: int) -> None:
        """Count documents that leave the run.

        Args:
            batch: The documents with all their signals and findings, ``_doc`` ascending.
            actions: The ``Action`` of each, in order (``UInt8``).
            stage: The number of the stage that they leave at.
        """
        if not batch.docs.height:
            return
        leaving = self._leaving(batch, actions, stage)
        self._count(leaving)
        count_rules(self._cells, self._pairs, leaving)
        self._count_signals(batch.signals, leaving)
        count_edits(self._cells["edit"], batch.findings)
        count_private(self._cells, batch, leaving)
        self._examples.choose(batch, leaving.reasons)
        for cells in self._cells.values():
            cells.settle()

    def quarantine(self, rows: pl.DataFrame) -> None:
        """Count documents that could not be read, or that a step could not handle.

        Args:
            rows: One row a document: ``step``, ``error`` (no text of the document) and ``raw``
                (its bytes, null when there are none); the source column if it is known.
        """
        if not rows.height:
            return
        named = rows.with_columns(
            pl.col("step", "error").fill_null("").replace("", READING),
            pl.col("raw").bin.size().fill_null(0).cast(pl.Int64),
        )
        for (step, error), some in sorted(
            named.partition_by("step", "error", as_dict=True).items()
        ):
            outcome = np.full(some.height, QUARANTINE)
            sizes = (some["raw"].to_numpy(), np.zeros(some.height, np.int64))
            source = self._source_rows(some)
            self._measure("source", source, outcome, sizes)
            self._measure("language", self._unknown("language", outcome), outcome, sizes)
            self._measure("source", source, outcome, sizes, f"flow/{step}")
            self._measure("source", source, outcome, sizes, f"error/{step}/{_sort_of(error)}")
        self._cells["source"].settle()

    def absorb(self, part: Mapping[str, Any]) -> None:
        """Add what ``to_dict`` gave for other documents of the same run."""
        if part["format"] != FORMAT:
            raise ValueError(f"a tally of format {part['format']} cannot be added to {FORMAT}")
        for name, shape in part["shapes"].items():
            self._same_shape(name, shape)
        for dimension, cells in part["cells"].items():
            most = _VALUES if dimension.startswith("text/") else _LABELS
            self._cells.setdefault(dimension, Cells(most)).absorb(cells)
        self._pairs.update(part["pairs"])
        self._examples.absorb(part["examples"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, equal for equal documents however they were counted."""
        return {
            "format": FORMAT,
            "shapes": dict(sorted(self._shapes.items())),
            "cells": {name: cells.to_dict() for name, cells in sorted(self._cells.items())},
            "pairs": dict(sorted(self._pairs.items())),
            "examples": self._examples.to_dict(),
        }

    def _leaving(self, batch: Batch, actions: pl.Series, stage: int) -> Leaving:
        asked = actions.cast(pl.UInt8).to_numpy()
        outcome = np.array([KEPT, KEPT, REVIEW, REJECTED])[asked]
        language = (
            self._cells["language"].groups.codes(batch.signals["language"])
            if "language" in batch.signals.columns
            else self._unknown("language", outcome)
        )
        rows = {
            "source": self._source_rows(batch.docs),
            "language": language,
            "stage": np.full(outcome.size, self._cells["stage"].groups.row(str(stage))),
        }
        found = reasons(batch, self._order)
        met = found.met(outcome.size)
        sole = (met.sum(axis=1) == 1) & (outcome != KEPT)
        alone = np.where(sole, met.argmax(axis=1), -1) if found.ids else np.full(outcome.size, -1)
        return Leaving(outcome, asked, *sizes_of(batch.docs[TEXT]), rows, found, alone)

    def _source_rows(self, docs: pl.DataFrame) -> Ints:
        groups = self._cells["source"].groups
        if self._sources is None or self._sources not in docs.columns:
            return np.full(docs.height, groups.row(UNKNOWN))
        return groups.codes(docs[self._sources])

    def _unknown(self, dimension: str, like: Ints) -> Ints:
        return np.full(like.size, self._cells[dimension].groups.row(UNKNOWN))

    def _measure(
        self,
        dimension: str,
        rows: Ints,
        outcome: Ints,
        sizes: tuple[Ints, Ints],
        name: str = "count",
    ) -> None:
        """Documents, bytes and characters under each outcome."""
        width = len(OUTCOMES) * len(MEASURES)
        cells = self._cells[dimension]
        for at, weights in enumerate((None, *sizes)):
            cells.add(name, rows, outcome * len(MEASURES) + at, width, weights)

    def _count(self, leaving: Leaving) -> None:
        sizes = (leaving.bytes, leaving.characters)
        for dimension, rows in leaving.rows.items():
            self._measure(dimension, rows, leaving.outcome, sizes)
        first = leaving.reasons.first(leaving.asked)
        steps = [rule.partition("/")[0] for rule in leaving.reasons.ids]
        source = leaving.rows["source"]
        for step in dict.fromkeys(steps):
            codes = [at for at, of in enumerate(steps) if of == step]
            here = np.isin(first, codes) & (leaving.outcome != KEPT)
            self._flow(step, source[here], leaving, here)
        self._flow("", source[(rest := leaving.outcome == KEPT)], leaving, rest)
        rest = (first < 0) & (leaving.outcome != KEPT)
        self._flow("verdict", source[rest], leaving, rest)

    def _flow(self, step: str, rows: Ints, leaving: Leaving, here: NDArray[np.bool_]) -> None:
        sizes = (leaving.bytes[here], leaving.characters[here])
        self._measure("source", rows, leaving.outcome[here], sizes, f"flow/{step}")

    def _count_signals(self, signals: pl.DataFrame, leaving: Leaving) -> None:
        kept = (leaving.outcome == KEPT).astype(np.int64)
        dimensions = ["language"] if self._sources is None else ["language", "source"]
        by_signal: dict[str, list[int]] = {}
        for at, rule in enumerate(leaving.reasons.ids):
            signal = self._signals.get(rule.partition("/")[2])
            if signal is not None:
                by_signal.setdefault(signal, []).append(at)
        for column in signals.get_columns():
            shape = self._shape(column)
            if shape == "text":
                self._count_text(column, leaving.outcome)
                continue
            found, width = slots(column, shape), edges(shape).size + 1
            for dimension in dimensions:
                rows = leaving.rows[dimension]
                name = f"signal/{column.name}"
                self._cells[dimension].add(name, rows, kept * width + found, 2 * width)
            for at in by_signal.get(column.name, ()):
                only = leaving.alone == at
                rows = leaving.rows["language"][only]
                name = f"alone/{leaving.reasons.ids[at]}"
                self._cells["language"].add(name, rows, found[only], width)

    def _count_text(self, column: pl.Series, outcome: Ints) -> None:
        name = f"text/{column.name}"
        cells = self._cells.setdefault(name, Cells(_VALUES))
        cells.add("count", cells.groups.codes(column), outcome, len(OUTCOMES))

    def _shape(self, column: pl.Series) -> Shape:
        known = self._shapes.get(column.name)
        if known is not None:
            return known
        shape = shape_of(column.name, column.dtype, self._kinds)
        return self._same_shape(column.name, shape)

    def _same_shape(self, name: str, shape: Shape) -> Shape:
        known = self._shapes.setdefault(name, shape)
        if known != shape:
            raise ValueError(f"signal {name} is counted as {known} and as {shape}")
        return known


def merge(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the tallies of shards and stages; their order does not matter."""
    total = Tally((), None, kinds={})
    for part in parts:
        total.absorb(part)
    merged = total.to_dict()
    return merged | {"rules": _tripped(merged["cells"]["rule"])}


def _tripped(cells: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """How many documents each rule would keep out, by its own name."""
    table = Table(cells, "count", len(RULE_COUNTS))
    found: dict[str, dict[str, int]] = {}
    for name, row in zip(table.labels, table.rows, strict=True):
        rejected = int(row[RULE_COUNTS.index("rejected")])
        if rejected:
            found[name.partition("/")[2]] = {"tripped": rejected}
    return found


def signal_kinds() -> dict[str, str]:
    """What the catalogue says of each signal, a ratio within 0 and 1 told apart as ``share``."""
    from dataqa.signals import catalogue  # noqa: PLC0415  (numba: only when counting begins)

    return {
        name: "share" if one.kind == "ratio" and one.low >= 0 and one.high <= 1 else one.kind
        for name, one in catalogue().items()
    } | {"language_score": "share"}


def _sort_of(error: str) -> str:
    """An error without what differs from document to document."""
    return re.sub(r"\d+", "#", masked(error))[:80]


def _sides(rule: Rule) -> list[str]:
    return [side for side in ("min", "max") if getattr(rule, side) is not None]
