"""Documents as what the index holds of them: id, signature, number of shingles, keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Self

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.duplicates.bands import band_keys
from dataqa.duplicates.signatures import Signatures, signatures
from dataqa.index.parameters import Parameters
from dataqa.kernels import cache as compiled

UNKNOWN = (1 << 32) - 1
"""In place of a number of shingles that is not known."""


class Entries(msgspec.Struct, frozen=True):
    """Some documents.

    Attributes:
        ids: Their ids.
        values: Their signatures.
        counts: How many shingles each has; 0 for none, ``UNKNOWN`` where that is not known.
        keys: A key for each band of each.
    """

    ids: pl.Series
    values: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    keys: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Some of them, by number or by a mask."""
        ids = self.ids.filter(pl.Series(rows)) if rows.dtype == np.bool_ else self.ids.gather(rows)
        return type(self)(ids, self.values[rows], self.counts[rows], self.keys[rows])

    @property
    def id_keys(self) -> NDArray[np.uint64]:
        """The key of each id."""
        return id_keys(self.ids)


@cache
def load_lookup() -> Any:
    """The compiled look-ups; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        return import_module("dataqa.kernels.lookup")


def id_keys(ids: pl.Series) -> NDArray[np.uint64]:
    """A key for each id, as kept beside those of the bands."""
    buffers = text_buffers(ids)
    out = np.empty(len(buffers), np.uint64)
    load_lookup().id_keys(buffers.data, buffers.offsets, out)
    return out


def entries_of(ids: pl.Series, texts: pl.Series, parameters: Parameters) -> Entries:
    """Sketch documents; a null text has no shingles."""
    made = signatures(texts, parameters.shingle, parameters.permutations, parameters.seed)
    return sketched(ids, made, parameters)


def sketched(ids: pl.Series, made: Signatures, parameters: Parameters) -> Entries:
    """Documents whose signatures are there already."""
    counts = np.where(made.counts < 0, UNKNOWN, np.minimum(made.counts, UNKNOWN - 1))
    keys = band_keys(made.values, parameters.bands)
    return Entries(ids, made.values, counts.astype(np.uint32), keys)


def joined(parts: Sequence[Entries]) -> Entries:
    """Several, one after the other."""
    return Entries(
        pl.concat([part.ids for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )
