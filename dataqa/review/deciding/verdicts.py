"""Verdicts: from what several people said of an item to what is done with its document.

They become findings of the step ``human``, which win over rules. What each person said stands
beside them, as findings that ask for nothing, so that ``dataqa explain`` tells the whole history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import polars as pl

from dataqa.engine.overlay import HUMAN
from dataqa.review.asking.answers import word_of
from dataqa.review.asking.flows import Flow
from dataqa.review.ledger import Annotation, Item, Ledger
from dataqa.types import DOC_ID

type Rule = Literal["majority", "unanimous", "latest"]
COLUMNS = pl.Schema(
    {
        DOC_ID: pl.String,
        "action": pl.String,
        "step": pl.String,
        "rule": pl.String,
        "by": pl.String,
        "detail": pl.String,
        "score": pl.Float64,
        "ref": pl.String,
    }
)
"""What an overlay has of verdicts; ``score`` is the share of people who agree."""


class Verdict(NamedTuple):
    """What people say of an item together.

    Attributes:
        item: Which one.
        said: The choice, None where they do not agree.
        share: Of the people, how many say so.
        by: Who decided.
        answer: The answer that stands for it: of those who say so the latest.
        annotations: All that was said, in order of time; those passed over too.
    """

    item: Item
    said: str | None
    share: float
    by: str
    answer: dict[str, Any]
    annotations: tuple[Annotation, ...]


class Decided(NamedTuple):
    """What people say together: a word or None, of how many, and the share that says so."""

    word: str | None
    people: int
    share: float


def verdicts(ledger: Ledger, flow: Flow, rule: Rule = "majority") -> list[Verdict]:
    """What people say of each item that somebody has answered, in the items' order.

    Args:
        ledger: Of what was pulled.
        flow: What was asked.
        rule: ``majority``: what more people say than anything else; ``unanimous``: what all say;
            ``latest``: what was said last.
    """
    said: dict[str, list[Annotation]] = defaultdict(list)
    for one in ledger.annotations():
        said[one.key].append(one)
    found: list[Verdict] = []
    for item in ledger.items():
        mine = sorted(said.get(item.key, []), key=lambda one: (one.updated, one.id))
        counted = [one for one in mine if not one.skipped and one.controls == flow.digest]
        if counted:
            found.append(_verdict(item, counted, tuple(mine), flow.sheet.verdict, rule))
    return found


def _verdict(
    item: Item, counted: Sequence[Annotation], every: tuple[Annotation, ...], name: str, rule: Rule
) -> Verdict:
    words = [word_of(one.answer.get(name)) for one in counted]
    told = decided(words, rule)
    one_said = len(counted) == 1 or rule == "latest"
    by = f"person:{counted[-1].annotator}" if one_said else f"person:{rule}"
    answer = next(
        (
            one.answer
            for one, said in zip(counted[::-1], words[::-1], strict=True)
            if said == told.word
        ),
        {},
    )
    return Verdict(item, told.word, told.share, by, answer, every)


def decided(words: Sequence[str], rule: Rule) -> Decided:
    """What people say together, by a rule; in the order in which they said it.

    >>> decided(["a", "b", "a"], "majority")
    Decided(word='a', people=3, share=0.6667)
    >>> decided(["a", "b"], "majority").word, decided(["a", "b"], "latest").word
    (None, 'b')
    """
    if not words:
        return Decided(None, 0, 0.0)
    tally = Counter(words).most_common()
    word: str | None = words[-1] if rule == "latest" else tally[0][0]
    split = len(tally) > 1 and (rule == "unanimous" or tally[0][1] == tally[1][1])
    if rule != "latest" and split:
        word = None
    said = tally[0][1] if word is None else words.count(word)
    return Decided(word, len(words), round(said / len(words), 4))


def overlay_of(flow: Flow, some: Iterable[Verdict]) -> pl.DataFrame:
    """Findings for ``dataqa decide --overlay``, in the schema ``COLUMNS``."""
    rows: list[dict[str, Any]] = []
    decided: dict[str, list[tuple[str, Verdict]]] = defaultdict(list)
    for one in some:
        if one.item.kind == "gold":
            continue
        rows += _history(flow, one)
        for doc, action in _actions(flow, one):
            decided[doc].append((action, one))
    for doc, told in decided.items():
        # several windows of a document: one that is unfit is enough
        action, one = next((pair for pair in told if pair[0] == "drop"), told[0])
        rows.append(_decision(flow, doc, action, one))
    return pl.DataFrame(rows, COLUMNS, orient="row").sort(DOC_ID, "rule", "by", "detail")


def _actions(flow: Flow, one: Verdict) -> list[tuple[str, str]]:
    action = flow.sheet.actions.get(one.said or "")
    doc, other = one.item.doc_id, one.item.ref
    if action is None or (action == "keep" and flow.sheet.items == "spans"):
        # that its spans are seen to is no reason to keep a document that other rules drop
        return []
    if action == "drop" and other is not None and one.answer.get(flow.sheet.keep) == "left":
        return [(doc, "keep"), (other, "drop")]
    return [(doc, action)]


def _decision(flow: Flow, doc: str, action: str, one: Verdict) -> dict[str, Any]:
    why = word_of(one.answer.get(flow.sheet.why)) if flow.sheet.spans != flow.sheet.why else ""
    pair = one.item.ref if doc == one.item.doc_id else one.item.doc_id
    return {
        DOC_ID: doc,
        "action": action,
        "step": HUMAN,
        "rule": f"{HUMAN}.{flow.name}",
        "by": one.by,
        "detail": "; ".join(filter(None, (one.said, why))),
        "score": one.share,
        "ref": pair,
    }


def _history(flow: Flow, one: Verdict) -> list[dict[str, Any]]:
    return [
        {
            DOC_ID: one.item.doc_id,
            "action": "keep",
            "step": HUMAN,
            "rule": f"{HUMAN}.{flow.name}.said",
            "by": f"annotator:{said.annotator}",
            "detail": "; ".join(
                filter(
                    None,
                    (
                        "passed over"
                        if said.skipped
                        else word_of(said.answer.get(flow.sheet.verdict)),
                        f"annotation {said.id}",
                        said.updated,
                        f"shown {said.shown}" if said.shown else "",
                    ),
                )
            ),
            "score": None,
            "ref": None,
        }
        for said in one.annotations
    ]
