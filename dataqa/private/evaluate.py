"""How good a scan is, beside spans that people marked: precision, recall, F1, what leaks.

A predicted span is right *exactly* when kind and both ends are those of a gold span, and by
*overlap* when it shares a character with one of its kind; of gold spans as much is asked. As in
the evaluation of named entities (Tjong Kim Sang and De Meulder 2003), each entity has its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError
from dataqa.private.finder import Finder

_SPANS, _KINDS = ("entities", "spans", "label"), ("type", "entity", "entity_type", "label")


class Marked(NamedTuple):
    """A text and the spans in it: entity, start, end, in characters."""

    text: str
    spans: list[tuple[str, int, int]]


class Score(NamedTuple):
    """One entity's line.

    Attributes:
        entity: The kind; ``all`` for all together.
        gold: Spans that were marked.
        found: Spans that were predicted.
        exact: Predicted ones that are right exactly.
        touched: Predicted ones that overlap a gold span of the kind.
        reached: Gold ones that a predicted span of the kind overlaps.
        leaked: Characters of gold spans that no predicted span, of any kind, covers.
        characters: Characters of gold spans.
    """

    entity: str
    gold: int
    found: int
    exact: int
    touched: int
    reached: int
    leaked: int
    characters: int

    @property
    def precision(self) -> float | None:
        """By overlap."""
        return self.touched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """By overlap."""
        return self.reached / self.gold if self.gold else None

    @property
    def exact_f1(self) -> float | None:
        """Of exact matches."""
        return 2 * self.exact / (self.gold + self.found) if self.gold + self.found else None


def read_gold(path: Path, names: Mapping[str, str]) -> list[Marked]:
    """Texts with marked spans from JSON Lines.

    Args:
        path: Each line has ``text`` and ``entities`` (or ``spans``): objects with ``start``,
            ``end`` (characters) and ``type`` (or ``entity``).
        names: What kinds are called there, to what they are called here.

    Raises:
        InputError: A line is something else.
    """
    found: list[Marked] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        hint = "unpack it, or write it as JSON Lines"
        raise InputError("not UTF-8 text", where=str(path), hint=hint) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            listed = next(row[name] for name in _SPANS if isinstance(row.get(name), list))
            spans = [(_kind(span, names), int(span["start"]), int(span["end"])) for span in listed]
            found.append(Marked(str(row["text"]), spans))
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
            raise InputError(
                "not a text with marked spans",
                where=f"{path}:{number}",
                hint='{"text": …, "entities": [{"start": 0, "end": 4, "type": "PERSON"}]}',
            ) from None
    return found


def evaluate(scanner: Finder, gold: Sequence[Marked], least: float) -> list[Score]:
    """Scan the texts and compare; kinds that neither side has are left out."""
    texts = [marked.text for marked in gold]
    rows = scanner.scan(pl.Series(texts, dtype=pl.String), least)
    predicted: list[list[tuple[str, int, int]]] = [[] for _ in gold]
    for row, entity, start, end in rows.select("row", "entity", "start", "end").iter_rows():
        data = texts[row].encode()
        ends = len(data[:start].decode()), len(data[:end].decode())
        predicted[row].append((entity, *ends))
    pairs = [(marked.spans, mine) for marked, mine in zip(gold, predicted, strict=True)]
    kinds = {kind for marked, mine in pairs for kind, _, _ in [*marked, *mine]}
    return [_score(kind, pairs) for kind in sorted(kinds)] + [_score("all", pairs)]


def _score(kind: str, pairs: Iterable[tuple[Sequence[Any], Sequence[Any]]]) -> Score:
    gold = found = exact = touched = reached = leaked = characters = 0
    for marked, mine in pairs:
        wanted = [span for span in marked if kind in {"all", span[0]}]
        told = [span for span in mine if kind in {"all", span[0]}]
        gold, found = gold + len(wanted), found + len(told)
        exact += len(set(wanted) & set(told))
        touched += sum(any(_overlap(span, other) for other in wanted) for span in told)
        reached += sum(any(_overlap(span, other) for other in told) for span in wanted)
        covered = {at for _, start, end in mine for at in range(start, end)}
        places = {at for _, start, end in wanted for at in range(start, end)}
        leaked, characters = leaked + len(places - covered), characters + len(places)
    return Score(kind, gold, found, exact, touched, reached, leaked, characters)


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _kind(span: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = str(next(span[name] for name in _KINDS if name in span))
    return names.get(kind, kind)
