"""Columns whose names say nothing: people and identifiers in them are known by their values."""

from __future__ import annotations

import random

import polars as pl
import pytest

import dataqa
from dataqa.errors import InputError
from dataqa.tables.profile import profile

GIVEN = ("Emma", "Carla", "Bert", "Frank", "Julia", "Peter", "Maria", "Thomas", "Laura", "Paul")
FAMILY = ("Schmidt", "Müller", "Braun", "Keller", "Wagner", "Fischer", "Weber", "Meyer")
CHINESE = ("陈静", "李娜", "王伟", "张敏", "刘洋", "赵建国", "周婷", "欧阳丹丹")


def table(values: list[str | int], rows: int = 400) -> pl.DataFrame:
    """A column called ``seen`` of these values, and one of ages."""
    draw = random.Random(1)
    ages = [draw.randrange(20, 80) for _ in range(rows)]
    return pl.DataFrame({"seen": [draw.choice(values) for _ in range(rows)], "age": ages})


def people(size: int) -> list[str]:
    """So many names."""
    draw = random.Random(2)
    return sorted({f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}" for _ in range(3 * size)})[:size]


@pytest.mark.parametrize(
    "names",
    [
        people(24),
        [name.upper() for name in people(24)],
        [", ".join(reversed(name.split())) for name in people(24)],
        list(CHINESE),
    ],
    ids=["plain", "capitals", "turned", "chinese"],
)
def test_names_that_many_rows_share_are_people_and_none_is_copied(names: list[str]):
    frame = table([*names])
    assert profile(frame)["seen"].kind == "private"
    assert profile(frame)["seen"].entity == "PERSON"
    made = dataqa.synthesize(frame, seed=1).frame
    copied = set(made["seen"]) & set(names)
    assert len(copied) <= 1, "by chance somebody invented may be called so"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([f"saw {name} today" for name in people(20)], "names of people"),
        ([*people(8), *(f"ward {at} of the house" for at in range(12))], "names of people"),
        ([f"AB-{at}" for at in range(676800, 676860)], "one form with many digits"),
        ([f"{at:09d}" for at in range(12, 9_000_000, 150_001)], "one form with many digits"),
        ([900_000_017 + 3_331 * at for at in range(60)], "all of one length"),
        ([f"{1 + at % 28}/{1 + at % 12}/20x{at % 10}1 1/1/22" for at in range(60)], "of no one"),
    ],
    ids=["in texts", "some", "letters and digits", "padded", "numbers", "dates"],
)
def test_what_looks_like_somebody_is_not_learnt(values: list[str | int], told: str):
    with pytest.raises(InputError, match=told) as error:
        dataqa.synthesize(table(values), seed=1)
    assert not any(str(value) in str(error.value) for value in values)


@pytest.mark.parametrize(
    "values",
    [
        ["New York", "San Diego", "Fort Wayne", "Salt Lake City", "Santa Fe", "Los Angeles"],
        ["Never-married", "Married-civ-spouse", "Divorced", "Separated", "Widowed"],
        ["Exec-managerial", "Prof-specialty", "Sales", "Craft-repair", "Handlers-cleaners"],
        ["January", "April", "May", "June", "August", "September", "October", "March"],
        ["Georgia", "Virginia", "Texas", "Ohio", "Utah", "Iowa", "Maine", "Idaho", "Kansas"],
        ["感冒", "高血压", "糖尿病", "白内障", "骨折", "胃炎", "哮喘"],
        [f"E{at}.{at % 10}" for at in range(10, 60)],
        [f"room {at}" for at in range(40)],
        [f"{at}-{at + 9}" for at in range(0, 400, 10)],
    ],
)
def test_what_is_nobody_stays_a_category(values: list[str]):
    assert profile(table([*values]))["seen"].kind == "category"


def test_quantities_of_one_length_stay_quantities():
    salaries: list[str | int] = [1_000_000 + 10_000 * at for at in range(60)]
    assert profile(table(salaries))["seen"].kind == "integer"
    codes = table([185_345_009 + 7 * at for at in range(60)]).rename({"seen": "event_code"})
    assert profile(codes)["event_code"].kind == "category"
