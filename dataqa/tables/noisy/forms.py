"""Forms of private columns that no value told: what is usual, or as a hint's example has it."""

from __future__ import annotations

import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.people.located import PLACES
from dataqa.tables.people.masks import mask
from dataqa.tables.people.private_forms import NAMES, PrivateForm

_USUAL = {
    "PHONE_NUMBER": "555-234-6789",
    "US_SSN": "234-56-7890",
    "CREDIT_CARD": "4234 5678 9012 3456",
    "IP_ADDRESS": "192.0.2.35",
    "STATE": "Aa",
    "POSTCODE": "23456",
}
_OTHERS = "234567890"


def bare_form(name: str, column: Column, kind: pl.DataType) -> PrivateForm:
    """The form of a private column or id.

    Args:
        name: The column's.
        column: Its entity, and in ``format`` an example if one was declared.
        kind: Its type: ids that are numbers stay numbers.
    """
    entity = "ID" if column.kind == "id" else column.entity
    if entity in NAMES or entity in {"EMAIL_ADDRESS", "USER_NAME", "STREET_ADDRESS"}:
        return PrivateForm(name, entity, unique=entity in {"EMAIL_ADDRESS", "USER_NAME"})
    if entity == "ID" and not column.format:
        numbers = kind.is_integer()
        return PrivateForm(
            name, "ID" if numbers else "UUID", unique=True, consecutive=1 if numbers else None
        )
    example = column.format or _USUAL.get(entity, _OTHERS)
    form = mask(example, phone=entity == "PHONE_NUMBER")
    return PrivateForm(name, entity, forms={form: 1}, unique=entity not in PLACES)
