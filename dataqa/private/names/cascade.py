"""The cascade: the tagger reads everything, a larger model only what the tagger is unsure of.

A piece goes on when the stages so far found a span in it that may or may not be a name. What a
larger model finds confirms such spans (both may be wrong, but hardly both), is added, and what it
does not find stays, with a lower score. What is unsure in the end has a score that says so.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from dataqa.private.names.pieces import Piece, chinese, lettered, pieces, stretches
from dataqa.private.names.stages import TAGGER, Name, Stage, opened
from dataqa.private.scan import SPANS

LOW, HIGH = 0.3, 0.6
"""Between them a span is unsure."""
_DOUBTED = 0.8
"""What is left of an unsure span's score when a larger model does not find it."""
_DIGITS = 4


class Cost(NamedTuple):
    """What a stage took.

    Attributes:
        seconds: CPU seconds.
        characters: Characters that it read.
    """

    seconds: float = 0.0
    characters: int = 0

    def more(self, begun: float, characters: int) -> Cost:
        """With what has been spent since ``begun`` (``time.process_time``)."""
        spent = time.process_time() - begun
        return Cost(self.seconds + spent, self.characters + characters)


class Found(NamedTuple):
    """A name in a text: kind, start and end in bytes, score, and which stages found it."""

    entity: str
    start: int
    end: int
    score: float
    by: str


class Cascade:
    """Stages, opened: finds names in any number of texts."""

    def __init__(self, names: Sequence[str]) -> None:
        self._tagger = None
        if TAGGER in names:
            from dataqa.private.names.tagger import shipped  # noqa: PLC0415 - needs numba

            self._tagger = shipped()
        self._stages = [opened(name) for name in names if name != TAGGER]
        self._costs = {one.partition(":")[0]: Cost() for one in names}

    def lap(self) -> dict[str, Cost]:
        """What each stage took since the last call."""
        told, self._costs = self._costs, dict.fromkeys(self._costs, Cost())
        return told

    def scan(self, texts: pl.Series, least: float = 0.0) -> pl.DataFrame:
        """The names in each text.

        Args:
            texts: A String column; in a null nothing is found.
            least: Names of a lower score may be left out.

        Returns:
            ``SPANS``, by row and start; those of one text may overlap.
        """
        tagged = self._tagged(texts, min(least, LOW) if self._stages else least)
        if not self._stages:
            return tagged
        found: dict[int, list[Found]] = {}
        for row, *rest in tagged.select(
            "row", "entity", "start", "end", "score", "recogniser"
        ).iter_rows():
            found.setdefault(row, []).append(Found(*rest))
        for stage in self._stages:
            begun = time.process_time()
            asked = list(self._asked(stage, texts, found))
            told = stage.find([piece.text for piece in asked])
            for piece, names in zip(asked, told, strict=True):
                mine = found.get(piece.row, [])
                fit = [*_fitting(piece.text, names, han=stage.chinese)]
                found[piece.row] = merged(mine, piece, fit, f"names.{stage.word}")
            self._note(stage.word, begun, sum(len(piece.text) for piece in asked))
        rows = [
            (row, one.entity, one.by, one.start, one.end, one.score)
            for row in sorted(found)
            for one in sorted(found[row], key=lambda one: (one.start, one.end, one.entity))
        ]
        return pl.DataFrame(rows, SPANS, orient="row")

    def _tagged(self, texts: pl.Series, least: float) -> pl.DataFrame:
        if self._tagger is None:
            return pl.DataFrame(schema=SPANS)
        begun = time.process_time()
        found = self._tagger.scan(texts, least).with_columns(recogniser=pl.lit(f"names.{TAGGER}"))
        self._note(TAGGER, begun, int(texts.str.len_chars().sum() or 0))
        return found.select(SPANS.names())

    def _note(self, word: str, begun: float, characters: int) -> None:
        self._costs[word] = self._costs[word].more(begun, characters)

    def _asked(
        self, stage: Stage, texts: pl.Series, found: dict[int, list[Found]]
    ) -> Iterable[Piece]:
        """The pieces that a stage reads."""
        if stage.chinese:
            rows = texts.str.contains(r"\p{Han}").fill_null(value=False).arg_true().to_list()
            for row in rows:
                for piece in pieces(row, texts[row], stage.longest):
                    yield from stretches(piece)
        elif self._tagger is None:
            for row, text in enumerate(texts):
                some = pieces(row, text or "", stage.longest)
                yield from (one for one in some if lettered(one.text))
        else:
            for row in sorted(found):
                yield from _unsure(row, texts[row], found[row], stage.longest)


def _fitting(text: str, names: Iterable[Name], *, han: bool) -> Iterable[Name]:
    """Names in the script that the model knows, without marks and emoji at their ends."""
    for name in names:
        start, end = name.start, name.end
        while start < end and not text[start].isalnum():
            start += 1
        while start < end and not text[end - 1].isalnum():
            end -= 1
        if start < end and chinese(text[start:end]) == han:
            yield name._replace(start=start, end=end)


def _unsure(row: int, text: str, found: Sequence[Found], longest: int) -> Iterable[Piece]:
    """The pieces of a text that hold an unsure span."""
    places = sorted({one.start for one in found if LOW < one.score < HIGH})
    if not places:
        return
    for piece in pieces(row, text, longest):
        at = bisect_left(places, piece.start)
        if at < len(places) and places[at] < piece.end:
            yield piece


def merged(found: Sequence[Found], piece: Piece, names: Sequence[Name], by: str) -> list[Found]:
    """What was found in a text, after a larger model has read a piece of it.

    A span of the same kind that overlaps one of the model's becomes one with it: from the first to
    the last of their bytes, and as sure as two independent witnesses.

    >>> piece = Piece(0, 10, "by Ann Lee")
    >>> merged([Found("PERSON", 13, 16, 0.5, "a")], piece, [Name("PERSON", 3, 10, 0.5)], "b")
    [Found(entity='PERSON', start=13, end=20, score=0.75, by='b')]
    """
    inside = [one for one in found if piece.start <= one.start < piece.end]
    if not inside and not names:
        return list(found)
    left = [one for one in found if not piece.start <= one.start < piece.end]
    used: set[int] = set()
    for name in names:
        start = piece.start + len(piece.text[: name.start].encode())
        end = start + len(piece.text[name.start : name.end].encode())
        score = name.score
        for at, one in enumerate(inside):
            if one.entity == name.entity and one.start < end and start < one.end:
                used.add(at)
                start, end = min(start, one.start), max(end, one.end)
                score = 1 - (1 - score) * (1 - one.score)
        left.append(Found(name.entity, start, end, round(score, _DIGITS), by))
    for at, one in enumerate(inside):
        if at not in used:
            lower = one.score if one.score >= HIGH else round(one.score * _DOUBTED, _DIGITS)
            left.append(one._replace(score=lower))
    return left
