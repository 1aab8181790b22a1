"""Which tables there are and what links them, as a small YAML file says it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import polars as pl
import yaml

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.columns import Column
from dataqa.tables.databases import is_database
from dataqa.tables.linked.refusing import check_words
from dataqa.yamlfile import YamlFile, read_yaml

_HEAD = """\
# Tables that hang together. Change what is wrong, and give this file to dataqa synth tables.
#   primary_key   the column whose values tell rows apart, or a list of columns; [] for none
#   foreign_keys  column: table whose primary key it holds; rows come with the first one's row
#   order         the date or number by which rows of one parent follow one another; "" for none
#   sequence      the column that says whose rows they are, where there is no table of them
#   keep: true    a table of nobody's data, such as a list of codes: it is copied as it is
#   orphans: drop rows whose foreign key is nobody's key are left out, and not an error
#   columns       what columns are where `dataqa profile` is wrong, as in its hints
"""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One table of a schema; what is None is found.

    Attributes:
        file: Where it is, seen from the schema's folder; or the URL of a database's table.
        primary_key: The column, or columns, whose values tell rows apart.
        foreign_keys: By column, the table whose primary key it holds.
        order: The column by which rows of one parent follow one another.
        sequence: The column that says whose rows they are, where there is no table of them.
        keep: Copy it as it is: nobody's data.
        orphans: What becomes of rows whose foreign key is nobody's key.
        columns: Hints.
    """

    file: str = ""
    primary_key: str | list[str] | None = None
    foreign_keys: dict[str, str] | None = None
    order: str | None = None
    sequence: str = ""
    keep: bool = False
    orphans: Literal["stop", "drop"] = "stop"
    columns: dict[str, Column] = {}


class Schema(NamedTuple):
    """Tables by name, in the order in which they are written, and where that was said."""

    tables: dict[str, Table]
    file: YamlFile | None = None

    def where(self, table: str, *keys: str | int) -> str:
        """What an error names: file and line, or the fields."""
        if self.file is None:
            return ".".join([table, *map(str, keys)])
        return self.file.where("tables", table, *keys)

    def source(self, table: str) -> Path | str:
        """The file of a table, or the URL of a database's."""
        told = self.tables[table].file
        assert self.file is not None
        return told if is_database(told) else self.file.path.parent / told


def read_schema(path: Path) -> Schema:
    """Read a schema.

    Raises:
        InputError: It is no such file, or a table has no file.
    """
    file = read_yaml(path)
    hint = "tables: {patients: {file: patients.csv}, visits: {file: visits.csv}}"
    if isinstance(file.value, dict):
        check_words(file.value, file.where)
    if not isinstance(file.value, dict) or set(file.value) != {"tables"}:
        raise InputError(
            "a schema begins with tables:, and holds nothing else", where=str(path), hint=hint
        )
    if not isinstance(file.value["tables"], dict) or not file.value["tables"]:
        raise InputError("tables must be a mapping", where=file.where("tables"), hint=hint)
    for name, told in file.value["tables"].items():
        if isinstance(told, dict):
            check_words(told, partial(file.where, "tables", name))
    tables = {name: file.struct(Table, "tables", name) for name in file.value["tables"]}
    schema = Schema(tables, file)
    for name, one in tables.items():
        where = schema.where(name, "file")
        if not one.file:
            raise InputError(f"table {name} has no file", where=where, hint=f"file: {name}.csv")
        source = schema.source(name)
        if isinstance(source, Path) and not source.is_file():
            raise InputError(f"no such file: {one.file}", where=where)
    return schema


def schema_of(given: Schema | Mapping[str, Any] | None, frames: Mapping[str, Any]) -> Schema:
    """A schema for frames.

    Args:
        given: A schema, or its tables as a mapping; tables without an entry are found out.
        frames: By name.

    Raises:
        InputError: It speaks of tables that are not there, or of what a schema does not know.
    """
    if isinstance(given, Schema):
        found = given
    else:
        told = dict(given or {})
        if isinstance(told.get("tables"), Mapping) and "tables" not in frames:
            told = dict(told["tables"])
        try:
            found = Schema({name: msgspec.convert(one, Table) for name, one in told.items()})
        except msgspec.ValidationError as error:
            raise InputError(str(error), where="schema") from None
    for name in found.tables:
        if name not in frames:
            hint = did_you_mean(name, frames)
            raise InputError(f"there is no table {name!r}", where=found.where(name), hint=hint)
    return Schema({name: found.tables.get(name, Table()) for name in frames}, found.file)


def check_columns(schema: Schema, frames: Mapping[str, pl.DataFrame]) -> None:
    """See that what a schema names is there.

    Raises:
        InputError: A column or table is not, with the line that names it.
    """
    for name, one in schema.tables.items():
        keys = one.primary_key or []
        named: list[tuple[str, tuple[str, ...]]] = [
            *((key, ("primary_key",)) for key in ([keys] if isinstance(keys, str) else keys)),
            *((key, ("foreign_keys", key)) for key in one.foreign_keys or {}),
            *([(one.order, ("order",))] if one.order else []),
            *([(one.sequence, ("sequence",))] if one.sequence else []),
            *((key, ("columns", key)) for key in one.columns),
        ]
        for column, keys_at in named:
            if column not in frames[name].columns:
                raise InputError(
                    f"table {name} has no column {column!r}",
                    where=schema.where(name, *keys_at),
                    hint=did_you_mean(column, frames[name].columns),
                )
        for column, parent in (one.foreign_keys or {}).items():
            if parent.partition(".")[0] not in schema.tables and parent not in schema.tables:
                raise InputError(
                    f"there is no table {parent!r}",
                    where=schema.where(name, "foreign_keys", column),
                    hint=did_you_mean(parent, schema.tables),
                )


def write_schema(tables: Mapping[str, Table]) -> str:
    """A schema as YAML that can be edited and read again."""
    told = {"tables": {name: msgspec.to_builtins(one) for name, one in tables.items()}}
    return _HEAD + yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120)
