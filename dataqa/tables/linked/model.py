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
from dataqa.tables.linked.checked import left_in
from dataqa.tables.linked.finding import find
from dataqa.tables.linked.learning import learn_tables
from dataqa.tables.linked.links import link
from dataqa.tables.linked.noted import check_originals, noted, with_notes
from dataqa.tables.linked.reached import whose
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

    def __init__(
        self,
        models: Mapping[str, TableModel],
        found: list[str],
        originals: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        self._models, self.found, self._originals = dict(models), found, originals

    @property
    def columns(self) -> dict[str, dict[str, Column]]:
        """By table that is not copied, what each column is, hints included."""
        return {
            name: dict(one.shape.columns)
            for name, one in self._models.items()
            if one.chain is not None and not one.shape.links.virtual
        }

    @property
    def notes(self) -> list[str]:
        """The tables with texts that are made from real ones."""
        return noted(self._models)

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
        return cls(learn_tables(linked, columns, seed, threads), found, dict(frames))

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
        without: dict[str, int] = {}
        if self.notes:
            originals = check_originals(self._models, self._originals)
            frames, without = with_notes(self._models, originals, frames, seed)
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
                "columns": {
                    column: kind.entity or kind.kind for column, kind in one.shape.columns.items()
                },
                "rare": one.shape.rare,
                "left_out": one.shape.dropped,
                "dropped": dropped.get(name, 0),
            }
            if name in made.drawn:
                anew, still = made.drawn[name].anew
                told[name] |= {"drawn_anew": anew, "still_equal": still}
            if name in without:
                told[name]["without_text"] = without[name]
        return frames, told

    def left_in(self, made: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
        """What of the originals stands in synthetic tables, in columns and texts together.

        Args:
            made: The tables, by name.

        Returns:
            ``looked_for``: how many values; ``left``: by kind, how many rows hold an id, address of
            mail, number or secret of anybody; ``by_chance``: the same of names, places and days.

        Raises:
            InputError: A loaded model was not given the originals.
        """
        return left_in(self._models, check_originals(self._models, self._originals), made)

    def save(self, path: Path | str) -> None:
        """Write the model to a file; it holds values of single columns, and kept tables."""
        storing.save(Path(path), self._models, self.found)

    @classmethod
    def load(
        cls, path: Path | str, originals: Mapping[str, pl.DataFrame] | None = None
    ) -> LinkedSynthesizer:
        """Read what ``save`` wrote.

        Args:
            path: The file.
            originals: The tables that were learnt; a model holds no text, so without them none can
                be made.

        Raises:
            InputError: It is no such file, or not whole.
        """
        return cls(*storing.load(Path(path)), originals)


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
    told |= {"found": fitted.found, "tables": tables}
    if fitted.notes:
        told["left"] = fitted.left_in(made)
    return SyntheticTables(made, told, fitted)


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
            parent = f"{name}:{one.sequence}"
            frames[parent] = whose(frames[name], one.sequence)
            tables[parent] = Table(primary_key=one.sequence, foreign_keys={}, order="")
            keys = {one.sequence: parent, **(one.foreign_keys or {})}
            tables[name] = msgspec.structs.replace(one, foreign_keys=keys)
            virtual.add(parent)
    return Schema(tables, schema.file), virtual
