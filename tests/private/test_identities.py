"""Stand-ins of people and places: parts agree, forms stay, scripts stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.private.standins import stand_in
from dataqa.private.standins.words import names, plain

KEY = b"a key of tests, long enough"


def made(entity: str, value: str, scope: str = "") -> str:
    return stand_in(entity, value, KEY, scope)


def test_all_that_one_person_is_called_is_one_identity():
    first, last = made("PERSON", "Jane"), made("PERSON", "Doe")
    assert made("PERSON", "Jane Doe") == f"{first} {last}"
    assert made("PERSON", "Ms Doe") == f"Ms {last}"
    assert made("PERSON", "DOE, Jane") == f"{last.upper()}, {first}"
    assert made("PERSON", "J. Doe") == f"{first[0]}. {last}"
    assert made("PERSON", "jane doe") == f"{first} {last}".lower()
    assert made("PERSON", "Dr. Jane Doe, PhD") == f"Dr. {first} {last}, PhD"
    assert made("PERSON", "Jane's") == f"{first}'s"
    low = f"{first}.{last}".lower()
    mail = made("EMAIL_ADDRESS", "Jane.Doe@corp.com")
    assert mail.startswith(f"{low}@")
    assert mail.endswith((".example.com", ".example.org", ".example.net"))
    assert made("EMAIL_ADDRESS", "jdoe@corp.com") == f"{low[0]}{last.lower()}@" + mail.split("@")[1]
    assert made("EMAIL_ADDRESS", "doe_j@corp.com").startswith(f"{last.lower()}_{low[0]}@")
    assert made("URL", "https://www.corp.com/").split("/")[2] == "www." + mail.split("@")[1]


@given(
    first=st.sampled_from(names()["en"]["female"] + names()["de"]["male"]),
    last=st.sampled_from(names()["en"]["last"] + names()["es"]["last"]),
    scope=st.sampled_from(["", "a", "b"]),
)
def test_parts_agree_whoever_it_is(first: str, last: str, scope: str):
    whole = made("PERSON", f"{first} {last}", scope)
    assert whole == f"{made('PERSON', first, scope)} {whole.split()[-1]}"
    assert made("PERSON", f"Mr {last}", scope) == f"Mr {whole.split()[-1]}"
    assert plain(whole.split()[0]) != plain(first)
    assert plain(whole.split()[-1]) != plain(last)
    mail = made("EMAIL_ADDRESS", f"{plain(first)}.{plain(last)}@x.org", scope)
    if plain(first).isascii() and plain(last).isascii():
        assert mail.split("@")[0] == plain(whole).replace(" ", ".")


def test_gender_is_kept_where_a_name_tells_it():
    women, men = ({*names()["en"][gender]} for gender in ("female", "male"))
    assert made("PERSON", "Elizabeth") in women
    assert made("PERSON", "Michael") in men


def test_nobody_stays_who_is_called_like_a_title_or_a_particle():
    for name in ("Martin King", "Jack Ma", "Al Gore", "Anna Sister", "Bin Li"):
        kept = set(name.split()) & set(made("PERSON", name).split())
        assert not kept, name


@pytest.mark.parametrize("name", ["张伟", "欧阳娜娜", "王小明", "约翰·史密斯"])
def test_chinese_names_have_as_many_characters(name: str):
    other = made("PERSON", name)
    assert len(other) == len(name)
    assert all("\u4e00" <= one <= "\u9fff" or one == "·" for one in other)
    assert ("·" in other) == ("·" in name)


def test_a_chinese_family_name_is_the_same_with_a_title():
    assert made("PERSON", "张先生") == made("PERSON", "张伟")[0] + "先生"
    assert made("PERSON", "小张") == "小" + made("PERSON", "张伟")[0]


def test_an_address_hangs_together_and_its_country_stays():
    address = made("ADDRESS", "12 Main Street, Boston, MA 02139, USA")
    street, city, region, country = address.split(", ")
    assert country == "USA"
    assert made("LOCATION", "Boston") == city
    assert made("LOCATION", "Boston, MA") == f"{city}, {region[:2]}"
    assert street.endswith(" Street")
    assert "Main" not in street
    assert len(region) == 8
    chinese = made("ADDRESS", "广东省深圳市南山区科技路12号3栋401室")
    assert not set("广东深圳南山科技") & set(chinese)
    assert [one for one in chinese if one in "省市区路号栋室"] == list("省市区路号栋室")
    german = made("ADDRESS", "Hauptstraße 5, 10115 Berlin")
    assert "straße" in german
    assert not {"Haupt", "Berlin", "10115"} & set(german.replace("straße", " ").split())


def test_a_company_keeps_its_form():
    name = made("ORGANIZATION", "Acme")
    assert made("ORGANIZATION", "Acme Inc.") == f"{name} Inc."
    assert made("ORGANIZATION", "University of Zurich").startswith("University of ")
    assert made("ORGANIZATION", "深圳市腾讯科技有限公司").endswith("科技有限公司")


@given(name=st.text(max_size=20))
def test_whatever_is_held_for_a_name_or_place_gets_a_stand_in(name: str):
    for entity in ("PERSON", "LOCATION", "ORGANIZATION", "ADDRESS", "AGE", "DATE_TIME", "URL"):
        assert isinstance(made(entity, name), str)
