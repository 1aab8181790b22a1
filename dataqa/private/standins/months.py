"""Names of months and weekdays, and numerals, in the languages that dates are read in."""

from __future__ import annotations

from functools import cache

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "sept": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "short": "Mon Tue Wed Thu Fri Sat Sun",
    "thurs": "Mon Tues Wed Thurs Fri Sat Sun",
}
_HAN = "〇一二三四五六七八九"


def _pattern(lists: dict[str, str]) -> str:
    words = {word for line in lists.values() for word in line.split()}
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


MONTH, WEEKDAY = _pattern(_MONTHS), _pattern(_WEEKDAYS)


@cache
def _places(which: str) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for language, line in (_MONTHS if which == "month" else _WEEKDAYS).items():
        for at, word in enumerate(line.split()):
            found.setdefault(word.lower(), (language, at))
    return found


def month_number(word: str) -> int | None:
    """1 to 12, None for no month."""
    found = _places("month").get(word.lower())
    return None if found is None else found[1] + 1


def month_as(number: int, like: str) -> str:
    """A month in the language, shortness and case of another's name.

    >>> month_as(10, "MARCH"), month_as(9, "Jan"), month_as(3, "mai")
    ('OCTOBER', 'Sep', 'märz')
    """
    return _as(_MONTHS[_places("month")[like.lower()][0]].split()[number - 1], like)


def weekday_as(number: int, like: str) -> str:
    """A weekday, 0 for Monday, as another's name is written."""
    return _as(_WEEKDAYS[_places("weekday")[like.lower()][0]].split()[number], like)


def _as(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word if word[0].islower() or not like.islower() else word.lower()


def numeral(text: str) -> int | None:
    """A number in digits or in Chinese numerals, of a year digit by digit.

    >>> numeral("二〇二一"), numeral("十二"), numeral("三十一"), numeral("07"), numeral("十十")
    (2021, 12, 31, 7, None)
    """
    if text.isascii():
        return int(text) if text.isdigit() else None
    text = text.replace("零", "〇")
    if "十" not in text:
        digits = [str(_HAN.find(one)) for one in text]
        return None if "-1" in digits else int("".join(digits))
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or not set(tens + ones) <= set(_HAN):
        return None
    return 10 * (_HAN.index(tens) if tens else 1) + (_HAN.index(ones) if ones else 0)


def numeral_as(number: int, like: str, *, year: bool = False) -> str:
    """A number in the numerals of another one.

    >>> numeral_as(23, "十二"), numeral_as(1999, "二〇二一", year=True), numeral_as(3, "07")
    ('二十三', '一九九九', '03')
    """
    if like.isascii():
        return f"{number:02d}" if like.startswith("0") else str(number)
    if year:
        return "".join(_HAN[int(one)] for one in str(number))
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else _HAN[tens] + "十"
    return head + (_HAN[ones] if ones or not tens else "")
