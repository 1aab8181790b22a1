"""What looks for private data: recognisers by pattern, and the cascade for names, as one scan.

A name that overlaps a value found by pattern is cut back to what lies beside that value: a pattern
is no guess. Only a likelier name that holds the whole value takes the place of one without a check.
Of names that overlap, the less likely is cut back. So no byte that any of them found is given up.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private import packs as pack_files
from dataqa.private.again import everywhere
from dataqa.private.names.cascade import Cascade, Cost
from dataqa.private.names.stages import digest as stage_digest
from dataqa.private.names.stages import stages_for
from dataqa.private.packs import USUAL, Recogniser, load_packs
from dataqa.private.scan import SPANS, Scanner, Span, resolved
from dataqa.private.standins import STOOD_FOR
from dataqa.types import Assets

if TYPE_CHECKING:
    from dataqa.private.presidio.scanner import RegistryScanner

NAMES = ("PERSON", "LOCATION", "ORGANIZATION")
"""Kinds that the cascade finds."""
REGISTRY = "presidio:"
"""How a pack begins that is a registry of Presidio's recognisers."""
PATTERNS = "patterns"
"""What the recognisers are called among the costs."""
_GUESS = "names."
"""How the recognisers begin that are no patterns."""
_SHORTEST = 2
"""Letters and digits that what remains of a name has at least."""

type Row = tuple[int, str, str, int, int, float]


class Plan(NamedTuple):
    """What is looked for, and by what.

    Attributes:
        recognisers: Patterns.
        stages: Stages of the cascade, in order; none if no names are looked for.
        kinds: Kinds of names.
        registries: Files of Presidio's recognisers.
        wanted: Kinds that are looked for in those; none: all.
    """

    recognisers: tuple[Recogniser, ...]
    stages: tuple[str, ...]
    kinds: tuple[str, ...]
    registries: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()

    def digest(self) -> str:
        """A digest of recognisers and models.

        Raises:
            InputError: A package or folder that a stage needs is missing.
        """
        patterns = pack_files.digest(self.recognisers)
        if not self.stages and not self.registries:
            return patterns
        told = [patterns, *self.kinds, *(f"{one} {stage_digest(one)}" for one in self.stages)]
        if self.registries:
            from dataqa.private.presidio.scanner import digest  # noqa: PLC0415 - an extra

            told += [*map(digest, self.registries), *self.wanted]
        return hashlib.blake2b("\0".join(told).encode(), digest_size=16).hexdigest()


def plan(
    packs: Sequence[str],
    entities: Sequence[str],
    assets: Assets,
    names: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
) -> Plan:
    """What settings ask for.

    Args:
        packs: Packs of recognisers, or paths of such files, or ``presidio:PATH``.
        entities: Kinds that are looked for; none: all of the packs, and names if stages are named.
        assets: Where packs are.
        names: Stages of the cascade; none: the usual ones, if ``entities`` has a kind of names.
        languages: Which languages' usual stages.

    Raises:
        InputError: There is no such pack, kind, stage or language; or stages without a kind.
    """
    kinds = tuple(one for one in NAMES if one in entities)
    stages = stages_for(names, languages, asked=bool(kinds))
    if stages and not kinds:
        if entities:
            hint = f"add one of {', '.join(NAMES)} to entities, or leave names out"
            raise InputError("names has nothing to look for", where="private.names", hint=hint)
        kinds = NAMES
    others = [one for one in entities if one not in NAMES]
    registries = tuple(one.removeprefix(REGISTRY) for one in packs if one.startswith(REGISTRY))
    loaded = load_packs([one for one in packs if not one.startswith(REGISTRY)], assets)
    known = {one.entity for one in loaded}
    others += [one for one in kinds if one in entities and one in known]
    theirs = _known_to(registries)
    ours = [one for one in others if one in known or one not in theirs]
    nothing = bool(entities) and not ours
    chosen = () if nothing else pack_files.entities(loaded, ours)
    return Plan(chosen, stages, kinds, registries, tuple(entities))


def check_kinds(
    asked: Iterable[str], packs: Iterable[str], assets: Assets, where: str = ""
) -> None:
    """See that there are such kinds: what no recogniser finds and nothing stands for is misspelt.

    Args:
        asked: Kinds; ``scan`` stands for all of them.
        packs: What is looked with beside the usual packs.
        assets: Where packs are.
        where: Whose words they are.

    Raises:
        InputError: One of them is unknown.
    """
    some = {*asked} - {"scan", *NAMES, *STOOD_FOR}
    if not some:
        return
    every = dict.fromkeys([*USUAL, *packs])
    registries = [one.removeprefix(REGISTRY) for one in every if one.startswith(REGISTRY)]
    loaded = load_packs([one for one in every if not one.startswith(REGISTRY)], assets)
    known = {one.entity for one in loaded} | _known_to(registries)
    for kind in sorted(some - known):
        hint = did_you_mean(kind, known | {*NAMES, *STOOD_FOR})
        raise InputError(f"there is no kind {kind!r}", where=where, hint=hint)


def _known_to(registries: Sequence[str]) -> frozenset[str]:
    if not registries:
        return frozenset()
    try:
        from dataqa.private.presidio.scanner import kinds_of  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        hint = "pip install 'dataqa[presidio]'"
        raise InputError(f"{error.name} is not installed", where="presidio:", hint=hint) from None
    return kinds_of(registries)


class Finder:
    """Recognisers and stages, opened."""

    def __init__(self, what: Plan, cache: Path | None = None) -> None:
        self._kinds = what.kinds
        self._scanner = Scanner(what.recognisers, cache)
        self._checked = {one.name for one in what.recognisers if one.check}
        self._cost = Cost()
        self._cascade = Cascade(what.stages) if what.stages else None
        self._registries = _opened(what) if what.registries else None

    def lap(self) -> dict[str, Cost]:
        """What patterns and each stage took since the last call."""
        costs, self._cost = {PATTERNS: self._cost}, Cost()
        return costs | (self._cascade.lap() if self._cascade else {})

    def scan(self, texts: pl.Series, least: float = 0.0) -> pl.DataFrame:
        """What is found in each text.

        Args:
            texts: A String column; in a null nothing is found.
            least: Spans of a lower score are left out.

        Returns:
            ``SPANS`` by row and start; they do not overlap.
        """
        begun = time.process_time()
        found = self._scanner.scan(texts, least)
        if self._registries is not None:
            found = _beside(found, self._registries.scan(texts, least))
        found = everywhere(texts, found)
        self._cost = self._cost.more(begun, int(texts.str.len_chars().sum() or 0))
        if self._cascade is None:
            return found
        named = self._cascade.scan(texts, least)
        wanted = pl.col("entity").is_in(self._kinds) & (pl.col("score") >= least)
        return self._together(texts, found, named.filter(wanted))

    def _together(self, texts: pl.Series, found: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
        """Both kinds of spans, without overlaps."""
        spans = pl.concat([found, named]).sort("row", "start", maintain_order=True)
        behind = pl.col("end").cum_max().shift(1).over("row")
        meets = spans.filter(pl.col("start") < behind)["row"].unique()
        if not len(meets):
            return spans
        met = pl.col("row").is_in(meets.implode())
        rows: list[Row] = []
        for (row,), mine in spans.filter(met).group_by("row", maintain_order=True):
            rows += _apart(texts[row].encode(), mine.rows(), self._checked)
        made = pl.DataFrame(rows, SPANS, orient="row")
        return pl.concat([spans.filter(~met), made]).sort("row", "start", maintain_order=True)


def _opened(what: Plan) -> RegistryScanner:
    from dataqa.private.presidio.scanner import RegistryScanner  # noqa: PLC0415 - an extra

    return RegistryScanner(what.registries, what.wanted)


def _beside(found: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """What recognisers and registries found, of overlapping ones the likeliest, as ever."""
    both = pl.concat([found, more]).sort("row", "start", maintain_order=True).rows()
    left: list[Row] = []
    for _, mine in groupby(both, key=lambda one: one[0]):
        some = list(mine)
        spans = [Span(one[3], one[4], one[5], at) for at, one in enumerate(some)]
        left += [some[span.recogniser] for span in resolved(spans)]
    return pl.DataFrame(left, SPANS, orient="row")


def _apart(data: bytes, rows: Sequence[Row], checked: set[str]) -> list[Row]:
    """The spans of a text, names cut back to what stronger spans leave."""
    names = [row for row in rows if row[2].startswith(_GUESS)]
    kept = [
        row
        for row in rows
        if not row[2].startswith(_GUESS)
        and (row[2] in checked or not any(_hides(name, row) for name in names))
    ]
    taken = [(row[3], row[4]) for row in kept]
    for name in sorted(names, key=lambda row: (-row[5], row[3] - row[4], row[3], row[1])):
        row, entity, by, start, end, score = name
        for low, high in _without(start, end, taken):
            whole = (low, high) == (start, end)
            left = (low, high) if whole else _trimmed(data, low, high)
            if left is not None:
                kept.append((row, entity, by, *left, score))
                taken.append(left)
    return sorted(kept, key=lambda one: one[3])


def _hides(name: Row, row: Row) -> bool:
    """Whether a name is likelier than a value by pattern that lies within it."""
    return name[3] <= row[3] and row[4] <= name[4] and name[5] > row[5]


def _without(start: int, end: int, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a span beside others.

    >>> _without(0, 10, [(2, 4), (9, 12)])
    [(0, 2), (4, 9)]
    """
    left = [(start, end)]
    for low, high in taken:
        left = [
            piece
            for a, b in left
            for piece in (
                [(a, min(b, low)), (max(a, high), b)] if low < b and a < high else [(a, b)]
            )
            if piece[0] < piece[1]
        ]
    return left


def _trimmed(data: bytes, low: int, high: int) -> tuple[int, int] | None:
    """A piece of a name without white space and marks around it; None if hardly any is left."""
    text = data[low:high].decode()
    if sum(one.isalnum() for one in text) < _SHORTEST:
        return None
    first = next(at for at, one in enumerate(text) if one.isalnum())
    last = next(at for at in range(len(text), 0, -1) if text[at - 1].isalnum())
    return low + len(text[:first].encode()), low + len(text[:last].encode())
