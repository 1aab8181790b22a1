"""Fixed bins for every signal, so that histograms of shards, runs and machines can be added up.

Which bins a signal gets depends on what the signal *is* (a share, a whole number, any number) and
never on the values met. Bins are half-open, ``[edge, next edge)``, and edges are decimal numbers a
person would write, so that a bound such as 0.3 falls between two bins and not inside one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

type Shape = Literal["flag", "share", "whole", "real", "text"]

_STEPS_PER_DECADE = 24
_HIGHEST = 1e9


@cache
def edges(shape: Shape) -> NDArray[np.float64]:
    """The lower edges of a shape's bins, ascending; a value below the first falls into the first.

    >>> edges("flag")
    array([0., 1.])
    >>> edges("share").size, float(edges("share")[29])
    (100, 0.29)
    """
    if shape == "flag":
        return np.array([0.0, 1.0])
    if shape == "share":
        return np.arange(100) / 100
    if shape == "whole":
        return np.concatenate([np.arange(32.0), _decades(32.0)])
    if shape == "real":
        tail = _decades(20.0)
        middle = [np.arange(-20, 0) / 20, np.arange(100) / 100, np.arange(10, 200) / 10]
        return np.concatenate([-tail[::-1], np.arange(-19.0, -1.0), *middle, tail])
    raise ValueError(f"a {shape} signal has no bins")


def shape_of(name: str, dtype: pl.DataType, kinds: Mapping[str, str]) -> Shape:
    """The shape of a signal, from what the catalogue says of it, else from its column's type.

    Args:
        name: The signal's column; ``stop_words:en-gopher`` is looked up as ``stop_words``.
        dtype: The column's type.
        kinds: Signal name to ``count``, ``length``, ``flag``, ``text``, ``ratio`` (any ratio) or
            ``share`` (a ratio declared to lie within 0 and 1).

    >>> shape_of("word_count", pl.Int64(), {"word_count": "count"})
    'whole'
    >>> shape_of("toxicity", pl.Float64(), {})
    'real'
    """
    if dtype == pl.Boolean:
        return "flag"
    if not dtype.is_numeric():
        return "text"
    if dtype.is_integer():
        return "whole"
    return "share" if kinds.get(name.partition(":")[0]) == "share" else "real"


def slots(values: pl.Series, shape: Shape) -> NDArray[np.int64]:
    """The bin of each value; what is null or not a number gets the slot after the last bin.

    >>> slots(pl.Series([0.0, 0.29, 1.0, None]), "share").tolist()
    [0, 29, 99, 100]
    """
    numbers = values.cast(pl.Float64).to_numpy()  # null becomes nan
    lower = edges(shape)
    found = np.searchsorted(lower, numbers, side="right") - 1
    found[found < 0] = 0
    found[np.isnan(numbers)] = lower.size
    return found


def _decades(first: float) -> NDArray[np.float64]:
    """Whole numbers growing by a tenth from ``first`` to a thousand million."""
    count = int(np.ceil(np.log10(_HIGHEST / first) * _STEPS_PER_DECADE))
    return np.unique(np.round(first * 10 ** (np.arange(count + 1) / _STEPS_PER_DECADE)))
