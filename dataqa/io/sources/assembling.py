"""Turns parts of any format into chunks: numbers rows, makes ids, sets damaged records aside."""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl

from dataqa.io.sources.columns import id_name, internal_names
from dataqa.io.sources.pieces import DAMAGED, Bad, Chunk, Part, Piece, Reading
from dataqa.types import DOC, DOC_ID, TEXT


def too_large(most: int) -> str:
    """What is said of a record above ``max_document``."""
    return f"the record is larger than {most:,} bytes (raise --max-document to read it)"


def chunk_of(
    part: Part, piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType], base: int
) -> Chunk:
    """Number the records of ``part`` from ``base`` on, the damaged ones among the others.

    Args:
        part: Records in rising order of position.
        piece: Where they come from, for their ids.
        reading: Which columns are text and id.
        schema: The corpus' columns; ones that ``part`` lacks become null.
        base: The number (``shard << 32 | row``) of the first record.
    """
    part = _without_text(part, reading)
    bad = pl.Series([item.position for item in part.bad], dtype=pl.UInt64)
    order = pl.concat([part.positions, bad]).sort()
    damaged = pl.DataFrame(
        {
            DOC: order.search_sorted(bad).cast(pl.UInt64) + base,
            DOC_ID: [item.id or f"{piece.name}#{item.position}" for item in part.bad],
            "error": [item.error for item in part.bad],
            "raw": [item.raw for item in part.bad],
        },
        schema=DAMAGED,
    )
    numbers = order.search_sorted(part.positions).cast(pl.UInt64) + base
    return Chunk(_docs(part, piece, reading, schema, numbers), damaged.sort(DOC))


def _docs(
    part: Part,
    piece: Piece,
    reading: Reading,
    schema: Mapping[str, pl.DataType],
    numbers: pl.Series,
) -> pl.DataFrame:
    frame = part.frame
    columns = [numbers.alias(DOC), _ids(part, piece, reading, schema).alias(DOC_ID)]
    columns.append(frame.get_column(reading.text_column).alias(TEXT))
    for name, inside in internal_names(schema, reading).items():
        if name in frame.columns:
            columns.append(_cast(frame.get_column(name), schema[name]).alias(inside))
        else:
            columns.append(pl.Series(inside, [None], schema[name]).new_from_index(0, frame.height))
    return pl.DataFrame(columns)


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    return column if column.dtype == kind else column.cast(kind)


def _made_ids(positions: pl.Series, piece: Piece) -> pl.Series:
    return pl.Series([f"{piece.name}#"], dtype=pl.String) + positions.cast(pl.String)


def _ids(
    part: Part, piece: Piece, reading: Reading, schema: Mapping[str, pl.DataType]
) -> pl.Series:
    made = _made_ids(part.positions, piece)
    name = id_name(schema, reading)
    if part.ids is not None:
        given = part.ids
    elif name is not None and name in part.frame.columns:
        given = part.frame.get_column(name).cast(pl.String)
    else:
        return made
    return given.zip_with(given.is_not_null() & (given != ""), made)


def _without_text(part: Part, reading: Reading) -> Part:
    """Set aside the records without text or with too much of it."""
    text = part.frame.get_column(reading.text_column)
    sizes = text.str.len_bytes()
    faulty = text.is_null() | (sizes > reading.max_document)
    if not faulty.any():
        return part
    bad = list(part.bad)
    rows = part.frame.filter(faulty)
    positions = part.positions.filter(faulty)
    for position, row in zip(positions, rows.iter_rows(named=True), strict=True):
        absent = row[reading.text_column] is None
        why = (
            f"column {reading.text_column!r} is null" if absent else too_large(reading.max_document)
        )
        bad.append(Bad(position, why, raw_of(row)))
    ids = None if part.ids is None else part.ids.filter(~faulty)
    return Part(part.frame.filter(~faulty), part.positions.filter(~faulty), bad, ids)


def raw_of(row: Mapping[str, object]) -> bytes:
    """A record of a columnar format as JSON, which is what quarantine shows of it."""
    return json.dumps(row, ensure_ascii=False, default=repr).encode("utf-8", "surrogatepass")
