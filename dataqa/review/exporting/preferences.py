"""Preferences: pairs of answers that people compared, and answers that they put in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.controls import Answer, Control
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.verdicts import decided
from dataqa.review.exporting.cases import Case
from dataqa.review.exporting.rows import NO_AGREEMENT, How, Row, asked, by_of, pair_of

MARGINS = {"much": 3.0, "better": 2.0, "slightly": 1.0}
"""How much better, as a margin of rewards."""
TIE, BAD = "tie", "bad"


def pairwise(case: Case, data: dict[str, Any], control: Control, how: How) -> list[Row] | str:
    """The preferred one of two answers."""
    shown = variables_by_object(case.flow.config)
    left, right = (str(data.get(shown.get(one, one), "")) for one in control.to[:2])
    prompt, _ = asked(data)
    if not prompt or not left or not right:
        return "no prompt and answers"
    words = [_preference(one, control.name) for one in case.answers]
    told = decided([word for word in words if word], how.rule)
    if told.word is None:
        return NO_AGREEMENT if told.people else "no answer is preferred"
    if told.word == BAD:
        return "both are bad"
    if told.word == TIE and not how.ties:
        return "equally good"
    strengths = sorted(
        (strength for one, word in zip(case.answers, words, strict=True) if word == told.word
         if (strength := _strength(one)) in MARGINS),
        key=lambda one: MARGINS[one],
    )  # fmt: skip
    strength = strengths[(len(strengths) - 1) // 2] if strengths else None
    chosen, rejected = (right, left) if told.word == "right" else (left, right)
    margin = 0.0 if told.word == TIE else MARGINS.get(strength or "")
    row = pair_of(prompt, chosen, rejected, strength, margin, by_of(case, how, told))
    return [{**row, "tie": told.word == TIE} if how.ties else row]


def ranked_pairs(case: Case, data: dict[str, Any], control: Control, how: How) -> list[Row] | str:
    """Of answers in order every two, each decided by itself."""
    prompt, _ = asked(data)
    bodies = _bodies(case.flow, data, control)
    if not prompt or not bodies:
        return "no prompt and answers"
    votes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for answer in case.answers:
        for better, worse in _pairs_of(answer.get(control.name) or {}, control):
            if better in bodies and worse in bodies:
                votes[min(better, worse), max(better, worse)].append(better)
    rows: list[Row] = []
    for (one, two), said in sorted(votes.items()):
        told = decided(said, how.rule)
        if told.word is not None and bodies[one] != bodies[two]:
            other = two if told.word == one else one
            pair = (bodies[told.word], bodies[other])
            rows.append(pair_of(prompt, *pair, None, None, by_of(case, how, told)))
    return rows or (NO_AGREEMENT if votes else "nothing is put in order")


def ranking_of(case: Case, data: dict[str, Any], how: How) -> list[Row] | str:
    """Answers in order, the best first, and those that are unusable."""
    control = next((one for one in case.flow.controls if one.kind == "Ranker"), None)
    prompt, _ = asked(data)
    bodies = {} if control is None else _bodies(case.flow, data, control)
    if control is None or not prompt or not bodies:
        return "no prompt and answers"
    ranks: list[dict[str, list[str]]] = [one.get(control.name) or {} for one in case.answers]
    ranks = [rank for rank in ranks if rank]
    told = decided([word_of(rank) for rank in ranks], how.rule)
    if told.word is None:
        return NO_AGREEMENT if told.people else "nothing is put in order"
    rank = next(one for one in ranks if word_of(one) == told.word)
    boxes = [box for box in _boxes(rank, control) if box != BAD]
    order = [bodies[one] for box in boxes for one in rank[box] if one in bodies]
    bad = [bodies[one] for one in rank.get(BAD, []) if one in bodies]
    if not order and not bad:
        return "nothing is put in order"
    row = {"prompt": prompt, "ranking": order, "unusable": bad}
    return [{**row, "decided": by_of(case, how, told)}]


def _strength(answer: Answer) -> str:
    words = (*MARGINS, TIE, BAD)
    return next((word for word in map(word_of, answer.values()) if word in words), "")


def _preference(answer: Answer, name: str) -> str:
    """``left``, ``right``, ``tie`` or ``bad``: the last two win over a side that was clicked."""
    strength = _strength(answer)
    return strength if strength in (TIE, BAD) else word_of(answer.get(name))


def _pairs_of(rank: Mapping[str, Sequence[str]], control: Control) -> list[tuple[str, str]]:
    """Who is better than whom: within a box by order, but among the unusable; across by box."""
    pairs: list[tuple[str, str]] = []
    boxes = _boxes(rank, control)
    for box in boxes:
        pairs += [] if box == BAD else combinations(rank[box], 2)
    for one, two in combinations(boxes, 2):
        pairs += [(better, worse) for better in rank[one] for worse in rank[two]]
    return pairs


def _boxes(rank: Mapping[str, Sequence[str]], control: Control) -> list[str]:
    """The boxes of an answer from the best to the worst: as on the page, the unusable last."""
    order = {name: at for at, name in enumerate(control.words)}
    return sorted(rank, key=lambda box: (box == BAD, order.get(box, 0)))


def _bodies(flow: Flow, data: dict[str, Any], control: Control) -> dict[str, str]:
    told = data.get(variables_by_object(flow.config).get(control.to[0], ""))
    if not isinstance(told, list):
        return {}
    return {str(one["id"]): str(one["body"]) for one in told if {"id", "body"} <= set(one)}


def variables_by_object(config: str) -> dict[str, str]:
    """Which variable each object of a page shows.

    >>> variables_by_object('<View><Text name="answer" value="$a1"/></View>')
    {'answer': 'a1'}
    """
    root = ET.fromstring(config)  # noqa: S314 - ours, and expat bounds it
    return {
        tag.get("name", ""): value[1:]
        for tag in root.iter()
        if (value := tag.get("value", "")).startswith("$") and tag.get("name")
    }
