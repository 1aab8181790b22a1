"""Runs with a step that rewrites texts by its rulings: done again, they begin at their inputs."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from runs import conserved, documents, go, ids, tree, verdicts, whole, write

from dataqa.engine.decide import decide
from dataqa.engine.local import Options
from dataqa.engine.look import explain
from dataqa.errors import InputError
from dataqa.frames import Result
from dataqa.io.sources import Reading
from dataqa.io.store import STATE, Store
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality
from dataqa.steps.repeated_lines import RepeatedLines

HERE = Options(workers=1)
HEADER, FOOTER = "Home | About us | Contact", "All rights reserved, 2024."
PIPELINE = Pipeline.of(
    "rewriting",
    Normalize(),
    Quality(packs=("gopher",)),
    RepeatedLines(max_documents=5),
    Exact(ignore="folded"),
    reading=Reading(id_column="id", shard_bytes=16_000),
)
CHANGES: dict[str, dict[str, Any]] = {
    "looser": {"gopher.word_count.min": 3, "gopher.top_2gram.max": 0.9},
    "tighter": {"gopher.word_count.min": 120, "repeated_lines.max_share": 0.08},
}
every_change = pytest.mark.parametrize("change", CHANGES)


def pages(size: int, seed: int = 1) -> list[dict[str, Any]]:
    """Documents with what pages have around them."""
    draw = random.Random(seed)
    rows = documents(size, seed)
    for row in rows:
        if draw.random() < 0.6:
            row["text"] = f"{HEADER}\n\n{row['text']}\n\n{FOOTER}\n"
    return rows


def rewrite(inputs: Path | list[Path], out: Path, **options: Any) -> Result:
    return go(inputs, out, pipeline=PIPELINE, **options)


class Corpus:
    """A corpus, a run over it, and the same with other bounds from the beginning."""

    def __init__(self, folder: Path) -> None:
        self.inputs = write(folder / "in", pages(120))
        self.result = rewrite(self.inputs, folder / "out")
        self.fresh = {
            name: whole(rewrite(self.inputs, folder / name, settings=change).out)
            for name, change in CHANGES.items()
        }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("rewriting"))


@pytest.fixture
def out(corpus: Corpus, tmp_path: Path) -> Path:
    """A copy of the finished run, to be changed."""
    return shutil.copytree(corpus.result.out, tmp_path / "out")


def test_the_lines_are_gone_and_nothing_else_is(corpus: Corpus):
    conserved(corpus.result, 120)
    texts = corpus.result.scan("kept").collect()["text"].to_list()
    assert len(texts) > 30
    assert not any(HEADER in text or FOOTER in text for text in texts)
    given = {row["text"].replace("\r\n", "\n") for row in pages(120)}
    around = (f"{HEADER}\n\n", f"\n\n{FOOTER}\n")
    assert all(text in given or text.join(around) in given for text in texts)


def test_explain_tells_the_numbers_of_the_lines(corpus: Corpus):
    name = next(
        name
        for name in ids(corpus.result)
        if "repeated_lines.line" in {one["rule"] for one in explained(corpus, name)}
    )
    found = [one for one in explained(corpus, name) if one["rule"] == "repeated_lines.line"]
    assert len(found) == 2
    assert found[0]["detail"] == "line 1"
    assert found[1]["detail"].startswith("line ")
    assert all(one["score"] > one["bound"] == 5 for one in found)
    assert all(len(one["edits"]) == 1 for one in found)


def explained(corpus: Corpus, name: str) -> list[dict[str, Any]]:
    return explain(corpus.result.out, name).findings


@every_change
def test_decided_elsewhere_it_equals_a_fresh_run(change: str, corpus: Corpus, tmp_path: Path):
    """Looser bounds let more documents in, so that other lines repeat: the texts are needed."""
    before = whole(corpus.result.out)
    decide(corpus.result.out, CHANGES[change], tmp_path / "new", HERE)
    assert whole(tmp_path / "new") == corpus.fresh[change]
    assert whole(corpus.result.out) == before


@every_change
def test_decided_in_place_it_equals_a_fresh_run(change: str, corpus: Corpus, out: Path):
    decide(out, CHANGES[change], options=HERE)
    assert whole(out) == corpus.fresh[change]


@every_change
def test_run_with_other_bounds_it_equals_a_fresh_run(change: str, corpus: Corpus, out: Path):
    rewrite(corpus.inputs, out, settings=CHANGES[change])
    assert whole(out) == corpus.fresh[change]


def test_what_is_measured_cannot_be_decided(corpus: Corpus):
    with pytest.raises(InputError, match="changes what is measured"):
        decide(corpus.result.out, {"repeated_lines.max_documents": 2}, options=HERE)


def test_more_inputs_keep_what_a_fresh_run_over_all_keeps(tmp_path: Path):
    """Field trap: the line of the new file that five old documents have."""
    inputs = write(tmp_path / "in", pages(40), files=2)
    rewrite(inputs, tmp_path / "out")
    write(inputs / "more", pages(30, seed=2), files=1)
    result = rewrite(inputs, tmp_path / "out")
    assert verdicts(result) == verdicts(rewrite(inputs, tmp_path / "fresh"))


def test_a_repeated_id_stays_two_ids(tmp_path: Path):
    inputs = write(tmp_path / "in", [*pages(30), *pages(30)], files=1)
    result = rewrite(inputs, tmp_path / "out")
    told = decide(result.out, CHANGES["looser"], tmp_path / "new", HERE)
    conserved(told, 60)
    assert sum(name.endswith("~2") for name in verdicts(told)) == 30


def test_an_input_that_is_gone_or_changed_is_named(tmp_path: Path):
    inputs = write(tmp_path / "in", pages(30), files=2)
    result = rewrite(inputs, tmp_path / "out")
    before = whole(result.out)
    path = inputs / "part-1.jsonl"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"About", b"about"))
    with pytest.raises(InputError, match="changed since the run"):
        decide(result.out, CHANGES["looser"], options=HERE)
    path.unlink()
    with pytest.raises(InputError, match="is gone"):
        decide(result.out, CHANGES["looser"], options=HERE)
    assert whole(result.out) == before
    path.write_bytes(content)
    decide(result.out, CHANGES["looser"], options=HERE)


def test_a_compressed_input_is_decoded_again(tmp_path: Path):
    """What was decoded into pieces is deleted when a run has succeeded, and is needed again."""
    lines = [json.dumps(row) + "\n" for row in pages(90)]
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress("".join(lines).encode()))
    options = {"settings": {"reading.shard_bytes": 9_000}}
    result = rewrite(path, tmp_path / "out", **options)
    assert len(list((result.out / "kept").iterdir())) > 2
    assert not (result.out / STATE / "spool").exists()
    changed = {"settings": options["settings"] | CHANGES["looser"]}
    fresh = rewrite(path, tmp_path / "fresh", **changed)
    decide(result.out, CHANGES["looser"], tmp_path / "new", HERE)
    assert whole(tmp_path / "new") == whole(fresh.out)
    rewrite(path, result.out, **changed)
    assert whole(result.out) == whole(fresh.out)
    assert not list(tmp_path.glob(f"*/{STATE}/spool"))


def test_standard_input_can_be_piped_again_but_not_decided(tmp_path: Path):
    lines = "".join(json.dumps(row) + "\n" for row in pages(40)).encode()
    (tmp_path / "p.yaml").write_text(PIPELINE.to_yaml(), encoding="utf-8")

    def run(out: str, *more: str, given: bytes = lines) -> subprocess.CompletedProcess[bytes]:
        command = ["run", str(tmp_path / "p.yaml"), "-i", "-", "-o", str(tmp_path / out), *more]
        return called([*command, "--log", "none"], given)

    bound = ("--set", "gopher.word_count.min=3")
    assert run("out").returncode == 0
    assert run("fresh", *bound).returncode == 0
    refused = called(["decide", str(tmp_path / "out"), *bound, "-o", str(tmp_path / "new")])
    assert refused.returncode == 2
    assert b"read standard input" in refused.stderr
    assert b"pipe the same text" in refused.stderr
    assert run("out", *bound).returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")
    assert not (tmp_path / "out" / STATE / "spool").exists()


def called(words: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dataqa", *words]
    return subprocess.run(command, input=given, capture_output=True, check=False)


class Killed(BaseException):
    """Stands for a kill."""


def dying(patch: pytest.MonkeyPatch, commits: int) -> None:
    """Have the n-th commit from now kill."""
    real, left = Store.commit, [commits]

    def commit_or_die(store: Store, draft: Path, name: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed
        real(store, draft, name)

    patch.setattr(Store, "commit", commit_or_die)


@pytest.mark.parametrize("seed", range(5))
def test_killed_while_deciding_nothing_is_lost(
    seed: int, corpus: Corpus, out: Path, monkeypatch: pytest.MonkeyPatch
):
    dying(monkeypatch, random.Random(seed).randrange(1, 70))
    with pytest.raises(Killed):
        decide(out, CHANGES["looser"], options=HERE)
    monkeypatch.undo()
    assert whole(out) == whole(corpus.result.out)
    decide(out, CHANGES["looser"], options=HERE)
    assert whole(out) == corpus.fresh["looser"]


@pytest.mark.parametrize("seed", range(5))
def test_killed_while_running_the_rerun_makes_the_same_bytes(
    seed: int, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dying(monkeypatch, random.Random(100 + seed).randrange(1, 70))
    with pytest.raises(Killed):
        rewrite(corpus.inputs, tmp_path / "out")
    monkeypatch.undo()
    assert whole(rewrite(corpus.inputs, tmp_path / "out").out) == whole(corpus.result.out)


def test_two_workers_make_the_same_bytes(corpus: Corpus, tmp_path: Path):
    again = rewrite(corpus.inputs, tmp_path / "out", workers=2)
    assert whole(again.out) == whole(corpus.result.out)
