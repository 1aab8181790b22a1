"""What stands in a text of the person whom its row is about, and what it becomes.

Names, addresses, numbers and days are those of the row's own columns, found as they stand there, in
other case, in other forms of the same day, and numbers whatever parts their digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from dataqa.private.standins.draw import DIGITS, Who, bare, cased, digits_of, laid, numeric
from dataqa.private.standins.han import is_asian
from dataqa.private.standins.people import given
from dataqa.private.standins.phones import number_of
from dataqa.tables.forms import DATES, is_daily
from dataqa.tables.notes.mentions import Mention
from dataqa.tables.people.private_forms import NAMES

_SIGNS = frozenset(" \t\n\u00a0().-_/·")
_CODE = re.compile(r"(?:(?:\+|00)[0-9]{1,3}|\b1)[\s().-]*$|\($|0$")
_LONG, _SHORT, _FEWEST = 7, 3, 2
DAY = "DAY"
"""The kind of a pair that is a day in one of its forms."""
_FORMS = tuple(form for form in DATES if is_daily(form) and form != "%m/%d/%y")
_UNPADDED = {"%d": "%-d", "%m": "%-m"}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[0-9]*")
_CALLED = re.compile("先生|女士|小姐|太太|老师|医生|某|氏|同志")


class Put(NamedTuple):
    """A piece of a text and what is put in its place, in characters."""

    start: int
    end: int
    new: str


class Pair(NamedTuple):
    """A value of the original row, and that of the synthetic row.

    Attributes:
        entity: What it is; ``DAY`` for days.
        old: As it stands in the original.
        new: As it stands in the synthetic row.
    """

    entity: str
    old: str
    new: str


class _Text(NamedTuple):
    """A text, in small letters, its digits, and where they stand."""

    text: str
    low: str
    digits: str
    places: list[int]


def puts(text: str, pairs: Sequence[Pair], who: Who) -> list[Put]:
    """What of a text is the row's own, by place, without overlaps; the longest first.

    Args:
        text: Any text.
        pairs: Values of the row.
        who: For parts of names of which the synthetic row has none.
    """
    low = text.lower()
    places = [at for at, one in enumerate(text) if one in DIGITS]
    at = _Text(text, low if len(low) == len(text) else text, digits_of(text), places)
    found: list[Put] = []
    whole = sorted((one for one in pairs if one.entity not in NAMES), key=lambda one: -len(one.old))
    for pair in whole:
        found += _apart(_literal(at, pair), found)
    for old, new in _words(pairs, who):
        if old.lower() in low:
            found += _apart(_named(at, old, new), found)
    return sorted(found)


def composed(
    text: str,
    found: Sequence[Mention],
    put: Sequence[Put],
    stand_in: Callable[[str, str], str],
) -> str:
    """A text with what is put in it, and stand-ins for all else that is private.

    Args:
        text: Any text.
        found: What is private in it, the surest first; what is left of one beside others counts.
        put: What stands first; without overlaps.
        stand_in: What becomes of a value of a kind.
    """
    whole = list(put)
    for entity, start, end in found:
        for low, high in _free(text, start, end, whole):
            whole.append(Put(low, high, stand_in(entity, text[low:high])))
    pieces: list[str] = []
    done = 0
    for start, end, new in sorted(whole):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def _free(text: str, start: int, end: int, put: Sequence[Put]) -> list[tuple[int, int]]:
    """What is left of a span beside others, without the signs around it."""
    left = [(start, end)]
    for one in put:
        left = [
            piece
            for low, high in left
            for piece in (
                [(low, min(high, one.start)), (max(low, one.end), high)]
                if one.start < high and low < one.end
                else [(low, high)]
            )
            if piece[0] < piece[1]
        ]
    return [piece for low, high in left if (piece := _trimmed(text, low, high))]


def _trimmed(text: str, low: int, high: int) -> tuple[int, int] | None:
    inside = [at for at in range(low, high) if text[at].isalnum()]
    return (inside[0], inside[-1] + 1) if len(inside) >= _FEWEST else None


def days(column: Iterable[tuple[date | None, date | None]]) -> list[Pair]:
    """Days of the original with those of the synthetic row, in every form that is read."""
    pairs: dict[str, str] = {}
    for old, new in column:
        if old is None or new is None:
            continue
        for form in _spelled():
            pairs.setdefault(old.strftime(form), new.strftime(form))
    return [Pair(DAY, old, new) for old, new in pairs.items()]


@lru_cache(1)
def _spelled() -> tuple[str, ...]:
    """Forms of days, also with days and months of one digit."""
    forms: dict[str, None] = {}
    for form in sorted(_FORMS, key=lambda one: "%b" in one):  # May is May, whole or short
        bare_form = form.replace("%d", "%-d").replace("%m", "%-m")
        half = [form.replace(signs, other) for signs, other in _UNPADDED.items()]
        # of a day of two digits nobody knows whether one of one has a zero: by what is usual
        worded = any(sign in form for sign in ("%b", "%B", "年"))
        forms |= dict.fromkeys([bare_form, form] if worded else [form, *half, bare_form])
    return tuple(forms)


def _apart(some: Iterable[Put], found: Sequence[Put]) -> list[Put]:
    return [
        one
        for one in some
        if not any(one.start < other.end and other.start < one.end for other in found)
    ]


def _literal(at: _Text, pair: Pair) -> Iterator[Put]:
    old = pair.old.strip()
    if len(old) < _SHORT or not pair.new or (pair.entity == DAY and old.lower() not in at.low):
        return
    digits = number_of(old).national if pair.entity == "PHONE_NUMBER" else digits_of(old)
    phone = pair.entity == "PHONE_NUMBER"
    joined = pair.entity != DAY and len(digits) >= _LONG and (phone or digits == bare(old))
    places = _joined(at, digits, phone=phone) if joined else _stands(at.text, at.low, old.lower())
    new = bare(pair.new)
    for start, end in places:
        found = at.text[start:end]
        same = pair.entity != DAY and numeric(old) and len(bare(found)) == len(new)
        yield Put(start, end, laid(found, new) if same else cased(pair.new, found))


def _stands(text: str, low: str, value: str) -> Iterator[tuple[int, int]]:
    """Where a value stands that is no part of a longer word or number of the same letters."""
    start = low.find(value)
    while start >= 0:
        end = start + len(value)
        before, behind = text[start - 1 : start], text[end : end + 1]
        if not (_plain(value[0]) and before.isalnum()) and not (
            _plain(value[-1]) and behind.isalnum()
        ):
            yield start, end
        start = low.find(value, end)


def _plain(one: str) -> bool:
    """Whether a sign is one that words of an alphabet go on with; Chinese ones stand alone."""
    return one.isalnum() and not is_asian(one)


def _joined(at: _Text, digits: str, *, phone: bool) -> Iterator[tuple[int, int]]:
    """Where digits stand, whatever signs part them; of a telephone number with its country."""
    found = at.digits.find(digits)
    while found >= 0:
        places = at.places[found : found + len(digits)]
        start, end = places[0], places[-1] + 1
        gaps = "".join(at.text[low + 1 : high] for low, high in pairwise(places))
        if set(gaps) <= _SIGNS and not at.text[end : end + 1].isdigit():
            code = _CODE.search(at.text[:start]) if phone else None
            start = code.start() if code else start
            if not at.text[start - 1 : start].isdigit():
                yield start, end
        found = at.digits.find(digits, found + 1)


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


def _named(at: _Text, old: str, new: str) -> Iterator[Put]:
    """A part of a name: not within a word, in capitals or as it is, for people are called Will."""
    text = at.text
    asian = is_asian(old)
    if len(old) < 2 and not asian:
        return
    low = old.lower() if text == at.low else ""
    for form in dict.fromkeys(
        [old] if asian else filter(None, (old, old.upper(), old.title(), low))
    ):
        for start, end in _stands(text, text, form):
            if asian and len(old) == 1 and not _CALLED.match(text, end):
                continue
            yield Put(start, end, new if asian else cased(new, form))
