"""One invented person in a row: places, telephone; keys; nobody's values."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from invented_people import bearer, people
from invented_visits import TOWNS, visits

import dataqa
from dataqa.private.standins.draw import Draw, digits_of
from dataqa.private.standins.gazetteer import gazetteer, places
from dataqa.private.standins.words import given_names, names, plain
from dataqa.tables.people import invented as inventing
from dataqa.tables.people.apart import folded
from dataqa.tables.people.invented import invented
from dataqa.tables.people.located import Where, home, usual_country
from dataqa.tables.people.numbered import numbered
from dataqa.tables.people.owners import owned, with_links
from dataqa.tables.people.persons import Known, value_of
from dataqa.tables.people.private_forms import PrivateForm

PLACES = {(one.city, one.region): one.post for one in places("US")}
NO_NAMES = ("patient_id", "email", "phone")


def located(rows: int = 300) -> pl.DataFrame:
    draw = random.Random(8)
    found: list[dict[str, str]] = []
    for row in range(rows):
        city, state, post = draw.choice(TOWNS)
        found.append(
            {
                "name": f"Ann{row} Doe",
                "address": f"{row} Mill Road, {city}, {state} {post}{row % 90 + 10}",
                "city": city,
                "state": state,
                "zip": f"{post}{row % 90 + 10}",
                "phone": f"+1 {draw.randrange(300, 390)} 201 {1000 + row * 7}",
                "kind": draw.choice("ab"),
            }
        )
    return pl.DataFrame(found)


def test_address_city_state_postcode_and_telephone_are_of_one_place():
    hints: dict[str, str] = dict.fromkeys(("city", "state", "zip"), "private")
    made = dataqa.synthesize(located(), seed=5, hints=hints).frame
    areas: dict[str, set[str]] = {}
    for row in made.iter_rows(named=True):
        assert row["address"].endswith(f", {row['city']}, {row['state']} {row['zip']}")
        assert row["zip"].startswith(PLACES[row["city"], row["state"]])
        areas.setdefault(row["state"], set()).add(row["phone"].split(" ")[1])
        assert row["phone"].split(" ")[2:] == ["555", row["phone"][-4:]]
        assert row["phone"][-4:-2] == "01"
    alone = sum(len(some) == 1 for some in areas.values())
    assert len(areas) > 20
    assert alone == len(areas)


def test_a_city_that_is_learnt_decides_postcode_and_address():
    made = dataqa.synthesize(located(), seed=5, hints={"zip": "private", "city": "category"}).frame
    posts = {city: post for city, _, post in TOWNS}
    assert set(made["city"]) == set(posts)
    for row in made.iter_rows(named=True):
        assert row["zip"].startswith(posts[row["city"]])
        assert f", {row['city']}, " in row["address"]
        assert row["address"].endswith(row["zip"])


@pytest.mark.parametrize(
    ("texts", "entity", "country"),
    [
        (["12 Rue des Lilas, 69001 Lyon"], "STREET_ADDRESS", "FR"),
        (["Lindenstraße 5, 86150 Augsburg"], "STREET_ADDRESS", "DE"),
        (["5 Mill Road, Bath BA1 2AB"], "STREET_ADDRESS", "GB"),
        (["5 Mill Road, Boise, ID 83702"], "STREET_ADDRESS", "US"),
        (["四川省绵阳市涪城区1号"], "STREET_ADDRESS", "CN"),
        (["+44 20 7946 0123", "+1 415 555 0100", "+44 161 496 0123"], "PHONE_NUMBER", "GB"),
        (["Bath", "Exeter"], "CITY", "GB"),
        (["Ohio", "TX"], "STATE", "US"),
        (["something"], "CITY", ""),
        (["5 Mill Trace", "1 Fay Impasse", *["7 Oak Path"] * 8], "STREET_ADDRESS", ""),
    ],
)
def test_the_country_of_a_column_is_that_of_most_values(
    texts: Sequence[str], entity: str, country: str
):
    assert usual_country(texts, entity) == country


@pytest.mark.parametrize("country", ["US", "GB", "DE", "FR", "CN"])
def test_addresses_hold_the_place_of_their_country(country: str):
    form = PrivateForm("address", "STREET_ADDRESS", long=True, country=country)
    city = PrivateForm("city", "CITY", {"x": 1}, country=country)
    post = PrivateForm("zip", "POSTCODE", {"x x": 1}, country=country)
    made = invented([form, city, post], b"key", [Known()] * 30)
    towns = {one.city for one in places(country)}
    for address, town, code in zip(*made.values(), strict=True):
        assert town in towns
        assert town in address
        assert code in address or country == "CN"


def test_every_american_state_has_a_place_and_an_area_code():
    from dataqa.tables.people.located import dialled_there

    for state in gazetteer().states:
        here = home(Where(country="US", state=state), "", "en", Draw(b"key", state))
        assert state in {here.place.region, "DC"}
        assert len(here.post) == 5
        if state != "DC":
            assert dialled_there("(900) 555-0100", here) != "(900) 555-0100", state


def test_an_american_state_tells_the_country():
    here = home(Where(state="MA"), "FR", "en", Draw(b"key"))
    assert (here.place.country, here.place.region) == ("US", "MA")


def test_other_roles_are_other_people():
    forms = [PrivateForm(name, "PERSON") for name in ("name", "doctor_name", "mother_name")]
    made = invented(forms, b"key", [Known("male")] * 40)
    rows = list(zip(*made.values(), strict=True))
    assert sum(len(set(row)) == 3 for row in rows) >= 38
    genders = [[given_names()[plain(name.split(" ")[0])].gender for name in row] for row in rows]
    assert all(row[0] in {"male", "both"} and row[2] in {"female", "both"} for row in genders)


def test_numbers_of_a_region_that_are_used_up_are_not_tried_again(monkeypatch: pytest.MonkeyPatch):
    """Of each American state a hundred numbers are nobody's: the next rows have others at once."""
    attempts: list[int] = []

    def counted(*told: Any) -> str:
        attempts.append(told[-1])
        return value_of(*told)

    monkeypatch.setattr(inventing, "value_of", counted)
    mask = "(\ue000\ue000\ue000) \ue000\ue000\ue000-\ue000\ue000\ue000\ue000"
    form = PrivateForm("phone", "PHONE_NUMBER", {mask: 1}, unique=True)
    made = invented([form], b"key", [Known(where=Where("US", "ID"))] * 1000)["phone"]
    assert len(set(made)) == 1000
    assert sum(one.startswith("(208) 555-01") for one in made) > 60
    assert len(attempts) < 2000
    assert attempts[-500:].count(0) == 0


def test_nobody_invented_has_a_value_that_somebody_has():
    ids = PrivateForm("id", "ID", {"\ue000\ue000": 1}, unique=True)
    phones = PrivateForm(
        "phone", "PHONE_NUMBER", {"(\ue000\ue000\ue000) 555-0\ue000\ue000\ue000": 1}
    )
    mails = PrivateForm("email", "EMAIL_ADDRESS")
    told = [Known(where=Where("US", "ID"))] * 90
    first = invented([ids, phones, mails], b"key", told)
    taken = {name: frozenset(folded_all(name, some[:60])) for name, some in first.items()}
    again = invented([ids, phones, mails], b"key", told, taken=taken)
    for name, some in again.items():
        assert not taken[name] & set(folded_all(name, some)), name
        assert len(some) == 90
    assert len(set(again["id"])) == 90  # longer ones where all of two digits are somebody's


def folded_all(name: str, values: Sequence[str]) -> list[str]:
    entity = {"phone": "PHONE_NUMBER", "email": "EMAIL_ADDRESS"}.get(name, "ID")
    return [folded(entity, value) for value in values]


def test_consecutive_ids_go_on_where_no_real_one_is():
    frame = pl.DataFrame({"id": range(1, 301), "kind": ["a", "b", "c"] * 100})
    made = dataqa.synthesize(frame, 400, seed=1).frame
    assert not set(made["id"]) & set(frame["id"])
    assert made["id"].n_unique() == 400


def test_a_table_of_reserved_values_is_not_repeated():
    draw = random.Random(1)
    real = pl.DataFrame(
        {
            "patient_id": [f"A{number}" for number in draw.sample(range(1000, 9999), 3000)],
            "phone": [f"(208) 555-01{draw.randrange(60):02d}" for _ in range(3000)],
            "kind": [draw.choice("ab") for _ in range(3000)],
        }
    )
    made = dataqa.synthesize(real, seed=1).frame
    assert not set(made["patient_id"]) & set(real["patient_id"])
    assert not {digits_of(one) for one in made["phone"]} & {digits_of(one) for one in real["phone"]}


def test_without_the_original_a_loaded_model_cannot_know(tmp_path: object):
    fitted = dataqa.Synthesizer.fit(people(200))
    path = f"{tmp_path}/a.model"
    fitted.save(path)
    for again in (dataqa.Synthesizer.load(path), dataqa.Synthesizer.load(path, people(200))):
        assert again.sample(50, seed=2)["zone"].equals(fitted.sample(50, seed=2)["zone"])


def test_rows_of_a_key_are_one_persons():
    real = visits().drop("note")
    made = dataqa.synthesize(real, seed=6).frame
    counts = [
        Counter(frame["patient_id"].value_counts()["count"].to_list()) for frame in (real, made)
    ]
    keys = [sum(one.values()) for one in counts]
    assert keys[1] == pytest.approx(keys[0], rel=0.1)
    assert max(counts[1]) <= max(counts[0])
    by_key = made.group_by("patient_id").agg(pl.all().n_unique())
    person = ["first_name", "last_name", "email", "phone", "street", "zip", "birth_date", "city"]
    assert all(by_key[name].max() == 1 for name in person)
    assert by_key["visit_date"].max() != 1
    assert not set(made["patient_id"]) & set(real["patient_id"])


def test_a_telephone_that_two_share_by_chance_is_no_key():
    frame = people(400, 2).with_columns(
        phone=pl.Series([f"+1 415 555 {1000 + row % 350}" for row in range(400)])
    )
    forms = [PrivateForm("phone", "PHONE_NUMBER"), PrivateForm("email", "EMAIL_ADDRESS")]
    assert [one.owner for one in with_links(frame, forms)] == ["", ""]


def test_a_key_that_nothing_hangs_on_keeps_its_number_of_rows():
    draw = random.Random(3)
    orders = pl.DataFrame(
        {
            "customer_id": [f"C{1000 + draw.randrange(120)}" for _ in range(600)],
            "sum": [draw.randrange(100) for _ in range(600)],
            "kind": [draw.choice("abc") for _ in range(600)],
        }
    )
    made = dataqa.synthesize(orders, seed=1).frame
    assert made["customer_id"].n_unique() == pytest.approx(119, abs=15)
    assert not set(made["customer_id"]) & set(orders["customer_id"])


def test_doctors_are_shared_apart_from_patients():
    draw = random.Random(4)
    doctors = [f"D{100 + number}" for number in range(8)]
    of = {one: f"Dr {one}x Fox" for one in doctors}
    mine = {row: draw.choice(doctors) for row in range(300)}
    frame = (
        visits(300, 150)
        .drop("note")
        .with_columns(
            doctor_id=pl.Series([mine[row] for row in range(300)]),
            doctor_name=pl.Series([of[mine[row]] for row in range(300)]),
        )
    )
    hints = {"doctor_id": "id", "doctor_name": {"kind": "private", "entity": "PERSON"}}
    made = dataqa.synthesize(frame, seed=1, hints=hints).frame
    assert 5 <= made["doctor_id"].n_unique() <= 12
    assert (
        made.group_by("doctor_id").agg(pl.col("doctor_name").n_unique())["doctor_name"].max() == 1
    )
    assert made.group_by("patient_id").agg(pl.col("email").n_unique())["email"].max() == 1


def test_runs_of_rows_are_as_long_as_learnt():
    import numpy as np

    form = PrivateForm("key", "ID", owner="key", sizes={1: 50, 4: 50}, same=["sex"])
    sex = np.array([0.0, 1.0] * 500)
    made = owned([form], ["sex", "age"], [sex, np.arange(1000.0)], 3)
    sizes = Counter(Counter(made.owners["key"]).values())
    assert set(sizes) - {1, 4} <= {2, 3}
    assert sum(sizes[one] for one in (2, 3)) <= 1
    assert sizes[1] == pytest.approx(sizes[4], rel=0.3)
    whose: dict[int, set[float]] = {}
    for owner, one in zip(made.owners["key"], made.values[0], strict=True):
        whose.setdefault(owner, set()).add(one)
    assert all(len(one) == 1 for one in whose.values())
    assert (made.values[1] == np.arange(1000.0)).all()


def test_chinese_names_addresses_and_numbers_agree():
    draw = random.Random(2)
    rows: list[dict[str, str]] = []
    for row in range(150):
        who = bearer(row)._replace(region="")
        given = draw.choice(names()["zh"]["male" if who.male else "female"])
        rows.append(
            {
                "姓名": f"{draw.choice(names()['zh']['last'])}{given}",
                "性别": "男" if who.male else "女",
                "生日": who.birth.isoformat(),
                "身份证": numbered("CN_ID", "", who, Draw(b"real", str(row))),
                "手机": f"138{row:08d}",
                "地址": f"四川省绵阳市涪城区人民路{row}号",
                "级别": draw.choice(["甲", "乙"]),
            }
        )
    real = pl.DataFrame(rows)
    made = dataqa.synthesize(real, seed=3).frame
    for row in made.iter_rows(named=True):
        number = row["身份证"]
        assert f"{number[6:10]}-{number[10:12]}-{number[12:14]}" == row["生日"]
        assert int(number[16]) % 2 == (row["性别"] == "男")
        assert number[2:6] == "0000"
        assert row["手机"].startswith("12")
        assert "省" in row["地址"]
    for name in ("身份证", "手机", "地址"):
        assert not set(made[name]) & set(real[name])
