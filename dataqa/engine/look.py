"""Looking into a finished run: one document with everything known of it, or those behind a rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.edits import decode, merge, result_span
from dataqa.engine import again
from dataqa.engine.finish import load
from dataqa.engine.outlet import KEPT, QUARANTINE, REJECTED, REVIEW
from dataqa.errors import InputError, did_you_mean
from dataqa.io.outputs import scan
from dataqa.io.store import Store
from dataqa.manifest import MANIFEST
from dataqa.policy import SIDE
from dataqa.types import DOC_ID, TEXT


class Explained(NamedTuple):
    """Everything a run knows of one document.

    Attributes:
        doc_id: Its public id.
        verdict: ``kept``, ``rejected``, ``review`` or ``quarantine``.
        stage: The stage in which it left; 0 for one that was never read.
        row: Its columns as they were written, text included.
        signals: What was measured; ``None`` where a later step would have.
        findings: What was found, each as a mapping without what it does not use.
        duplicates: Documents that were removed as duplicates of this one.
    """

    doc_id: str
    verdict: str
    stage: int
    row: dict[str, Any]
    signals: dict[str, Any]
    findings: list[dict[str, Any]]
    duplicates: list[str]


def finished_store(out: Path) -> Store:
    """The store of a finished run.

    Raises:
        InputError: There is none in this folder.
    """
    store = Store(out)
    again.heal(store)
    if load(store) is None:
        raise InputError(
            "there is no finished run in this folder",
            where=str(out),
            hint="`dataqa run` makes one, or finishes one that was interrupted",
        )
    return store


def explain(out: Path, doc_id: str) -> Explained:
    """Everything known of one document.

    Raises:
        InputError: No document of the run has this id.
    """
    store = finished_store(out)
    mine = pl.col(DOC_ID) == doc_id
    found = _scan(store, "signals").filter(mine).collect()
    if not found.height:
        return _quarantined(store, doc_id)
    signals = found.row(0, named=True)
    verdict, stage = str(signals.pop("verdict")), int(signals.pop("stage"))
    signals.pop(DOC_ID)
    said = _scan(store, "findings").filter(mine).collect()
    copies = _scan(store, "findings").filter(pl.col("ref") == doc_id).select(DOC_ID).collect()
    row = documents(store, verdict, [doc_id]).row(0, named=True)
    findings = [_told(finding) for finding in said.drop(DOC_ID).iter_rows(named=True)]
    return Explained(
        doc_id, verdict, stage, row, signals, findings, copies[DOC_ID].unique().sort().to_list()
    )


def behind(out: Path, rule: str, most: int) -> pl.DataFrame:
    """Documents that a rule asked to review, drop or rewrite, with the texts.

    Args:
        out: A finished run.
        rule: A rule (``gopher.word_count``), one of its bounds (``gopher.word_count.min``), or
            what a step found (``exact.copy``).
        most: At most so many documents, by id.

    Returns:
        ``doc_id``, ``verdict``, ``rule``, ``score``, ``bound``, ``ref``, ``text``; ``start`` and
        ``end``: where in ``text``, in characters, the first place is that the rule is about; null
        if it is about the whole or the place is gone.

    Raises:
        InputError: The run has no finding of that rule.
    """
    store = finished_store(out)
    rule = rule.rpartition("/")[2]  # reports name a rule step/rule
    findings = _scan(store, "findings")
    named = (pl.col("rule") == rule) | (pl.col("rule").str.replace(SIDE, "") == rule)
    order = [DOC_ID, "rule", "start"]
    rows = findings.filter(named).sort(order).unique([DOC_ID, "rule"], keep="first")
    asked = rows.sort(order).head(most).drop("detail", "action", "by").collect()
    if not asked.height:
        known = findings.select("rule").unique().collect()["rule"].drop_nulls().to_list()
        raise InputError(
            f"no document was touched by {rule!r}", where=str(out), hint=did_you_mean(rule, known)
        )
    ids = asked[DOC_ID].unique().to_list()
    text = text_column(store)
    found = {verdict: documents(store, verdict, ids) for verdict in (KEPT, REJECTED, REVIEW)}
    texts = pl.concat(
        [
            rows.select(DOC_ID, pl.lit(verdict).alias("verdict"), pl.col(text).alias("text"))
            for verdict, rows in found.items()
            if rows.height
        ]
    )
    told = asked.join(texts, on=DOC_ID, how="left", maintain_order="left")
    edited = findings.filter(pl.col(DOC_ID).is_in(ids), pl.col("edits").is_not_null()).collect()
    places = [_place(row, edited, _steps(store)) for row in told.iter_rows(named=True)]
    spans = pl.DataFrame(places, {"start": pl.Int64, "end": pl.Int64}, orient="row")
    columns = [DOC_ID, "verdict", "rule", "score", "bound", "ref", "text"]
    return told.select(columns).hstack(spans)


def _place(
    row: dict[str, Any], edited: pl.DataFrame, steps: Sequence[str]
) -> tuple[int | None, int | None]:
    """Where in the text as it was written the span of a finding lies, in characters."""
    if row["start"] is None or row["text"] is None:
        return None, None
    mine = edited.filter(pl.col(DOC_ID) == row[DOC_ID])
    later = steps[steps.index(row["step"]) :] if row["step"] in steps else []
    chain: list[bytes] = []
    for step in later:
        # a step that only looked has the same text as the next one
        stored = mine.filter(pl.col("step") == step)["edits"].to_list()
        chain += [merge(stored)] if stored else []
    start, end = result_span(chain, row["start"], row["end"])
    data = row["text"].encode()
    if start == end:
        return None, None
    return len(data[:start].decode(errors="ignore")), len(data[:end].decode(errors="ignore"))


def _steps(store: Store) -> list[str]:
    """The labels of a finished run's steps, in order."""
    return list(store.get_json("report.json")["flow"]["steps"])


def documents(store: Store, verdict: str, ids: Sequence[str]) -> pl.DataFrame:
    """The rows of some documents from one verdict's folder."""
    return _scan(store, verdict).filter(pl.col(DOC_ID).is_in(list(ids))).collect()


def text_column(store: Store) -> str:
    """What the text column of a run's output is called."""
    reading: dict[str, str] = store.get_json(MANIFEST)["pipeline"].get("reading", {})
    return reading.get("text_column", TEXT)


def _scan(store: Store, folder: str) -> pl.LazyFrame:
    names = store.names(folder)
    return scan([store.path(name) for name in names])


def _quarantined(store: Store, doc_id: str) -> Explained:
    found = _scan(store, QUARANTINE).filter(pl.col(DOC_ID) == doc_id).collect()
    if not found.height:
        head = doc_id.partition("#")[0]
        near = _scan(store, "signals").filter(pl.col(DOC_ID).str.contains(head, literal=True))
        known = near.select(DOC_ID).head(1000).collect()[DOC_ID].to_list()
        raise InputError(
            f"no document has the id {doc_id!r}",
            where=str(store.root),
            hint=did_you_mean(doc_id, known[:200]) if known else "ids are in signals/*.parquet",
        )
    row = found.row(0, named=True)
    why = {key: row.pop(key) for key in ("step", "error", "traceback")}
    said = [{key: value for key, value in why.items() if value is not None}]
    return Explained(doc_id, QUARANTINE, 0, row, {}, said, [])


def _told(finding: dict[str, Any]) -> dict[str, Any]:
    edits = finding.pop("edits")
    told = {key: value for key, value in finding.items() if value is not None}
    if edits is not None:
        told["edits"] = [list(edit) for edit in decode(edits)]
    return told
