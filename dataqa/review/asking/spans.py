"""Items about spans that may be private: the source around them, and what would stand there.

A run keeps no original of what it scrubbed, so the inputs are read once more. Spans are found in
the text that the step ``private`` received; the edits that are stored lead back to the source,
which people see, and from there to the text as it was written, where the stand-ins are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.edits import merge, result_span, source_span
from dataqa.engine.again import pipeline_of
from dataqa.engine.look import documents, text_column
from dataqa.engine.outlet import FINDINGS_DIR, KEPT, REVIEW
from dataqa.errors import InputError
from dataqa.io.corpus import Corpus
from dataqa.io.outputs import scan
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST
from dataqa.review.asking.controls import Answer
from dataqa.review.asking.flows import Flow
from dataqa.review.asking.routing import in_words
from dataqa.review.ledger import Item
from dataqa.types import DOC_ID, TEXT

AROUND = 400
"""Characters that are shown on either side of a span in doubt."""
_APART = 1500
"""Spans in doubt that are further apart than so many bytes are asked about one by one."""
RECOGNISERS = "recognisers"
"""The model version of what a run itself proposes."""

type Keying = Callable[..., str]


class Span(NamedTuple):
    """A span in a source text, in bytes, and what stands in its place."""

    start: int
    end: int
    label: str
    score: float | None
    doubted: bool
    stand_in: str | None


class Chains(NamedTuple):
    """The edits of one document, step by step, before ``private`` and from it on."""

    before: list[bytes]
    after: list[bytes]

    @property
    def whole(self) -> list[bytes]:
        """All of them."""
        return [*self.before, *self.after]


def spans_of(store: Store, flow: Flow, rows: pl.DataFrame, keying: Keying) -> Iterator[Item]:
    """The items of some candidates.

    Raises:
        InputError: An input of the run is gone.
    """
    order = {doc: at for at, doc in enumerate(rows[DOC_ID])}
    found: dict[str, list[Item]] = {}
    said = _findings(store, list(order))
    written = _written(store, list(order))
    steps = _steps(store)
    about = {told[DOC_ID]: told for told in rows.iter_rows(named=True)}
    for doc, source in source_texts(store, set(order)):
        if doc in written:
            mine = said.filter(pl.col(DOC_ID) == doc)
            told = _items(flow, about[doc], source, written[doc], mine, steps, keying)
            found[doc] = list(told)
    # one window of each document before the second of any
    for at in range(max(map(len, found.values()), default=0)):
        yield from (found[doc][at] for doc in order if at < len(found.get(doc, [])))


def source_texts(store: Store, ids: set[str]) -> Iterator[tuple[str, str]]:
    """The texts of some documents as they were read.

    Raises:
        InputError: An input of the run is gone.
    """
    pipeline = pipeline_of(store)
    inputs = [str(one["path"]) for one in store.get_json(MANIFEST)["inputs"]]
    wanted = pl.Series(sorted(ids), dtype=pl.String).implode()
    try:
        corpus = Corpus(inputs, pipeline.reading)
    except InputError as error:
        hint = "spans are shown in the source: put the inputs back where the run found them"
        raise InputError(error.what, where=error.where, hint=hint) from None
    with corpus:
        for _, chunk in corpus.chunks():
            mine = chunk.docs.filter(pl.col(DOC_ID).is_in(wanted)).select(DOC_ID, TEXT)
            yield from mine.drop_nulls().iter_rows()


def _findings(store: Store, ids: list[str]) -> pl.DataFrame:
    files = [store.path(name) for name in store.names(FINDINGS_DIR)]
    return scan(files).filter(pl.col(DOC_ID).is_in(ids)).collect()


def _written(store: Store, ids: list[str]) -> dict[str, str]:
    column = text_column(store)
    found: dict[str, str] = {}
    for verdict in (KEPT, REVIEW):
        rows = documents(store, verdict, ids)
        if rows.height:
            found.update(rows.select(DOC_ID, column).drop_nulls().iter_rows())
    return found


def _steps(store: Store) -> list[str]:
    return list(store.get_json("report.json")["flow"]["steps"])


def chains_of(said: pl.DataFrame, steps: Sequence[str]) -> Chains:
    """The edits of one document's findings, in the order of the steps."""
    edited = said.filter(pl.col("edits").is_not_null())
    at = next((at for at, step in enumerate(steps) if step.startswith("private")), len(steps))
    stored = {
        step: merge(edited.filter(pl.col("step") == step)["edits"].to_list())
        for step in edited["step"].unique().to_list()
    }
    before = [stored[step] for step in steps[:at] if step in stored]
    return Chains(before, [stored[step] for step in steps[at:] if step in stored])


def _items(
    flow: Flow,
    told: Mapping[str, Any],
    source: str,
    written: str,
    said: pl.DataFrame,
    steps: Sequence[str],
    keying: Keying,
) -> Iterator[Item]:
    chains = chains_of(said, steps)
    raw, out = source.encode(), written.encode()
    spans = _spans(flow, said, chains, raw, out)
    why = in_words(told["reason"], told["score"], told["bound"], flow.language)
    for low, high in _windows(spans, raw):
        shown = raw[low:high].decode()
        first, last = result_span(chains.whole, low, high)
        mine = [span for span in spans if low <= span.start and span.end <= high]
        answer: Answer = {str(flow.sheet.spans): [_answer(one, raw, low, flow) for one in mine]}
        facts = {"window": [low, high], "proposal": _without_text(answer), "score": told["score"]}
        yield Item(
            keying(flow, told[DOC_ID], str(low), shown),
            told[DOC_ID],
            None,
            told["reason"],
            told["doubt"],
            told["kind"],
            blind=False,
            facts=facts,
            data={"text": shown, "after": out[first:last].decode(errors="ignore"), "why": why},
        )


def _spans(flow: Flow, said: pl.DataFrame, chains: Chains, raw: bytes, out: bytes) -> list[Span]:
    """The private spans of a document, without those that lie within another."""
    labels = set(flow.control(flow.sheet.spans).words)
    found: list[Span] = []
    private = said.filter(pl.col("rule").str.starts_with("private."), pl.col("start").is_not_null())
    for one in private.sort("start", "end", "score", descending=[False, True, True]).iter_rows(
        named=True
    ):
        start, end = source_span(chains.before, one["start"], one["end"])
        if start >= end or end > len(raw) or (found and start < found[-1].end):
            continue
        low, high = result_span(chains.after, one["start"], one["end"])
        stand_in = out[low:high].decode(errors="ignore") if chains.after else None
        entity = str(one["rule"]).removeprefix("private.")
        label = entity if entity in labels else "OTHER"
        doubted = one["score"] is not None and one["score"] < one["bound"]
        found.append(Span(start, end, label, one["score"], doubted, stand_in))
    return found


def _windows(spans: Sequence[Span], raw: bytes) -> Iterator[tuple[int, int]]:
    """Bytes of the source that are shown: around spans in doubt, those nearby together."""
    doubted = [span for span in spans if span.doubted]
    at = 0
    while at < len(doubted):
        last = at
        while last + 1 < len(doubted) and doubted[last + 1].start - doubted[last].end < _APART:
            last += 1
        low = _border(raw, doubted[at].start - AROUND)
        high = _border(raw, min(len(raw), doubted[last].end + AROUND))
        # no other span is cut in two
        low = min([low, *(one.start for one in spans if one.start < low < one.end)])
        high = max([high, *(one.end for one in spans if one.start < high < one.end)])
        yield low, high
        at = last + 1


def _border(raw: bytes, at: int) -> int:
    """The nearest byte at or before ``at`` where a character begins."""
    at = max(0, at)
    while 0 < at < len(raw) and raw[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _answer(span: Span, raw: bytes, low: int, flow: Flow) -> Answer:
    start = len(raw[low : span.start].decode())
    told: Answer = {
        "start": start,
        "end": start + len(raw[span.start : span.end].decode()),
        "label": span.label,
        "score": span.score,
    }
    if span.stand_in and flow.sheet.stand_in:
        told[flow.sheet.stand_in] = span.stand_in
    return told


def _without_text(answer: Answer) -> Answer:
    """A proposal holds places, kinds and stand-ins: nothing of the source."""
    return msgspec.json.decode(msgspec.json.encode(answer))
