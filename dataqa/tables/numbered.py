"""Numbers of persons that tell a day of birth or a sex: those of the row's invented person.

Such a number is read by python-stdnum, and a new one is drawn until it is read as what it should
say. Chinese ones are of a whole province and Finnish ones of the range from 900 on, which nobody
has; the others hold their check digits and may be somebody's by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from dataqa.private.digits import cn_id_character
from dataqa.private.standins.draw import Draw, bare, digits_of, laid
from dataqa.private.standins.words import plain

_TRIES, _MOSTLY = 400, 0.8
_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"
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


class Said(NamedTuple):
    """What a number says: a day of birth, perhaps without day or century; a sex or nothing."""

    birth: date | None
    sex: str
    daily: bool = True
    century: bool = True


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


def said(entity: str, text: str) -> Said | None:
    """What a number says; None if it is no valid number of its kind.

    >>> said("PL_PESEL", "44051401359")
    Said(birth=datetime.date(1944, 5, 14), sex='male', daily=True, century=True)
    """
    kind = KINDS[entity]
    module = _module(kind.module)
    try:
        if entity == "FI_PERSONAL_IDENTITY_CODE":
            return _finnish(text)
        if not (_chinese(text) if entity == "CN_ID" else module.is_valid(text)):
            return None
        if entity in {"FR_NIR", "AT_SVNR"}:
            return (_french if entity == "FR_NIR" else _austrian)(digits_of(text))
        born = module.get_birth_date(text)
        if kind.sex < 0:
            reads = hasattr(module, "get_gender")
            told = module.get_gender(text) if reads else ""
            sex = {"M": "male", "F": "female"}.get(told or "", "")
        else:
            sex = _sex(module.compact(text)[kind.sex], even=kind.even)
    except Exception:  # noqa: BLE001 - stdnum's errors, and those of texts that are anything
        return None
    return Said(born, sex, century=entity != "GR_AMKA")


def kind_of(texts: Sequence[str]) -> str:
    """The kind that most of some numbers are valid as; nothing if they are of none."""
    counts = {one: sum(said(one, text) is not None for text in texts) for one in KINDS}
    best = max(counts, key=lambda one: (counts[one], one))
    return best if texts and counts[best] >= _MOSTLY * len(texts) else ""


def agreement(
    entity: str, texts: Sequence[str], births: Sequence[date | None], sexes: Sequence[str]
) -> tuple[bool, bool]:
    """Whether most numbers say the day of birth, and the sex, that other columns of the row say.

    Args:
        entity: Their kind.
        texts: Numbers.
        births: Days of birth beside them.
        sexes: ``female``, ``male`` or nothing, beside them.
    """
    read = [said(entity, text) for text in texts]
    born = [
        same_birth(one, birth)
        for one, birth in zip(read, births, strict=True)
        if one is not None and one.birth is not None and birth is not None
    ]
    told = [one.sex == sex for one, sex in zip(read, sexes, strict=True) if one and one.sex and sex]
    return _mostly(born), _mostly(told)


def _mostly(some: Sequence[bool]) -> bool:
    return len(some) >= 5 and sum(some) >= _MOSTLY * len(some)


def same_birth(one: Said, birth: date) -> bool:
    """Whether a number says a day; one that says no day, or no century, only its other parts."""
    found = one.birth
    if found is None or (one.century and found.year != birth.year):
        return False
    month = (found.year % 100, found.month) == (birth.year % 100, birth.month)
    return month and (not one.daily or found.day == birth.day)


def numbered(entity: str, like: str, bearer: Bearer, draw: Draw) -> str:
    """A number of somebody, in the form of another; nothing if none can be.

    Args:
        entity: Its kind.
        like: A number of the same form: where its separators are, and whether the year has four
            digits.
        bearer: Whose.
        draw: What decides the rest.
    """
    kind = KINDS[entity]
    wide = len(digits_of(like)) == 12 and entity == "SE_PERSONNUMMER"
    sex = "male" if bearer.male else "female"
    for _ in range(_TRIES):
        body = kind.write(bearer, draw)
        for end in kind.ends or ("",):
            made = body + end
            found = said(entity, made)
            if found is not None and same_birth(found, bearer.birth) and found.sex in {sex, ""}:
                whole = f"{bearer.birth.year // 100}{made}" if wide else made
                signs = entity == "FI_PERSONAL_IDENTITY_CODE"
                return whole if signs or len(bare(like)) != len(whole) else laid(like, whole)
    return ""


def _sex(digit: str, *, even: bool = False) -> str:
    return "male" if (int(digit) % 2 == 1) != even else "female"


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
    return f"{_turned(who)}{sign}{number}{_FINNISH[int(_turned(who) + number) % 31]}"


def _no(who: Bearer, draw: Draw) -> str:
    module = _module("no.fodselsnummer")
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
    return body + _module("it.codicefiscale").calc_check_digit(body)


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


def _chinese(text: str) -> bool:
    """Whether a Chinese number is one; python-stdnum knows no places of before 1999."""
    plain_text = text.strip().upper()
    body = plain_text[:17]
    return len(plain_text) == 18 and body.isdigit() and cn_id_character(body) == plain_text[17]


def _finnish(text: str) -> Said | None:
    one = text.strip().upper()
    if len(one) != 11 or not (one[:6] + one[7:10]).isdigit():
        return None
    if _FINNISH[int(one[:6] + one[7:10]) % 31] != one[10]:
        return None
    century = 2000 if one[6] in "ABCDEF" else 1900 if one[6] in "-YXWVU" else 1800
    return Said(date(century + int(one[4:6]), int(one[2:4]), int(one[:2])), _sex(one[9]))


def _french(found: str) -> Said | None:
    month = int(found[3:5])
    if not 1 <= month <= 12:
        return Said(None, _sex(found[0]))
    return Said(date(1900 + int(found[1:3]), month, 1), _sex(found[0]), daily=False, century=False)


def _austrian(found: str) -> Said:
    return Said(date(1900 + int(found[8:10]), int(found[6:8]), int(found[4:6])), "", century=False)


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


KINDS: dict[str, Kind] = {
    "CN_ID": Kind("cn.ric", _cn, "", 16),
    "PL_PESEL": Kind(
        "pl.pesel", lambda who, draw: f"{_later(who, 20)}{draw.digits(3)}{_parity(who, draw)}"
    ),
    "SE_PERSONNUMMER": Kind(
        "se.personnummer", lambda who, draw: f"{_day(who)}{draw.digits(2)}{_parity(who, draw)}"
    ),
    "KR_RRN": Kind(
        "kr.rrn", lambda who, draw: f"{_day(who)}{_century(who, 1)}{draw.digits(5)}", sex=6
    ),
    "DK_CPR": Kind(
        "dk.cpr",
        lambda who, draw: f"{_turned(who)}{_dane(who, draw)}{draw.digits(2)}{_parity(who, draw)}",
        "",
        9,
    ),
    "FI_PERSONAL_IDENTITY_CODE": Kind("fi.hetu", _fi, ""),
    "NO_FODSELSNUMMER": Kind("no.fodselsnummer", _no, ""),
    "BE_NATIONAL_NUMBER": Kind("be.nn", _be, ""),
    "BG_EGN": Kind(
        "bg.egn",
        lambda who, draw: f"{_later(who, 40)}{draw.digits(2)}{_parity(who, draw, even=True)}",
        sex=8,
        even=True,
    ),
    "CZ_BIRTH_NUMBER": Kind("cz.rc", _cz, ""),
    "EE_ISIKUKOOD": Kind(
        "ee.ik", lambda who, draw: f"{_century(who, 3)}{_day(who)}{draw.digits(3)}"
    ),
    "LT_ASMENS_KODAS": Kind(
        "lt.asmens", lambda who, draw: f"{_century(who, 3)}{_day(who)}{draw.digits(3)}", sex=0
    ),
    "FR_NIR": Kind("fr.nir", _fr, ""),
    "IT_FISCAL_CODE": Kind("it.codicefiscale", _it, ""),
    "RO_CNP": Kind("ro.cnp", _ro, sex=0),
    "SI_EMSO": Kind("si.emso", _si),
    "GR_AMKA": Kind(
        "gr.amka", lambda who, draw: f"{_turned(who)}{draw.digits(3)}{_parity(who, draw)}"
    ),
    "ZA_ID_NUMBER": Kind("za.idnr", _za),
    "AT_SVNR": Kind("at.vnr", _at, ""),
}
"""The kinds of numbers that tell a day of birth, by the names that recognisers give them."""
