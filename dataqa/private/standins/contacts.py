"""Addresses in networks: mail, pages, machines; all where nobody can have one."""

from __future__ import annotations

import re

from dataqa.private.standins.draw import Draw, Who, digits_of, same_form
from dataqa.private.standins.people import family, given, initial
from dataqa.private.standins.words import family_names, given_names, names, plain

_ENDINGS = ("example.com", "example.org", "example.net")
_PLACES = (
    *("amber", "anchor", "aspen", "basil", "birch", "bridge", "canyon", "cedar", "cliff", "clover"),
    *("copper", "coral", "delta", "dune", "fern", "fjord", "garnet", "glacier", "grove", "harbor"),
    *("hazel", "heath", "indigo", "ivory", "jasper", "juniper", "lagoon", "larch", "linden"),
    *("maple", "marble", "meadow", "mesa", "olive", "onyx", "orchard", "pebble", "pine", "prairie"),
    *(
        "quartz",
        "reef",
        "ridge",
        "river",
        "sable",
        "slate",
        "spruce",
        "summit",
        "thicket",
        "tundra",
    ),
    *("valley", "violet", "walnut", "willow", "zephyr"),
)
_LOCAL = re.compile("([^._-]+)([._-])([^._-]+?)([0-9]*)")
_ALONE = re.compile("([A-Za-z]+?)([0-9]*)")
_URL = re.compile(
    r"([a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(www\.)?([^/:?#\s]+)(.*)", re.IGNORECASE | re.DOTALL
)


def email_address(value: str, who: Who) -> str:
    """Under a domain that nobody can own (RFC 2606), of the same parts of a name.

    >>> jane, doe = given("jane", Who(b"k")), family("doe", Who(b"k"))
    >>> email_address("jane.doe@corp.com", Who(b"k")).startswith(f"{jane}.{doe}@")
    True
    """
    local, _, at = value.rpartition("@")
    made = _local(local, who) or _nobody(local, at, who)
    return f"{made}@{domain(at, who)}"


def domain(name: str, who: Who) -> str:
    """A domain below ``example.com``, ``.org`` or ``.net``: one for each domain (RFC 2606).

    >>> domain("Corp.com", Who(b"k")) == domain("www.corp.com", Who(b"k"))
    True
    """
    draw = who.draw("domain", name.lower().removeprefix("www."))
    return f"{draw.one_of(_PLACES)}{draw.digits(3)}.{draw.one_of(_ENDINGS)}"


def url(value: str, who: Who) -> str:
    """A page of the same form at the stand-in of its domain, which mail there has as well."""
    match = _URL.fullmatch(value)
    if match is None:
        return same_form(value, who.draw("URL", value))
    scheme, www, host, path = match.groups(default="")
    return scheme + www + domain(host, who) + same_form(path, who.draw("URL", value))


def ip_address(value: str, draw: Draw) -> str:
    """Of the networks for benchmarks (RFC 2544) and documentation (RFC 3849)."""
    if ":" in value:
        groups = [format(draw.below(1 << 16), "x") for _ in range(4)]
        return f"2001:db8::{':'.join(groups)}"
    return f"198.{18 + draw.below(2)}.{draw.below(256)}.{1 + draw.below(254)}"


def mac_address(value: str, draw: Draw) -> str:
    """Locally administered: no maker has its prefix (IEEE 802)."""
    between = value[2:3] or ":"
    made = between.join(["02", *(format(draw.below(256), "02x") for _ in range(5))])
    return made.upper() if value.isupper() else made


def _local(local: str, who: Who) -> str:
    """What stands before the ``@`` where it is made of names; nothing where it is not."""
    parts = _LOCAL.fullmatch(local)
    if parts is not None:
        first, between, second, number = parts.groups()
        if not (_letters(first) and _letters(second)) or len(first) + len(second) < 4:
            return ""
        one, other = _two(first, second, who)
        return f"{one}{between}{other}{_number(number, local, who)}"
    parts = _ALONE.fullmatch(local)
    if parts is None:
        return ""
    word, number = parts.groups()
    made = _one(word, who)
    return made and made + _number(number, local, who)


def _two(first: str, second: str, who: Who) -> tuple[str, str]:
    """``jane.doe``, ``j.doe``, ``doe.j``, ``doe.jane``: a given name last only if it is known."""
    turned = len(second) == 1 or (
        plain(second) in given_names() and plain(first) not in given_names()
    )
    given_one, family_one = (second, first) if turned else (first, second)
    short = len(given_one) == 1
    made = initial(given_one, who).lower() if short else _written(given, given_one, who)
    last = _written(family, family_one, who)
    return (last, made) if turned else (made, last)


def _one(word: str, who: Who) -> str:
    """``jane``, ``doe``, ``jdoe``, ``janedoe``: names that are known."""
    bare = plain(word)
    if bare in given_names():
        return _written(given, word, who)
    if bare in family_names():
        return _written(family, word, who)
    if len(bare) > 3 and bare[1:] in family_names():
        return initial(word[0], who).lower() + _written(family, word[1:], who)
    for cut in range(3, len(bare) - 2):
        if bare[:cut] in given_names() and bare[cut:] in family_names():
            return _written(given, word[:cut], who) + _written(family, word[cut:], who)
    return ""


def _written(part: object, word: str, who: Who) -> str:
    made = given(word, who) if part is given else family(word, who)
    return plain(made)  # without accents, and in small letters: case is no matter in mail


def _nobody(local: str, at: str, who: Who) -> str:
    """A name and four digits: they part people of whom nothing is known."""
    draw = who.draw("EMAIL_ADDRESS", f"{local}@{at}".lower())
    gender = "female" if draw.below(2) else "male"
    return f"{plain(draw.one_of(names()['en'][gender]))}{draw.digits(4)}"


def _number(number: str, local: str, who: Who) -> str:
    draw = who.draw("number in mail", local.lower())
    made = draw.digits(len(number))
    while number and made == number:
        made = draw.digits(len(number))
    return made


def _letters(word: str) -> bool:
    return word.isascii() and word.isalpha() and not digits_of(word)
