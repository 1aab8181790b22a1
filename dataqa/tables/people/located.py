"""Where invented people live: city, state, postcode, address and telephone number of one place.

Places are those of the stand-ins (``dataqa.private.standins.gazetteer``), streets are called by
trees, and the last digits of postcodes are drawn: that somebody lives there is possible, by chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from dataqa.private.standins.draw import Draw, laid
from dataqa.private.standins.gazetteer import Place, country_of, gazetteer, places
from dataqa.private.standins.han import is_asian
from dataqa.private.standins.phones import number_of
from dataqa.private.standins.words import plain

PLACES = {
    **dict.fromkeys(("CITY", "LOCATION"), "CITY"),
    "STATE": "STATE",
    "COUNTRY": "COUNTRY",
    **dict.fromkeys(
        ("POSTCODE", "US_ZIP_CODE", "UK_POSTCODE", "DE_PLZ", "JP_POSTAL_CODE", "CA_POSTAL_CODE"),
        "POSTCODE",
    ),
}
"""Entities that are parts of an address, and which part."""
_CALLED = {
    **dict.fromkeys(("us", "usa", "u.s.", "u.s.a.", "united states", "美国"), "US"),
    **dict.fromkeys(("united states of america", "america"), "US"),
    **dict.fromkeys(("gb", "uk", "u.k.", "united kingdom", "great britain", "england"), "GB"),
    **dict.fromkeys(("de", "deutschland", "germany", "allemagne"), "DE"),
    **dict.fromkeys(("fr", "france", "frankreich"), "FR"),
    **dict.fromkeys(("cn", "china", "中国", "prc"), "CN"),
}
_WRITTEN = {
    "US": ("US", "United States"),
    "GB": ("GB", "United Kingdom"),
    "DE": ("DE", "Deutschland"),
    "FR": ("FR", "France"),
    "CN": ("CN", "中国"),
}
_DIALLED = {"1": "US", "44": "GB", "49": "DE", "33": "FR", "86": "CN"}
_OF_POSTCODES = {"US_ZIP_CODE": "US", "UK_POSTCODE": "GB", "DE_PLZ": "DE"}
_SPEAKS = {"en": "US", "de": "DE", "fr": "FR", "zh": "CN"}
"""Where people of a language live if nothing else is known."""
_BRITISH = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_AMERICAN = re.compile(r"\b[A-Z]{2}\.? \d{5}\b")
_GERMAN = re.compile(r"(?i)(?:straße|strasse|str\.|weg|platz|gasse|allee)\b")
_FRENCH = re.compile(r"(?i)\b(?:rue|quai|chemin|impasse)\b")
_MORE = {
    "AR": ("Conway", "720"),
    "CT": ("Hartford", "061"),
    "DE": ("Dover", "199"),
    "FL": ("Ocala", "344"),
    "HI": ("Hilo", "967"),
    "IN": ("Muncie", "473"),
    "LA": ("Monroe", "712"),
    "MD": ("Frederick", "217"),
    "MS": ("Meridian", "393"),
    "MO": ("Joplin", "648"),
    "NJ": ("Trenton", "086"),
    "PA": ("Erie", "165"),
    "RI": ("Warwick", "028"),
    "WV": ("Wheeling", "260"),
}
"""A town of each American state of which the gazetteer has none, and how its ZIP codes begin."""
_AREAS = (
    "AL205 AK907 AZ520 AR501 CA559 CO303 CT203 DE302 FL352 GA912 HI808 ID208 IL217 IN765 IA515 "
    "KS785 KY502 LA318 ME207 MD240 MA508 MI517 MN218 MS601 MO417 MT406 NE402 NV775 NH603 NJ609 "
    "NM505 NY518 NC919 ND701 OH330 OK918 OR541 PA814 RI401 SC843 SD605 TN423 TX254 UT801 VT802 "
    "VA540 WA509 WV304 WI608 WY307"
)
_AREA = {word[:2]: word[2:] for word in _AREAS.split()}
"""An area code of each American state (NANPA): 555-01xx is nobody's in all of them."""
_LEAST = 0.2
"""The share of values that have to speak of a country."""
_TREES = (
    *("Alder", "Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Linden", "Maple", "Oak", "Pine"),
    *("Rowan", "Spruce", "Willow"),
)
_GROVES = ("Ahorn", "Birken", "Buchen", "Eichen", "Erlen", "Eschen", "Linden", "Tannen", "Ulmen")
_RUES = ("Acacias", "Bouleaux", "Cèdres", "Charmes", "Chênes", "Lilas", "Ormes", "Tilleuls")
_ROADS = ("银杏路", "梧桐街", "海棠路", "丁香街", "桂花路", "枫叶街", "翠竹路", "木棉街")
_KINDS = ("Street", "Avenue", "Road", "Lane", "Drive", "Court")


class Where(NamedTuple):
    """What other columns of a row say of where its person lives; nothing where they are silent."""

    country: str = ""
    state: str = ""
    city: str = ""
    post: str = ""


class Home(NamedTuple):
    """Where somebody lives.

    Attributes:
        place: City and state.
        post: The whole postcode.
    """

    place: Place
    post: str


def country_called(text: str) -> str:
    """The code of a country that there are places of; nothing for others.

    >>> country_called("United Kingdom"), country_called("Atlantis")
    ('GB', '')
    """
    return _CALLED.get(plain(text.strip()), "")


def state_code(text: str) -> str:
    """The code of an American state, of its code or name; else the text.

    >>> state_code("Ohio"), state_code("OH"), state_code("Bayern")
    ('OH', 'OH', 'Bayern')
    """
    return _codes().get(plain(text.strip()), text.strip())


@cache
def _codes() -> dict[str, str]:
    return {plain(name): code for code, name in gazetteer().states.items()}


def usual_country(texts: Iterable[str], entity: str) -> str:
    """The country that most values of a column speak of; nothing if hardly one does.

    Args:
        texts: Addresses, cities, states, postcodes or telephone numbers.
        entity: Which of them.
    """
    if entity in _OF_POSTCODES:
        return _OF_POSTCODES[entity]
    found = Counter(_country(text, PLACES.get(entity, entity)) for text in texts)
    least = _LEAST * found.total()
    found.pop("", None)
    best = max(found, key=lambda one: (found[one], one), default="")
    return best if found[best] >= least else ""


def _country(text: str, entity: str) -> str:
    if is_asian(text):
        return "CN"
    if entity == "STREET_ADDRESS":
        looks = ((_BRITISH, "GB"), (_AMERICAN, "US"), (_FRENCH, "FR"), (_GERMAN, "DE"))
        return next((country for one, country in looks if one.search(text)), "")
    read: dict[str, Callable[[str], str]] = {
        "PHONE_NUMBER": phone_country,
        "COUNTRY": country_called,
        "STATE": lambda state: "US" if state_code(state) in gazetteer().states else "",
        "CITY": lambda city: country_of(plain(city.strip())),
        "POSTCODE": lambda post: "GB" if _BRITISH.search(post) else "",
    }
    return read[entity](text) if entity in read else ""


def phone_country(text: str) -> str:
    """The country of a telephone number that there are places of, or nothing."""
    return _DIALLED.get(number_of(text).country, "")


def home(where: Where, usual: str, language: str, draw: Draw) -> Home:
    """Where somebody lives: as other columns say, else anywhere in the usual country.

    Args:
        where: What other columns say.
        usual: The country of most rows.
        language: That of names.
        draw: What decides.
    """
    american = "US" if where.state in gazetteer().states else ""
    country = where.country or american or usual or _SPEAKS.get(language, "US")
    pool = places(country)
    if where.state:
        extra = _MORE.get(where.state) if country == "US" else None
        some = [one for one in pool if plain(one.region) == plain(where.state)]
        pool = some or ([Place(country, extra[0], where.state, extra[1])] if extra else pool)
    if where.city:
        pool = [one for one in pool if plain(one.city) == plain(where.city)] or pool
    place = draw.one_of(pool)
    post = _post(place, draw)
    if where.state or where.city:
        place = place._replace(region=where.state or place.region, city=where.city or place.city)
    return Home(place, where.post or post)


def _post(place: Place, draw: Draw) -> str:
    if place.country == "GB":
        letters = "".join(draw.one_of("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        return f"{place.post} {draw.digits(1)}{letters}"
    length = 6 if place.country == "CN" else 5
    return place.post + draw.digits(length - len(place.post))


def part(entity: str, here: Home, form: str, draw: Draw) -> str:
    """A part of an address, as a column has it.

    Args:
        entity: Which part.
        here: Where.
        form: The mask of a value, which tells a code from a name and a longer postcode.
        draw: What decides the last digits of a longer postcode.
    """
    which, place = PLACES[entity], here.place
    if which == "CITY":
        return place.city
    if which == "COUNTRY":
        return _WRITTEN[place.country][len(form) != 2]
    if which == "STATE":
        code = place.region in gazetteer().states and len(form) != 2
        return gazetteer().states[place.region] if code else place.region
    if place.country == "GB":
        return here.post if " " in form else here.post.replace(" ", "")
    return f"{here.post}-{draw.digits(4)}" if form.count("-") and len(form) == 10 else here.post


def address(here: Home, draw: Draw, *, long: bool) -> str:
    """A street and number, with postcode and city if long."""
    place, number = here.place, 1 + draw.below(998)
    if place.country == "CN":
        district = draw.one_of(place.parts or ("",))
        head = f"{place.region}{place.city}" if long else ""
        return f"{head}{district}{draw.one_of(_ROADS)}{number}号"
    if place.country == "DE":
        street = f"{draw.one_of(_GROVES)}straße {1 + number % 120}"
        return f"{street}, {here.post} {place.city}" if long else street
    if place.country == "FR":
        street = f"{1 + number % 120} rue des {draw.one_of(_RUES)}"
        return f"{street}, {here.post} {place.city}" if long else street
    street = f"{number} {draw.one_of(_TREES)} {draw.one_of(_KINDS)}"
    if not long:
        return street
    if place.country == "GB":
        return f"{street}, {place.city} {here.post}"
    return f"{street}, {place.city}, {place.region} {here.post}"


def dialled_there(made: str, here: Home) -> str:
    """A telephone number with the area code of where somebody lives, where nobody has such a one.

    >>> here = Home(Place("US", "Boise", "ID", "837"), "83712")
    >>> dialled_there("+1 (415) 555-0123", here)
    '+1 (208) 555-0123'
    """
    number, area = number_of(made), _AREA.get(here.place.region, "")
    if here.place.country != "US" or number.country != "1" or len(number.national) != 10:
        return made
    return laid(made, number.before + area + number.national[3:]) if area else made
