"""Checks of numbers that states give to people and vehicles, where no library has them."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from dataqa.private.digits import is_day, luhn_digit, vin_character

_TW_AREAS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""The letters of Taiwan's numbers in the order of what they count: A is 10, O is 35."""
_NRIC, _FIN = "JZIHGFEDCBA", "XWUTRQPNMLK"


def lu_matricule(value: str) -> bool:
    """A national number of Luxembourg: a day of birth, Luhn's digit, Verhoeff's digit.

    Source: Règlement grand-ducal du 21 juin 2013; Verhoeff 1969, by python-stdnum.

    >>> lu_matricule("1893120105732")
    True
    """
    found = "".join(one for one in value if one.isdigit())
    holds = luhn_digit(found[:11]) == found[11] and is_day(found[:8])
    return holds and bool(_verhoeff().is_valid(found[:11] + found[12]))


def au_medicare(value: str) -> bool:
    """A Medicare card's number: eight digits, what they make, the card's issue, one's own number.

    Source: Services Australia; weights 1, 3, 7, 9, modulo 10.

    >>> au_medicare("2123 45670 1"), au_medicare("2123 45671 1")
    (True, False)
    """
    found = [int(one) for one in value if one.isdigit()]
    total = sum(one * weight for one, weight in zip(found, (1, 3, 7, 9) * 2, strict=False))
    return total % 10 == found[8] and found[9] > 0


def npi(value: str) -> bool:
    """A number of a provider of health care in the United States.

    Source: CMS; Luhn's digit of the number behind 80840.

    >>> npi("1234567893"), npi("1234567894")
    (True, False)
    """
    return luhn_digit("80840" + value[:-1]) == value[-1]


def dea(value: str) -> bool:
    """A registration number of the United States' Drug Enforcement Administration.

    Source: 21 CFR 1301; digits 1, 3, 5 and twice 2, 4, 6 make the last.

    >>> dea("BB1388568"), dea("BB1388567")
    (True, False)
    """
    found = [int(one) for one in value[2:]]
    return (sum(found[:6:2]) + 2 * sum(found[1:6:2])) % 10 == found[6]


def hk_id(value: str) -> bool:
    """An identity card of Hong Kong with its check character.

    Source: Immigration Department; weights 9 to 2, modulo 11.

    >>> hk_id("G123456(A)"), hk_id("G123456(3)")
    (True, False)
    """
    plain = re.sub("[^0-9A-Za-z]", "", value).upper()
    codes = [36] * (9 - len(plain)) + [int(one, 36) for one in plain[:-1]]
    total = sum(code * weight for code, weight in zip(codes, range(9, 1, -1), strict=True))
    return "0A987654321"[total % 11] == plain[-1]


def tw_id(value: str) -> bool:
    """A national identity number, or one of a resident, of Taiwan with its check digit.

    Source: Ministry of the Interior; the letter is two digits, weights 1, 9, 8 to 1, 1.

    >>> tw_id("A123456789"), tw_id("A123456788")
    (True, False)
    """
    area = _TW_AREAS.index(value[0].upper()) + 10
    second = value[1].upper()
    digits = [str(area), "ABCD".find(second) % 10 if second in "ABCD" else second, value[2:]]
    plain = "".join(map(str, digits))
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(int(one) * weight for one, weight in zip(plain, weights, strict=True)) % 10 == 0


def nric(value: str) -> bool:
    """An identity number of Singapore with its check letter.

    Source: the letters of series S and T, F and G, M; weights 2, 7, 6, 5, 4, 3, 2, modulo 11.

    >>> nric("S1234567D"), nric("S1234567A")
    (True, False)
    """
    plain = value.upper()
    weights = (2, 7, 6, 5, 4, 3, 2)
    total = sum(int(one) * weight for one, weight in zip(plain[1:8], weights, strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(plain[0], 0)
    letters = {"S": _NRIC, "T": _NRIC, "F": _FIN, "G": _FIN}.get(plain[0])
    at = total % 11
    return plain[8] == (letters[at] if letters else "XWUTRQPNJLK"[10 - at])


def vin(value: str) -> bool:
    """A vehicle's number with its check character, where one is required.

    Source: ISO 3779; 49 CFR 565 (North America). European makers may put any character there.

    >>> vin("1M8GDM9AXKP042788"), vin("1M8GDM9A1KP042788")
    (True, False)
    """
    plain = value.upper()
    return vin_character(plain) == plain[8] and len(set(plain)) > 5 and not plain.isdigit()


def _verhoeff() -> Any:
    return import_module("stdnum.verhoeff")
