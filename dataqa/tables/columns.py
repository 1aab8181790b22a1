"""What a column of a table is, as a profile tells it and as hints may say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec
import polars as pl
import yaml

from dataqa.errors import InputError, did_you_mean
from dataqa.private.finder import check_kinds
from dataqa.registry import user_assets
from dataqa.tables.people.named import OF_TABLES, entity_of, place_of
from dataqa.yamlfile import YamlFile, read_yaml

Kind = Literal[
    "id",
    "category",
    "boolean",
    "integer",
    "decimal",
    "date",
    "text",
    "constant",
    "empty",
    "private",
    "drop",
    "surrogate",
]
KINDS: tuple[str, ...] = get_args(Kind)
NUMBERS = frozenset({"integer", "decimal", "date"})
MODELLED = frozenset({"category", "boolean", "constant", "empty", *NUMBERS})
"""Kinds that a model learns; of the others nothing is learnt but the form."""
SURE = 0.8
"""From this confidence on a column that seems to hold ids is taken for one without a hint."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one column is.

    Attributes:
        kind: ``id`` a key that only tells rows apart; ``category``; ``boolean``; ``integer``;
            ``decimal``; ``date``; ``text`` free text; ``constant``; ``empty``; ``private`` values
            of a person; in hints only: ``drop``, leave it out, and ``surrogate``, free text that is
            taken from real rows, with the synthetic person in the place of the real one.
        entity: Of private values: which, such as ``EMAIL_ADDRESS``, ``GIVEN_NAME``.
        format: Of dates: how they are written, as ``strptime`` has it; with epsilon also of numbers
            and of private values: an example, such as ``$1,234.50``.
        confidence: How sure the profile is, from 0 to 1; a hint is 1.
        why: What it was told by.
        like: Of texts: columns in which the row that one is taken from is like the synthetic row.
        values: With epsilon: all that may stand there, if it need not be found out.
        low: With epsilon: the least number or day, if it need not be found out.
        high: The largest.
    """

    kind: Kind
    entity: str = ""
    format: str = ""
    confidence: float = 1.0
    why: str = ""
    like: tuple[str, ...] = ()
    values: tuple[str | None, ...] = ()
    low: Any = None
    high: Any = None


def check_frame(frame: pl.DataFrame, least: int = 1) -> None:
    """See that a frame is one that can be looked at.

    Raises:
        InputError: It has too few rows, no columns or too many, or lists, structs or bytes.
    """
    if not frame.width:
        raise InputError("the table has no columns")
    if frame.width > MOST_COLUMNS:
        hint = f"at most {MOST_COLUMNS}: choose those that are used together"
        raise InputError(f"{frame.width:,} columns are too many for a model", hint=hint)
    if frame.height < least:
        hint = f"at least {least}: from fewer, nothing can be learnt that is nobody's"
        raise InputError(f"{frame.height} rows are too few", hint=hint)
    for name, kind in frame.schema.items():
        if kind.is_nested() or str(kind) in {"Binary", "Object", "Time", "Duration"}:
            hint = "write it as text, numbers or dates, or give the table without that column"
            raise InputError(f"a column of {kind}", where=name, hint=hint)


MOST_COLUMNS = 300
"""Every pair of columns is looked at, so that there is a limit."""


def read_hints(path: Path) -> dict[str, Column]:
    """Hints as ``dataqa profile -o`` writes them.

    Raises:
        InputError: It is no such file.
    """
    file = read_yaml(path)
    if not isinstance(file.value, dict) or set(file.value) != {"columns"}:
        raise InputError("hints begin with columns:", where=str(path), hint="columns: {age: …}")
    names = file.value["columns"]
    if not isinstance(names, dict):
        raise InputError("columns must be a mapping", where=file.where("columns"))
    return {name: hint_at(file, "columns", name) for name in names}


def hint_at(file: YamlFile, *path: str | int) -> Column:
    """A hint: a mapping, or a kind alone.

    Raises:
        InputError: It is neither.
    """
    value = file.at(*path)
    if isinstance(value, str):
        check_kind(value, file.where(*path))
        return Column(cast("Kind", value))
    if isinstance(value, dict):
        check_kind(value.get("kind"), file.where(*path, "kind"))
    one = file.struct(Column, *path)
    check_entity(one.entity, file.where(*path, "entity"))
    return one


def check_kind(kind: object, where: str) -> None:
    """See that there is such a kind; what is no text is left to whoever reads it.

    Raises:
        InputError: There is none.
    """
    if isinstance(kind, str) and kind not in KINDS:
        raise InputError(f"there is no kind {kind!r}", where=where, hint=did_you_mean(kind, KINDS))


def check_entity(entity: str, where: str) -> None:
    """See that there is such an entity: a misspelt one would be a kind of its own.

    Raises:
        InputError: No recogniser finds it, and nothing stands for it.
    """
    if entity and entity not in OF_TABLES:
        check_kinds([entity], (), user_assets(), where)


def write_hints(columns: Mapping[str, Column]) -> str:
    """A profile as YAML that can be edited and read again."""
    told = {"columns": {name: msgspec.to_builtins(one) for name, one in columns.items()}}
    head = (
        "# What each column is. Change what is wrong, and give this file to dataqa synth --hints.\n"
        f"# Kinds: {', '.join(KINDS)}.\n"
    )
    return head + yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120)


def with_hints(
    columns: Mapping[str, Column],
    hints: Mapping[str, Column | str | Mapping[str, Any]],
    where: str = "hints",
) -> dict[str, Column]:
    """A profile in which hints have the last word; what a hint says is sure.

    Args:
        columns: The profile.
        hints: By name: a ``Column``, its fields, or its kind alone.
        where: What a message names.

    Raises:
        InputError: There is no such column or kind.
    """
    known = dict(columns)
    for name, hint in hints.items():
        if name not in known:
            raise InputError(f"no column {name!r}", where=where, hint=did_you_mean(name, known))
        given = {"kind": hint} if isinstance(hint, str) else hint
        if isinstance(given, Mapping):
            check_kind(given.get("kind"), f"{where}, {name}")
        try:
            one = given if isinstance(given, Column) else msgspec.convert(given, Column)
        except msgspec.ValidationError as error:
            raise InputError(str(error), where=f"{where}, {name}") from None
        check_entity(one.entity, f"{where}, {name}")
        if one.kind == "private" and not one.entity:
            entity = entity_of(name) or place_of(name) or columns[name].entity
            one = msgspec.structs.replace(one, entity=entity)
        for other in one.like:
            if other not in known:
                raise InputError(
                    f"no column {other!r}",
                    where=f"{where}, {name}, like",
                    hint=did_you_mean(other, known),
                )
        # a profile that was written and not edited is no more than a profile
        known[name] = one
    return known
