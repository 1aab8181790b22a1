"""What is common in texts weighs little: matchers that know a background."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.decontaminate.benchmarks import Benchmark
from dataqa.decontaminate.entries import used
from dataqa.decontaminate.index import build, prepare
from dataqa.decontaminate.match import LEAST, Matcher
from dataqa.decontaminate.stretches import counted
from dataqa.decontaminate.weights import rarity

type Texts = Callable[[], Iterator[pl.Series]]
"""Texts that can be gone through more than once."""


def matcher_of(benchmarks: Sequence[Benchmark], background: Texts | None = None) -> Matcher:
    """A matcher for benchmarks; what many texts of a background hold too weighs less.

    Args:
        benchmarks: What to look for.
        background: Texts of the kind that is looked into, or a sample of it.
    """
    base = prepare(used(benchmarks))
    if background is None:
        return Matcher(build(base))
    return Matcher(build(base, rarity(*counted(base, background()))))


def bare(matches: pl.DataFrame, entries: int) -> NDArray[np.int64]:
    """For each entry the texts of ``matches`` that hold it, but not its answer."""
    rows = matches.filter(unanswered()).select("text", "entry").unique()["entry"].to_numpy()
    return np.bincount(rows, minlength=entries).astype(np.int64)


def unanswered() -> pl.Expr:
    """Whether a match is of the question alone."""
    return pl.col("answer").fill_null(0.0) < LEAST
