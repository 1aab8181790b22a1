"""People among themselves: on each control, and by twos on what decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec
import numpy as np

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.controls import Control
from dataqa.review.asking.flows import Flow
from dataqa.review.measuring.coefficients import alpha, kappa, overlap, ratio
from dataqa.review.measuring.gathered import Said, by_item, number_of, spans_in
from dataqa.review.measuring.intervals import Figure, bootstrapped

_SCALES = ("Rating", "Number")
WORDLESS = ("TextArea", "Ranker", "Labels")
"""Controls whose answers are no words that kappa could compare."""


class Among(msgspec.Struct, frozen=True):
    """How far people agree on a control, by one measure."""

    control: str
    measure: str
    figure: Figure


class Pair(msgspec.Struct, frozen=True):
    """Cohen's kappa of two people, on what decides."""

    one: str
    two: str
    figure: Figure


def among(control: Control, said: Sequence[Said]) -> list[Among]:
    """People among themselves on one control, where two or more of them answered it."""
    if control.region or control.kind == "TextArea":
        return []
    if control.kind == "Labels":
        return _span_figures(control.name, said)
    units: list[list[Any]] = []
    owners: list[str] = []
    for key, some in by_item(said).items():
        for values in _units(control, some):
            units.append(values)
            owners.append(key)
    told = [Among(control.name, "alpha nominal", alpha(units, "nominal", owners))]
    if control.kind in _SCALES:
        told.append(Among(control.name, "alpha ordinal", alpha(units, "ordinal", owners)))
    return told


def pairs(flow: Flow, said: Sequence[Said]) -> list[Pair]:
    """The kappa of every two people who saw the same items."""
    if flow.control(flow.sheet.verdict).kind in WORDLESS:
        return []
    both: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for some in by_item(said).values():
        words = {one.person: word_of(one.answer.get(flow.sheet.verdict)) for one in some}
        known = sorted((person for person, word in words.items() if word), key=number_of)
        for one, two in combinations(known, 2):
            both[one, two].append((words[one], words[two]))
    order = sorted(both, key=lambda pair: (number_of(pair[0]), number_of(pair[1])))
    return [Pair(*pair, kappa(both[pair])) for pair in order]


def _units(control: Control, some: Sequence[Said]) -> list[list[Any]]:
    values = [value for one in some if (value := one.answer.get(control.name)) not in (None, [])]
    if control.kind == "Ranker":
        return _orders(values)
    if control.kind in _SCALES:
        return [[float(value) for value in values]]
    return [[word for value in values if (word := word_of(value))]]


def _orders(ranks: Sequence[Mapping[str, Sequence[str]]]) -> list[list[Any]]:
    """Of each two ids that people ordered, which one each put first."""
    votes: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for rank in ranks:
        ids = [one for some in rank.values() for one in some]
        for one, two in combinations(ids, 2):
            votes[min(one, two), max(one, two)].append(one)
    return [votes[pair] for pair in sorted(votes)]


def _span_figures(name: str, said: Sequence[Said]) -> list[Among]:
    several = [some for some in by_item(said).values() if len(some) > 1]
    marked = [[spans_in(one.answer, name) for one in some] for some in several]
    told: list[Among] = []
    for exact, measure in ((True, "F1 exact"), (False, "F1 overlapping")):
        parts = [
            np.sum(overlap(list(combinations(some, 2)), exact=exact), axis=0) for some in marked
        ]
        rows = np.array(parts).reshape(len(parts), 2)
        told.append(Among(name, measure, bootstrapped(rows, ratio)))
    return told
