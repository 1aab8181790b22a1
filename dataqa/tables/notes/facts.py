"""What a text states that another wording of it must state too, and what that must not add.

Only what can be told by its letters is looked at: names, days, ids, numbers and their units, words
that somebody named, and whether anything is denied at all. Whether the words between them say the
same nobody can tell so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain

from dataqa.private.standins.han import is_asian
from dataqa.private.standins.words import names
from dataqa.tables.notes.mentions import DAYS, SURE, Mention

_PLAIN = str.maketrans("\u2018\u2019\u2010\u2011\u2012\u2013\u2212\u00a0\u202f", "''-----  ")
"""Apostrophes, hyphens and spaces that models like to put in the place of plain ones."""
_UNITS = (
    r"%|‰|°\s?[cf]?|mm\s?hg|mmol/l|mol/l|[mµμn]?g/d?l|[mkµμn]?g(?:/kg)?|[mcdµμ]?l|[mck]?m|ml/min"
    r"|iu|units?|bpm|km/h|mph|k?cal|kwh?|hz|lbs?|oz|ft"
)
_NUMBER = re.compile(
    r"(?<![0-9])(?<![0-9][.,:/-])(?P<number>[0-9]+(?:[.,:/-][0-9]+)*)"
    rf"(?:\s?(?P<unit>{_UNITS})(?!\w))?"
)
_MONEY = re.compile(r"[$€£¥]\s?[0-9]+(?:[.,][0-9]+)*")
_DENIED = re.compile(
    r"\b(?:no(?!\.)|not|never|none|nobody|nothing|neither|nor|without|den(?:y|ies|ied|ying)|negative"
    r"|unable|absent|free of|rule[sd]? out|cannot)\b|n't\b|[不没無无未否]"
)
_END = re.compile(r"(?<=\w\w)[.!?]\s+")
"""A tagger may take the end of one sentence and the beginning of the next for one name."""
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?:^|[.!?:;\n]\s*)([^\W\d_]+)")
_FEWEST = 2
"""Letters and digits of a stand-in that is a fact by itself."""


def facts_of(
    text: str, put: Iterable[str], found: Sequence[Mention], named: Iterable[str]
) -> list[str]:
    """What of a text must stand in another wording of it, as it stands there.

    Args:
        text: Any text.
        put: Stand-ins that were put in it.
        found: What recognisers find in it.
        named: Words that must stay wherever they stand.
    """
    plain = folded(text)
    # of an age the number stays: 53 years old, or a 53-year-old
    told = [*put]
    for entity, start, end in found:
        if entity != "AGE":
            told += _END.split(text[start:end]) if entity in SURE else [text[start:end]]
    told = [one.strip() for one in told if sum(sign.isalnum() for sign in one) >= _FEWEST]
    numbers = [one.group() for one in (*_NUMBER.finditer(plain), *_MONEY.finditer(plain))]
    whole = [one.strip() for one in named if one.strip()]
    every = dict.fromkeys([*told, *whole, *numbers])
    return [one for one in every if stands(one, plain)]


def missing(facts: Iterable[str], text: str) -> list[str]:
    """Facts that do not stand in a text."""
    plain = folded(text)
    return [one for one in facts if not stands(one, plain)]


def added(text: str, new: str, found: Sequence[Mention]) -> list[str]:
    """Numbers, names, days and addresses of a new wording that the old one does not have.

    Args:
        text: The old one.
        new: The new one.
        found: What recognisers find in the new one.
    """
    plain = folded(text)
    known = _numbers(plain)
    more = [f"{number} {unit}".strip() for number, unit in _numbers(folded(new)) - known]
    more.sort()
    words = set(_WORD.findall(plain))
    begins = {one.start(1) for one in _SENTENCE.finditer(new)}
    for entity, start, end in found:
        value = new[start:end]
        if entity == "AGE" or stands(value, plain) or not _LETTER.search(value):
            continue  # of numbers, ages among them, each was looked at
        if entity in SURE:
            more += _new_names(value, start, words, begins)
        elif entity not in DAYS or any(one.isdigit() for one in value):
            more.append(value)
    return list(dict.fromkeys(more))


def denies(text: str) -> bool:
    """Whether anything is denied in a text: said not to be so."""
    return _DENIED.search(folded(text)) is not None


def folded(text: str) -> str:
    """A text in one width and case, with plain hyphens, apostrophes and single spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN).lower()
    return " ".join(plain.split())


def stands(fact: str, plain: str) -> bool:
    """Whether a fact is in a folded text, not as a part of a longer word or number."""
    return _pattern(fact).search(plain) is not None


def _numbers(plain: str) -> set[tuple[str, str]]:
    """Numbers of a folded text; one with a unit is there without it as well."""
    found = {(one["number"], one["unit"] or "") for one in _NUMBER.finditer(plain)}
    return found | {(number, "") for number, _ in found}


@lru_cache(1 << 14)
def _pattern(fact: str) -> re.Pattern[str]:
    fact = folded(fact)
    number = _NUMBER.fullmatch(fact)
    unit = number["unit"] if number else None
    body = re.escape(fact)
    if unit:
        body = rf"{re.escape(fact[: -len(unit)].strip())}\s?{re.escape(unit)}"
    first, last = fact[:1], fact[-1:]
    before = behind = ""
    if first.isdigit():
        before = r"(?<![0-9])(?<![0-9][.,:/-])"
    elif first.isalnum() and not is_asian(first):
        before = r"(?<![^\W_])"
    if last.isdigit():
        behind = r"(?![0-9])(?![.,:/-][0-9])"
    elif last.isalnum() and not is_asian(last):
        behind = r"(?![^\W_])"
    return re.compile(before + body + behind)


def _new_names(value: str, start: int, words: set[str], begins: set[int]) -> list[str]:
    """Names in a piece that the old text does not have.

    A word with which a sentence begins has a capital anyway: taken for a name it says little, if it
    is in no list of names.
    """
    named = [one for one in _WORD.finditer(value) if one.group()[0].isupper() or is_asian(value)]
    fresh = [one for one in named if folded(one.group()) not in words]
    if is_asian(value):
        return [value]
    return [
        one.group()
        for one in fresh
        if len(one.group()) > 1
        and (start + one.start() not in begins or one.group().title() in _called())
    ]


@cache
def _called() -> frozenset[str]:
    """Names that people are known to have."""
    return frozenset(chain.from_iterable(names()["en"].values()))
