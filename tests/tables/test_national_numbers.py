"""Numbers of persons: they say birth and sex, invented ones those of their row."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from invented_people import bearer, day_of

import dataqa
from dataqa.private.standins.draw import Draw
from dataqa.tables.people.national import KINDS
from dataqa.tables.people.numbered import kind_of, numbered, said, same_birth
from dataqa.tables.people.private_forms import form_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_says_what_its_bearer_is(kind: str):
    for row in range(40):
        who = bearer(row)
        made = numbered(kind, "", who, Draw(b"key", kind, str(row)))
        read = said(kind, made)
        assert read is not None
        assert same_birth(read, who.birth), (made, who)
        assert read.sex in {"", "male" if who.male else "female"}
        if read.century and read.daily:
            assert read.birth == who.birth


def test_numbers_that_python_stdnum_reads_are_read_alike():
    import stdnum.be.nn
    import stdnum.it.codicefiscale
    import stdnum.no.fodselsnummer
    import stdnum.pl.pesel

    modules = {
        "BE_NATIONAL_NUMBER": stdnum.be.nn,
        "IT_FISCAL_CODE": stdnum.it.codicefiscale,
        "NO_FODSELSNUMMER": stdnum.no.fodselsnummer,
        "PL_PESEL": stdnum.pl.pesel,
    }
    for kind, module in modules.items():
        made = numbered(kind, "", bearer(3), Draw(b"key", kind))
        assert module.is_valid(made)
        assert module.get_birth_date(made) == day_of(3)
        assert module.get_gender(made) == "F"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("CN_ID", "110105194912310021"),  # another check character
        ("PL_PESEL", "44051401358"),
        ("FI_PERSONAL_IDENTITY_CODE", "131052-308U"),
        ("IT_FISCAL_CODE", ""),
        ("SE_PERSONNUMMER", "no number"),
        ("KR_RRN", "９" * 13),
    ],
)
def test_what_is_no_number_says_nothing(kind: str, text: str):
    assert said(kind, text) is None


def test_the_form_of_a_number_is_kept():
    made = numbered("SE_PERSONNUMMER", "850709-9805", bearer(2), Draw(b"key"))
    assert made[6] == "-"
    made = numbered("SE_PERSONNUMMER", "19850709-9805", bearer(2), Draw(b"key"))
    assert made.startswith(f"{day_of(2):%Y%m%d}-")


def registered(rows: int, kind: str, *, agree: bool = True) -> pl.DataFrame:
    """A table in which a number says the birth and sex beside it, or somebody else's."""
    found: list[dict[str, str]] = []
    for row in range(rows):
        who, other = bearer(row), bearer(row if agree else row * 31 + 7)
        found.append(
            {
                "national_id": numbered(kind, "", other, Draw(b"real", kind, str(row))),
                "birth_date": who.birth.isoformat(),
                "sex": "male" if who.male else "female",
                "group": "abc"[row % 3],
            }
        )
    return pl.DataFrame(found)


@pytest.mark.parametrize("kind", ["PL_PESEL", "SE_PERSONNUMMER"])
def test_an_invented_number_says_the_birth_and_sex_of_its_row(kind: str):
    real = registered(150, kind)
    made = dataqa.synthesize(real, seed=2).frame
    assert made["national_id"].n_unique() == 150
    assert not set(made["national_id"]) & set(real["national_id"])
    for row in made.iter_rows(named=True):
        read = said(kind, row["national_id"])
        assert read is not None
        assert read.birth == date.fromisoformat(row["birth_date"])
        assert read.sex == row["sex"]


def test_where_the_original_did_not_agree_nothing_is_made_to():
    made = dataqa.synthesize(registered(150, "PL_PESEL", agree=False), seed=2).frame
    read = [said("PL_PESEL", one) for one in made["national_id"]]
    days = [date.fromisoformat(one) for one in made["birth_date"]]
    same = sum(one is not None and one.birth == day for one, day in zip(read, days, strict=True))
    assert same < 5


def test_a_column_of_national_numbers_is_told_by_its_values():
    numbers = registered(60, "PL_PESEL")["national_id"].to_list()
    assert kind_of(numbers) == "PL_PESEL"
    assert kind_of(["one", "two"]) == ""
    assert form_of(pl.Series("national_id", numbers), "NATIONAL_ID", 2).entity == "PL_PESEL"
    assert form_of(pl.Series("national_id", ["ab12"] * 9), "NATIONAL_ID", 2).entity == "NATIONAL_ID"
