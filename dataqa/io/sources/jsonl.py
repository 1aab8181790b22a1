"""JSON lines: each line one record; a line that is not one is damaged, and only that line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, cast

import msgspec
import polars as pl

from dataqa.io.sources.assembling import too_large
from dataqa.io.sources.columns import id_name
from dataqa.io.sources.pieces import RESCUED, Bad, Part, Piece, Reading, Unreadable
from dataqa.io.sources.streams import as_text, blocks, lines
from dataqa.io.sources.values import Column, as_json, build, column

_decode = msgspec.json.Decoder().decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def parts(piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]) -> Iterator[Part]:
    """Read a piece in parts of about ``batch_bytes``.

    Raises:
        Unreadable: Where the file breaks off, after yielding all lines before.
    """
    plan = _Plan(
        {name: column(kind) for name, kind in schema.items() if name != RESCUED},
        reading.text_column,
        id_name(schema, reading),
        reading.max_document,
    )
    held: list[bytes] = []
    size, number = 0, piece.first
    try:
        for found in numbered(piece, reading.max_document):
            number = number if held else found.first
            for line in found.lines:
                held.append(line)
                size += len(line)
                if size >= reading.batch_bytes:
                    yield parse(held, number, plan)
                    number += len(held)
                    held, size = [], 0
    except Unreadable as fault:
        if held:
            yield parse(held, number, plan)
        raise fault.at(number + len(held), fault.raw) from None
    if held:
        yield parse(held, number, plan)


class Numbered(NamedTuple):
    """Some lines and the number of the first one."""

    first: int
    lines: list[bytes]


def numbered(piece: Piece, most: int) -> Iterator[Numbered]:
    """The lines that begin in a piece, blank ones too, with their number in the file.

    A piece may begin anywhere; a line belongs to the piece that holds its first byte.
    """
    begin = max(0, piece.start - 1)
    source = blocks(piece.path, piece.compression, begin)
    if not piece.start and piece.compression != "lz4":  # lz4: a spooled part of a file
        source = as_text(source, piece.path)
    number = piece.first
    partial = piece.start > 0
    for found in lines(source, most, piece.end - begin if piece.end >= 0 else -1):
        if partial:
            number += bool(found.pop(0))
            partial = False
        yield Numbered(number, found)
        number += len(found)


def count(piece: Piece, reading: Reading, most: int) -> int:
    """How many lines a piece has that are not blank; it stops at ``most`` or at a fault."""
    rows = 0
    try:
        for found in numbered(piece, reading.max_document):
            rows += sum(1 for line in found.lines if line and not line.isspace())
            if rows >= most:
                break
    except Unreadable:
        rows += 1  # what quarantine makes of the rest
    return rows


class _Plan(NamedTuple):
    columns: Mapping[str, Column]
    text: str
    id: str | None
    most: int


def parse(found: Sequence[bytes], first: int, plan: _Plan) -> Part:
    """Turn lines into columns; ``first`` is the number of the first line."""
    rows: list[dict[str, Any]] = []
    positions: list[int] = []
    bad: list[Bad] = []
    for number, line in enumerate(found, first):
        try:
            row: Any = _decode(line)
        except _REFUSED:
            if not line or line.isspace():
                continue
            row = _second_look(line)
        if type(row) is dict and type(row.get(plan.text)) is str and len(line) <= plan.most:
            rows.append(row)
            positions.append(number)
        else:
            bad.append(Bad(number, _fault(row, line, plan), line))
    return _part(rows, pl.Series(positions, dtype=pl.UInt64), bad, plan)


class Broken(NamedTuple):
    """Why a line is no JSON."""

    why: str


def decoded(line: bytes) -> Any:
    """What a line holds, or why it is no JSON."""
    try:
        return _decode(line)
    except _REFUSED:
        return _second_look(line)


def _second_look(line: bytes) -> Any:
    """Decode what msgspec refuses but Python writes (NaN, Infinity), or say what is wrong."""
    try:
        row = json.loads(line.decode())
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        return Broken(f"invalid UTF-8 at byte {error.start} (find out its encoding and convert it)")
    except UnicodeEncodeError:
        return Broken("a lone surrogate (half of a \\u pair) that is no character")
    except json.JSONDecodeError as error:
        return Broken(f"broken JSON at character {error.pos}: {error.msg}")
    except RecursionError:
        return Broken("JSON nested too deeply")
    except ValueError:
        return Broken("a number of too many digits")
    return row


def _fault(row: Any, line: bytes, plan: _Plan) -> str:
    if len(line) > plan.most:
        return too_large(plan.most)
    if isinstance(row, Broken):
        return row.why
    if not isinstance(row, dict):
        return f"a JSON {_kind(row)}, not an object (one {{...}} on each line is asked for)"
    if plan.text not in row:
        return f"no key {plan.text!r} (another one can be named with --text-column)"
    return f"key {plan.text!r} is {_kind(cast('dict[str, Any]', row)[plan.text])}, not text"


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", list: "array", dict: "object", str: "text"}
    return names.get(type(value), "number")


def _part(rows: list[dict[str, Any]], positions: pl.Series, bad: list[Bad], plan: _Plan) -> Part:
    columns: list[pl.Series] = []
    rescued: dict[int, dict[str, Any]] = {}
    for name, kind in plan.columns.items():
        series, odd = build(rows, name, kind)
        columns.append(series)
        for at in odd:
            rescued.setdefault(at, {})[name] = rows[at][name]
    if not set(chain.from_iterable(rows)) <= plan.columns.keys():
        _rescue_unknown(rows, plan.columns, rescued)
    notes: list[str | None] = [None] * len(rows)
    for at, values in rescued.items():
        own = values.get(RESCUED)
        notes[at] = own if values.keys() == {RESCUED} and type(own) is str else as_json(values)
    columns.append(pl.Series(RESCUED, notes, pl.String))
    ids = None
    if plan.id is not None:
        ids = pl.Series([_id(row.get(plan.id)) for row in rows], dtype=pl.String)
    return Part(pl.DataFrame(columns), positions, bad, ids)


def _rescue_unknown(
    rows: list[dict[str, Any]], known: Mapping[str, object], rescued: dict[int, dict[str, Any]]
) -> None:
    for at, row in enumerate(rows):
        for name in row.keys() - known.keys():
            if row[name] is not None:
                rescued.setdefault(at, {})[name] = row[name]
        if at in rescued:  # in the line's own order: sets have none
            rescued[at] = {name: value for name, value in row.items() if name in rescued[at]}


def _id(value: Any) -> str | None:
    if type(value) is str:
        return value
    return str(value) if type(value) in (int, float) else None
