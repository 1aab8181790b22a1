"""What is learnt of a table before any model: codings, variables, and forms of private columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Coding, Floats, Variable, code, rounded
from dataqa.tables.columns import MODELLED, SURE, Column
from dataqa.tables.people.known import agreeing
from dataqa.tables.people.owners import with_links
from dataqa.tables.people.private_forms import PrivateForm, form_of
from dataqa.tables.profile import least_rows, present


class Learnt(NamedTuple):
    """A table taken apart.

    Attributes:
        codings: Of each column that is modelled; of the others, of what is missing in them.
        variables: What is modelled, in the order of columns.
        forms: Of each private column or id.
    """

    codings: list[Coding]
    variables: list[Variable]
    forms: list[PrivateForm]


def learn(frame: pl.DataFrame, columns: Mapping[str, Column]) -> Learnt:
    """Take a table apart.

    Raises:
        InputError: A column looks like an id that nobody declared, or holds free text; or a hint
            says what its values are not.
    """
    _check(columns)
    codings: list[Coding] = []
    variables: list[Variable] = []
    forms: list[PrivateForm] = []
    for name, column in columns.items():
        if column.kind == "surrogate":
            continue
        if column.kind in MODELLED:
            coding, made = code(frame[name], column, len(codings))
        else:
            coding, made, form = _private(frame[name], column, len(codings))
            forms.append(form)
        codings.append(coding)
        variables += made
    if not variables:
        hint = "leave columns of ids and names to a table that has others too"
        raise InputError("no column is left from which anything can be learnt", hint=hint)
    forms = agreeing(frame, columns, with_links(frame.select(list(columns)), forms))
    return Learnt(codings, variables, forms)


def as_written(learnt: Learnt) -> list[Floats]:
    """The values of all variables with as many places as they are written with."""
    return [
        one.values if one.size else rounded(one.values, learnt.codings[one.column].decimals)
        for one in learnt.variables
    ]


def taken(learnt: Learnt, names: Collection[str]) -> Learnt:
    """Some columns of a table that is taken apart."""
    kept = [at for at, one in enumerate(learnt.codings) if one.name in names]
    return Learnt(
        [learnt.codings[at] for at in kept],
        [
            one._replace(column=kept.index(one.column))
            for one in learnt.variables
            if one.column in kept
        ],
        [one for one in learnt.forms if one.name in names],
    )


def _check(columns: Mapping[str, Column]) -> None:
    doubtful = [name for name, one in columns.items() if one.kind == "id" and one.confidence < SURE]
    if doubtful:
        name = doubtful[0]
        others = f" (and {', '.join(doubtful[1:])})" if doubtful[1:] else ""
        raise InputError(
            f"looks like an identifier that nobody declared: {columns[name].why}{others}",
            where=name,
            hint=f"say in --hints what it is, columns: {{{name}: {{kind: id}}}} for new ids, or"
            " kind: drop, category, integer, date, or private with an entity",
        )
    for name, one in columns.items():
        if one.kind == "text":
            hint = (
                f"in --hints, columns: {{{name}: {{kind: drop}}}} leaves it out, and kind:"
                " surrogate takes real texts with stand-ins in them: read docs/tables.md first"
            )
            raise InputError("free text is not synthesised", where=name, hint=hint)
        if one.kind == "private" and not one.entity:
            hint = f"columns: {{{name}: {{kind: private, entity: PERSON}}}}"
            raise InputError("a private column needs an entity", where=name, hint=hint)


def _private(
    values: pl.Series, column: Column, number: int
) -> tuple[Coding, list[Variable], PrivateForm]:
    """Of a private column only its form is learnt, and which rows have no value."""
    texts = values.cast(pl.String)
    there = present(texts)
    if not len(there):
        raise InputError("there is no value in it", where=values.name, hint="kind: empty")
    least = least_rows(len(values))
    form = form_of(there, "ID" if column.kind == "id" else column.entity, least)
    plain = texts.str.strip_chars().str.to_lowercase()
    known = set(there.str.strip_chars().str.to_lowercase().to_list())
    missing = (texts.is_null() | ~plain.is_in(list(known))).fill_null(value=True).to_numpy()
    coding = Coding(values.name, column.kind, [""])
    if not missing.any():
        return coding, [], form
    blanks: list[str | None] = texts.filter(missing).unique().sort().to_list()
    usual = None if None in blanks else blanks[0]
    coding = Coding(values.name, column.kind, ["", usual])
    return coding, [Variable(number, 2, missing.astype(np.float64), np.empty(0))], form
