"""The laws of a run: conservation, and bytes that depend on nothing but inputs and pipeline."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest
from conftest import Finished
from runs import PIPELINE, VERDICTS, conserved, documents, go, ids, tree, verdicts, whole, write

from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline


def reading(**changes: int | None) -> Pipeline:
    """The small pipeline with some sizes changed."""
    new: Reading = msgspec.structs.replace(PIPELINE.reading, **changes)
    return msgspec.structs.replace(PIPELINE, reading=new)


def test_documents_are_conserved(finished: Finished):
    conserved(finished.result, finished.size)
    assert all(finished.result.counts[name] > 10 for name in ("kept", "rejected"))


def test_every_document_has_its_signals_and_its_reasons(finished: Finished):
    """Field request 11: how do I see what was filtered out, and by what?"""
    told = verdicts(finished.result)
    signals = finished.result.scan("signals").collect()
    assert dict(signals.select("doc_id", "verdict").iter_rows()) == told
    rejected = finished.result.scan("rejected").collect()
    assert rejected["reasons"].list.len().min() == 1
    findings = finished.result.scan("findings").filter(pl.col("action") == "drop").collect()
    by_id = findings.group_by("doc_id").agg(pl.col("rule").unique())
    reasons = dict(by_id.iter_rows())
    for name, said in rejected.select("doc_id", "reasons").iter_rows():
        assert set(said) == set(reasons.pop(name))
    assert not reasons


def test_sources_columns_travel_unchanged(finished: Finished):
    rows = {row["id"]: row for row in documents(finished.size)}
    for folder in ("kept", "rejected"):
        for row in finished.result.scan(folder).collect().iter_rows(named=True):
            assert (row["id"], row["source"], row["rank"]) == (
                row["doc_id"],
                rows[row["id"]]["source"],
                rows[row["id"]]["rank"],
            )


def test_reports_add_up(finished: Finished):
    report, counts = finished.result.report, finished.result.counts
    assert report["facts"]["counts"] == counts
    flows = report["flow"]["links"]
    for verdict in VERDICTS[:3]:
        mine = sum(link["documents"] for link in flows if link["outcome"] == verdict)
        assert mine == counts[verdict]
    for table in ("sources", "languages"):
        assert sum(row["kept"]["documents"] for row in report[table]) == counts["kept"]
        assert sum(row["all"]["documents"] for row in report[table]) == counts["documents"]


def test_the_report_counts_each_rule_as_the_findings_do(finished: Finished):
    """Field request 9: count what each filter dropped, alone and with others."""
    asked = finished.result.scan("findings").filter(pl.col("action") == "drop").collect()
    expected = dict(asked.group_by("rule").agg(pl.col("doc_id").n_unique()).iter_rows())
    rows = finished.result.report["rules"]
    told = {row["rule"]: row["rejected"] for row in rows if row["rejected"]}
    assert told == expected
    assert sum(row["first"] for row in rows) == finished.result.counts["rejected"]


def test_one_worker_or_two_make_the_same_bytes(finished: Finished, tmp_path: Path):
    two = go(finished.corpus, tmp_path / "out", workers=2)
    assert whole(two.out) == whole(finished.result.out)


@pytest.mark.parametrize("batch_bytes", [1000, 16 << 20])
def test_batch_borders_are_invisible(finished: Finished, batch_bytes: int, tmp_path: Path):
    other = go(finished.corpus, tmp_path / "out", pipeline=reading(batch_bytes=batch_bytes))
    assert tree(other.out) == tree(finished.result.out)


@pytest.mark.parametrize("shard_bytes", [4_000, 64 << 20])
def test_another_sharding_keeps_the_same_documents(
    finished: Finished, shard_bytes: int, tmp_path: Path
):
    """Field trap A8: what is global must be global over all shards."""
    other = go(finished.corpus, tmp_path / "out", pipeline=reading(shard_bytes=shard_bytes))
    assert verdicts(other) == verdicts(finished.result)


def test_files_renamed_and_shuffled_keep_the_same_documents(finished: Finished, tmp_path: Path):
    """Field trap A12: a different document kept on every run."""
    rows = documents(finished.size)
    random.Random(7).shuffle(rows)
    other = go(write(tmp_path / "in", rows, files=5), tmp_path / "out")
    assert verdicts(other) == verdicts(finished.result)


def test_asked_again_nothing_is_done(finished: Finished, tmp_path: Path):
    out = shutil.copytree(finished.result.out, tmp_path / "out")
    before = {
        path: path.stat().st_mtime_ns
        for path in (out / name for name in tree(out, "manifest.json", "report.html"))
    }
    again = go(finished.corpus, out)
    assert again.counts == finished.result.counts
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_every_folder_can_be_scanned_though_it_be_empty(finished: Finished):
    empty = [name for name in VERDICTS if not finished.result.counts[name]]
    assert empty
    for name in empty:
        frame = finished.result.scan(name).collect()
        assert frame.height == 0
        assert {"doc_id", "text" if name != "quarantine" else "raw"} <= set(frame.columns)


@pytest.mark.parametrize("size", [0, 1])
def test_a_corpus_of_nothing_or_one(size: int, tmp_path: Path):
    mine = reading(id_column=None)
    result = go(write(tmp_path / "in", documents(size), files=1), tmp_path / "out", pipeline=mine)
    conserved(result, size)


def test_repeated_ids_get_numbers(tmp_path: Path):
    """Field trap: two documents of one id must not become one, nor their findings mix."""
    rows = [{"id": name, "text": f"text {at}"} for at, name in enumerate("xyxzxx")]
    rows.append({"id": "x~2", "text": "the id that a repeated one would get"})
    corpus = write(tmp_path / "in", rows, files=2)
    result = go(corpus, tmp_path / "out")
    conserved(result, 7)
    names = sorted(verdicts(result))
    assert {"x", "x~2", "x~3", "x~4", "y", "z"} < set(names)
    assert whole(go(corpus, tmp_path / "two", workers=2).out) == whole(result.out)


def test_json_lines_hold_what_parquet_holds(finished: Finished, tmp_path: Path):
    output = msgspec.structs.replace(PIPELINE.output, format="jsonl.zst")
    other = go(
        finished.corpus, tmp_path / "out", pipeline=msgspec.structs.replace(PIPELINE, output=output)
    )
    for name in ("kept", "rejected"):
        mine = other.scan(name).collect()
        assert mine.rows() == finished.result.scan(name).collect().select(mine.columns).rows()


def test_rejected_texts_can_be_left_out(finished: Finished, tmp_path: Path):
    output = msgspec.structs.replace(PIPELINE.output, rejected="none")
    other = go(
        finished.corpus, tmp_path / "out", pipeline=msgspec.structs.replace(PIPELINE, output=output)
    )
    assert other.scan("rejected").collect()["text"].null_count() == other.counts["rejected"]
    assert ids(other) == ids(finished.result)


def test_state_holds_no_text_after_success(finished: Finished):
    state = finished.result.out / ".state"
    held = [path for path in state.rglob("*") if path.name.endswith(".docs.parquet")]
    assert not held
    assert state.stat().st_mode & 0o077 == 0
