"""A few real documents behind each rule, chosen by hash and safe to show.

Which documents are shown depends on their ids and the rule alone, not on batches or workers: the
ones with the smallest keyed hash. What could be somebody's is masked before it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.report.groups import rank
from dataqa.report.masks import masked, snippet
from dataqa.report.reasons import Reasons
from dataqa.types import DOC, DOC_ID, TEXT, Batch

MOST = 5
"""Examples kept for each rule."""

_PRIVATE_STEPS = ("private", "scrub")

type Ints = NDArray[np.int64]
type Hashes = NDArray[np.uint64]


class Example(NamedTuple):
    """One document behind a rule."""

    rank: int
    doc_id: str
    score: float | None
    bound: float | None
    detail: str | None
    ref: str | None
    snippet: str


class Examples:
    """The examples of each rule (``step/rule``) among the documents met so far."""

    def __init__(self) -> None:
        self._known: dict[str, list[Example]] = {}

    def choose(self, batch: Batch, found: Reasons) -> None:
        """Look for better examples among the documents of a batch."""
        if not found.ids:
            return
        ranks = _ranks(batch.docs, found)
        worst = np.array([self._worst(rule) for rule in found.ids], np.uint64)
        near = np.flatnonzero(ranks < worst[found.rules])
        near = near[np.lexsort((ranks[near], found.rules[near]))]
        begins = np.searchsorted(found.rules[near], np.arange(len(found.ids) + 1))
        best = np.concatenate(
            [near[begin : min(begin + MOST, end)] for begin, end in pairwise(begins)]
        )
        if best.size:
            rules = [found.ids[code] for code in found.rules[best]]
            for rule, one in zip(rules, _examples(batch, found, best, ranks[best]), strict=True):
                self._add(rule, [one])

    def absorb(self, part: Mapping[str, Any]) -> None:
        """Add what ``to_dict`` gave elsewhere."""
        for rule, rows in part.items():
            self._add(rule, [Example(int(row[0], 16), *row[1:]) for row in rows])

    def to_dict(self) -> dict[str, Any]:
        """Plain data; the rank as hexadecimal text, since JSON readers round large numbers."""
        return {
            rule: [[f"{one.rank:016x}", *one[1:]] for one in found]
            for rule, found in sorted(self._known.items())
        }

    def _add(self, rule: str, new: Sequence[Example]) -> None:
        if new:
            known = self._known.get(rule, [])
            distinct = {(one.rank, one.doc_id): one for one in (*known, *new)}
            self._known[rule] = [distinct[key] for key in sorted(distinct)][:MOST]

    def _worst(self, rule: str) -> int:
        known = self._known.get(rule, [])
        return known[-1].rank if len(known) == MOST else 2**64 - 1


def _ranks(docs: pl.DataFrame, found: Reasons) -> Hashes:
    """One number for each reason: the splitmix64 finaliser over document's and rule's hashes."""
    touched, which = np.unique(found.rows, return_inverse=True)
    ids = docs[DOC_ID].gather(touched).to_list()
    of_docs = np.array([rank(doc_id, "example") for doc_id in ids], np.uint64)
    of_rules = np.array([rank(rule, "rule") for rule in found.ids], np.uint64)
    with np.errstate(over="ignore"):
        z = of_docs[which] ^ of_rules[found.rules]
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _private(findings: pl.DataFrame) -> pl.DataFrame:
    """The spans that steps about private data found: their text is never shown."""
    return findings.filter(
        pl.col("step").str.split("~").list.first().is_in(_PRIVATE_STEPS)
        & pl.col("start").is_not_null()
        & pl.col("end").is_not_null()
    ).select(DOC, "start", "end")


def _examples(batch: Batch, found: Reasons, best: Ints, ranks: Hashes) -> list[Example]:
    """Examples of some reasons, their documents and findings looked up all at once."""
    columns = ["score", "bound", "detail", "ref", "start"]
    findings = batch.findings.select(columns)[found.at[best]].rows()
    docs = batch.docs.select(DOC, DOC_ID, TEXT)[found.rows[best]].rows()
    chosen = batch.docs[DOC].gather(np.unique(found.rows[best]))
    hidden = _private(batch.findings).filter(pl.col(DOC).is_in(chosen.implode()))
    spans: dict[int, list[tuple[int, int]]] = {}
    for number, start, end in hidden.rows():
        spans.setdefault(number, []).append((start, end))
    return [
        Example(
            int(order),
            doc_id,
            score,
            bound,
            None if detail is None else masked(detail[:200]),
            ref,
            snippet(text or "", start, spans.get(number, ())),
        )
        for order, (number, doc_id, text), (score, bound, detail, ref, start) in zip(
            ranks, docs, findings, strict=True
        )
    ]
