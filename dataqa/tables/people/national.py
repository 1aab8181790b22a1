"""Numbers of persons as countries give them: how one is written that tells a birth and a sex.

Chinese ones are of a whole province and Finnish ones of the range from 900 on, which nobody has;
the others hold their check digits and may be somebody's by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from dataqa.private.digits import cn_id_character
from dataqa.private.standins.draw import Draw
from dataqa.private.standins.words import plain

FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_MONTHS = "ABCDEHLMPRST"
_PROVINCES = dict(
    pair.split()
    for pair in (
        *("河北 13", "山西 14", "辽宁 21", "吉林 22", "黑龙 23", "江苏 32", "浙江 33", "安徽 34"),
        *("福建 35", "江西 36", "山东 37", "河南 41", "湖北 42", "湖南 43", "广东 44", "海南 46"),
        *("四川 51", "贵州 52", "云南 53", "陕西 61", "甘肃 62", "青海 63", "北京 11", "上海 31"),
    )
)


class Bearer(NamedTuple):
    """Whom a number is to be of.

    Attributes:
        birth: Day of birth.
        male: Sex, where numbers tell it.
        given: Given name; Italian codes hold letters of it.
        family: Family name.
        region: The province that somebody lives in; Chinese numbers begin with its code.
    """

    birth: date
    male: bool
    given: str = ""
    family: str = ""
    region: str = ""


class Kind(NamedTuple):
    """A kind of number.

    Attributes:
        module: What reads it, of python-stdnum.
        write: A number, or the number but for its last character.
        ends: The last characters that are tried; nothing where it is written already.
        sex: Where the digit stands that is odd for men; -1 where none does, or stdnum reads it.
        even: That digit is odd for women.
    """

    module: str
    write: Callable[[Bearer, Draw], str]
    ends: Sequence[str] = "0123456789"
    sex: int = -1
    even: bool = False


@cache
def module_of(name: str) -> Any:
    """A module of python-stdnum."""
    return import_module(f"stdnum.{name}")


def _day(who: Bearer) -> str:
    return f"{who.birth:%y%m%d}"


def _turned(who: Bearer) -> str:
    return f"{who.birth:%d%m%y}"


def _later(who: Bearer, months: int) -> str:
    """Year, month and day, with so many months more for those born from 2000 on."""
    month = who.birth.month + (months if who.birth.year >= 2000 else 0)
    return f"{who.birth:%y}{month:02d}{who.birth:%d}"


def _parity(who: Bearer, draw: Draw, *, even: bool = False) -> str:
    return str(2 * draw.below(5) + int(who.male != even))


def _century(who: Bearer, first: int) -> str:
    """A digit that says sex and century, men's and women's in turn from 1900 on."""
    return str(first + 2 * (who.birth.year >= 2000) + (not who.male))


def _cn(who: Bearer, draw: Draw) -> str:
    """Of a whole province, which issues none (GB 11643)."""
    code = _PROVINCES.get(who.region[:2]) or draw.one_of(sorted(_PROVINCES.values()))
    body = f"{code}0000{who.birth:%Y%m%d}{draw.digits(2)}{_parity(who, draw)}"
    return body + cn_id_character(body)


def _fi(who: Bearer, draw: Draw) -> str:
    """Of the numbers from 900 on, which no person has."""
    number = f"9{draw.digits(1)}{_parity(who, draw)}"
    sign = "A" if who.birth.year >= 2000 else "-"
    return f"{_turned(who)}{sign}{number}{FINNISH[int(_turned(who) + number) % 31]}"


def _no(who: Bearer, draw: Draw) -> str:
    module = module_of("no.fodselsnummer")
    individual = 500 + draw.below(250) if who.birth.year >= 2000 else draw.below(500)
    body = f"{_turned(who)}{individual // 10:02d}{_parity(who, draw)}"
    first = module.calc_check_digit1(body)
    return body + first + module.calc_check_digit2(body + first)


def _be(who: Bearer, draw: Draw) -> str:
    body = f"{_day(who)}{draw.digits(2)}{_parity(who, draw)}"
    number = int(("2" if who.birth.year >= 2000 else "") + body)
    return f"{body}{97 - number % 97:02d}"


def _fr(who: Bearer, draw: Draw) -> str:
    """Of a birth abroad (99), whose countries are coded below 600."""
    sex = 1 if who.male else 2
    body = f"{sex}{who.birth:%y%m}99{600 + draw.below(400)}{draw.digits(3)}"
    return f"{body}{97 - int(body) % 97:02d}"


def _it(who: Bearer, draw: Draw) -> str:
    """With the letters of the names; of a country that there is not (Z9)."""
    day = who.birth.day + (0 if who.male else 40)
    names = _letters(who.family) + _letters(who.given, given=True)
    body = f"{names}{who.birth:%y}{_MONTHS[who.birth.month - 1]}{day:02d}Z9{draw.digits(2)}"
    return body + module_of("it.codicefiscale").calc_check_digit(body)


def _letters(name: str, *, given: bool = False) -> str:
    """Three letters of a name: consonants first, of four or more in a given name not the second."""
    word = [one for one in plain(name).upper() if one.isascii() and one.isalpha()]
    some = [one for one in word if one not in "AEIOU"]
    if given and len(some) > 3:
        some = [some[0], *some[2:]]
    return "".join([*some, *(one for one in word if one in "AEIOU"), *"XXX"][:3])


def _cz(who: Bearer, draw: Draw) -> str:
    """Of nine digits before 1954; of the others the last makes eleven divide it."""
    month = who.birth.month + (0 if who.male else 50)
    body = f"{who.birth:%y}{month:02d}{who.birth:%d}{draw.digits(3)}"
    return body if who.birth.year < 1954 else f"{body}{int(body) % 11 % 10}"


def _za(who: Bearer, draw: Draw) -> str:
    return f"{_day(who)}{draw.below(5) + 5 * who.male}{draw.digits(3)}08"


def _si(who: Bearer, draw: Draw) -> str:
    number = draw.below(500) + (0 if who.male else 500)
    return f"{who.birth:%d%m}{who.birth.year % 1000:03d}50{number:03d}"


def _dane(who: Bearer, draw: Draw) -> int:
    """The digit that says the century."""
    return 4 + draw.below(6) if who.birth.year >= 2000 else draw.below(4)


def _at(who: Bearer, draw: Draw) -> str:
    return f"{1 + draw.below(9)}{draw.digits(3)}{_turned(who)}"


def _ro(who: Bearer, draw: Draw) -> str:
    """Of a county; the first digit is 1 or 2, and 5 or 6 from 2000 on."""
    first = 1 + 4 * (who.birth.year >= 2000) + (not who.male)
    return f"{first}{_day(who)}{1 + draw.below(40):02d}{draw.digits(3)}"


def _pl(who: Bearer, draw: Draw) -> str:
    return f"{_later(who, 20)}{draw.digits(3)}{_parity(who, draw)}"


def _se(who: Bearer, draw: Draw) -> str:
    """With the whole year: of two digits it would depend on today which century it is."""
    return f"{who.birth:%Y%m%d}{draw.digits(2)}{_parity(who, draw)}"


def _kr(who: Bearer, draw: Draw) -> str:
    return f"{_day(who)}{_century(who, 1)}{draw.digits(5)}"


def _dk(who: Bearer, draw: Draw) -> str:
    return f"{_turned(who)}{_dane(who, draw)}{draw.digits(2)}{_parity(who, draw)}"


def _bg(who: Bearer, draw: Draw) -> str:
    return f"{_later(who, 40)}{draw.digits(2)}{_parity(who, draw, even=True)}"


def _ee(who: Bearer, draw: Draw) -> str:
    return f"{_century(who, 3)}{_day(who)}{draw.digits(3)}"


def _gr(who: Bearer, draw: Draw) -> str:
    return f"{_turned(who)}{draw.digits(3)}{_parity(who, draw)}"


KINDS: dict[str, Kind] = {
    "CN_ID": Kind("cn.ric", _cn, "", 16),
    "PL_PESEL": Kind("pl.pesel", _pl),
    "SE_PERSONNUMMER": Kind("se.personnummer", _se),
    "KR_RRN": Kind("kr.rrn", _kr, sex=6),
    "DK_CPR": Kind("dk.cpr", _dk, "", 9),
    "FI_PERSONAL_IDENTITY_CODE": Kind("fi.hetu", _fi, ""),
    "NO_FODSELSNUMMER": Kind("no.fodselsnummer", _no, ""),
    "BE_NATIONAL_NUMBER": Kind("be.nn", _be, ""),
    "BG_EGN": Kind("bg.egn", _bg, sex=8, even=True),
    "CZ_BIRTH_NUMBER": Kind("cz.rc", _cz, ""),
    "EE_ISIKUKOOD": Kind("ee.ik", _ee),
    "LT_ASMENS_KODAS": Kind("lt.asmens", _ee, sex=0),
    "FR_NIR": Kind("fr.nir", _fr, ""),
    "IT_FISCAL_CODE": Kind("it.codicefiscale", _it, ""),
    "RO_CNP": Kind("ro.cnp", _ro, sex=0),
    "SI_EMSO": Kind("si.emso", _si),
    "GR_AMKA": Kind("gr.amka", _gr),
    "ZA_ID_NUMBER": Kind("za.idnr", _za),
    "AT_SVNR": Kind("at.vnr", _at, ""),
}
"""The kinds of numbers that tell a day of birth, by the names that recognisers give them."""
