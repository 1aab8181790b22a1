"""Where keys are in a sorted table, by a directory of their highest bits."""

from __future__ import annotations

import numpy as np

from dataqa.kernels.jit import array, frozen, kernel, types


@kernel(frozen(types.int64), frozen(types.uint64), array(types.uint64), array(types.int64))
def places(directory: np.ndarray, keys: np.ndarray, wanted: np.ndarray, out: np.ndarray) -> None:
    """The row of each key, -1 where it is not there.

    Args:
        directory: Where keys of each highest bits begin, and the end: a power of two of rows, and
            one more.
        keys: Ascending.
        wanted: Any keys.
        out: Filled, as long as ``wanted``.
    """
    bits = np.int64(0)
    while (np.int64(1) << bits) < len(directory) - 1:
        bits += 1
    shift = np.uint64(64 - bits)
    for k in range(len(wanted)):
        key = wanted[k]
        bucket = key >> shift
        low, high = directory[bucket], directory[bucket + np.uint64(1)]
        end = high
        while low < high:
            middle = (low + high) >> 1
            if keys[middle] < key:
                low = middle + 1
            else:
                high = middle
        out[k] = low if low < end and keys[low] == key else -1
