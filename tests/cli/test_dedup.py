"""``dataqa dedup preview`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alike import corpus, write
from commands import dataqa


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("corpus") / "in", corpus(120))


def test_a_preview_and_another_bound(place: Path, tmp_path: Path):
    out = tmp_path / "out"
    told = dataqa("dedup", "preview", "-i", place, "-o", out, "--id-column", "id")
    assert told.code == 0, told.err
    assert told.out.startswith("At similarity 0.8, ")
    assert "→ 0.8 " in told.out
    assert f"Preview: {out / 'preview.html'}" in told.out
    again = dataqa("dedup", "preview", out, "--similarity", "0.7", "--json")
    figures = json.loads(again.out)
    assert figures["range"] == [0.7, 0.7]
    line = next(line for line in told.out.splitlines() if line.strip().startswith("0.7 "))
    assert int(line.split()[1]) == figures["outcome"]["goes"]["documents"]
    page = (out / "preview.html").read_text("utf-8")
    assert "At similarity 0.7, " in page


def test_settings_of_a_pipeline_and_of_the_command_line(place: Path, tmp_path: Path):
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text(
        "name: p\nreading: {id_column: id}\nsteps:\n"
        "  - exact\n"
        "  - duplicates: {similarity: 0.6, keep: [{newest: day}], shingle: {unit: word, n: 3}}\n",
        "utf-8",
    )
    told = dataqa(
        *("dedup", "preview", "-i", place, "-o", tmp_path / "out", "--pipeline", pipeline),
        *("--review-band", "0.5,0.9", "--bands", "20x4", "--no-examples", "--json"),
    )
    figures = json.loads(told.out)
    assert figures["range"] == [0.5, 0.9]
    assert figures["settings"]["bands"] == {"bands": 20, "rows": 4}
    assert figures["settings"]["shingle"] == {"unit": "word", "n": 3}
    assert figures["settings"]["step"]["keep"] == [{"newest": "day"}]
    assert figures["examples"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give inputs with -i"),
        (["-i", "nowhere"], "nowhere"),
        (["-i", "IN", "--similarity", "1.5"], "not in (0, 1]"),
        (["-i", "IN", "--similarity", "0.1"], "below 0.3"),
        (["-i", "IN", "--review-band", "high"], "not two shares"),
        (["-i", "IN", "--keep", "newst"], "newest"),
        (["-i", "IN", "--keep", "{newest: when}"], "no column 'when'"),
        (["-i", "IN", "--bands", "finweb"], "fineweb"),
        (["-i", "IN", "--shingle", "words"], "word:5"),
        (["-i", "IN", "--text-column", "body"], "body"),
        (["-i", "IN", "--pipeline", "PIPELINE"], "no step `duplicates`"),
        (["IN"], "neither a preview nor a finished run"),
        (["IN", "--shingle", "word:3"], "--shingle: the sketches are made"),
        (["IN", "--id-column", "id"], "--id-column: the sketches are made"),
    ],
)
def test_mistakes_are_told(words: list[str], said: str, place: Path, tmp_path: Path):
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text("name: p\nsteps: [exact]\n", "utf-8")
    given = [{"IN": str(place), "PIPELINE": str(pipeline)}.get(word, word) for word in words]
    if "-i" in words:
        given += ["-o", str(tmp_path / "out")]
    told = dataqa("dedup", "preview", *given)
    assert told.code == 2, told.out
    assert said in told.err
    assert "w1x1" not in told.err


def test_a_file_that_breaks_off(tmp_path: Path):
    (tmp_path / "half.jsonl.zst").write_bytes(bytes.fromhex("28b52ffd0458"))
    told = dataqa("dedup", "preview", "-i", tmp_path / "half.jsonl.zst", "-o", tmp_path / "out")
    assert told.code == 2
    assert "half.jsonl.zst" in told.err
