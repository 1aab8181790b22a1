"""A table learnt with epsilon: all that looks at it is noisy and paid for, or is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.coding import Coding
from dataqa.tables.columns import MODELLED, Column, with_hints
from dataqa.tables.learning.trees import Floats
from dataqa.tables.noisy.accounting import Ledger, Privacy, said
from dataqa.tables.noisy.fields import Field
from dataqa.tables.noisy.finding import find_fields
from dataqa.tables.noisy.fitting import Measured
from dataqa.tables.noisy.forms import bare_form
from dataqa.tables.noisy.kinds import kinds_of
from dataqa.tables.noisy.measuring import Rows, measure
from dataqa.tables.noisy.model import Noisy, sizes_of
from dataqa.tables.noisy.noise import Source, secret_bits, seeded_bits
from dataqa.tables.people.apart import BY_CHANCE
from dataqa.tables.people.private_forms import PrivateForm

_REPEATED = 0.98
_SURE = 3.0
"""Standard deviations of noise from which on something is there."""


class Released(NamedTuple):
    """What may be known of a table.

    Attributes:
        columns: What its columns are.
        codings: How each is written.
        forms: Of private columns, forms that nobody's values told.
        columns_of: Of each variable, the number of its coding.
        model: What draws variables.
        rows: About how many rows there are.
        spent: What is promised and what it was spent on.
    """

    columns: dict[str, Column]
    codings: list[Coding]
    forms: list[PrivateForm]
    columns_of: list[int]
    model: Noisy
    rows: int
    spent: dict[str, Any]


def learn_noisy(
    frame: pl.DataFrame,
    hints: Mapping[str, Column | str | Mapping[str, Any]],
    privacy: Privacy,
    noise_seed: int | None = None,
) -> Released:
    """Learn a table so that nobody's presence changes much.

    Args:
        frame: The table.
        hints: What is declared of its columns.
        privacy: What is promised.
        noise_seed: Decides the noise, for tests; by default it is secret.

    Raises:
        InputError: It cannot be promised, or a column cannot be learnt so.
    """
    privacy.check()
    source: Source = secret_bits if noise_seed is None else seeded_bits(noise_seed)
    nothing = {name: Column("empty") for name in frame.columns}
    known = {name: one for name, one in with_hints(nothing, hints).items() if name in hints}
    frame = _of_persons(frame, privacy)
    ledger = Ledger(privacy.rho)
    told = kinds_of(frame, known, privacy.most, ledger, source)
    columns = {name: one for name, one in told.items() if one.kind != "drop"}
    _check(frame, columns, privacy)
    modelled = {name: one for name, one in columns.items() if one.kind in MODELLED}
    if not modelled:
        raise InputError("no column is left from which anything can be learnt", where="epsilon")
    fields = find_fields(frame, modelled, privacy, ledger, source)
    codes = [one.codes(frame[one.coding.name]) for one in fields]
    sizes = [one.size for one in fields]
    joint, total, single = measure(Rows(codes, sizes, privacy.most), ledger, source)
    # the last code is for what nobody declared or found, and is not written
    only = {at: _written(one, single[at]) for at, one in enumerate(fields)}
    model = Noisy(fields, joint.only(only))
    coded = {one.coding.name: one.coding for one in fields}
    codings = [coded.get(name) or Coding(name, one.kind, [""]) for name, one in columns.items()]
    places = {one.name: at for at, one in enumerate(codings)}
    return Released(
        columns,
        codings,
        [
            bare_form(name, one, frame.schema[name])
            for name, one in columns.items()
            if one.kind not in MODELLED
        ],
        [places[one.coding.name] for one in fields for _ in sizes_of(one)],
        model,
        max(round(total), 1),
        said(privacy, ledger.told(), secret=noise_seed is None),
    )


def _written(field: Field, counted: Measured) -> Floats:
    """Which codes are written: not the last; and nothing only where it is met at times."""
    mask = np.ones(field.size)
    mask[-1] = 0.0
    if None in field.coding.tokens and field.size > 2:
        at = field.coding.tokens.index(None)
        mask[at] = float(counted.counts[at] > _SURE * counted.sigma)
    return mask


def _of_persons(frame: pl.DataFrame, privacy: Privacy) -> pl.DataFrame:
    """Rows that count: of each person the first ones."""
    if not privacy.person:
        return frame
    if privacy.person not in frame.columns:
        hint = did_you_mean(privacy.person, frame.columns)
        raise InputError(f"no column {privacy.person!r}", where="person", hint=hint)
    of = pl.col(privacy.person)
    return frame.filter(of.is_null() | (pl.int_range(pl.len()).over(of) < privacy.most))


def _check(frame: pl.DataFrame, columns: Mapping[str, Column], privacy: Privacy) -> None:
    """See that rows are of as many people as is promised, and that no column is free text."""
    for name, one in columns.items():
        if one.kind in {"text", "surrogate"}:
            hint = f"in --hints, columns: {{{name}: {{kind: drop}}}}"
            raise InputError("free text has no epsilon", where=name, hint=hint)
        if one.kind == "private" and not one.entity:
            hint = f"columns: {{{name}: {{kind: private, entity: PERSON}}}}"
            raise InputError("a private column needs an entity", where=name, hint=hint)
        tells = one.kind == "id" or (one.kind == "private" and one.entity not in BY_CHANCE)
        if tells and not privacy.person:
            values = frame[name].drop_nulls()
            if len(values) > 1 and values.n_unique() < _REPEATED * len(values):
                hint = (
                    f"--person {name} --rows-each N, so that epsilon is for all of one person's"
                    " rows; or kind: drop, if it tells of no person"
                )
                raise InputError("rows share its values", where=name, hint=hint)
