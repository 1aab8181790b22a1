"""How far people agree: with one another, with models, with what is known; and how that moves.

Whether a prelabel was accepted is told by comparing the annotation with it, never by what Label
Studio notes of its origin, which stays ``prediction`` when a person has changed the answer. Blind
items have a prelabel in the ledger that nobody saw: what people say of those beside what they say
of the others is how much a proposal draws them. Items whose answer is known are asked to measure
people, and count in nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.controls import Control
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.verdicts import decided
from dataqa.review.ledger import Ledger, Prelabel
from dataqa.review.measuring.among import Among, Pair, among, pairs
from dataqa.review.measuring.beside_models import Model, beside, share_of
from dataqa.review.measuring.gathered import Gathered, Said, accepts, by_item, gathered, number_of
from dataqa.review.measuring.intervals import Figure, middle, share

type By = Literal["week", "batch"]
STAMP = 2.0
"""An answer in fewer seconds was hardly read."""


class Person(msgspec.Struct, frozen=True):
    """One annotator, by number.

    Attributes:
        person: The number.
        answered: Items.
        skipped: Items that were passed over.
        seconds: The median for an item.
        stamps: Share of answers in under two seconds.
        gold: Share right of the items whose answer is known.
        majority: Share that says what most of the others say.
        accepts: Share of the prelabels shown that were accepted.
    """

    person: str
    answered: int
    skipped: int
    seconds: float | None
    stamps: Figure
    gold: Figure
    majority: Figure
    accepts: Figure


class Period(msgspec.Struct, frozen=True):
    """The items that were first answered in a week, or sent in a batch."""

    period: str
    items: int
    agree: Figure
    accepted: Figure
    seconds: float | None


class Agreement(msgspec.Struct, frozen=True):
    """All figures of a review; ``seconds`` are quartiles, of all, with and without a prelabel."""

    flow: str
    title: str
    by: By
    items: int
    answered: int
    annotations: int
    skipped: int
    others: int
    seconds: dict[str, list[float]]
    among: list[Among]
    pairs: list[Pair]
    models: list[Model]
    people: list[Person]
    periods: list[Period]


def agreement(ledgers: Sequence[Ledger], flow: Flow, by: By = "week") -> Agreement:
    """The figures of one flow's ledgers.

    Args:
        ledgers: One or several; an item that is in several is one.
        flow: What was asked.
        by: How time is cut.
    """
    all_of = gathered(ledgers, flow)
    said = [one for one in all_of.said if not one.gold]
    return Agreement(
        flow.name,
        flow.sheet.title.get(flow.language, flow.name),
        by,
        len(all_of.items),
        len({one.key for one in all_of.said}),
        len(all_of.said),
        sum(all_of.skipped.values()),
        all_of.others,
        _quartiles(said),
        [told for control in flow.controls for told in among(control, said)],
        pairs(flow, said),
        [beside(flow, model, told, said) for model, told in all_of.prelabels.items()],
        _people(flow, all_of),
        _periods(flow, all_of, said, by),
    )


def _people(flow: Flow, all_of: Gathered) -> list[Person]:
    name = flow.sheet.verdict
    each = by_item(all_of.said)
    told: list[Person] = []
    names = {one.person for one in all_of.said} | set(all_of.skipped)
    for person in sorted(names, key=number_of):
        mine = [one for one in all_of.said if one.person == person]
        timed = [one.seconds for one in mine if one.seconds is not None]
        known = [(one, all_of.items[one.key].facts.get("answer")) for one in mine if one.gold]
        gold = [accepts(flow, one.answer, answer) for one, answer in known if answer]
        with_others = [
            word_of(one.answer.get(name)) == most
            for one in mine
            if not one.gold and (most := _most_of_others(name, person, each[one.key]))
        ]
        seen = [(one, _proposal(all_of, one)) for one in mine if one.shown is not None]
        taken = [accepts(flow, one.answer, it.answer) for one, it in seen if it is not None]
        told.append(
            Person(
                person,
                len(mine),
                all_of.skipped.get(person, 0),
                middle(timed),
                share(sum(one < STAMP for one in timed), len(timed)),
                share(sum(gold), len(gold)),
                share(sum(with_others), len(with_others)),
                share(sum(taken), len(taken)),
            )
        )
    return told


def _most_of_others(name: str, person: str, some: Sequence[Said]) -> str | None:
    words = [word_of(one.answer.get(name)) for one in some if one.person != person]
    return decided([word for word in words if word], "majority").word


def _proposal(all_of: Gathered, one: Said) -> Prelabel | None:
    return all_of.prelabels.get(one.shown or "", {}).get(one.key)


def _periods(flow: Flow, all_of: Gathered, said: Sequence[Said], by: By) -> list[Period]:
    parts: dict[str, list[list[Said]]] = defaultdict(list)
    for some in by_item(said).values():
        first = some[0]
        parts[week_of(first.created) if by == "week" else first.batch].append(some)
    verdict = flow.control(flow.sheet.verdict)
    return [
        _period(flow, all_of, name, verdict, parts[name])
        for name in sorted(parts, key=lambda one: [*map(number_of, one.split("."))])
    ]


def _period(
    flow: Flow, all_of: Gathered, name: str, verdict: Control, groups: Sequence[Sequence[Said]]
) -> Period:
    said = [one for some in groups for one in some]
    timed = [one.seconds for one in said if one.seconds is not None]
    seen = [one for one in said if _proposal(all_of, one) is not None]

    def taken(one: Said) -> bool:
        proposal = _proposal(all_of, one)
        return proposal is not None and accepts(flow, one.answer, proposal.answer)

    agree = next((told.figure for told in among(verdict, said)), Figure())
    return Period(name or "unknown", len(groups), agree, share_of(seen, taken), middle(timed))


def week_of(time: str) -> str:
    """The week of a time, as ISO 8601 numbers it; empty if that is none.

    >>> week_of("2026-11-26T09:00:00Z"), week_of("")
    ('2026-W48', '')
    """
    try:
        year, week, _ = datetime.fromisoformat(time).isocalendar()
    except ValueError:
        return ""
    return f"{year}-W{week:02}"


def _quartiles(said: Sequence[Said]) -> dict[str, list[float]]:
    groups = {
        "all": list(said),
        "prelabelled": [one for one in said if one.shown is not None],
        "without": [one for one in said if one.shown is None],
    }
    told: dict[str, list[float]] = {}
    for name, some in groups.items():
        timed = [one.seconds for one in some if one.seconds is not None]
        if timed:
            told[name] = [round(float(one), 2) for one in np.quantile(timed, [0.25, 0.5, 0.75])]
    return told
