from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.arrow import compact, text_buffers, text_series

some_texts = st.lists(st.none() | st.text(max_size=8), max_size=20)


@given(some_texts, st.integers(0, 5), st.integers(0, 20), st.booleans())
def test_there_and_back(texts: list[str | None], start: int, length: int, chunked: bool):
    series = pl.Series("t", texts, dtype=pl.String)
    if chunked:
        series = pl.concat([series, series.reverse()], rechunk=False)
    part = series.slice(start, length)
    buffers = text_buffers(part)
    assert len(buffers) == len(part)
    assert text_series(*buffers).to_list() == part.to_list()
    for place, text in enumerate(part):
        raw = buffers.data[buffers.offsets[place] : buffers.offsets[place + 1]].tobytes()
        assert raw.decode() == (text or "")


def test_buffers_are_read_only():
    buffers = text_buffers(pl.Series(["abc"]))
    with pytest.raises(ValueError, match="read-only"):
        buffers.data[0] = 1


def test_only_text_has_buffers():
    with pytest.raises(TypeError, match="String"):
        text_buffers(pl.Series([1]))


def test_invalid_utf8_is_refused():
    with pytest.raises(ValueError, match="UTF-8"):
        text_series(np.array([0x61, 0xFF], np.uint8), np.array([0, 2]))


@pytest.mark.parametrize("offsets", [[], [1, 0], [0, 9], [-1, 0]])
def test_offsets_must_fit(offsets: list[int]):
    with pytest.raises(ValueError, match="offsets"):
        text_series(np.zeros(3, np.uint8), np.array(offsets, np.int64))


def test_a_series_does_not_alias_the_buffer_it_came_from():
    data = np.frombuffer(b"a text longer than twelve bytes", np.uint8).copy()
    series = text_series(data, np.array([0, len(data)]))
    data[:] = 0x58
    assert series.to_list() == ["a text longer than twelve bytes"]


def test_compact_keeps_rows_types_and_order():
    frame = pl.DataFrame(
        {
            "n": [1, 2, 3],
            "text": ["x" * 50, None, "z" * 50],
            "tags": [["a"], [], None],
            "kind": pl.Series(["p", "q", "p"], dtype=pl.Enum(["p", "q"])),
        }
    )
    part = frame.filter(pl.col("n") != 1)
    assert compact(part).equals(part)
    assert compact(part).schema == part.schema
    assert compact(frame.head(0)).schema == frame.schema


_HOLD = """
import gc, resource, sys
import polars as pl
from dataqa.arrow import compact
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
kept = []
begun = resident()
for k in range(6):
    texts = [f"{k}-{n}" + "x" * 2000 for n in range(20_000)]
    frame = pl.DataFrame({"n": range(20_000), "text": texts})
    kept.append(compact(frame.filter(pl.col("n") % 50 == 0)))
    del frame, texts
gc.collect()
print(resident() - begun)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_compact_frame_does_not_hold_its_parent():
    """2 % of the rows of six 40 MB frames are kept; without compact all 240 MB would be."""
    done = subprocess.run([sys.executable, "-c", _HOLD], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 150
