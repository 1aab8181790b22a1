"""Bands of a signature: how likely two documents meet in one, and which layout promises what.

Two documents meet when all rows of some band are equal in both. With similarity ``s`` that happens
in ``1 - (1 - s**rows)**bands`` of cases, the S-curve (Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, 3.4.2).
"""

from __future__ import annotations

import math
from typing import overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.duplicates.signatures import Shingle, load_kernels
from dataqa.errors import InputError

UNRELATED = 0.05
"""A similarity that documents with nothing but common phrases in common have at most."""
NOISE = 1e-5
"""How often such documents may meet."""


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layout: so many bands of so many rows.

    Raises:
        InputError: One of them is less than 1.
    """

    bands: int
    rows: int

    def __post_init__(self) -> None:
        if self.bands < 1 or self.rows < 1:
            raise InputError(
                f"{self.bands} bands of {self.rows} rows", where="bands", hint="from 1"
            )

    @property
    def permutations(self) -> int:
        """Places of a signature that it needs."""
        return self.bands * self.rows


class Preset(msgspec.Struct, frozen=True):
    """A published way to find near-duplicates.

    Attributes:
        shingle: What documents are cut into.
        layouts: Bands for each similarity they were meant for.
        source: Where it is published.
    """

    shingle: Shingle
    layouts: dict[float, Bands]
    source: str

    def bands(self, similarity: float) -> Bands:
        """The layout for a similarity: of the nearest one meant, of two as near the lower.

        >>> PRESETS["rpv2"].bands(0.82)
        Bands(bands=9, rows=13)
        """
        return self.layouts[min(self.layouts, key=lambda meant: (abs(meant - similarity), meant))]


PRESETS: dict[str, Preset] = {
    "fineweb": Preset(
        Shingle("word", 5),
        {0.75: Bands(14, 8)},
        "huggingface/datatrove, examples/fineweb.py",
    ),
    "finepdfs": Preset(
        Shingle("word", 5),
        {0.75: Bands(32, 10)},
        "huggingface/finepdfs, run_finepdfs_pipeline.py",
    ),
    "refinedweb": Preset(
        Shingle("word", 5),
        {0.8: Bands(450, 20)},
        "Penedo et al. 2023, The RefinedWeb Dataset for Falcon LLM, appendix",
    ),
    "curator": Preset(
        Shingle("char", 24),
        {0.8: Bands(20, 13)},
        "NVIDIA-NeMo/Curator, fuzzy deduplication; Nemotron-CC",
    ),
    "rpv2": Preset(
        Shingle("word", 13),
        {0.9: Bands(5, 25), 0.8: Bands(9, 13), 0.7: Bands(14, 9)},
        "togethercomputer/RedPajama-Data, configs/rp_v2.0.conf",
    ),
}
"""Layouts by name, each with its shingles."""


@overload
def probability(similarity: float, bands: int, rows: int) -> float: ...
@overload
def probability(similarity: NDArray[np.float64], bands: int, rows: int) -> NDArray[np.float64]: ...
def probability(
    similarity: float | NDArray[np.float64], bands: int, rows: int
) -> float | NDArray[np.float64]:
    """How likely two documents of this similarity meet in at least one band.

    >>> round(probability(0.75, 14, 8), 2)
    0.77
    """
    if isinstance(similarity, np.ndarray):
        return 1.0 - (1.0 - similarity**rows) ** bands
    return 1.0 - (1.0 - similarity**rows) ** bands


def derive(similarity: float, permutations: int = 128, promise: float = 0.99) -> Bands:
    """The fewest bands in which documents of this similarity meet as often as promised.

    Pairs are verified afterwards, so meeting in vain costs time only; but in a corpus of millions
    it is what costs most. So unrelated documents (``UNRELATED``) may meet in one of a hundred
    thousand cases (``NOISE``) at most. Where no layout keeps both, the one with the most rows is
    taken of those that keep the promise. Of equal numbers of bands the most rows are taken.

    Raises:
        InputError: So many permutations cannot promise that, or something is out of range.

    >>> derive(0.8)
    Bands(bands=12, rows=5)
    """
    if not (0 < similarity <= 1 and 0 < promise < 1 and permutations >= 1):
        raise InputError(
            f"similarity {similarity}, promise {promise}, {permutations} permutations",
            where="bands",
            hint="similarity and promise lie between 0 and 1",
        )
    kept = [
        Bands(bands, rows)
        for rows in range(1, permutations + 1)
        if (bands := _needed(similarity, rows, promise)) * rows <= permutations
    ]
    if not kept:
        raise InputError(
            f"{permutations} permutations cannot promise to find {promise:.1%} of the pairs of"
            f" similarity {similarity}",
            where="bands",
            hint="more permutations, or a higher similarity",
        )
    quiet = [one for one in kept if probability(UNRELATED, one.bands, one.rows) <= NOISE]
    if not quiet:
        return max(kept, key=lambda one: one.rows)
    return min(quiet, key=lambda one: (one.bands, -one.rows))


def _needed(similarity: float, rows: int, promise: float) -> int:
    """Bands of so many rows that keep the promise; more than there can be if none do."""
    meets = similarity**rows
    if meets >= promise:
        return 1
    if meets < 1e-6:
        return 1 << 62  # more than anybody has permutations, and the loop below would not end
    bands = math.ceil(math.log1p(-promise) / math.log1p(-meets))
    # the logarithms may be off by one in the last place
    while probability(similarity, bands, rows) < promise:
        bands += 1
    return bands


def band_keys(signatures: NDArray[np.uint32], bands: Bands) -> NDArray[np.uint64]:
    """The key of each band of each signature: ``uint64[rows, bands]``.

    Documents meet where keys are equal; keys of different bands are never compared, and are
    different for the same rows. Signatures of no shingles are all alike: leave them out.

    Raises:
        InputError: The signatures have fewer places than the layout needs.
    """
    if signatures.shape[1] < bands.permutations:
        raise InputError(
            f"{bands.bands} bands of {bands.rows} rows need {bands.permutations} permutations, and"
            f" there are {signatures.shape[1]}",
            where="bands",
            hint="fewer bands, or more permutations",
        )
    out = np.empty((len(signatures), bands.bands), np.uint64)
    load_kernels().minhash.band_keys(np.ascontiguousarray(signatures), bands.rows, out)
    return out
