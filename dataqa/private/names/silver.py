"""Silver labels: lines of a corpus, and the names that a larger model finds in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from heapq import heappush, heappushpop
from typing import Protocol

import polars as pl

from dataqa.private.names.examples import Labelled
from dataqa.private.names.stages import Name
from dataqa.private.names.tagger import KINDS

_SHORTEST, _LONGEST = 30, 1500
"""Characters of a line that is used."""


class Labels(Protocol):
    """What finds names in lines."""

    def find(self, pieces: Sequence[str]) -> list[list[Name]]:
        """The names in each line."""
        ...


def drawn(chunks: Iterable[pl.Series], count: int) -> list[str]:
    """So many different lines of some texts, the same whatever their order.

    Taken are those with the least hashes.
    """
    heap: list[tuple[int, str]] = []
    held: set[str] = set()
    for texts in chunks:
        for line in _lines(texts):
            digest = hashlib.blake2b(line.encode(), digest_size=8).digest()
            entry = (-int.from_bytes(digest), line)
            if line in held or (len(heap) == count and entry <= heap[0]):
                continue
            held.add(line)
            if len(heap) < count:
                heappush(heap, entry)
            else:
                held.discard(heappushpop(heap, entry)[1])
    return [line for _, line in sorted(heap, reverse=True)]


def labelled(lines: Sequence[str], model: Labels) -> list[Labelled]:
    """Each line with the names that a model finds in it."""
    found = model.find(lines)
    return [
        Labelled(
            line,
            tuple((KINDS.index(name.entity) + 1, name.start, name.end) for name in names),
        )
        for line, names in zip(lines, found, strict=True)
    ]


def lines_digest(lines: Iterable[str]) -> str:
    """A digest of lines, for the header of the weights."""
    hasher = hashlib.blake2b(digest_size=16)
    for line in lines:
        hasher.update(line.encode() + b"\n")
    return hasher.hexdigest()


def _lines(texts: pl.Series) -> Iterable[str]:
    for text in texts.drop_nulls():
        for line in text.split("\n"):
            bare = line.strip()
            if _SHORTEST <= len(bare) <= _LONGEST:
                yield bare
