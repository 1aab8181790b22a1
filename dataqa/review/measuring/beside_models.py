"""Models beside people: what of their prelabels is accepted, seen and unseen, and at what cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.verdicts import decided
from dataqa.review.ledger import Prelabel
from dataqa.review.measuring.among import WORDLESS
from dataqa.review.measuring.coefficients import calibration_error, kappa, overlap, ratio
from dataqa.review.measuring.gathered import Said, accepts, by_item, spans_in, unchanged
from dataqa.review.measuring.intervals import LEAST, Figure, bootstrapped, difference, share


class Model(msgspec.Struct, frozen=True):
    """A model version beside people.

    Attributes:
        model: Its name.
        proposals: Items that it labelled.
        shown: Share accepted by people who saw it.
        unchanged: Share of those that were left wholly as they were.
        blind: Share of blind items on which people say the same.
        unseen: The same where it was not seen for another reason: it came later, or was replaced.
        gap: ``shown`` less ``blind``: how much a proposal draws people.
        kappa: Of the model and people who did not see it.
        spans: F1 of its spans beside those of people who did not see it, exact; of those who did.
        error: Expected calibration error of its probabilities against what people decided.
        error_unseen: The same of people who did not see it.
        bins: Of all: mean probability, share that was right, how many.
        cost: What was spent on it in all.
        cost_each: The same for each item on which people accepted it.
    """

    model: str
    proposals: int
    shown: Figure
    unchanged: Figure
    blind: Figure
    unseen: Figure
    gap: Figure
    kappa: Figure
    spans: tuple[Figure, Figure] | None
    error: Figure
    error_unseen: Figure
    bins: list[tuple[float, float, int]]
    cost: dict[str, float]
    cost_each: dict[str, float] | None


def beside(flow: Flow, model: str, told: Mapping[str, Prelabel], said: Sequence[Said]) -> Model:
    """The figures of one model version.

    Args:
        flow: What was asked.
        model: Its name.
        told: Its prelabels, by item.
        said: What people said, of items whose answer nobody knew.
    """
    mine = [one for one in said if one.key in told]
    seen = [one for one in mine if one.shown == model]
    blind = [one for one in mine if one.blind and one.shown is None]
    unseen = [one for one in mine if not one.blind and one.shown != model]

    def taken(one: Said) -> bool:
        return accepts(flow, one.answer, told[one.key].answer)

    def kept(one: Said) -> bool:
        return unchanged(flow, one.answer, told[one.key].answer)

    error, bins = _calibration(told, mine, taken)
    accepted = sum(
        decided([str(taken(one)) for one in some], "majority").word == "True"
        for some in by_item(mine).values()
    )
    cost = _sums(one.cost for one in told.values())
    return Model(
        model,
        len(told),
        share_of(seen, taken),
        share_of(seen, kept),
        share_of(blind, taken),
        share_of(unseen, taken),
        difference(_items(seen, taken), _items(blind, taken)),
        _kappa(flow, told, [*blind, *unseen]),
        _spans_kappa(flow, told, [*blind, *unseen], seen),
        error,
        _calibration(told, [*blind, *unseen], taken)[0],
        bins,
        cost,
        {name: spent / accepted for name, spent in cost.items()} if accepted else None,
    )


def share_of(some: Sequence[Said], right: Callable[[Said], bool], least: int = LEAST) -> Figure:
    """A share of answers: exact where each item has one, else by a bootstrap over items."""
    each = by_item(some)
    if len(each) == len(some):
        return share(sum(map(right, some)), len(some), least)
    rows = [[sum(map(right, mine)), len(mine)] for mine in each.values()]
    return bootstrapped(np.array(rows, np.float64), ratio, least)


def _items(some: Sequence[Said], right: Callable[[Said], bool]) -> tuple[float, int]:
    """The items on which answers are right, in part where people differ, and how many there are."""
    each = by_item(some).values()
    return sum(sum(map(right, mine)) / len(mine) for mine in each), len(each)


def _calibration(
    told: Mapping[str, Prelabel], some: Sequence[Said], right: Callable[[Said], bool]
) -> tuple[Figure, list[tuple[float, float, int]]]:
    """How far probabilities are off, on the items on which people agree whether it is right."""
    probabilities: list[float] = []
    truths: list[bool] = []
    for key, mine in by_item(some).items():
        probability = told[key].probability
        truth = decided([str(right(one)) for one in mine], "majority").word
        if probability is not None and truth is not None:
            probabilities.append(probability)
            truths.append(truth == "True")
    return calibration_error(probabilities, truths)


def _kappa(flow: Flow, told: Mapping[str, Prelabel], some: Sequence[Said]) -> Figure:
    name = flow.sheet.verdict
    if flow.control(name).kind in WORDLESS:
        return Figure()
    pairs = [
        (word_of(one.answer.get(name)), word_of(told[one.key].answer.get(name))) for one in some
    ]
    return kappa([pair for pair in pairs if all(pair)])


def _spans_kappa(
    flow: Flow, told: Mapping[str, Prelabel], *groups: Sequence[Said]
) -> tuple[Figure, Figure] | None:
    name = next((one.name for one in flow.controls if one.kind == "Labels"), None)
    if name is None:
        return None
    figures: list[Figure] = []
    for some in groups:
        pairs = [(spans_in(one.answer, name), spans_in(told[one.key].answer, name)) for one in some]
        parts = overlap(pairs, exact=True)
        figures.append(bootstrapped(np.array(parts).reshape(len(parts), 2), ratio))
    return figures[0], figures[1]


def _sums(costs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for cost in costs:
        for name, spent in cost.items():
            total[name] += spent
    return dict(sorted(total.items()))
