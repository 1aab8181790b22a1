"""The texts of a batch in one piece, and the windows in it where something may be."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers


class Joined(NamedTuple):
    """All texts of a batch in one piece, a line feed before each and behind the last.

    So no word or number of a text touches one of the next.

    Attributes:
        data: UTF-8 bytes.
        begins: Where each text begins, and
        ends: behind its last byte.
    """

    data: bytes
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    def texts(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the texts in which something ends."""
        return np.searchsorted(self.begins, ends - 1, side="right") - 1


class Windows(NamedTuple):
    """Where to look, ordered by pattern, then place; disjoint for each pattern.

    Attributes:
        patterns: Which pattern.
        starts: First byte, in all of the data.
        ends: Behind the last byte.
    """

    patterns: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def joined(buffers: TextBuffers) -> Joined:
    """The texts of a column in one piece."""
    view, offsets = memoryview(buffers.data), buffers.offsets
    ends = offsets.tolist()
    data = b"\n".join([b"", *(view[low:high] for low, high in pairwise(ends)), b""])
    moved = offsets - offsets[0] + np.arange(len(offsets), dtype=np.int64)
    return Joined(data, moved[:-1] + 1, moved[1:])


def windows_of(
    patterns: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> Windows:
    """Windows: overlapping and touching places of a pattern as one."""
    if not len(patterns):
        return Windows(patterns, starts, ends)
    # groups are kept apart by adding what no end reaches
    far = int(ends.max()) + 1
    places = patterns * far + starts
    order = np.argsort(places, kind="stable")
    places = places[order]
    furthest = np.maximum.accumulate((patterns * far + ends)[order])
    fresh = np.ones(len(places), np.bool_)
    fresh[1:] = places[1:] > furthest[:-1]
    # what touches only across two patterns is no neighbour
    kinds = patterns[order]
    fresh[1:] |= kinds[1:] != kinds[:-1]
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(places)) - 1
    kinds = kinds[first]
    return Windows(kinds, places[first] - kinds * far, furthest[last] - kinds * far)
