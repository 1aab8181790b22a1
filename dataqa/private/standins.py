"""Stand-ins: what is put in place of a private value, the same for the same value.

The value, folded, is turned into a stream of random numbers by HMAC-SHA256 under a key and a scope
(Krawczyk, Bellare, Canetti 1997, RFC 2104); the stream makes the stand-in. Without the key it can
be neither inverted nor joined with what another key made. Stand-ins look like values of their kind
and are nobody's: they lie in ranges that are reserved or never issued, wherever there are such.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from hashlib import sha256

from dataqa.private.digits import cn_id_character, luhn_digit

_UPPER, _LOWER, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
_KINDS = (_UPPER, _LOWER, _DIGITS)
_NAMES = (
    *("alex", "ashley", "casey", "dana", "drew", "eden", "emery", "finley", "harper", "hayden"),
    *("jamie", "jordan", "kai", "kendall", "kim", "lee", "logan", "marion", "morgan", "nico"),
    *("parker", "quinn", "reese", "riley", "robin", "rowan", "sage", "sam", "taylor", "wren"),
)
_DOMAINS = ("example.com", "example.org", "example.net")


class Draw:
    """A stream of random numbers that a value and a key determine."""

    def __init__(self, key: bytes, *about: str) -> None:
        self._seed = hmac.digest(key, "\0".join(about).encode(), sha256)
        self._round = 0
        self._left = b""

    def below(self, size: int) -> int:
        """A number from 0 to ``size`` - 1; ``size`` is far below 2**32, so all are as likely."""
        if len(self._left) < 4:
            self._left += hmac.digest(self._seed, self._round.to_bytes(8), sha256)
            self._round += 1
        number = int.from_bytes(self._left[:4])
        self._left = self._left[4:]
        return number * size >> 32

    def one_of(self, some: str) -> str:
        """A character."""
        return some[self.below(len(some))]

    def digits(self, count: int) -> str:
        """So many digits."""
        return "".join(self.one_of(_DIGITS) for _ in range(count))


type StandIn = Callable[[str, Draw], str]


def stand_in(entity: str, value: str, key: bytes, scope: str = "") -> str:
    """What stands for a value.

    Args:
        entity: Its kind, such as ``EMAIL_ADDRESS``.
        value: As it is written; case, width and separators do not matter for who it is.
        key: Secret; with another one all stand-ins are others.
        scope: Values get the same stand-in within a scope: nothing, or a document's id.

    >>> len({stand_in("EMAIL_ADDRESS", one, b"k") for one in ("Jane@corp.com", "jane@corp.com")})
    1
    """
    draw = Draw(key, scope, entity, folded(value))
    return _MADE.get(entity, same_form)(value, draw)


def folded(value: str) -> str:
    """A value without case, width and what parts its groups.

    >>> folded("+1 (415) 555-2671") == folded("+14155552671")
    True
    """
    plain = unicodedata.normalize("NFKC", value).casefold()
    return "".join(one for one in plain if one not in " -()./·\u00a0") if _numeric(plain) else plain


def same_form(value: str, draw: Draw) -> str:
    """Each letter and digit another of its kind, all else as it is."""
    return "".join(_another(one, draw) for one in value)


def _another(one: str, draw: Draw) -> str:
    for kind in _KINDS:
        if one in kind:
            return draw.one_of(kind)
    return one if not one.isalnum() else draw.one_of(_LOWER)


def email_address(value: str, draw: Draw) -> str:  # noqa: ARG001 - all are called alike
    """At a domain that nobody can own (RFC 2606)."""
    names = f"{_NAMES[draw.below(len(_NAMES))]}.{_NAMES[draw.below(len(_NAMES))]}"
    return f"{names}{draw.digits(4)}@{_DOMAINS[draw.below(3)]}"


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


def credit_card(value: str, draw: Draw) -> str:
    """Of an issuer that there is not (9999, ISO/IEC 7812), with Luhn's digit."""
    count = sum(one in _DIGITS for one in value)
    made = "9999" + draw.digits(max(8, count - 5))
    return _laid(value, made + luhn_digit(made))


def us_ssn(value: str, draw: Draw) -> str:
    """Of area 900 to 999 and group 01 to 49: neither Social Security nor Revenue issue it."""
    return _laid(value, f"9{draw.digits(2)}{1 + draw.below(49):02d}{draw.digits(4)}")


def phone_number(value: str, draw: Draw) -> str:
    """North American ones of the fictional 555-01xx, Chinese mobiles of 12x; others in their form.

    Source: North American Numbering Plan; the plan of the ministry has no 12x.
    """
    found = "".join(one for one in value if one in _DIGITS)
    national = found.removeprefix("86") if len(found) > 11 else found
    if len(national) == 11 and national[0] == "1" and national[1] in "3456789":
        return _laid(value, found[: -len(national)] + "12" + draw.digits(9))
    if len(national) >= 10 and (len(national) == 10 or national[0] == "1"):
        first = national[: len(national) - 10] if len(national) <= 11 else ""
        if len(national) <= 11:
            area = f"{2 + draw.below(8)}{draw.digits(2)}"
            return _laid(value, f"{first}{area}55501{draw.digits(2)}")
    return _laid(value, found[:3] + draw.digits(len(found) - 3))


def iban_code(value: str, draw: Draw) -> str:
    """Of the same country and form, with check digits that hold (ISO 13616)."""
    bare = "".join(one for one in value if _is_plain(one))
    body = same_form(bare[4:], draw)
    rest = int("".join(str(int(one, 36)) for one in body + bare[:2] + "00"))
    return _laid(value, f"{bare[:2]}{98 - rest % 97:02d}{body}")


def cn_id(value: str, draw: Draw) -> str:
    """Of a whole province, which issues none, with a check character that holds (GB 11643)."""
    province = value[:2] if value[:2].isascii() and value[:2].isdigit() else "11"
    body = f"{province}0000{1940 + draw.below(65)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    body += draw.digits(3)
    return body + cn_id_character(body)


_MADE: dict[str, StandIn] = {
    made.__name__.upper(): made
    for made in (
        *(email_address, ip_address, mac_address, credit_card, us_ssn, phone_number, iban_code),
        cn_id,
    )
}


def _laid(value: str, made: str) -> str:
    """New letters and digits in the form of a value; what is left over goes to the end."""
    rest = iter(made)
    laid = "".join(next(rest, one) if _is_plain(one) else one for one in value)
    return laid + "".join(rest)


def _is_plain(one: str) -> bool:
    return one.isascii() and one.isalnum()


def _numeric(value: str) -> bool:
    return sum(one in _DIGITS for one in value) * 2 > sum(one.isalnum() for one in value)
