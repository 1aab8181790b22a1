"""Checks: can a candidate be a real value? One public function, one YAML word.

Each takes a candidate as it is written and says whether its digits, letters or dates hold. What
``python-stdnum`` or ``phonenumbers`` know is theirs; nothing here asks the network.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cache, lru_cache, partial
from importlib import import_module
from math import log2
from typing import Any

from dataqa.errors import InputError, did_you_mean
from dataqa.private import coins, national, telephone
from dataqa.private.digits import cn_id_character, is_day, luhn_holds, only_digits

_RUNS = re.compile("[0-9]+")
_VARIED = 2.8
_CARD_LENGTHS = {
    "6": (12, 13, 14, 15, 16, 17, 19),
    "1": (15,),
    "2": (15, 16),
    "3": (14, 15, 16),
    "4": (13, 16, 19),
}
_OTHER_LENGTHS = range(12, 20)

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
    here = import_module(__name__)
    return {
        name: value
        for module in (here, telephone, national, coins)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and name not in {"check_of", "known_check", "keccak256"}
    }


def luhn(value: str) -> bool:
    """The digits end with Luhn's check digit and are not all the same.

    Source: ISO/IEC 7812-1, annex B.

    >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
    (True, False)
    """
    return luhn_holds(only_digits(value))


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


def weighted(value: str, about: str = "") -> bool:
    """The last digit is what the others make with some weights, modulo 10 or 11.

    Args:
        value: A number; a letter counts as its place in the alphabet, in two digits.
        about: ``modulus/weights``, as in ``10/37``: weights are digits and start anew when they are
            used up. With ``x`` before the modulus the digits of each product are added up.

    >>> weighted("111111110", about="10/37"), weighted("15070649C103", about="x10/212571212121")
    (True, True)
    """
    kind, _, weights = about.partition("/")
    digits = "".join(str(ord(one) - 64).zfill(2) if one.isalpha() else one for one in value.upper())
    digits = only_digits(digits)
    total = 0
    for place, one in enumerate(digits[:-1]):
        product = int(one) * int(weights[place % len(weights)])
        total += sum(divmod(product, 10)) if kind.startswith("x") else product
    return total % int(kind.removeprefix("x")) == int(digits[-1])


def varied(value: str) -> bool:
    """A secret as machines make them: letters and digits mixed, hardly a word or a placeholder.

    It has at least two kinds of characters and 2.8 bits of Shannon's entropy in each.

    >>> varied("x7Gk29Lm4Qz8Rt1V"), varied("your_password_here"), varied("aaaaaaaa1")
    (True, False, False)
    """
    secret = re.split(r"[=:\s\"']+", value.rstrip("\"'"))[-1]
    kinds = [any(map(kind, secret)) for kind in (str.isdigit, str.islower, str.isupper)]
    shares = [secret.count(one) / len(secret) for one in set(secret)] or [1.0]
    bits = -sum(share * log2(share) for share in sorted(shares))
    return kinds[0] and sum(kinds) > 1 and bits >= _VARIED


def place(value: str) -> bool:
    """A pair of latitude and longitude with four decimals or more.

    >>> place("48.85837, 2.29448"), place("148.8583, 2.2944")
    (True, False)
    """
    found = [float(one) for one in re.findall(r"-?[0-9]+[.][0-9]{4,}", value)]
    if len(found) != 2:
        return len(_RUNS.findall(value)) > 3  # degrees and minutes
    north, east = found
    return abs(north) <= 90 and abs(east) <= 180 and (north, east) != (0, 0)


def born(value: str) -> bool:
    """A day, month and year of which the year is one that somebody alive may be born in.

    >>> born("12 May 1970"), born("1.2.1899"), born("1970年5月12日")
    (True, False, True)
    """
    years = [int(one) for one in _RUNS.findall(value) if len(one) == 4]
    return all(1900 <= year <= 2100 for year in years)


def aged(value: str) -> bool:
    """A number of years that somebody can be old.

    >>> aged("34-year-old"), aged("aged 134")
    (True, False)
    """
    return all(int(one) <= 120 for one in _RUNS.findall(value)[:1])


def card(value: str) -> bool:
    """A card number of the length its issuer has, with Luhn's check digit.

    Source: ISO/IEC 7812; the issuers' published ranges.

    >>> card("2223 0031 2200 3222"), card("4111-1111-1111-111")
    (True, False)
    """
    found = only_digits(value)
    return len(found) in _CARD_LENGTHS.get(found[0], _OTHER_LENGTHS) and luhn_holds(found)


def cn_id(value: str) -> bool:
    """An identity number of mainland China: region, a day of birth, check character.

    Source: GB 11643-1999.

    >>> cn_id("11010519491231002X"), cn_id("110105194912310021")
    (True, False)
    """
    if not (10 < int(value[:2]) < 83) or not is_day(value[6:14]):
        return False
    return cn_id_character(value[:17]) == value[17].upper()
