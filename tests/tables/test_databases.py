"""Tables of databases: SQLite by Python itself, PostgreSQL by a server of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from commands import dataqa

from dataqa.errors import InputError
from dataqa.tables.files import read_table

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
INITDB = shutil.which("initdb") or (str(_BINARIES[-1]) if _BINARIES else "")
ROWS = [(2, "b", None, 0.5), (1, "a", "x'y\"z", 1.5), (3, "c", "é中", -2.0)]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.db"
    with sqlite3.connect(path) as opened:
        opened.execute('CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c REAL)')
        opened.executemany('INSERT INTO "odd ""name" VALUES (?, ?, ?, ?)', ROWS)
        opened.execute("CREATE TABLE mixed (x)")
        opened.executemany("INSERT INTO mixed VALUES (?)", [(1,), ("one",), (b"1",)])
    opened.close()
    return path


def test_a_table_or_a_query_of_sqlite(people: Path):
    url = f"sqlite:///{people}"
    frame = read_table(f'{url}#odd "name')
    assert frame.rows() == sorted(ROWS)
    assert frame.columns == ["id", "a", "b", "c"]
    assert read_table(f'{url}#SELECT a FROM "odd ""name" WHERE id > 1').rows() == [("b",), ("c",)]


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ("", "no table is named"),
        ("#mixd", "did you mean mixed"),
        ("#mixed", "column 'x' holds bytes"),
        ("#SELECT nothing FROM mixed", "OperationalError"),
        ("#SELECT 1; DROP TABLE mixed", "cannot be read"),
    ],
)
def test_what_cannot_be_read_of_sqlite(people: Path, behind: str, said: str):
    with pytest.raises(InputError, match=said):
        read_table(f"sqlite:///{people}{behind}")
    with pytest.raises(InputError, match="no such file"):
        read_table(f"sqlite:///{people}x{behind}")


def test_the_commands_take_urls(tmp_path: Path):
    rows = [(at, at % 7, "ab"[at % 2]) for at in range(200)]
    with sqlite3.connect(tmp_path / "t.db") as opened:
        opened.execute("CREATE TABLE t (key INTEGER PRIMARY KEY, n INTEGER, k TEXT)")
        opened.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    opened.close()
    url = f"sqlite:///{tmp_path / 't.db'}#t"
    told = dataqa("profile", url)
    assert told.code == 0, told.err
    kinds = dict(line.split()[:2] for line in told.out.splitlines()[1:])
    assert kinds == {"key": "id", "n": "integer", "k": "category"}
    made = tmp_path / "made.csv"
    told = dataqa("synth", "table", url, "-o", made)
    assert told.code == 0, told.err
    assert pl.read_csv(made).height == 200
    assert "does not exist" in dataqa("synth", "table", tmp_path / "none.csv", "-o", made).err


def test_a_driver_that_is_missing_and_no_url_at_all():
    with pytest.raises(InputError, match="oracledb is not installed"):
        read_table("oracle+oracledb://me:secret@nowhere/db#t")
    with pytest.raises(InputError) as told:
        read_table("nonsense://me:secret@nowhere/db#t")
    assert "secret" not in f"{told.value} {told.value.where} {told.value.hint}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of its own on a socket in its folder; it will not run as root.

    pytest's folders are its user's alone, and their paths too long for a socket.
    """
    if not INITDB:
        pytest.skip("no PostgreSQL here")
    pytest.importorskip("psycopg")
    user: dict[str, Any] = {}
    with TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            user = {"user": "postgres", "group": "postgres"}
            shutil.chown(folder, "postgres", "postgres")

        def call(*words: str) -> None:
            subprocess.run(words, check=True, capture_output=True, cwd=folder, **user)

        data, tools = folder / "data", Path(INITDB).resolve().parent
        call(INITDB, "-D", str(data), "-U", "me", "-A", "trust", "--no-sync", "-E", "UTF8")
        control = (str(tools / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
        call(*control, "-o", f"-k {folder} -c listen_addresses= -c fsync=off", "start")
        try:
            yield f"postgresql+psycopg://me:secret@/postgres?host={folder}"
        finally:
            call(*control, "-m", "immediate", "stop")


def test_a_table_of_a_real_postgresql_in_the_order_of_its_key(server: str):
    import sqlalchemy as sa

    engine = sa.create_engine(server)
    with engine.begin() as opened:
        opened.execute(sa.text("CREATE SCHEMA ward"))
        opened.execute(
            sa.text(
                'CREATE TABLE ward."Notes" (id int PRIMARY KEY, born date, "a b" text, '
                "paid numeric(8, 2), ok boolean)"
            )
        )
        insert = sa.text("INSERT INTO ward.\"Notes\" VALUES (:id, '1980-02-03', :t, 12.50, true)")
        for key, text in ((2, "x"), (1, None)):
            opened.execute(insert, {"id": key, "t": text})
    engine.dispose()
    frame = read_table(f"{server}#ward.Notes")
    assert frame.select("id", "a b", "ok").rows() == [(1, None, True), (2, "x", True)]
    assert str(frame["born"][0]) == "1980-02-03"
    assert str(frame["paid"][0]) == "12.50"
    with pytest.raises(InputError, match=r"did you mean ward\.Notes") as told:
        read_table(f"{server}#ward.notes")
    assert "secret" not in f"{told.value} {told.value.where}"
    with pytest.raises(InputError, match="cannot be read") as told:
        read_table(f"{server}nowhere#ward.notes")
    assert "secret" not in f"{told.value} {told.value.where}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:geh/eim77@localhost:1/db#x",
        "postgresql+psycopg://localhost:1/db?user=u&password=geh/eim77#x",
        "postgresql+psycopg://u:geh@eim77@localhost:1/db#x",
        "postgresql+psycopg://u:geh#eim77@localhost:1/db#x",
        "nosuch://u:geh eim77@localhost:1/db#x",
        "s3://u:geh:eim77@bucket/x.csv",
    ],
)
def test_no_form_of_a_password_is_told(url: str):
    with pytest.raises(InputError) as error:
        read_table(url)
    assert "eim77" not in str(error.value)
    assert "\nHint: " in str(error.value)
