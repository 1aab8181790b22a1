"""Findings of one batch as arrays: which document met which rule, and which rule came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.rules import Rule
from dataqa.types import DOC, Action, Batch

type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]


class Order:
    """Which of several reasons of a document is named first: by step, by rule, by name."""

    def __init__(self, steps: Sequence[str], rules: Sequence[Rule]) -> None:
        self._steps = {step: at for at, step in enumerate(steps)}
        self._rules: dict[str, int] = {}
        for rule in rules:
            self._rules.setdefault(rule.key, len(self._rules))

    def key(self, step: str, rule: str) -> tuple[int, str, int, str]:
        """Sorts reasons; what is not in the pipeline comes last, by name."""
        stem = rule if rule in self._rules else rule.rpartition(".")[0]
        at = self._steps.get(step, len(self._steps))
        return at, step, self._rules.get(stem, len(self._rules)), rule


class Reasons(NamedTuple):
    """Every rule of every document once, with the strongest action that it asked.

    ``ids`` are ``step/rule`` in order of precedence; ``rows`` count documents of the batch,
    ``rules`` index ``ids``; sorted by row, then rule. ``at`` is a row of the findings frame.
    """

    ids: list[str]
    rows: Ints
    rules: Ints
    actions: NDArray[np.uint8]
    at: Ints

    def first(self, asked: NDArray[np.uint8]) -> Ints:
        """Of each document the first rule that asked the document's own action; -1 for none."""
        first = np.full(asked.size, -1, np.int64)
        same = np.flatnonzero(self.actions == asked[self.rows])
        first[self.rows[same][::-1]] = self.rules[same][::-1]
        return first

    def met(self, documents: int) -> Flags:
        """``(document, rule)``: whether a rule asked for review or for dropping."""
        matrix = np.zeros((documents, len(self.ids)), np.bool_)
        strong = self.actions >= Action.REVIEW
        matrix[self.rows[strong], self.rules[strong]] = True
        return matrix


def reasons(batch: Batch, order: Order) -> Reasons:
    """The reasons of a batch, from its findings; findings of other documents are left out."""
    docs = batch.docs[DOC].to_numpy()
    findings = batch.findings
    nothing = np.zeros(0, np.int64)
    if not findings.height or not docs.size:
        return Reasons([], nothing, nothing, np.zeros(0, np.uint8), nothing)
    ids, codes = _codes(findings, order)
    rows = np.searchsorted(docs, findings[DOC].to_numpy())
    rows[rows == docs.size] = 0
    mine = np.flatnonzero(docs[rows] == findings[DOC].to_numpy())
    if not mine.size:
        return Reasons([], nothing, nothing, np.zeros(0, np.uint8), nothing)
    pairs = rows[mine] * len(ids) + codes[mine]
    asked = findings["action"].to_numpy()[mine]
    sort = np.lexsort((mine, 255 - asked, pairs))
    distinct, begins = np.unique(pairs[sort], return_index=True)
    best = sort[begins]
    return Reasons(ids, distinct // len(ids), distinct % len(ids), asked[best], mine[best])


def _codes(findings: pl.DataFrame, order: Order) -> tuple[list[str], Ints]:
    """The ids in order of precedence, and which of them each finding is."""
    names = findings.select(pl.col("step", "rule").fill_null(""))
    known = sorted(names.unique().rows(), key=lambda pair: order.key(*pair))
    lookup = pl.DataFrame(
        {
            "step": [step for step, _ in known],
            "rule": [rule for _, rule in known],
            "code": np.arange(len(known)),
        },
        schema_overrides={"step": pl.String, "rule": pl.String},
    )
    coded = names.join(lookup, on=["step", "rule"], how="left", maintain_order="left")
    return [f"{step}/{rule}" for step, rule in known], coded["code"].to_numpy()


def edits(findings: pl.DataFrame) -> Mapping[tuple[str, str, str], tuple[int, int]]:
    """Of each step, rule and kind of edit: findings, and distinct documents."""
    rewrites = findings.filter(pl.col("action") == Action.REWRITE)
    if not rewrites.height:
        return {}
    counted = rewrites.group_by("step", "rule", "detail").agg(
        pl.len().alias("findings"), pl.col(DOC).n_unique().alias("documents")
    )
    return {
        (step or "", rule or "", detail or ""): (found, documents)
        for step, rule, detail, found, documents in counted.rows()
    }
