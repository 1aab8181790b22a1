"""``--max-drop``: a data check with an exit code, whose run is there to be looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import dataqa, elsewhere

SECRET = "Zebulon Quackenbush"
PIPELINE = """\
name: checked
reading: {id_column: id}
steps:
  - quality: {columns: {rank: {max: 89}, stars: {min: 2}, doubt: {max: 0, action: review}}}
  - exact: {}
"""


def corpus(folder: Path, rows: int = 100, unreadable: int = 0) -> Path:
    """Ranks from 0 on, one star for every fiftieth; three in doubt, and the last without text."""
    lines = [
        json.dumps(
            {
                "id": f"d{n}",
                "text": None if n >= rows - unreadable else f"{SECRET} has written page {n}.",
                "rank": n,
                "stars": 1 if n % 50 == 0 else 5,
                "doubt": int(n in {1, 2, 3}),
            }
        )
        for n in range(rows)
    ]
    source = folder / "pages.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "checked.yaml").write_text(PIPELINE, encoding="utf-8")
    return source


def check(folder: Path, bound: str, *words: str):
    inputs = ("-i", folder / "pages.jsonl", "-o", folder / "out")
    return dataqa("run", folder / "checked.yaml", *inputs, "--max-drop", bound, *words)


def test_over_the_bound_the_outputs_stay_and_the_code_is_3(tmp_path: Path):
    corpus(tmp_path)
    told = check(tmp_path, "5%")
    assert told.code == 3
    (line,) = [line for line in told.err.splitlines() if line.startswith("Error: ")]
    assert "12 of 100 documents are lost, 12 %, and max_drop allows 5 %" in line
    assert "12 rejected (most by quality.rank.max 10, quality.stars.min 2), 0 in quarantine" in line
    assert "12 of 100 documents are lost already" in told.err  # said when stage 1 was done
    assert SECRET not in told.out + told.err
    out = tmp_path / "out"
    assert dataqa("verify", out).code == 0
    counts = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["counts"]
    wanted = {"documents": 100, "kept": 85, "rejected": 12, "review": 3, "quarantine": 0}
    assert counts == wanted
    assert "d95" in dataqa("show", out, "--rule", "quality.rank.max", "-n", 10).out


def test_within_the_bound_the_code_is_0_and_a_bound_may_come_later(tmp_path: Path):
    corpus(tmp_path)
    for bound in ("12%", "0.12", "100%", "1"):
        assert check(tmp_path, bound).code == 0
    again = check(tmp_path, "11.9%", "--log", "none")  # the run is complete: nothing is done again
    assert again.code == 3
    assert again.out == ""
    assert again.err.count("\n") == 2


def test_documents_in_quarantine_are_lost_and_those_in_review_are_not(tmp_path: Path):
    corpus(tmp_path, unreadable=4)
    told = check(tmp_path, "0.119")
    assert told.code == 3
    assert "12 of 100 documents are lost" in told.err
    assert "8 rejected" in told.err
    assert "4 in quarantine" in told.err


def test_a_log_for_machines_ends_with_the_counts_and_then_the_error(tmp_path: Path):
    corpus(tmp_path)
    lines = check(tmp_path, "5%", "--log", "json").err.splitlines()
    (at,) = [n for n, line in enumerate(lines) if '"finished"' in line]
    assert json.loads(lines[at])["counts"]["rejected"] == 12
    assert lines[at + 1].startswith("Error: ")


@pytest.mark.parametrize("wrong", ["5", "-1", "nan", "", "five", "101%", "%"])
def test_what_is_no_share_is_refused_before_anything_runs(tmp_path: Path, wrong: str):
    corpus(tmp_path)
    told = check(tmp_path, wrong)
    assert told.code == 2
    assert "write it like 5% or 0.05" in told.err
    assert not (tmp_path / "out").exists()


def test_no_documents_are_none_lost(tmp_path: Path):
    corpus(tmp_path)
    head = "id,text,rank,stars,doubt\n"
    (tmp_path / "pages.csv").write_text(head, encoding="utf-8")
    words = ("run", tmp_path / "checked.yaml", "-i", tmp_path / "pages.csv")
    assert dataqa(*words, "-o", tmp_path / "out", "--max-drop", "0").code == 0


def test_a_process_of_its_own_ends_with_3(tmp_path: Path):
    corpus(tmp_path)
    told = elsewhere(
        *("run", tmp_path / "checked.yaml", "-i", tmp_path / "pages.jsonl"),
        *("-o", tmp_path / "out", "--max-drop", "0%", "--log", "none"),
    )
    assert told.code == 3
    assert re.fullmatch(r"Error: .*\nHint: .*\n", told.err)
