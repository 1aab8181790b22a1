"""Told to end, a run ends cleanly: one line, exit code 1, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from commands import elsewhere

STOPPED = "Stopped. What is finished is kept: run again to continue."


@pytest.fixture
def asked(examples: Path, tmp_path: Path) -> tuple[str, ...]:
    """A run over many shards, of which few are done when the first one is."""
    texts = pl.read_parquet(examples / "docs-many.parquet").select("text").drop_nulls()
    texts.write_parquet(tmp_path / "in.parquet", row_group_size=25)
    source = ("-i", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out"))
    shards = ("--set", "reading.shard_bytes=1")
    return ("run", "quickstart", *source, *shards, "--workers", "2", "--log", "plain")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_with_workers_ends_cleanly(
    number: signal.Signals, asked: tuple[str, ...], tmp_path: Path
):
    with subprocess.Popen(
        [sys.executable, "-m", "dataqa", *asked],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        stages = tmp_path / "out" / ".state" / "stages"
        while process.poll() is None and not list(stages.glob("*.done")):
            time.sleep(0.05)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    lines = err.splitlines()
    assert process.returncode == 1, err
    assert (out, lines[-1]) == ("", STOPPED)
    assert [line for line in lines[:-1] if line and not line.startswith(("stage ", "  "))] == []
    assert "resource_tracker" not in err
    again = elsewhere(*asked, "--workers", "1")
    assert again.code == 0, again.err
    assert "done before" in again.err
