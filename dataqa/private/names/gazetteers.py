"""Word lists of names and places, from Faker's providers of the languages with Latin letters.

They serve twice: their words are the tagger's gazetteers (as hashes), and whole entries stand in
for the names of training sentences, so that more is learnt than the names of one corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

FIRST, LAST, CITY, COUNTRY, COMPANY, STREET, TITLE = (1 << bit for bit in range(7))
"""Gazetteer bits of a word."""
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ0-9 .,'’&()/-]+")
_SMALL = (
    "a al and at da das de degli dei del della der des di do dos du e el en et "
    "i in la las le les lo los of on or san santa st the und upon van von y"
)
"""Parts of names that say nothing."""
_PLACES = ("cities", "city_names", "states", "provinces", "regions", "counties")
_TITLES = (
    "mr mrs ms miss mx dr prof professor sir lady lord dame madam mister doctor judge justice "
    "president chancellor senator captain colonel general lieutenant sergeant major father sister "
    "brother reverend rev bishop archbishop pope king queen prince princess duke duchess count "
    "uncle aunt herr frau monsieur madame señor señora don doña"
)
_SUFFIXES = (
    "inc ltd llc plc corp corporation company co group sons gmbh ag kg sa srl spa bv nv ab oy as "
    "holdings partners associates industries ventures labs limited incorporated bank university "
    "institute college school hospital association foundation society union party ministry "
    "department agency committee council commission court club team orchestra church museum"
)
_STREETS = (
    "street st avenue ave road rd lane ln drive dr boulevard blvd square sq court ct place pl way "
    "terrace crescent close park row alley strasse straße gasse weg platz allee rue calle avenida "
    "via piazza ulica ul utca út gatan vägen gade vej gate vei katu tie straat laan plein suite "
    "apt apartment floor unit box building"
)


class Names(NamedTuple):
    """Entries as they are written, sorted; none twice.

    ``english`` are countries as English has them, ``words`` what companies are called after.
    """

    first: tuple[str, ...]
    last: tuple[str, ...]
    cities: tuple[str, ...]
    countries: tuple[str, ...]
    streets: tuple[str, ...]
    english: tuple[str, ...]
    words: tuple[str, ...]


@cache
def names() -> Names:
    """What Faker knows in Latin letters.

    Its word lists are read, nothing is drawn: the same entries for a version of Faker.
    """
    people, places = _words_of("person"), _words_of("address")
    english = dict(_fields(import_module("faker.providers.address.en").Provider))["countries"]
    company = import_module("faker.providers.company.en_US").Provider
    groups = (*company.catch_phrase_words, *company.bsWords)
    words = [one.title() for group in groups for one in group if one.isalpha()]
    some = (
        [one for field in people if "first" in field for one in people[field]],
        [one for field in people if "last" in field for one in people[field]],
        [one for field in _PLACES for one in places.get(field, ())],
        [one for field in ("countries", "common_countries") for one in places.get(field, ())],
        [one for field in ("streets", "street_names") for one in places.get(field, ())],
    )
    return Names(*(tuple(sorted(set(one))) for one in (*some, english, words)))


def _words_of(kind: str) -> dict[str, list[str]]:
    """The lists of all providers of a kind, by their names."""
    found: dict[str, list[str]] = {}
    for provider in _providers(kind):
        for field, values in _fields(provider):
            found.setdefault(field, []).extend(values)
    return found


def entries() -> dict[str, int]:
    """Each word of the gazetteers in lower case, with its bits."""
    found: dict[str, int] = {}
    known = names()
    for bit, some in (
        (FIRST, known.first),
        (LAST, known.last),
        (CITY, known.cities),
        (COUNTRY, known.countries),
        (COMPANY, _SUFFIXES.split()),
        (STREET, [*_STREETS.split(), *_street_ends()]),
        (TITLE, _TITLES.split()),
    ):
        for word in _words(some):
            found[word] = found.get(word, 0) | bit
    return dict(sorted(found.items()))


def _street_ends() -> Iterable[str]:
    return dict(_fields(import_module("faker.providers.address.en_US").Provider))["street_suffixes"]


def _words(some: Iterable[str]) -> Iterable[str]:
    small = frozenset(_SMALL.split())
    for entry in some:
        for word in _WORD.findall(entry.lower()):
            if len(word) > 1 and word not in small:
                yield word


def _providers(kind: str) -> Iterable[Any]:
    package = import_module(f"faker.providers.{kind}")
    for found in sorted(iter_modules(package.__path__), key=lambda module: module.name):
        yield import_module(f"{package.__name__}.{found.name}").Provider


def _fields(provider: Any) -> Iterable[tuple[str, list[str]]]:
    for field in sorted(dir(provider)):
        values = getattr(provider, field)
        if field.startswith("_") or not isinstance(values, (tuple, list, dict)):
            continue
        some: list[str] = []
        for value in values:
            written = value[0] if isinstance(value, tuple) and value else value
            if isinstance(written, str) and _LATIN.fullmatch(written) and len(written) > 1:
                some.append(written.strip())
        yield field, some
