"""How much two sets have in common: sets of 64-bit numbers, each ascending, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, types


@helper
def _shared(
    values: np.ndarray, left: Int, left_end: Int, right: Int, right_end: Int, least: Int
) -> Int:
    """How many numbers two ascending runs share; -1 once ``least`` is out of reach."""
    found = np.int64(0)
    while left < left_end and right < right_end:
        if found + min(left_end - left, right_end - right) < least:
            return np.int64(-1)
        one, other = values[np.uint64(left)], values[np.uint64(right)]
        found += one == other
        left += one <= other
        right += other <= one
    return found if found >= least else np.int64(-1)


@kernel(
    frozen(types.uint64),
    frozen(types.int64),
    frozen(types.int64),
    frozen(types.int64),
    types.float64,
    types.boolean,
    array(types.int64),
)
def compare(
    values: np.ndarray,
    offsets: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    least: float,
    contained: bool,
    out: np.ndarray,
) -> None:
    """Count what each pair of sets shares; -1 where the similarity is certainly below ``least``.

    The similarity is Jaccard's (shared by all of both) or the share of the left set that the right
    one contains. The bound is rounded in favour of the pair.
    """
    for k in range(len(left)):
        one, two = np.int64(left[k]), np.int64(right[k])
        begin, end = offsets[one], offsets[one + 1]
        other, close = offsets[two], offsets[two + 1]
        whole = np.float64(end - begin)
        if contained:
            need = least * whole
        else:
            need = least / (1.0 + least) * (whole + np.float64(close - other))
        out[k] = _shared(values, begin, end, other, close, np.int64(np.ceil(need - 1e-6)))
