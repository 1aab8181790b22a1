"""Stand-ins: the same for the same value, nobody's, and of the form that they replace."""

from __future__ import annotations

import ipaddress
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataqa.private.checks import card, check_of, cn_id, luhn
from dataqa.private.packs import load_packs, pack_names
from dataqa.private.scan import Scanner
from dataqa.private.standins import Draw, folded, same_form, stand_in
from dataqa.registry import shipped
from dataqa.types import Assets

pytest.importorskip("stdnum")

ASSETS = Assets((shipped("rules"),), Path())
ALL = load_packs(pack_names(ASSETS), ASSETS)
VALUES = [
    (one.entity, value)
    for one in ALL
    for example in one.examples
    if example.kind == "hit"
    for value in example.values
]
KEY, OTHER = b"a key of tests, long enough", b"another key, also long enough"
every_value = pytest.mark.parametrize(("entity", "value"), VALUES)


@every_value
def test_the_same_value_has_the_same_stand_in_and_another_key_another(entity: str, value: str):
    made = stand_in(entity, value, KEY)
    assert made == stand_in(entity, value, KEY)
    assert made != value
    assert made != stand_in(entity, value, OTHER)
    assert made != stand_in(entity, value, KEY, "a document")


@every_value
def test_no_value_is_left_in_its_stand_in(entity: str, value: str):
    made = stand_in(entity, value, KEY)
    digits = "".join(one for one in value if one.isdigit())
    assert value not in made
    assert len(digits) < 8 or digits[-8:] not in "".join(one for one in made if one.isdigit())


def test_how_a_number_is_written_does_not_matter_but_is_kept():
    first = stand_in("CREDIT_CARD", "4111 1111 1111 1111", KEY)
    other = stand_in("CREDIT_CARD", "4111-1111-1111-1111", KEY)
    assert first.replace(" ", "") == other.replace("-", "")
    assert folded("ＡＢ１２") == folded("ab12")


def test_stand_ins_hold_the_checks_of_their_kind_and_are_nobodys():
    assert luhn(stand_in("CREDIT_CARD", "4111111111111111", KEY))
    assert card("4111111111111111")
    assert stand_in("CREDIT_CARD", "4111111111111111", KEY).startswith("9999")
    assert cn_id(stand_in("CN_ID", "11010519491231002X", KEY))
    assert stand_in("CN_ID", "11010519491231002X", KEY)[2:6] == "0000"
    assert check_of("stdnum:iban")(stand_in("IBAN_CODE", "DE89 3704 0044 0532 0130 00", KEY))
    address = ipaddress.ip_address(stand_in("IP_ADDRESS", "8.8.8.8", KEY))
    assert address in ipaddress.ip_network("198.18.0.0/15")
    assert stand_in("IP_ADDRESS", "2001:4860::8888", KEY).startswith("2001:db8::")
    assert stand_in("EMAIL_ADDRESS", "jane@corp.com", KEY)[:-3].endswith(".example.")
    assert stand_in("PHONE_NUMBER", "(415) 555-2671", KEY)[6:12] == "555-01"
    assert stand_in("PHONE_NUMBER", "13812345678", KEY)[:2] == "12"
    assert stand_in("US_SSN", "536-90-4399", KEY)[0] == "9"


def test_few_of_many_stand_ins_are_alike():
    made = {stand_in("EMAIL_ADDRESS", f"user{at}@corp.com", KEY) for at in range(2000)}
    assert len(made) > 1995


@given(value=st.text(max_size=30), seed=st.integers(0, 99))
def test_any_value_of_any_kind_has_a_stand_in_of_text(value: str, seed: int):
    entity = random.Random(seed).choice(sorted({entity for entity, _ in VALUES} | {"OTHER"}))
    assert isinstance(stand_in(entity, value, KEY), str) or not value
    assert len(same_form(value, Draw(KEY, value))) == len(value)


PICKED = st.lists(st.sampled_from(VALUES), min_size=1, max_size=4)


@settings(max_examples=6)  # of ten texts each, for each time all packs are proven and compiled
@given(picked=st.lists(PICKED, min_size=10, max_size=10), seed=st.integers(0, 9))
def test_of_scrubbed_text_no_value_is_found_that_was_found_before(
    picked: list[list[tuple[str, str]]], seed: int
):
    import dataqa

    texts = [f" {seed} 和 ".join(value for _, value in some) for some in picked]
    steps: list[object] = [
        {"private": {"packs": [f"private/{name}" for name in pack_names(ASSETS)]}}
    ]
    for style in ("tag", "mask", "remove"):
        tree = {"steps": [*steps, {"scrub": {"style": style}}]}
        judged = dataqa.judge(pl.DataFrame({"text": texts}), dataqa.Pipeline.from_builtins(tree))
        for text, scrubbed in zip(texts, judged["text"], strict=True):
            assert not _values(scrubbed) & _values(text)


SCANNER = Scanner(ALL)


def _values(text: str) -> set[str]:
    rows = SCANNER.scan(pl.Series([text]), 0.4)
    data = text.encode()
    return {data[start:end].decode() for start, end in rows.select("start", "end").iter_rows()}
