"""One folder, asked for different things: nothing is lost, mixed or replaced without a word."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import dataqa
from dataqa.engine.verify import faults
from dataqa.errors import InputError
from dataqa.io.sources import Reading
from dataqa.io.store import STATE
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize

DATA = "examples/data"
SHARDED = Reading(shard_bytes=150_000)


def pipeline(shortest: int = 12) -> Pipeline:
    language = Language(shortest=shortest)
    return Pipeline.of("p", Normalize(), language, Exact(), reading=SHARDED)


def tables(out: Path) -> dict[str, pl.DataFrame]:
    folders = ("kept", "rejected", "review", "quarantine", "findings", "signals")
    return {name: pl.read_parquet(sorted((out / name).glob("*.parquet"))) for name in folders}


def test_an_interrupted_run_with_other_settings_in_between(tmp_path: Path):
    """A finishes but for its last marker, B writes over one shard of it, A is asked for again."""
    a, b, out = pipeline(), pipeline(shortest=60), tmp_path / "out"
    dataqa.run(a, DATA, out)
    (out / STATE / "complete.json").unlink()
    limited = tmp_path / "b"
    dataqa.run(b, DATA, limited)
    for key in sorted((out / STATE / "stages").glob("00001-*.done")):
        key.unlink()
    name = "signals/00001-2.parquet"
    shutil.copy(limited / name, out / name)
    dataqa.run(a, DATA, out)
    dataqa.run(a, DATA, tmp_path / "fresh")
    assert faults(out) == []
    for name, table in tables(out).items():
        assert table.equals(tables(tmp_path / "fresh")[name]), name


def test_a_run_forgets_the_markers_of_what_it_writes_over(tmp_path: Path):
    out = tmp_path / "out"
    dataqa.run(pipeline(), DATA, out)
    stages = out / STATE / "stages"
    before = {path.name for path in stages.glob("*.done")}
    (out / STATE / "complete.json").unlink()
    dataqa.run(pipeline(shortest=60), DATA, out)
    assert before.isdisjoint({path.name for path in stages.glob("*.done")})
    assert faults(out) == []


def test_a_finished_run_is_not_replaced_by_another(tmp_path: Path):
    out = tmp_path / "out"
    dataqa.run(pipeline(), DATA, out)
    for settings in ({"language.shortest": 60}, {"reading.limit": 5}):
        with pytest.raises(InputError, match="finished run that measured other things"):
            dataqa.run(pipeline(), DATA, out, settings=settings)
    assert faults(out) == []
    assert dataqa.run(pipeline(shortest=60), DATA, out, fresh=True).counts["documents"] == 897


@pytest.mark.parametrize("fresh", [False, True])
def test_somebody_elses_files_are_left_alone(fresh: bool, tmp_path: Path):
    mine = tmp_path / "out" / "kept" / "precious.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="made by somebody else"):
        dataqa.run(pipeline(), DATA, tmp_path / "out", fresh=fresh)
    assert mine.read_text(encoding="utf-8") == "x"


def test_deleted_outputs_are_made_again(tmp_path: Path):
    out = tmp_path / "out"
    dataqa.run(pipeline(), DATA, out)
    before = tables(out)
    (out / "kept" / "00000-2.parquet").unlink()
    dataqa.run(pipeline(), DATA, out)
    assert faults(out) == []
    assert all(table.equals(before[name]) for name, table in tables(out).items())


def test_another_format_is_written_from_what_is_known(tmp_path: Path):
    out = tmp_path / "out"
    dataqa.run(pipeline(), DATA, out)
    kept = tables(out)["kept"]
    dataqa.run(pipeline(), DATA, out, settings={"output.format": "jsonl.zst"})
    assert faults(out) == []
    lines = pl.concat(
        [pl.read_ndjson(path, schema=kept.schema) for path in sorted((out / "kept").iterdir())]
    )
    assert lines.equals(kept)


def test_standard_input_twice(tmp_path: Path):
    command = [sys.executable, "-m", "dataqa", "run", "quickstart", "-i", "-", "-o", str(tmp_path)]
    lines = Path(DATA, "planted.jsonl").read_bytes()
    codes = [
        subprocess.run([*command, "--log", "none"], input=given, check=False).returncode
        for given in (lines, lines, lines[: lines.index(b"\n") + 1])
    ]
    assert codes == [0, 0, 2]


def test_a_deep_line_and_a_shallow_one(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    deep = ['{"text":"x","v":' + "[" * n + "]" * n + "}" for n in (100, 1000, 100_000)]
    path.write_text("\n".join(deep) + "\n", encoding="utf-8")
    counts = dataqa.run(Pipeline.of("p", Normalize()), path, tmp_path / "out").counts
    assert counts["documents"] == 3
    assert counts["kept"] + counts["quarantine"] == 3
