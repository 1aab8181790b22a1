"""The command and the Python function: counts, evidence, bounds, public entries, errors."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from benches import CHOICES, FILLER, PROBLEMS, asked, changed, within, written

import dataqa
from dataqa.decontaminate.verdicts import Bounds
from dataqa.errors import InputError

DOCUMENTS = [
    within(asked(PROBLEMS[0])),
    FILLER,
    within(PROBLEMS[1]["question"]),
    within(changed(asked(PROBLEMS[2]))) + within(asked(PROBLEMS[0])),
    "Grüße. " + FILLER,
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a benchmark, another one and a corpus."""
    written(tmp_path / "fair.jsonl", PROBLEMS)
    written(tmp_path / "society.jsonl", CHOICES)
    corpus = [{"id": f"d{at}", "text": text} for at, text in enumerate(DOCUMENTS)]
    written(tmp_path / "corpus.jsonl", corpus)
    return tmp_path


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dataqa", "contamination", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


def test_the_command_counts_and_writes_evidence(place: Path):
    base = ["-i", "corpus.jsonl", "--id-column", "id", "--against", "*.jsonl"]
    base[-1:] = ["fair.jsonl", "--against", "society.jsonl"]
    done = run(place, *base, "-o", "found.jsonl")
    assert done.returncode == 0, done.stderr
    table = [line.split() for line in done.stdout.splitlines()[:3]]
    assert table[1][:6] == ["fair", "6", "6", "2", "2", "1"]
    assert table[2] == ["society", "6", "6", "0", "0", "0", "–"]
    assert "5 documents read, entries found in 2" in done.stdout
    path = place / "found.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = {(row["doc_id"], row["entry"], row["verdict"]) for row in rows}
    assert told == {
        ("d0", "fair.jsonl#1", "found"),
        ("d2", "fair.jsonl#2", "review"),
        ("d3", "fair.jsonl#1", "found"),
        ("d3", "fair.jsonl#3", "found"),
    }
    for row in rows:
        raw = DOCUMENTS[int(row["doc_id"][1:])].encode()
        assert raw[row["start"] : row["end"]].decode() == row["passage"]


def test_json_lines_and_a_bound_on_what_is_found(place: Path):
    base = ["-i", "corpus.jsonl", "--against", "fair.jsonl", "--format", "jsonl"]
    done = run(place, *base, "--max-found", "2")
    assert done.returncode == 0, done.stderr
    (line,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (line["benchmark"], line["documents"], line["review"]) == ("fair", 2, 1)
    assert line["precision"]["value"] == 1.0
    more = run(place, *base, "--max-found", "1")
    assert more.returncode == 3
    assert "found in 2 documents" in more.stderr
    assert more.stdout == done.stdout
    loose = run(place, *base, "--max", "0.65", "--doubt", "0.01", "--max-found", "2")
    assert loose.returncode == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-i", "corpus.jsonl", "--against", "nowhere.jsonl"], "no such file"),
        (["-i", "nowhere.jsonl", "--against", "fair.jsonl"], "no such file"),
        (["-i", "corpus.jsonl", "--against", "corpus.jsonl", "--field", "question=q"], "field 'q'"),
        (["-i", "corpus.jsonl", "--against", "fair.jsonl", "--field", "q"], "ROLE=NAME"),
        (["-i", "corpus.jsonl", "--against", "fair.jsonl", "--max", "0.95"], "max 0.95"),
        (["-i", "fair.jsonl", "--against", "fair.jsonl"], "'text'"),
    ],
)
def test_mistakes_are_named(arguments: list[str], told: str, place: Path):
    done = run(place, *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Hint" in done.stderr


def test_standard_input_and_other_columns(place: Path):
    rows = "".join(json.dumps({"body": text}) + "\n" for text in DOCUMENTS)
    command = [sys.executable, "-m", "dataqa", "contamination", "-i", "-", "--against"]
    done = subprocess.run(
        [*command, "fair.jsonl", "--text-column", "body"],
        cwd=place, input=rows, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "5 documents read, entries found in 2" in done.stdout


def test_the_function_tells_characters(place: Path):
    frame = pl.DataFrame({"text": ["Ärger über Öl. " + DOCUMENTS[0], None, DOCUMENTS[2]]})
    found = dataqa.contamination(frame, place / "fair.jsonl")
    assert found.select("row", "benchmark", "entry", "verdict").rows() == [
        (0, "fair", "fair.jsonl#1", "found"),
        (2, "fair", "fair.jsonl#2", "review"),
    ]
    for row in found.iter_rows(named=True):
        assert frame["text"][row["row"]][row["start"] : row["end"]] == row["passage"]
    assert found["question_share"].to_list() == [1.0, 1.0]
    assert found["answer_share"].to_list() == [1.0, 0.0]
    assert found["passage_share"].null_count() == 2


def test_a_lazy_frame_is_collected(place: Path):
    frame = pl.read_ndjson(place / "corpus.jsonl")
    lazy = pl.scan_ndjson(place / "corpus.jsonl")
    found = dataqa.contamination(lazy, place / "fair.jsonl", id_column="id")
    assert found.height == 4
    assert found.equals(dataqa.contamination(frame, place / "fair.jsonl", id_column="id"))
    with pytest.raises(InputError, match="no column 'body'"):
        dataqa.contamination(lazy, place / "fair.jsonl", text_column="body")


def test_the_function_takes_frames_pandas_and_names(place: Path):
    texts = pd.DataFrame({"body": DOCUMENTS, "name": list("abcde")})
    problems = pl.DataFrame([dict(item) for item in PROBLEMS]).rename({"question": "stem"})
    found = dataqa.contamination(
        texts,
        {"fair": problems},
        fields={"question": "stem"},
        text_column="body",
        id_column="name",
    )
    assert found["doc_id"].to_list() == ["a", "c", "d", "d"]
    assert set(found["benchmark"]) == {"fair"}
    with pytest.raises(InputError, match="no column 'text'"):
        dataqa.contamination(texts, {"fair": problems})
    with pytest.raises(InputError, match="no frame: list"):
        dataqa.contamination(DOCUMENTS, {"fair": problems})
    nothing = dataqa.contamination(texts.head(0), {"b": pl.DataFrame(CHOICES)}, text_column="body")
    assert nothing.height == 0
    assert nothing.columns == found.drop("doc_id").columns


SPEECH = (
    "Four hundred winters have the herders of this valley counted their flocks beneath the ash "
    "tree, and never has one of them closed a gate against a stranger in the snow."
)


def public_corpus(*, answered: bool) -> pl.DataFrame:
    end = " Answer: Oren Halvard." if answered else " So begins the old speech."
    return pl.DataFrame({"text": [f"{FILLER} {at} {SPEECH}{end} {FILLER}" for at in range(12)]})


def test_trap_marin_6852_an_entry_that_is_a_public_artifact_is_for_review():
    """Field trap: famous texts stand in many documents; matching one is no leak."""
    items: list[dict[str, Any]] = [
        {"question": SPEECH},
        *({"question": p["question"]} for p in PROBLEMS),
    ]
    bench = {"speeches": pl.DataFrame(items)}
    many = dataqa.contamination(public_corpus(answered=False), bench)
    assert set(many["verdict"]) == {"review"}
    assert many["score"].min() == 1.0
    few = dataqa.contamination(public_corpus(answered=False).head(9), bench)
    assert set(few["verdict"]) == {"found"}
    leaked = dataqa.contamination(
        pl.concat(
            [public_corpus(answered=False), pl.DataFrame({"text": [PROBLEMS[1]["question"]]})]
        ),
        bench,
    )
    assert leaked.filter(pl.col("verdict") == "found")["entry"].to_list() == ["speeches#3"]


def test_a_question_that_many_documents_hold_with_its_answer_stays_found():
    items = [{"question": SPEECH + " Who wrote this?", "answer": "Oren Halvard"}, *PROBLEMS]
    bench = {"speeches": pl.DataFrame(items)}
    found = dataqa.contamination(public_corpus(answered=True), bench)
    assert set(found["verdict"]) == {"found"}


def test_the_command_says_which_entries_are_public(place: Path):
    written(place / "speeches.jsonl", [{"question": SPEECH}, {"question": PROBLEMS[0]["question"]}])
    written(place / "crowd.jsonl", public_corpus(answered=False).to_dicts())
    done = run(place, "-i", "crowd.jsonl", "--against", "speeches.jsonl")
    assert done.stdout.splitlines()[1].split()[:6] == ["speeches", "2", "2", "0", "0", "12"]
    assert "1 entries stand in many documents without their answers" in done.stdout


def test_the_command_does_not_depend_on_how_the_input_is_cut(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    from dataqa.decontaminate.benchmarks import read_benchmarks
    from dataqa.decontaminate.corpus import matcher_of
    from dataqa.decontaminate.evidence import search
    from dataqa.io.corpus import Corpus
    from dataqa.io.sources import Reading

    looking = matcher_of(read_benchmarks([place / "fair.jsonl"]))
    told: list[tuple[Any, bytes]] = []
    for size in (1 << 24, 3000, 1):
        monkeypatch.setattr("dataqa.decontaminate.evidence._TOGETHER", size)
        out = place / "out.jsonl"
        with Corpus(
            [place / "corpus.jsonl"], Reading(shard_bytes=size, batch_bytes=size)
        ) as corpus:
            found = search(corpus, looking, Bounds(), out, unseen)
        told.append((found, out.read_bytes()))
    assert told[0] == told[1] == told[2]


def unseen(size: int, documents: int, matches: int) -> None:
    """Nobody looks on."""


@pytest.mark.parametrize("bounds", [(0.55, 0.1), (0.9, 0.1), (0.7, -0.1)])
def test_bounds_that_scores_cannot_meet_are_refused(bounds: tuple[float, float]):
    with pytest.raises(InputError, match=r"contamination\.max"):
        Bounds(*bounds).check()
