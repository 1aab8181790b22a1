"""MinHash signatures, and the keys under which similar ones meet.

The scheme is datasketch 2.0's ``affine32``: 32 bits of each shingle's hash go through murmur3's
finaliser; permutation ``k`` is ``a[k] * h + b[k]`` modulo 2**32 with odd ``a[k]``; the signature
holds the least value of each over all shingles.
"""

from __future__ import annotations

import numpy as np

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.shingles import Cutting, Room, next_block, room_for
from dataqa.kernels.tokens import WORD

EMPTY = np.uint32(0xFFFFFFFF)
"""What every place of a signature of no shingles holds."""
_GROUP = 8
_CHUNK = 256
_16, _13 = np.uint32(16), np.uint32(13)
_FIRST, _SECOND = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


@helper
def _mix(room: Room, made: Int) -> Int:
    """Reduce shingles to 32 mixed bits each; their number, made up to whole groups."""
    small = room.small
    for k in range(made):
        h = np.uint32(room.shingles[k])
        h = np.uint32(np.uint32(h ^ (h >> _16)) * _FIRST)
        h = np.uint32(np.uint32(h ^ (h >> _13)) * _SECOND)
        small[k] = h ^ (h >> _16)
    whole = -(-made // _GROUP) * _GROUP
    for k in range(made, whole):
        small[k] = small[made - 1]
    return whole


@helper
def _least(small: np.ndarray, count: Int, a: np.ndarray, b: np.ndarray, row: np.ndarray) -> None:
    """Lower a signature by a whole number of groups of hashes.

    Eight hashes are taken at once, so that a permutation is loaded once for all of them, and the
    permutations by chunks that stay in the nearest cache. The inner loop is what becomes vectors.
    """
    for low in range(0, len(row), _CHUNK):
        places, factors, summands = (
            row[low : low + _CHUNK],
            a[low : low + _CHUNK],
            b[low : low + _CHUNK],
        )
        for k in range(0, count, _GROUP):
            h0, h1, h2, h3 = small[k], small[k + 1], small[k + 2], small[k + 3]
            h4, h5, h6, h7 = small[k + 4], small[k + 5], small[k + 6], small[k + 7]
            for p in range(len(places)):
                c, d = factors[p], summands[p]
                v0 = min(np.uint32(c * h0 + d), np.uint32(c * h1 + d))
                v1 = min(np.uint32(c * h2 + d), np.uint32(c * h3 + d))
                v2 = min(np.uint32(c * h4 + d), np.uint32(c * h5 + d))
                v3 = min(np.uint32(c * h6 + d), np.uint32(c * h7 + d))
                places[p] = min(places[p], v0, v1, v2, v3)


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    types.NamedTuple([types.boolean, types.int64], Cutting),
    frozen(types.uint16),
    frozen(types.uint32),
    frozen(types.uint32),
    frozen(types.uint32),
    like(room_for(1)),
    array(types.uint32, 2),
    array(types.int64),
)
def signatures(
    data: np.ndarray,
    offsets: np.ndarray,
    cutting: Cutting,
    table: np.ndarray,
    folds: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    room: Room,
    out: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Fill a signature for each document, and how many shingles it has, repeated ones too."""
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        row = out[d]
        row[:] = EMPTY
        at, held, total, every = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        while at < len(text):
            at, held, made, flags = next_block(
                text, at, held, total, cutting, table, folds, room, room.shingles, np.int64(0)
            )
            if made:
                _least(room.small, _mix(room, made), a, b, row)
            total += made
            every |= flags
        if not every & WORD:
            total = np.int64(0)
            row[:] = EMPTY
        counts[d] = total


@kernel(frozen(types.uint32, 2), types.int64, array(types.uint64, 2))
def band_keys(signatures: np.ndarray, rows: Int, out: np.ndarray) -> None:
    """Fill the key of each band of ``rows`` places; bands with equal places have other keys."""
    for d in range(len(signatures)):
        for band in range(out.shape[1]):
            state = SEED ^ np.uint64(band)
            for k in range(band * rows, (band + 1) * rows):
                state = (state ^ np.uint64(signatures[d, k])) * STEP
            out[d, band] = finish(state)
