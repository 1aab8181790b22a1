"""Notes of linked tables: one synthetic person in all of them, from one real person's notes."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from commands import dataqa as command
from invented_clinic import clinic, word_of

import dataqa
from dataqa.errors import InputError
from dataqa.tables.notes.donors import given, rows_given

REAL = clinic(60)
NOTES = {"patients": "note", "visits": "note", "calls": "text"}
SCHEMA = {
    name: {"columns": {note: {"kind": "surrogate"}}, "order": order}
    for (name, note), order in zip(NOTES.items(), ("", "visit_date", "call_date"), strict=True)
}
SEX = {word_of(at): sex for at, sex in enumerate(REAL["patients"]["sex"])}
_WORD = re.compile(r"\((zu[a-z]+)\)")


@pytest.fixture(scope="module")
def made() -> dataqa.SyntheticTables:
    return dataqa.synthesize_tables(REAL, SCHEMA, seed=3)


def visits_of(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Each visit, with its patient and doctor."""
    people, staff = frames["patients"].drop("note"), frames["doctors"].rename({"name": "doctor"})
    return frames["visits"].join(people, on="patient_id").join(staff, on="doctor_id")


def test_a_note_tells_of_the_people_that_its_row_points_to(made: dataqa.SyntheticTables):
    whole = visits_of(made.frames)
    assert whole.height == made.frames["visits"].height
    told = whole.drop_nulls("note")
    assert told.height > 80
    for row in told.iter_rows(named=True):
        day, birth = (date.fromisoformat(row[name]) for name in ("visit_date", "birth_date"))
        note: str = row["note"]
        assert note.startswith(f"{row['name']} (")
        assert f"born {birth:%m/%d/%Y}, came on {day:%B} {day.day}, {day.year} from" in note
        assert f"from {row['city']}, {row['state']} {row['zip']}." in note
        assert f"Dr. {row['doctor']}." in note
        assert f"{row['patient_id']}, visit {row['visit_id']}." in note
        assert f"Next visit {day + timedelta(14)}." in note


def test_a_row_two_tables_below_and_the_person_herself_are_the_same(
    made: dataqa.SyntheticTables,
):
    calls = made.frames["calls"].join(visits_of(made.frames).drop("note"), on="visit_id")
    told = calls.drop_nulls("text")
    assert told.height > 50
    for row in told.iter_rows(named=True):
        day = date.fromisoformat(row["call_date"])
        assert row["text"].startswith(row["name"].partition(" ")[0])
        assert f"called on {day:%m/%d/%Y} from" in row["text"]
        assert re.sub("[^0-9]", "", row["phone"]) in re.sub("[^0-9]", "", row["text"])
        assert row["text"].endswith(f"{row['email']}.")
    people = made.frames["patients"].drop_nulls("note")
    assert people.height > 5
    for row in people.iter_rows(named=True):
        assert row["note"].startswith(f"{row['name']} (")
        assert row["note"].endswith(f"), {row['ssn']}, is allergic.")


def test_all_notes_of_a_person_are_one_real_persons_of_the_same_sex(
    made: dataqa.SyntheticTables,
):
    visits = made.frames["visits"].select("visit_id", "patient_id", text="note")
    calls = made.frames["calls"].join(visits.drop("text"), on="visit_id")
    people = made.frames["patients"].select("patient_id", text="note")
    texts = pl.concat([one.select("patient_id", "text") for one in (people, visits, calls)])
    sexes = dict(made.frames["patients"].select("patient_id", "sex").iter_rows())
    for (who,), some in texts.drop_nulls().group_by("patient_id"):
        words = {_WORD.findall(text)[0] for text in some["text"]}
        assert len(words) == 1
        assert SEX[words.pop()] == sexes[who]


def test_as_many_notes_are_missing_as_before(made: dataqa.SyntheticTables):
    for name, note in NOTES.items():
        real, new = REAL[name][note].is_null().mean(), made.frames[name][note].is_null().mean()
        assert abs(float(real) - float(new)) < 0.13, name  # pyright: ignore[reportArgumentType]
    without = made.frames["patients"].filter(pl.col("note").is_null())["patient_id"]
    theirs = made.frames["visits"].filter(pl.col("patient_id").is_in(without.to_list()))
    assert theirs["note"].count() > 40


def test_nothing_of_the_originals_is_left_by_a_check_of_its_own(
    made: dataqa.SyntheticTables, tmp_path: Path
):
    paths: list[Path] = []
    for frames, which in ((REAL, "real"), (made.frames, "made")):
        texts = [
            one.rename({NOTES[name]: "text"} if name in NOTES else {})
            for name, one in frames.items()
        ]
        rows = pl.concat(texts, how="diagonal")
        ids = pl.Series("id", [f"{which} {row}" for row in range(rows.height)])
        paths.append(tmp_path / f"{which}.jsonl")
        rows.with_columns(ids, pl.col("text").fill_null("")).write_ndjson(paths[-1])
    kinds = {
        **dict.fromkeys(("patient_id", "visit_id", "doctor_id"), "MEDICAL_RECORD"),
        "email": "EMAIL_ADDRESS",
        "phone": "PHONE_NUMBER",
        "ssn": "US_SSN",
    }
    words = [word for name, kind in kinds.items() for word in ("--column", f"{name}={kind}")]
    settings = ("--id-column", "id", "--names", "tagger", "--json", "--log", "none")
    told = command("leakcheck", *paths, *settings, *words)
    found = json.loads(told.out)
    assert sum(found["values"].values()) > 600
    left = {leak["entity"] for leak in found["leaks"]}
    assert not left & {"MEDICAL_RECORD", "EMAIL_ADDRESS", "PHONE_NUMBER", "US_SSN"}


def test_what_is_left_is_found_in_any_table(made: dataqa.SyntheticTables):
    assert made.report["left"]["left"] == {}
    assert made.report["left"]["looked_for"] > 600
    ssn, key = REAL["patients"]["ssn"][3], REAL["visits"]["visit_id"][5]
    first = pl.int_range(pl.len()) == 0
    spoilt = made.frames | {
        "calls": made.frames["calls"].with_columns(
            text=pl.when(first)
            .then(pl.lit(f"her number is {ssn.replace('-', ' ')}"))
            .otherwise("text")
        ),
        "doctors": made.frames["doctors"].with_columns(
            speciality=pl.when(first).then(pl.lit(key)).otherwise("speciality")
        ),
    }
    assert made.model.left_in(spoilt)["left"] == {"ID": 1, "US_SSN": 1}


def test_the_same_seed_gives_the_same_notes_also_from_a_saved_model(
    made: dataqa.SyntheticTables, tmp_path: Path
):
    again = dataqa.synthesize_tables(REAL, SCHEMA, seed=3)
    assert all(again.frames[name].equals(made.frames[name]) for name in REAL)
    assert again.report == made.report
    path = tmp_path / "clinic.model"
    made.model.save(path)
    data = path.read_bytes()
    assert not any(word.encode() in data for word in (*SEX, *REAL["patients"]["ssn"]))
    with pytest.raises(InputError, match="holds no texts"):
        dataqa.LinkedSynthesizer.load(path).sample()
    other = REAL | {"visits": REAL["visits"].drop("note")}
    with pytest.raises(InputError, match="visits: the originals are not"):
        dataqa.LinkedSynthesizer.load(path, other).sample()
    loaded = dataqa.LinkedSynthesizer.load(path, REAL).sample(seed=3)
    assert all(loaded[name].equals(made.frames[name]) for name in REAL)
    others = made.model.sample(0.5, seed=4)["visits"]["note"].drop_nulls()
    assert not set(others) & set(made.frames["visits"]["note"])


def test_people_whom_a_note_mentions_beside_are_replaced():
    other = REAL["patients"].row(11, named=True)
    extra = f" Brought by {other['name']}, {other['ssn']}."
    visits = REAL["visits"].with_columns(note=pl.col("note") + extra)
    made = dataqa.synthesize_tables(REAL | {"visits": visits}, SCHEMA, seed=2).frames
    notes = made["visits"]["note"].drop_nulls()
    assert notes.str.contains(r"Brought by [A-Z]\w+ [A-Z]").all()
    assert not notes.str.contains(other["ssn"]).any()
    assert not notes.str.contains(f"by {other['name']}").any()


def test_a_text_is_like_its_row_where_hints_say_so_and_still_of_its_person():
    hints = {"visits": {"columns": {"note": {"kind": "surrogate", "like": ["reason"]}}}}
    hints |= {name: {"columns": {NOTES[name]: "drop"}} for name in ("patients", "calls")}
    hints = {
        name: {"columns": {one: {"kind": kind} if isinstance(kind, str) else kind}}
        for name, told in hints.items()
        for one, kind in told["columns"].items()
    }
    made = dataqa.synthesize_tables(REAL, hints, seed=5)
    assert made.frames["calls"].columns == ["visit_id", "call_date"]
    frames = made.frames | {"patients": made.frames["patients"].with_columns(note=None)}
    for row in visits_of(frames).drop_nulls("note").iter_rows(named=True):
        assert row["note"].startswith(f"{row['name']} (")
        assert f"Reason: {row['reason']}." in row["note"]


def test_a_sequence_has_notes_of_one_person_too():
    days = REAL["visits"].select("visit_id", "patient_id", "visit_date", "reason", "note")
    told = {"events": {"sequence": "patient_id", "columns": SCHEMA["visits"]["columns"]}}
    made = dataqa.synthesize_tables({"events": days}, told, seed=1).frames["events"]
    for _, some in made.drop_nulls("note").group_by("patient_id"):
        assert len({_WORD.findall(note)[0] for note in some["note"]}) == 1
    for row in made.drop_nulls("note").iter_rows(named=True):
        assert f"{row['patient_id']}, visit {row['visit_id']}." in row["note"]


def test_tables_without_a_text_and_those_that_are_copied_are_an_error():
    none = REAL | {"calls": REAL["calls"].with_columns(text=pl.lit(None, pl.String))}
    with pytest.raises(InputError, match=r"calls\.text: there is no text in it"):
        dataqa.synthesize_tables(none, SCHEMA)
    kept = SCHEMA | {"calls": SCHEMA["calls"] | {"keep": True}}
    with pytest.raises(InputError, match=r"calls\.text: a table that is kept"):
        dataqa.synthesize_tables(REAL, kept)


def test_rows_without_a_person_have_notes_of_rows_without_one():
    visits = REAL["visits"].with_columns(
        patient_id=pl.when(pl.int_range(pl.len()) % 4 == 0).then(None).otherwise("patient_id")
    )
    tables = {"patients": REAL["patients"].drop("note"), "visits": visits}
    made = dataqa.synthesize_tables(tables, {"visits": SCHEMA["visits"]}, seed=6).frames["visits"]
    loose = made.filter(pl.col("patient_id").is_null())
    assert loose.height > 10
    assert loose["note"].count() > 0.6 * loose.height
    assert not made["note"].str.contains("|".join(REAL["patients"]["ssn"])).any()


def test_the_command_searches_all_tables_and_ends_with_3_where_something_is_left(tmp_path: Path):
    tables = REAL | {
        "visits": REAL["visits"].with_columns(
            desk=pl.when(pl.int_range(pl.len()) % 2 == 0)
            .then(pl.lit(REAL["patients"]["phone"][0]))
            .otherwise(pl.lit("none"))
        )
    }
    said: dict[str, Any] = {name: dict(one) for name, one in SCHEMA.items()} | {"doctors": {}}
    for name, frame in tables.items():
        frame.write_csv(tmp_path / f"{name}.csv")
        said[name]["file"] = f"{name}.csv"
    desk = {"desk": {"kind": "category"}}
    for columns, code, word in (
        ({"desk": {"kind": "drop"}}, 0, "private values none is left"),
        (desk, 3, "values of the originals are left: PHONE_NUMBER in"),
    ):
        said["visits"]["columns"] = {"note": {"kind": "surrogate"}, **columns}
        path = tmp_path / "schema.yaml"
        path.write_text(json.dumps({"tables": said}), encoding="utf-8")
        told = command("synth", "tables", path, "-o", tmp_path / "out", "--seed", 3)
        assert told.code == code, told.err
        assert word in told.err
        assert not any(one in told.err for one in REAL["patients"]["phone"])
    beside = json.loads((tmp_path / "out" / "calls.csv.dataqa.json").read_text(encoding="utf-8"))
    assert beside["left"]["left"]["PHONE_NUMBER"] > 10


def test_whoever_needs_most_comes_first_and_nobody_gives_twice_before_others():
    traits = [("female", "1950")] * 3 + [("male", "1950")] * 2
    has = np.array([[1, 0], [2, 2], [5, 1], [9, 9], [1, 1]])
    needs = np.array([[1, 0], [4, 1], [2, 1], [1, 0], [9, 9], [0, 0], [9, 9]])
    wanted = [("female", "1950")] * 4 + [("female", "1990"), ("female", "1950"), ("male", "1980")]
    found = given(traits, has, wanted, needs, seed=1)
    assert found[:3] == [0, 2, 1]  # the one with five rows was left for whom only she has enough
    assert found[4] == 2  # nobody of her sex has nine: who has most of what is needed
    assert (found[5], found[6]) == (-1, 3)


def test_rows_keep_their_order_and_another_is_of_the_same_person():
    sources, another = rows_given([1, -1], [[], [7, 8, 9, 4]], [[2, 0], [1]], 3, [True] * 10, [1])
    order = [7, 8, 9, 4]
    assert order.index(sources[2]) < order.index(sources[0])
    assert sources[1] == -1
    rest = {another(0), another(2)}
    assert rest == set(order) - {sources[0], sources[2]}
    assert another(0) == -1


def test_whom_a_note_is_about_is_told_by_the_table_with_most_of_a_person():
    clerks = [f"{given} Mill" for given in ("Ann", "Bob", "Cleo", "Dan", "Eve")]
    visits = REAL["visits"].with_columns(
        typed_by=pl.Series([clerks[row % 5] for row in range(REAL["visits"].height)]),
        clinic_id=pl.Series(
            [f"CL-{80_000 + row * 7 % 30}" for row in range(REAL["visits"].height)]
        ),
    )
    clinics = pl.DataFrame({"clinic_id": [f"CL-{80_000 + at}" for at in range(30)], "beds": 7})
    schema = {
        "visits": {
            "foreign_keys": {"clinic_id": "clinics", "patient_id": "patients"},
            "columns": {
                "note": {"kind": "surrogate"},
                "typed_by": {"kind": "private", "entity": "PERSON"},
            },
        },
        "patients": {"columns": {"note": {"kind": "drop"}}, "foreign_keys": {}},
    }
    hints = {name: dict(one) for name, one in schema.items()}
    tables = {"clinics": clinics, "patients": REAL["patients"], "visits": visits}
    made = dataqa.synthesize_tables(tables, hints, seed=2).frames
    told = made["visits"].join(made["patients"], on="patient_id").drop_nulls("note")
    for _, some in told.group_by("patient_id"):
        assert len({_WORD.findall(note)[0] for note in some["note"]}) == 1
        assert all(note.startswith(f"{some['name'][0]} (") for note in some["note"])
