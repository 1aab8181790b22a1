"""Free text without a table: its private values replaced, and everything said of it left as it is.

What stands in place of a value depends on all texts of the file, so nobody who has not got them can
tell which value a stand-in was made from, though the seed is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.columns import check_path, replaced, split_path
from dataqa.private.finder import check_kinds
from dataqa.private.places import whole
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import About, Replacing
from dataqa.registry import user_assets
from dataqa.tables.notes.mentions import finder, mentions, secret
from dataqa.tables.notes.selves import composed


class Notes(NamedTuple):
    """Texts in which nobody of the original stands.

    Attributes:
        frame: Their columns.
        report: How they were made: rows, seed, scope, columns that were left out.
    """

    frame: pl.DataFrame
    report: dict[str, Any]


def synthetic_notes(
    frame: pl.DataFrame,
    column: str = "text",
    *,
    subject: str = "",
    columns: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Notes:
    """Texts with stand-ins for all that is private in them.

    Args:
        frame: Rows with a column of texts.
        column: That column.
        subject: The column that says whom a row is about: one person is one identity in all rows,
            and dates move by one number of days. Its values become others. Without it each row
            stands alone.
        columns: Other columns that are kept: paths and kinds, as in ``dataqa.scrub``.
        seed: Decides stand-ins, together with the texts themselves.

    Raises:
        InputError: There is no such column, or it holds no text.
    """
    wanted = {column: "scan", **(columns or {})}
    for path in wanted:
        check_path(path, frame.schema)
    check_kinds(wanted.values(), (), user_assets(), "--column")
    if subject and subject not in frame.columns:
        hint = did_you_mean(subject, frame.columns)
        raise InputError(f"there is no column {subject!r}", where="--subject", hint=hint)
    if frame.schema[column] != pl.String:
        raise InputError(f"column {column!r} is {frame.schema[column]}", hint="name one of texts")
    texts = [frame[name] for name, kind in frame.schema.items() if kind == pl.String]
    key = secret(f"dataqa notes {seed}", texts)
    how = Replacing(style="surrogate", scope="subject" if subject else "document", key=key)
    about = _about(frame, subject)
    kept = {column: _without(frame[column], how, about)}
    scanner = finder(asian=False)
    for path, kind in (columns or {}).items():
        series, fields = _parts(frame, path)
        entity = "" if kind == "scan" else kind
        series = kept.get(series.name, series)
        kept[series.name] = replaced(series, fields, entity, scanner, how, about, DOUBT)[0]
    if subject:
        kept[subject] = _renamed(frame[subject], how)
    names = [name for name in frame.columns if name in kept]
    told = {
        "synthetic": True,
        "generator": "dataqa",
        "version": version("dataqa"),
        "model": "surrogates in real texts",
        "seed": seed,
        "rows": frame.height,
        "scope": how.scope,
        "columns": {name: wanted.get(name, "subject") for name in names},
        "left_out": [name for name in frame.columns if name not in kept],
    }
    return Notes(pl.DataFrame([kept[name] for name in names]), told)


def _parts(frame: pl.DataFrame, path: str) -> tuple[pl.Series, list[str]]:
    name, fields = split_path(path, frame.schema)
    return frame[name], fields


def _about(frame: pl.DataFrame, subject: str) -> list[About]:
    rows = [f"row {row}" for row in range(frame.height)]
    if not subject:
        return [About(one) for one in rows]
    whom = frame[subject].cast(pl.String).fill_null("").to_list()
    return [About(one, of) for one, of in zip(rows, whom, strict=True)]


def _renamed(values: pl.Series, how: Replacing) -> pl.Series:
    """Other ids in the place of those of people, no two alike and none of them an old one."""
    texts = values.cast(pl.String)
    made: dict[str, str] = {}
    used = set(texts.drop_nulls())
    for value in texts.drop_nulls().unique(maintain_order=True):
        new = how.replaced("ID", value, About("", ""))
        again = 0
        while new in used:
            again += 1
            new = how.replaced("ID", value, About(f"again {again}", "")) + "0" * (again > 20)
        used.add(new)
        made[value] = new
    return texts.replace_strict(made, default=None, return_dtype=pl.String).alias(values.name)


def _without(texts: pl.Series, how: Replacing, about: list[About]) -> pl.Series:
    """Texts with stand-ins for all that is private in them, days moved."""
    plain = pl.Series([one and whole(one) for one in texts], dtype=pl.String)
    found = mentions(plain, {})
    made = [
        text and composed(text, found[row], [], partial(_replaced, how, about[row]))
        for row, text in enumerate(plain)
    ]
    return pl.Series(texts.name, made, pl.String)


def _replaced(how: Replacing, about: About, entity: str, value: str) -> str:
    return how.replaced(entity, value, about)
