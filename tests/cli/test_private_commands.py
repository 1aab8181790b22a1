"""``dataqa scrub`` and ``dataqa private scan``, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from commands import dataqa

pytest.importorskip("stdnum")

NOTES = pl.DataFrame({"text": ["Write to jane@corp.com 😀", None, "电话13812345678"]})


def run(*words: str, code: int = 0) -> str:
    told = dataqa(*words)
    assert told.code == code, told.err
    return told.out if code == 0 else told.err


def test_the_commands_say_what_there_is_and_take_it_out(tmp_path: Path):
    source = tmp_path / "mails.jsonl"
    NOTES.write_ndjson(source)
    table = run("private", "scan", "-i", str(source))
    assert "EMAIL_ADDRESS" in table
    assert "corp.com" not in table
    lines = [
        json.loads(line)
        for line in run("private", "scan", "-i", str(source), "--format", "jsonl").splitlines()
    ]
    assert [line["entity"] for line in lines] == ["EMAIL_ADDRESS", "PHONE_NUMBER"]
    assert "value" not in lines[0]
    assert (lines[0]["start"], lines[0]["end"]) == (9, 22)
    shown = run("private", "scan", "-i", str(source), "--format", "jsonl", "--show")
    assert json.loads(shown.splitlines()[0])["value"] == "jane@corp.com"
    run("scrub", "-i", str(source), "-o", str(tmp_path / "clean"), "--on-error", "quarantine")
    kept = pl.read_parquet(tmp_path / "clean" / "kept" / "*.parquet")
    assert kept["text"].to_list() == ["Write to <EMAIL_ADDRESS> 😀", "电话<PHONE_NUMBER>"]


def test_without_a_key_the_command_is_the_users_mistake(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    source = tmp_path / "mails.jsonl"
    pl.DataFrame({"text": ["a"]}).write_ndjson(source)
    monkeypatch.delenv("DATAQA_KEY", raising=False)
    out = ("-o", str(tmp_path / "clean"))
    told = run("scrub", "-i", str(source), *out, "--style", "surrogate", code=2)
    assert "there is no key there" in told
    assert "--show goes with" in run("private", "scan", "-i", str(source), "--show", code=2)


def test_marked_spans_are_compared_with(tmp_path: Path):
    gold = tmp_path / "gold.jsonl"
    row = {"text": "jane@corp.com", "entities": [{"start": 0, "end": 13, "type": "MAIL"}]}
    gold.write_text(json.dumps(row), encoding="utf-8")
    table = run("private", "evaluate", str(gold), "--name", "MAIL=EMAIL_ADDRESS")
    assert table.splitlines()[1].split() == ["EMAIL_ADDRESS", "1", "1", *["1.000"] * 3, "0.000"]
    told = json.loads(run("private", "evaluate", str(gold), "--json"))
    assert told[-1]["entity"] == "all"
    assert told[-1]["recall"] == 0.0
    assert "THEIRS=OURS" in run("private", "evaluate", str(gold), "--name", "MAIL", code=2)


def test_a_leak_is_found_wherever_it_is_and_its_value_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    source = tmp_path / "mails.jsonl"
    NOTES.drop_nulls().write_ndjson(source)
    monkeypatch.setenv("DATAQA_KEY", "a key for tests, long enough")
    clean = tmp_path / "clean"
    run("scrub", "-i", str(source), "-o", str(clean), "--style", "surrogate")
    assert "none is left" in run("leakcheck", str(source), str(clean / "kept"))
    leaky = tmp_path / "leaky.jsonl"
    texts = ["harmless 138123456789", "Told by JANE@CORP.COM.", "电话13812345678。"]
    pl.DataFrame({"body": texts}).write_ndjson(leaky)
    words = ("leakcheck", str(source), str(leaky), "--clean-column", "body")
    told = dataqa(*words)
    assert told.code == 3
    assert "EMAIL_ADDRESS: 1 left" in told.out
    assert "PHONE_NUMBER: 1 left" in told.out
    assert "corp" not in told.out.lower()
    assert dataqa(*words, "--allow", "2").code == 0
    listed = json.loads(dataqa(*words, "--json").out)
    assert [leak["doc_id"].rpartition("#")[2] for leak in listed["leaks"]] == ["2", "3"]


def test_leaks_are_looked_for_in_columns_and_by_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("DATAQA_KEY", "a key for tests, long enough")
    source = tmp_path / "notes.parquet"
    notes = pl.DataFrame(
        {
            "id": ["n1", "n2"],
            "text": ["Write to jane@corp.com", "nothing"],
            "who": ["Jane Doe", "Li Wei"],
            "meta": [{"phone": "415-555-2671"}, {"phone": ""}],
        }
    )
    notes.write_parquet(source)
    clean = tmp_path / "clean"
    fields = ("--column", "who=PERSON", "--column", "meta.phone", "--id-column", "id")
    run("scrub", "-i", str(source), "-o", str(clean), "--style", "surrogate", *fields)
    made = pl.read_parquet(clean / "kept" / "*.parquet")
    assert not set(made["who"]) & set(notes["who"])
    assert made["meta"].struct.field("phone")[0] != "415-555-2671"
    assert "none is left" in run("leakcheck", str(source), str(clean / "kept"), *fields)
    leaky = tmp_path / "leaky.parquet"
    notes.with_columns(text=pl.Series(["none", "jane doe and +1 415 555 2671"])).with_columns(
        who=pl.lit(""), meta=None
    ).write_parquet(leaky)
    plain = ("--column", "who=PERSON", "--id-column", "id")
    told = dataqa("leakcheck", str(source), str(leaky), *plain, "--max-elsewhere", "1")
    assert "PERSON: 1 in other documents" in told.out
    assert told.code == 0
    assert dataqa("leakcheck", str(source), str(leaky), *plain, "--max-elsewhere", "0").code == 3
