"""The laws that hold for whatever a step made of a batch."""

from __future__ import annotations

import polars as pl

from dataqa.edits import decode, growth, merge
from dataqa.types import DOC, FINDINGS, TEXT, Action, Batch

SIGNAL_KINDS = (pl.Float64, pl.Int64, pl.Boolean, pl.String)


def same_rows(before: Batch, after: Batch) -> None:
    """Law 1: same rows, same order, other columns and earlier evidence untouched."""
    assert after.docs.columns == before.docs.columns
    assert after.docs.drop(TEXT).equals(before.docs.drop(TEXT))
    assert after.docs.schema == before.docs.schema
    assert after.docs[TEXT].null_count() == before.docs[TEXT].null_count()
    earlier = before.signals.columns
    assert after.signals.select(earlier).equals(before.signals)
    assert after.findings.head(before.findings.height).equals(before.findings)


def matches_schemas(before: Batch, after: Batch) -> None:
    """Law 2: findings and signals match their schemas, offsets lie on code-point borders."""
    assert after.findings.schema == FINDINGS
    assert after.signals.height == (after.docs.height if after.signals.width else 0)
    assert all(
        kind in SIGNAL_KINDS or name.startswith("column:")
        for name, kind in after.signals.schema.items()
    )
    received = dict(zip(before.docs[DOC], before.docs[TEXT], strict=True))
    rows = after.findings.tail(after.findings.height - before.findings.height)
    for row in rows.iter_rows(named=True):
        text = (received[row[DOC]] or "").encode()
        assert min(len(row["step"]), len(row["rule"]))
        assert row["action"] in set(Action)
        assert (row["start"] is None) == (row["end"] is None)
        if row["start"] is not None:
            assert 0 <= row["start"] <= row["end"] <= len(text)
            assert all(_border(text, row[side]) for side in ("start", "end"))


def edits_account_for_changes(before: Batch, after: Batch) -> None:
    """Whatever changed in a text is in the edits of its findings, and nothing else is."""
    new = after.findings.tail(after.findings.height - before.findings.height)
    stored = new.drop_nulls("edits").group_by(DOC, maintain_order=True).agg("edits")
    edits = {row[DOC]: merge(row["edits"]) for row in stored.iter_rows(named=True)}
    for doc, old, now in zip(before.docs[DOC], before.docs[TEXT], after.docs[TEXT], strict=True):
        if old == now:
            continue
        source, result = old.encode(), now.encode()
        assert len(result) - len(source) == growth(edits[doc])
        at = to = 0
        for start, removed, inserted in decode(edits[doc]):
            assert all(_border(source, place) for place in (start, start + removed))
            assert result[to : to + start - at] == source[at:start]
            to += start - at + inserted
            at = start + removed
            assert _border(result, to)
        assert source[at:] == result[to:]


def equal(these: Batch, those: Batch) -> None:
    """Two batches are the same, frame by frame, findings by document."""
    assert these.docs.equals(those.docs)
    assert these.signals.equals(those.signals)
    assert these.signals.schema == those.signals.schema
    mine, yours = (frame.findings.sort(DOC, maintain_order=True) for frame in (these, those))
    assert mine.equals(yours)


def joined(parts: list[Batch]) -> Batch:
    """Batches put together again."""
    return Batch(*(pl.concat(frames) for frames in zip(*parts, strict=True)))


def _border(text: bytes, at: int) -> bool:
    return at == len(text) or text[at] & 0xC0 != 0x80
