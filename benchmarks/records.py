"""Private records: what of the originals is left in columns and notes, and whether a row is one.

The example's visits with their notes, made anew as the pipeline ``private-records`` does it, and as
linked tables of patients and of their visits. With
``--data`` also sentences and judgments whose private values people or templates marked: how many
of them still stand after ``dataqa synth text``.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.bench import ROOT, Arguments, Board, arguments
from dataqa.tables.columns import with_hints
from dataqa.tables.evidence.leftovers import leftovers
from dataqa.tables.files import read_table
from dataqa.tables.linked.model import synthesize_tables
from dataqa.tables.notes.free import synthetic_notes
from dataqa.tables.profile import profile
from dataqa.tables.synthesizer import synthesize

HINTED = {"kind": "surrogate"}
HINTS = {"note": {**HINTED, "like": ["reason"]}}
PRIVATE = ("patient_id", "ssn", "email", "phone")
OF_VISITS = ("visit_date", "reason", "systolic", "weight_kg", "charge", "insurance", "note")


def main(given: Arguments) -> int:
    board = Board("records", given.json)
    real = read_table(ROOT / "examples" / "records" / "visits.csv")
    for seed in range(1 if given.quick else 5):
        _visits(board, real, seed)
        _linked(board, real, seed)
    _marked(board, given.data / "presidio_synth.jsonl", given, "value", "type")
    _marked(board, given.data / "tab_train.jsonl", given, "span_text", "entity_type")
    return board.close()


def _visits(board: Board, real: pl.DataFrame, seed: int) -> None:
    begun = time.process_time()
    made = synthesize(real, seed=seed, hints=HINTS)
    board.note("learn and make", time.process_time() - begun, "s CPU", f"seed {seed}, 900 rows")
    frame = made.frame
    shared = sum(len(set(frame[name]) & set(real[name])) for name in PRIVATE)
    board.limit("ids, mails and numbers of the original", shared, "", at_most=0)
    found = leftovers(real, frame, with_hints(profile(real), HINTS))
    board.limit(
        "left in columns and notes",
        sum(found["left"].values()),
        "",
        at_most=0,
        detail=f"of {found['looked_for']:,} values",
    )
    board.limit("notes left out", made.report["left_out"] / frame.height, "", at_most=0.01)
    own = [row["last_name"] in row["note"] for row in frame.iter_rows(named=True) if row["note"]]
    board.check("notes that tell of their row's person", sum(own) / len(own), "", at_least=1.0)
    names = frame.group_by("patient_id").agg(pl.struct("first_name", "email").n_unique())
    board.limit("people of a key", float(names["first_name"].max() or 0), "", at_most=1)  # pyright: ignore[reportArgumentType]


def _linked(board: Board, real: pl.DataFrame, seed: int) -> None:
    """The same, each patient once, and visits in a table of their own."""
    patients = real.drop(OF_VISITS).unique("patient_id", keep="first", maintain_order=True)
    tables = {"patients": patients, "visits": real.select("patient_id", *OF_VISITS)}
    begun = time.process_time()
    made = synthesize_tables(tables, {"visits": {"columns": {"note": HINTED}}}, seed=seed)
    rows = made.frames["visits"].height
    board.note("linked, learn and make", time.process_time() - begun, "s CPU", f"{rows:,} visits")
    found = made.report["left"]
    board.limit(
        "linked, left in columns and notes of both tables",
        sum(found["left"].values()),
        "",
        at_most=0,
        detail=f"of {found['looked_for']:,} values",
    )
    without = made.report["tables"]["visits"]["without_text"] / rows
    board.limit("linked, notes left out", without, "", at_most=0.02)
    both = made.frames["visits"].join(made.frames["patients"], on="patient_id")
    own = [row["last_name"] in row["note"] for row in both.iter_rows(named=True) if row["note"]]
    told = sum(own) / len(own)
    board.check("linked, notes that tell of the patient of their row", told, "", at_least=1.0)


def _marked(board: Board, path: Path, given: Arguments, value: str, kind: str) -> None:
    """How many of the values that are marked in texts still stand in what is made of these."""
    if not path.is_file():
        board.skip(f"marked values of {path.name}", "no such file in --data")
        return
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = rows[: 20 if "tab" in path.name and given.quick else None]
    begun = time.process_time()
    made = synthetic_notes(pl.DataFrame({"text": [row["text"] for row in rows]})).frame["text"]
    board.note(path.name, time.process_time() - begun, "s CPU", f"{len(rows):,} texts")
    marked, left = Counter[str](), Counter[str]()
    for row, text in zip(rows, made, strict=True):
        for entity in _entities(row, value):
            marked[entity[kind]] += 1
            left[entity[kind]] += entity[value] in text
    for name, count in marked.most_common():
        if count >= 30:
            board.note(f"{name} that still stand", left[name] / count, "", f"of {count:,}")


def _entities(row: dict[str, Any], value: str) -> Iterable[dict[str, Any]]:
    return (entity for entity in row["entities"] if len(entity[value]) > 2)


if __name__ == "__main__":
    raise SystemExit(main(arguments(__doc__ or "")))
