"""The cascade: the tagger reads everything, a larger model only what the tagger is unsure of.

A piece goes on when the stages so far found a span in it that may or may not be a name. A larger
model's word raises or lowers the odds of such spans, and what it alone finds is added. What is
unsure in the end has a score that says so.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from dataqa.private.names.pieces import Piece, chinese, lettered, pieces, stretches
from dataqa.private.names.stages import TAGGER, Name, Stage, Weight, opened
from dataqa.private.scan import SPANS

UNSURE = {"PERSON": (0.3, 0.65), "LOCATION": (0.3, 0.4), "ORGANIZATION": (0.22, 0.45)}
"""Between them a span is unsure: where a second word may bring it over the bar, or below."""
_DIGITS = 4
_LEAST = 1e-4
"""No probability is nearer to 0 or 1 than this when odds are made of it."""


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


_FOUND = ("entity", "start", "end", "score", "recogniser")


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
        if not self._stages:
            return self._tagged(texts, least)
        tagged = self._tagged(texts, min(least, *(low for low, _ in UNSURE.values())))
        found: dict[int, list[Found]] = {}
        for row, *rest in tagged.select("row", *_FOUND).iter_rows():
            found.setdefault(row, []).append(Found(*rest))
        heard = self._tagger is not None  # whether somebody has read the text before
        for stage in self._stages:
            self._ask(stage, texts, found, heard=heard)
            heard |= not stage.chinese
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

    def _ask(
        self, stage: Stage, texts: pl.Series, found: dict[int, list[Found]], *, heard: bool
    ) -> None:
        """Let a stage read its pieces, and weigh what it says with what was found."""
        begun = time.process_time()
        weight = stage.weight if heard else stage.weight._replace(alone=1.0)
        asked = list(self._asked(stage, texts, found))
        told = stage.find([piece.text for piece in asked])
        by = f"names.{stage.word}"
        for piece, names in zip(asked, told, strict=True):
            mine = found.get(piece.row, [])
            fit = [*_fitting(piece.text, names, han=stage.chinese)]
            found[piece.row] = merged(mine, piece, fit, by, weight)
        self._note(stage.word, begun, sum(len(piece.text) for piece in asked))

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
                yield from _pieces(row, texts[row], found[row], stage.longest)


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


def _unsure(one: Found) -> bool:
    low, high = UNSURE[one.entity]
    return low < one.score < high


def _pieces(row: int, text: str, found: Sequence[Found], longest: int) -> Iterable[Piece]:
    """The pieces of a text that hold an unsure span."""
    places = sorted({one.start for one in found if _unsure(one)})
    if not places:
        return
    for piece in pieces(row, text, longest):
        at = bisect_left(places, piece.start)
        if at < len(places) and places[at] < piece.end:
            yield piece


def merged(
    found: Sequence[Found], piece: Piece, names: Sequence[Name], by: str, weight: Weight
) -> list[Found]:
    """What was found in a text, after a larger model has read a piece of it.

    A span of the same kind that overlaps one of the model's becomes one with it, from the first to
    the last of their bytes; each word changes the odds by what it is worth.

    >>> weight = Weight(1.2, {"PERSON": -1.2}, 0.5)
    >>> before = [Found("PERSON", 13, 16, 0.5, "a"), Found("PERSON", 10, 12, 0.5, "a")]
    >>> piece = Piece(0, 10, "By Ann Lee")
    >>> for one in merged(before, piece, [Name("PERSON", 3, 10, 0.5)], "b", weight):
    ...     print(one.start, one.end, one.score, one.by)
    13 20 0.7685 b
    10 12 0.2315 a
    """
    left = [one for one in found if not piece.start <= one.start < piece.end]
    inside = [one for one in found if piece.start <= one.start < piece.end]
    used: set[int] = set()
    for name in names:
        start = piece.start + len(piece.text[: name.start].encode())
        end = start + len(piece.text[name.start : name.end].encode())
        before = [
            at
            for at, one in enumerate(inside)
            if one.entity == name.entity and one.start < end and start < one.end
        ]
        used.update(before)
        spans = [inside[at] for at in before]
        score = name.score * weight.alone
        if spans:
            score = max(score, _moved(max(one.score for one in spans), weight.agrees))
        ends = [(start, end), *((one.start, one.end) for one in spans)]
        low, high = min(one for one, _ in ends), max(one for _, one in ends)
        left.append(Found(name.entity, low, high, round(score, _DIGITS), by))
    for at, one in enumerate(inside):
        if at not in used:
            less = weight.denies.get(one.entity, 0.0) if _unsure(one) else 0.0
            score = _moved(one.score, less) if less else one.score
            left.append(one._replace(score=round(score, _DIGITS)))
    return left


def _moved(score: float, by: float) -> float:
    """A probability whose log-odds are changed.

    >>> round(_moved(0.5, 1.2), 4)
    0.7685
    """
    sure = min(max(score, _LEAST), 1 - _LEAST)
    return 1 / (1 + math.exp(-math.log(sure / (1 - sure)) - by))
