"""People who are nobody: what stands in the private columns of a row, all of one invented person.

No value of the original is looked at when one is made, only its form: so that what comes out can
be somebody's by chance alone. Ids, numbers and addresses are then put where nobody can have them by
the stand-ins of ``dataqa.private``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import msgspec
import polars as pl

from dataqa.private.standins import stand_in
from dataqa.private.standins.contacts import domain
from dataqa.private.standins.draw import Draw, Who
from dataqa.private.standins.han import is_asian
from dataqa.private.standins.words import family_names, given_names, names, plain
from dataqa.tables.masks import chosen, filled, masks
from dataqa.tables.named import words_of

NAMES = frozenset({"GIVEN_NAME", "FAMILY_NAME", "PERSON"})
_TRIES = 30
_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAINS = 40
_STREETS = [
    "Alder",
    "Ash",
    "Birch",
    "Cedar",
    "Elm",
    "Fir",
    "Hazel",
    "Linden",
    "Maple",
    "Oak",
    "Pine",
    "Rowan",
    "Spruce",
    "Willow",
]
_KINDS = ("Street", "Avenue", "Road", "Lane", "Drive", "Court")
_GENDERS = {
    **dict.fromkeys(("f", "female", "woman", "w", "weiblich", "femme", "女", "mujer"), "female"),
    **dict.fromkeys(("m", "male", "man", "männlich", "homme", "男", "hombre"), "male"),
}


class PrivateForm(msgspec.Struct, frozen=True):
    """How a private column is written.

    Attributes:
        name: The column's.
        entity: What it holds; ``ID`` for a key.
        forms: Masks with how many rows had them; of names none.
        language: Whose names.
        case: ``upper``, ``lower`` or nothing.
        turned: Family name first, with a comma.
        joint: What stands between the names in mail.
        domains: How many domains of mail there are.
        unique: No value is there twice.
        consecutive: Ids are whole numbers one after the other, from this one on.
        long: An address has a city and a postcode.
    """

    name: str
    entity: str
    forms: dict[str, int] = {}
    language: str = "en"
    case: str = ""
    turned: bool = False
    joint: str = "."
    domains: int = 1
    unique: bool = False
    consecutive: int | None = None
    long: bool = False


class Person(NamedTuple):
    """Somebody invented."""

    given: str
    family: str
    language: str


def form_of(values: pl.Series, entity: str, least: int) -> PrivateForm:
    """What is learnt of a private column.

    Args:
        values: The values that are there, as texts.
        entity: What they are.
        least: A form that fewer rows have is not kept.
    """
    texts = values.to_list()
    unique = values.n_unique() >= 0.98 * len(values)
    base = PrivateForm(values.name, entity, unique=unique)
    if entity in NAMES:
        return msgspec.structs.replace(
            base,
            unique=False,
            language=_language(texts),
            case=_case(texts),
            turned=sum("," in text for text in texts) > len(texts) / 2,
        )
    if entity == "EMAIL_ADDRESS":
        joints = Counter(sign for text in texts for sign in text.partition("@")[0] if sign in "._-")
        hosts = {text.rpartition("@")[2].lower() for text in texts}
        joint = max(joints, key=lambda one: (joints[one], one)) if joints else ""
        return msgspec.structs.replace(base, joint=joint, domains=min(len(hosts), _DOMAINS))
    if entity == "STREET_ADDRESS":
        long = sum(text.count(",") > 0 for text in texts) > len(texts) / 2
        return msgspec.structs.replace(base, language=_language(texts), long=long)
    if entity == "ID" and all(_UUID.fullmatch(text) for text in texts):
        return msgspec.structs.replace(base, entity="UUID", case=_case(texts))
    start = _consecutive(texts) if entity == "ID" else None
    forms = masks(values, least, phone=entity == "PHONE_NUMBER")
    return msgspec.structs.replace(base, forms=forms, consecutive=start)


def _consecutive(texts: list[str]) -> int | None:
    if not all(text.isdigit() and (text == "0" or text[0] != "0") for text in texts):
        return None
    numbers = sorted(int(text) for text in texts)
    dense = numbers[-1] - numbers[0] < 1.1 * len(numbers)
    return (1 if numbers[0] else 0) if dense else None


def _language(texts: list[str]) -> str:
    some = texts[:500]
    if sum(is_asian(text) for text in some) > len(some) / 2:
        letters = "".join(some)
        if any("\u3040" <= one <= "\u30ff" for one in letters):
            return "ja"
        return "ko" if any("\uac00" <= one <= "\ud7a3" for one in letters) else "zh"
    known = Counter[str]()
    for text in some:
        for word in text.replace(",", " ").split():
            given = given_names().get(plain(word))
            known[given.language if given else family_names().get(plain(word), "en")] += 1
    return max(known, key=lambda one: (known[one], one == "en")) if known else "en"


def _case(texts: list[str]) -> str:
    upper = sum(text.isupper() for text in texts) > len(texts) / 2
    return "upper" if upper else "lower" if sum(map(str.islower, texts)) > len(texts) / 2 else ""


def gender_of(value: str | None) -> str:
    """``female``, ``male`` or nothing, of what stands in a column of genders."""
    return _GENDERS.get((value or "").strip().lower(), "")


def is_gender(name: str, tokens: list[str | None]) -> bool:
    """Whether a column tells of gender: by its name, or since it tells nothing else."""
    told = [bool(gender_of(token)) for token in tokens if token]
    named = {"sex", "gender", "geschlecht", "性别"} & set(words_of(name))
    return bool(told) and (all(told) or (bool(named) and any(told)))


def invented(
    forms: list[PrivateForm], rows: int, key: bytes, genders: list[str]
) -> dict[str, list[str]]:
    """The private columns of some rows.

    Args:
        forms: Of each column, its form.
        rows: How many.
        key: What decides; with another one all are others.
        genders: Of each row, ``female``, ``male`` or nothing.
    """
    language = next((one.language for one in forms if one.entity in NAMES), "en")
    made: dict[str, list[str]] = {one.name: [] for one in forms}
    seen: dict[str, set[str]] = {one.name: set() for one in forms}
    for row in range(rows):
        person = _person(Draw(key, "person", str(row)), genders[row], language)
        for form in forms:
            value = _value(form, person, key, row, 0)
            for attempt in range(1, _TRIES):
                if not form.unique or value not in seen[form.name]:
                    break
                value = _value(form, person, key, row, attempt)
            if form.unique and value in seen[form.name]:
                value = f"{value}{row}"
            seen[form.name].add(value)
            made[form.name].append(value)
    return made


def _person(draw: Draw, gender: str, language: str) -> Person:
    pools = names()[language]
    gender = gender or draw.one_of(("female", "male"))
    last = pools["last"]
    if language == "ru":
        last = [one for one in last if one.endswith("а") == (gender == "female")] or last
    return Person(draw.one_of(pools[gender]), draw.one_of(last), language)


def _value(form: PrivateForm, person: Person, key: bytes, row: int, attempt: int) -> str:
    draw = Draw(key, form.name, str(row), str(attempt))
    make = _MADE.get(form.entity)
    made = make(form, person, draw, key, row + attempt) if make else _of_form(form, draw, key, row)
    return made.upper() if form.case == "upper" else made.lower() if form.case == "lower" else made


type _Make = Callable[[PrivateForm, Person, Draw, bytes, int], str]


def _given(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del form, draw, key, row
    return person.given


def _family(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del form, draw, key, row
    return person.family


def _whole(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del draw, key, row
    if person.language in {"zh", "ja", "ko"}:
        return person.family + person.given
    if form.turned:
        return f"{person.family}, {person.given}"
    return f"{person.given} {person.family}"


def _mail(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del row
    local = [plain(part) for part in (person.given, person.family)]
    if not all(part.isascii() for part in local):
        local = ["user", draw.digits(6)]
    host = domain(f"mail{draw.below(form.domains)}.example", Who(key))
    joint = form.joint
    number = draw.digits(3) if form.unique else ""
    return f"{joint.join(part.replace(' ', '') for part in local)}{number}@{host}"


def _user(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del form, key, row
    name = plain(person.given[:1] + person.family).replace(" ", "")
    return (name if name.isascii() else "user") + draw.digits(4)


def _street(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del person, row
    number, tree = 1 + draw.below(998), draw.one_of(_STREETS)
    if form.language == "zh":
        return stand_in("STREET_ADDRESS", f"北京市海淀区银杏路{number}号", key, draw.digits(9))
    street = (
        f"{tree}straße {number}"
        if form.language == "de"
        else (f"{number} {tree} {draw.one_of(_KINDS)}")
    )
    if not form.long:
        return street
    city = "10115 Berlin" if form.language == "de" else "Springfield, IL 62701"
    return stand_in("STREET_ADDRESS", f"{street}, {city}", key, draw.digits(9))


def _number(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del person
    if form.consecutive is not None:
        return str(form.consecutive + row)
    return filled(chosen(form.forms, draw), draw) if form.forms else f"{key[:2].hex()}{row}"


def _uuid(form: PrivateForm, person: Person, draw: Draw, key: bytes, row: int) -> str:
    del form, person, key, row
    return str(UUID(bytes=draw.bytes(16), version=4))


_MADE: dict[str, _Make] = {
    "UUID": _uuid,
    "GIVEN_NAME": _given,
    "FAMILY_NAME": _family,
    "PERSON": _whole,
    "EMAIL_ADDRESS": _mail,
    "USER_NAME": _user,
    "STREET_ADDRESS": _street,
    "ID": _number,
}


def _of_form(form: PrivateForm, draw: Draw, key: bytes, row: int) -> str:
    """A value of any other kind: drawn in its form, then put where nobody has it."""
    template = filled(chosen(form.forms, draw), draw)
    return stand_in(form.entity, template, key, f"{row} {draw.digits(6)}")
