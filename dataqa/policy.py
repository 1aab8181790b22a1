"""Where evidence becomes a decision: all rules of a stage at once, then one action per document.

Rules are evaluated over stored numbers, never over text, so that other bounds can be tried on a
finished run in seconds. Nothing is dropped for one reason when it had three: every rule that trips
leaves its finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError, did_you_mean
from dataqa.rules import Rule
from dataqa.types import DOC, FINDINGS, Action, Batch, complete

type Rows = NDArray[np.intp]

PERSON = "person"
"""A finding whose ``by`` begins with this is a person's verdict: it wins over every other."""


COLUMN = "column:"
"""What the signal that holds a source column begins with."""

ACTIONS = {action.name.lower(): int(action) for action in Action}
"""What actions are called in files, weakest first."""

SIDE = r"\.(min|max|missing)$"
"""What a finding's rule has behind the key of the rule that tripped, as a pattern."""


class StepRule(NamedTuple):
    """A rule and the step that brought it."""

    step: str
    rule: Rule


class _Trip(NamedTuple):
    """The documents of one batch that one bound caught."""

    rows: Rows
    step: str
    key: str
    actions: NDArray[np.uint8]
    scores: NDArray[np.float64]
    bound: float
    detail: pl.Series | None = None


def judge(batch: Batch, rules: Sequence[StepRule]) -> pl.DataFrame:
    """Every rule over every document: the findings of those that trip, by document then rule.

    Raises:
        InputError: A rule names a signal that no step has measured.
    """
    trips: list[_Trip] = []
    for step, rule in rules:
        if rule.signal not in batch.signals.columns:
            raise InputError(
                f"rule {rule.key} needs the signal {rule.signal}, which no step measures",
                where=f"step {step}",
                hint=did_you_mean(rule.signal, batch.signals.columns),
            )
        values = batch.signals[rule.signal]
        if values.dtype.is_float():
            values = values.fill_nan(None)  # no number was measured: no bound can judge it
        applies = _applies(rule, batch.signals)
        trips += _missing(step, rule, values, applies)
        if rule.one_of or rule.none_of:
            trips += _membership(step, rule, values, applies)
        else:
            trips += _bounds(step, rule, values, applies)
    return _findings(batch.docs[DOC], [trip for trip in trips if trip.rows.size])


def actions(docs: pl.Series, findings: pl.DataFrame) -> pl.Series:
    """The strongest action asked of each document, a person's verdict before all others.

    Args:
        docs: Document numbers, ascending.
        findings: Rows in the ``FINDINGS`` schema, of these documents only.

    Returns:
        One ``UInt8`` for each document, in order.
    """
    strongest = np.zeros(docs.len(), np.uint8)
    _raise_to(strongest, docs, findings)
    verdicts = findings.filter(pl.col("by").str.starts_with(PERSON))
    if verdicts.height:
        at = np.searchsorted(docs.to_numpy(), verdicts[DOC].to_numpy())
        strongest[at] = verdicts["action"].to_numpy()
    return pl.Series("action", strongest)


def in_review(batch: Batch) -> pl.Series:
    """Whether each document would go to review as things stand: a person may yet discard it."""
    return actions(batch.docs[DOC], batch.findings) == Action.REVIEW


def reasons(findings: pl.DataFrame) -> pl.DataFrame:
    """Why documents were not simply kept: ``_doc``, and the rules that asked for review or drop."""
    asked = findings.filter(pl.col("action") >= Action.REVIEW)
    return asked.group_by(DOC, maintain_order=True).agg(
        pl.col("rule").unique(maintain_order=True).alias("reasons")
    )


def _raise_to(strongest: NDArray[np.uint8], docs: pl.Series, findings: pl.DataFrame) -> None:
    if findings.height:
        at = np.searchsorted(docs.to_numpy(), findings[DOC].to_numpy())
        np.maximum.at(strongest, at, findings["action"].to_numpy())


def _applies(rule: Rule, signals: pl.DataFrame) -> NDArray[np.bool_] | None:
    if not rule.languages:
        return None
    if "language" not in signals.columns:
        raise InputError(
            f"rule {rule.key} holds for {', '.join(rule.languages)} only, and no language is known",
            hint="put the step `language` before it",
        )
    return signals["language"].is_in(rule.languages).fill_null(value=False).to_numpy()


def _where(mask: NDArray[np.bool_], applies: NDArray[np.bool_] | None) -> Rows:
    return np.flatnonzero(mask if applies is None else mask & applies)


def _missing(
    step: str, rule: Rule, values: pl.Series, applies: NDArray[np.bool_] | None
) -> list[_Trip]:
    if rule.missing == Action.KEEP or not values.null_count():
        return []
    rows = _where(values.is_null().to_numpy(), applies)
    nothing = np.full(rows.size, np.nan)
    action = np.full(rows.size, rule.missing, np.uint8)
    return [_Trip(rows, step, f"{rule.key}.missing", action, nothing, np.nan)]


def _membership(
    step: str, rule: Rule, values: pl.Series, applies: NDArray[np.bool_] | None
) -> list[_Trip]:
    words = values.cast(pl.String)
    bad = pl.Series(np.zeros(values.len(), np.bool_))
    if rule.one_of:
        bad = bad | ~words.is_in(rule.one_of)
    if rule.none_of:
        bad = bad | words.is_in(rule.none_of)
    rows = _where(bad.fill_null(value=False).to_numpy(), applies)
    action = np.full(rows.size, rule.action, np.uint8)
    nothing = np.full(rows.size, np.nan)
    # a source column may hold anything, a signal that a step measured holds a word of ours
    told = None if rule.signal.startswith(COLUMN) else words.gather(rows)
    return [_Trip(rows, step, rule.key, action, nothing, np.nan, told)]


def _bounds(
    step: str, rule: Rule, values: pl.Series, applies: NDArray[np.bool_] | None
) -> list[_Trip]:
    numbers = values.cast(pl.Float64).to_numpy()
    trips: list[_Trip] = []
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is None:
            continue
        beyond = numbers < bound if side == "min" else numbers > bound
        if rule.doubt:
            beyond = beyond | (np.abs(numbers - bound) <= rule.doubt)
        rows = _where(beyond, applies)
        scores = numbers[rows]
        action = np.full(rows.size, rule.action, np.uint8)
        if rule.doubt:
            action[np.abs(scores - bound) <= rule.doubt] = Action.REVIEW
        trips.append(_Trip(rows, step, f"{rule.key}.{side}", action, scores, bound))
    return trips


def _findings(docs: pl.Series, trips: list[_Trip]) -> pl.DataFrame:
    if not trips:
        return pl.DataFrame(schema=FINDINGS)
    sizes = [trip.rows.size for trip in trips]
    which = np.repeat(np.arange(len(trips)), sizes)
    rows = np.concatenate([trip.rows for trip in trips])
    order = np.lexsort((which, rows))
    which, rows = which[order], rows[order]
    details = pl.concat(
        [
            pl.repeat(None, trip.rows.size, dtype=pl.String, eager=True)
            if trip.detail is None
            else trip.detail
            for trip in trips
        ]
    ).gather(order)
    frame = pl.DataFrame(
        {
            DOC: docs.gather(rows),
            "step": pl.Series([trip.step for trip in trips]).gather(which),
            "rule": pl.Series([trip.key for trip in trips]).gather(which),
            "action": np.concatenate([trip.actions for trip in trips])[order],
            "score": np.concatenate([trip.scores for trip in trips])[order],
            "bound": np.repeat([trip.bound for trip in trips], sizes)[order],
            "detail": details,
            "by": pl.repeat("rule", rows.size, eager=True),
        }
    )
    return complete(frame.with_columns(pl.col("score", "bound").fill_nan(None)))
