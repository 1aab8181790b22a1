"""Documents on their way out, as arrays, and what is counted of the rules they met."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.report.cells import Cells
from dataqa.report.reasons import Reasons, edits
from dataqa.types import Action

KEPT, REVIEW, REJECTED, QUARANTINE = range(4)
OUTCOMES = ("kept", "review", "rejected", "quarantine")
MEASURES = ("documents", "bytes", "characters")
RULE_COUNTS = ("rejected", "review", "edited", "noted", "alone", "first", "bytes", "alone_bytes")
"""What is counted of a rule: documents by what it asked; those it met alone, those it is named
first for; and the bytes of the documents it would take out, all and alone."""

READING = "read"
"""Stands for the step of documents that could not be read."""

_COUNTED = re.compile(r"([^\s,;=:]+)\s*[=:]\s*(\d+)")

type Ints = NDArray[np.int64]


class Leaving(NamedTuple):
    """What is known of the documents of one batch, as arrays."""

    outcome: Ints
    asked: NDArray[np.uint8]
    bytes: Ints
    characters: Ints
    rows: dict[str, Ints]
    reasons: Reasons
    alone: Ints


def count_rules(cells: Mapping[str, Cells], pairs: Counter[str], leaving: Leaving) -> None:
    """Add what the rules did to these documents."""
    found = leaving.reasons
    if not found.ids:
        return
    table = cells["rule"]
    codes = np.array([table.groups.row(rule) for rule in found.ids], np.int64)
    width = len(RULE_COUNTS)

    def add(rules: Ints, kind: str, weights: Ints | None = None) -> None:
        at = np.full(rules.size, RULE_COUNTS.index(kind))
        table.add("count", codes[rules], at, width, weights)

    table.add("count", codes[found.rules], np.array([3, 2, 1, 0])[found.actions], width)
    strong = found.actions >= Action.REVIEW
    add(found.rules[strong], "bytes", leaving.bytes[found.rows[strong]])
    alone = leaving.alone >= 0
    add(leaving.alone[alone], "alone")
    add(leaving.alone[alone], "alone_bytes", leaving.bytes[alone])
    first = found.first(leaving.asked)
    add(first[(first >= 0) & (leaving.outcome != KEPT)], "first")
    _count_pairs(pairs, found, leaving.outcome.size)
    _count_groups(cells, leaving)


def count_edits(cells: Cells, findings: pl.DataFrame) -> None:
    """Add the edits that steps made, by kind."""
    for (step, rule, detail), (found, documents) in edits(findings).items():
        for kind, times in edit_kinds(detail):
            row = np.full(2, cells.groups.row(f"{step}/{rule}/{kind}"))
            cells.add("count", row, np.arange(2), 2, np.array([documents, found * times]))


def _count_pairs(pairs: Counter[str], found: Reasons, documents: int) -> None:
    """How often two rules met in one document, from one matrix product."""
    met = found.met(documents)
    several = met[met.sum(axis=1) > 1].astype(np.float32)
    if not several.shape[0]:
        return
    together = np.triu(several.T @ several, 1)
    for a, b in np.argwhere(together):
        names = sorted((found.ids[a], found.ids[b]))
        pairs["\t".join(names)] += int(together[a, b])


def _count_groups(cells: Mapping[str, Cells], leaving: Leaving) -> None:
    """Each rule's documents by language and by source."""
    found = leaving.reasons
    strong = np.flatnonzero(found.actions >= Action.REVIEW)
    for code in np.unique(found.rules[strong]):
        rows = found.rows[strong[found.rules[strong] == code]]
        for dimension in ("language", "source"):
            met = leaving.rows[dimension][rows]
            cells[dimension].add(f"rule/{found.ids[code]}", met, np.zeros_like(met), 1)


def sizes_of(text: pl.Series) -> tuple[Ints, Ints]:
    """Bytes and characters of each text."""
    known = text.fill_null("")
    return (
        known.str.len_bytes().cast(pl.Int64).to_numpy(),
        known.str.len_chars().cast(pl.Int64).to_numpy(),
    )


def edit_kinds(detail: str) -> list[tuple[str, int]]:
    """What was edited and how often; ``nfc=3 controls=1`` counts, other details name one kind."""
    counted = _COUNTED.findall(detail)
    if counted:
        return [(kind, int(times)) for kind, times in counted]
    return [(re.sub(r"\d+", "#", detail)[:60], 1)]
