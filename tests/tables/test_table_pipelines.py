"""Pipelines of tables: run twice, verified, refused where wrong; known to every command."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from commands import dataqa as command
from invented_people import people
from invented_shop import shop
from invented_visits import visits

import dataqa
from dataqa.errors import InputError
from dataqa.registry import shipped
from dataqa.tables.columns import with_hints
from dataqa.tables.parting import parted, parted_each
from dataqa.tables.pipelines import TablePipeline, holds_tables
from dataqa.tables.profile import profile
from dataqa.tables.run import run_tables

SMALL = """\
name: small
seed: 5
tables:
  - name: people
    target: region
    columns: {zone: category}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline, two tables, and what came of one of them."""
    place = tmp_path_factory.mktemp("tables")
    people(300).write_csv(place / "people.csv")
    visits().write_parquet(place / "visits.parquet")
    (place / "small.yaml").write_text(SMALL, encoding="utf-8")
    told = command("run", place / "small.yaml", "-i", place / "people.csv", "-o", place / "out")
    assert told.code == 0, told.err
    return place


def contents(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


def test_a_run_gives_table_report_and_manifest(folder: Path):
    out = folder / "out"
    assert set(contents(out)) == {
        "people.csv",
        "people.csv.dataqa.json",
        "people.report.html",
        "people.report.json",
        "manifest.json",
    }
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["kind"], manifest["seed"], manifest["synthetic"]) == ("tables", 5, True)
    assert manifest["versions"]["dataqa"] == dataqa.__version__
    assert manifest["inputs"][0]["path"].endswith("people.csv")
    assert {one["name"] for one in manifest["outputs"]} == set(contents(out)) - {"manifest.json"}
    assert pl.read_csv(out / "people.csv").height == 300
    figures = json.loads((out / "people.report.json").read_text(encoding="utf-8"))
    assert all(one["holds"] for one in figures["verdicts"])
    assert figures["left"]["left"] == {}
    assert figures["rows"] == {"real": 210, "synthetic": 300, "holdout": 90}
    page = (out / "people.report.html").read_text(encoding="utf-8")
    assert "How it was made" in page
    assert "<script" not in page
    assert not any(mail in page for mail in people(300)["email"])


def test_the_same_again_gives_the_same_bytes_and_is_verified(folder: Path, tmp_path: Path):
    words = ("run", folder / "small.yaml", "-i", folder / "people.csv", "-o")
    before = contents(folder / "out")
    assert command(*words, folder / "out", "--log", "none").code == 0
    assert contents(folder / "out") == before
    assert command(*words, tmp_path / "again").code == 0
    assert contents(tmp_path / "again") == before
    assert "whole and unchanged" in command("verify", tmp_path / "again").out
    (tmp_path / "again" / "people.csv").write_text("other", encoding="utf-8")
    told = command("verify", tmp_path / "again")
    assert (told.code, told.err.strip()) == (1, "people.csv has changed")


def test_a_run_of_something_else_keeps_its_folder(folder: Path, tmp_path: Path):
    other = tmp_path / "other.yaml"
    other.write_text(SMALL.replace("name: small", "name: other"), encoding="utf-8")
    told = command("run", other, "-i", folder / "people.csv", "-o", folder / "out")
    assert (told.code, "another run is in this folder" in told.err) == (2, True)


def test_several_tables_and_texts_in_one_run(folder: Path, tmp_path: Path):
    file = tmp_path / "two.yaml"
    file.write_text(
        "name: two\noutput: {format: jsonl}\ntables:\n  - {name: people, holdout: 0, rows: 50}\n"
        "  - name: visits\n    columns: {note: surrogate}\n    mark_rows: true\n",
        encoding="utf-8",
    )
    ran = run_tables(TablePipeline.from_yaml(file), [str(folder)], tmp_path / "out")
    assert ran.failed == []
    assert pl.read_ndjson(tmp_path / "out" / "people.jsonl").height == 50
    made = pl.read_ndjson(tmp_path / "out" / "visits.jsonl")
    assert made["is_synthetic"].all()
    assert not set(made["phone"]) & set(visits()["phone"])
    assert not (tmp_path / "out" / "people.report.html").exists()
    assert (tmp_path / "out" / "visits.report.html").exists()


def test_a_table_in_which_something_is_left_fails_the_run(folder: Path, tmp_path: Path):
    frame = people(300).with_columns(remark=pl.lit("ask ") + pl.col("email").gather([0] * 300))
    frame.write_csv(tmp_path / "people.csv")
    file = tmp_path / "bad.yaml"
    file.write_text(SMALL.replace("zone: category", "remark: category"), encoding="utf-8")
    told = command("run", file, "-i", tmp_path / "people.csv", "-o", tmp_path / "out")
    assert told.code == 3
    assert "no id, address, number or secret" in told.err
    assert frame["email"][0] not in told.err + told.out
    page = (tmp_path / "out" / "people.report.html").read_text(encoding="utf-8")
    assert "Somebody who is nobody" not in page


def test_all_rows_of_one_person_are_on_one_side():
    frame = visits()
    columns = with_hints(profile(frame), {"note": "surrogate"})
    learnt, held = parted(frame, columns, 0.3, 1)
    assert held.height == pytest.approx(0.3 * frame.height, abs=15)
    assert learnt.height + held.height == frame.height
    assert not set(learnt["patient_id"]) & set(held["patient_id"])
    assert parted(frame, columns, 0.0, 1)[1].is_empty()


def test_a_person_who_is_not_there_changes_no_side_of_the_others():
    """With epsilon; the draw among all of them would: one more changes who is learnt."""
    frame = visits().select("patient_id", "reason")
    twice = pl.concat([frame, frame.head(9)])
    for one, person in ((twice, ""), (frame, "patient_id")):
        learnt, held = parted_each(one, person, 0.3, 1)
        assert held.height == pytest.approx(0.3 * one.height, abs=25)
        key = person or "patient_id"
        others = one.filter(pl.col(key) != one[key][4]) if person else one[1:]
        fewer, kept = parted_each(others, person, 0.3, 1)
        lost = learnt.height - fewer.height + held.height - kept.height
        assert lost == one.height - others.height
        assert 0 in {learnt.height - fewer.height, held.height - kept.height}
        for some, before in ((fewer, learnt), (kept, held)):
            counts = Counter(before.rows())
            counts.subtract(some.rows())
            assert min(counts.values()) >= 0
    assert not set(learnt["patient_id"]) & set(held["patient_id"])
    with pytest.raises(InputError, match="no column 'patient'"):
        parted_each(frame, "patient", 0.3, 1)


EPSILON = """\
name: noisy
tables:
  - name: people
    holdout: 0.2
    epsilon: 3.0
    delta: 1.0e-7
    columns: {sex: {kind: category, values: [F, M]}, region: category}
"""


def test_a_table_with_epsilon_says_so_everywhere(tmp_path: Path):
    pytest.importorskip("mbi", reason="the extra dp is not installed")
    people(2_000).select("sex", "region").write_csv(tmp_path / "people.csv")
    file = tmp_path / "noisy.yaml"
    file.write_text(EPSILON, encoding="utf-8")
    pipeline = TablePipeline.from_yaml(file)
    out = tmp_path / "out"
    run_tables(pipeline, [str(tmp_path / "people.csv")], out)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    beside = json.loads((out / "people.csv.dataqa.json").read_text(encoding="utf-8"))
    assert manifest["pipeline"]["tables"][0]["epsilon"] == 3.0
    for told in (manifest["tables"]["people"], beside):
        assert (told["model"], told["privacy"]["epsilon"]) == ("noisy counts", 3.0)
        assert told["privacy"]["delta"] == 1e-7
        assert "drawn_anew" not in told
    # how many were learnt is not told, only about how many
    assert pl.read_csv(out / "people.csv").height == manifest["tables"]["people"]["rows"]
    assert 1_400 < manifest["tables"]["people"]["rows"] < 1_800
    page = (out / "people.report.html").read_text(encoding="utf-8")
    assert "epsilon 3.0, delta 1e-07, of one row" in page


def test_tables_with_epsilon_that_hang_together_are_refused(tmp_path: Path):
    tables = shop(60)
    first, second = "customers", "orders"
    for name in (first, second):
        tables[name].write_csv(tmp_path / f"{name}.csv")
    file = tmp_path / "noisy.yaml"
    text = f"tables: [{{name: {first}}}, {{name: {second}, epsilon: 1.0}}]\n"
    file.write_text(text, encoding="utf-8")
    told = command("run", file, "-i", tmp_path, "-o", tmp_path / "out")
    assert told.code == 2
    assert "so epsilon would not be for a person" in told.err
    assert "join what is needed" in told.err
    assert not (tmp_path / "out" / f"{first}.csv").exists()


def test_an_engine_that_is_not_there_is_told(folder: Path, tmp_path: Path):
    file = tmp_path / "engine.yaml"
    where = tmp_path / "nowhere" / "python"
    words = f"model: mostlyai\n    engine_python: {where}\n    engine_minutes: 1"
    file.write_text(SMALL.replace("target: region", words), encoding="utf-8")
    told = command("run", file, "-i", folder / "people.csv", "-o", tmp_path / "out")
    assert (told.code, "no such interpreter" in told.err) == (2, True), told.err


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("tables:", "table:"), "unknown key 'table'"),
        (("name: people", "name: ../people"), "name is that of a file"),
        (("target:", "targt:"), "unknown field `targt`"),
        (("zone: category", "zone: categry"), "there is no kind 'categry'"),
        (("zone: category", "zone: {kind: id, sort: 1}"), "unknown key 'sort'"),
        (("seed: 5", "seed: -5"), "seed cannot be negative"),
        (("target: region", "holdout: 1.5"), "holdout is a share"),
        (("target: region", "rows: 0"), "at least one row"),
        (("target: region", "model: forest"), "invalid enum value"),
        (("target: region", "delta: 1.0e-6"), "go with epsilon"),
        (("target: region", "rows_each: 2"), "go with epsilon"),
        (("target: region", "epsilon: 0"), "epsilon is out of range"),
        (("target: region", "epsilon: 1.0\n    delta: 0.0"), "delta is out of range"),
        (("target: region", "epsilon: 1.0\n    rows_each: 0"), "at least one row of a person"),
        (("target: region", "epsilon: 1.0\n    rows_each: 3"), "at least one row of a person"),
        (("target: region", "epsilon: 1.0\n    model: copula"), "that model has no epsilon"),
        (("target: region", "engine_python: /usr/bin/python3"), "goes with model: mostlyai"),
        (("target: region", "model: mostlyai\n    engine_minutes: 0"), "at least 0.1 minutes"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(change: tuple[str, str], match: str, tmp_path: Path):
    path = tmp_path / "wrong.yaml"
    path.write_text(SMALL.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=match) as caught:
        TablePipeline.from_yaml(path)
    assert str(path) in str(caught.value)


def test_steps_and_tables_do_not_go_together(tmp_path: Path):
    path = tmp_path / "both.yaml"
    path.write_text(SMALL + "steps: [normalize]\n", encoding="utf-8")
    with pytest.raises(InputError, match="steps or tables"):
        holds_tables(path)
    assert command("check", path).code == 2
    path.write_text("name: a\ntables: []\n", encoding="utf-8")
    with pytest.raises(InputError, match="no tables"):
        TablePipeline.from_yaml(path)
    path.write_text("tables: [{name: a}, {name: a}]\n", encoding="utf-8")
    with pytest.raises(InputError, match="two tables are called 'a'"):
        TablePipeline.from_yaml(path)


def test_a_table_of_a_database_and_a_compressed_one_in_a_folder(folder: Path, tmp_path: Path):
    with sqlite3.connect(tmp_path / "p.db") as opened:
        names = people(300).columns
        opened.execute(f"CREATE TABLE people ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        opened.executemany(f"INSERT INTO people VALUES ({marks})", people(300).rows())
    opened.close()
    source = f"sqlite:///{tmp_path / 'p.db'}#people"
    told = command("run", folder / "small.yaml", "-i", source, "-o", tmp_path / "a")
    assert told.code == 0, told.err
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"][0]["path"] == source
    assert pl.read_csv(tmp_path / "a" / "people.csv").height == 300
    packed = tmp_path / "packed"
    packed.mkdir()
    data = (folder / "people.csv").read_bytes()
    (packed / "people.csv.gz").write_bytes(gzip.compress(data))
    (packed / "README.txt").write_text("no table", encoding="utf-8")
    told = command("run", folder / "small.yaml", "-i", packed, "-o", tmp_path / "b")
    assert told.code == 0, told.err
    same = (tmp_path / "b" / "people.csv").read_bytes()
    assert same == (folder / "out" / "people.csv").read_bytes()


def test_inputs_that_are_not_there_are_named(folder: Path, tmp_path: Path):
    file = folder / "small.yaml"
    out = tmp_path / "out"
    cases = [
        ((), "no input"),
        (("-i", tmp_path / "none.csv"), "no such file"),
        (("-i", folder / "visits.parquet", "-i", file), "no input of this name"),
        (("-i", folder / "people.csv", "--workers", 2), "has no such option"),
        (("-i", folder / "people.csv", "--set", "a.b=1"), "has no such option"),
    ]
    for words, match in cases:
        told = command("run", file, *words, "-o", out)
        assert (told.code, match in told.err) == (2, True), told.err
    told = command("run", "quickstart", "-o", out)
    assert (told.code, "Missing option '-i'" in told.err) == (2, True)
    with pytest.raises(InputError, match="a pipeline of tables"):
        dataqa.Pipeline.from_yaml(file)


def test_check_list_and_init_know_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = command("check", shipped("pipelines") / "private-records.yaml")
    assert "1 tables" in told.out
    told = command("list", "pipelines")
    assert "private-records  tables" in told.out
    assert "quickstart       10 steps" in told.out
    monkeypatch.chdir(tmp_path)
    assert "my-tables.yaml" in command("init", "tables").out
    assert command("check", "my-tables.yaml").code == 0


def test_the_shipped_one_runs_on_the_example_records(tmp_path: Path, root: Path):
    file = shipped("pipelines") / "private-records.yaml"
    records = root / "examples" / "records" / "visits.csv"
    told = command("run", file, "-i", records, "-o", tmp_path)
    assert told.code == 0, told.err
    made, real = (pl.read_csv(path) for path in (tmp_path / "visits.csv", records))
    assert made.height == real.height == 900
    for name in ("patient_id", "ssn", "email", "phone"):
        assert not set(made[name]) & set(real[name]), name
    for row in made.iter_rows(named=True):
        assert row["last_name"] in row["note"]
        assert row["reason"] != "asthma" or "wheezing at night" in row["note"].lower()


def test_the_example_records_are_those_of_their_script(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
):
    import importlib.util

    path = root / "examples" / "make_data_records.py"
    spec = importlib.util.spec_from_file_location("make_data_records", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OUT", tmp_path / "records" / "visits.csv")
    module.main()
    made = tmp_path / "records" / "visits.csv"
    assert made.read_bytes() == (root / "examples" / "records" / "visits.csv").read_bytes()
