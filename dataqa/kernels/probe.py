"""A table of 64-bit keys that are mostly not there: a filter in front of it answers for those."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, frozen, helper, kernel, like, types

_ONE, _SIX, _LOW, _HALF = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(32)


class Probe(NamedTuple):
    """Keys and their numbers.

    Attributes:
        bits: A filter, a bit for each key, found by its low bits; a power of two of words.
        keys: Open-addressed table of hashes; a power of two of slots.
        numbers: The number of the key in each slot; -1 where it is free.
    """

    bits: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    numbers: NDArray[np.int32]


def no_probe() -> Probe:
    """An empty table."""
    return Probe(np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.full(1, -1, np.int32))


@kernel(frozen(types.uint64), like(no_probe()))
def fill(hashes: NDArray[np.uint64], probe: Probe) -> None:
    """Put distinct keys, numbered in order, into an empty table of at least twice as many slots."""
    last = np.uint64(len(probe.keys) - 1)
    mask = np.uint64(64 * len(probe.bits) - 1)
    for k in range(len(hashes)):
        bit = hashes[k] & mask
        probe.bits[bit >> _SIX] |= _ONE << (bit & _LOW)
        slot = (hashes[k] >> _HALF) & last
        while probe.numbers[slot] >= 0:
            slot = (slot + _ONE) & last
        probe.keys[slot] = hashes[k]
        probe.numbers[slot] = k


@helper
def number_of(probe: Probe, key: np.uint64) -> Int:
    """The number of a key, -1 if it is not there."""
    bit = key & np.uint64(64 * len(probe.bits) - 1)
    if not (probe.bits[bit >> _SIX] >> (bit & _LOW)) & _ONE:
        return -1
    last = np.uint64(len(probe.keys) - 1)
    slot = (key >> _HALF) & last
    while probe.numbers[slot] >= 0:
        if probe.keys[slot] == key:
            return np.int64(probe.numbers[slot])
        slot = (slot + _ONE) & last
    return -1
