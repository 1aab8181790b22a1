"""Findings from elsewhere: a person's verdict wins over every rule and over duplicates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dataqa.engine.decide import decide, foresee
from dataqa.engine.local import Options
from dataqa.engine.overlay import read_overlay
from dataqa.errors import InputError
from dataqa.frames import Result, run
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Column, Quality

PIPELINE = Pipeline.of(
    "overlaid",
    Quality(columns={"rank": Column(min=3)}),
    Exact(),
    reading=Reading(id_column="id", shard_bytes=2000),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows: list[dict[str, Any]] = [{"id": "bad", "text": "x", "rank": 1}]
    rows.append({"id": "fine", "text": "A fine one.", "rank": 5})
    rows += [{"id": f"copy-{at}", "text": "The same text.", "rank": 5} for at in range(3)]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def overlaid(corpus: Path, name: str, rows: list[dict[str, Any]] | None, **options: Any) -> Result:
    folder = corpus.parent
    path = None
    if rows is not None:
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pipeline = options.pop("pipeline", PIPELINE)
    return run(pipeline, corpus, folder / name, workers=1, overlay=path, **options)


def where(result: Result) -> dict[str, str]:
    return dict(result.scan("signals").select("doc_id", "verdict").collect().iter_rows())


def test_a_person_wins_over_rules_and_duplicates(corpus: Path):
    before = where(overlaid(corpus, "plain", None))
    copies = [name for name in before if name.startswith("copy")]
    gone = [name for name in copies if before[name] == "rejected"]
    assert before["bad"] == "rejected"
    assert len(gone) == 2
    said = [
        {"doc_id": "bad", "action": "keep", "by": "person:ada"},
        {"doc_id": "fine", "action": "drop", "by": "person:ada"},
        {"doc_id": gone[0], "action": "keep", "by": "person:ada"},
        {"doc_id": "nobody", "action": "drop", "by": "person:ada"},
    ]
    result = overlaid(corpus, "said", said)
    after = where(result)
    assert after == before | {"bad": "kept", "fine": "rejected", gone[0]: "kept"}
    findings = result.scan("findings").filter(pl.col("doc_id") == "bad").collect()
    assert findings["rule"].str.starts_with("quality.rank").any()
    assert "person:ada" in findings["by"].to_list()


def test_a_machines_verdict_is_one_among_others(corpus: Path):
    said = [
        {"doc_id": "bad", "action": "keep", "by": "classifier"},
        {"doc_id": "fine", "action": "review", "by": "classifier"},
    ]
    after = where(overlaid(corpus, "said", said))
    assert (after["bad"], after["fine"]) == ("rejected", "review")


def test_decide_remembers_what_a_person_said(corpus: Path):
    said = [{"doc_id": "bad", "action": "keep", "by": "person:ada"}]
    result = overlaid(corpus, "said", said)
    assert where(result)["bad"] == "kept"
    decided = decide(result.out, {"quality.rank.min": 2}, options=Options(workers=1))
    assert where(decided)["bad"] == "kept"


def test_other_columns_become_signals(corpus: Path):
    said = [{"doc_id": name, "toxicity": value} for name, value in (("bad", 0.9), ("fine", 0.1))]
    result = overlaid(corpus, "said", said)
    told = result.scan("signals").select("doc_id", "toxicity").collect()
    assert dict(told.iter_rows())["fine"] == 0.1
    assert dict(told.iter_rows())["copy-0"] is None


def manifest(result: Result) -> dict[str, Any]:
    return json.loads((result.out / "manifest.json").read_bytes())


def test_ids_that_match_no_document_are_counted_and_told(
    corpus: Path, caplog: pytest.LogCaptureFixture
):
    with corpus.open("a", encoding="utf-8") as file:
        file.write('{"id": "null", "text": null}\n')
    ids = ("bad", "Bad", "in.jsonl#1", f"{corpus}#6")  # the last one is in quarantine
    said: list[dict[str, Any]] = [{"doc_id": name, "action": "keep"} for name in ids]
    said.append({"doc_id": "bad", "action": "review"})
    result = overlaid(corpus, "said", said)
    (record,) = [r for r in caplog.records if r.name.startswith("dataqa")]
    assert record.getMessage() == (
        "overlay: 2 of its 4 ids match no document, such as Bad, in.jsonl#1 "
        "(ids are those of signals/)"
    )
    assert result.report["facts"]["overlay"] == manifest(result)["overlay"]
    told = {key: result.report["facts"]["overlay"][key] for key in ("ids", "unmatched")}
    assert told == {"ids": 4, "unmatched": 2}
    page = (result.out / "report.html").read_text(encoding="utf-8")
    assert "The overlay names 4 ids; 2 of them match no document." in page


def test_an_overlay_that_fits_says_nothing(corpus: Path, caplog: pytest.LogCaptureFixture):
    result = overlaid(corpus, "said", [{"doc_id": "bad", "action": "keep"}])
    assert result.report["facts"]["overlay"]["unmatched"] == 0
    assert "match no document" not in (result.out / "report.html").read_text(encoding="utf-8")
    assert not [r for r in caplog.records if r.name.startswith("dataqa")]
    assert "overlay" not in overlaid(corpus, "plain", None).report["facts"]


def test_the_command_line_says_it_in_a_note(corpus: Path):
    path = corpus.parent / "said.csv"
    path.write_text("doc_id,action\nnobody,drop\nbad,keep\n", encoding="utf-8")
    (corpus.parent / "p.yaml").write_text(PIPELINE.to_yaml(), encoding="utf-8")
    asked = ("-m", "dataqa", "run", "p.yaml", "-i", "in.jsonl", "-o", "out", "--log", "json")
    done = subprocess.run(
        [sys.executable, *asked, "--overlay", path.name],
        capture_output=True, text=True, check=True, cwd=corpus.parent,
    )  # fmt: skip
    events = [json.loads(line) for line in done.stderr.splitlines()]
    notes = [event["message"] for event in events if event["event"] == "note"]
    assert any("1 of its 2 ids match no document, such as nobody" in note for note in notes)


def test_decided_anew_is_as_if_the_overlay_had_been_given_again(corpus: Path):
    """Signals, digest and count of the overlay stay; the file itself is not needed."""
    said: list[dict[str, Any]] = [
        {"doc_id": "bad", "action": "keep", "by": "person:ada", "toxicity": 0.5},
        {"doc_id": "nobody", "action": None, "by": None, "toxicity": 0.25},
    ]
    bounds = {"quality.rank.min": 2.0}
    fresh = overlaid(corpus, "fresh", said, settings=bounds)
    result = overlaid(corpus, "said", said)
    (corpus.parent / "said.jsonl").unlink()
    decided = decide(result.out, bounds, options=Options(workers=1))
    assert manifest(decided) == manifest(fresh)
    assert decided.scan("signals").collect().equals(fresh.scan("signals").collect())
    assert decided.scan("signals").filter(pl.col("doc_id") == "bad").collect()["toxicity"][0] == 0.5
    again = decide(result.out, {}, corpus.parent / "further", Options(workers=1))
    assert manifest(again) == manifest(fresh)
    withdrawn = run(PIPELINE, corpus, result.out, workers=1)
    assert manifest(withdrawn)["overlay"] is None
    assert where(decide(result.out, {}, options=Options(workers=1)))["bad"] == "rejected"


def test_foreseen_with_an_overlay_is_what_happens(corpus: Path):
    result = overlaid(corpus, "said", [{"doc_id": "bad", "action": "keep", "by": "person"}])
    path = corpus.parent / "other.csv"
    path.write_text("doc_id,action,by\nfine,drop,person\nbad,review,person\n", encoding="utf-8")
    seen = foresee(result.out, {}, overlay=path)
    assert seen.before == {"kept": 3, "rejected": 2}
    then = decide(result.out, {}, options=Options(workers=1, overlay=path))
    assert {k: v for k, v in then.counts.items() if v and k != "documents"} == seen.after


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": "bad", "action": "keep"}], "doc_id"),
        ([{"doc_id": "bad", "action": "kept"}], "did you mean keep"),
        ([{"doc_id": "bad", "score_x": 1}, {"doc_id": "bad", "score_x": 2}], "two values"),
    ],
)
def test_a_wrong_overlay_is_the_users_mistake(
    rows: list[dict[str, Any]], words: str, tmp_path: Path
):
    path = tmp_path / "said.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_overlay(path)


def test_no_overlay_and_no_table(tmp_path: Path):
    with pytest.raises(InputError, match="no such overlay"):
        read_overlay(tmp_path / "nothing.csv")
    (tmp_path / "said.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InputError, match="parquet, CSV or JSON Lines"):
        read_overlay(tmp_path / "said.txt")
    (tmp_path / "said.jsonl").write_text("{broken", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        read_overlay(tmp_path / "said.jsonl")
