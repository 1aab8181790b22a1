"""Rows drawn from a fitted model, as numbers: those that are a row of the original drawn anew."""

from __future__ import annotations

import numpy as np

from dataqa.errors import InputError
from dataqa.tables.closeness import fingerprints, met
from dataqa.tables.coding import rounded
from dataqa.tables.learning.drawing import away_from
from dataqa.tables.learning.model import Given, Model
from dataqa.tables.learning.trees import Floats
from dataqa.tables.noisy.model import Noisy
from dataqa.tables.state import State

_REDRAWN = 10
_BLIND = 4
"""Blocks after which what was never met is given up."""
_BLOCK = 200_000
"""Rows that are drawn at a time where what is given cannot be set."""


def rows_apart(
    state: State, rows: int, seed: list[int], wanted: Given
) -> tuple[list[Floats], dict[str, int]]:
    """Values of all variables; rows that are a row of the original are drawn anew."""
    values = rows_written(state, rows, [*seed, 0], wanted)
    close = met(fingerprints(values), state.marks)
    rejected = int(close.sum())
    for attempt in range(1, _REDRAWN + 1):
        again = np.flatnonzero(close)
        if not len(again):
            break
        more = rows_written(state, len(again), [*seed, attempt], wanted)
        for mine, new in zip(values, more, strict=True):
            mine[again] = new
        close = np.zeros(rows, np.bool_)
        close[again] = met(fingerprints(more), state.marks)
    return values, {"drawn_anew": rejected, "still_equal": int(close.sum())}


def rows_written(state: State, rows: int, seed: list[int], wanted: Given) -> list[Floats]:
    """Values as they will be written: with so many places, and not somebody's day of birth."""
    values = state.model.draw(rows, seed, wanted)
    missing = np.zeros(rows, np.bool_)
    for at, of in enumerate(state.columns_of):
        coding = state.codings[of]
        if state.model.sizes[at]:
            missing = values[at] > 0
            continue
        made = rounded(values[at], coding.decimals)
        if coding.avoid and at not in wanted:
            made = away_from(made, _real(state, at))
        before = at > 0 and state.columns_of[at - 1] == of
        values[at] = np.where(missing, np.nan, made) if before else made
    return values


def _real(state: State, at: int) -> Floats:
    """The days of birth of the original, sorted; a noisy model has none."""
    if isinstance(state.model, Noisy):
        return np.empty(0)
    if isinstance(state.model, Model):
        return np.unique(state.model.trees[at].content)
    return np.unique(state.model.avoid[at])


def rows_picked(
    state: State, rows: int, seed: int, wanted: Given
) -> tuple[list[Floats], dict[str, int]]:
    """Rows among many that happen to have what is given."""
    kept: list[list[Floats]] = []
    count, told = 0, {"drawn_anew": 0, "still_equal": 0}
    for block in range(50):
        values, drawn = rows_apart(state, _BLOCK, [seed, block], {})
        fits = np.all([values[at] == value for at, value in wanted.items()], axis=0)
        kept.append([one[fits] for one in values])
        count += int(fits.sum())
        told = {name: told[name] + drawn[name] for name in told}
        if count >= rows or (block == _BLIND and not count):
            break
    if count < rows:
        hint = "Synthesizer.fit(…, first=[…]) with these columns sets them"
        raise InputError("what is given is too rare to be met", where="given", hint=hint)
    columns = zip(*kept, strict=True)
    return [np.concatenate(one)[:rows] for one in columns], told
