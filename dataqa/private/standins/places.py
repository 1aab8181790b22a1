"""Places and addresses: a city stands for a city, and all parts of an address belong to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dataqa.private.standins.draw import DIGITS, Draw, Who, cased, listed, same_form
from dataqa.private.standins.gazetteer import (
    Place,
    countries,
    country_of,
    gazetteer,
    places,
    state_names,
)
from dataqa.private.standins.words import plain

_HAN = re.compile("[\u3400-\u9fff]")
_PIECES = re.compile(r"(\s*[,\n;]\s*)")
_US_END = re.compile(
    r"(?P<city>.*?)\s*\b(?P<region>[A-Z]{2})\.?(?P<gap>\s+)(?P<post>\d{5}(?:-\d{4})?)"
)
_UK_POST = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?(?P<gap>\s*)\d[A-Z]{2}\b", re.IGNORECASE)
_POST_CITY = re.compile(r"(?P<mark>[A-Z]{1,2}-)?(?P<post>\d{5})(?P<gap>\s+)(?P<city>\D+)")
_KEPT = frozenset(
    listed(
        "street st avenue ave av road rd lane ln drive dr boulevard blvd way court ct place "
        "pl square sq terrace highway hwy parkway pkwy close crescent cres row circle cir "
        "trail loop alley mews gardens north south east west n s e w ne nw se sw apt "
        "apartment suite ste unit flat floor fl room rm building bldg po p o box no nr rue "
        "chemin quai allee via viale piazza calle plaza avenida paseo de la le du des del der "
        "den am an im zum zur st. th nd rd"
    )
)
_STREET_END = re.compile(
    "(straße|strasse|str|weg|platz|gasse|allee|damm|ufer|ring)$", re.IGNORECASE
)
_TREES = listed(
    "Alder Ash Aspen Beech Birch Cedar Chestnut Cypress Elder Elm Fir Hawthorn Hazel "
    "Hickory Holly Juniper Larch Laurel Linden Locust Magnolia Maple Myrtle Oak Olive "
    "Pine Poplar Rowan Sequoia Spruce Sycamore Walnut Willow"
)
_BAEUME = listed(
    "Ahorn Birken Buchen Eichen Erlen Eschen Fichten Kiefern Linden Tannen Ulmen Weiden"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|(?P<number>\d+)(?P<letter>[A-Za-z]\b)?")
_UNIT = re.compile(
    "(?P<name>[\u3400-\u9fff]{1,8}?)(?P<kind>特别行政区|自治区|自治州|省|市|区|县|镇|乡|村|大道|大街|路|街|道|巷|弄|胡同|小区|花园|大厦|公寓)"
)
_ROADS = listed("银杏 梧桐 海棠 丁香 玉兰 桂花 枫叶 松柏 翠竹 紫荆 腊梅 樱花 芙蓉 石榴 木棉 白杨")


def location(value: str, who: Who) -> str:
    """Another place of its kind: country, state, province or city of the same country if known."""
    if _HAN.search(value):
        return address(value, who) if _UNIT.search(value) else _chinese_place(value, who)
    if any(one in DIGITS for one in value):
        return address(value, who)
    pieces = _PIECES.split(value)
    if len(pieces) == 1:
        return _one(value, who)
    place = place_of(pieces[0], who, "US" if _is_state(pieces[2]) else "")
    made = [cased(place.city, pieces[0]), *pieces[1:]]
    for at in range(2, len(pieces), 2):
        if plain(pieces[at]) not in countries():
            made[at] = _region(pieces[at], place) or _one(pieces[at], who)
    return "".join(made)


def place_of(city: str, who: Who, country: str = "") -> Place:
    """The place that stands for a city wherever it is named.

    Args:
        city: As it is written.
        who: Key and scope.
        country: ISO code, if the text tells it.
    """
    bare = plain(city.strip())
    country = country_of(bare) or country
    pool = places(country) if country else (*places("US"), *places("GB"))
    draw = who.draw("place", bare)
    while plain((made := draw.one_of(pool)).city) == bare:
        pass
    return made


def address(value: str, who: Who) -> str:
    """Street, number, city, region and postcode of one other place; the country stays."""
    if _HAN.search(value):
        return _chinese_address(value, who)
    pieces = _PIECES.split(value)
    country = _country(value)
    texts = pieces[::2]
    at, city = _city(texts, country)
    place = place_of(city or value, who, country)
    made = list(pieces)
    for number, text in enumerate(texts):
        made[2 * number] = _piece(text, place, who, is_city=number == at)
    return "".join(made)


def _one(value: str, who: Who) -> str:
    bare, draw = plain(value), who.draw("place", plain(value))
    if bare in countries():
        pool: Sequence[str] = gazetteer().countries
    elif bare in state_names():
        pool = tuple(gazetteer().states.values())
    elif value in gazetteer().states:
        pool = tuple(gazetteer().states)
    else:
        return cased(place_of(value, who).city, value)
    while plain(made := draw.one_of(pool)) == bare:
        pass
    return made if value in gazetteer().states else cased(made, value)


def _region(text: str, place: Place) -> str:
    """The region of a place in the form of a state's name or code; nothing if it is none."""
    if text.strip() in gazetteer().states:
        return place.region
    return gazetteer().states.get(place.region, place.region) if _is_state(text) else ""


def _is_state(text: str) -> bool:
    return text.strip() in gazetteer().states or plain(text.strip()) in state_names()


def _country(value: str) -> str:
    """Whose form an address has."""
    if _UK_POST.search(value):
        return "GB"
    if _US_END.search(value) or any(_is_state(one) for one in _PIECES.split(value)[::2]):
        return "US"
    if _POST_CITY.search(value):
        return (
            "FR"
            if re.search(r"(?i)\b(?:rue|avenue|quai|chemin|place|boulevard)\b", value)
            else "DE"
        )
    return ""


def _city(texts: Sequence[str], country: str) -> tuple[int, str]:
    """Which piece names the city, and its name; -1 and nothing if none seems to."""
    for at, text in enumerate(texts):
        for form in (_US_END, _POST_CITY):
            match = form.fullmatch(text)
            if match and match["city"]:
                return at, match["city"]
    for at, text in enumerate(texts[1:], 1):
        bare = _UK_POST.sub("", text).strip()
        known = plain(bare) in countries() or _is_state(bare) or not bare
        if not known and not any(one in DIGITS for one in bare) and not _is_unit(bare):
            return at, bare
    alone = texts[0].strip()
    return (
        (0, alone) if country == "" and alone and not any(c in DIGITS for c in alone) else (-1, "")
    )


def _is_unit(text: str) -> bool:
    return plain(text).split(" ")[0].rstrip(".") in {
        "apt",
        "suite",
        "unit",
        "flat",
        "floor",
        "room",
    }


def _piece(text: str, place: Place, who: Who, *, is_city: bool) -> str:
    bare = text.strip()
    if plain(bare) in countries():
        return text
    draw = who.draw("address", plain(text))
    if match := _US_END.fullmatch(text):
        digits = len(match["post"]) - 5
        post = (
            place.post[:3].ljust(3, "0") + draw.digits(2) + ("-" + draw.digits(4) if digits else "")
        )
        city = f"{place.city} " if match["city"] else ""
        return f"{city}{place.region[:2].upper()}{match['gap']}{post}"
    if match := _POST_CITY.fullmatch(text):
        return f"{match['mark'] or ''}{place.post[:3]}{draw.digits(2)}{match['gap']}{place.city}"
    if match := _UK_POST.search(text):
        letters = "".join(draw.one_of("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        code = f"{place.post}{match['gap']}{draw.digits(1)}{letters}"
        before = text[: match.start()]
        city = cased(place.city, before.strip()) + (" " if before.endswith(" ") else "")
        return (city if before.strip() else before) + code
    if is_city:
        return cased(place.city, bare)
    return _region(bare, place) or _street(text, who)


def _street(text: str, who: Who) -> str:
    """Number and name another; what kind of street it is stays, and where a word for it stands."""

    def other(match: re.Match[str]) -> str:
        word = match.group()
        draw = who.draw("street", plain(text), word)
        if match["number"]:
            return _house(match["number"], draw) + same_form(match["letter"] or "", draw)
        end = _STREET_END.search(word)
        if end and end.start():
            return cased(draw.one_of(_BAEUME) + end.group().lower(), word)
        if plain(word) in _KEPT:
            return word
        return cased(draw.one_of(_TREES), word)

    made = _WORD.sub(other, text)
    return made if made != text else same_form(text, who.draw("street", text))


def _house(word: str, draw: Draw) -> str:
    while (made := f"{1 + draw.below(9)}{draw.digits(len(word) - 1)}") == word:
        pass
    return made


def _chinese_place(value: str, who: Who) -> str:
    bare, draw = value.strip(), who.draw("place", value.strip())
    short = [one.removesuffix("省") for one in gazetteer().provinces]
    if bare not in short:
        return place_of(f"{bare}市", who, "CN").city.removesuffix("市")
    while (made := draw.one_of(short)) == bare:
        pass
    return made


def _chinese_address(value: str, who: Who) -> str:
    units = {match["kind"]: match["name"] for match in reversed([*_UNIT.finditer(value)])}
    # a city is known by its name alone, so that it is the same one in every address
    place = place_of(units.get("市", units.get("省", value)) + "市", who, "CN")

    def other(match: re.Match[str]) -> str:
        name, kind = match["name"], match["kind"]
        draw = who.draw("street", name, kind)
        if kind in {"省", "自治区", "特别行政区"}:
            return place.region
        if kind in {"市", "自治州"}:
            return place.city
        if kind in {"区", "县"}:
            pool = [one for one in place.parts if one != name + kind]
            return draw.one_of(pool or place.parts)
        while (made := draw.one_of(_ROADS)) == name:
            pass
        return made + kind

    moved = _UNIT.sub(other, value)
    return re.sub(r"\d+", lambda found: _house(found.group(), who.draw("house", value)), moved)
