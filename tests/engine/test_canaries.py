"""Private values planted in documents turn up where documents go, and nowhere else."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from runs import PIPELINE, VERDICTS, documents, go, write

from dataqa.engine.reporting import COMPLETE

EMAIL = "zq.quackenbush77@harbour-canary.example.com"
PHONE = "+49 170 5559931"
NAME = "Zebulona Quackenbushova"
CARD = "4556 7375 8689 9855"
MASKED = (EMAIL, PHONE, CARD)
"""Values that the examples in a report must have masked; a name is no pattern."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, from the command line, over documents of which many hold private values."""
    folder = tmp_path_factory.mktemp("canaries")
    rows = documents(80)
    for row in rows[::2]:
        row["text"] += f"\nWrite to {EMAIL}, call {PHONE}\u200b, or pay with {CARD}.\r\nThe owner."
    corpus = write(folder / "in", rows, files=2)
    (folder / "small.yaml").write_text(PIPELINE.to_yaml(), encoding="utf-8")
    command = ["run", str(folder / "small.yaml"), "-i", str(corpus), "-o", str(folder / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "dataqa.cli.main", *command, "--log", "json"],
        capture_output=True,
        check=False,
    )
    if not done.stdout + done.stderr:  # the module has no entry of its own: the script has
        script = Path(sys.executable).with_name("dataqa")
        done = subprocess.run(
            [str(script), *command, "--log", "json"], capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    (folder / "out" / "told.log").write_bytes(done.stdout + done.stderr)
    return folder / "out"


def test_private_values_are_nowhere_but_in_documents(planted: Path):
    assert (planted / COMPLETE).is_file()
    seen = 0
    for path in planted.rglob("*"):
        if not path.is_file() or path.relative_to(planted).parts[0] in VERDICTS:
            continue
        seen += 1
        data = path.read_bytes()
        with contextlib.suppress(UnicodeDecodeError):
            data = data.decode().encode()
        for value in MASKED:
            assert value.encode() not in data, path
            assert value.replace(" ", "").encode() not in data, path
    assert seen > 20


def test_findings_and_signals_hold_no_text(planted: Path):
    for folder in ("findings", "signals"):
        frame = pl.concat([pl.read_parquet(path) for path in sorted((planted / folder).iterdir())])
        told = frame.with_columns(pl.col(pl.Binary).bin.encode("hex")).write_csv()
        assert not any(value in told for value in (*MASKED, "The owner", "harbour"))


def test_a_name_is_not_in_what_is_said_of_a_run(tmp_path: Path):
    """A name is no pattern that could be masked: it may stand in examples, and nowhere else."""
    rows = documents(40)
    for row in rows:
        row["text"] += f"\nSigned, {NAME}."
    out = go(write(tmp_path / "in", rows), tmp_path / "out").out
    for name in ("manifest.json", "run.json"):
        assert NAME not in (out / name).read_text(encoding="utf-8")
