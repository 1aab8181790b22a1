"""Real places of some countries, with what belongs to them: so made-up addresses hang together."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from dataqa.private.standins.words import plain


class Place(NamedTuple):
    """A city.

    Attributes:
        country: ISO 3166 code.
        city: Its name.
        region: State, county or province; as short as addresses have it.
        post: How its postcodes begin.
        parts: Districts, where addresses name them.
    """

    country: str
    city: str
    region: str
    post: str
    parts: tuple[str, ...] = ()


class Gazetteer(msgspec.Struct, frozen=True):
    """What ``places.json`` holds.

    Attributes:
        cities: By country: city, region, start of postcodes, districts.
        big: Cities that are no stand-ins, being too telling, but whose country is known.
        states: Those of the United States, by code.
        countries: Stand-ins for countries.
        abroad: Other names of countries: they stay in addresses and are no stand-ins.
        provinces: Those of China.
    """

    cities: dict[str, list[list[str]]]
    big: dict[str, list[str]]
    states: dict[str, str]
    countries: list[str]
    abroad: list[str]
    provinces: list[str]


@cache
def gazetteer() -> Gazetteer:
    """The lists, read once."""
    data = files("dataqa.private.standins").joinpath("places.json").read_bytes()
    return msgspec.json.decode(data, type=Gazetteer)


@cache
def places(country: str) -> tuple[Place, ...]:
    """The cities of a country that stand-ins are drawn from."""
    return tuple(
        Place(country, city, region, post, tuple(parts))
        for city, region, post, *parts in gazetteer().cities[country]
    )


@cache
def country_of(city: str) -> str:
    """The country of a city in its plain form; nothing if it is not known."""
    for country in gazetteer().cities:
        known = {plain(one.city) for one in places(country)}
        if city in known | {plain(one) for one in gazetteer().big.get(country, ())}:
            return country
    return ""


@cache
def countries() -> frozenset[str]:
    """The plain names of countries."""
    return frozenset(plain(one) for one in (*gazetteer().countries, *gazetteer().abroad))


@cache
def state_names() -> frozenset[str]:
    """The plain names of the United States' states."""
    return frozenset(plain(one) for one in gazetteer().states.values())
