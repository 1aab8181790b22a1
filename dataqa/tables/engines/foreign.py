"""A model that another engine learnt, asked as our own are: for values of variables.

It is given variables, not columns: codes and numbers. So how values are written, what is missing,
private columns, rare values and rows that are too close are the same whatever learns them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, NamedTuple
from weakref import finalize

import numpy as np
import polars as pl

from dataqa.tables.engines.argn import Engine, Settings, python_with_engine
from dataqa.tables.learning.learnt import Learnt
from dataqa.tables.learning.trees import Floats


class Folder:
    """A folder that is deleted when nobody has it any more, or when the process ends."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="dataqa-engine-"))
        self._gone = finalize(self, rmtree, self.path, ignore_errors=True)


class Foreign(NamedTuple):
    """Variables that an engine learnt.

    Attributes:
        sizes: Of each variable, how many codes there are; 0 for numbers.
        usual: Of each, what stands where the engine has no value.
        avoid: Of each, the numbers of the original; for days of birth.
        engine: What draws.
        folder: Where the engine keeps what it learnt; it goes away with this.
    """

    sizes: list[int]
    usual: list[float]
    avoid: list[Floats]
    engine: Engine
    folder: Folder

    def sets(self, given: Mapping[int, float | Floats]) -> bool:
        """Whatever is given can be set."""
        del given
        return True

    def draw(self, rows: int, seed: list[int], given: Mapping[int, float | Floats]) -> list[Floats]:
        """Values of each variable for some rows.

        Args:
            rows: How many.
            seed: Decides them, on one machine.
            given: Variables whose values are set: one for all rows, or one for each.

        Raises:
            InputError: The engine failed.
        """
        if not rows:
            return [np.empty(0) for _ in self.sizes]
        number = int(np.random.default_rng(seed).integers(1 << 31))
        told = {at: np.broadcast_to(np.asarray(one, np.float64), rows) for at, one in given.items()}
        seeded = [_column(at, one, self.sizes[at]) for at, one in told.items()]
        made, _ = self.engine.draw(rows, number, pl.DataFrame(seeded) if seeded else None)
        return [
            told[at] if at in told else _values(made, at, size, self.usual[at])
            for at, size in enumerate(self.sizes)
        ]


def learn_foreign(learnt: Learnt, settings: Settings, seed: int) -> Foreign:
    """Learn variables.

    Args:
        learnt: The table.
        settings: Where the engine is, and how long it learns.
        seed: Of the engine.

    Raises:
        InputError: There is no such engine, or it failed.
    """
    python = python_with_engine(settings.python)
    folder = Folder()
    engine = Engine(python, folder.path)
    sizes = [one.size for one in learnt.variables]
    real = pl.DataFrame(
        [_column(at, one.values, one.size) for at, one in enumerate(learnt.variables)]
    )
    engine.fit(real, seed, epochs=settings.epochs, minutes=settings.minutes)
    usual = [float(np.nanmedian(one.values)) if not one.size else 0.0 for one in learnt.variables]
    avoid = [
        one.values[~np.isnan(one.values)] if learnt.codings[one.column].avoid else np.empty(0)
        for one in learnt.variables
    ]
    return Foreign(sizes, usual, avoid, engine, folder)


def _column(at: int, values: Floats, size: int) -> pl.Series:
    """A variable as the engine takes it: a category is a word, and what has no code is nothing."""
    name = f"v{at}"
    numbers = pl.Series(name, values).fill_nan(None)
    if size:
        return ("c" + numbers.cast(pl.Int64).cast(pl.String)).alias(name)
    whole = bool(np.all(values[~np.isnan(values)] == np.round(values[~np.isnan(values)])))
    return numbers.cast(pl.Int64) if whole else numbers


def _values(made: Any, at: int, size: int, usual: float) -> Floats:
    """A variable as the engine wrote it; what is no code or number becomes what is usual."""
    column = made[f"v{at}"]
    column = column.cast(pl.String).str.strip_prefix("c") if size else column
    numbers = column.cast(pl.Float64, strict=False).fill_null(usual).fill_nan(usual)
    values = numbers.to_numpy().copy()
    if size:
        values[(values < 0) | (values >= size) | (values != np.round(values))] = usual
    return values
