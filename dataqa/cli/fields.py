"""``--column``: which columns beside the text are looked into, and of which kind they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dataqa.cli.options import Command

if TYPE_CHECKING:
    import polars as pl


def column_option(command: Command) -> Command:
    """``--column PATH[=KIND]``; may be given several times."""
    return click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="PATH[=KIND]",
        help="Another column, or a field, meta.author; with =PERSON all of it is one. Repeatable.",
    )(command)


def columns_of(given: Sequence[str]) -> dict[str, str]:
    """Paths and kinds; ``scan`` where none is given.

    >>> columns_of(["note", "name=PERSON"])
    {'note': 'scan', 'name': 'PERSON'}
    """
    pairs = (one.partition("=") for one in given)
    return {path.strip(): kind.strip() or "scan" for path, _, kind in pairs}


def known_columns(
    given: Sequence[str], packs: Sequence[str], rules: Sequence[Path]
) -> dict[str, str]:
    """The same, of kinds that there are.

    Raises:
        InputError: A kind is unknown.
    """
    from dataqa.private.finder import check_kinds
    from dataqa.registry import user_assets

    wanted = columns_of(given)
    check_kinds(wanted.values(), packs, user_assets(*rules), "--column")
    return wanted


def lines_of(docs: pl.DataFrame, columns: Mapping[str, str]) -> list[list[tuple[str, str, str]]]:
    """What stands in columns, for each row: kind, name of the field, and the string.

    Raises:
        InputError: There is no such column, or it holds no text.
    """
    from dataqa.private.columns import check_path, split_path, strings

    rows: list[list[tuple[str, str, str]]] = [[] for _ in range(docs.height)]
    for path, kind in columns.items():
        check_path(path, docs.schema, "--column")
        name, fields = split_path(path, docs.columns)
        for value in strings(docs[name], fields):
            rows[value.row].append((kind, value.field, value.text))
    return rows
