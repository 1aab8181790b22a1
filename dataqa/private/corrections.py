"""What people said of spans, in the place of what recognisers say there.

A file of rows, one for each span in a part of a text that people have seen, and one without a span
for a part in which nothing is private. Places are UTF-8 bytes of the text that the step ``private``
receives; a text of another size is another text, and is left as it is. No value stands in it, only
what stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import polars as pl

from dataqa.errors import InputError
from dataqa.types import DOC_ID

HUMAN = "human"
"""The recogniser of such spans."""
GIVEN = f"{HUMAN}: "
"""What a finding's detail begins with where people chose what stands in the value's place."""
SCHEMA = pl.Schema(
    {
        DOC_ID: pl.String,
        "size": pl.Int64,
        "low": pl.Int64,
        "high": pl.Int64,
        "start": pl.Int64,
        "end": pl.Int64,
        "entity": pl.String,
        "stand_in": pl.String,
    }
)


def read_corrections(path: Path) -> pl.DataFrame:
    """The rows of a file.

    Raises:
        InputError: It is not there, or something else.
    """
    hint = "dataqa review apply writes such files"
    try:
        rows = pl.read_parquet(path)
    except FileNotFoundError:
        raise InputError("there is no such file", where=str(path), hint=hint) from None
    except pl.exceptions.PolarsError:
        raise InputError("cannot be read", where=str(path), hint=hint) from None
    if dict(rows.schema) != dict(SCHEMA):
        raise InputError("these are no corrections", where=str(path), hint=hint)
    return rows.sort(DOC_ID, "low", "start")


def digest_of(path: Path) -> str:
    """A digest of what a file says."""
    return blake2b(read_corrections(path).write_ndjson().encode(), digest_size=16).hexdigest()


def corrected(
    found: pl.DataFrame, ids: pl.Series, texts: pl.Series, corrections: pl.DataFrame
) -> pl.DataFrame:
    """Spans with those that people have seen as they say.

    Args:
        found: Spans by ``row``, with ``entity``, ``start``, ``end``, ``score``, ``recogniser``.
        ids: The documents' ids.
        texts: Their texts.
        corrections: Rows of ``SCHEMA``.

    Returns:
        The spans by row and start; of those that people have seen only theirs are left.
    """
    mine = corrections.filter(pl.col(DOC_ID).is_in(ids.implode()))
    if not mine.height:
        return found
    rows = pl.DataFrame({DOC_ID: ids, "size": texts.str.len_bytes().cast(pl.Int64)})
    known = mine.join(rows.with_row_index("row"), on=[DOC_ID, "size"], how="inner")
    if not known.height:
        return found
    seen = known.select("row", "low", "high").unique().sort("row", "low").rows()
    keep = [not _within(row, start, end, seen) for row, start, end in _places(found)]
    added = known.filter(pl.col("start").is_not_null()).select(
        pl.lit(value).cast(kind).alias(name)
        if (value := _constant(name)) is not None
        else _column(name).cast(kind).alias(name)
        for name, kind in found.schema.items()
    )
    both = pl.concat([found.filter(pl.Series(keep, dtype=pl.Boolean)), added])
    return both.sort("row", "start", "end", maintain_order=True)


def _constant(name: str) -> float | None:
    return 1.0 if name == "score" else None


def _column(name: str) -> pl.Expr:
    if name != "recogniser":
        return pl.col(name)
    given = pl.col("stand_in")
    return pl.when(given.is_null()).then(pl.lit(HUMAN)).otherwise(pl.lit(GIVEN) + given)


def _places(found: pl.DataFrame) -> list[tuple[int, int, int]]:
    return found.select("row", "start", "end").rows()


def _within(row: int, start: int, end: int, seen: Sequence[tuple[int, int, int]]) -> bool:
    """Whether a span meets a part that people have seen."""
    return any(row == one and start < high and end > low for one, low, high in seen)
