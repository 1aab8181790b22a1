"""All that a fitted model of a table is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from dataqa.tables.closeness import Marks
from dataqa.tables.coding import Coding
from dataqa.tables.columns import Column
from dataqa.tables.engines.foreign import Foreign
from dataqa.tables.learning.model import Model
from dataqa.tables.noisy.model import Noisy
from dataqa.tables.people.private_forms import PrivateForm


class State(NamedTuple):
    """All that a fitted model is.

    Attributes:
        columns: What each column is, hints included.
        schema: Names and types of the columns that are written, in order.
        codings: Of each, how it is coded.
        forms: Of private columns, their forms.
        columns_of: Of each variable that is written, the number of its coding.
        model: What draws variables.
        marks: Fingerprints of rows of the original that few share.
        rows: Rows of the original; with epsilon about so many.
        spent: With epsilon, what is promised and what it was spent on.
    """

    columns: dict[str, Column]
    schema: pl.Schema
    codings: list[Coding]
    forms: list[PrivateForm]
    columns_of: list[int]
    model: Model | Noisy | Foreign
    marks: Marks
    rows: int
    spent: Mapping[str, Any] = MappingProxyType({})

    @property
    def names(self) -> list[str]:
        """Of each variable that is written, its column."""
        return [self.codings[of].name for of in self.columns_of]
