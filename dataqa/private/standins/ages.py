"""Ages, in digits or words: some years off, the same for all ages of a subject."""

from __future__ import annotations

import re

from dataqa.private.standins.draw import DIGITS, Who, listed, same_form
from dataqa.private.standins.months import numeral, numeral_as

OLDEST = 89
"""No stand-in is older: so few people are that an age would tell them (45 CFR 164.514)."""
_ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = listed("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS[2:])})(?:(?P<mark>[ -])(?P<one>{'|'.join(_ONES[1:10])}))?"
    rf"|(?P<small>{'|'.join(reversed(_ONES[1:]))}))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile("[0-9]{1,3}")
_HAN = re.compile("[一二三四五六七八九十]{1,3}(?=[岁歲周])")


def age(value: str, who: Who) -> str:
    """An age that is one to three years off, at most 89; children grow older, not younger.

    >>> [age(one, Who(b"k")) for one in ("34 years old", "thirty-four", "三十四岁", "aged 102")]
    ['37 years old', 'thirty-seven', '三十七岁', 'aged 89']
    """
    if any(one in DIGITS for one in value):
        return _NUMBER.sub(lambda match: str(other_age(int(match.group()), who)), value)
    made = _HAN.sub(lambda match: _chinese(match.group(), who), value)
    made = _WORD.sub(lambda match: _worded(match, who), made)
    return made if made != value else same_form(value, who.draw("AGE", value))


def other_age(years: int, who: Who) -> int:
    """Another number of years."""
    draw = who.own_draw("years")
    years_off = (1 + draw.below(3)) * (1 if draw.below(2) else -1)
    if years + years_off < 1:
        return years + abs(years_off)
    made = min(years + years_off, OLDEST)
    return made if made != years else years - abs(years_off)


def _chinese(found: str, who: Who) -> str:
    years = numeral(found)
    return found if years is None else numeral_as(other_age(years, who), found)


def _worded(match: re.Match[str], who: Who) -> str:
    if match["small"]:
        years = _ONES.index(match["small"].lower())
    else:
        ones = _ONES.index(match["one"].lower()) if match["one"] else 0
        years = 10 * _TENS.index(match["tens"].lower()) + ones
    made = other_age(years, who)
    tens, ones = divmod(made, 10)
    mark = match["mark"] or "-"
    word = _ONES[made] if made < 20 else _TENS[tens] + (mark + _ONES[ones] if ones else "")
    return word.capitalize() if match.group()[0].isupper() else word
