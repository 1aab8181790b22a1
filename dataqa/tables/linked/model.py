"""``dataqa.synthesize_tables``: tables that hang together in, tables of nobody out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.columns import Column, check_frame, with_hints
from dataqa.tables.linked import storing
from dataqa.tables.linked.finding import find
from dataqa.tables.linked.learning import learn_tables
from dataqa.tables.linked.links import link
from dataqa.tables.linked.sampling import draw_tables
from dataqa.tables.linked.schema import Schema, Table, check_columns, schema_of, write_schema
from dataqa.tables.linked.shape import TableModel
from dataqa.tables.linked.writing import write_frames
from dataqa.tables.profile import profile


class SyntheticTables(NamedTuple):
    """Synthetic tables.

    Attributes:
        frames: By name, columns as in the originals.
        report: How they were made: rows, seed, links, what was found, kinds of columns.
        model: What they were drawn from, for more.
    """

    frames: dict[str, pl.DataFrame]
    report: dict[str, Any]
    model: LinkedSynthesizer


class LinkedSynthesizer:
    """A fitted model of tables that hang together.

    >>> shops = pl.DataFrame({"id": range(40), "town": ["A", "B"] * 20})
    >>> sales = pl.DataFrame({"shop_id": [*range(40)] * 3, "pieces": [1, 2, 3] * 40})
    >>> fitted = LinkedSynthesizer.fit({"shops": shops, "sales": sales})
    >>> fitted.found
    ['shops.id is its primary key', 'sales.shop_id points to shops']
    >>> made = fitted.sample(seed=1)
    >>> bool(made["sales"]["shop_id"].is_in(made["shops"]["id"].to_list()).all())
    True
    """

    def __init__(self, models: Mapping[str, TableModel], found: list[str]) -> None:
        self._models, self.found = dict(models), found

    @classmethod
    def fit(
        cls,
        frames: Mapping[str, pl.DataFrame],
        schema: Schema | Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        threads: int | None = None,
    ) -> LinkedSynthesizer:
        """Learn tables.

        Args:
            frames: By name.
            schema: Keys, orders and hints by table, as in a schema file; what is not said is found.
            seed: Breaks ties between equally good trees.
            threads: How many trees grow at a time; by default one for each core.

        Raises:
            InputError: Keys are missing, stand twice or are nobody's, or a column cannot be learnt.
        """
        told = schema_of(schema, frames)
        whole = dict(frames)
        for name, frame in frames.items():
            _check(name, frame)
        check_columns(told, frames)
        told, virtual = _with_sequences(told, whole)
        columns = {name: _profiled(name, told.tables[name], frame) for name, frame in whole.items()}
        settled, found = find(told, whole, columns)
        found = [one for one in found if one.partition(".")[0] not in virtual]
        linked = link(settled, whole, virtual)
        return cls(learn_tables(linked, columns, seed, threads), found)

    def sample(self, scale: float = 1.0, *, seed: int = 0) -> dict[str, pl.DataFrame]:
        """Tables that are nobody's; the same for the same model, scale and seed.

        Args:
            scale: How many rows tables without a parent have, in those of the original; the others
                follow.
            seed: Decides them.

        Raises:
            InputError: The scale is not positive, or the seed negative.
        """
        return self.sampled(scale, seed=seed)[0]

    def sampled(
        self, scale: float = 1.0, *, seed: int = 0
    ) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
        """As ``sample``, with what is told of each table."""
        if not 0 < scale < float("inf") or seed < 0:
            raise InputError("scale must be positive, and seed not negative", where="sample")
        made = draw_tables(self._models, scale, seed)
        frames, dropped = write_frames(self._models, made, seed)
        told: dict[str, Any] = {}
        for name, one in self._models.items():
            if one.shape.links.virtual:
                del frames[name]
                continue
            told[name] = {
                "rows": frames[name].height,
                "learnt_from": one.shape.rows,
                "kept": one.kept is not None,
                "links": {
                    key: parent
                    for key, parent in one.shape.links.parents.items()
                    if not self._models[parent].shape.links.virtual
                },
                "columns": one.shape.told,
                "rare": one.shape.rare,
                "left_out": one.shape.dropped,
                "dropped": dropped.get(name, 0),
            }
            if name in made.drawn:
                anew, still = made.drawn[name].anew
                told[name] |= {"drawn_anew": anew, "still_equal": still}
        return frames, told

    def save(self, path: Path | str) -> None:
        """Write the model to a file; it holds values of single columns, and kept tables."""
        storing.save(Path(path), self._models, self.found)

    @classmethod
    def load(cls, path: Path | str) -> LinkedSynthesizer:
        """Read what ``save`` wrote.

        Raises:
            InputError: It is no such file, or not whole.
        """
        return cls(*storing.load(Path(path)))


def synthesize_tables(
    frames: Mapping[str, pl.DataFrame],
    schema: Schema | Mapping[str, Any] | None = None,
    *,
    scale: float = 1.0,
    seed: int = 0,
) -> SyntheticTables:
    """Synthetic tables whose keys fit one another, with as many rows for each, in order.

    Args:
        frames: The originals, by name.
        schema: By table ``primary_key``, ``foreign_keys``, ``order``, ``columns`` …, as in a schema
            file; what is not said is found.
        scale: How many rows tables without a parent have, in those of the original.
        seed: Decides the rows: the same again gives the same bytes.

    Raises:
        InputError: Keys are missing, stand twice or are nobody's, or a column cannot be learnt.
    """
    fitted = LinkedSynthesizer.fit(frames, schema, seed=seed)
    made, tables = fitted.sampled(scale, seed=seed)
    told = {"synthetic": True, "generator": "dataqa", "version": version("dataqa"), "seed": seed}
    made = {name: made[name] for name in frames}
    return SyntheticTables(made, told | {"found": fitted.found, "tables": tables}, fitted)


def schema_text(frames: Mapping[str, pl.DataFrame], files: Mapping[str, str]) -> str:
    """A schema of what is found, as YAML to be edited.

    Args:
        frames: By name.
        files: By name, the file of each, as the schema is to say it.
    """
    for name, frame in frames.items():
        _check(name, frame)
    schema = schema_of(None, frames)
    columns = {name: _profiled(name, Table(), frame) for name, frame in frames.items()}
    found = find(schema, frames, columns)[0].tables
    return write_schema(
        {
            name: Table(
                files[name],
                one.primary_key,
                one.foreign_keys,
                one.order,
                columns=columns[name],
            )
            for name, one in found.items()
        }
    )


def _check(name: str, frame: pl.DataFrame) -> None:
    try:
        check_frame(frame, 0)
    except InputError as error:
        where = f"{name}.{error.where}" if error.where else name
        raise InputError(error.what, where=where, hint=error.hint) from None


def _profiled(name: str, table: Table, frame: pl.DataFrame) -> dict[str, Column]:
    """What the columns of a table are; hints have the last word."""
    told = profile(frame) if frame.height else {one: Column("empty") for one in frame.columns}
    try:
        return with_hints(told, table.columns)
    except InputError as error:
        raise InputError(error.what, where=f"{name}.{error.where}", hint=error.hint) from None


def _with_sequences(schema: Schema, frames: dict[str, pl.DataFrame]) -> tuple[Schema, set[str]]:
    """A table of whose rows they are, for each table that says so and has none."""
    tables = dict(schema.tables)
    virtual: set[str] = set()
    for name, one in schema.tables.items():
        if one.sequence:
            whose = f"{name}:{one.sequence}"
            values = frames[name][one.sequence]
            frames[whose] = values.drop_nulls().unique(maintain_order=True).to_frame()
            tables[whose] = Table(primary_key=one.sequence, foreign_keys={}, order="")
            keys = {one.sequence: whose, **(one.foreign_keys or {})}
            tables[name] = msgspec.structs.replace(one, foreign_keys=keys)
            virtual.add(whose)
    return Schema(tables, schema.file), virtual
