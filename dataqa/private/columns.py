"""Private data in columns of any type: every string in lists, structs and JSON, keys untouched.

A column is named by a path, ``meta.author``, whose first part is the column; what it leads to is
searched with all that is in it. The name of the field that holds a string stands before it when it
is searched, as a form has it: so ``"ssn": "536904399"`` is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.private.finder import Finder
from dataqa.private.places import whole
from dataqa.private.replacing import About, Replacing
from dataqa.types import TEXT

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?P<key>\s*:)?')
_JSON = re.compile(r"\s*[\[{]")


class Value(NamedTuple):
    """A string in a column: its row, and the name of the field that holds it."""

    row: int
    field: str
    text: str


class Hit(NamedTuple):
    """A private value that was replaced: its row, kind and score."""

    row: int
    entity: str
    score: float


type _Put = Callable[[Value], str]


def check_path(path: str, schema: Mapping[str, Any], where: str = "") -> None:
    """See that a path leads to strings.

    Raises:
        InputError: There is no such column or field, or it can hold no text.
    """
    name, fields = split_path(path, schema)
    if name not in schema:
        hint = did_you_mean(name, list(schema))
        raise InputError(f"there is no column {name!r}", where=where, hint=hint)
    kind = schema[name]
    for field in fields:
        kind = _inner(kind)
        known = {one.name: one.dtype for one in kind.fields} if kind == pl.Struct else {}
        if field not in known:
            hint = did_you_mean(field, known) if known else f"{name!r} is {schema[name]}"
            raise InputError(f"{path!r} has no field {field!r}", where=where, hint=hint)
        kind = known[field]
    if not _holds_text(kind):
        hint = "name a column of texts, lists, structs or JSON; or cast it to pl.String"
        raise InputError(f"column {path!r} is {kind}", where=where, hint=hint)


def replaced(
    column: pl.Series,
    fields: Sequence[str],
    entity: str,
    scanner: Finder | None,
    how: Replacing,
    about: Sequence[About],
    doubt: float,
) -> tuple[pl.Series, list[Hit]]:
    """A column with its private values replaced.

    Args:
        column: Of strings, lists, structs, or strings of JSON.
        fields: The rest of the path.
        entity: The kind that each whole string is of; nothing: strings are searched.
        scanner: What searches them.
        how: How values are replaced.
        about: The document of each row.
        doubt: Values of a lower score stay.

    Returns:
        The column, of the same type, and what was replaced.
    """
    found = strings(column, fields)
    made, hits = (
        _wholes(found, entity, how, about)
        if entity
        else _searched(found, scanner, how, about, doubt)
    )
    if not hits:
        return column, []
    new = iter(made)
    exact = _exact(column.dtype)
    told = [
        _mapped(value, fields, Value(row, column.name, ""), lambda _: next(new))
        for row, value in enumerate(column.cast(exact).to_list())
    ]
    return pl.Series(column.name, told, exact).cast(column.dtype), hits


def strings(column: pl.Series, fields: Sequence[str]) -> list[Value]:
    """Every string below a path of a column, by row."""
    found: list[Value] = []

    def note(value: Value) -> str:
        found.append(value)
        return value.text

    for row, value in enumerate(column.to_list()):
        _mapped(value, fields, Value(row, column.name, ""), note)
    return found


def split_path(path: str, columns: Collection[str]) -> tuple[str, list[str]]:
    """A column and the fields below it; a column may have a dot in its own name.

    >>> split_path("meta.author", ["meta"]), split_path("a.b", ["a.b"])
    (('meta', ['author']), ('a.b', []))
    """
    name, *fields = [path] if path in columns else path.split(".")
    return name, fields


def _mapped(value: Any, fields: Sequence[str], at: Value, put: _Put) -> Any:
    """A value with each string below a path put through a function, in order."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_mapped(one, fields, at, put) for one in value]
    if isinstance(value, dict):
        wanted = fields[:1]
        return {
            key: _mapped(one, fields[1:], at._replace(field=key), put)
            if not wanted or key in wanted
            else one
            for key, one in value.items()
        }
    if not isinstance(value, str) or fields:
        return value
    if _JSON.match(value) and _is_json(value):
        return _in_json(value, at, put)
    return put(at._replace(text=value))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_json(text: str, at: Value, put: _Put) -> str:
    """JSON with its strings put through a function; all that is no value stays byte for byte."""
    field = at.field

    def token(match: re.Match[str]) -> str:
        nonlocal field
        written = match.group()
        if match["key"]:
            field = json.loads(written.removesuffix(match["key"]))
            return written
        value = whole(json.loads(written))
        new = put(at._replace(field=field, text=value))
        return written if new == value else json.dumps(new, ensure_ascii=written.isascii())

    return _TOKEN.sub(token, text)


def _wholes(
    values: Sequence[Value], entity: str, how: Replacing, about: Sequence[About]
) -> tuple[list[str], list[Hit]]:
    made = [
        how.replaced(entity, one.text, about[one.row]) if one.text.strip() else one.text
        for one in values
    ]
    changed = zip(values, made, strict=True)
    return made, [Hit(one.row, entity, 1.0) for one, new in changed if new != one.text]


def _searched(
    values: Sequence[Value],
    scanner: Finder | None,
    how: Replacing,
    about: Sequence[About],
    doubt: float,
) -> tuple[list[str], list[Hit]]:
    made = [one.text for one in values]
    hits: list[Hit] = []
    if scanner is None or not values:
        return made, hits
    heads = [head_of(one.field) for one in values]
    texts = pl.Series([head + one.text for head, one in zip(heads, values, strict=True)])
    for at, spans in _spans(scanner.scan(texts, doubt)):
        start = len(heads[at].encode())
        mine = [(kind, low - start, high - start) for kind, low, high, _ in spans if low >= start]
        made[at], edits = how.without(made[at], mine, about[values[at].row])
        scores = {low - start: score for _, low, _, score in spans}
        hits += [Hit(values[at].row, kind, scores[edit.start]) for kind, edit in edits]
    return made, hits


def head_of(field: str) -> str:
    """What is put before a string when it is searched: its field's name, where that says anything.

    >>> head_of("ssn"), head_of("text")
    ('ssn: ', '')
    """
    return "" if field == TEXT else f"{field}: "


def _spans(found: pl.DataFrame) -> Iterator[tuple[int, list[tuple[str, int, int, float]]]]:
    for (row,), mine in found.group_by("row", maintain_order=True):
        yield int(str(row)), mine.select("entity", "start", "end", "score").rows()


def _exact(kind: Any) -> Any:
    """A type with whole numbers in the place of times, whose nanoseconds Python does not have."""
    if kind == pl.List:
        return pl.List(_exact(kind.inner))
    if kind == pl.Array:
        return pl.Array(_exact(kind.inner), kind.size)
    if kind == pl.Struct:
        return pl.Struct({field.name: _exact(field.dtype) for field in kind.fields})
    return pl.Int64 if kind in (pl.Datetime, pl.Duration, pl.Time) else kind


def _inner(kind: Any) -> Any:
    while kind in (pl.List, pl.Array):
        kind = kind.inner
    return kind


def _holds_text(kind: Any) -> bool:
    kind = _inner(kind)
    if kind == pl.Struct:
        return any(_holds_text(field.dtype) for field in kind.fields)
    return kind == pl.String
