"""Matches as rows for people."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index.entries import UNKNOWN, Entries
from dataqa.index.rates import standard_error
from dataqa.types import DOC_ID

MATCHES = pl.Schema(
    {
        DOC_ID: pl.String,
        "ref": pl.String,
        "similarity": pl.Float64,
        "standard_error": pl.Float64,
        "shingles": pl.Int64,
        "ref_shingles": pl.Int64,
    }
)
"""One row for each match: the document, the known one, the estimated Jaccard similarity with its
standard error, and how many shingles each has, repeated ones too (null where not known)."""


def matches_frame(
    asked: Entries, docs: NDArray[np.int64], shares: NDArray[np.int64], named: pl.DataFrame
) -> pl.DataFrame:
    """The rows of some matches.

    Args:
        asked: The documents.
        docs: Of each match, which of them.
        shares: Places of both signatures that are equal.
        named: ``ref`` and ``counts`` of each match's entry.
    """
    length = asked.values.shape[1]
    errors = np.array([round(standard_error(k, length), 4) for k in range(length + 1)])
    columns = {
        DOC_ID: asked.ids.gather(docs),
        "ref": named["ref"],
        "similarity": shares / length,
        "standard_error": errors[shares],
        "shingles": _known(pl.Series(asked.counts[docs])),
        "ref_shingles": _known(named["counts"]),
    }
    return pl.DataFrame(columns, schema=MATCHES)


def _known(counts: pl.Series) -> pl.Series:
    numbers = counts.cast(pl.Int64)
    return pl.select(pl.when(numbers != UNKNOWN).then(numbers)).to_series()
