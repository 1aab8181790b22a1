"""Numbers of people, cards and things: of the same form, with check digits that hold.

They lie where none is ever issued, wherever there is such a range; ``generic`` ones hold their
check, and that somebody has one is possible by chance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from dataqa.private.digits import cn_id_character, luhn_digit
from dataqa.private.standins.draw import (
    DIGITS,
    LOWER,
    UPPER,
    Draw,
    bare,
    digits_of,
    laid,
    same_form,
)

_TRIES = 200
_VIN = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def credit_card(value: str, draw: Draw) -> str:
    """Of an issuer that there is not (9999, ISO/IEC 7812), with Luhn's digit."""
    made = "9999" + draw.digits(max(8, len(digits_of(value)) - 5))
    return laid(value, made + luhn_digit(made))


def us_ssn(value: str, draw: Draw) -> str:
    """Of area 900 to 999 and group 01 to 49: neither Social Security nor Revenue issue it."""
    return laid(value, f"9{draw.digits(2)}{1 + draw.below(49):02d}{draw.digits(4)}")


def us_itin(value: str, draw: Draw) -> str:
    """Of group 93, which Revenue leaves out (Publication 1915)."""
    return laid(value, f"9{draw.digits(2)}93{draw.digits(4)}")


def uk_nino(value: str, draw: Draw) -> str:
    """Of the prefix QQ, which is never given out (HMRC, NIM39110)."""
    made = laid(value, f"QQ{draw.digits(6)}{draw.one_of('ABCD')}")
    return made.lower() if value.islower() else made[: len(value)]


def uk_nhs(value: str, draw: Draw) -> str:
    """Of the range 999 for tests, with its check digit (NHS Data Dictionary)."""
    while True:
        body = "999" + draw.digits(6)
        check = -sum(int(one) * (10 - at) for at, one in enumerate(body)) % 11
        if check < 10:
            return laid(value, f"{body}{check}")


def in_aadhaar(value: str, draw: Draw) -> str:
    """Beginning with 0 or 1, which none does (UIDAI), with the check digit of Verhoeff."""
    body = str(draw.below(2)) + draw.digits(10)
    verhoeff: Any = import_module("stdnum.verhoeff")
    return laid(value, body + verhoeff.calc_check_digit(body))


def vin(value: str, draw: Draw) -> str:
    """Of model year 0, which there is not (49 CFR 565), with its check digit."""
    signs = "".join(_VIN) + DIGITS
    made = [draw.one_of(signs) for _ in range(17)]
    made[9] = "0"
    total = sum(
        int(_VIN.get(one, one)) * weight for one, weight in zip(made, _VIN_WEIGHTS, strict=True)
    )
    made[8] = "0123456789X"[total % 11]
    return laid(value, "".join(made))


def iban_code(value: str, draw: Draw) -> str:
    """Of the same country and form, with check digits that hold (ISO 13616)."""
    plain = bare(value)
    body = same_form(plain[4:], draw)
    rest = int("".join(str(int(one, 36)) for one in body + plain[:2] + "00"))
    return laid(value, f"{plain[:2]}{98 - rest % 97:02d}{body}")


def cn_id(value: str, draw: Draw) -> str:
    """Of a whole province, which issues none, with a check character that holds (GB 11643)."""
    province = value[:2] if value[:2].isascii() and value[:2].isdigit() else "11"
    body = f"{province}0000{1940 + draw.below(65)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    body += draw.digits(3)
    return body + cn_id_character(body)


def cn_uscc(value: str, draw: Draw) -> str:
    """Registered nowhere: of a whole province, with check characters that hold (GB 32100)."""
    try:
        uscc: Any = import_module("stdnum.cn.uscc")
        plain = bare(value).upper()
        signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        office = "".join(draw.one_of(signs) for _ in range(8))
        body = f"{plain[:2]}{plain[2:4]}0000{office}{_office_digit(office)}"
        made = body + uscc.calc_check_digit(body)
    except Exception:  # noqa: BLE001 - of another length or alphabet: then only its form is kept
        return same_form(value, draw)
    return laid(value, made)


def cn_qq(value: str, draw: Draw) -> str:
    """Beginning with 0, which none does."""
    return laid(value, "0" + draw.digits(len(digits_of(value)) - 1))


def cn_license_plate(value: str, draw: Draw) -> str:
    """With the letter I, which is left out on plates (GA 36)."""
    at = next((place for place, one in enumerate(value) if one in UPPER), 0)
    made = value[: at + 1] + same_form(value[at + 1 :], draw)
    tail = max(
        (place for place, one in enumerate(made) if one.isascii() and one.isalnum()), default=0
    )
    return f"{made[:tail]}I{made[tail + 1 :]}" if tail > at else made


def hk_id(value: str, draw: Draw) -> str:
    """With its check character (Immigration Department); an identity may have it by chance."""
    plain = bare(value).upper()
    letters = "".join(one for one in plain[:2] if one in UPPER)
    body = same_form(letters, draw) + draw.digits(6)
    total = sum(
        (DIGITS + UPPER + " ").index(one) * (9 - at) for at, one in enumerate(body.rjust(8))
    )
    return laid(value, body + "0123456789A"[-total % 11])


def coordinates(value: str, draw: Draw) -> str:
    """In the South Pacific around the point that is farthest from land, to as many decimals."""
    middle = iter((-48.8767, -123.3933))

    def moved(match: re.Match[str]) -> str:
        decimals = len(match.group().partition(".")[2])
        number = next(middle, 0.0) + (draw.below(40_001) - 20_000) / 10_000
        return f"{number:.{decimals}f}"

    return re.sub(r"[-+]?\d{1,3}(?:\.\d+)?", moved, value, count=2)


def _office_digit(body: str) -> str:
    """The check character of an organisation's code (GB 11714)."""
    signs = DIGITS + UPPER
    total = sum(
        signs.index(one) * weight
        for one, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    return "0123456789X0"[11 - total % 11] if total % 11 else "0"


class _Form(NamedTuple):
    """How a number is drawn.

    Attributes:
        module: Its module of python-stdnum.
        born: Where a date of birth stands in it.
        same: What all such numbers begin with.
    """

    module: str
    born: int | None = None
    same: str = ""


GENERIC: Mapping[str, _Form] = {
    "US_NPI": _Form("luhn"),
    "AU_ABN": _Form("au.abn"),
    "AU_ACN": _Form("au.acn"),
    "AU_TFN": _Form("au.tfn"),
    "CA_SIN": _Form("ca.sin"),
    "UK_UTR": _Form("gb.utr"),
    "DE_TAX_ID": _Form("de.idnr"),
    "FR_NIR": _Form("fr.nir"),
    "FR_SIREN": _Form("fr.siren"),
    "ES_NIF": _Form("es.nif"),
    "ES_NIE": _Form("es.nie"),
    "ES_DNI": _Form("es.dni"),
    "IT_VAT_CODE": _Form("it.iva"),
    "NL_BSN": _Form("nl.bsn"),
    "PL_PESEL": _Form("pl.pesel", 0),
    "PL_NIP": _Form("pl.nip"),
    "PT_NIF": _Form("pt.nif"),
    "SE_PERSONNUMMER": _Form("se.personnummer", 0),
    "BE_NN": _Form("be.nn", 0),
    "KR_RRN": _Form("kr.rrn", 0),
    "JP_MY_NUMBER": _Form("jp.in_"),
    "JP_CORPORATE_NUMBER": _Form("jp.cn"),
    "BR_CPF": _Form("br.cpf"),
    "TH_TNIN": _Form("th.pin"),
    "CH_AHV": _Form("ch.ssn", same="756"),
    "AT_SVNR": _Form("at.vnr"),
    "IMEI": _Form("imei"),
}
"""Kinds of which python-stdnum knows the check: drawn until it holds."""


def generic(entity: str, value: str, draw: Draw) -> str:
    """Of the same form, with the check of its kind; of the form alone where there is none."""
    form = GENERIC.get(entity)
    if form is None:
        return same_form(value, draw)
    valid = _module(form.module).is_valid
    for _ in range(_TRIES):
        made = same_form(value, draw)
        if form.born is not None:
            made = _dated(value, made, form.born, draw)
        if form.same:
            made = laid(made, form.same + bare(made)[len(form.same) :])
        for one in _ends(made):
            if valid(one):
                return one
    return same_form(value, draw)


def _ends(made: str) -> list[str]:
    """The value with every last character of its kind."""
    at = max(
        (place for place, one in enumerate(made) if one.isascii() and one.isalnum()), default=-1
    )
    if at < 0:
        return [made]
    kind = next(kind for kind in (DIGITS, UPPER, LOWER) if made[at] in kind)
    return [made[:at] + one + made[at + 1 :] for one in kind]


def _dated(value: str, made: str, start: int, draw: Draw) -> str:
    """A number whose digits from a place on are a day: of two digits each, as ``yymmdd``."""
    day = date(1940, 1, 1) + timedelta(draw.below(60 * 365))
    found = bare(made)
    year = f"{day.year}" if len(digits_of(value)) == 12 else f"{day.year % 100:02d}"
    written = f"{year}{day.month:02d}{day.day:02d}"
    return laid(value, found[:start] + written + found[start + len(written) :])


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")
