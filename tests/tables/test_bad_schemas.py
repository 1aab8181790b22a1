"""Linked tables as they should not be, and schemas that say what is not so; and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from commands import dataqa as command
from invented_shop import shop

import dataqa
from dataqa.errors import InputError
from dataqa.tables.linked.links import link
from dataqa.tables.linked.schema import Schema, Table, read_schema

CUSTOMERS = pl.DataFrame({"id": [f"c-{at:05d}" for at in range(40)], "tier": ["a", "b"] * 20})
ORDERS = pl.DataFrame({"customer_id": [f"c-{at % 40:05d}" for at in range(120)], "n": [1, 2] * 60})
LINKED = {
    "customers": {"primary_key": "id"},
    "orders": {"foreign_keys": {"customer_id": "customers"}},
}


def stopped(schema: dict[str, object] | None = None, **frames: pl.DataFrame) -> InputError:
    tables = {"customers": CUSTOMERS, "orders": ORDERS} | frames
    with pytest.raises(InputError) as caught:
        dataqa.synthesize_tables(tables, LINKED | (schema or {}))
    return caught.value


def test_orphans_are_an_error_or_left_out_and_counted():
    more = pl.concat([ORDERS, pl.DataFrame({"customer_id": ["c-99999"] * 3, "n": [1] * 3})])
    error = stopped(orders=more)
    assert "3 of 123 rows have a customer_id that no row of customers has" in error.what
    assert error.where == "orders.foreign_keys.customer_id"
    assert "c-99999" not in str(error)
    told = {"customers": LINKED["customers"], "orders": LINKED["orders"] | {"orphans": "drop"}}
    made = dataqa.synthesize_tables({"customers": CUSTOMERS, "orders": more}, told)
    assert made.report["tables"]["orders"]["left_out"] == 3
    assert made.report["tables"]["orders"]["learnt_from"] == 120
    assert set(made.frames["orders"]["customer_id"]) <= set(made.frames["customers"]["id"])


def test_what_points_to_a_row_that_is_left_out_is_left_out_as_well():
    tables = {
        "a": pl.DataFrame({"id": ["k1", "k2"]}),
        "b": pl.DataFrame({"id": ["x1", "x2"], "a": ["k1", "k9"]}),
        "c": pl.DataFrame({"b": ["x1", "x2", "x2"]}),
    }
    schema = Schema(
        {
            "a": Table(primary_key="id"),
            "b": Table(primary_key="id", foreign_keys={"a": "a"}, orphans="drop"),
            "c": Table(foreign_keys={"b": "b"}, orphans="drop"),
        }
    )
    linked = link(schema, tables, ())
    assert linked.frames["b"]["id"].to_list() == ["x1"]
    assert linked.frames["c"]["b"].to_list() == ["x1"]
    assert linked.dropped == {"a": 0, "b": 1, "c": 2}


def test_primary_keys_that_stand_twice_or_are_missing():
    twice = pl.concat([CUSTOMERS, CUSTOMERS.head(2)])
    assert "2 rows have a primary key that another row has" in stopped(customers=twice).what
    missing = CUSTOMERS.with_columns(pl.when(pl.col("id") != "c-00003").then("id"))
    assert "1 rows have no primary key id" in stopped(customers=missing).what


def test_foreign_keys_to_what_is_no_single_key():
    error = stopped({"customers": {"primary_key": ["id", "tier"]}})
    assert "customers has a primary key of several columns" in error.what
    assert "has no primary key" in stopped({"customers": {"primary_key": []}}).what
    keys = {"foreign_keys": {"customer_id": "customers.tier"}}
    assert "tier is not the primary key of customers" in stopped({"orders": keys}).what


def test_names_that_are_not_there():
    error = stopped({"orders": {"foreign_keys": {"customer": "customers"}}})
    assert (error.where, error.hint) == (
        "orders.foreign_keys.customer",
        "did you mean customer_id?",
    )
    assert "no table 'customer'" in stopped({"orders": {"foreign_keys": {"n": "customer"}}}).what
    assert "no table 'order'" in stopped({"order": {}}).what
    assert "has no column 'when'" in stopped({"orders": {"order": "when"}}).what
    assert "unknown field" in stopped({"orders": {"parent": "customers"}}).what


def test_few_rows_are_too_few_but_for_lists_that_are_nobodys():
    error = stopped(
        customers=CUSTOMERS.head(5), orders=ORDERS.filter(pl.col("customer_id") < "c-00005")
    )
    assert "5 rows are too few to be learnt" in error.what
    assert "keep: true" in error.hint
    kinds = pl.DataFrame({"code": ["a", "b", "c"], "means": ["first", "second", "third"]})
    orders = ORDERS.with_columns(kind=pl.Series(["a", "b", "b", "c"] * 30))
    schema = {
        "kinds": {"primary_key": "code", "keep": True},
        "orders": {"foreign_keys": {"customer_id": "customers", "kind": "kinds"}},
    }
    tables = {"kinds": kinds, "orders": orders, "customers": CUSTOMERS}
    made = dataqa.synthesize_tables(tables, schema, seed=1).frames
    assert made["kinds"].equals(kinds)
    assert made["orders"]["kind"].value_counts(sort=True)["kind"][0] == "b"
    assert set(made["orders"]["kind"]) <= {"a", "b", "c"}


def test_an_empty_table_of_children_stays_empty():
    tables = {"customers": CUSTOMERS, "orders": ORDERS.clear()}
    made = dataqa.synthesize_tables(tables, LINKED, seed=1)
    assert made.frames["orders"].height == 0
    assert made.frames["orders"].schema == ORDERS.schema
    assert made.frames["customers"].height == 40


def test_rows_that_point_to_each_other_in_a_circle_are_taken_for_roots():
    ids = [f"e-{at:05d}" for at in range(60)]
    above = [ids[1], ids[0], *[ids[at % 2] for at in range(2, 60)]]
    staff = pl.DataFrame({"id": ids, "boss": above, "grade": ["a", "b"] * 30})
    made = dataqa.synthesize_tables(
        {"staff": staff}, {"staff": {"foreign_keys": {"boss": "staff"}}}
    )
    assert made.report["tables"]["staff"]["left_out"] == 60  # all end in the circle
    assert made.frames["staff"]["boss"].null_count() == 60


def test_a_column_that_cannot_be_learnt_is_named_with_its_table():
    notes = ORDERS.with_columns(
        note=pl.Series([f"a long remark of many words {at}" for at in range(120)])
    )
    error = stopped(orders=notes)
    assert (error.where, error.what) == ("orders.note", "free text is not synthesised")
    refs = ORDERS.with_columns(batch=pl.Series([f"r/{at * 7919 % 10007}" for at in range(120)]))
    assert "in the schema, under orders, what it is, columns: {batch:" in stopped(orders=refs).hint


def test_an_order_that_some_rows_lack():
    days = ORDERS.with_columns(day=pl.Series([None, *["2020-01-02", "2021-01-03"] * 59, None]))
    error = stopped({"orders": LINKED["orders"] | {"order": "day"}}, orders=days)
    assert error.where == "orders.day"
    with pytest.raises(InputError, match="scale must be positive"):
        dataqa.synthesize_tables({"customers": CUSTOMERS, "orders": ORDERS}, LINKED, scale=0)


def test_schemas_are_wrong_by_file_and_line(tmp_path: Path):
    path = tmp_path / "schema.yaml"
    CUSTOMERS.write_csv(tmp_path / "c.csv")
    for text, said in (
        ("table: {}\n", "a schema begins with tables:"),
        ("tables: []\n", "schema.yaml:1: tables must be a mapping"),
        ("tables:\n  c: {primary_key: id}\n", "schema.yaml:2: table c has no file"),
        ("tables:\n  c:\n    file: d.csv\n", "schema.yaml:3: no such file: d.csv"),
        ("tables:\n  c:\n    file: c.csv\n    key: id\n", "schema.yaml:4: unknown key 'key'"),
        ("tables:\n  c:\n    file: c.csv\n    keep: 3\n", "schema.yaml:4"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said.replace("(", r"\(")):
            read_schema(path)
    path.write_text(
        "tables:\n  c:\n    file: c.csv\n    foreign_keys:\n      tier: cc\n", encoding="utf-8"
    )
    told = command("synth", "tables", path, "-o", tmp_path / "out")
    assert told.code == 2
    assert "schema.yaml:5: there is no table 'cc'" in told.err


def test_from_a_folder_to_a_schema_to_tables(tmp_path: Path):
    folder, out = tmp_path / "real", tmp_path / "made"
    folder.mkdir()
    for name, frame in shop(150).items():
        frame.write_csv(folder / f"{name}.csv")
    (folder / "README.txt").write_text("no table", encoding="utf-8")
    schema = tmp_path / "schema.yaml"
    told = command("profile", folder, "-o", schema)
    assert told.code == 0, told.err
    text = schema.read_text(encoding="utf-8")
    assert "order: ordered" in text
    assert "corp.com" not in text
    model = tmp_path / "shop.model"
    words = ("--rows-scale", 0.5, "--seed", 2, "--mark-rows", "--save-model", model)
    told = command("synth", "tables", schema, "-o", out, *words)
    assert told.code == 0, told.err
    assert "customers: 75 rows from 150" in told.err
    assert "found:" not in told.err
    orders = pl.read_csv(out / "orders.csv")
    assert orders["is_synthetic"].all()
    assert set(orders["customer_id"]) <= set(pl.read_csv(out / "customers.csv")["customer_id"])
    beside = json.loads((out / "orders.csv.dataqa.json").read_text(encoding="utf-8"))
    assert (beside["synthetic"], beside["table"], beside["seed"]) == (True, "orders", 2)
    again = dataqa.LinkedSynthesizer.load(model).sample(0.5, seed=2)["orders"]
    assert again["id"].cast(pl.Int64).to_list() == orders["id"].to_list()
    told = command("synth", "tables", folder, "-o", out, "--format", "parquet", "--rows-scale", 0.5)
    assert told.code == 0, told.err
    assert "found: lines.order_id points to orders" in told.err
    assert (
        '"synthetic": true' in pl.read_parquet_metadata(out / "lines.parquet")["dataqa.synthetic"]
    )


def test_commands_overwrite_no_original(tmp_path: Path):
    for name, frame in (("customers", CUSTOMERS), ("orders", ORDERS)):
        frame.write_csv(tmp_path / f"{name}.csv")
    assert command("synth", "tables", tmp_path, "-o", tmp_path).code == 2
    assert pl.read_csv(tmp_path / "customers.csv").equals(CUSTOMERS)
    (tmp_path / "none").mkdir()
    told = command("synth", "tables", tmp_path / "none", "-o", tmp_path / "out")
    assert "there is no table" in told.err
    told = command("profile", tmp_path, "--json")
    assert "a schema is YAML" in told.err


@pytest.mark.parametrize(
    ("schema", "options", "match"),
    [
        ("tables: {a: {file: a.csv}}\n", ["--epsilon", "1.0"], "--epsilon: tables that hang"),
        ("tables: {a: {file: a.csv}}\n", ["--model", "copula"], "--model: tables that hang"),
        ("epsilon: 1.0\ntables: {a: {file: a.csv}}\n", [], "s.yaml:1: tables that hang"),
        ("tables:\n  a: {file: a.csv, model: mostlyai}\n", [], "s.yaml:2: tables that hang"),
        ("tables:\n  a:\n    file: a.csv\n    epsilon: 2\n", [], "s.yaml:4: tables that hang"),
    ],
)
def test_epsilon_and_other_models_are_refused_and_said_why(
    schema: str, options: list[str], match: str, tmp_path: Path
):
    CUSTOMERS.write_csv(tmp_path / "a.csv")
    (tmp_path / "s.yaml").write_text(schema, encoding="utf-8")
    told = command("synth", "tables", tmp_path / "s.yaml", "-o", tmp_path / "out", *options)
    assert (told.code, match in told.err) == (2, True), told.err
    assert "dataqa synth table" in told.err
    assert not (tmp_path / "out").exists()
