"""What columns are, told by names, values and how many there are; and hints."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from invented_people import people

from dataqa.errors import InputError
from dataqa.tables.columns import Column, read_hints, with_hints, write_hints
from dataqa.tables.profile import profile


def test_a_table_of_people_is_told_apart():
    found = {name: (one.kind, one.entity) for name, one in profile(people()).items()}
    assert found == {
        "patient_id": ("id", ""),
        "first_name": ("private", "GIVEN_NAME"),
        "last_name": ("private", "FAMILY_NAME"),
        "email": ("private", "EMAIL_ADDRESS"),
        "phone": ("private", "PHONE_NUMBER"),
        "sex": ("category", ""),
        "birth_date": ("date", "DATE_OF_BIRTH"),
        "region": ("category", ""),
        "zone": ("category", ""),
        "income": ("decimal", ""),
        "share": ("decimal", ""),
        "visits": ("integer", ""),
        "smoker": ("boolean", ""),
    }


def test_values_tell_what_a_name_does_not():
    found = profile(people().select(pl.col("email").alias("c1"), pl.col("phone").alias("c2")))
    assert (found["c1"].kind, found["c1"].entity) == ("private", "EMAIL_ADDRESS")
    assert (found["c2"].kind, found["c2"].entity) == ("private", "PHONE_NUMBER")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"x{row * 37 % 1009}q" for row in range(300)], "id"),
        (list(range(5_000, 5_300)), "id"),
        ([row * 977 % 100_003 + 0.5 for row in range(300)], "decimal"),
        ([row % 7 for row in range(300)], "integer"),
        ([f"a long remark of many words, number {row}" for row in range(300)], "text"),
        (["one"] * 300, "constant"),
        ([None] * 300, "empty"),
        (["NA", ""] * 150, "empty"),
        ([f"{row % 28 + 1:02d}.03.2020" for row in range(300)], "date"),
        ([f"{row:05d}" for row in range(300)], "id"),
        ([row % 2 == 0 for row in range(300)], "boolean"),
        ([f"1.{row % 1000:03d},50" for row in range(300)], "decimal"),
    ],
)
def test_kinds(values: list[object], kind: str):
    assert profile(pl.DataFrame({"c": values}))["c"].kind == kind


def test_numbers_that_are_codes_are_no_quantities():
    codes = [10509002, 59621000, 444814009, 195662009] * 75
    assert profile(pl.DataFrame({"REASONCODE": codes}))["REASONCODE"].kind == "category"
    assert profile(pl.DataFrame({"total": codes}))["total"].kind == "integer"


def test_a_value_is_never_in_what_is_told():
    frame = people()
    told = write_hints(profile(frame))
    for name in ("email", "phone", "patient_id", "last_name"):
        assert not any(value in told for value in frame[name].drop_nulls() if len(value) > 6)


def test_hints_go_out_and_come_back(tmp_path: Path):
    columns = profile(people())
    path = tmp_path / "hints.yaml"
    path.write_text(write_hints(columns), encoding="utf-8")
    assert read_hints(path) == columns
    assert with_hints(columns, {"zone": "id"})["zone"] == Column("id")
    with pytest.raises(InputError, match="did you mean zone"):
        with_hints(columns, {"zones": "id"})
    with pytest.raises(InputError, match="there is no kind 'number'"):
        with_hints(columns, {"zone": "number"})
    path.write_text("columns: {zone: id, email: private}\n", encoding="utf-8")
    read = read_hints(path)
    assert read == {"zone": Column("id"), "email": Column("private")}
    assert with_hints(columns, read)["email"].entity == "EMAIL_ADDRESS"
    path.write_text("columns: {zone: number}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"hints.yaml:1: there is no kind"):
        read_hints(path)
    path.write_text("columns:\n  zone: {kind: id, sort: 1}\n", encoding="utf-8")
    with pytest.raises(InputError, match="unknown key 'sort'"):
        read_hints(path)
    path.write_text("zone: id\n", encoding="utf-8")
    with pytest.raises(InputError, match="hints begin with columns"):
        read_hints(path)
