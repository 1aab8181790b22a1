"""Values that columns have in all rows, as users say them, in the numbers of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.coding import Coding
from dataqa.tables.columns import Column
from dataqa.tables.forms import read_dates, read_numbers
from dataqa.tables.state import State


def given_values(state: State, given: Mapping[str, Any]) -> dict[int, float]:
    """What is given, by variable.

    Args:
        state: A fitted model.
        given: Values by column.

    Raises:
        InputError: There is no such column or value, or nothing is learnt of it.
    """
    wanted: dict[int, float] = {}
    for name, value in given.items():
        require_column(name, state.columns)
        coding = next(one for one in state.codings if one.name == name)
        mine = [at for at, of in enumerate(state.columns_of) if state.codings[of].name == name]
        if state.columns[name].kind in {"private", "id"} or not mine:
            what = "nothing is learnt of it, so it cannot be given"
            hint = "give a column that is neither private nor an id; dataqa profile tells which"
            raise InputError(what, where=name, hint=hint)
        for at in mine:
            if state.model.sizes[at] and len(mine) == 1:
                wanted[at] = float(_token(coding, value))
            elif state.model.sizes[at]:
                wanted[at] = 0.0
            else:
                wanted[at] = _number(coding, value)
    return wanted


def require_column(name: str, columns: Mapping[str, Column]) -> None:
    """See that there is such a column.

    Raises:
        InputError: There is none.
    """
    if name not in columns:
        raise InputError(f"no column {name!r}", hint=did_you_mean(name, columns))


def _token(coding: Coding, value: Any) -> int:
    text = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if text not in coding.tokens:
        told = [one for one in coding.tokens if one is not None]
        hint = did_you_mean(text or "", told) if told else "a value that at least a few rows have"
        raise InputError("there is no such value to be given", where=coding.name, hint=hint)
    return coding.tokens.index(text)


def _number(coding: Coding, value: Any) -> float:
    if coding.kind == "date":
        found = (
            float(read_dates(pl.Series([str(value)]), coding.date or "%Y-%m-%d")[0]) / coding.unit
        )
        if found == found:  # noqa: PLR0124  (NaN is not itself)
            return found
    elif np.isfinite(read := float(read_numbers(pl.Series([str(value)]))[0][0])):
        return read
    raise InputError("what is given is no number or date", where=coding.name)
