"""How large a blocked Bloom filter must be for a stated rate, and what its rate is as it is filled.

The rate is that of the whole decision: how often a document of which no key was put in is called
seen, because the filter seems to have at least one of its keys.
"""

from __future__ import annotations

from functools import cache
from math import ceil, exp, expm1, lgamma, log, log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BITS = 512
"""Bits of a block."""
MOST_BLOCKS = (1 << 32) - 1
_PROBES = range(1, 33)


class Size(NamedTuple):
    """A filter.

    Attributes:
        blocks: Blocks of 64 bytes.
        probes: Bits set for each key.
    """

    blocks: int
    probes: int

    @property
    def bytes(self) -> int:
        """Its memory."""
        return self.blocks * BITS // 8


def size_for(documents: int, keys: int, rate: float) -> Size:
    """The smallest filter that keeps the rate up to so many documents of so many keys.

    >>> size_for(1_000_000, 9, 0.001).bytes
    24425472
    """
    load, probes = _fullest(key_rate(rate, keys))
    return Size(max(1, ceil(documents * keys / load)), probes)


def documents_within(memory: int, keys: int, rate: float) -> int:
    """How many documents of so many keys a filter of so many bytes takes in at this rate.

    >>> documents_within(24_425_472, 9, 0.001) // 1000
    1000
    """
    load, _ = _fullest(key_rate(rate, keys))
    return int((memory * 8 // BITS) * load / keys)


def key_rate(rate: float, keys: int) -> float:
    """How often a single key may be mistaken, if a document of so many is to be at ``rate``.

    >>> round(key_rate(0.001, 10), 6)
    0.0001
    """
    return -expm1(log1p(-rate) / keys)


def rate_of(blocks_filled: NDArray[np.int64], keys: int, probes: int) -> float:
    """The rate of a filter as it is.

    Args:
        blocks_filled: How many blocks have 0, 1, … 512 bits set.
        keys: Of a document.
        probes: Bits for each key.
    """
    shares = np.arange(len(blocks_filled)) / BITS
    one = float((blocks_filled * shares**probes).sum() / blocks_filled.sum())
    return -expm1(keys * log1p(-one)) if one < 1 else 1.0


@cache
def _fullest(one: float) -> tuple[float, int]:
    """The most keys for a block, on average, at which a key is mistaken so often, and its probes.

    >>> load, probes = _fullest(0.0001)
    >>> round(BITS / load, 1), probes
    (22.0, 12)
    """
    return max((_load(one, probes), probes) for probes in _PROBES)


def _load(one: float, probes: int) -> float:
    low, high = 0.0, float(BITS)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _mistaken(middle, probes) <= one else (low, middle)
    return max(low, 1e-6)


def _mistaken(load: float, probes: int) -> float:
    """How often a key that is not there seems to be: blocks hold a Poisson number of keys."""
    if not load:
        return 0.0
    total = 0.0
    for keys in range(1, ceil(load + 12 * load**0.5 + 12)):
        total += exp(keys * log(load) - load - lgamma(keys + 1)) * _all_set(keys * probes, probes)
    return total


@cache
def _all_set(thrown: int, probes: int) -> float:
    """How likely all of some places are set after so many throws at a block, to second order."""
    empty, both = (1 - 1 / BITS) ** thrown, (1 - 2 / BITS) ** thrown
    mean = 1 - empty
    spread = (1 - 1 / BITS) * both + empty / BITS - empty * empty
    return min(1.0, mean**probes * (1 + probes * (probes - 1) / 2 * spread / (mean * mean)))
