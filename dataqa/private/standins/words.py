"""The names that stand-ins are made of, and by which a given name is known from a family name."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

INITIALS = "ABCDEGHJKLMPRST"
"""Letters with which many given names of either gender begin: those that initials become."""
_UNISEX = (
    *("Alex", "Alexis", "Angel", "Ashley", "Casey", "Dana", "Drew", "Eden", "Emery", "Finley"),
    *("Harper", "Hayden", "Jamie", "Jordan", "Kai", "Kelly", "Kendall", "Kerry", "Kim", "Lee"),
    *("Leslie", "Logan", "Marion", "Morgan", "Nico", "Parker", "Quinn", "Reese", "Riley", "Robin"),
    *("Rowan", "Sage", "Sam", "Shannon", "Taylor", "Terry", "Tracy", "Wren"),
)
_IN_FORMS: tuple[str, ...] = ("doe", "roe", "bloggs", "mustermann")
"""Family names of people who are made up: forms and tests are full of them."""
_FEW = 5


class Given(NamedTuple):
    """A known given name: of which language, and ``male``, ``female`` or ``both``."""

    language: str
    gender: str


@cache
def names() -> dict[str, dict[str, list[str]]]:
    """Family names and given names by gender, of each language (``freeze.py``)."""
    data = files("dataqa.private.standins").joinpath("names.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, dict[str, list[str]]])


def plain(word: str) -> str:
    """A word without case, accents and width: how its part of a name is known again.

    >>> plain("JOSÉ"), plain("Strauß")
    ('jose', 'strauss')
    """
    apart = unicodedata.normalize("NFKD", word).casefold()
    return "".join(one for one in apart if not unicodedata.combining(one))


@cache
def given_names() -> dict[str, Given]:
    """Every known given name by its plain form; of several languages the first."""
    known: dict[str, Given] = {}
    for language, fields in names().items():
        for gender in ("male", "female"):
            for name in fields[gender]:
                before = known.get(plain(name))
                if before is None:
                    known[plain(name)] = Given(language, gender)
                elif before.language == language and before.gender != gender:
                    known[plain(name)] = Given(language, "both")
    return known


@cache
def family_names() -> dict[str, str]:
    """Every known family name by its plain form, with its language; of several the first."""
    known: dict[str, str] = dict.fromkeys(_IN_FORMS, "en")
    for language, fields in names().items():
        for name in fields["last"]:
            known.setdefault(plain(name), language)
    return known


@cache
def given_pool(language: str, gender: str, initial: str = "") -> tuple[str, ...]:
    """Given names to draw from: English ones where a language has few with that initial."""
    if gender == "both":
        return _UNISEX
    some = tuple(name for name in names()[language][gender] if name.startswith(initial))
    return some if len(some) >= _FEW or language == "en" else given_pool("en", gender, initial)


@cache
def family_pool(language: str, ending: str = "") -> tuple[str, ...]:
    """Family names to draw from; of Russian ones those of one gender."""
    some = names()[language]["last"]
    if language != "ru":
        return tuple(some)
    return tuple(name for name in some if name.endswith("а") == (ending == "а"))
