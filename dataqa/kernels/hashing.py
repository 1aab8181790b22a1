"""64-bit hashes, the same on every machine and in every run."""

from __future__ import annotations

import numpy as np

from dataqa.kernels.jit import Int, helper

SEED = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD6E8FEB86659FD93)
FINAL = np.uint64(0xFF51AFD7ED558CCD)
FINAL2 = np.uint64(0xC4CEB9FE1A85EC53)
_29, _32, _33 = np.uint64(29), np.uint64(32), np.uint64(33)
_8 = np.uint64(8)


@helper
def finish(state: np.uint64) -> np.uint64:
    """Spread a running state over all 64 bits (murmur3's finaliser)."""
    state ^= state >> _33
    state *= FINAL
    state ^= state >> _33
    state *= FINAL2
    return state ^ (state >> _33)


@helper
def join(left: np.uint64, right: np.uint64) -> np.uint64:
    """The hash of a sequence, one element longer."""
    state = (left * STEP) ^ right
    state ^= state >> _32
    state *= FINAL
    return state ^ (state >> _29)


@helper
def of_bytes(data: np.ndarray, start: Int, end: Int) -> np.uint64:
    """The hash of ``data[start:end]``, eight bytes at a time."""
    state = SEED ^ np.uint64(end - start)
    at = start
    while at + 8 <= end:
        word = np.uint64(0)
        for k in range(8):
            word |= np.uint64(data[at + k]) << np.uint64(8 * k)
        state = (state ^ word) * STEP
        state ^= state >> _32
        at += 8
    word = np.uint64(0)
    while at < end:
        word = (word << _8) | np.uint64(data[at])
        at += 1
    return finish((state ^ word) * STEP)
