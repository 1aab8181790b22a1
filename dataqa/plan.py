"""From a pipeline to stages: cut in front of every global step, each with a fingerprint.

A stage's fingerprint chains the one before it with its steps' fields, their rules with bounds, and
the digests of the files they read. So changing a late step reuses what earlier stages have done,
and changing an early one reuses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.pipeline import NamedStep, Pipeline, plain_fields
from dataqa.policy import StepRule
from dataqa.types import Assets, Digested, GlobalStep

FORMAT = 2
"""Raised when stored stages of an older version no longer mean the same."""


class Stage(NamedTuple):
    """What runs over a document without waiting for others.

    ``settles`` is the global step whose rulings this stage begins with; it is ``steps[0]`` too, for
    once ruled it is an ordinary step. ``sketches`` is the global step of the next stage.
    """

    number: int
    steps: tuple[NamedStep, ...]
    rules: tuple[StepRule, ...]
    settles: NamedStep | None
    sketches: NamedStep | None
    fingerprint: str


class Plan(NamedTuple):
    """The stages of a pipeline, in order."""

    pipeline: Pipeline
    stages: tuple[Stage, ...]

    @property
    def last(self) -> int:
        """The number of the last stage."""
        return self.stages[-1].number


def make_plan(pipeline: Pipeline, assets: Assets) -> Plan:
    """Cut a pipeline into stages.

    Raises:
        InputError: A rule pack or list that a step names does not exist or does not load, or a step
            does not come after the one that it acts upon, or does not agree with it.
    """
    _check_order(pipeline.steps, assets)
    groups: list[list[NamedStep]] = [[]]
    for named in pipeline.steps:
        if isinstance(named.step, GlobalStep):
            groups.append([])
        groups[-1].append(named)
    rules = pipeline.rules(assets)
    stages: list[Stage] = []
    before = digest(
        [FORMAT, msgspec.to_builtins(pipeline.reading), msgspec.to_builtins(pipeline.output)]
    )
    for number, group in enumerate(groups, 1):
        mine = tuple(rule for rule in rules if rule.step in {named.label for named in group})
        before = digest([before, [_identity(named, assets) for named in group], mine])
        following = groups[number][0] if number < len(groups) else None
        settles = group[0] if number > 1 else None
        stages.append(Stage(number, tuple(group), mine, settles, following, before))
    return Plan(pipeline, tuple(stages))


def _check_order(steps: Sequence[NamedStep], assets: Assets) -> None:
    for at, named in enumerate(steps):
        before = getattr(named.step, "follows", None)
        if before is not None and before not in {step.word for step in steps[:at]}:
            raise InputError(
                f"no step `{before}` comes before it",
                where=f"step {named.label}",
                hint=f"put `- {before}` before it",
            )
        check = getattr(named.step, "check_after", None)
        if check is not None:
            check([step.step for step in steps[:at]], assets)


def digest(value: Any) -> str:
    """A short digest of plain data that is equal for equal data.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    data = msgspec.json.encode(value, order="sorted", enc_hook=str)
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def chain(before: str, parts: Iterable[str] | Sequence[str]) -> str:
    """The fingerprint of something that follows from ``before`` and other fingerprints."""
    return digest([before, list(parts)])


def _identity(named: NamedStep, assets: Assets) -> list[Any]:
    files = named.step.digest(assets) if isinstance(named.step, Digested) else ""
    running: tuple[str, ...] = getattr(named.step, "running", ())
    fields = {k: v for k, v in plain_fields(named.step).items() if k not in running}
    return [named.label, named.word, fields, files]
