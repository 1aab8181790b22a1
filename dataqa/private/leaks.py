"""Whether a private value of one corpus stands anywhere in another: a gate before release.

The values are those that a scan of the originals finds. They are searched for as they are written,
whatever their case, in every text of the other corpus: not only where they came from, and not only
where a scan would find them again. They are held in memory while it runs, and nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from dataqa.private.finder import Finder

SHORTEST = 5
"""Shorter values are not looked for: such strings are everywhere."""


class Leak(NamedTuple):
    """A value that survived: its kind, and the document of the output that has it."""

    entity: str
    doc_id: str


class Values:
    """The private values of a corpus: each, in lower case, with its kind."""

    def __init__(self, scanner: Finder, least: float) -> None:
        self._scanner, self._least = scanner, least
        self._kinds: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def by_entity(self) -> Counter[str]:
        """How many different values of each kind there are."""
        return Counter(self._kinds.values())

    def note(self, texts: pl.Series) -> None:
        """Find the values of some texts."""
        rows = self._scanner.scan(texts, self._least)
        for row, entity, start, end in rows.select("row", "entity", "start", "end").iter_rows():
            value = texts[row].encode()[start:end].decode().lower()
            if len(value) >= SHORTEST:
                self._kinds.setdefault(value, entity)

    def leaks(self, chunks: Iterable[tuple[pl.Series, pl.Series]]) -> Iterator[Leak]:
        """Every value in every document of some chunks of ids and texts, once a document."""
        some = list(self._kinds)
        for ids, texts in chunks if some else ():
            lower = texts.str.to_lowercase()
            held = lower.str.contains_any(some).fill_null(value=False)
            found = lower.filter(held).str.extract_many(some, overlapping=True)
            for doc_id, text, mine in zip(ids.filter(held), lower.filter(held), found, strict=True):
                for value in mine.unique(maintain_order=True):
                    if _stands_alone(value, text):
                        yield Leak(self._kinds[value], doc_id)


def _stands_alone(value: str, text: str) -> bool:
    """Whether it is not only a part of a longer word or number."""
    before = r"(?<![0-9a-z])" if value[0].isascii() and value[0].isalnum() else ""
    behind = r"(?![0-9a-z])" if value[-1].isascii() and value[-1].isalnum() else ""
    return re.search(before + re.escape(value) + behind, text) is not None
