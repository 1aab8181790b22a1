"""``dataqa.scan_text`` and ``dataqa.scrub``: characters, columns, lazy frames, threads, files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest
from measured import seconds

import dataqa
from dataqa.errors import InputError

pytest.importorskip("stdnum")

PEOPLE = pl.DataFrame(
    {
        "note": ["Write to jane@corp.com 😀", None, "电话13812345678"],
        "mail": ["JANE@corp.com", "", "li@corp.cn"],
        "age": [1, 2, 3],
    }
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAQA_KEY", "a key for tests, long enough")


def test_offsets_are_characters():
    text = "😀 e\u0301 写信到jane@corp.com或13812345678"
    found = dataqa.scan_text(text)
    assert [(one.entity, text[one.start : one.end]) for one in found] == [
        ("EMAIL_ADDRESS", "jane@corp.com"),
        ("PHONE_NUMBER", "13812345678"),
    ]
    assert dataqa.scan_text("") == []


def test_the_same_person_is_the_same_in_text_and_columns():
    done = dataqa.scrub(PEOPLE, ["note", "mail"], style="surrogate", key="env:DATAQA_KEY")
    mail = done["mail"][0]
    assert done["note"].to_list()[:2] == [f"Write to {mail} 😀", None]
    assert done["mail"][1] == ""
    assert done["age"].equals(PEOPLE["age"])


def test_lazy_frames_stay_lazy_and_give_the_same():
    lazy = dataqa.scrub(PEOPLE.lazy(), ["note", "mail"])
    assert isinstance(lazy, pl.LazyFrame)
    eager = dataqa.scrub(PEOPLE, ["note", "mail"])
    assert lazy.collect().equals(eager)
    assert lazy.collect(engine="streaming").equals(eager)
    assert eager["note"].to_list() == ["Write to <EMAIL_ADDRESS> 😀", None, "电话<PHONE_NUMBER>"]


def test_many_threads_may_scan_at_once():
    texts = [f"user{at}@corp.com and 10.0.0.{at % 200}" for at in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(dataqa.scan_text, texts))
    assert all(len(one) == 2 for one in found)


def test_what_is_wrong_with_a_frame_is_said():
    with pytest.raises(InputError, match="no column 'nots'") as raised:
        dataqa.scrub(PEOPLE, ["nots"])
    assert "note" in str(raised.value)
    with pytest.raises(InputError, match="Int64"):
        dataqa.scrub(PEOPLE, ["age"])
    with pytest.raises(InputError, match="take a key"):
        dataqa.scrub(PEOPLE, ["note"], style="hash")


RECORDS = pl.DataFrame(
    {
        "id": ["r1", "r2", "r3"],
        "patient": [7, 7, 8],
        "name": ["Jane Doe", "J. Doe", "Li Wei"],
        "born": ["1980-05-01", "1980-05-31", "1980-05-01"],
        "payload": [
            {"to": ["jane.doe@corp.com"], "n": 1},
            {"to": [None, "x\r\n\u202e8.8.8.8\u202c שלום 1.2.3.4 e\u0301😀"], "n": 2},
            {"to": [], "n": 3},
        ],
    }
)
KINDS = {"name": "PERSON", "born": "DATE_TIME", "payload.to": "scan"}


def test_kinds_subjects_and_nested_values_agree():
    done = dataqa.scrub(RECORDS, KINDS, style="surrogate", key="env:DATAQA_KEY", subject="patient")
    first, last = done["name"][0].lower().split()
    assert done["name"][1] == f"{first[0].upper()}. {last.title()}"
    assert done["payload"][0]["to"][0].startswith(f"{first}.{last}@")
    days = done["born"].str.to_date()
    assert (days[1] - days[0]).days == 30
    assert days[2] != days[0]
    text = done["payload"][1]["to"][1]
    assert text.startswith("x\r\n\u202e198.1")
    assert text.endswith(" e\u0301😀")
    assert done.schema == RECORDS.schema
    assert done.drop("name", "born", "payload").equals(RECORDS.drop("name", "born", "payload"))
    lazy = dataqa.scrub(
        RECORDS.lazy(), KINDS, style="surrogate", key="env:DATAQA_KEY", subject="patient"
    )
    assert lazy.collect().equals(done)


def test_by_document_a_row_is_one_or_what_has_an_id():
    def made(**given: str) -> list[str]:
        frame = pl.DataFrame({"name": ["Jane Doe", "Jane Doe"], "doc": ["a", "a"]})
        settings = {"style": "surrogate", "key": "env:DATAQA_KEY", "scope": "document", **given}
        return dataqa.scrub(frame, {"name": "PERSON"}, **settings)["name"].to_list()  # type: ignore[arg-type]

    assert len(set(made())) == 2
    assert len(set(made(doc_id="doc"))) == 1


@pytest.mark.parametrize(
    "given",
    [{"style": "redact"}, {"per_entity": {"EMAIL_ADDRESS": "masc"}}, {"scope": "documents"}],
)
def test_a_misspelt_setting_lets_nothing_through(given: dict[str, Any]):
    with pytest.raises(InputError, match="there is no"):
        dataqa.scrub(pl.DataFrame({"text": ["mail joe@corp.com"]}), **given)


def test_digits_of_other_scripts_do_not_stay():
    frame = pl.DataFrame({"tel": ["٠٥٠١٢٣٤٥٦٧"], "card": ["４１１１１１１１１１１１１１１１"]})
    kinds = {"tel": "PHONE_NUMBER", "card": "CREDIT_CARD"}
    row = dataqa.scrub(frame, kinds, style="surrogate", key="env:DATAQA_KEY").row(0)
    assert all(one.isascii() for one in row), row
    assert len(row[1]) == 16


def test_many_values_take_linear_time():
    def scan(times: int) -> None:
        text = "".join(f"joe{at % 7}@corp.com and 手机13812345678, " for at in range(times))
        assert len(dataqa.scan_text(text, packs=["private/global", "private/cn"])) == 2 * times

    assert seconds(lambda: scan(8000)) < 20 * seconds(lambda: scan(1000))


def test_half_a_character_stops_nothing():
    found = dataqa.scan_text("\ud83d joe@corp.com")
    assert [(one.start, one.end) for one in found] == [(2, 14)]
    frame = pl.DataFrame({"j": ['{"a":"x \\ud83d joe@corp.com","b":"\\ud83d"}']})
    assert dataqa.scrub(frame, "j")["j"][0] == '{"a":"x ? <EMAIL_ADDRESS>","b":"\\ud83d"}'


def test_signs_of_full_width_are_the_ones_they_stand_for():
    text = "电话：１３８１２３４５６７８，邮件ｊａｎｅ＠corp．com。"
    phone, mail = dataqa.scan_text(text)
    assert text[phone.start : phone.end] == "１３８１２３４５６７８"
    assert text[mail.start : mail.end] == "ｊａｎｅ＠corp．com"
    assert dataqa.scrub(pl.DataFrame({"text": [text]}))["text"].item() == (
        "电话：<PHONE_NUMBER>，邮件<EMAIL_ADDRESS>。"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"columns": []}, "no column is named"),
        ({"columns": {"note": "PERSN"}}, "did you mean PERSON"),
        (
            {"columns": "note", "per_entity": {"EMAIL_ADRESS": "tag"}},
            "did you mean EMAIL_ADDRESS",
        ),
        ({"columns": ["note"], "subject": "tags"}, "'tags' is List"),
        ({"columns": ["note"], "doc_id": "tags"}, "'tags' is List"),
        ({"columns": ["note"], "doc_id": "nobody"}, "no column 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], said: str):
    frame = PEOPLE.with_columns(tags=pl.lit(["a"]))
    with pytest.raises(InputError, match=said):
        dataqa.scrub(frame, **given)


def test_a_frame_with_our_own_names_and_a_text_that_is_none():
    with pytest.raises(InputError, match="has a column '_dataqa_row'"):
        dataqa.scrub(PEOPLE.rename({"age": "_dataqa_row"}), ["note"])
    with pytest.raises(InputError, match="a text is wanted, not NoneType"):
        dataqa.scan_text(None)  # type: ignore[arg-type]
    assert dataqa.scan_text("a@b.com 8.8.8.8", entities="EMAIL_ADDRESS")[0].end == 7


def test_times_beside_what_is_scrubbed_stay_to_the_nanosecond():
    kind = pl.Struct(
        {
            "mail": pl.String,
            "at": pl.Datetime("ns", "Asia/Shanghai"),
            "took": pl.List(pl.Duration("ns")),
            "of": pl.Array(pl.Time, 1),
            "day": pl.Date,
        }
    )
    rows = pl.DataFrame({"mail": ["a@b.com", None], "n": [1_600_000_000_123_456_789, 7]}).select(
        pl.struct(
            "mail",
            at=pl.col("n"),
            took=pl.concat_list(pl.col("n")),
            of=pl.concat_list(pl.col("n") % 10**14).list.to_array(1),
            day=pl.col("n").cast(pl.Datetime("ns")).dt.date(),
        )
        .cast(kind)
        .alias("row")
    )
    done = dataqa.scrub(rows, ["row"])
    assert done.schema == rows.schema
    assert done["row"].struct["mail"].to_list() == ["<EMAIL_ADDRESS>", None]
    for name in ("at", "took", "of", "day"):
        assert done["row"].struct[name].equals(rows["row"].struct[name])
