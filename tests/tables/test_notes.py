"""``dataqa synth text``: other people in free text, one identity for each subject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from commands import dataqa as command

from dataqa.errors import InputError
from dataqa.tables.notes.free import synthetic_notes

NOTES: list[dict[str, Any]] = [
    {
        "who": "P-1001",
        "text": "Mrs. Jane Doe came on March 4, 2021. Her husband Tom called from 415 201 2671.",
        "ward": "12",
    },
    {
        "who": "P-1001",
        "text": "J. Doe again on 2021-04-09. Write to jane.doe@corp.test, SSN 536-90-4399.",
        "ward": "12",
    },
    {"who": "P-2002", "text": "Jane Doe (another one), seen on March 4, 2021.", "ward": "7"},
    {"who": None, "text": None, "ward": "7"},
    {"who": "P-3003", "text": "", "ward": "7"},
]
FRAME = pl.DataFrame(NOTES)
OLD = ("Jane", "Doe", "Tom", "2671", "2021", "corp.test", "536-90", "P-1001", "P-2002")


def test_one_subject_is_one_identity_and_its_days_keep_their_distance():
    made = synthetic_notes(FRAME, subject="who", seed=3)
    first, second, third = made.frame["text"].head(3).to_list()
    assert not any(old in text for old in OLD for text in (first, second, third))
    name = first.split(" ")[1:3]
    assert f"{name[0][0]}. {name[1]} again" in second
    assert f"{name[0]}.{name[1]}@".lower() in second
    assert third.split(" ")[:2] != name
    days = [first.partition(" on ")[2][:20], second.partition(" on ")[2][:10]]
    when = [pl.Series([days[0].partition(".")[0]]).str.to_date("%B %-d, %Y")[0]]
    when.append(pl.Series([days[1]]).str.to_date()[0])
    assert (when[1] - when[0]).days == 36
    assert made.frame["who"].n_unique() == 4
    assert made.frame["who"][0] == made.frame["who"][1]
    assert not set(made.frame["who"].drop_nulls()) & set(FRAME["who"].drop_nulls())
    assert made.frame["text"].to_list()[3:] == [None, ""]


def test_the_id_of_a_subject_is_its_new_one_in_texts_too():
    """No recogniser knows a firm's own ids, also not that of somebody else in a text."""
    text = pl.col("text") + pl.format(" File {}, see P-2002.", pl.col("who").fill_null("none"))
    frame = FRAME.with_columns(text, memo=pl.format("the file is {}, not P-20021", "who"))
    made = synthetic_notes(frame, subject="who", columns={"memo": "scan"}, seed=3).frame
    other = made["who"][2]
    for row in (0, 1, 2):
        assert made["memo"][row] == f"the file is {made['who'][row]}, not P-20021"
        assert made["text"][row].endswith(f" File {made['who'][row]}, see {other}.")


def test_without_a_subject_each_row_stands_alone():
    made = synthetic_notes(FRAME, seed=3)
    assert made.frame.columns == ["text"]
    assert made.report["left_out"] == ["who", "ward"]
    assert made.report["scope"] == "document"
    texts = made.frame["text"].to_list()
    assert texts[0].split(" ")[1:3] != texts[2].split(" ")[:2]


def test_the_same_texts_and_seed_give_the_same_and_others_give_others():
    one = synthetic_notes(FRAME, subject="who", seed=3).frame
    assert synthetic_notes(FRAME, subject="who", seed=3).frame.equals(one)
    assert not synthetic_notes(FRAME, subject="who", seed=4).frame.equals(one)
    # whoever has not got all of the texts cannot make its stand-ins
    part = synthetic_notes(FRAME.head(2), subject="who", seed=3).frame
    assert part["text"][0] != one["text"][0]


def test_other_columns_are_kept_if_they_are_named():
    frame = FRAME.with_columns(doctor=pl.lit("Ann Smith"), n=pl.lit(1))
    made = synthetic_notes(frame, columns={"doctor": "PERSON", "ward": "scan"}).frame
    assert made.columns == ["text", "ward", "doctor"]
    assert not made["doctor"].str.contains("Ann|Smith").any()
    assert made["ward"].to_list() == FRAME["ward"].to_list()
    with pytest.raises(InputError, match="no column 'docter'"):
        synthetic_notes(frame, columns={"docter": "PERSON"})


@pytest.mark.parametrize(
    ("column", "subject", "match"),
    [("txt", "", "no column 'txt'"), ("text", "whom", "no column 'whom'"), ("n", "", "is Int64")],
)
def test_columns_that_are_not_there(column: str, subject: str, match: str):
    with pytest.raises(InputError, match=match):
        synthetic_notes(FRAME.with_columns(n=pl.lit(1, pl.Int64)), column, subject=subject)


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_file_goes_in_and_a_marked_one_comes_out(ending: str, tmp_path: Path):
    source, out = tmp_path / f"notes{ending}", tmp_path / "synthetic"
    write = {".jsonl": FRAME.write_ndjson, ".csv": FRAME.write_csv, ".parquet": FRAME.write_parquet}
    write[ending](source)
    told = command("synth", "text", source, "-o", out, "--subject", "who", "--seed", 3)
    assert told.code == 0, told.err
    assert "left out: ward" in told.err
    made = out / f"notes{ending}"
    if ending == ".parquet":
        said = json.loads(pl.read_parquet_metadata(made)["dataqa.synthetic"])
    else:
        said = json.loads((out / f"notes{ending}.dataqa.json").read_text(encoding="utf-8"))
        assert not any(old.encode() in made.read_bytes() for old in OLD)
    assert (said["synthetic"], said["seed"], said["scope"]) == (True, 3, "subject")
    told = command("synth", "text", source, "-o", tmp_path)
    assert told.code == 2
    assert "this is an input" in told.err
    told = command("synth", "text", source, "-o", out, "--text-column", "texts")
    assert (told.code, "did you mean text" in told.err) == (2, True)
