"""Tables of databases, by a URL: ``sqlite:///people.db#patients``, ``postgresql://host/db#people``.

What follows ``#`` is a table, or a query that begins with SELECT. SQLite is read by Python itself,
and never written to; all others take SQLAlchemy (extra ``databases``) and their driver. Passwords
are best left to the driver (``PGPASSWORD``, ``~/.pgpass``); one in a URL is told nowhere.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import polars as pl

from dataqa.errors import InputError, did_you_mean

_SQLITE = "sqlite:///"
_PASSWORD = re.compile(r"(?<=://)([^/@#:?]*):.*@", re.DOTALL)
_SECRET = re.compile(r"(?i)((?:password|passwd|pwd|passphrase|secret|token|key)=)[^&#]*")
_FILES = frozenset({"http", "https", "ftp", "s3", "s3a", "gs", "az", "abfs", "file", "hf"})
_QUERY = re.compile(r"\s*(select|with)\s", re.IGNORECASE)


class _Source(NamedTuple):
    """A database's URL, what is read of it, and how it is named in errors."""

    url: str
    wanted: str
    shown: str


def is_database(source: object) -> bool:
    """Whether this is a URL and no file.

    >>> is_database("sqlite:///people.db#patients"), is_database("people.csv")
    (True, False)
    """
    return isinstance(source, str) and "://" in source


def named(source: Path | str) -> str:
    """How a file or a database is called: without a password.

    >>> named("postgresql://me:secret@host/db#people")
    'postgresql://me:***@host/db#people'
    """
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", str(source)))


def read_database(source: str) -> pl.DataFrame:
    """A table of a database, or what a query gives, in the order of its primary key if it has one.

    Args:
        source: ``URL#TABLE`` or ``URL#SELECT …``.

    Raises:
        InputError: There is no such database or table, a driver is missing, or a column holds
            bytes or several types.
    """
    url, _, wanted = source.partition("#")
    asked = _Source(url, unquote(wanted).strip(), named(source))
    if url.partition("://")[0].lower() in _FILES:
        hint = "fetch it first, and give the file"
        raise InputError(
            "tables are read from files of this machine and databases", where=asked.shown, hint=hint
        )
    if "@" in wanted and not _QUERY.match(asked.wanted):
        hint = "what follows # is a table; in a login write it %23, or leave logins to the driver"
        raise InputError("the URL cannot be taken apart", where=asked.shown, hint=hint)
    hint = "cast it in a query, or leave it out: URL#SELECT …"
    try:
        frame = _of_sqlite(asked) if url.startswith(_SQLITE) else _of_others(asked)
    except pl.exceptions.PolarsError as error:
        what = f"a column is of several types: {type(error).__name__}"
        raise InputError(what, where=asked.shown, hint=hint) from None
    # where there are some, polars drops what else a column has
    for name in frame.select(pl.col(pl.Binary)).columns:
        raise InputError(f"column {name!r} holds bytes", where=asked.shown, hint=hint)
    return frame


def _of_sqlite(asked: _Source) -> pl.DataFrame:
    path = Path(asked.url.removeprefix(_SQLITE))
    if not path.is_file():
        raise InputError("there is no such file", where=str(path), hint="sqlite:///FILE#TABLE")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            names = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
            tables = [str(name) for (name,) in opened.execute(names)]
            return _read(_checked(asked, tables, _quoted), opened)
    except sqlite3.Error as error:
        hint = "is it a database of SQLite, and not in use by another program?"
        what = f"cannot be read: {type(error).__name__}"
        raise InputError(what, where=asked.shown, hint=hint) from None


def _of_others(asked: _Source) -> pl.DataFrame:
    try:
        alchemy: Any = import_module("sqlalchemy")
        engine = alchemy.create_engine(asked.url)
    except ModuleNotFoundError as error:
        hint = "pip install 'dataqa[databases]', and the database's driver"
        raise InputError(f"{error.name} is not installed", where=asked.shown, hint=hint) from None
    except Exception as error:  # noqa: BLE001 - SQLAlchemy's own, which repeat the URL
        hint = "such as postgresql+psycopg://me@host/db#patients"
        what = f"is no URL of a database: {type(error).__name__}"
        raise InputError(what, where=asked.shown, hint=hint) from None
    try:
        look = alchemy.inspect(engine)
        quote = engine.dialect.identifier_preparer.quote
        schema, _, table = asked.wanted.rpartition(".")
        tables = [*look.get_table_names(schema or None), *look.get_view_names(schema or None)]
        named = [f"{schema}.{one}" if schema else one for one in tables]
        query = _checked(asked, named, lambda name: ".".join(map(quote, name.split("."))))
        keys: Sequence[str] = ()
        if table in tables:
            keys = look.get_pk_constraint(table, schema or None).get("constrained_columns", ())
        query += f" ORDER BY {', '.join(map(quote, keys))}" if keys else ""
        with engine.connect() as opened:
            return _read(query, opened)
    except (alchemy.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        hint = "is the server there, and are host, port, database and login right?"
        what = f"cannot be read: {type(error).__name__}"
        raise InputError(what, where=asked.shown, hint=hint) from None
    finally:
        engine.dispose()


def _read(query: str, opened: Any) -> pl.DataFrame:
    return pl.read_database(query, opened, infer_schema_length=None)


def _checked(asked: _Source, tables: Sequence[str], quoted: Callable[[str], str]) -> str:
    """The query that reads what is asked for.

    Raises:
        InputError: There is no such table.
    """
    if _QUERY.match(asked.wanted):
        return asked.wanted
    if asked.wanted not in tables:
        what = f"there is no table {asked.wanted!r}" if asked.wanted else "no table is named"
        hint = did_you_mean(asked.wanted, tables) if tables else "it has none"
        raise InputError(what, where=asked.shown, hint=f"behind #: {hint}")
    return f"SELECT * FROM {quoted(asked.wanted)}"  # noqa: S608 - quoted, and one that there is


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
