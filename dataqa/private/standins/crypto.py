"""Addresses of digital money with checksums that hold; no key to them is known to anybody.

What they pay to is drawn at random, so that finding its key is as hard as forging a signature.
"""

from __future__ import annotations

from hashlib import sha256

from dataqa.private.standins.draw import Draw, same_form

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_STEPS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def crypto(value: str, draw: Draw) -> str:
    """A Bitcoin address of the same version (BIP 13, BIP 173, BIP 350), else one of its form."""
    if value[:3].lower() == "bc1":
        made = _segwit(value.lower(), draw)
        return made.upper() if value.isupper() else made
    if value[:1] in {"1", "3"}:
        return _base58(bytes([0 if value[0] == "1" else 5]) + draw.bytes(20))
    if value[:2].lower() == "0x":
        return value[:2] + "".join(draw.one_of("0123456789abcdef") for _ in value[2:])
    return same_form(value, draw)


def _base58(payload: bytes) -> str:
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, made = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        made = _BASE58[rest] + made
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + made


def _segwit(value: str, draw: Draw) -> str:
    version = _BASE32.index(value[3]) if value[3:4] and value[3] in _BASE32 else 0
    body = [version, *(draw.below(32) for _ in range(max(0, len(value) - 10)))]
    bits = (len(body) - 1) * 5 % 8
    if bits and len(body) > 1:  # the last group is padded with zeros
        body[-1] = body[-1] >> bits << bits
    high = [ord(one) >> 5 for one in "bc"] + [0] + [ord(one) & 31 for one in "bc"]
    rest = _rest([*high, *body, *[0] * 6]) ^ (0x2BC830A3 if version else 1)
    check = [rest >> 5 * (5 - at) & 31 for at in range(6)]
    return "bc1" + "".join(_BASE32[one] for one in [*body, *check])


def _rest(values: list[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for at, step in enumerate(_STEPS):
            rest ^= step if top >> at & 1 else 0
    return rest
