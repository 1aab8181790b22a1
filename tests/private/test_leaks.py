"""Leaks: a value that is left is found, however it is written, and what is no leak is not."""

from __future__ import annotations

import polars as pl
import pytest

from dataqa.private.leaks import Values

LEFT = [
    ("EMAIL_ADDRESS", "Jane@corp.com", "ask JANE@CORP.COM!", True),
    ("EMAIL_ADDRESS", "Jane@corp.com", "ask ｊａｎｅ@corp.com", True),
    ("EMAIL_ADDRESS", "Jane@corp.com", "maryjane@corp.com", False),
    ("PHONE_NUMBER", "+1 (415) 555-2671", "call 415.555.2671 2020", True),
    ("PHONE_NUMBER", "415-555-2671", "+14155552671", True),
    ("PHONE_NUMBER", "13812345678", "电话+86 138 1234 5678。", True),
    ("PHONE_NUMBER", "13812345678", "99138123456781", False),
    ("CREDIT_CARD", "4111 1111 1111 1111", "4111-1111-1111-1111", True),
    ("CREDIT_CARD", "4111 1111 1111 1111", "14111111111111111", False),
    ("US_SSN", "536-90-4399", "ssn 536904399", True),
    ("US_SSN", "536-90-4399", "ssn 536–90–4399", True),
    ("US_SSN", "536-90-4399", "ssn 536_90_4399", True),
    ("US_SSN", "536-90-4399", "ssn 536\u200b90\u200b4399", True),
    ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "to DE89370400440532013000.", True),
    ("IBAN_CODE", "DE89370400440532013000", "to DE89-3704-0044-0532-0130-00", True),
    ("IBAN_CODE", "DE89370400440532013000", "to DE893704004405320130001", False),
    ("UK_NINO", "AB 12 34 56 C", "nino ab123456c", True),
    ("IP_ADDRESS", "10.20.30.40", "at 10.20.30.40", True),
    ("IP_ADDRESS", "10.20.30.40", "at 110.20.30.40", False),
    ("IP_ADDRESS", "10.20.30.40", "section 10.20.30.40.1", False),
    ("IP_ADDRESS", "1:2:3:4:5:6:7:8", "12345678", False),
    ("SECRET", "abcDEF123456", "key=abcdef123456", True),
]


def left(values: Values, ids: list[str], texts: list[str | None]) -> list[tuple[str, str, bool]]:
    return [
        (leak.entity, leak.doc_id, leak.own)
        for leak in values.leaks([(pl.Series(ids), pl.Series(texts, dtype=pl.String))])
    ]


@pytest.mark.parametrize(("entity", "value", "text", "leaks"), LEFT)
def test_a_value_is_found_however_it_is_written(entity: str, value: str, text: str, leaks: bool):
    values = Values(None, 0.4)
    values.note(pl.Series(["a"]), pl.Series([""]))
    values.add(entity, value, "a")
    assert left(values, ["b"], [text]) == ([(entity, "b", True)] if leaks else [])


def test_a_name_may_stand_in_other_documents_and_not_in_its_own():
    values = Values(None, 0.4)
    values.note(pl.Series(["a", "b", "c"]), pl.Series(["", "", ""]))
    values.add("PERSON", "Jane Doe", "a")
    values.add("PERSON", "张伟", "a")
    values.add("DATE_TIME", "March 3, 2021", "b")
    found = left(
        values,
        ["a", "b", "c", "new"],
        ["JANE\n DOE", "Jane Doe, march 3, 2021", "Janet Doe", "jane doe"],
    )
    assert found == [
        ("PERSON", "a", True),
        ("DATE_TIME", "b", True),
        ("PERSON", "b", False),
        ("PERSON", "new", True),  # the originals do not know this document
    ]
    assert left(values, ["a"], ["见张伟。"]) == [("PERSON", "a", True)]


def test_what_tells_nothing_is_not_looked_for():
    values = Values(None, 0.4)
    for entity, value in (
        ("DATE_TIME", "two weeks"),
        ("DATE_TIME", "2021"),
        ("AGE", "34"),
        ("ID", "ab"),
    ):
        values.add(entity, value, "a")
    assert len(values) == 0


def test_null_texts_and_no_values_are_no_trouble():
    values = Values(None, 0.4)
    assert left(values, ["a"], [None]) == []
    values.add("PERSON", "Jane Doe", "a")
    assert left(values, ["a"], [None]) == []


def test_an_address_like_a_number_of_a_section_is_a_leak_in_its_own_document():
    values = Values(None, 0.4)
    values.note(pl.Series(["a", "b"]), pl.Series(["", ""]))
    values.add("IP_ADDRESS", "3.1.2.4", "a")
    values.add("IP_ADDRESS", "192.168.2.4", "a")
    found = left(values, ["a", "b"], ["at 3.1.2.4", "see 3.1.2.4 and 192.168.2.4"])
    assert sorted(found) == [
        ("IP_ADDRESS", "a", True),
        ("IP_ADDRESS", "b", False),
        ("IP_ADDRESS", "b", True),
    ]
