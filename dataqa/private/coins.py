"""Checks of addresses of cryptographic currencies; nothing here asks a chain."""

from __future__ import annotations

from hashlib import sha256

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_MASK = (1 << 64) - 1
_RATE = 136
"""Bytes that Keccak-256 takes in at a time."""


def base58check(value: str) -> bool:
    """Letters and digits of base 58 whose last four bytes are the double SHA-256 of the others.

    Source: Bitcoin's base58check, as Litecoin, Dogecoin, Dash, Zcash and Tron have it too.

    >>> base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    True
    """
    number = 0
    for one in value:
        number = number * 58 + _BASE58.index(one)
    zeros = len(value) - len(value.lstrip("1"))
    whole = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
    return sha256(sha256(whole[:-4]).digest()).digest()[:4] == whole[-4:]


def eth(value: str) -> bool:
    """An Ethereum address; one with letters of both cases has to be capitalised as EIP-55 says.

    >>> eth("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), eth("0x" + "5aAe" * 10)
    (True, False)
    """
    body = value[2:]
    if body in (body.lower(), body.upper()):
        return len(set(body.lower())) > 6
    return _capitalised(body.lower()) == body


def _capitalised(body: str) -> str:
    """Forty hexadecimal digits with capitals where the hash of the small ones has 8 and more."""
    told = keccak256(body.encode()).hex()
    return "".join(
        one.upper() if int(bit, 16) > 7 else one for one, bit in zip(body, told[:40], strict=True)
    )


def keccak256(data: bytes) -> bytes:
    """The hash that Ethereum uses: Keccak as it was proposed, padded otherwise than SHA-3.

    Source: Bertoni, Daemen, Peeters, Van Assche 2011, The Keccak reference, version 3.0.

    >>> keccak256(b"").hex()[:16]
    'c5d2460186f7233c'
    """
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for at in range(_RATE // 8):
            lane = int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
            state[at % 5][at // 5] ^= lane
        state = _permuted(state)
    return b"".join(state[at][0].to_bytes(8, "little") for at in range(4))


def _permuted(state: list[list[int]]) -> list[list[int]]:
    """Keccak-f[1600]: 24 rounds over five times five lanes of 64 bits."""
    register = 1
    for _ in range(24):
        parity = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in state]
        mixed = [parity[x - 1] ^ _turned(parity[(x + 1) % 5], 1) for x in range(5)]
        state = [[lane ^ mixed[x] for lane in state[x]] for x in range(5)]
        x, y, current = 1, 0, state[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, state[x][y] = state[x][y], _turned(current, (step + 1) * (step + 2) // 2)
        state = [
            [state[x][y] ^ (~state[(x + 1) % 5][y] & state[(x + 2) % 5][y]) for y in range(5)]
            for x in range(5)
        ]
        for bit in range(7):  # the constant of the round, by a shift register of eight bits
            if register & 1:
                state[0][0] ^= 1 << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
    return [[lane & _MASK for lane in column] for column in state]


def _turned(lane: int, by: int) -> int:
    by %= 64
    lane &= _MASK
    return ((lane << by) | (lane >> (64 - by))) & _MASK
