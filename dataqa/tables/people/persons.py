"""Somebody invented, and what stands of them in columns: name, mail, address, numbers, one person.

No value of the original is looked at, only the form of its column. Ids and numbers are put where
nobody can have them by the stand-ins of ``dataqa.private``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

from dataqa.private.standins import stand_in
from dataqa.private.standins.contacts import domain
from dataqa.private.standins.draw import Draw, Who
from dataqa.private.standins.words import names, plain
from dataqa.tables.people.located import (
    PLACES,
    Home,
    Where,
    address,
    dialled_there,
    home,
    part,
    phone_country,
)
from dataqa.tables.people.masks import chosen, filled
from dataqa.tables.people.national import Bearer
from dataqa.tables.people.numbered import numbered
from dataqa.tables.people.private_forms import PrivateForm

NEAR = 12
"""Attempts after which a telephone number may have another area code than its owner's."""
_SEXES = {
    **dict.fromkeys(("mother", "wife", "maiden"), "female"),
    **dict.fromkeys(("father", "husband"), "male"),
}


class Known(NamedTuple):
    """What other columns of a row say of its person; nothing where they are silent."""

    gender: str = ""
    birth: date | None = None
    where: Where = Where()


class Person(NamedTuple):
    """Somebody invented.

    Attributes:
        given: Given name.
        family: Family name.
        language: Of which language both are.
        gender: ``female`` or ``male``.
        birth: Day of birth.
        home: Where.
    """

    given: str
    family: str
    language: str
    gender: str
    birth: date
    home: Home


def person_of(draw: Draw, known: Known, language: str, country: str, role: str = "") -> Person:
    """Somebody, as other columns of the row have it.

    Args:
        draw: What decides all that they do not say.
        known: What they say.
        language: Of the name.
        country: Where most people of the table live.
        role: Who it is, if not whom the row is about: ``mother``, ``doctor``.
    """
    pools = names()[language]
    said = _SEXES.get(role, "") if role else known.gender
    gender = said or draw.one_of(("female", "male"))
    last = pools["last"]
    if language == "ru":
        last = [one for one in last if one.endswith("а") == (gender == "female")] or last
    given, family = draw.one_of(pools[gender]), draw.one_of(last)
    age = timedelta(draw.below(60 * 365))
    birth = (None if role else known.birth) or date(1940, 1, 1) + age
    where = Where(country=known.where.country) if role else known.where
    return Person(given, family, language, gender, birth, home(where, country, language, draw))


def value_of(form: PrivateForm, person: Person, key: bytes, number: int, attempt: int) -> str:
    """What stands in a column of somebody.

    Args:
        form: The column's.
        person: Whose.
        key: What decides.
        number: The row, or of a key that several rows share, which key it is.
        attempt: Another one gives another value, where there are others.
    """
    draw = Draw(key, form.name, str(number), str(attempt))
    made = _MADE.get(form.entity, _of_form)(form, person, draw, key, number, attempt)
    return made.upper() if form.case == "upper" else made.lower() if form.case == "lower" else made


type _Make = Callable[[PrivateForm, Person, Draw, bytes, int, int], str]


def _given(form: PrivateForm, person: Person, *_: object) -> str:
    del form
    return person.given


def _family(form: PrivateForm, person: Person, *_: object) -> str:
    del form
    return person.family


def _whole(form: PrivateForm, person: Person, *_: object) -> str:
    if person.language in {"zh", "ja", "ko"}:
        return person.family + person.given
    if form.turned:
        return f"{person.family}, {person.given}"
    return f"{person.given} {person.family}"


def _mail(
    form: PrivateForm, person: Person, draw: Draw, key: bytes, number: int, attempt: int
) -> str:
    del number
    local = [plain(one) for one in (person.given, person.family)]
    if not all(one.isascii() for one in local):
        local = ["user", draw.digits(6)]
    host = domain(f"mail{draw.below(form.domains)}.example", Who(key))
    more = draw.digits(3) if form.unique or attempt else ""
    return f"{form.joint.join(one.replace(' ', '') for one in local)}{more}@{host}"


def _user(form: PrivateForm, person: Person, draw: Draw, *_: object) -> str:
    del form
    name = plain(person.given[:1] + person.family).replace(" ", "")
    return (name if name.isascii() else "user") + draw.digits(4)


def _street(form: PrivateForm, person: Person, draw: Draw, *_: object) -> str:
    return address(person.home, draw, long=form.long)


def _place(form: PrivateForm, person: Person, draw: Draw, *_: object) -> str:
    return part(form.entity, person.home, chosen(form.forms, draw), draw)


def _phone(
    form: PrivateForm, person: Person, draw: Draw, key: bytes, number: int, attempt: int
) -> str:
    """Of the country of the row's place, if there are such; in America with its area code."""
    there = person.home.place.country
    near = {one: count for one, count in form.forms.items() if _country_of(one) == there}
    template = filled(chosen(near or form.forms, draw), draw)
    if there == "CN" and template.isdigit() and len(template) == 11:
        template = f"13{template[2:]}"  # other digits behind the first could be America's
    made = stand_in("PHONE_NUMBER", template, key, f"{number} {draw.digits(6)}")
    return dialled_there(made, person.home) if attempt < NEAR else made


@cache
def _country_of(form: str) -> str:
    """The country whose telephone numbers have a form."""
    return phone_country(filled(form, Draw(b"", form)))


def _number(
    form: PrivateForm, person: Person, draw: Draw, key: bytes, number: int, attempt: int
) -> str:
    del person
    if form.consecutive is not None:
        return str(form.consecutive + number + attempt)
    return filled(chosen(form.forms, draw), draw) if form.forms else f"{key[:2].hex()}{number}"


def _uuid(form: PrivateForm, person: Person, draw: Draw, *_: object) -> str:
    del form, person
    return str(UUID(bytes=draw.bytes(16), version=4))


def _of_form(
    form: PrivateForm, person: Person, draw: Draw, key: bytes, number: int, attempt: int
) -> str:
    """A value of any other kind: drawn in its form, then put where nobody has it.

    Numbers that say when somebody was born, and of which sex, say so of this person.
    """
    del attempt
    template = filled(chosen(form.forms, draw), draw)
    if form.born or form.sexed:
        birth = person.birth if form.born else date(1940, 1, 1) + timedelta(draw.below(60 * 365))
        male = person.gender == "male" if form.sexed else bool(draw.below(2))
        bearer = Bearer(birth, male, person.given, person.family, person.home.place.region)
        made = numbered(form.entity, template, bearer, draw)
        if made:
            return made
    return stand_in(form.entity, template, key, f"{number} {draw.digits(6)}")


_MADE: dict[str, _Make] = {
    "GIVEN_NAME": _given,
    "FAMILY_NAME": _family,
    "PERSON": _whole,
    "EMAIL_ADDRESS": _mail,
    "USER_NAME": _user,
    "STREET_ADDRESS": _street,
    "PHONE_NUMBER": _phone,
    "ID": _number,
    "UUID": _uuid,
    **dict.fromkeys(PLACES, _place),
}
