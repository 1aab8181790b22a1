"""Telephone numbers of the blocks that regulators keep for fiction; elsewhere of the same form."""

from __future__ import annotations

import re
from typing import NamedTuple

from dataqa.private.standins.draw import Draw, digits_of, laid, listed

_EXTENSION = re.compile("[ ,]*(?:x|ext[.]?) ?[0-9]+$", re.IGNORECASE)
_LONG = re.compile("^[^0-9+]*(?:[+]|00)")
_CODES = frozenset(
    listed(
        "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 "
        "61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
    )
)
"""Country codes of one and two digits (ITU-T E.164); all others have three."""
_FICTION: dict[str, tuple[tuple[str, int], ...]] = {
    "44": (("7700900", 3), ("2079460", 3), ("1632960", 3)),
    "49": (("3023125", 3), ("6990009", 3), ("4066969", 3), ("2214710", 3), ("8999998", 3)),
    "33": (("19900", 4), ("26191", 4), ("35301", 4), ("46571", 4), ("53649", 4)),
    "61": (("25550", 4), ("35550", 4), ("75550", 4), ("85550", 4)),
    "46": (("3139006", 2), ("8465004", 2), ("4062804", 2)),
    "353": (("2091", 5),),
}
"""Numbers without their leading zero, and how many digits are drawn: Ofcom, BNetzA, ARCEP
(décision 2018-0881), ACMA, PTS and ComReg each keep some for films and books."""
_MOBILE: dict[str, tuple[tuple[str, int], ...]] = {
    "33": (("63998", 4),),
    "61": tuple(
        (f"491{number}", 0)
        for number in listed(
            "570006 570156 570157 570158 570159 570110 570313 570737 571266 571491 571804 572549 "
            "572665 572983 573770 573087 574118 574632 575254 575789 576398 576801 577426 577644 "
            "578957 578148 578888 579212 579760 579455"
        )
    ),
}


class Number(NamedTuple):
    """A telephone number taken apart.

    Attributes:
        country: Its country code, guessed where none is written; nothing if unknown.
        national: Its digits without country code and leading zero.
        before: The digits written before them.
    """

    country: str
    national: str
    before: str


def number_of(value: str) -> Number:
    """Which number it is, however it is written.

    >>> number_of("+1 (415) 555-2671").national == number_of("415.555.2671").national
    True
    >>> number_of("0044 (0)7911 123456")
    Number(country='44', national='7911123456', before='00440')
    """
    found = digits_of(_EXTENSION.sub("", value))
    if _LONG.match(value):
        start = 2 if found.startswith("00") and "+" not in value else 0
        code = next(
            (found[start : start + n] for n in (1, 2) if found[start : start + n] in _CODES), ""
        )
        code = code or found[start : start + 3]
        rest = found[start + len(code) :]
        zero = rest.startswith("0") and code != "39"
        cut = start + len(code) + zero
        return Number(code, found[cut:], found[:cut])
    if len(found) == 13 and found.startswith("86"):
        return Number("86", found[2:], "86")
    if found.startswith("0"):
        return Number(_guessed(value, found), found[1:], "0")
    if len(found) == 11 and found[0] == "1" and found[1] in "3456789" and found == digits_of(value):
        chinese = value.isdigit() or not re.match(r"1[ .(-]", value)
        return Number("86", found, "") if chinese else Number("1", found[1:], "1")
    if len(found) == 11 and found[0] == "1":
        return Number("1", found[1:], "1")
    return Number("1" if len(found) == 10 else "", found, "")


def phone_number(value: str, draw: Draw) -> str:
    """North American ones of 555-01xx, Chinese ones of 12x or 0, fiction's blocks of six countries.

    Where no block is reserved (or the length is another) the first three digits stay.
    """
    number = number_of(value)
    extension = match.group() if (match := _EXTENSION.search(value)) else ""
    body = value.removesuffix(extension)
    made = laid(body, number.before + _national(number, draw))
    return made + re.sub("[0-9]", lambda _: draw.digits(1), extension)


def _national(number: Number, draw: Draw) -> str:
    country, national, _ = number
    if country == "1" and len(national) == 10:
        return f"{2 + draw.below(8)}{draw.digits(2)}55501{draw.digits(2)}"
    if country == "86" and len(national) == 11 and national[0] == "1":
        return "12" + draw.digits(9)
    blocks = _FICTION.get(country, ())
    mobile = {"44": "7", "33": "67", "61": "4"}.get(country, "")
    if mobile and national[:1] in mobile:
        blocks = _MOBILE.get(country, blocks[:1])
    fitting = [(head, more) for head, more in blocks if len(head) + more == len(national)]
    if not fitting:  # a German number may have another length
        fitting = [(head, len(national) - len(head)) for head, _ in blocks if country == "49"]
        fitting = [(head, more) for head, more in fitting if more > 0]
    if fitting:
        near = [[one for one in fitting if one[0][:n] == national[:n]] for n in (2, 1)]
        head, more = draw.one_of(near[0] or near[1] or fitting)
        return head + draw.digits(more)
    if country == "86" and len(national) > 8:
        area = 2 if national[0] in "12" else 3
        return national[:area] + "0" + draw.digits(len(national) - area - 1)
    kept = national[:3] if len(national) > 7 else national[:1]
    while (made := kept + draw.digits(len(national) - len(kept))) == national and len(made) > 3:
        pass
    return made


def _guessed(value: str, found: str) -> str:
    """The country of a number that begins with a zero, by its length and groups."""
    groups = re.findall("[0-9]+", value)
    if len(groups) == 2 and len(groups[0]) in {3, 4} and len(groups[1]) in {7, 8}:
        return "86" if len(found) > 10 else ""
    if len(found) == 11:
        return "44" if found[1] in "1278" else ""
    if len(found) == 10 and len(groups) == 5 and all(len(group) == 2 for group in groups):
        return "33"
    if (
        len(found) == 10
        and found[1] in "23478"
        and [len(g) for g in groups[-2:]] in ([4, 4], [3, 3])
    ):
        return "61"
    return ""
