"""A whole review: a run, items of three kinds, people, and the run that their words lead to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from asked import annotate, sdk_of
from commands import dataqa as command
from endpoints import fake

import dataqa
from dataqa.errors import InputError
from dataqa.pipeline import Pipeline
from dataqa.review.asking.answers import answer_of
from dataqa.review.asking.flows import load_flow
from dataqa.review.asking.items import Choice, choose
from dataqa.review.ledger import ledger_folder, open_ledger
from dataqa.review.server.local_server import Place, running
from dataqa.review.server.studio import Studio

STORY = (
    "One morning the harbour of the small town was full of ships, and the people who lived there "
    "came down to the water to see what they had brought from the other side of the sea."
)
LETTER = (
    "Write to 😀 jane@corp.com or call 555 0100 before noon, because the office is closed in the "
    "afternoon and nobody answers letters that come late, as our neighbours found out last week."
)


def docs(folder: Path) -> Path:
    """Some texts: short ones near a bound, some nearly the same, one with a number in doubt."""
    texts = [f"{STORY} And number {n} was the largest of them all, they said." for n in range(4)]
    texts += [" ".join(f"word{k}" for k in range(n)) for n in (20, 24, 26, 30)]
    texts += [
        "Write to 😀 jane@corp.com or call 555 0100 now. " + "The sea was calm and grey. " * 9
    ]
    path = folder / "docs.jsonl"
    ids = [f"d{n}" for n in range(len(texts))]
    rank = [4 if n in (4, 5) else 9 for n in range(len(texts))]
    pl.DataFrame({"id": ids, "text": texts, "rank": rank}).write_ndjson(path)
    return path


PIPELINE = """
name: reviewed
reading: {id_column: id}
steps:
  - normalize
  - quality: {columns: {rank: {min: 5, action: review}}}
  - duplicates: {similarity: 0.95, review_band: [0.2, 0.95]}
  - private: {packs: [private/global, private/us], sure: 0.99, doubt: hold}
  - scrub
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed")
    (folder / "p.yaml").write_text(PIPELINE)
    out = folder / "out"
    dataqa.run(Pipeline.from_yaml(folder / "p.yaml"), docs(folder), out, workers=1)
    return out


def test_items_are_the_same_whoever_chooses_them(finished: Path):
    for name in ("quality", "near-duplicates", "private-spans"):
        flow = load_flow(name)
        once = list(choose(finished, flow, Choice()))
        assert once == list(choose(finished, flow, Choice())), name
        assert len({item.key for item in once}) == len(once)
        for item in once:
            assert item.data is not None
            assert item.data["why"]
        assert once, name


def test_spans_are_shown_in_their_source_and_proposed_in_characters(finished: Path):
    (item,) = choose(finished, load_flow("private-spans"), Choice())
    assert item.data is not None
    text = item.data["text"]
    spans = item.facts["proposal"]["private"]
    assert "jane@corp.com" in {text[one["start"] : one["end"]] for one in spans}
    assert "jane@corp.com" not in item.data["after"]


def test_a_model_that_never_answers_as_asked_is_an_error(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(finished, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    assert "no run here has a review" in command("review", "status").err

    def prose(_: int, __: dict[str, Any]) -> str:
        return "prose"

    with fake(fault=prose) as state:
        given = ("--endpoint", state.url, "--model", "fake", "--llm-cache", "c.sqlite")
        choice = ("--send", "raw", "--reason", "quality.rank", "--log", "plain")
        told = command("prelabel", "out", *given, *choice)
    assert told.code == 1, told
    assert "no item of 1 has an answer (invalid)" in told.err
    assert "dataqa llm probe" in told.err
    status = command("review", "status")  # the only run here that has a review
    assert status.code == 0, status.err


def test_what_people_say_makes_another_run(
    finished: Path, place: Place, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known = running(place)
    assert known is not None
    monkeypatch.setenv("LABEL_STUDIO_URL", known.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", place.token.read_text())
    with pytest.raises(InputError, match="nothing was pushed"):
        dataqa.review.apply(finished, tmp_path / "none")
    flow = load_flow("private-spans")
    told = dataqa.review.push(finished, "private-spans")
    assert told.tasks == 1
    pairs = dataqa.review.push(finished, "near-duplicates")
    with open_ledger(ledger_folder(finished, "private-spans"), new=False) as ledger:
        ((doc, number),) = ledger.rows("SELECT doc_id, task FROM items")
    (task,) = studio.tasks(told.project, [number])
    (proposed,) = task.predictions
    answer = answer_of(proposed["result"], flow.controls)
    for span in answer["private"]:
        mail = span["label"] == "EMAIL_ADDRESS"
        span["span_verdict"] = "right" if mail else "not_private"
    answer["document"] = "safe"
    text = str(task.data["text"])
    annotate(studio, flow, number, answer, text, parent_prediction=proposed["id"])
    assert dataqa.review.pull(finished, "private-spans").new == 1
    two = load_flow("near-duplicates")
    with open_ledger(ledger_folder(finished, "near-duplicates"), new=False) as ledger:
        rows = ledger.rows("SELECT doc_id, ref, task FROM items ORDER BY place")
    (gone, stays, pair), *_ = rows
    annotate(studio, two, pair, {"verdict": "same"})
    assert dataqa.review.pull(finished, "near-duplicates").new == 1
    out = tmp_path / "out2"
    result = dataqa.review.apply(finished, out)
    kept = result.scan("kept").collect()
    (clean,) = kept.filter(pl.col("doc_id") == doc)["text"].to_list()
    assert "jane@corp.com" not in clean
    assert "<EMAIL_ADDRESS>" in clean
    assert "555 0100" in clean, "people said that it is nobody's"
    assert gone not in kept["doc_id"].to_list()
    assert stays in kept["doc_id"].to_list()
    said = result.scan("findings").filter(pl.col("step") == "human").collect()
    assert set(said["rule"]) >= {"human.near-duplicates", "human.near-duplicates.said"}
    tests = (finished / ".review" / "recogniser-tests.jsonl").read_text()
    assert "jane@corp.com" not in tests
    for project in (told.project, pairs.project):
        sdk_of(studio).projects.delete(id=project)
