"""Training files from verdicts, demonstrations, rankings, thumbs and edits.

Every item that somebody touched is in the file, or counted with the reason why it is not. The same
ledgers and settings make the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.feedback.store import open_store
from dataqa.review.asking.flows import Flow, load_flow
from dataqa.review.exporting.cases import (
    Case,
    cases_of_feedback,
    cases_of_review,
    check_source,
    is_feedback,
    ledger_places,
)
from dataqa.review.exporting.rows import How, Row, assistant
from dataqa.review.exporting.training import Format, feeds, rows_of
from dataqa.review.ledger import open_ledger

type Scrub = Callable[[Sequence[str]], list[str]]
"""From texts to the same ones without what is private."""


class Source(NamedTuple):
    """What to export.

    Attributes:
        path: A run's folder, a file of records, or a store of feedback.
        flows: Names or folders of flows; none for all that fit the format.
        language: Of the flows' pages.
        state: Where the ledger is; by default in the run, or beside the file.
    """

    path: Path
    flows: tuple[str, ...] = ()
    language: str = "en"
    state: Path | None = None


class Exported(NamedTuple):
    """What came of it.

    Attributes:
        rows: Of the file.
        items: That the rows are from.
        left_out: Other items that somebody touched, by why.
        chat: Prompts and answers are lists of messages.
    """

    rows: list[Row]
    items: int
    left_out: dict[str, int]
    chat: bool


def export(
    sources: Sequence[Source],
    form: Format,
    how: How | None = None,
    *,
    chat: bool = False,
    scrub: Scrub | None = None,
) -> Exported:
    """The rows of a training file, in the order of sources and items.

    Args:
        sources: Where people said something.
        form: ``sft``, ``dpo``, ``kto``, ``ranking`` or ``gold``.
        how: How rows are made; by default gold takes two people, all else one.
        chat: Prompts and answers as lists of messages also where each prompt is one text.
        scrub: What takes private values out of texts.

    Raises:
        InputError: Nothing of a source fits the format.
    """
    how = how or How(least=2 if form == "gold" else 1)
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    items = 0
    seen: set[tuple[str, str]] = set()
    for case in _cases(sources, form):
        if (case.origin, case.key) in seen:
            left_out["it is in an earlier source too"] += 1
            continue
        seen.add((case.origin, case.key))
        if scrub is not None and form == "gold" and _has_spans(case.flow):
            hint = "without --scrub, or the flow's verdicts through dataqa review apply"
            raise InputError("marked spans would no longer fit", where=case.origin, hint=hint)
        told = rows_of(case, form, how)
        if isinstance(told, str):
            left_out[told] += 1
        else:
            items += 1
            rows += told
    chat = chat or form == "sft" or any(_is_conversation(row) for row in rows)
    rows = [_shaped(row, chat=chat) for row in rows]
    if scrub is not None:
        rows = _scrubbed(rows, scrub)
    return Exported(rows, items, dict(sorted(left_out.items())), chat)


def lines_of(rows: Iterable[Row]) -> Iterator[bytes]:
    """JSON Lines."""
    for row in rows:
        yield msgspec.json.encode(row) + b"\n"


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a file whole, or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.writelines(lines_of(rows))
    draft.replace(path)


def _cases(sources: Sequence[Source], form: Format) -> Iterator[Case]:
    for source in sources:
        check_source(source.path, source.state)
        if is_feedback(source.path):
            flow = load_flow("feedback")
            if not feeds(flow, form):
                hint = "sft, dpo, kto and gold are"
                raise InputError(
                    f"no {form} is made of feedback", where=str(source.path), hint=hint
                )
            with open_store(source.path, new=False) as store:
                yield from cases_of_feedback(store, flow)
            continue
        yield from _of_ledgers(source, form)


def _of_ledgers(source: Source, form: Format) -> Iterator[Case]:
    opened = [
        (folder, flow) for folder, flow in _flows(source) if source.flows or feeds(flow, form)
    ]
    unfit = [flow.name for _, flow in opened if not feeds(flow, form)]
    if unfit or not opened:
        there = ", ".join(flow.name for _, flow in _flows(source))
        hint = f"people were asked by {there}"
        raise InputError(f"no {form} is made of this", where=str(source.path), hint=hint)
    with ExitStack() as stack:
        for folder, flow in opened:
            ledger = stack.enter_context(open_ledger(folder, new=False))
            yield from cases_of_review(source.path, ledger, flow)


def _flows(source: Source) -> list[tuple[Path, Flow]]:
    """The folders of ledgers, and the flows by which people were asked."""
    if source.state is not None:
        if len(source.flows) != 1:
            hint = "name the flow that it is of: --flow"
            raise InputError("whose ledger is this?", where=str(source.state), hint=hint)
        return [(source.state, load_flow(source.flows[0], source.language))]
    there = {place.name: place for place in ledger_places(source.path)}
    found: list[tuple[Path, Flow]] = []
    for name in source.flows or there:
        flow = load_flow(name, source.language)
        if flow.name not in there:
            hint = f"people were asked by {', '.join(there)}"
            raise InputError(f"nobody was asked by {flow.name}", where=str(source.path), hint=hint)
        found.append((there[flow.name], flow))
    return found


def _has_spans(flow: Flow) -> bool:
    return any(control.kind == "Labels" for control in flow.controls)


def _is_conversation(row: Row) -> bool:
    """Whether a prompt is more than one text of the user's."""
    prompt = row.get("prompt")
    return prompt is not None and not (len(prompt) == 1 and prompt[0]["role"] == "user")


def _shaped(row: Row, *, chat: bool) -> Row:
    """A row with its prompt and answers as messages, or as texts."""
    if "prompt" not in row:
        return row
    if not chat:
        return {**row, "prompt": row["prompt"][0]["content"]}
    sides = ("chosen", "rejected", "completion")
    return {name: [assistant(value)] if name in sides else value for name, value in row.items()}


def _scrubbed(rows: list[Row], scrub: Scrub) -> list[Row]:
    """Rows with every text in them scrubbed, but for what says who decided."""
    texts: dict[str, None] = {}

    def each(value: Any, change: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [each(one, change) for one in value]
        if isinstance(value, dict):
            return {
                name: one if name in ("role", "decided", "strength") else each(one, change)
                for name, one in value.items()
            }
        return value

    def note(text: str) -> str:
        texts[text] = None
        return text

    for row in rows:
        each(row, note)
    clean = dict(zip(texts, scrub(list(texts)), strict=True))
    return [each(row, lambda text: clean[text]) for row in rows]
