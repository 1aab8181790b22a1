"""What ledgers know of items, people and models, side by side, for ``agreement``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dataqa.review.asking.answers import word_of
from dataqa.review.asking.controls import Answer
from dataqa.review.asking.flows import Flow
from dataqa.review.deciding.corrections import NOT_PRIVATE
from dataqa.review.ledger import Item, Ledger, Prelabel
from dataqa.review.measuring.coefficients import Span


class Said(NamedTuple):
    """What one person said of one item, last.

    Attributes:
        key: Of the item.
        person: The number of the person; of several servers, with the server's.
        answer: Values by control.
        seconds: How long it took, None if unknown.
        created: When, ISO 8601.
        batch: In which push the item was sent, empty if unknown.
        shown: The model whose prelabel was shown, None for none.
        blind: The item was drawn to be shown without one.
        gold: The item's answer is known.
    """

    key: str
    person: str
    answer: Answer
    seconds: float | None
    created: str
    batch: str
    shown: str | None
    blind: bool
    gold: bool


class Gathered(NamedTuple):
    """All of it.

    Attributes:
        items: By key.
        said: Answers, the last of each person for each item, by item and time.
        skipped: How often each person passed an item over.
        others: Annotations that answer another form of the question.
        prelabels: By model, in the order in which they came, and by item.
    """

    items: dict[str, Item]
    said: list[Said]
    skipped: dict[str, int]
    others: int
    prelabels: dict[str, dict[str, Prelabel]]


def gathered(ledgers: Sequence[Ledger], flow: Flow) -> Gathered:
    """What ledgers of one flow know; an item that is in several is one."""
    found = Gathered({}, [], {}, 0, {})
    urls = list(dict.fromkeys(ledger.get("url") or "" for ledger in ledgers))
    last: dict[tuple[str, str], Said] = {}
    others = 0
    for number, ledger in enumerate(ledgers, 1):
        for item in ledger.items():
            found.items.setdefault(item.key, item)
        for told in ledger.every_prelabel():
            found.prelabels.setdefault(told.model, {})[told.key] = told
        server = urls.index(ledger.get("url") or "") + 1
        before = f"{server}:" if len(urls) > 1 else ""
        prefix = f"{number}." if len(ledgers) > 1 else ""
        others += _said(ledger, flow, before, prefix, last, found.skipped)
    said = sorted(last.values(), key=lambda one: (one.key, one.created, one.person))
    return found._replace(said=said, others=others)


def by_item(said: Iterable[Said]) -> dict[str, list[Said]]:
    """What is said of each item, in the order in which it was said."""
    found: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        found[one.key].append(one)
    return found


def number_of(person: str) -> tuple[int, str]:
    """What people are put in order by: their numbers."""
    return (int(person), "") if person.isdecimal() else (1 << 60, person)


def spans_in(answer: Mapping[str, Any], control: str) -> list[Span]:
    """The spans of an answer, without those that are said to be none."""
    return [
        (int(one["start"]), int(one["end"]), str(one["label"]))
        for one in answer.get(control) or []
        if NOT_PRIVATE not in one.values()
    ]


def accepts(flow: Flow, answer: Answer, proposal: Answer) -> bool:
    """Whether the verdict is the proposed one; where none was proposed, all that was."""
    verdict = word_of(proposal.get(flow.sheet.verdict))
    if verdict:
        return word_of(answer.get(flow.sheet.verdict)) == verdict
    return unchanged(flow, answer, proposal)


def unchanged(flow: Flow, answer: Answer, proposal: Answer) -> bool:
    """Whether all that was proposed was left as it is; what was added to it is no change.

    Spans must be the same ones, with the same values beside them.
    """
    for control in flow.controls:
        value = proposal.get(control.name)
        if control.region or (value in (None, "", []) and control.kind != "Labels"):
            continue
        if control.kind != "Labels":
            if word_of(answer.get(control.name)) != word_of(value):
                return False
        elif control.name in proposal and not _same_spans(flow, answer, proposal, control.name):
            return False
    return True


def _same_spans(flow: Flow, answer: Answer, proposal: Answer, name: str) -> bool:
    if sorted(spans_in(answer, name)) != sorted(spans_in(proposal, name)):
        return False
    regions = [one.name for one in flow.controls if one.region]
    there = {(one["start"], one["end"], one["label"]): one for one in answer.get(name) or []}
    return all(
        word_of(there.get((one["start"], one["end"], one["label"]), {}).get(region))
        == word_of(one[region])
        for one in proposal.get(name) or []
        for region in regions
        if one.get(region) not in (None, "", [])
    )


def _said(
    ledger: Ledger,
    flow: Flow,
    before: str,
    prefix: str,
    last: dict[tuple[str, str], Said],
    skipped: dict[str, int],
) -> int:
    """Add what is said in a ledger; how much of it answers another form of the question."""
    about = {
        key: (str(kind), bool(blind), "" if batch is None else f"{prefix}{batch}")
        for key, kind, blind, batch in ledger.rows("SELECT key, kind, blind, batch FROM items")
    }
    others = 0
    for one in ledger.annotations():
        if one.key not in about:
            continue
        kind, blind, batch = about[one.key]
        person = f"{before}{one.annotator}"
        if one.skipped:
            skipped[person] = skipped.get(person, 0) + 1
        elif one.controls != flow.digest:
            others += 1
        else:
            last[one.key, person] = Said(
                *(one.key, person, one.answer, one.seconds, one.created, batch),
                one.shown,
                blind,
                kind == "gold",
            )
    return others
