"""Synthetic tables: forms, dependencies, what is missing, people who are nobody, determinism."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from invented_people import people

import dataqa
from dataqa.errors import InputError
from dataqa.private.standins.words import given_names, plain

REAL = people()


def share(truths: pl.Series) -> float:
    return float(np.mean(truths.to_numpy()))


@pytest.fixture(scope="module")
def made() -> dataqa.Synthetic:
    return dataqa.synthesize(REAL, 900, seed=3)


def test_columns_and_forms_are_kept(made: dataqa.Synthetic):
    frame = made.frame
    assert (frame.columns, frame.height, made.report["rows"]) == (REAL.columns, 900, 900)
    forms = {
        "patient_id": r"P\d{6}",
        "phone": r"\+1 \d{3} 555 01\d\d",
        "birth_date": r"(19|20)\d\d-\d\d-\d\d",
        "zone": "000[1-9]",
        "income": r"\$\d{1,3}(,\d{3})*\.\d\d|NA",
        "share": r"\d+\.\d%",
        "visits": r"\d",
    }
    for name, form in forms.items():
        values = frame[name].drop_nulls()
        assert all(re.fullmatch(form, value) for value in values), name


def test_what_is_private_is_nobodys(made: dataqa.Synthetic):
    frame = made.frame
    for name in ("patient_id", "email", "phone"):
        assert (
            not set(frame[name].drop_nulls()) & set(REAL[name].drop_nulls()) or name == "patient_id"
        )
    assert frame["email"].n_unique() == frame["patient_id"].n_unique() == 900
    assert frame["email"].str.contains(r"@.*\.example\.(com|org|net)$").all()
    birthdays = set(REAL["birth_date"])
    assert not birthdays & set(frame["birth_date"])


def test_name_mail_and_gender_of_a_row_agree(made: dataqa.Synthetic):
    for row in made.frame.iter_rows(named=True):
        local = row["email"].partition("@")[0]
        assert local.startswith(
            f"{plain(row['first_name'])}.{plain(row['last_name'])}".replace(" ", "")
        )
        gender = given_names()[plain(row["first_name"])].gender
        assert gender in {"both", {"F": "female", "M": "male"}[row["sex"]]}


def test_what_is_missing_is_missing_as_often_and_where(made: dataqa.Synthetic):
    frame = made.frame
    shares = [one["phone"].null_count() / one.height for one in (REAL, frame)]
    assert shares[1] == pytest.approx(shares[0], abs=0.05)
    assert share(frame.filter(pl.col("region") == "US")["income"].str.contains("NA")) <= 0.03
    assert share(frame.filter(pl.col("region") != "US")["income"].str.contains("NA")) > 0.1


def test_what_depends_on_what_is_kept(made: dataqa.Synthetic):
    def related(frame: pl.DataFrame) -> float:
        money = frame["income"].str.replace_all("[$,]", "").cast(pl.Float64, strict=False)
        year = frame["birth_date"].str.slice(0, 4).cast(pl.Float64)
        there = money.is_not_null()
        return float(np.corrcoef(money.filter(there), year.filter(there))[0, 1])

    assert related(REAL) < -0.5
    assert related(made.frame) == pytest.approx(related(REAL), abs=0.15)


def test_the_same_seed_gives_the_same_rows_whatever_the_threads(made: dataqa.Synthetic):
    one = dataqa.Synthesizer.fit(REAL, seed=3, threads=1)
    assert one.sample(900, seed=3).equals(made.frame)
    assert not one.sample(900, seed=4).equals(made.frame)


def test_a_saved_model_gives_the_same_rows_and_the_same_bytes(
    made: dataqa.Synthetic, tmp_path: Path
):
    path = tmp_path / "patients.model"
    made.model.save(path)
    again = dataqa.Synthesizer.load(path)
    assert again.sample(900, seed=3).equals(made.frame)
    again.save(tmp_path / "again.model")
    assert path.read_bytes() == (tmp_path / "again.model").read_bytes()
    data = bytearray(path.read_bytes())
    for value in ("email", "phone"):  # private values are nowhere in it
        assert not any(one.encode() in data for one in REAL[value].drop_nulls())


def test_a_damaged_model_is_said_to_be_one(made: dataqa.Synthetic, tmp_path: Path):
    import zipfile

    path, other = tmp_path / "a.model", tmp_path / "b.model"
    made.model.save(path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(
                name, data[:-1] + bytes([data[-1] ^ 1]) if name == "content0.npy" else data
            )
    with pytest.raises(InputError, match="damaged"):
        dataqa.Synthesizer.load(other)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():  # what is said of columns and epsilon counts as well
            data = old.read(name)
            changed = data.replace(b'"rows":', b'"rows":1', 1) if name == "model.json" else data
            new.writestr(name, changed)
    with pytest.raises(InputError, match="damaged or was changed"):
        dataqa.Synthesizer.load(other)
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match="no model"):
        dataqa.Synthesizer.load(path)


def test_given_values_hold_in_all_rows_and_change_the_others():
    made = dataqa.synthesize(REAL, 300, given={"region": "US", "smoker": "yes"}).frame
    assert made["region"].unique().to_list() == ["US"]
    assert made["smoker"].unique().to_list() == ["yes"]
    assert share(made["income"].str.contains("NA")) <= 0.05
    later = dataqa.Synthesizer.fit(REAL).sample(50, given={"region": "US"})  # not set, but met
    assert later["region"].unique().to_list() == ["US"]
    with pytest.raises(InputError, match="no such value"):
        dataqa.synthesize(REAL, given={"region": "Mars"})
    with pytest.raises(InputError, match="did you mean region"):
        dataqa.synthesize(REAL, given={"regio": "US"})
    with pytest.raises(InputError, match="cannot be given"):
        dataqa.synthesize(REAL, given={"email": "a@b.c"})


def test_rows_of_the_original_are_drawn_anew():
    # of all combinations of these, some are in the table and few rows have each
    draw = np.random.default_rng(5)
    frame = pl.DataFrame({name: draw.integers(0, 6, 2000) for name in "abcd"})
    hints = dict.fromkeys("abcd", "category")
    made = dataqa.synthesize(frame, hints=hints, seed=1)
    assert made.report["drawn_anew"] > 100
    rare = frame.group_by("a", "b", "c", "d").len().filter(pl.col("len") < 5)
    met = made.frame.join(rare, on=list("abcd"), how="semi").height
    assert met == made.report["still_equal"] < made.report["drawn_anew"] / 4


def test_rare_values_are_never_written():
    frame = pl.DataFrame(
        {"town": ["Here", "There"] * 500 + ["Nowhere"] * 3, "n": [*range(7)] * 143 + [1, 2]}
    )
    made = dataqa.synthesize(frame, 3000, seed=2)
    assert set(made.frame["town"]) == {"Here", "There"}
    assert made.report["rare"] == {"town": 3}


def test_outliers_are_not_written():
    frame = pl.DataFrame({"sum": [1000.0 + row * 1.37 for row in range(999)] + [9e6]})
    made = dataqa.synthesize(frame, 5000, seed=2).frame["sum"]
    assert not (made == 9e6).any()
    assert (made.max() or 0) < 9e6  # pyright: ignore[reportOperatorIssue]


def test_types_of_a_frame_are_kept():
    days = pl.Series([row % 300 for row in range(500)])
    frame = pl.DataFrame(
        {
            "whole": pl.Series([row % 17 for row in range(500)], dtype=pl.Int16),
            "real": [row * 0.25 if row % 9 else None for row in range(500)],
            "day": pl.select(pl.date(2020, 1, 1) + pl.duration(days=pl.lit(days))).to_series(),
            "kind": pl.Series(["a", "b", "b", "c"] * 125, dtype=pl.Enum(["a", "b", "c"])),
            "truth": [row % 3 == 0 for row in range(500)],
        }
    )
    made = dataqa.synthesize(frame, seed=1).frame
    assert made.schema == frame.schema
    assert made["truth"].mean() == pytest.approx(1 / 3, abs=0.07)
    assert 20 < made["real"].null_count() < 100


def test_the_copula_joins_what_goes_together():
    draw = np.random.default_rng(1)
    one = draw.normal(size=2000)
    frame = pl.DataFrame({"a": one.round(3), "b": (one + draw.normal(size=2000) / 2).round(3)})
    made = dataqa.synthesize(frame, model="copula", seed=1).frame
    real = np.corrcoef(frame["a"], frame["b"])[0, 1]
    assert np.corrcoef(made["a"], made["b"])[0, 1] == pytest.approx(real, abs=0.05)
    with pytest.raises(InputError, match="too rare"):
        dataqa.synthesize(frame, 1_000, model="copula", given={"a": 100.0})
