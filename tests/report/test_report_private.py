"""The report's section on private data: numbers of each kind, and no value."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from commands import elsewhere

import dataqa

TEXTS = [
    "Write to jane.canary@corp.com or joe.canary@corp.com, card 4111 1111 1111 1111.",
    "The server 192.168.77.25 answers jane.canary@corp.com.",
    "Nothing is here.",
    None,
]
CANARIES = ("canary", "4111", "192.168.77")


def report_of(folder: Path, workers: int = 1) -> dict[str, object]:
    pl.DataFrame({"text": TEXTS, "lang": ["en", "de", "en", "en"]}).write_parquet(
        folder / "in.parquet"
    )
    steps = [
        {"private": {"packs": ["private/global"], "sure": 0.97}},
        {"scrub": {"per_entity": {"IP_ADDRESS": "keep", "CREDIT_CARD": "mask"}}},
    ]
    pipeline = dataqa.Pipeline.from_builtins({"name": "p", "steps": steps}, name="p")
    dataqa.run(pipeline, folder / "in.parquet", folder / "out", workers=workers)
    return json.loads((folder / "out" / "report.json").read_text())


def test_kinds_are_counted_and_values_are_nowhere(tmp_path: Path):
    report = report_of(tmp_path)
    kinds = {one["entity"]: one for one in report["private"]}  # type: ignore[attr-defined]
    mail, card, address = (kinds[k] for k in ("EMAIL_ADDRESS", "CREDIT_CARD", "IP_ADDRESS"))
    counted = ("documents", "spans", "doubtful", "scrubbed", "replaced", "style")
    assert [mail[name] for name in counted] == [2, 3, 3, 2, 3, "tag"]
    assert [card[name] for name in counted][3:] == [1, 1, "mask"]
    assert [address[name] for name in counted][3:] == [0, 0, "keep"]
    assert sum(mail["scores"]) == 3
    assert mail["scores"][19] == 3
    assert mail["recognisers"] == {"global.email": 3}
    for name in ("report.json", "report.html"):
        written = (tmp_path / "out" / name).read_text()
        assert not [one for one in CANARIES if one in written], name
    assert "Private data" in (tmp_path / "out" / "report.html").read_text()


def test_a_leak_check_and_the_cost_of_steps_are_shown(tmp_path: Path):
    report_of(tmp_path)
    page = tmp_path / "out" / "report.html"
    assert 'id="leaks"' not in page.read_text()
    source, pack = tmp_path / "in.parquet", "private/global"
    told = elsewhere("leakcheck", source, tmp_path / "out", "--pack", pack)
    assert told.code == 3  # an address was asked to be kept
    kinds = {
        one["entity"]: (one["values"], one["left"])
        for one in json.loads((tmp_path / "out" / "leakcheck.json").read_text())["kinds"]
    }
    assert kinds == {"EMAIL_ADDRESS": (2, 0), "CREDIT_CARD": (1, 0), "IP_ADDRESS": (1, 1)}
    shown = page.read_text()
    assert "4 different private values of the originals were looked for" in shown
    assert "1 are left" not in shown
    assert not [one for one in CANARIES if one in shown]
    costs = shown[shown.index('id="costs"') : shown.index('id="settings"')]
    assert "<code>scrub</code>" in costs
    assert "&emsp;<code>patterns</code>" in costs
    # another run of the folder knows nothing of it
    pl.DataFrame({"text": ["a b"]}).write_parquet(tmp_path / "in.parquet")
    again = dataqa.Pipeline.from_builtins({"name": "p", "steps": ["normalize"]}, name="p")
    dataqa.run(again, tmp_path / "in.parquet", tmp_path / "out", fresh=True)
    assert not (tmp_path / "out" / "leakcheck.json").exists()


def test_a_run_without_the_step_has_no_such_section(tmp_path: Path):
    pl.DataFrame({"text": ["a b"]}).write_parquet(tmp_path / "in.parquet")
    pipeline = dataqa.Pipeline.from_builtins({"name": "p", "steps": ["normalize"]}, name="p")
    dataqa.run(pipeline, tmp_path / "in.parquet", tmp_path / "out")
    assert 'id="private"' not in (tmp_path / "out" / "report.html").read_text()
