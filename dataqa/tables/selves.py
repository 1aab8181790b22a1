"""What stands in a text of the person whom its row is about, and what it becomes.

Names, addresses, numbers and days are those of the row's own columns, found as they stand there, in
other case, in other forms of the same day, and numbers whatever parts their digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from dataqa.private.standins.draw import Who, bare, cased, digits_of, laid, numeric
from dataqa.private.standins.han import is_asian
from dataqa.private.standins.people import given
from dataqa.private.standins.phones import number_of
from dataqa.tables.forms import DATES, is_daily
from dataqa.tables.private_forms import NAMES

_SIGNS = r"[\s().\-_/·]*"
_LONG, _SHORT = 7, 3
_FORMS = tuple(form for form in DATES if is_daily(form) and form != "%m/%d/%y")
_UNPADDED = {"%d": "%-d", "%m": "%-m"}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CALLED = "(?=先生|女士|小姐|太太|老师|医生|某|氏|同志)"


class Put(NamedTuple):
    """A piece of a text and what is put in its place, in characters."""

    start: int
    end: int
    new: str


class Pair(NamedTuple):
    """A value of the original row, and that of the synthetic row.

    Attributes:
        entity: What it is; ``DAY`` for dates.
        old: As it stands in the original.
        new: As it stands in the synthetic row.
    """

    entity: str
    old: str
    new: str


def puts(text: str, pairs: Sequence[Pair], who: Who) -> list[Put]:
    """What of a text is the row's own, by place, without overlaps; the longest first.

    Args:
        text: Any text.
        pairs: Values of the row.
        who: For parts of names of which the synthetic row has none.
    """
    low = text.lower()
    found: list[Put] = []
    whole = sorted((one for one in pairs if one.entity not in NAMES), key=lambda one: -len(one.old))
    for pair in whole:
        found += _apart(_literal(text, low, pair), found)
    for old, new in _words(pairs, who):
        if old.lower() in low:
            found += _apart(_named(text, old, new), found)
    return sorted(found)


def days(column: Iterable[tuple[date | None, date | None]]) -> list[Pair]:
    """Days of the original with those of the synthetic row, in every form that is read."""
    pairs: dict[str, str] = {}
    for old, new in column:
        if old is None or new is None:
            continue
        for form in _spelled():
            pairs.setdefault(old.strftime(form), new.strftime(form))
    return [Pair("DAY", old, new) for old, new in pairs.items()]


@lru_cache(1)
def _spelled() -> tuple[str, ...]:
    """Forms of days, also with days and months of one digit."""
    forms = dict.fromkeys(_FORMS)
    for form in _FORMS:
        for signs, bare_signs in _UNPADDED.items():
            forms[form.replace(signs, bare_signs)] = None
        forms[form.replace("%d", "%-d").replace("%m", "%-m")] = None
    return tuple(forms)


def _apart(some: Iterable[Put], found: Sequence[Put]) -> list[Put]:
    return [
        one
        for one in some
        if not any(one.start < other.end and other.start < one.end for other in found)
    ]


def _literal(text: str, low: str, pair: Pair) -> Iterator[Put]:
    old = pair.old.strip()
    if len(old) < _SHORT or not pair.new:
        return
    looks = _looks(text, low, pair.entity, old)
    if looks is None:
        return
    for match in looks.finditer(text):
        same = numeric(old) and len(bare(match.group())) == len(bare(pair.new))
        new = laid(match.group(), bare(pair.new)) if same else cased(pair.new, match.group())
        yield Put(match.start(), match.end(), new)


def _looks(text: str, low: str, entity: str, old: str) -> re.Pattern[str] | None:
    """What a value looks like in a text; None if it is not there."""
    digits = number_of(old).national if entity == "PHONE_NUMBER" else digits_of(old)
    joined = len(digits) >= _LONG and (entity == "PHONE_NUMBER" or digits == bare(old))
    if joined:
        if digits not in digits_of(text):
            return None
        code = r"(?:(?:\+|00)?[0-9]{1,3}[\s().-]*|0|\()?" if entity == "PHONE_NUMBER" else ""
        return re.compile(rf"(?<![0-9]){code}{_SIGNS.join(digits)}(?![0-9])")
    if old.lower() not in low:
        return None
    before = r"(?<![^\W_])" if old[0].isascii() and old[0].isalnum() else ""
    behind = r"(?![^\W_])" if old[-1].isascii() and old[-1].isalnum() else ""
    return re.compile(before + re.escape(old) + behind, re.IGNORECASE)


def _words(pairs: Sequence[Pair], who: Who) -> list[tuple[str, str]]:
    """Parts of names and what they become, the longest first."""
    found: dict[str, str] = {}
    for entity, old, new in (one for one in pairs if one.entity in NAMES):
        if is_asian(old):
            found |= _asian(entity, old, new)
            continue
        firsts, lasts = _parts(entity, old)
        new_firsts, new_lasts = _parts(entity, new)
        for at, word in enumerate(firsts):
            found.setdefault(word, new_firsts[at] if at < len(new_firsts) else given(word, who))
        for word in lasts:
            found.setdefault(word, " ".join(new_lasts) or given(word, who))
    return sorted(found.items(), key=lambda one: (-len(one[0]), one[0]))


def _parts(entity: str, name: str) -> tuple[list[str], list[str]]:
    """Given and family names of a name as a column has it."""
    words = _WORD.findall(name)
    if entity == "GIVEN_NAME":
        return words, []
    if entity == "FAMILY_NAME":
        return [], words
    if "," in name:
        last = len(_WORD.findall(name.partition(",")[0]))
        return words[last:], words[:last]
    return words[:-1], words[-1:]


def _asian(entity: str, old: str, new: str) -> Mapping[str, str]:
    """The whole name; of a person's also the given name, if it has two characters."""
    found = {old: new}
    if entity == "PERSON" and len(old) > 2 and new:
        found[old[1:]] = new[1:]
    return found


def _named(text: str, old: str, new: str) -> Iterator[Put]:
    """A part of a name: not within a word, in capitals or as it is, for people are called Will."""
    asian = is_asian(old)
    if len(old) < 2 and not asian:
        return
    border = ("", "") if asian else (r"(?<![^\W_])", r"(?![^\W_])")
    behind = _CALLED if asian and len(old) == 1 else border[1]
    low = "" if asian or text != text.lower() else old.lower()
    written = dict.fromkeys(filter(None, (old, old.upper(), old.title(), low)))
    forms = "|".join(map(re.escape, written))
    for match in re.finditer(f"{border[0]}(?:{forms}){behind}", text):
        made = new if asian else cased(new, match.group())
        yield Put(match.start(), match.end(), made)
