"""Days in the many forms that they are written in, moved by a subject's offset; and ages.

All dates of one subject move by the same number of days, so that what lies between them stays. The
offset depends on subject and key: one that were the same for all would be known for all as soon as
one date is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from dataqa.private.standins.draw import DIGITS, Who, same_form
from dataqa.private.standins.months import (
    MONTH,
    WEEKDAY,
    month_as,
    month_number,
    numeral,
    numeral_as,
    weekday_as,
)

_YEAR = 365.2425
_DAYS = (30, 331)
"""Beside whole years, so many days: then a day and month without their year move as well."""
_MARK = "[-/. ]"
_HAN = "[0-9〇零一二三四五六七八九十]"


def offset(who: Who) -> int:
    """By how many days a subject's dates move: one to five years, back or forth.

    >>> offset(Who(b"key", subject="p1")) == offset(Who(b"key", scope="d2", subject="p1"))
    True
    >>> offset(Who(b"key", subject="p1", weekdays=True)) % 7
    0
    """
    draw = who.own_draw("days")
    days = 365 * (1 + draw.below(4)) + _DAYS[0] + draw.below(_DAYS[1] - _DAYS[0])
    days -= days % 7 if who.weekdays else 0
    return days if draw.below(2) else -days


def date_time(value: str, who: Who) -> str:
    """A date moved, as it is written; what tells no day, such as *two weeks*, stays.

    A time of day beside a date stays; alone it becomes another one. Digits of which no day can be
    made become other digits.
    """
    return moved_by(value, offset(who), who)


def moved_by(value: str, days: int, who: Who) -> str:
    """A date moved by so many days, as it is written; what tells no day stays.

    >>> moved_by("on 3 March 2021", -2, Who(b"key"))
    'on 1 March 2021'
    """
    if not tells_day(value):
        return value
    moved = _moved(value, who, days, _FORMS)
    if moved == value:
        moved = _moved(value, who, days, _CLOCKS)
    return moved if moved != value else same_form(value, who.draw("DATE_TIME", value))


date_of_birth = date_time


_SPAN = re.compile(
    r"(?<![0-9〇零一二三四五六七八九十])(?:[0-9]{1,3}(?:[.,][0-9]+)?|[一二两三四五六七八九十百几半]{1,3})"
    r"(?:\s*(?:-|to|–|至|到)\s*[0-9]{1,3})?[\s-]*"
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)"
    r"|秒钟?|分钟|小时|天|周|个星期|个月|年)(?![0-9月日号])",
    re.IGNORECASE,
)


def tells_day(value: str) -> bool:
    """Whether a value has digits or the name of a month that are not only a length of time.

    >>> [tells_day(one) for one in ("3 March", "two weeks", "30 days", "yesterday", "10:30")]
    [True, False, False, False, True]
    """
    if month_number(value.strip()) is not None:
        return True
    rest = _SPAN.sub(" ", value)
    chinese = re.search("[〇零一二三四五六七八九十][月日号年]", rest)
    named = re.search(rf"(?i)\b(?:{MONTH})\b", rest)
    return any(one in DIGITS for one in rest) or chinese is not None or _month_said(named)


def _month_said(found: re.Match[str] | None) -> bool:
    return found is not None and found.group().lower() not in {"may", "mai", "mars", "set"}


class _Form(NamedTuple):
    """A form of date: what it looks like, and what becomes of a match; None if it is no day."""

    looks: re.Pattern[str]
    moved: Callable[[re.Match[str], int, Who], str | None]


def _forms(*some: tuple[str, Callable[[re.Match[str], int, Who], str | None]]) -> Sequence[_Form]:
    """Forms that no digit stands before."""
    return [_Form(re.compile(rf"(?<![0-9])(?:{one})", re.IGNORECASE), moved) for one, moved in some]


def _moved(value: str, who: Who, days: int, forms: Sequence[_Form]) -> str:
    """Every date in a value moved, the most telling forms first."""
    for at, form in enumerate(forms):
        for match in form.looks.finditer(value):
            made = form.moved(match, days, who)
            if made is not None:
                before, behind = value[: match.start()], value[match.end() :]
                left = forms[at:]
                return _moved(before, who, days, left) + made + _moved(behind, who, days, left)
    return value


def _shifted(year: int, month: int, day: int, days: int) -> date | None:
    try:
        return date(year, month, day) + timedelta(days)
    except (ValueError, OverflowError):
        return None


def _padded(number: int, like: str, *, always: bool = False) -> str:
    """A day or month of two digits where they were written so."""
    return f"{number:02d}" if always or like.startswith("0") else str(number)


def _year_first(match: re.Match[str], days: int, _who: Who) -> str | None:
    year, mark, month, day = match.group("y", "s", "m", "d")
    made = _shifted(int(year), int(month), int(day), days)
    if made is None:
        return None
    wide = len(month) == len(day) == 2
    return (
        f"{made.year:04d}{mark}{_padded(made.month, month, always=wide)}"
        f"{mark}{_padded(made.day, day, always=wide)}"
    )


def _year_last(match: re.Match[str], days: int, who: Who) -> str | None:
    one, mark, other, year = match.group("a", "s", "b", "y")
    day_first = int(one) > 12 or (int(other) <= 12 and (who.day_first or mark == "."))
    day, month = (one, other) if day_first else (other, one)
    made = _shifted(_full(year), int(month), int(day), days)
    if made is None:
        return None
    wide = len(one) == len(other) == 2
    parts = [
        _padded(made.day, day, always=wide),
        _padded(made.month, month, always=wide),
    ]
    left, right = parts if day_first else parts[::-1]
    return f"{left}{mark}{right}{mark}{_short(made.year, year)}"


def _full(year: str) -> int:
    """Of two digits the century, as POSIX has it: 69 is 1969, 68 is 2068."""
    number = int(year)
    return number if len(year) > 2 else number + (1900 if number > 68 else 2000)


def _short(year: int, like: str) -> str:
    return f"{year % 100:02d}" if len(like) == 2 else f"{year:04d}"


def _chinese(match: re.Match[str], days: int, _who: Who) -> str | None:
    year, month, day = match.group("y", "m", "d")
    numbers = [numeral(one) if one else None for one in (year, month, day)]
    if any(one and number is None for one, number in zip((year, month, day), numbers, strict=True)):
        return None
    made = _shifted(numbers[0] or 2001, numbers[1] or 7, numbers[2] or 15, days)
    if made is None:
        return None
    text = match.group()
    for name, number in (("d", made.day), ("m", made.month), ("y", made.year)):
        if match[name]:
            start, end = (place - match.start() for place in match.span(name))
            text = text[:start] + numeral_as(number, match[name], year=name == "y") + text[end:]
    return text


def _named(match: re.Match[str], days: int, _who: Who) -> str | None:
    """With the month's name: day and year may be there or not."""
    found = match.groupdict()
    month = month_number(found["m"])
    if month is None:
        return None
    day, year = found.get("d"), found.get("y")
    made = _shifted(_full(year) if year else 2001, month, int(day) if day else 15, days)
    if made is None:
        return None
    text = match.group()
    puts = {"m": month_as(made.month, found["m"])}
    if day:
        puts["d"] = _padded(made.day, day)
        if found.get("o"):
            puts["o"] = _ordinal(made.day, found["o"])
    if year:
        puts["y"] = _short(made.year, year)
    if found.get("w"):
        puts["w"] = weekday_as(made.weekday(), found["w"])
    for name in sorted(puts, key=lambda one: -match.start(one)):
        start, end = (place - match.start() for place in match.span(name))
        text = text[:start] + puts[name] + text[end:]
    return text


def _ordinal(day: int, like: str) -> str:
    made = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return made.upper() if like.isupper() else made


def _compact(match: re.Match[str], days: int, _who: Who) -> str | None:
    found = match.group()
    made = _shifted(int(found[:4]), int(found[4:6]), int(found[6:]), days)
    return made and f"{made.year:04d}{made.month:02d}{made.day:02d}"


def _year_month(match: re.Match[str], days: int, _who: Who) -> str | None:
    year, mark, month = match.group("y", "s", "m")
    made = _shifted(int(year), int(month), 15, days)
    if made is None:
        return None
    if match.start("y") < match.start("m"):
        return f"{made.year:04d}{mark}{made.month:02d}"
    return f"{_padded(made.month, month, always=len(month) == 2)}{mark}{made.year:04d}"


def _year(match: re.Match[str], days: int, _who: Who) -> str | None:
    made = int(match.group("y")) + round(days / _YEAR)
    if match["decade"]:  # it stays one
        made = int(match.group("y")) + (10 if days > 0 else -10)
    return f"{made:04d}{match['decade']}" if 0 < made < 10_000 else None


def _time(match: re.Match[str], _days: int, who: Who) -> str | None:
    draw = who.draw("time of day", match.group())
    half = match["half"] or ""
    while True:
        hour = 1 + draw.below(12) if half else draw.below(24)
        rest = "".join(f":{draw.below(60):02d}" for _ in range(match.group().count(":")))
        made = _padded(hour, match["h"], always=len(match["h"]) == 2) + rest
        if made != match.group().removesuffix(half):
            return made + half


_DAY, _YEAR4 = "[0-3]?[0-9]", "(?:1[5-9]|20)[0-9]{2}"
_CHINESE_YEAR = rf"(?P<y>{_HAN}{{4}})\s*年"
_CHINESE_DAY = rf"(?P<m>{_HAN}{{1,3}})\s*月\s*(?P<d>{_HAN}{{1,3}})\s*[日号]"
_DAY_FIRST = (
    rf"(?:\b(?P<w>{WEEKDAY})(?:\.?,?\s+(?:the\s+)?))?(?<![0-9])(?P<d>{_DAY})(?P<o>(?:st|nd|rd|th)?)"
    rf"\.?[\s-]*(?:of\s+|de\s+)?\b(?P<m>{MONTH})\b"
    r"(?:[\s,.-]*(?:del?\s+)?(?P<y>[0-9]{4}|(?<=-)[0-9]{2})(?![0-9]))?"
)
_MONTH_FIRST = (
    rf"(?:\b(?P<w>{WEEKDAY})(?:\.?,?\s+))?\b(?P<m>{MONTH})\b\.?[\s-]*(?:the\s+)?"
    rf"(?P<d>{_DAY})(?P<o>(?:st|nd|rd|th)?)(?![0-9])(?:(?:\s*,\s*|\s+|-)(?P<y>[0-9]{{4}})(?![0-9]))?"
)
_FORMS = _forms(
    (rf"(?P<y>[0-9]{{4}})(?P<s>{_MARK})(?P<m>[01]?[0-9])(?P=s)(?P<d>{_DAY})(?![0-9])", _year_first),
    (
        rf"(?P<a>{_DAY})(?P<s>{_MARK})(?P<b>{_DAY})(?P=s)(?P<y>[0-9]{{4}}|[0-9]{{2}})(?![0-9])",
        _year_last,
    ),
    (rf"{_CHINESE_YEAR}\s*{_CHINESE_DAY}", _chinese),
    (rf"{_CHINESE_YEAR}\s*(?P<m>{_HAN}{{1,3}})\s*月(?P<d>)", _chinese),
    (rf"(?P<y>){_CHINESE_DAY}", _chinese),
    (rf"{_CHINESE_YEAR}(?P<m>)(?P<d>)", _chinese),
    (rf"(?P<m>{_HAN}{{1,2}})\s*月(?P<y>)(?P<d>)", _chinese),
    (_DAY_FIRST, _named),
    (_MONTH_FIRST, _named),
    (rf"\b(?P<m>{MONTH})\b(?:[\s,.-]*(?:of\s+|de\s+)?(?P<y>[0-9]{{4}})(?![0-9]))?", _named),
    (r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])", _compact),
    (rf"(?P<y>{_YEAR4})(?P<s>[-/.])(?P<m>0[1-9]|1[0-2])(?![0-9])", _year_month),
    (rf"(?P<m>0?[1-9]|1[0-2])(?P<s>[-/.])(?P<y>{_YEAR4})(?![0-9])", _year_month),
    (rf"(?<![.:])(?P<y>{_YEAR4})(?P<decade>(?<=0)s|)(?![0-9])", _year),
)
_CLOCKS = _forms(
    (
        r"(?P<h>2[0-3]|[01]?[0-9]):[0-5][0-9](?::[0-5][0-9])?(?P<half> ?[ap]\.?m\.?)?(?![0-9:])",
        _time,
    ),
)
