"""Numbers of persons that tell a day of birth or a sex: those of the row's invented person.

Such a number is read by python-stdnum, and a new one is drawn until it is read as what it should
say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from dataqa.private.digits import cn_id_character
from dataqa.private.standins.draw import Draw, bare, digits_of, laid
from dataqa.tables.people.national import FINNISH, KINDS, Bearer, module_of

_TRIES, _MOSTLY = 400, 0.8
_TODAY = frozenset({"GR_AMKA", "ZA_ID_NUMBER"})
"""Kinds that tell no century: python-stdnum asks which day it is."""


class Said(NamedTuple):
    """What a number says: a day of birth, perhaps without day or century; a sex or nothing."""

    birth: date | None
    sex: str
    daily: bool = True
    century: bool = True


def said(entity: str, text: str) -> Said | None:
    """What a number says; None if it is no valid number of its kind.

    >>> said("PL_PESEL", "44051401359")
    Said(birth=datetime.date(1944, 5, 14), sex='male', daily=True, century=True)
    """
    kind = KINDS[entity]
    module = module_of(kind.module)
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
    return Said(born, sex, century=entity not in _TODAY)


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
    short = entity == "SE_PERSONNUMMER" and len(digits_of(like)) != 12
    sex = "male" if bearer.male else "female"
    for _ in range(_TRIES):
        body = kind.write(bearer, draw)
        for end in kind.ends or ("",):
            made = body + end
            found = said(entity, made)
            if found is not None and same_birth(found, bearer.birth) and found.sex in {sex, ""}:
                whole = made[2:] if short else made
                signs = entity == "FI_PERSONAL_IDENTITY_CODE"
                return whole if signs or len(bare(like)) != len(whole) else laid(like, whole)
    return ""


def _sex(digit: str, *, even: bool = False) -> str:
    return "male" if (int(digit) % 2 == 1) != even else "female"


def _chinese(text: str) -> bool:
    """Whether a Chinese number is one; python-stdnum knows no places of before 1999."""
    plain_text = text.strip().upper()
    body = plain_text[:17]
    return len(plain_text) == 18 and body.isdigit() and cn_id_character(body) == plain_text[17]


def _finnish(text: str) -> Said | None:
    one = text.strip().upper()
    if len(one) != 11 or not (one[:6] + one[7:10]).isdigit():
        return None
    if FINNISH[int(one[:6] + one[7:10]) % 31] != one[10]:
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
