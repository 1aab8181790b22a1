"""What nobody invented may have: the ids, mails and numbers of the people who are in the original.

They are held in memory as long as a fitted model is, and never written: a saved model has none.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dataqa.private.standins.draw import digits_of
from dataqa.tables.people.located import PLACES
from dataqa.tables.people.private_forms import NAMES, PrivateForm
from dataqa.tables.profile import present

BY_CHANCE = NAMES | {"STREET_ADDRESS", *PLACES}
"""Kinds of which people may have the same by chance: they are drawn from lists."""
_NATIONAL = 9
"""Digits of a telephone number that tell it, whatever stands before them."""


def folded(entity: str, value: str) -> str:
    """The form in which values are compared: without case and blanks, of numbers the digits.

    >>> folded("PHONE_NUMBER", "+1 (415) 555-2671") == folded("PHONE_NUMBER", "415.555.2671")
    True
    """
    if entity == "PHONE_NUMBER":
        return digits_of(value)[-_NATIONAL:]
    return value.strip().lower()


def taken(frame: pl.DataFrame, forms: list[PrivateForm]) -> Mapping[str, frozenset[str]]:
    """Of each private column, the values that somebody has, folded."""
    found: dict[str, frozenset[str]] = {}
    for form in forms:
        if form.entity in BY_CHANCE or form.name not in frame.columns:
            continue
        values = present(frame[form.name].cast(pl.String)).unique()
        if form.entity == "PHONE_NUMBER":
            plain = values.str.replace_all("[^0-9]", "").str.tail(_NATIONAL)
        else:
            plain = values.str.strip_chars().str.to_lowercase()
        found[form.name] = frozenset(plain.to_list())
    return found
