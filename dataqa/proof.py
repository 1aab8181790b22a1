"""Whether a pack does what its examples claim, shown on the real signals and the real policy."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import polars as pl

from dataqa import signals
from dataqa.errors import InputError
from dataqa.packs import Pack, load_words
from dataqa.policy import StepRule, judge
from dataqa.rules import Rule
from dataqa.types import DOC, DOC_ID, TEXT, Assets, Batch, batch_of


class Problem(NamedTuple):
    """An example that does not do what it is there for."""

    where: str
    what: str


def prove(pack: Pack, assets: Assets) -> list[Problem]:
    """Run every example of a pack, as written in its file, through signals and rules.

    A rule must trip on each of its ``trips`` and on none of its ``passes``; with both a ``min`` and
    a ``max``, each must be shown to trip. A value that could not be measured proves nothing.
    """
    found = _trips(pack, assets)
    problems = [
        Problem(example.where, f"rule {example.rule} {_failure(example.trips)}")
        for place, example in enumerate(pack.examples)
        if example.trips != any(key in found for key in _keys(pack, place, example.rule))
    ]
    shown = {
        key
        for place, key in found
        if pack.examples[place].trips and key.split(".")[1] == pack.examples[place].rule
    }
    for rule in pack.rules:
        for side in ("min", "max"):
            if getattr(rule, side) is not None and f"{rule.key}.{side}" not in shown:
                where = next(e.where for e in pack.examples if e.rule == rule.name)
                problems.append(Problem(where, f"no example trips {rule.key}.{side}"))
    return problems


def require_proven(pack: Pack, assets: Assets) -> None:
    """Refuse a pack of which an example fails.

    Raises:
        InputError: naming the file and line of the first.
    """
    for problem in prove(pack, assets):
        raise InputError(
            problem.what,
            where=problem.where,
            hint="correct the rule or the example; `dataqa check` proves packs",
        )


def _trips(pack: Pack, assets: Assets) -> set[tuple[int, str]]:
    """Pairs of an example's place and the bound that it trips, of its own rule or another."""
    rules = {rule.name: rule for rule in pack.rules}
    wanted = list(dict.fromkeys(rule.signal for rule in pack.rules))
    text = pl.Series(TEXT, [example.text for example in pack.examples], pl.String)
    measured = signals.compute(text, wanted, partial(load_words, assets=assets))
    languages = [_language(rules[example.rule]) for example in pack.examples]
    docs = pl.DataFrame(
        {
            DOC: pl.Series(range(text.len()), dtype=pl.UInt64),
            DOC_ID: [example.where for example in pack.examples],
            TEXT: text,
        }
    )
    batch: Batch = batch_of(docs).with_signals(
        measured.with_columns(pl.Series("language", languages, pl.String))
    )
    findings = judge(batch, [StepRule("quality", rule) for rule in pack.rules])
    return set(zip(findings[DOC].to_list(), findings["rule"].to_list(), strict=True))


def _keys(pack: Pack, place: int, rule: str) -> list[tuple[int, str]]:
    key = f"{pack.name}.{rule}"
    return [(place, key), (place, f"{key}.min"), (place, f"{key}.max")]


def _language(rule: Rule) -> str | None:
    return rule.languages[0] if rule.languages else None


def _failure(trips: bool) -> str:
    return (
        "does not trip on an example that it must trip on"
        if trips
        else ("trips on an example that it must pass")
    )
