"""``dataqa.scan_text`` and ``dataqa.scrub``: private data in a text, and out of frames.

The recognisers and styles of the steps ``private`` and ``scrub``, without a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.columns import check_path, replaced, split_path
from dataqa.private.finder import Finder, check_kinds, plan
from dataqa.private.packs import USUAL
from dataqa.private.places import in_characters, whole
from dataqa.private.proof import DOUBT
from dataqa.private.replacing import About, Scope, Style
from dataqa.registry import user_assets
from dataqa.steps.scrub import Scrub, read_key
from dataqa.types import TEXT

_ROW, _SUBJECT = "_dataqa_row", "_dataqa_subject"


class Found(NamedTuple):
    """A private value in a text.

    Attributes:
        entity: Its kind, such as ``EMAIL_ADDRESS``.
        start: Its first character.
        end: Behind its last character.
        score: How likely it is one, from 0 to 1.
        recogniser: What found it.
    """

    entity: str
    start: int
    end: int
    score: float
    recogniser: str


def scan_text(
    text: str,
    *,
    packs: Sequence[str] = USUAL,
    entities: Sequence[str] = (),
    names: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
    doubt: float = DOUBT,
) -> list[Found]:
    """Find private values in a text, by place; they do not overlap.

    Args:
        text: Any text.
        packs: Packs of recognisers, or paths of such files.
        entities: Kinds that are looked for; by default all.
        names: What finds names of people, places and organisations, as in the step ``private``.
        languages: Of names: ``en``, ``zh``.
        doubt: Values of a lower score are left out.

    Raises:
        InputError: There is no such pack or kind, or a package is missing that a check takes; or
            what is given is no text.

    >>> scan_text("写信到jane@corp.com", packs=["private/global"], entities=["EMAIL_ADDRESS"])
    [Found(entity='EMAIL_ADDRESS', start=3, end=16, score=0.95, recogniser='global.email')]
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - rows of users
        hint = "leave nulls out, or give a column to dataqa.scrub"
        raise InputError(f"a text is wanted, not {type(text).__name__}", hint=hint)
    text = whole(text)
    rows = _scanner(packs, entities, names, languages).scan(pl.Series([text]), doubt)
    return [
        Found(entity, start, end, score, recogniser)
        for _, entity, recogniser, start, end, score in in_characters(text, rows).iter_rows()
    ]


def scrub[Frame: (pl.DataFrame, pl.LazyFrame)](
    frame: Frame,
    columns: str | Sequence[str] | Mapping[str, str] = (TEXT,),
    *,
    style: Style = "tag",
    key: str = "",
    packs: Sequence[str] = USUAL,
    entities: Sequence[str] = (),
    names: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
    per_entity: Mapping[str, Style] | None = None,
    scope: Scope = "dataset",
    dataset: str = "",
    subject: str | None = None,
    doc_id: str | None = None,
    weekdays: bool = False,
    day_first: bool = False,
    doubt: float = DOUBT,
) -> Frame:
    """Replace private values in columns; the same value in the same way in all of them.

    Every string in lists, structs and strings of JSON is searched; keys and numbers stay.

    Args:
        frame: A polars frame, lazy or not.
        columns: Columns of texts, lists, structs or JSON, or paths of fields, ``meta.author``. A
            mapping says also of which kind the values of a column are, all of them and wholly:
            ``{"note": "scan", "name": "PERSON"}``.
        style: As in the step ``scrub``: ``surrogate``, ``tag``, ``mask``, ``hash``, ``remove``.
        key: For ``surrogate`` and ``hash``: ``env:NAME`` or ``file:PATH``.
        packs: Packs of recognisers.
        entities: Kinds that are replaced; by default all.
        names: What finds names of people, places and organisations, as in the step ``private``.
        languages: Of names: ``en``, ``zh``.
        per_entity: Another style for some kinds.
        scope: As in the step ``scrub``: ``document``, ``subject``, ``dataset`` or ``project``.
        dataset: The dataset's name, for ``scope: dataset``.
        subject: The column that says whom a row is about: dates of one subject move together.
        doc_id: The column with the ids of documents; by default a row's number.
        weekdays: Dates move by whole weeks.
        day_first: ``03/04/2021`` is the third of April.
        doubt: Values of a lower score stay.

    Raises:
        InputError: A column is not there or holds no texts, or there is no key.

    >>> scrub(pl.DataFrame({"text": ["at 8.8.8.8"]}), entities=["IP_ADDRESS"])["text"].to_list()
    ['at <IP_ADDRESS>']
    """
    schema = frame.collect_schema()
    wanted = _wanted(columns)
    for path in wanted:
        check_path(path, schema)
    for name in (subject, doc_id):
        if name is not None:
            _check_ids(name, schema)
    check_kinds([*(per_entity or ()), *wanted.values()], packs, user_assets())
    step = Scrub(
        style=style,
        key=key,
        per_entity=dict(per_entity or {}),
        scope=scope,
        dataset=dataset,
        subject=subject or "",
        weekdays=weekdays,
        day_first=day_first,
    )
    how = step.replacing(read_key(step))
    scanner = _scanner(packs, entities, names, languages) if "scan" in wanted.values() else None
    tops = list(dict.fromkeys(split_path(path, schema)[0] for path in wanted))

    def changed(rows: pl.Series) -> pl.Series:
        docs = rows.struct.unnest()
        about = _about(docs, subject)
        for path, kind in wanted.items():
            name, fields = split_path(path, schema)
            entity = "" if kind == "scan" else kind
            column = docs[name]
            new, _ = replaced(column, fields, entity, scanner, how, about, doubt)
            docs = docs.with_columns(new)
        return docs.select(tops).to_struct(rows.name)

    if taken := {_ROW, _SUBJECT} & {*schema}:
        raise InputError(f"the frame has a column {min(taken)!r}", hint="give it another name")
    beside = [pl.col(subject).alias(_SUBJECT)] if subject else []
    numbered = frame.with_row_index(_ROW)
    numbered = numbered.with_columns(pl.col(doc_id or _ROW).cast(pl.String).alias(_ROW))
    given = pl.struct(*tops, pl.col(_ROW), *beside)
    kind = pl.Struct({name: schema[name] for name in tops})
    made = given.map_batches(changed, return_dtype=kind, is_elementwise=True).alias(_ROW)
    done = numbered.with_columns(made).with_columns(
        pl.col(_ROW).struct.field(name).alias(name) for name in tops
    )
    return done.select(schema.names())


def _wanted(columns: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(columns, Mapping):
        wanted = dict(columns)
    else:
        wanted = dict.fromkeys([columns] if isinstance(columns, str) else columns, "scan")
    if not wanted:
        raise InputError("no column is named", hint='such as columns=["text"]')
    return wanted


def _check_ids(name: str, schema: Mapping[str, pl.DataType]) -> None:
    """See that a column holds one thing a row, which says whose it is.

    Raises:
        InputError: It does not, or there is none.
    """
    if name not in schema:
        hint = did_you_mean(name, schema)
        raise InputError(f"the frame has no column {name!r}", hint=hint)
    if schema[name].is_nested():
        hint = "name a column of texts or numbers"
        raise InputError(f"column {name!r} is {schema[name]}", hint=hint)


def _about(docs: pl.DataFrame, subject: str | None) -> list[About]:
    ids = docs[_ROW].to_list()
    if subject is None:
        return [About(one or "") for one in ids]
    whom = docs[_SUBJECT].cast(pl.String).to_list()
    return [About(one or "", of or "") for one, of in zip(ids, whom, strict=True)]


def _scanner(*asked: str | Sequence[str]) -> Finder:
    return _opened(*((some,) if isinstance(some, str) else tuple(some) for some in asked))


@cache
def _opened(
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    names: tuple[str, ...],
    languages: tuple[str, ...],
) -> Finder:
    return Finder(plan(packs, entities, user_assets(), names, languages))
