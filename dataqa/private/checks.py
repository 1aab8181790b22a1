"""Checks: can a candidate be a real value? One public function, one YAML word.

Each takes a candidate as it is written and says whether its digits, letters or dates hold. What
``python-stdnum`` or ``phonenumbers`` know is theirs; nothing here asks the network.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache, partial
from importlib import import_module
from typing import Any

from dataqa.errors import InputError, did_you_mean
from dataqa.private.digits import cn_id_character, luhn_digit

_RUNS = re.compile("[0-9]+")
_CARD_LENGTHS = {"1": (15,), "2": (15, 16), "3": (14, 15, 16), "4": (13, 16, 19)}

type Check = Callable[[str], bool]

_ASCII = "0123456789"
_MANY = 1 << 16


def known_check(word: str, where: str) -> None:
    """Make sure that there is such a check; what it needs is asked for when it is opened.

    Raises:
        InputError: There is none.
    """
    name = word.partition(":")[0]
    if name not in _known():
        hint = did_you_mean(name, sorted(_known()))
        raise InputError(f"there is no check {name!r}", where=where, hint=hint)


def check_of(word: str) -> Check:
    """The check behind a YAML word: ``luhn``, or with what it is about, ``phone:US``.

    Raises:
        InputError: python-stdnum has no such module.
    """
    name, _, about = word.partition(":")
    found = _known()[name]
    if name == "stdnum":
        _stdnum(about)
    return partial(found, about=about) if about else found


@cache
def _known() -> dict[str, Any]:
    return {
        name: value
        for name, value in globals().items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == __name__
        and name not in {"check_of", "known_check"}
    }


def _digits(value: str) -> str:
    return "".join(_RUNS.findall(value))


def luhn(value: str) -> bool:
    """The digits end with Luhn's check digit and are not all the same.

    Source: ISO/IEC 7812-1, annex B.

    >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
    (True, False)
    """
    found = _digits(value)
    return len(set(found)) > 1 and luhn_digit(found[:-1]) == found[-1]


def ip(value: str) -> bool:
    """An address of IP version 4 or 6 with a digit in it, of another machine than one's own.

    >>> ip("192.168.10.25"), ip("300.1.1.1"), ip("2001:db8::1")
    (True, False, True)
    """
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    here = address.is_unspecified or address.is_loopback
    return not here and any(one in _ASCII for one in value)


@lru_cache(_MANY)
def stdnum(value: str, about: str = "") -> bool:
    """A number that the module of that name in python-stdnum holds valid, such as ``gb.nhs``.

    >>> stdnum("943 476 5919", about="gb.nhs")
    True
    """
    return bool(_stdnum(about).is_valid(value))


@cache
def _stdnum(about: str) -> Any:
    try:
        return import_module(f"stdnum.{about}")
    except ModuleNotFoundError:
        hint = "a module of stdnum, such as us.ssn"
        raise InputError(f"python-stdnum has no {about!r}", hint=hint) from None


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


def dialled(value: str) -> bool:
    """Groups of digits, enough for a telephone number, and neither a day nor years.

    >>> dialled("0490 75 40 81"), dialled("2019-05-12"), dialled("1990 1995")
    (True, False, False)
    """
    found = _digits(value)
    groups = _RUNS.findall(value)
    years = all(len(group) == 4 and group[:2] in {"18", "19", "20"} for group in groups)
    dated = _dated(groups[:3])
    whole = value.count("(") == value.count(")") and all(
        1 < len(group) < 9 or group in {"0", "1"} for group in groups
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


def cn_id(value: str) -> bool:
    """An identity number of mainland China: region, a day of birth, check character.

    Source: GB 11643-1999.

    >>> cn_id("11010519491231002X"), cn_id("110105194912310021")
    (True, False)
    """
    if not (10 < int(value[:2]) < 83) or not _day(value[6:14]):
        return False
    return cn_id_character(value[:17]) == value[17].upper()


def _day(written: str) -> bool:
    try:
        born = date(int(written[:4]), int(written[4:6]), int(written[6:8]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2100


def card(value: str) -> bool:
    """A card number of the length its issuer has, with Luhn's check digit.

    Source: ISO/IEC 7812; the issuers' published ranges.

    >>> card("2223 0031 2200 3222"), card("4111-1111-1111-111")
    (True, False)
    """
    found = _digits(value)
    lengths = _CARD_LENGTHS.get(found[0], range(12, 20))
    return len(found) in lengths and luhn(found)
