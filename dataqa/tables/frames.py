"""Numbers as columns, with invented people in those that are private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.tables.coding import decode
from dataqa.tables.people.apart import taken
from dataqa.tables.people.invented import invented
from dataqa.tables.people.known import known_of
from dataqa.tables.people.owners import Owned
from dataqa.tables.state import State


def frame_of(
    state: State, tied: Owned, rows: int, seed: int, apart_from: pl.DataFrame | None
) -> pl.DataFrame:
    """Values as columns, with invented people in those that are private; no texts."""
    values = tied.values
    made: dict[str, pl.Series] = {}
    absent: dict[str, NDArray[np.bool_]] = {}
    for number, coding in enumerate(state.codings):
        mine = [at for at, of in enumerate(state.columns_of) if of == number]
        states = next((values[at] for at in mine if state.model.sizes[at]), None)
        numbers = next((values[at] for at in mine if not state.model.sizes[at]), None)
        if coding.kind in {"private", "id"}:
            absent[coding.name] = np.zeros(rows, np.bool_) if states is None else states > 0
        else:
            made[coding.name] = decode(coding, states, numbers, state.schema[coding.name])
    made |= _people(state, pl.DataFrame(made), seed, tied.owners, absent, apart_from)
    return pl.DataFrame([made[name] for name in state.schema if name in made])


def _people(
    state: State,
    made: pl.DataFrame,
    seed: int,
    owners: Mapping[str, Sequence[int]],
    absent: Mapping[str, Any],
    apart_from: pl.DataFrame | None,
) -> dict[str, pl.Series]:
    if not state.forms:
        return {}
    known = known_of(made, state.columns)
    key = blake2b(f"dataqa synthetic {seed}".encode(), digest_size=32).digest()
    real = {} if apart_from is None else taken(apart_from, state.forms)
    found: dict[str, pl.Series] = {}
    for name, texts in invented(state.forms, key, known, owners, real).items():
        coding = next(one for one in state.codings if one.name == name)
        blank = pl.Series(absent[name], dtype=pl.Boolean)
        usual = coding.tokens[1] if len(coding.tokens) > 1 else None
        column = pl.select(
            pl.when(blank)
            .then(pl.lit(usual, pl.String))
            .otherwise(pl.Series(texts, dtype=pl.String))
        ).to_series()
        found[name] = column.cast(state.schema[name], strict=False).alias(name)
    return found
