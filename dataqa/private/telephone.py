"""Checks of telephone numbers: what libphonenumber holds valid, and what people write."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from dataqa.private.dialling import regions_of
from dataqa.private.digits import is_day, only_digits

_RUNS = re.compile("[0-9]+")
_EXTENSION = re.compile("x|ext|#")
_ABROAD = ("001", "011", "00")
_MANY = 1 << 16


@lru_cache(_MANY)
def phone(value: str, about: str = "") -> bool:
    """A telephone number that can be dialled in one of some regions, ``US,GB``; or from anywhere.

    >>> phone("(415) 555-2671", about="US"), phone("+86 138 1234 5678")
    (True, True)
    """
    library = _phonenumbers()
    for region in about.split(",") if about else [None]:
        try:
            number = library.parse(value, region)
        except library.NumberParseException:
            continue
        if library.is_valid_number(number) and _grouped(value):
            return True
    return False


@lru_cache(_MANY)
def phone_written(value: str, about: str = "") -> bool:
    """A telephone number of some regions whose groups are as one of them writes them.

    Numbers that could as well be an amount in groups of three, a day or a span of years are none.

    >>> phone_written("(415) 555-2671", about="US"), phone_written("4155 55 26 71", about="US")
    (True, False)
    >>> phone_written("415 555 267", about="US,PL"), phone_written("1990-1995", about="US,AU")
    (False, False)
    """
    groups = _RUNS.findall(value)
    amount = groups[0][0] != "0" and all(len(group) == 3 for group in groups[1:])
    if len(groups) < 2 or (amount and "(" not in value) or not dialled(value):
        return False
    return any(phone(value, about=region) for region in regions_of(value, about))


@lru_cache(_MANY)
def phone_abroad(value: str) -> bool:
    """A telephone number with a country's code behind what one dials first: 00, 001 or 011.

    Source: ITU-T E.164 and E.123; 011 in North America, 001 in several countries of Asia.

    >>> phone_abroad("0041 71 526 99 04"), phone_abroad("011 44 20 7946 0958"), phone_abroad("0012")
    (True, True, False)
    """
    for prefix in _ABROAD:
        rest = value.removeprefix(prefix)
        if rest != value and (phone("+" + rest) or (prefix == "001" and phone("+1" + rest))):
            return True
    return False


@lru_cache(_MANY)
def phone_coded(value: str) -> bool:
    """A number behind a country's code that there is, whatever that country's plan says of it.

    Source: ITU-T E.164, at most 15 digits; the codes are libphonenumber's. 00, 001 or 011 may stand
    for the plus. With the code 1 there are eleven digits.

    >>> phone_coded("+61-8-5691-9335"), phone_coded("011 44 115 496 0200"), phone_coded("+1 234")
    (True, True, False)
    """
    number = _EXTENSION.split(value)[0].replace("(0)", "")
    found = only_digits(number)
    if "+" not in number:
        found = found[3 if found.startswith("011") else 2 :]
    codes = _phonenumbers().COUNTRY_CODE_TO_REGION_CODE
    sizes = range(11, 12) if found.startswith("1") else range(9, 16)
    known = any(int(found[:size] or 0) in codes for size in (1, 2, 3))
    return known and len(found) in sizes and len(set(found)) > 2 and number.count("(") < 2


def phone_plain(value: str) -> bool:
    """Digits that may be a telephone number: of several kinds, and no day.

    >>> phone_plain("40562241"), phone_plain("20190304"), phone_plain("11111111")
    (True, False, False)
    """
    dated = len(value) == 8 and any(map(is_day, (value, value[4:] + value[2:4] + value[:2])))
    return len(set(value)) > 2 and not dated


def dialled(value: str) -> bool:
    """Groups of digits, enough for a telephone number, and neither a day nor years.

    >>> dialled("0490 75 40 81"), dialled("2019-05-12"), dialled("1990 1995")
    (True, False, False)
    """
    found = "".join(_RUNS.findall(value))
    groups = _RUNS.findall(value)
    years = all(len(group) == 4 and group[:2] in {"18", "19", "20"} for group in groups)
    dated = _dated(groups[:3]) or re.fullmatch("[0-9]+[.][0-9]{1,2}", value)
    whole = value.count("(") == value.count(")") and all(
        1 < len(group) < 11 or group in {"0", "1"} for group in groups
    )
    return 6 < len(found) < 16 and len(groups) > 1 and whole and not years and not dated


def _dated(groups: list[str]) -> bool:
    year = [group for group in groups if len(group) == 4 and group[:2] in {"18", "19", "20"}]
    rest = [int(group) for group in groups if group not in year]
    return bool(year) and all(0 < one < 32 for one in rest)


def _grouped(value: str) -> bool:
    """Whether separators part groups as numbers have them: no group of one but the first two."""
    return all(len(group) > 1 for group in _RUNS.findall(value)[2:])


@cache
def _phonenumbers() -> Any:
    return import_module("phonenumbers")
