"""What the columns of a row that are learnt say of its person: gender, day of birth, where from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
import polars as pl

from dataqa.tables.coding import read_column
from dataqa.tables.columns import MODELLED, Column
from dataqa.tables.forms import as_datetimes
from dataqa.tables.people.invented import gender_of, is_gender
from dataqa.tables.people.located import Where, country_called, state_code
from dataqa.tables.people.named import is_birth, place_of
from dataqa.tables.people.numbered import agreement
from dataqa.tables.people.persons import Known
from dataqa.tables.people.private_forms import PrivateForm, tells_birth
from dataqa.tables.profile import MISSING

_FEW, _SAMPLE = 20, 2_000


def known_of(frame: pl.DataFrame, columns: Mapping[str, Column]) -> list[Known]:
    """What is known of the person of each row.

    Args:
        frame: Rows; of columns only those that are there are asked.
        columns: What each column is.
    """
    learnt = [name for name, one in columns.items() if one.kind in MODELLED and name in frame]
    nobody = [""] * frame.height
    genders = next((_genders(frame[name]) for name in learnt if _tells_gender(frame[name])), nobody)
    births = next(
        (days_of(frame[name], columns[name]) for name in learnt if _tells_birth(columns, name)),
        [None] * frame.height,
    )
    parts: dict[str, list[str]] = {}
    for name in learnt:
        which = place_of(name)
        if which and which not in parts and columns[name].kind in {"category", "constant"}:
            parts[which] = _words(frame[name])
    places = [parts.get(which, nobody) for which in ("COUNTRY", "STATE", "CITY", "POSTCODE")]
    return [
        Known(gender, birth, Where(country_called(country), state_code(state), city, post))
        for gender, birth, country, state, city, post in zip(genders, births, *places, strict=True)
    ]


def gender_column(frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The column that tells of gender; nothing if none does."""
    learnt = (name for name, one in columns.items() if one.kind in MODELLED and name in frame)
    return next((name for name in learnt if _tells_gender(frame[name])), "")


def birth_column(columns: Mapping[str, Column]) -> str:
    """The column of days of birth; nothing if there is none."""
    return next((name for name in columns if _tells_birth(columns, name)), "")


def agreeing(
    frame: pl.DataFrame, columns: Mapping[str, Column], forms: Sequence[PrivateForm]
) -> list[PrivateForm]:
    """Forms that know whether numbers say the day of birth and the sex that stand beside them."""
    if not any(map(tells_birth, forms)):
        return list(forms)
    some = frame.head(_SAMPLE)
    known = known_of(some, columns)
    made: list[PrivateForm] = []
    for form in forms:
        if not tells_birth(form):
            made.append(form)
            continue
        there = [
            (text, one)
            for text, one in zip(some[form.name].cast(pl.String), known, strict=True)
            if text is not None
        ]
        born, sexed = agreement(
            form.entity,
            [text for text, _ in there],
            [one.birth for _, one in there],
            [one.gender for _, one in there],
        )
        made.append(msgspec.structs.replace(form, born=born, sexed=sexed))
    return made


def days_of(values: pl.Series, column: Column) -> list[date | None]:
    """Dates of a column; None for what is none."""
    seconds = read_column(values, column)[0]
    good = np.isfinite(seconds)
    days = as_datetimes(np.where(good, seconds, 0.0)).dt.date().to_list()
    return [day if there else None for day, there in zip(days, good.tolist(), strict=True)]


def _tells_gender(values: pl.Series) -> bool:
    tokens = values.head(_SAMPLE * 10).unique()
    if len(tokens) > _FEW or tokens.dtype.is_temporal():
        return False
    return is_gender(values.name, tokens.cast(pl.String).sort().to_list())


def _genders(values: pl.Series) -> list[str]:
    texts = values.cast(pl.String)
    told = {one: gender_of(one) for one in texts.unique().drop_nulls()}
    return ["" if one is None else told[one] for one in texts]


def _tells_birth(columns: Mapping[str, Column], name: str) -> bool:
    one = columns[name]
    return one.kind == "date" and (one.entity == "DATE_OF_BIRTH" or is_birth(name))


def _words(values: pl.Series) -> list[str]:
    """What stands in a column, nothing where there is no value."""
    texts = values.cast(pl.String).to_list()
    return ["" if one is None or one.strip().lower() in MISSING else one.strip() for one in texts]
