"""Stand-ins: what is put in place of a private value, the same for the same value.

Stand-ins look like values of their kind and are nobody's: they lie in ranges that are reserved or
never issued, wherever there are such. Names and places are of lists: that somebody is called so is
possible, by chance.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial

from dataqa.private.standins import contacts, crypto, dates, numbers, phones
from dataqa.private.standins.ages import age
from dataqa.private.standins.dates import tells_day
from dataqa.private.standins.draw import Draw, Who, folded, same_form
from dataqa.private.standins.organizations import organization
from dataqa.private.standins.people import person
from dataqa.private.standins.places import address, location

__all__ = [
    "STOOD_FOR",
    "Draw",
    "StandIn",
    "Who",
    "folded",
    "identity",
    "same_form",
    "stand_in",
    "tells_day",
]

type StandIn = Callable[[str, Draw], str]
type OfWho = Callable[[str, Who], str]

_TRIES = 16
_OTHER_NAMES = {
    "URL": "url",
    "GPE": "location",
    "LOC": "location",
    "ORG": "organization",
    "STREET_ADDRESS": "address",
    "DATE": "date_time",
    "NHS": "uk_nhs",
    "GEO_COORDINATES": "coordinates",
    "LOCATION_COORDINATE": "coordinates",
    "COORDINATE": "coordinates",
}
_OF_WHO: dict[str, OfWho] = {
    made.__name__: made
    for made in (
        *(person, location, address, organization, age, contacts.email_address, contacts.url),
        *(dates.date_time,),
    )
}
_OF_WHO["date_of_birth"] = dates.date_time
_MADE: dict[str, StandIn] = {
    made.__name__: made
    for made in (
        *(contacts.ip_address, contacts.mac_address, phones.phone_number, crypto.crypto),
        *(numbers.credit_card, numbers.us_ssn, numbers.us_itin, numbers.uk_nino, numbers.uk_nhs),
        *(numbers.in_aadhaar, numbers.vin, numbers.iban_code, numbers.cn_id, numbers.cn_uscc),
        *(numbers.cn_qq, numbers.cn_license_plate, numbers.hk_id, numbers.coordinates),
    )
}
STOOD_FOR = frozenset(name.upper() for name in (*_OTHER_NAMES, *_OF_WHO, *_MADE))
"""Kinds that have a maker of their own; of all others something of the same form is made."""


def stand_in(
    entity: str,
    value: str,
    key: bytes,
    scope: str = "",
    *,
    subject: str | None = None,
    weekdays: bool = False,
    day_first: bool = False,
) -> str:
    """What stands for a value; never the value itself, but for what tells nothing of a day.

    Args:
        entity: Its kind, such as ``EMAIL_ADDRESS``.
        value: As it is written; case, width and separators do not matter for who it is.
        key: Secret; with another one all stand-ins are others.
        scope: Values get the same stand-in within a scope: nothing, or a document's id.
        subject: Whom the document is about: dates and ages of one subject move together; by
            default all of the scope.
        weekdays: Dates move by whole weeks.
        day_first: ``03/04/2021`` is the third of April.

    >>> len({stand_in("EMAIL_ADDRESS", one, b"k") for one in ("Jane@corp.com", "jane@corp.com")})
    1
    """
    value = _plain_digits(value)
    who = Who(key, scope, scope if subject is None else subject, weekdays, day_first)
    name = _OTHER_NAMES.get(entity, entity.lower())
    if name in _OF_WHO:
        made = _OF_WHO[name](value, who)
        # signs of which nothing is known become others; a length of time is no date, and stays
        known = made != value or name in {"date_time", "date_of_birth"}
        return made if known else same_form(value, who.draw(entity, value))
    make = _MADE.get(name, partial(numbers.generic, entity))
    same = identity(entity, value)
    made = make(value, who.draw(entity, same))
    for attempt in range(1, _TRIES):
        if folded(made) != folded(value):
            break
        made = make(value, who.draw(entity, same, str(attempt)))
    return made


def _plain_digits(value: str) -> str:
    """A value with the digits of every script as ASCII's: makers know no others.

    >>> _plain_digits("５３６-٩٠")
    '536-90'
    """
    if value.isascii():
        return value
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in value)


def identity(entity: str, value: str) -> str:
    """What a value is, however it is written: equal for spellings of one value.

    >>> identity("PHONE_NUMBER", "+1 415 555 2671") == identity("PHONE_NUMBER", "(415) 555-2671")
    True
    """
    if entity == "PHONE_NUMBER":
        plain = unicodedata.normalize("NFKC", value)
        return phones.number_of(plain).national or folded(value)
    return re.sub(r"\s+", " ", folded(value))
