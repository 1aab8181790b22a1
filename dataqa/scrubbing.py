"""``dataqa.scan_text`` and ``dataqa.scrub``: private data in a text, and out of frames.

The recognisers and styles of the steps ``private`` and ``scrub``, without a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.finder import Finder, plan
from dataqa.private.packs import USUAL
from dataqa.private.proof import DOUBT
from dataqa.registry import user_assets
from dataqa.steps.scrub import Scrub, Style, read_key
from dataqa.types import TEXT


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
        InputError: There is no such pack or kind, or a package is missing that a check takes.

    >>> scan_text("写信到jane@corp.com", packs=["private/global"], entities=["EMAIL_ADDRESS"])
    [Found(entity='EMAIL_ADDRESS', start=3, end=16, score=0.95, recogniser='global.email')]
    """
    rows = _scanner(packs, entities, names, languages).scan(pl.Series([text]), doubt)
    data = text.encode()
    return [
        Found(entity, len(data[:start].decode()), len(data[:end].decode()), score, recogniser)
        for _, entity, recogniser, start, end, score in rows.iter_rows()
    ]


def scrub[Frame: (pl.DataFrame, pl.LazyFrame)](
    frame: Frame,
    columns: str | Sequence[str] = (TEXT,),
    *,
    style: Style = "tag",
    key: str = "",
    packs: Sequence[str] = USUAL,
    entities: Sequence[str] = (),
    names: Sequence[str] = (),
    languages: Sequence[str] = ("en",),
    per_entity: Mapping[str, Style] | None = None,
    doubt: float = DOUBT,
) -> Frame:
    """Replace private values in columns of texts; the same value in the same way in all of them.

    Args:
        frame: A polars frame, lazy or not.
        columns: Columns of type String.
        style: As in the step ``scrub``: ``surrogate``, ``tag``, ``mask``, ``hash``, ``remove``.
        key: For ``surrogate`` and ``hash``: ``env:NAME`` or ``file:PATH``.
        packs: Packs of recognisers.
        entities: Kinds that are replaced; by default all.
        names: What finds names of people, places and organisations, as in the step ``private``.
        languages: Of names: ``en``, ``zh``.
        per_entity: Another style for some kinds.
        doubt: Values of a lower score stay.

    Raises:
        InputError: A column is not there or holds no texts, or there is no key.

    >>> scrub(pl.DataFrame({"text": ["at 8.8.8.8"]}), entities=["IP_ADDRESS"])["text"].to_list()
    ['at <IP_ADDRESS>']
    """
    schema = frame.collect_schema()
    columns = [columns] if isinstance(columns, str) else columns
    for name in columns:
        if name not in schema:
            hint = did_you_mean(name, schema.names())
            raise InputError(f"the frame has no column {name!r}", hint=hint)
        if schema[name] != pl.String:
            raise InputError(f"column {name!r} is {schema[name]}", hint="cast it to pl.String")
    step = Scrub(style=style, key=key, per_entity=dict(per_entity or {}))
    secret = read_key(step)
    scanner = _scanner(packs, entities, names, languages)

    def replaced(texts: pl.Series) -> pl.Series:
        return _replaced(texts, scanner, step, secret, doubt)

    made = pl.col(columns).map_batches(replaced, return_dtype=pl.String, is_elementwise=True)
    return frame.with_columns(made)


def _replaced(texts: pl.Series, scanner: Finder, step: Scrub, key: bytes, doubt: float) -> Any:
    new = texts.to_list()
    found = scanner.scan(texts, doubt)
    for (row,), mine in found.group_by("row", maintain_order=True):
        spans = mine.select("entity", "start", "end").iter_rows()
        new[row], _ = step.without(new[row], spans, key)
    return pl.Series(texts.name, new, pl.String)


def _scanner(*asked: Sequence[str]) -> Finder:
    return _opened(*(tuple(some) for some in asked))


@cache
def _opened(
    packs: tuple[str, ...],
    entities: tuple[str, ...],
    names: tuple[str, ...],
    languages: tuple[str, ...],
) -> Finder:
    return Finder(plan(packs, entities, user_assets(), names, languages))
