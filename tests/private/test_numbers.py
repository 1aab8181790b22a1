"""Numbers of stand-ins hold their checks and lie where none is issued."""

from __future__ import annotations

from importlib import import_module

import pytest

from dataqa.private.standins import stand_in
from dataqa.private.standins.numbers import GENERIC

pytest.importorskip("stdnum")

KEY = b"a key of tests, long enough"
SAMPLES = {
    "AU_ABN": "83914571673", "AU_ACN": "004085616", "AU_TFN": "123456782", "CA_SIN": "123456782",
    "UK_UTR": "1955839661", "DE_TAX_ID": "36574261809", "FR_NIR": "295109912611193",
    "FR_SIREN": "552008443", "ES_NIF": "54362315K", "ES_NIE": "X2482300W", "ES_DNI": "54362315K",
    "IT_VAT_CODE": "00743110157", "NL_BSN": "111222333", "PL_PESEL": "44051401359",
    "PL_NIP": "8567346215", "PT_NIF": "501964843", "SE_PERSONNUMMER": "880320-0016",
    "BE_NN": "85073003328", "KR_RRN": "971013-9019902", "JP_MY_NUMBER": "621498320257",
    "JP_CORPORATE_NUMBER": "5835678256246", "BR_CPF": "39053344705", "TH_TNIN": "1234545678781",
    "CH_AHV": "7569217076985", "AT_SVNR": "1237010180", "IMEI": "356868002414153",
    "US_NPI": "1234567893",
}  # fmt: skip


@pytest.mark.parametrize("entity", sorted(GENERIC))
def test_a_kind_with_a_check_gets_numbers_that_hold_it(entity: str):
    valid = import_module(f"stdnum.{GENERIC[entity].module}").is_valid
    made = {stand_in(entity, SAMPLES[entity], KEY, f"d{at}") for at in range(20)}
    assert all(valid(one) for one in made)
    assert len(made) > 15
    assert SAMPLES[entity] not in made


def test_ranges_that_are_never_issued():
    made = {entity: stand_in(entity, value, KEY) for entity, value in {
        "US_ITIN": "912-70-1234", "UK_NINO": "AB 12 34 56 C", "UK_NHS": "943 476 5919",
        "IN_AADHAAR": "2345 6789 0124", "VIN": "1HGCM82633A004352", "CN_QQ": "12345678",
        "CN_LICENSE_PLATE": "京A·12345", "CN_USCC": "91350100M000100Y43",
    }.items()}  # fmt: skip
    assert made["US_ITIN"][4:6] == "93"
    assert made["UK_NINO"].startswith("QQ ")
    assert made["UK_NHS"].startswith("999 ")
    assert import_module("stdnum.gb.nhs").is_valid(made["UK_NHS"])
    assert made["IN_AADHAAR"][0] in "01"
    assert import_module("stdnum.verhoeff").is_valid(made["IN_AADHAAR"].replace(" ", ""))
    assert made["VIN"][9] == "0"
    assert made["CN_QQ"][0] == "0"
    assert made["CN_LICENSE_PLATE"].endswith("I")
    assert import_module("stdnum.cn.uscc").is_valid(made["CN_USCC"])
    assert made["CN_USCC"][4:8] == "0000"


@pytest.mark.parametrize(
    "address",
    [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    ],
)
def test_bitcoin_addresses_hold_their_checksums(address: str):
    valid = import_module("stdnum.bitcoin").is_valid
    for at in range(20):
        made = stand_in("CRYPTO", address, KEY, f"d{at}")
        assert valid(made)
        assert made[:1] == address[:1]


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("+44 7911 123456", "+44 7700 900"),
        ("07911 123456", "07700 900"),
        ("020 7946 1234", "020 7946 0"),
        ("+49 30 1234567", "+49 30 23125"),
        ("06 12 34 56 78", "06 39 98 "),
        ("+33 1 42 68 53 00", "+33 1 99 00 "),
        ("(02) 9374 4000", "(02) 5550 "),
        ("010-62781234", "010-0"),
        ("+86 138 1234 5678", "+86 12"),
        ("415-555-2671 x12", ""),
    ],
)
def test_telephone_numbers_are_of_blocks_for_fiction(value: str, made: str):
    other = stand_in("PHONE_NUMBER", value, KEY)
    assert other.startswith(made)
    assert len(other) == len(value)


def test_one_number_in_several_spellings_is_one():
    """Field trap: with and without country code a number had two stand-ins."""
    for group in (
        ("+1 (415) 555-2671", "415.555.2671", "1-415-555-2671", "4155552671"),
        ("+86 13812345678", "13812345678", "86-138-1234-5678"),
        ("+44 7911 123456", "07911 123456", "0044 7911 123456", "+44 (0)7911 123456"),
    ):
        made = {
            "".join(c for c in stand_in("PHONE_NUMBER", v, KEY) if c.isdigit())[-9:] for v in group
        }
        assert len(made) == 1, made


def test_coordinates_lie_in_the_sea():
    latitude, longitude = map(float, stand_in("COORDINATE", "37.7749, -122.4194", KEY).split(","))
    assert -52 < latitude < -46
    assert -126 < longitude < -121
