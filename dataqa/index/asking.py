"""Looking texts up in what an index holds at one moment."""

from __future__ import annotations

import polars as pl

from dataqa.index.entries import Entries, entries_of
from dataqa.index.parameters import Parameters, check_similarity
from dataqa.index.snapshot import Search, Snapshot, described
from dataqa.index.tables import MATCHES, matches_frame

_BYTES = 4 << 20
"""Signatures of the documents that are looked up at once."""


def step_of(parameters: Parameters) -> int:
    """How many documents are looked up at once.

    >>> step_of(Parameters())
    8192
    """
    return min(8192, max(64, _BYTES // (4 * parameters.permutations)))


def look_up(
    now: Snapshot, ids: pl.Series, texts: pl.Series, bound: float, *, every: bool
) -> tuple[pl.DataFrame, int]:
    """The matches of some documents, and how many of these could not be compared with all.

    Args:
        now: What is looked into.
        ids: Of the documents.
        texts: Theirs.
        bound: The similarity asked for.
        every: All similar entries of a document, not the most similar one only.
    """
    check_similarity(bound)
    parameters = now.manifest.parameters
    frames = [pl.DataFrame(schema=MATCHES)]
    short = 0
    for low in range(0, len(ids), step_of(parameters)):
        some = slice(low, low + step_of(parameters))
        made = entries_of(ids[some], texts[some], parameters)
        rows, cut_short = _search(now, made.take(made.counts > 0), bound, every=every)
        frames.append(rows)
        short += cut_short
    return pl.concat(frames), short


def _search(
    now: Snapshot, asked: Entries, bound: float, *, every: bool
) -> tuple[pl.DataFrame, int]:
    search = Search(asked, now.manifest.parameters, bound, every=every)
    search.through(now.segments)
    found = search.matches()
    named = described(now.segments, found.entries)
    return matches_frame(asked, found.docs, found.shares, named), search.cut_short
