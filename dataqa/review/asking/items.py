"""From a finished run, or a file of records, to the items that people are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from hashlib import sha256
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.engine.look import documents, finished_store, text_column
from dataqa.engine.outlet import KEPT, REJECTED, REVIEW
from dataqa.errors import InputError
from dataqa.io.store import Store
from dataqa.review.asking.answers import faults
from dataqa.review.asking.candidates import candidates, drawn
from dataqa.review.asking.controls import variables_of
from dataqa.review.asking.flows import Flow
from dataqa.review.asking.routing import SPARE, apart, deal, in_words
from dataqa.review.asking.spans import spans_of
from dataqa.review.ledger import Item
from dataqa.types import DOC_ID

_PAIR = 6000
"""Characters of each text of a pair that are compared before people's eyes."""
_WHOLE = 50_000
"""Characters of a document that are shown."""


class Choice(NamedTuple):
    """What to choose.

    Attributes:
        items: At most so many; None for all.
        audit: This share of all documents is drawn by chance, too.
        blind: This share of the items is shown without a prelabel.
        gold: A file of items whose answers are known.
        reason: Only documents whose reason has this in it; empty for all.
    """

    items: int | None = 500
    audit: float = 0.0
    blind: float = 0.1
    gold: Path | None = None
    reason: str = ""


def choose(source: Path, flow: Flow, choice: Choice) -> Iterator[Item]:
    """The items of a run's folder, or of a file of records, in the order of asking.

    Raises:
        InputError: There is nothing such, or a record lacks what the page shows.
    """
    found = (
        _records(source, flow) if flow.sheet.items == "records" else _of_run(source, flow, choice)
    )
    if choice.gold is not None:
        found = chain(_gold(choice.gold, flow), found)
    for at, item in enumerate(found):
        if choice.items is not None and at >= choice.items:
            return
        blind = item.kind != "gold" and bool(drawn(pl.Series([item.key]), choice.blind, "blind")[0])
        yield item._replace(blind=blind)


def key_of(flow: Flow, *parts: str) -> str:
    """The key of an item: of the flow, what it asks, and what is shown."""
    told = "\0".join([flow.name, flow.digest, *parts])
    return sha256(told.encode()).hexdigest()[:32]


def _of_run(run: Path, flow: Flow, choice: Choice) -> Iterator[Item]:
    kind = flow.sheet.items
    rows = candidates(run, kind, choice.audit)
    rows = rows.filter(pl.col("reason").str.contains(choice.reason, literal=True))
    dealt = deal(rows, None if choice.items is None else SPARE * choice.items)
    store = finished_store(run)
    if kind == "spans":
        yield from spans_of(store, flow, dealt, key_of)
        return
    texts = texts_of(store, dealt[DOC_ID])
    order = pl.Series([texts.get(one) for one in dealt[DOC_ID]], dtype=pl.String)
    others = texts_of(store, dealt["ref"].drop_nulls()) if kind == "pairs" else {}
    some = range(dealt.height) if kind == "pairs" else apart(order, choice.items)
    for row in some:
        told = dealt.row(row, named=True)
        text = order[row]
        if text is None:
            continue
        if kind == "pairs":
            if told["ref"] in others:
                yield _pair(flow, told, text, others[told["ref"]])
            continue
        yield _document(flow, told, text)


def texts_of(store: Store, ids: pl.Series) -> dict[str, str]:
    """The texts of some documents, wherever they went."""
    wanted = ids.unique().to_list()
    column = text_column(store)
    found: dict[str, str] = {}
    for verdict in (KEPT, REVIEW, REJECTED):
        rows = documents(store, verdict, wanted)
        if rows.height:
            some = rows.select(DOC_ID, column).drop_nulls()
            found.update(some.iter_rows())
    return found


def _facts(told: Mapping[str, Any]) -> dict[str, Any]:
    names = ("score", "bound", "language", "source")
    return {name: told[name] for name in names if told.get(name) not in (None, "")}


def _document(flow: Flow, told: Mapping[str, Any], text: str) -> Item:
    why = in_words(told["reason"], told["score"], told["bound"], flow.language)
    shown = text[:_WHOLE]
    return Item(
        key_of(flow, told[DOC_ID], text),
        told[DOC_ID],
        None,
        told["reason"],
        told["doubt"],
        told["kind"],
        blind=False,
        facts=_facts(told),
        data={"text": shown, "why": why},
    )


def _pair(flow: Flow, told: Mapping[str, Any], text: str, other: str) -> Item:
    one, two = side_by_side(text[:_PAIR], other[:_PAIR])
    why = in_words(told["reason"], told["score"], told["bound"], flow.language)
    return Item(
        key_of(flow, told[DOC_ID], told["ref"], text, other),
        told[DOC_ID],
        told["ref"],
        told["reason"],
        told["doubt"],
        told["kind"],
        blind=False,
        facts=_facts(told),
        data={"html_a": one, "html_b": two, "similarity": f"{told['score']:.3f}", "why": why},
    )


def side_by_side(one: str, two: str) -> tuple[str, str]:
    """Two texts as HTML, escaped, with what only one has marked.

    >>> side_by_side("a <b>", "a c")
    ('a <del>&lt;b&gt;</del>', 'a <ins>c</ins>')
    """
    first, second = _cut(one), _cut(two)
    left: list[str] = []
    right: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        before, after = _html(first[a:b]), _html(second[c:d])
        same = what == "equal"
        left.append(before if same or not before else f"<del>{before}</del>")
        right.append(after if same or not after else f"<ins>{after}</ins>")
    return "".join(left), "".join(right)


def _cut(text: str) -> list[str]:
    """Words and what is between them; of scripts without spaces characters."""
    pieces: list[str] = []
    word = ""
    for letter in text:
        if letter.isalnum() and ord(letter) < 0x2E80:
            word += letter
            continue
        pieces += [word, letter] if word else [letter]
        word = ""
    return [*pieces, word] if word else pieces


def _html(pieces: list[str]) -> str:
    return escape("".join(pieces)).replace("\n", "<br>")


def _records(path: Path, flow: Flow) -> Iterator[Item]:
    """Records of a JSON Lines or parquet file: what the page shows, and perhaps an ``id``."""
    if not path.is_file():
        hint = f"the flow {flow.name} asks about records: give a JSON Lines or parquet file"
        raise InputError("there is no such file", where=str(path), hint=hint)
    wanted = [name for name in variables_of(flow.config) if name != "guideline"]
    for number, told in _lines(path):
        lacking = [name for name in wanted if told.get(name) in (None, "")]
        if lacking:
            hint = f"the page of {flow.name} shows {', '.join(wanted)}"
            raise InputError(f"no {lacking[0]!r}", where=f"{path}:{number}", hint=hint)
        data = {name: told.get(name, "") for name in variables_of(flow.config)}
        shown = msgspec.json.encode(data, order="sorted").decode()
        facts = {name: value for name, value in told.items() if name not in data}
        yield Item(
            key_of(flow, shown),
            str(told.get("id", f"{path.name}#{number}")),
            None,
            "record",
            0.5,
            "asked",
            blind=False,
            facts=facts,
            data=data,
        )


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix == ".parquet":
        yield from enumerate(pl.read_parquet(path).iter_rows(named=True), 1)
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.MsgspecError:
                hint = "one JSON object a line"
                raise InputError("no JSON object", where=f"{path}:{number}", hint=hint) from None


def _gold(path: Path, flow: Flow) -> Iterator[Item]:
    """Items whose answers are known, by which annotators are measured."""
    for number, told in _lines(path):
        data, answer = told.get("data"), told.get("answer")
        wrong = ["no data and answer"]
        if isinstance(data, dict) and isinstance(answer, dict):
            data = {name: data.get(name, "") for name in variables_of(flow.config)}
            wrong = faults(answer, flow.controls, flow.text_of(data))
        if wrong:
            hint = 'a line is {"data": {…}, "answer": {…}}'
            raise InputError(wrong[0], where=f"{path}:{number}", hint=hint)
        shown = msgspec.json.encode(data, order="sorted").decode()
        yield Item(
            key_of(flow, "gold", shown),
            f"gold#{number}",
            None,
            "gold",
            0.5,
            "gold",
            blind=True,
            facts={"answer": answer},
            data=data,
        )


def shown_again(source: Path, flow: Flow, items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """What was shown of items whose texts the ledger has no more, by key, read from the source.

    What is gone from there, or says something else by now, is left out.
    """
    wanted = {item.key for item in items}
    if not wanted:
        return {}
    if flow.sheet.items == "records":
        found = _records(source, flow)
    else:
        found = _of_run_again(source, flow, items)
    return {one.key: one.data for one in found if one.key in wanted and one.data is not None}


def _of_run_again(run: Path, flow: Flow, items: Sequence[Item]) -> Iterator[Item]:
    store = finished_store(run)
    ids = pl.Series([item.doc_id for item in items], dtype=pl.String)
    if flow.sheet.items == "spans":
        rows = candidates(run, "spans").filter(pl.col(DOC_ID).is_in(ids.implode()))
        yield from spans_of(store, flow, rows, key_of)
        return
    refs = pl.Series([item.ref for item in items], dtype=pl.String).drop_nulls()
    texts = texts_of(store, pl.concat([ids, refs]))
    for item in items:
        told = {**dict.fromkeys(("score", "bound")), **item.facts, **item._asdict()}
        text, other = texts.get(item.doc_id), texts.get(item.ref or "")
        if text is not None and item.ref is None:
            yield _document(flow, told, text)
        elif text is not None and other is not None:
            yield _pair(flow, told, text, other)
