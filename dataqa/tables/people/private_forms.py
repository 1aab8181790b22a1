"""How a private column is written: all that is learnt of it, and nothing of whose it is."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import polars as pl

from dataqa.private.standins.han import is_asian
from dataqa.private.standins.words import family_names, given_names, plain
from dataqa.tables.people.located import PLACES, usual_country
from dataqa.tables.people.masks import masks
from dataqa.tables.people.national import KINDS
from dataqa.tables.people.numbered import kind_of

NAMES = frozenset({"GIVEN_NAME", "FAMILY_NAME", "PERSON"})
_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOMAINS, _LOOKED_AT = 40, 300
_ANY_NUMBER = frozenset({"NATIONAL_ID", "TAX_ID"})
"""What a column's name may say of numbers whose kind only their values tell."""


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
        unique: No value is there twice, or twice only where its owner is.
        consecutive: Ids are whole numbers one after the other, from this one on.
        long: An address has a city and a postcode.
        country: Where most addresses, postcodes or telephone numbers are.
        born: A number says the day of birth that stands beside it.
        sexed: It says the sex that stands beside it.
        owner: The key whose rows all have one value here: the column itself, if it is such a key.
        sizes: Of a key, how many rows it has, and how many keys have as many.
        same: Of a key, all columns that have one value in all its rows.
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
    country: str = ""
    born: bool = False
    sexed: bool = False
    owner: str = ""
    sizes: dict[int, int] = {}
    same: list[str] = []


def form_of(values: pl.Series, entity: str, least: int) -> PrivateForm:
    """What is learnt of a private column.

    Args:
        values: The values that are there, as texts.
        entity: What they are.
        least: A form that fewer rows have is not kept.
    """
    texts = values.to_list()
    entity = _told_apart(entity, texts)
    base = PrivateForm(values.name, entity, unique=values.n_unique() >= 0.98 * len(values))
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
    country = usual_country(texts[:_LOOKED_AT], entity)
    if entity == "STREET_ADDRESS":
        long = sum("," in text or "省" in text for text in texts) > len(texts) / 2
        return msgspec.structs.replace(
            base, language=_language(texts), long=long, country=country, unique=False
        )
    if entity == "ID" and all(_UUID.fullmatch(text) for text in texts):
        return msgspec.structs.replace(base, entity="UUID", case=_case(texts))
    start = _consecutive(values.unique().to_list()) if entity == "ID" else None
    if entity in PLACES:
        base = msgspec.structs.replace(base, unique=False, case=_case(texts))
        if min(map(len, texts)) == max(map(len, texts)) == 2:  # a code is no word in capitals
            base = msgspec.structs.replace(base, case="")
    forms = masks(values, least, phone=entity == "PHONE_NUMBER")
    return msgspec.structs.replace(base, forms=forms, consecutive=start, country=country)


def _told_apart(entity: str, texts: list[str]) -> str:
    """Of numbers that a name calls national or of taxes, which they are."""
    if entity not in _ANY_NUMBER:
        return entity
    return kind_of(texts[:_LOOKED_AT]) or entity


def tells_birth(form: PrivateForm) -> bool:
    """Whether a column's numbers may say when somebody was born."""
    return form.entity in KINDS


def _consecutive(texts: list[str]) -> int | None:
    """Where new whole numbers begin: behind all that have as many digits as the largest."""
    if not all(text.isdigit() and (text == "0" or text[0] != "0") for text in texts):
        return None
    numbers = sorted(int(text) for text in texts)
    dense = numbers[-1] - numbers[0] < 1.1 * len(numbers)
    return 10 ** len(str(numbers[-1])) + (1 if numbers[0] else 0) if dense else None


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
