"""A pipeline of tables: a YAML file with ``tables:`` in place of ``steps:``, one entry for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from dataqa.errors import InputError
from dataqa.tables.columns import hint_at
from dataqa.tables.engines.argn import Settings
from dataqa.tables.noisy.accounting import DELTA, Privacy
from dataqa.yamlfile import YamlFile, read_yaml

_LEAST_MINUTES = 0.1
KEY = "tables"
"""The key by which such a file is told from one of steps."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table, and how a synthetic one is made of it.

    Attributes:
        name: What the output is called; of several inputs it is the file of that name.
        file: The table, where no input is given; a path as on the command line.
        columns: What columns are where the profile is wrong, as in a file of hints.
        rows: Rows to make; by default as many as the table has, and with ``epsilon`` about as many
            as were learnt.
        model: ``trees``, ``copula`` or ``mostlyai``.
        epsilon: Learn noisy counts: what is written is differentially private.
        delta: The chance that epsilon does not hold; by default 1e-6.
        person: With ``epsilon``: the column that says whose a row is.
        rows_each: With ``person``: so many rows of each are learnt; by default one.
        engine_python: Of ``mostlyai``: the Python that has it.
        engine_minutes: Of ``mostlyai``: how long it learns at most; by default 60.
        holdout: The share of rows that are not learnt: what is made is examined beside them. With
            0 all are learnt, and there is no report.
        target: The column that a model is to foretell, for the report.
        mark_rows: Add a column that says of each row that it is synthetic.
    """

    name: str
    file: str = ""
    columns: dict[str, Any] = {}
    rows: int | None = None
    model: Literal["trees", "copula", "mostlyai"] = "trees"
    epsilon: float | None = None
    delta: float | None = None
    person: str = ""
    rows_each: int | None = None
    engine_python: str = ""
    engine_minutes: float | None = None
    holdout: float = 0.3
    target: str = ""
    mark_rows: bool = False

    @property
    def privacy(self) -> Privacy:
        """What is promised, where there is an epsilon."""
        delta = DELTA if self.delta is None else self.delta
        most = 1 if self.rows_each is None else self.rows_each
        return Privacy(self.epsilon or 0.0, delta, self.person, most)

    @property
    def engine(self) -> Settings:
        """Where an engine is, and how long it learns."""
        return Settings(self.engine_python or None, self.engine_minutes or Settings().minutes)


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
    _check_model(file, at, table)
    return table


def _check_model(file: YamlFile, at: int, table: Table) -> None:
    """See that what is said of epsilon and of an engine goes together, as the command does."""
    given = [
        name
        for name, value in (
            *(("delta", table.delta), ("person", table.person), ("rows_each", table.rows_each)),
        )
        if value not in {None, ""}
    ]
    if table.epsilon is None and given:
        hint = "epsilon: 1.0"
        where = file.where(KEY, at, given[0])
        raise InputError("delta, person and rows_each go with epsilon", where=where, hint=hint)
    if table.epsilon is not None:
        where = file.where(KEY, at, "epsilon")
        if table.model != "trees":
            hint = "leave the model out: noisy counts are one of their own"
            raise InputError("that model has no epsilon", where=where, hint=hint)
        try:
            table.privacy.check()
        except InputError as error:
            raise InputError(error.what, where=where, hint=error.hint) from None
    engine = "engine_python" if table.engine_python else "engine_minutes"
    if table.model != "mostlyai" and (table.engine_python or table.engine_minutes is not None):
        where = file.where(KEY, at, engine)
        raise InputError("an engine goes with model: mostlyai", where=where)
    if table.engine_minutes is not None and table.engine_minutes < _LEAST_MINUTES:
        where = file.where(KEY, at, engine)
        raise InputError("an engine learns at least 0.1 minutes", where=where)
