"""Columns of every Arrow type come out as they went in, or are refused; polars never panics."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_sources import read_all

from dataqa.engine.decide import decide
from dataqa.engine.local import Options
from dataqa.errors import InputError
from dataqa.frames import run
from dataqa.pipeline import Output, Pipeline
from dataqa.steps.quality import Quality

TEXTS = ["only four words here", "and here there are some more"]
LARGE = Decimal("1" * 70)
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5)))
QUARTER = Decimal("1.25")
TABLE: dict[str, tuple[pa.DataType, Any, Any]] = {
    "wide": (pa.decimal256(76, 0), LARGE, "1" * 70),
    "fine": (pa.decimal256(76, 70), Decimal("1e-60"), "1.0000000000E-60"),
    "narrow_in_wide": (pa.decimal256(38, 10), QUARTER, QUARTER),
    "usual": (pa.decimal128(20, 2), QUARTER, QUARTER),
    "in_list": (pa.list_(pa.decimal256(40, 2)), [QUARTER], ["1.25"]),
    "in_struct": (pa.struct([("a", pa.decimal256(40, 2))]), {"a": QUARTER}, {"a": "1.25"}),
    "in_map": (pa.map_(pa.string(), pa.decimal256(40, 2)), [("a", QUARTER)], {"a": "1.25"}),
    "in_array": (pa.list_(pa.decimal256(40, 2), 1), [QUARTER], ["1.25"]),
    "coded": (pa.dictionary(pa.int32(), pa.decimal256(40, 2)), QUARTER, "1.25"),
    "offset": (pa.timestamp("us", "+05:00"), NOON, NOON),
    "nowhere": (pa.timestamp("us", "Nowhere/Atall"), NOON, NOON),
    "zone": (pa.timestamp("us", "Asia/Karachi"), NOON, NOON),
    "byte": (pa.int8(), -5, -5),
    "half": (pa.float16(), 1.5, 1.5),
    "flag": (pa.bool8(), 1, 1),
    "json": (pa.json_(), "{}", "{}"),
}
every_type = pytest.mark.parametrize("name", TABLE)


def column(kind: pa.DataType, value: Any) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array([value, None], kind.storage_type))
    if pa.types.is_dictionary(kind):
        return pa.array([value, None], kind.value_type).dictionary_encode()
    return pa.array([value, None], kind)


def write(path: Path, array: pa.Array, **more: pa.Array) -> Path:
    table = pa.table({"text": TEXTS, "x": array, **more})
    if path.suffix == ".parquet":
        pq.write_table(table, path)
        return path
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@every_type
def test_a_column_is_read(name: str, ending: str, tmp_path: Path):
    kind, value, expected = TABLE[name]
    outcome = read_all(write(tmp_path / f"a.{ending}", column(kind, value)))
    assert outcome.docs["x"].to_list() == [expected, None]


def test_a_negative_scale_is_carried_as_text(tmp_path: Path):
    array = pa.array([Decimal(100), None], pa.decimal128(20, -2))
    assert read_all(write(tmp_path / "a.arrow", array)).docs["x"].to_list() == ["1E+2", None]


@pytest.mark.parametrize("output", ["parquet", "jsonl.zst"])
def test_they_come_out_of_a_run_and_of_a_decided_one(output: Any, tmp_path: Path):
    """Whatever is written is read back as what it was when a run is decided anew."""
    columns = {name: column(kind, value) for name, (kind, value, _) in TABLE.items()}
    source = write(tmp_path / "a.arrow", columns["wide"], **columns)
    pipeline = Pipeline.of("p", Quality(packs=("gopher",)), output=Output(format=output))
    bounds = [{"gopher.word_count.min": least} for least in (2.0, 5.0)]
    result = run(pipeline, source, tmp_path / "out", workers=1, settings=bounds[0])
    fresh = run(pipeline, source, tmp_path / "fresh", workers=1, settings=bounds[1])
    decide(result.out, bounds[1], options=Options(workers=1))
    told = [(out / "manifest.json").read_bytes() for out in (result.out, fresh.out)]
    assert told[0] == told[1]
    assert sum(fresh.counts[name] for name in ("kept", "review", "rejected")) == 2


@pytest.mark.parametrize(
    "array",
    [
        pa.array([None, None], pa.month_day_nano_interval()),
        pa.array([{}, None], pa.struct([])),
        pa.array([[1], None], pa.list_view(pa.int64())),
        pa.RunEndEncodedArray.from_arrays([1, 2], ["a", "b"]),
    ],
    ids=["interval", "empty struct", "list view", "run ends"],
)
def test_what_nothing_holds_is_refused(array: pa.Array, tmp_path: Path):
    said = r"a\.arrow: column 'x' is .*, which cannot be read\nHint: write the file again without"
    with pytest.raises(InputError, match=said):
        read_all(write(tmp_path / "a.arrow", array))


@pytest.mark.parametrize("kind", [pa.binary(), pa.duration("us"), pa.time64("us")])
def test_what_json_cannot_give_back_is_refused_before_anything_is_read(
    kind: pa.DataType, tmp_path: Path
):
    source = write(tmp_path / "a.arrow", pa.array([None, None], kind))
    pipeline = Pipeline.of("p", Quality(packs=("c4",)))
    lines = {"output.format": "jsonl.zst"}
    with pytest.raises(InputError, match=r"column 'x' is .*JSON Lines cannot give back\nHint: .*-"):
        run(pipeline, source, tmp_path / "out", workers=1, settings=lines)
    result = run(pipeline, source, tmp_path / "out2", workers=1)
    assert result.scan("kept").collect_schema()["x"] in (pl.Binary, pl.Duration, pl.Time)
