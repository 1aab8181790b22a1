"""Looking into a finished run: the place in the text that a finding is about."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dataqa.engine.look import behind
from dataqa.frames import run
from dataqa.pipeline import Pipeline
from dataqa.steps.normalize import Normalize
from dataqa.steps.repeated_lines import RepeatedLines

NOTICE = "Wir verwenden Cookies für alles: 同意。"


def _put(folder: Path) -> Path:
    texts = [f"Zeile\r\n\r\nNumber {at} 号.\r\n{NOTICE}\r\nThe end of {at}." for at in range(12)]
    path = folder / "in.parquet"
    pl.DataFrame({"text": texts}).write_parquet(path)
    return path


def test_the_place_of_a_finding_is_that_of_the_text_as_it_was_written(tmp_path: Path):
    counted = RepeatedLines(action="count", min_chars=12)
    run(Pipeline.of("looked", Normalize(), counted), _put(tmp_path), tmp_path / "out")
    rows = behind(tmp_path / "out", "repeated_lines.line", 99)
    assert rows.height == 12
    for text, start, end in rows.select("text", "start", "end").iter_rows():
        assert text[start:end] == NOTICE


def test_a_place_that_a_later_step_moved_is_found_again(tmp_path: Path):
    steps = (RepeatedLines(action="count", min_chars=12), Normalize())
    run(Pipeline.of("looked", *steps), _put(tmp_path), tmp_path / "out")
    rows = behind(tmp_path / "out", "repeated_lines.line", 99)
    for text, start, end in rows.select("text", "start", "end").iter_rows():
        assert "\r" not in text
        assert text[start:end] == NOTICE


def test_what_was_removed_has_no_place_any_more(tmp_path: Path):
    pipeline = Pipeline.of("looked", RepeatedLines(min_chars=12))
    run(pipeline, _put(tmp_path), tmp_path / "out")
    rows = behind(tmp_path / "out", "repeated_lines.line", 3)
    assert rows.select("start", "end").null_count().row(0) == (3, 3)
    assert NOTICE not in rows["text"][0]
