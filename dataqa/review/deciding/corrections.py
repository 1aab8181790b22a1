"""From people's verdicts on spans to corrections of a run, and to tests of its recognisers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from dataqa.edits import growth, result_span
from dataqa.engine.outlet import FINDINGS_DIR
from dataqa.io.outputs import scan
from dataqa.io.store import Store
from dataqa.private.corrections import SCHEMA
from dataqa.review.asking.flows import Flow
from dataqa.review.asking.spans import chains_of, source_texts
from dataqa.review.deciding.verdicts import Verdict
from dataqa.types import DOC_ID

NOT_PRIVATE = "not_private"
"""What people say of a span that is none."""
type Row = dict[str, Any]


def corrections_of(
    store: Store, flow: Flow, some: Iterable[Verdict]
) -> tuple[pl.DataFrame, list[Row]]:
    """What people said of spans, as places in the texts that the step ``private`` received.

    Args:
        store: The run that was asked about.
        flow: A flow about spans.
        some: What people said together.

    Returns:
        Rows of ``dataqa.private.corrections``, and tests for ``dataqa private evaluate``: the texts
        that people saw with a stand-in in the place of each private value, and where those are.

    Raises:
        InputError: An input of the run is gone.
    """
    mine: dict[str, list[Verdict]] = defaultdict(list)
    for one in some:
        if one.said in flow.sheet.actions and flow.sheet.actions[one.said] == "keep":
            mine[one.item.doc_id].append(one)
    files = [store.path(name) for name in store.names(FINDINGS_DIR)]
    said = scan(files).filter(pl.col(DOC_ID).is_in(list(mine))).collect()
    steps: list[str] = list(store.get_json("report.json")["flow"]["steps"])
    rows: list[Row] = []
    tests: list[Row] = []
    for doc, source in source_texts(store, set(mine)):
        raw = source.encode()
        before = chains_of(said.filter(pl.col(DOC_ID) == doc), steps).before
        size = len(raw) + sum(map(growth, before))
        for one in mine[doc]:
            low, high = one.item.facts["window"]
            spans = _private(flow, one.answer)
            places = _bytes(spans, raw[low:high].decode(), low)
            first, last = result_span(before, low, high)
            told = {DOC_ID: doc, "size": size, "low": first, "high": last}
            rows += [
                {**told, "start": start, "end": end, "entity": entity, "stand_in": stand_in}
                for (start, end), (entity, stand_in) in zip(
                    (result_span(before, *place) for place in places),
                    _told(flow, spans),
                    strict=True,
                )
            ] or [{**told, "start": None, "end": None, "entity": None, "stand_in": None}]
            tests.append(_test(raw[low:high].decode(), spans, flow))
    return pl.DataFrame(rows, SCHEMA, orient="row"), tests


def write_tests(path: Path, tests: Sequence[Row]) -> None:
    """Write tests as ``dataqa private evaluate`` reads them."""
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in tests))


def _private(flow: Flow, answer: Mapping[str, Any]) -> list[Row]:
    """The spans that are private, by place, without those within another."""
    spans: list[Row] = []
    for span in sorted(
        answer.get(flow.sheet.spans) or [], key=lambda one: (one["start"], -one["end"])
    ):
        if NOT_PRIVATE not in span.values() and (not spans or span["start"] >= spans[-1]["end"]):
            spans.append(span)
    return spans


def _bytes(spans: Sequence[Row], shown: str, low: int) -> list[tuple[int, int]]:
    return [
        tuple(low + len(shown[: span[side]].encode()) for side in ("start", "end"))  # pyright: ignore[reportReturnType]
        for span in spans
    ]


def _told(flow: Flow, spans: Sequence[Row]) -> list[tuple[str, str | None]]:
    return [
        (span["label"], (span.get(flow.sheet.stand_in) or "").strip() or None) for span in spans
    ]


def _test(shown: str, spans: Sequence[Row], flow: Flow) -> Row:
    """What people saw, with nobody's values in it; where no stand-in is known its kind stands."""
    pieces: list[str] = []
    entities: list[Row] = []
    done = size = 0
    for span, (entity, stand_in) in zip(spans, _told(flow, spans), strict=True):
        pieces += [shown[done : span["start"]], stand_in or f"<{entity}>"]
        size += len(pieces[-2])
        if stand_in:
            entities.append({"start": size, "end": size + len(stand_in), "type": entity})
        size += len(pieces[-1])
        done = span["end"]
    return {"text": "".join([*pieces, shown[done:]]), "entities": entities}
