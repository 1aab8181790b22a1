"""What one rule of a run decides alone: its documents, and its bounds as settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from dataqa.engine.again import pipeline_of
from dataqa.engine.local import assets_of
from dataqa.engine.outlet import FINDINGS_DIR, SIGNALS_DIR
from dataqa.io.outputs import scan
from dataqa.io.store import Store
from dataqa.plan import make_plan
from dataqa.policy import PERSON
from dataqa.review.deciding.risk import Ends, Evidence
from dataqa.rules import Rule
from dataqa.types import DOC_ID, Action


def rules_of(store: Store, folders: tuple[Path, ...]) -> dict[str, Rule]:
    """A run's rules, by key."""
    plan = make_plan(pipeline_of(store), assets_of(store, folders))
    return {told.rule.key: told.rule for stage in plan.stages for told in stage.rules}


def evidence(store: Store, rule: Rule, side: str, keeps: dict[str, float]) -> Evidence:
    """The documents that no other rule drops or holds, and what people say of some.

    Args:
        store: Of the run.
        rule: The rule.
        side: ``min`` or ``max``.
        keeps: Verdicts by document: 1 keeps.
    """
    signals = scan([store.path(name) for name in store.names(SIGNALS_DIR)])
    if rule.languages:
        signals = signals.filter(pl.col("language").is_in(rule.languages))
    mine = [f"{rule.key}.{side}", f"{rule.key}.sure.{side}"]
    asking = scan([store.path(name) for name in store.names(FINDINGS_DIR)]).filter(
        pl.col("action").is_in(["review", "drop"]), ~pl.col("by").str.starts_with(PERSON)
    )
    others = asking.filter(~pl.col("rule").is_in(mine)).select(DOC_ID).unique()
    held = asking.filter(pl.col("rule") == mine[0], pl.col("action") == "review")
    dropped = asking.filter(pl.col("rule").is_in(mine), pl.col("action") == "drop")
    held = held.join(dropped, on=DOC_ID, how="anti").select(DOC_ID, held=True).unique()
    value = pl.col(rule.signal).cast(pl.Float64)
    rows = (
        signals.select(DOC_ID, value=value if side == "min" else -value)
        .filter(pl.col("value").is_finite())
        .join(others, on=DOC_ID, how="anti")
        .join(held, on=DOC_ID, how="left")
        .sort(DOC_ID)
        .collect()
    )
    told = [keeps.get(one) for one in rows[DOC_ID]]
    said = np.array([at for at, one in enumerate(told) if one is not None], np.int64)
    return Evidence(
        rows["value"].to_numpy().astype(np.float64),
        rows["held"].fill_null(value=False).to_numpy().astype(np.bool_),
        said,
        np.array([one for one in told if one is not None], np.float64),
    )


def resolved(rule: Rule, side: str, ends: Ends, rules: Mapping[str, Rule]) -> tuple[float, float]:
    """Where the rule drops up to and keeps from, high is good: an end not known stays as it is."""
    sign = 1.0 if side == "min" else -1.0
    sure = rules.get(f"{rule.key}.sure")
    bound = sign * float(getattr(rule, side))
    if sure is not None:
        now = (sign * float(getattr(sure, side)), bound)
    else:
        now = (bound - rule.doubt, bound + rule.doubt)
    if not drops(rule, rules):
        now = (-np.inf, now[1])
    low, high = ends.low, ends.high
    if low is None or not drops(rule, rules):
        low = min(now[0], now[0] if high is None else high)
    return low, max(now[1], low) if high is None else high


def drops(rule: Rule, rules: Mapping[str, Rule]) -> bool:
    """Whether anything is dropped by it, or all sent to people."""
    return f"{rule.key}.sure" in rules or rule.action == Action.DROP


def settings_of(rule: Rule, side: str, ends: Ends, rules: Mapping[str, Rule]) -> dict[str, float]:
    """The bounds that mean these ends."""
    if ends == Ends(None, None):
        return {}
    sign = 1.0 if side == "min" else -1.0
    low, high = resolved(rule, side, ends, rules)
    name = f"{rule.key}.{side}"
    if f"{rule.key}.sure" in rules:
        return {name: _short(sign * high), f"{rule.key}.sure.{side}": _short(sign * low)}
    if not drops(rule, rules):
        return {name: _short(sign * high - sign * rule.doubt)}
    middle = _short(sign * 0.5 * (low + high))
    return {name: middle, f"{rule.key}.doubt": _short(0.5 * (high - low))}


def _short(value: float) -> float:
    return float(f"{value:.9g}")
