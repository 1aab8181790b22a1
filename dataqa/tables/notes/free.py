"""Free text without a table: its private values replaced, and everything said of it left as it is.

What stands in place of a value depends on all texts of the file, so nobody who has not got them can
tell which value a stand-in was made from, though the seed is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.columns import check_path, replaced, split_path
from dataqa.private.finder import check_kinds
from dataqa.private.leaks import SHORTEST
from dataqa.private.places import whole
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import About, Replacing
from dataqa.registry import user_assets
from dataqa.tables.notes.mentions import Mention, finder, mentions, places, secret
from dataqa.tables.notes.originals import Put, check_rewriting, named_of, values_of
from dataqa.tables.notes.rewriting import REWRITTEN, Rewriting, Source, about, rewrite
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
    rewriting: Rewriting | None = None,
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
        rewriting: Has a language model say each text once more, when stand-ins are in it.

    Raises:
        InputError: There is no such column, or it holds no text.
        RunError: The model's endpoint does not work.
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
    if rewriting:
        check_rewriting(frame, {*wanted, subject}, rewriting)
    texts = [frame[name] for name, kind in frame.schema.items() if kind == pl.String]
    key = secret(f"dataqa notes {seed}", texts)
    how = Replacing(style="surrogate", scope="subject" if subject else "document", key=key)
    about_rows = _about(frame, subject)
    ids = _renames(frame[subject], how) if subject else {}
    put = _without(frame[column], how, about_rows, ids)
    kept = {column: put.texts}
    scanner = finder(asian=False)
    for path, kind in (columns or {}).items():
        series, fields = _parts(frame, path)
        entity = "" if kind == "scan" else kind
        series = kept.get(series.name, series)
        series = replaced(series, fields, entity, scanner, how, about_rows, DOUBT)[0]
        kept[series.name] = _with_ids(series, how, ids) if series.dtype == pl.String else series
    if subject:
        whose = frame[subject].cast(pl.String)
        kept[subject] = whose.replace_strict(ids, default=None, return_dtype=pl.String)
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
    made = pl.DataFrame([kept[name] for name in names])
    if rewriting is None:
        return Notes(made, told)
    others = {subject: "ID"} if subject else {}
    others |= {path: kind for path, kind in (columns or {}).items() if path in frame.columns}
    source = Source(
        put.texts.to_list(),
        put.put,
        named_of(frame, rewriting),
        values_of(frame, put, others),
    )
    done = rewrite(source, rewriting)
    new = (pl.Series(column, done.texts, pl.String), pl.Series(REWRITTEN, done.rewritten))
    told["rewriting"] = about(rewriting, done)
    return Notes(made.with_columns(*new), told)


def _parts(frame: pl.DataFrame, path: str) -> tuple[pl.Series, list[str]]:
    name, fields = split_path(path, frame.schema)
    return frame[name], fields


def _about(frame: pl.DataFrame, subject: str) -> list[About]:
    rows = [f"row {row}" for row in range(frame.height)]
    if not subject:
        return [About(one) for one in rows]
    whom = frame[subject].cast(pl.String).fill_null("").to_list()
    return [About(one, of) for one, of in zip(rows, whom, strict=True)]


def _renames(values: pl.Series, how: Replacing) -> dict[str, str]:
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
    return made


def _without(
    texts: pl.Series, how: Replacing, about_rows: list[About], ids: Mapping[str, str]
) -> Put:
    """Texts with stand-ins for all that is private in them, days moved, ids of subjects renamed."""
    plain = [one and whole(one) for one in texts]
    # no recogniser knows a firm's own ids
    found = mentions(pl.Series(plain, dtype=pl.String), dict.fromkeys(_telling(ids), "ID"))
    mentioned = [found.get(row, []) for row in range(len(plain))]
    put: list[list[str]] = [[] for _ in plain]
    made = [
        text
        and composed(
            *(text, mentioned[row], []),
            partial(_replaced, how, about_rows[row], ids, put[row]),
        )
        for row, text in enumerate(plain)
    ]
    return Put(pl.Series(texts.name, made, pl.String), plain, mentioned, put)


def _with_ids(texts: pl.Series, how: Replacing, ids: Mapping[str, str]) -> pl.Series:
    """Texts of another column in which ids of subjects are the new ones, too."""
    known = _telling(ids)
    if not known:
        return texts
    rename = partial(_replaced, how, About(), ids, [])
    found = texts.str.extract_many(known, overlapping=True)
    made = [
        composed(text, [Mention("ID", *at) for one in some for at in places(text, one)], [], rename)
        if text and some is not None and len(some)
        else text
        for text, some in zip(texts, found, strict=True)
    ]
    return pl.Series(texts.name, made, pl.String)


def _telling(ids: Iterable[str]) -> list[str]:
    """Ids that can be looked for, the longest first; shorter ones are in every text."""
    return sorted((one for one in ids if len(one) >= SHORTEST), key=lambda one: (-len(one), one))


def _replaced(
    how: Replacing, of: About, ids: Mapping[str, str], put: list[str], entity: str, value: str
) -> str:
    """What stands in for a value, which is noted."""
    new = ids[value] if entity == "ID" and value in ids else how.replaced(entity, value, of)
    if entity != "AGE":  # its number stays, which is looked at as such
        put.append(new)
    return new
