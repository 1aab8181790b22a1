"""Rows of training files, and what they are made of.

Prompts are lists of messages here, completions texts; how a file has them is decided at its end
(``export``). Column names are those that Hugging Face's TRL reads: ``messages``; ``prompt`` with
``chosen`` and ``rejected``, or with ``completion`` and ``label``; ``margin`` for reward models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dataqa.review.deciding.verdicts import Decided, Rule
from dataqa.review.exporting.cases import Case

type Row = dict[str, Any]
type Message = dict[str, str]

NO_AGREEMENT = "people do not agree"


class How(NamedTuple):
    """How rows are made.

    Attributes:
        rule: What counts where people do not agree.
        least: Items that fewer people answered are left out.
        ties: Pairs that are equally good are kept, with ``tie`` set.
    """

    rule: Rule = "majority"
    least: int = 1
    ties: bool = False


def by_of(case: Case, how: How, told: Decided | None = None) -> Row:
    """Who decided, and how."""
    people = len(case.answers) if told is None else told.people
    share = 1.0 if told is None else told.share
    said = {"flow": case.origin, "item": case.key, "annotators": people}
    return {**said, "rule": how.rule if told is not None else "each", "share": share}


def asked(data: dict[str, Any]) -> tuple[list[Message], str | None]:
    """The messages before the answer, none if there are none, and the answer that was shown."""
    told = data.get("messages", data.get("prompt"))
    if isinstance(told, str) and told.strip():
        return [{"role": "user", "content": told}], None
    if not isinstance(told, list):
        return [], None
    messages = [
        {"role": str(one["role"]), "content": str(one["content"])}
        for one in told
        if isinstance(one, Mapping) and {"role", "content"} <= set(one)
    ]
    if messages and messages[-1]["role"] == "assistant":
        return messages[:-1], messages[-1]["content"]
    return messages, None


def assistant(text: str) -> Message:
    """A message of the assistant's."""
    return {"role": "assistant", "content": text}


def pair_of(
    prompt: list[Message],
    chosen: str,
    rejected: str,
    strength: str | None,
    margin: float | None,
    by: Row,
) -> Row:
    """A preferred answer and another one."""
    sides = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    return {**sides, "strength": strength, "margin": margin, "decided": by}
