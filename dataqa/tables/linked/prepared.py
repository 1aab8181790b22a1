"""A table as a model of it alone can learn it: without keys, and without what others decide.

A column that another one decides (a code's description) is looked up again, one that always is
the parent's is the parent's again, and ids of what no table holds (a provider) are numbered, so
that new ids are repeated as the old ones were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.linked.keys import Fresh, fresh_of
from dataqa.tables.linked.links import Rows
from dataqa.tables.profile import least_rows, present

NOTHING = "dataqa:row"
"""A column of one value, where there is no other to learn."""
_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOOKED = 1_000


class Decided(msgspec.Struct, frozen=True):
    """A category that another one decides.

    Attributes:
        name: The column's.
        by: The column that decides it.
        values: By that one's values, its own; an empty key for none.
    """

    name: str
    by: str
    values: dict[str, str | None]
    none: str | None


class Unseen(msgspec.Struct, frozen=True):
    """Ids of what no table holds, each in many rows.

    Attributes:
        fresh: What makes new ones.
        many: How many there are.
    """

    fresh: Fresh
    many: int


class Prepared(NamedTuple):
    """What is learnt of a table.

    Attributes:
        frame: The columns to learn.
        columns: What they are.
        decided: Columns that others decide.
        carried: By column, the table above and its column that it always equals.
        unseen: Ids of what no table holds.
    """

    frame: pl.DataFrame
    columns: dict[str, Column]
    decided: list[Decided]
    carried: dict[str, tuple[str, str]]
    unseen: list[Unseen]


def prepare(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    order: str,
    above: Mapping[str, Rows],
    frames: Mapping[str, pl.DataFrame],
    ids: Mapping[str, tuple[dict[str, int], Unseen]],
) -> Prepared:
    """Take out of a table what is not to be learnt.

    Args:
        frame: Its columns but for keys.
        columns: What they are, hints included.
        order: The column by which rows follow one another, which is learnt by itself.
        above: By table, the row of that ancestor for each row.
        frames: The tables above.
        ids: By column, numbers of ids of what no table holds, the same in all tables.
    """
    carried = {
        name: found
        for name in columns
        if (found := _carried(frame[name], above, frames)) is not None
    }
    left = {name: one for name, one in columns.items() if name not in carried}
    unseen: list[Unseen] = []
    made = frame.select(list(left))
    for name in left:
        if name in ids:
            numbers, one = ids[name]
            unseen.append(one)
            told = {key: str(number) for key, number in numbers.items()}
            texts = made[name].cast(pl.String)
            codes = texts.replace_strict(told, default=None, return_dtype=pl.String)
            made = made.with_columns(codes)
            left[name] = Column("category")
    decided = _decided(made, left)
    for one in decided:
        del left[one.name]
    made = made.select(list(left))
    alone = [name for name, one in left.items() if one.kind not in {"private", "id"}]
    if not set(alone) - {order}:
        made = (
            made.with_columns(pl.lit("0").alias(NOTHING))
            if made.width
            else pl.DataFrame({NOTHING: ["0"] * frame.height})
        )
        left[NOTHING] = Column("constant")
    return Prepared(made, left, decided, carried, unseen)


def is_unseen(values: pl.Series, column: Column) -> bool:
    """Whether a column that is no key holds ids of what no table holds, over and over."""
    if values.dtype.is_float() or values.dtype.is_temporal():
        return False
    texts = present(values.cast(pl.String))
    if not len(texts) or texts.n_unique() > 0.9 * len(texts):
        return False
    if column.kind == "id":
        return True
    some = texts.unique(maintain_order=True).head(_LOOKED).to_list()
    return column.kind == "category" and all(_UUID.fullmatch(one) for one in some)


def numbered(series: list[pl.Series]) -> tuple[dict[str, int], Unseen]:
    """Ids by how frequent they are: numbers that say nothing of them, and what makes new ones."""
    name = series[0].name
    texts = pl.concat([present(one.cast(pl.String)).alias(name) for one in series])
    counts = texts.value_counts(name="dataqa:count")
    counts = counts.sort(["dataqa:count", name], descending=[True, False])
    numbers = {key: at for at, key in enumerate(counts[name].to_list())}
    return numbers, Unseen(fresh_of(texts, repeated=True), len(numbers))


def _carried(
    values: pl.Series, above: Mapping[str, Rows], frames: Mapping[str, pl.DataFrame]
) -> tuple[str, str] | None:
    """The column above that a column always equals."""
    if values.n_unique() < 3:
        return None
    texts = values.cast(pl.String)
    for table, rows in above.items():
        if not len(rows) or (rows < 0).any():
            continue
        for name in frames[table].columns:
            there = frames[table][name]
            if there.dtype != values.dtype:
                continue
            for some in (slice(0, _LOOKED), slice(0, None)):
                other = there.gather(rows[some]).cast(pl.String)
                if not texts[some].eq_missing(other).all():
                    break
            else:
                return table, name
    return None


def _decided(frame: pl.DataFrame, columns: Mapping[str, Column]) -> list[Decided]:
    """Categories that another category decides in all rows."""
    found: dict[str, Decided] = {}
    names = [
        name
        for name, one in columns.items()
        if one.kind == "category" and frame[name].dtype == pl.String
    ]
    # what has many values may decide what has few
    names.sort(key=lambda name: -frame[name].n_unique())
    for at, by in enumerate(names):
        if (
            by in found
            or frame.height / max(frame[by].n_unique(), 1) < least_rows(frame.height) / 2
        ):
            continue
        for name in names[at + 1 :]:
            if name in found or frame[name].n_unique() < 3:
                continue
            pairs = frame.select(by, name).unique().sort(by, name)
            if pairs.height != frame[by].n_unique():
                continue
            known = pairs.filter(pl.col(by).is_not_null())
            none = pairs.filter(pl.col(by).is_null())[name].to_list()
            values = dict(zip(known[by].to_list(), known[name].to_list(), strict=True))
            found[name] = Decided(name, by, values, none[0] if none else None)
    return list(found.values())


def looked_up(one: Decided, deciding: pl.Series) -> pl.Series:
    """A column that another one decides."""
    made = deciding.cast(pl.String).replace_strict(one.values, default=None, return_dtype=pl.String)
    if one.none is not None:
        made = pl.select(
            pl.when(deciding.is_null()).then(pl.lit(one.none)).otherwise(made)
        ).to_series()
    return made.alias(one.name)


def identified(one: Unseen, codes: pl.Series, seed: list[int]) -> pl.Series:
    """Ids of what no table holds, each as often as its number."""
    made = pl.Series(one.fresh.draw(one.many, seed), dtype=pl.String)
    return made.gather(codes.cast(pl.Int64)).alias(one.fresh.name)
