"""What is private in texts that stand beside columns: by recognisers, as dates, and by the columns.

Texts of records name people of other rows, too; what stands in a private column of any row is
looked for in all texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

import polars as pl

from dataqa.private.finder import Finder, plan
from dataqa.private.packs import USUAL
from dataqa.private.places import whole
from dataqa.private.proof import DOUBT
from dataqa.private.standins.han import is_asian
from dataqa.private.standins.months import MONTH
from dataqa.registry import user_assets
from dataqa.tables.people.apart import BY_CHANCE
from dataqa.tables.people.private_forms import PrivateForm
from dataqa.tables.profile import present

SURE = {"PERSON": 0.3, "LOCATION": 0.4, "ORGANIZATION": 0.6}
"""From which score on a name counts: one too many does less harm than one too few."""
DAYS = frozenset({"DATE_TIME", "DATE_OF_BIRTH"})
_SHORTEST = 5
_ANYWAY = DAYS | {"AGE", "URL", "UUID"}
"""Kinds that count however doubtful they are."""
_MOVED = DAYS | {"AGE"}
_ABBREVIATION = re.compile("[A-Z]{2,4}")
"""SSN, MRN, ICU: what looks like a name to a tagger and is a word of the trade."""
_DAY = "[0-3]?[0-9](?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)[0-9]{2}\b"
_BEFORE = "|".join(
    rf"(?<=\b{word} ){_YEAR}" for word in ["in", "since", "of", "from", "until", "by", "before"]
)
_DATE = re.compile(
    r"(?<![0-9])(?:"
    r"[0-9]{4}([-/.])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([-/.])[0-3]?[0-9]\2(?:[0-9]{4}|[0-9]{2})"
    rf"|{_DAY}\.?(?: of)? (?:{MONTH})\b\.?(?:,? [0-9]{{4}})?"
    rf"|\b(?:{MONTH})\b\.? (?:the )?(?:{_DAY}(?:,? [0-9]{{4}})?|[0-9]{{4}})(?![0-9])"
    r"|[0-9]{4} ?年(?: ?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?[日号])?)?"
    r"|[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号]"
    rf"|{_BEFORE})(?![0-9])",
    re.IGNORECASE,
)


class Mention(NamedTuple):
    """A private value in a text, in characters."""

    entity: str
    start: int
    end: int


def mentions(texts: pl.Series, anybody: Mapping[str, str]) -> dict[int, list[Mention]]:
    """What each text holds, the surest kinds first; they may overlap.

    Args:
        texts: A String column.
        anybody: Values of private columns with their kinds (``of_anybody``).

    Returns:
        Mentions of each row that has any.
    """
    found: dict[int, list[Mention]] = {}
    known = texts.str.extract_many(list(anybody), overlapping=True) if anybody else None
    for row, text in enumerate(texts):
        if text is None:
            continue
        values = [] if known is None else sorted(set(known[row]), key=lambda one: (-len(one), one))
        mine = [Mention(anybody[one], *at) for one in values for at in places(text, one)]
        found[row] = mine
    late: dict[int, list[Mention]] = {}
    scanned = finder(asian=any(is_asian(text) for text in texts if text)).scan(texts)
    for row, entity, _, start, end, score in scanned.iter_rows():
        if entity not in _ANYWAY and score < SURE.get(entity, DOUBT):
            continue
        data = texts[row].encode()
        at, value = len(data[:start].decode()), data[start:end].decode()
        if entity in SURE and (
            _ABBREVIATION.fullmatch(value) or (value.islower() and not texts[row].islower())
        ):
            continue
        one = Mention(entity, at, at + len(value))
        (late if entity in _MOVED else found).setdefault(row, []).append(one)
    for row, text in enumerate(texts):
        if text is not None:
            dates = [Mention("DATE_TIME", *match.span()) for match in _DATE.finditer(text)]
            found[row] += [*dates, *late.get(row, [])]
    return found


def of_anybody(frame: pl.DataFrame, forms: Sequence[PrivateForm]) -> dict[str, str]:
    """What is private of anybody in a table and can be told by itself: ids, mails, whole names.

    Args:
        frame: The table.
        forms: Of its private columns.

    Returns:
        Each value with its kind.
    """
    found: dict[str, str] = {}
    by_entity: dict[str, str] = {}
    for form in forms:
        by_entity.setdefault(form.entity, form.name)
        if form.entity in BY_CHANCE and form.entity not in {"PERSON", "STREET_ADDRESS"}:
            continue
        for value in present(frame[form.name].cast(pl.String)).unique(maintain_order=True):
            if len(value) >= (2 if is_asian(value) else _SHORTEST):
                found.setdefault(value, form.entity)
    if {"GIVEN_NAME", "FAMILY_NAME"} <= set(by_entity):
        names = (frame[by_entity[one]].cast(pl.String) for one in ("GIVEN_NAME", "FAMILY_NAME"))
        for given, family in zip(*names, strict=True):
            if given and family:
                found.setdefault(f"{given} {family}", "PERSON")
    return found


def secret(about: str, columns: Iterable[pl.Series]) -> bytes:
    """A key that what is told does not give away: of all values of some columns of texts.

    The same columns give the same one. Who has none of them cannot try which value a stand-in was
    made from, though the seed is told.
    """
    told = blake2b(about.encode(), digest_size=32)
    for column in columns:
        for value in column:
            told.update(b"\0" if value is None else b"\1" + whole(value).encode())
    return told.digest()


@cache
def finder(*, asian: bool) -> Finder:
    """All recognisers, and what finds names; of Chinese ones with the extra ``zh``.

    Raises:
        InputError: The extra is not installed.
    """
    assets = user_assets()
    names, languages = (("tagger", "lac"), ("en", "zh")) if asian else (("tagger",), ("en",))
    return Finder(plan(USUAL, (), assets, names, languages), assets.cache)


def places(text: str, value: str) -> list[tuple[int, int]]:
    """Where a value stands that is no part of a longer word or number."""
    before = r"(?<![^\W_])" if value[0].isascii() and value[0].isalnum() else ""
    behind = r"(?![^\W_])" if value[-1].isascii() and value[-1].isalnum() else ""
    return [match.span() for match in re.finditer(before + re.escape(value) + behind, text)]
