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
