"""Bounds and probabilities moved by what people said, so that the next run asks less.

For every rule that sent documents to people: the documents whose fate hangs on that rule alone,
those of them with a verdict, and from these where to drop, where to keep and where still to ask.
What people say of documents drawn by chance (``--audit``) tells of those that nobody was asked
about; without them bounds only move within the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dataqa.engine.decide import foresee
from dataqa.engine.look import finished_store
from dataqa.errors import InputError
from dataqa.io.store import Store
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.bounds import evidence, resolved, rules_of, settings_of
from dataqa.review.deciding.risk import (
    Costs,
    Ends,
    Evidence,
    cheap_ends,
    fewest,
    sure_ends,
    weights,
)
from dataqa.review.deciding.trust import Trust, trust
from dataqa.review.deciding.verdicts import Rule as Agreement
from dataqa.review.deciding.verdicts import Verdict, verdicts
from dataqa.review.ledger import Ledger
from dataqa.rules import Rule
from dataqa.scores.calibration import bins

AT_LEAST = 50
"""Verdicts on documents of a rule without which none of its bounds is moved."""


class Aim(NamedTuple):
    """What bounds are to achieve.

    Attributes:
        error: Beyond the bounds at most this share is wrong, on each side; None to go by costs.
        confidence: How often that promise holds.
        costs: What errors and questions cost.
        at_least: Verdicts without which no bound is moved.
    """

    error: float | None = None
    confidence: float = 0.9
    costs: Costs = Costs()
    at_least: int = AT_LEAST


class Moved(NamedTuple):
    """What verdicts say of one rule.

    Attributes:
        rule: ``pack.rule.min`` or ``.max``.
        bound: It is now.
        asked: Verdicts on documents that the rule sent to people.
        audited: Verdicts on others whose fate hangs on it, drawn by chance.
        kept: Of those asked, the share that people keep.
        wrong: Of those drawn by chance, the share that people decide otherwise; None without any.
        curve: By the number: its mean, the share that people keep, verdicts' weight.
        settings: New bounds; empty where they stay.
        now: Documents it sends to people, of those whose fate hangs on it.
        then: The same with the new bounds.
        why: What there is to say, such as what there was too little of.
    """

    rule: str
    bound: float
    asked: int
    audited: int
    kept: float | None
    wrong: float | None
    curve: tuple[tuple[float, float, float], ...]
    settings: dict[str, float]
    now: int
    then: int
    why: str


class Calibrated(NamedTuple):
    """All that verdicts move.

    Attributes:
        verdicts: Documents with one.
        reasons: By reason: verdicts, and how many of them keep the document.
        rules: What becomes of each rule that sent documents to people.
        models: How far prelabels' probabilities are to be trusted.
        settings: All new bounds together.
        now: Documents in review.
        then: The same with the new bounds.
    """

    verdicts: int
    reasons: dict[str, tuple[int, int]]
    rules: tuple[Moved, ...]
    models: tuple[Trust, ...]
    settings: dict[str, float]
    now: int
    then: int


def calibrate(
    ledger: Ledger,
    flow: Flow,
    run: Path,
    aim: Aim | None = None,
    agreement: Agreement = "majority",
    rules: tuple[Path, ...] = (),
) -> Calibrated:
    """New bounds from verdicts on a run's documents; nothing is changed by it.

    Args:
        ledger: With what was pulled.
        flow: What was asked: one about documents.
        run: The run that was asked about.
        aim: What the bounds are to achieve.
        agreement: Whose word counts where people do not agree.
        rules: Folders of rule packs and word lists.

    Raises:
        InputError: The flow is not about documents, or nobody has said anything yet.
    """
    aim = aim or Aim()
    if flow.sheet.items != "documents":
        hint = "such as quality or toxicity; `dataqa review flows` tells what each asks about"
        raise InputError("bounds are moved by flows about documents", where=flow.name, hint=hint)
    told = [one for one in verdicts(ledger, flow, agreement) if one.item.kind != "gold"]
    told = [one for one in told if (one.said or "") in flow.sheet.actions]
    if not told:
        hint = "dataqa review pull brings what people said"
        raise InputError("there are no verdicts yet", where=str(run), hint=hint)
    store = finished_store(run)
    keeps = {one.item.doc_id: float(_keeps(flow, one)) for one in told}
    reasons = {one.item.reason for one in told if one.item.kind == "asked"}
    mine = rules_of(store, rules)
    moved = tuple(
        _moved(store, one, side, mine, keeps, aim)
        for one, side in (
            (mine.get(name.rpartition(".")[0]), name[-3:]) for name in sorted(reasons)
        )
        if one is not None and side in ("min", "max") and getattr(one, side) is not None
    )
    settings = _together(moved)
    seen = foresee(run, settings, rules)
    return Calibrated(
        len(keeps),
        _counts(flow, told),
        moved,
        trust(ledger, flow, told, aim.at_least),
        settings,
        seen.before.get("review", 0),
        seen.after.get("review", 0),
    )


def _keeps(flow: Flow, one: Verdict) -> bool:
    return flow.sheet.actions[one.said or ""] == "keep"


def _counts(flow: Flow, told: Sequence[Verdict]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for one in told:
        count, kept = found.get(one.item.reason, (0, 0))
        found[one.item.reason] = (count + 1, kept + _keeps(flow, one))
    return dict(sorted(found.items()))


def _moved(
    store: Store, rule: Rule, side: str, rules: dict[str, Rule], keeps: dict[str, float], aim: Aim
) -> Moved:
    sign = 1.0 if side == "min" else -1.0
    seen = evidence(store, rule, side, keeps)
    inside = seen.banded[seen.said]
    asked, audited = int(inside.sum()), int((~inside).sum())
    bound = float(getattr(rule, side))
    above = seen.values[seen.said] > sign * bound
    wrong = (seen.keep > 0.5) != above
    ends, why = _ends(seen, aim)
    settings = settings_of(rule, side, ends, rules)
    then = int(seen.banded.sum())
    if settings:
        low, high = resolved(rule, side, ends, rules)
        then = int(((seen.values > low) & (seen.values < high)).sum())
    curve = bins(seen.values[seen.said], seen.keep, weights(seen)) if len(seen.said) else []
    return Moved(
        f"{rule.key}.{side}",
        bound,
        asked,
        audited,
        float(seen.keep[inside].mean()) if asked else None,
        float(wrong[~inside].mean()) if audited else None,
        tuple((sign * one.mean, one.share, one.weight) for one in curve),
        settings,
        int(seen.banded.sum()),
        then,
        why,
    )


def _ends(seen: Evidence, aim: Aim) -> tuple[Ends, str]:
    """The new ends, and why they stay where they do."""
    nothing = Ends(None, None)
    count = len(seen.said)
    if count < aim.at_least:
        return nothing, f"{count} verdicts, and {aim.at_least} are needed"
    if aim.error is None:
        ends = cheap_ends(seen, aim.costs)
        return ends, "" if ends != nothing else "people say the same of all: no bound follows"
    ends = sure_ends(seen, aim.error, aim.confidence)
    asked = seen.values[seen.banded]
    mine = seen.values[seen.said]
    need = fewest(aim.error, aim.confidence)
    sides = (
        ("above", ends.high, int((mine > asked.max(initial=-np.inf)).sum())),
        ("below", ends.low, int((mine < asked.min(initial=np.inf)).sum())),
    )
    lacking = [
        f"{there} audited {where}, and {need} are needed"
        if there < need
        else f"too many errors {where}"
        for where, end, there in sides
        if end is None
    ]
    return ends, "; ".join(lacking)


def _together(moved: Sequence[Moved]) -> dict[str, float]:
    """All settings; two sides of a rule share one doubt, the larger."""
    found: dict[str, float] = {}
    for one in moved:
        for name, value in one.settings.items():
            known = found.get(name)
            found[name] = value if known is None else max(known, value)
    return dict(sorted(found.items()))


def as_yaml(settings: dict[str, float]) -> str:
    """The bounds as a pipeline has them."""
    lines = [f"  {name}: {value:.9g}" for name, value in settings.items()]
    return "\n".join(["bounds:", *lines]) + "\n" if lines else "bounds: {}\n"


def as_plain(told: Calibrated) -> dict[str, Any]:
    """For ``--log json``."""
    plain: dict[str, Any] = told._asdict()
    plain["rules"] = [one._asdict() for one in told.rules]
    plain["models"] = [one._asdict() for one in told.models]
    return plain
