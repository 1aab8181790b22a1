"""A pipeline of tables: a YAML file with ``tables:`` in place of ``steps:``, one entry for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from dataqa.errors import InputError
from dataqa.tables.columns import hint_at
from dataqa.yamlfile import YamlFile, read_yaml

KEY = "tables"
"""The key by which such a file is told from one of steps."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table, and how a synthetic one is made of it.

    Attributes:
        name: What the output is called; of several inputs it is the file of that name.
        file: The table, where no input is given; a path as on the command line.
        columns: What columns are where the profile is wrong, as in a file of hints.
        rows: Rows to make; by default as many as the table has.
        model: ``trees`` or ``copula``.
        holdout: The share of rows that are not learnt: what is made is examined beside them. With
            0 all are learnt, and there is no report.
        target: The column that a model is to foretell, for the report.
        mark_rows: Add a column that says of each row that it is synthetic.
    """

    name: str
    file: str = ""
    columns: dict[str, Any] = {}
    rows: int | None = None
    model: Literal["trees", "copula"] = "trees"
    holdout: float = 0.3
    target: str = ""
    mark_rows: bool = False


class _Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How tables are written: ``format``; by default as they were read."""

    format: Literal["", "csv", "tsv", "parquet", "jsonl"] = ""


class TablePipeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tables, and what decides their rows.

    Attributes:
        name: What the run is called.
        description: One paragraph for people.
        seed: The same seed, inputs and settings give the same bytes.
        output: How tables are written.
        tables: Each table.
    """

    name: str = ""
    description: str = ""
    seed: int = 0
    output: _Output = _Output()
    tables: list[Table]

    @classmethod
    def from_yaml(cls, path: Path) -> Self:
        """Read such a file.

        Raises:
            InputError: It is none, or has a key or value that it cannot have.
        """
        file = read_yaml(path)
        whole = file.struct(cls)
        entries = [_entry(file, at) for at in range(len(whole.tables))]
        if not entries:
            raise InputError("no tables", where=file.where(KEY), hint="- name: patients")
        names = [one.name for one in entries]
        for at, name in enumerate(names):
            if name in names[:at]:
                raise InputError(f"two tables are called {name!r}", where=file.where(KEY, at))
        if whole.seed < 0:
            raise InputError("seed cannot be negative", where=file.where("seed"))
        return msgspec.structs.replace(whole, name=whole.name or path.stem)


def holds_tables(path: Path) -> bool:
    """Whether a pipeline file is one of tables.

    Raises:
        InputError: It cannot be read, or has both tables and steps.
    """
    file = read_yaml(path)
    if not isinstance(file.value, dict) or KEY not in file.value:
        return False
    if "steps" in file.value:
        hint = "two files: texts are judged by steps, tables are made anew"
        raise InputError("a pipeline has steps or tables", where=file.where(KEY), hint=hint)
    return True


def _entry(file: YamlFile, at: int) -> Table:
    table = file.struct(Table, KEY, at)
    where = file.where(KEY, at)
    if not table.name or Path(table.name).name != table.name or table.name.startswith("."):
        raise InputError("a table's name is that of a file", where=where, hint="name: patients")
    if not 0 <= table.holdout < 1:
        raise InputError(
            "holdout is a share of rows", where=file.where(KEY, at, "holdout"), hint="0.3, or 0"
        )
    if table.rows is not None and table.rows < 1:
        raise InputError("at least one row", where=file.where(KEY, at, "rows"))
    for name in table.columns:
        hint_at(file, KEY, at, "columns", name)
    return table
