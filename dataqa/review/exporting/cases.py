"""What people said, item by item, from ledgers and from stores of feedback, for ``export``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.feedback.store import FILE as FEEDBACK
from dataqa.feedback.store import Record, Store
from dataqa.review.asking.controls import Answer
from dataqa.review.asking.flows import Flow
from dataqa.review.asking.items import shown_again
from dataqa.review.ledger import FILE, Item, Ledger, ledger_folder


class Case(NamedTuple):
    """An item that somebody has touched, with what was said of it.

    Attributes:
        key: The item's.
        origin: The flow's name, or ``feedback``.
        flow: What was asked.
        data: What was shown, None where it is not found any more.
        answers: The last of each person, in the order in which they were given.
        out: Why it has none that counts, empty if it has.
    """

    key: str
    origin: str
    flow: Flow
    data: dict[str, Any] | None
    answers: tuple[Answer, ...]
    out: str = ""


def ledger_places(source: Path) -> list[Path]:
    """The folders of the ledgers of a run or a file of records, by name."""
    root = ledger_folder(source, "")
    return sorted(path.parent for path in root.glob(f"*/{FILE}"))


def is_feedback(source: Path) -> bool:
    """Whether a folder is a store of feedback."""
    return (source / FEEDBACK).is_file()


def cases_of_review(source: Path, ledger: Ledger, flow: Flow) -> Iterator[Case]:
    """The items of a ledger that somebody has answered or passed over, in their order."""
    said = _last(ledger, flow)
    items = [item for item in ledger.items() if item.key in said]
    lacking = [item for item in items if item.data is None and _counts(said[item.key])]
    shown = shown_again(source, flow, lacking)
    for item in items:
        data = item.data if item.data is not None else shown.get(item.key)
        answers, out = said[item.key]
        yield Case(item.key, flow.name, flow, data, answers, _why_out(item, data, out))


def _why_out(item: Item, data: dict[str, Any] | None, out: str) -> str:
    if item.kind == "gold":
        return "its answer was known before"
    if out:
        return out
    return "its text is not in the source any more" if data is None else ""


def _counts(said: tuple[tuple[Answer, ...], str]) -> bool:
    return not said[1]


def _last(ledger: Ledger, flow: Flow) -> dict[str, tuple[tuple[Answer, ...], str]]:
    """Of each item the last answer of each person, or why there is none."""
    answers: dict[str, dict[str, tuple[str, Answer]]] = defaultdict(dict)
    out: dict[str, str] = {}
    for one in ledger.annotations():
        if one.skipped:
            out.setdefault(one.key, "passed over")
        elif one.controls != flow.digest:
            out[one.key] = "answers another form of the question"
        else:
            answers[one.key][one.annotator] = (one.updated, one.answer)
    keys = {*answers, *out}
    return {
        key: (
            tuple(answer for _, answer in sorted(mine.values(), key=lambda one: one[0])),
            "" if mine else out[key],
        )
        for key in keys
        for mine in [answers.get(key, {})]
    }


def cases_of_feedback(store: Store, flow: Flow) -> Iterator[Case]:
    """Feedback as answers of the flow ``feedback``: of each answer what each user said last."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in store.records():
        shown = msgspec.json.encode([record.said.messages, record.said.answer])
        groups[blake2b(shown, digest_size=16).hexdigest()].append(record)
    for key, records in groups.items():
        last: dict[str, Record] = {}
        for record in records:
            name = record.person or record.id
            last.pop(name, None)
            last[name] = record
        said = records[0].said
        messages = [*said.messages, {"role": "assistant", "content": said.answer}]
        answers = tuple(_answer(one) for one in last.values())
        yield Case(key, "feedback", flow, {"messages": messages}, answers)


def _answer(record: Record) -> Answer:
    told = {"thumb": record.said.thumb, "edit": record.said.edit, "flags": record.said.flags}
    return {name: value for name, value in told.items() if value}


def check_source(source: Path, state: Path | None = None) -> None:
    """See that something was pushed from a source, or that it is a store of feedback.

    Args:
        source: A run's folder, a file of records, or a store.
        state: Where the ledger is, if it is elsewhere.

    Raises:
        InputError: It is neither.
    """
    if not source.exists():
        raise InputError("there is no such run, file or store", where=str(source))
    if state is None and not is_feedback(source) and not ledger_places(source):
        hint = "a run or a file that dataqa review push was called for, or a store of feedback"
        raise InputError("people were asked about nothing of this", where=str(source), hint=hint)
