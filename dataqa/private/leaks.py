"""Whether a private value of one corpus stands anywhere in another: a gate before release.

The values are those that a scan of the originals finds. Ids, contacts and secrets may stand
nowhere, however they are written: in other case or width, with other separators, with or without
the code of a country. Names, places and days may not stand in their own document; elsewhere
somebody else may be called so, and they are only counted.

They are held in memory while it runs, and nowhere else: each different value once, and names once
more for each document that has them. Texts go by in chunks, and values are looked for ``_PART`` at
a time, so what is looked up at once has a bound as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import batched
from typing import NamedTuple

import polars as pl

from dataqa.private.again import BY_CHANCE
from dataqa.private.finder import Finder
from dataqa.private.standins import identity, tells_day
from dataqa.private.standins.draw import digits_of, numeric

SHORTEST = 5
"""Shorter ids are not looked for: such strings are everywhere."""
_PASSED = frozenset({"AGE"})
"""Two ages are equal too often to tell anything."""
_DAY = 5
"""Digits of a date that is looked for: a year alone may well be the stand-in of another."""
_JOINED = 9
"""Digits of a number that is looked for whatever parts them: shorter ones are in every table."""
_PART = 100_000
_UNGROUPED = frozenset({"EMAIL_ADDRESS", "SECRET", "CRYPTO", "PHONE_NUMBER"})
"""Kinds that nobody writes in groups, or of which the digits are compared."""
_TOLD = 7
"""Digits of an address of a machine from which on nothing else is written like it."""
_POINTED = frozenset({"IP_ADDRESS", "MAC_ADDRESS", "COORDINATE", "GEO_COORDINATES", "URL"})
"""Kinds of which the signs between digits tell one value from another."""
_SIGNS = r"\s().\-_/·\u00a0\u2010-\u2015\u200b\u2060\ufeff"
_BETWEEN = f"[{_SIGNS}]*"
_GAPS = f"([0-9])[{_SIGNS}]+"


class Leak(NamedTuple):
    """A value that survived: its kind, the document of the output that has it, whether its own."""

    entity: str
    doc_id: str
    own: bool


class Values:
    """The private values of a corpus: each, folded, with its kind."""

    def __init__(self, scanner: Finder | None, least: float) -> None:
        self._scanner, self._least = scanner, least
        self._kinds: dict[str, str] = {}
        self._own: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def by_entity(self) -> Counter[str]:
        """How many different values of each kind there are."""
        return Counter(self._kinds.values())

    def note(self, ids: pl.Series, texts: pl.Series) -> None:
        """Find the values of some documents' texts."""
        self._ids.update(ids)
        if self._scanner is None:
            return
        rows = self._scanner.scan(texts, self._least)
        row, data = -1, b""
        for at, entity, start, end in rows.select("row", "entity", "start", "end").iter_rows():
            if at != row:
                row, data = at, texts[at].encode()
            self.add(entity, data[start:end].decode(), ids[at])

    def add(self, entity: str, value: str, doc_id: str) -> None:
        """Take a value of a document."""
        if entity in _PASSED or not _telling(entity, value):
            return
        folded = _folded(entity, value)
        self._kinds.setdefault(folded, entity)
        if entity in BY_CHANCE or _short(entity, value):
            self._own[doc_id][folded] = None

    def known(self, ids: pl.Series) -> int:
        """How many of some documents are of the originals."""
        return sum(one in self._ids for one in ids)

    def leaks(self, chunks: Iterable[tuple[pl.Series, pl.Series]]) -> Iterator[Leak]:
        """Every value in every document of some chunks of ids and texts, once a document.

        A document that the originals do not have may hold no value at all.
        """
        long = [value for value in self._kinds if len(value) >= SHORTEST]
        parts = [list(part) for part in batched(long, _PART)]
        for ids, texts in chunks:
            folded = texts.str.normalize("NFKC").str.to_lowercase()
            seen: set[tuple[str, str]] = set()
            for doc_id, text in zip(ids, folded.fill_null(""), strict=True):
                for value in self._own.get(doc_id, ()):
                    if _stands(value, self._kinds[value], text):
                        seen.add((doc_id, value))
                        yield Leak(self._kinds[value], doc_id, own=True)
            for part in parts:
                for doc_id, value in self._elsewhere(ids, folded, part):
                    if (doc_id, value) not in seen:
                        seen.add((doc_id, value))
                        entity = self._kinds[value]
                        common = entity in BY_CHANCE or _short(entity, value)
                        yield Leak(entity, doc_id, own=not common or doc_id not in self._ids)

    def _elsewhere(
        self, ids: pl.Series, folded: pl.Series, part: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Values anywhere; numbers are looked for in texts whose digits are moved together."""
        numbers = [value for value in part if value.isdigit()]
        codes = [value for value in part if _is_code(value, self._kinds[value])]
        others = {*numbers, *codes}
        words = [value for value in part if value not in others]
        joined = folded.str.replace_all(_GAPS, "$1") if numbers else folded
        squeezed = folded.str.replace_all(f"[{_SIGNS}]+", "") if codes else folded
        for some, where in ((words, folded), (numbers, joined), (codes, squeezed)):
            if not some:
                continue
            held = where.str.contains_any(some).fill_null(value=False)
            found = where.filter(held).str.extract_many(some, overlapping=True)
            texts = folded.filter(held)
            for doc_id, text, mine in zip(ids.filter(held), texts, found, strict=True):
                for value in mine.unique(maintain_order=True):
                    if _stands(value, self._kinds[value], text):
                        yield doc_id, value


def _telling(entity: str, value: str) -> bool:
    """Whether a value is worth looking for."""
    if entity in {"DATE_TIME", "DATE_OF_BIRTH"}:
        return tells_day(value) and len(digits_of(value)) >= _DAY
    if entity in BY_CHANCE:
        return len(value) > (1 if not value.isascii() else 2)
    return len(value) >= SHORTEST


def _short(entity: str, value: str) -> bool:
    """Whether an address of a machine is one that numbers of sections and versions are equal to."""
    return entity == "IP_ADDRESS" and ":" not in value and len(digits_of(value)) < _TOLD


def _folded(entity: str, value: str) -> str:
    """The form that a value is looked for in: of a number its digits alone."""
    if entity in BY_CHANCE:
        return unicodedata.normalize("NFKC", value).lower()
    plain = unicodedata.normalize("NFKC", value).lower()
    if entity == "PHONE_NUMBER":
        national = digits_of(identity(entity, value))
        return national if len(national) >= _JOINED else plain
    letters = "".join(one for one in plain if one.isalnum())
    if _is_code(letters, entity):
        return letters
    digits = digits_of(value)
    only = numeric(value) and not any(one.isalpha() for one in value)
    return digits if only and len(digits) >= _JOINED and entity not in _POINTED else plain


def _is_code(value: str, entity: str) -> bool:
    """Whether a folded value is letters and digits that may be written in groups, as an IBAN is."""
    mixed = value.isascii() and value.isalnum() and not value.isdigit() and not value.isalpha()
    return mixed and len(value) >= _JOINED and entity not in BY_CHANCE | _POINTED | _UNGROUPED


def _stands(value: str, entity: str, text: str) -> bool:
    """Whether a value is in a text and not only a part of a longer word or number."""
    return _pattern(value, entity).search(text) is not None


@lru_cache(1 << 14)
def _pattern(value: str, entity: str) -> re.Pattern[str]:
    if value.isdigit():
        code = rf"(?:(?:\+|00)?[0-9]{{1,3}}{_BETWEEN}|0)?" if entity == "PHONE_NUMBER" else ""
        return re.compile(rf"(?<![0-9]){code}{_BETWEEN.join(value)}(?![0-9])")
    if _is_code(value, entity):
        return re.compile(f"(?<![0-9a-z]){_BETWEEN.join(value)}(?![0-9a-z])")
    spaced = r"\s+".join(re.escape(word) for word in value.split())
    before = r"(?<![0-9a-z])" if value[:1].isascii() and value[:1].isalnum() else ""
    behind = r"(?![0-9a-z])" if value[-1:].isascii() and value[-1:].isalnum() else ""
    before += r"(?<![0-9][.])" if value[:1].isdigit() else ""
    behind += r"(?![.][0-9])" if value[-1:].isdigit() else ""
    return re.compile(before + spaced + behind)
