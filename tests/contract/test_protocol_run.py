"""The global protocol in real runs: a step that only the tests know, workers and files and all."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import polars as pl
import pytest
from neardup import Neardup, brute_force
from test_global_steps import chain, corpus

from dataqa.engine.watch import Silent
from dataqa.frames import Result, judge, run
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact

READING = Reading(id_column="id", shard_bytes=1500)
NEAR = Pipeline.of("near", Neardup(), reading=READING)
TWICE = Pipeline.of("twice", Exact(), Neardup(), reading=READING)


def put(folder: Path, texts: dict[str, str]) -> Path:
    path = folder / "in.jsonl"
    lines = [json.dumps({"id": name, "text": text}) for name, text in texts.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def removed(result: Result, rule: str) -> dict[str, str]:
    findings = result.scan("findings").filter(pl.col("rule") == rule).collect()
    return dict(findings.select("doc_id", "ref").iter_rows())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_removes_what_brute_force_removes(workers: int, tmp_path: Path):
    texts = corpus(150, 8)
    result = run(NEAR, put(tmp_path, texts), tmp_path / "out", workers=workers)
    expected = brute_force(texts.items(), 5, 0.7)
    assert removed(result, "neardup.copy").keys() == expected.keys()
    assert result.counts["rejected"] == len(expected) > 20


def test_a_chain_in_a_run_loses_no_end(tmp_path: Path):
    """Field traps A1, A3, A4: nobody is removed who is not like somebody kept."""
    texts = chain(30)
    result = run(NEAR, put(tmp_path, texts), tmp_path / "out", workers=1)
    gone = removed(result, "neardup.copy")
    assert gone.keys() == brute_force(texts.items(), 5, 0.7).keys()
    assert not gone.keys() & set(gone.values())
    assert result.counts["kept"] >= 10


class Listening(Silent):
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_a_run_says_what_a_step_promises(tmp_path: Path):
    watch = Listening()
    run(TWICE, put(tmp_path, corpus(20, 8)), tmp_path / "out", workers=1, watch=watch)
    exact, near = watch.notes
    assert re.fullmatch(r"exact: merging what \d+ shards know", exact)
    said = r"neardup: every pair alike by 0\.7 is found; merging what \d+ shards know"
    assert re.fullmatch(said, near)


def test_two_global_steps_follow_each_other(tmp_path: Path):
    texts = corpus(150, 9)
    path = put(tmp_path, texts)
    result = run(TWICE, path, tmp_path / "out", workers=1)
    same = removed(result, "exact.copy")
    left = {name: text for name, text in texts.items() if name not in same}
    assert removed(result, "neardup.copy").keys() == brute_force(left.items(), 5, 0.7).keys()
    other = run(TWICE, path, tmp_path / "two", workers=2)
    assert digests(other.out) == digests(result.out)
    judged = judge(pl.DataFrame({"id": list(texts), "text": list(texts.values())}), TWICE)
    kept = judged.filter(pl.col("verdict") == "kept")["id"].to_list()
    assert kept == result.scan("kept").collect()["doc_id"].to_list()


def digests(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("kept", "rejected", "review", "quarantine", "findings", "signals")
        for path in sorted((out / folder).iterdir())
    }
