"""Memory is bounded by batches, not by the corpus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

MEASURED = """
import re, sys
from pathlib import Path
from dataqa.frames import run
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Column, Quality

pipeline = Pipeline.of("memory", Quality(columns={"rank": Column(min=0)}), Exact())
done = run(pipeline, Path(sys.argv[1]), Path(sys.argv[2]), workers=1)
# not ru_maxrss, which takes in what the process that started this one held
told = Path("/proc/self/status").read_text()
print(done.counts["documents"], int(re.search(r"VmHWM:\\s+(\\d+)", told)[1]) >> 10)
"""
MB = 1 << 20
PAGE = "It rained on the harbour that day, and they waited for the boat on the quay. " * 130


def corpus(path: Path, megabytes: int) -> int:
    """One parquet file with one huge row group, the hard case; returns the number of documents."""
    size = megabytes * MB // len(PAGE)
    texts = pl.Series(["x"]).new_from_index(0, size) + pl.int_range(size, eager=True).cast(
        pl.String
    )
    frame = pl.DataFrame({"text": texts + PAGE, "rank": pl.int_range(size, eager=True) % 50})
    frame.write_parquet(path, compression="lz4", row_group_size=1 << 30)
    return size


def peak(folder: Path, megabytes: int) -> int:
    """The most memory, in MiB, that a run over so much text held."""
    size = corpus(folder / f"{megabytes}.parquet", megabytes)
    command = [sys.executable, "-c", MEASURED, str(folder / f"{megabytes}.parquet")]
    done = subprocess.run(
        [*command, str(folder / f"out-{megabytes}")], capture_output=True, text=True, check=True
    )
    documents, most = map(int, done.stdout.split())
    assert documents == size
    return most


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path):
    """A worker holds two batches, whatever the corpus: eight times the text, the same memory."""
    small, large = peak(tmp_path, 64), peak(tmp_path, 512)
    assert large < 1024
    assert large < small + 300, (small, large)
