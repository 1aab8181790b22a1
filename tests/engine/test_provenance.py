"""The manifest names what a run depended on: packs, lists, versions, and how it was run."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from runs import documents, go, whole, write

from dataqa.engine.decide import decide
from dataqa.engine.local import Options
from dataqa.errors import InputError
from dataqa.frames import Result
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.registry import shipped
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.quality import Quality
from dataqa.steps.url import Url

READING = Reading(id_column="id")
BLOCKED = Pipeline.of(
    "blocked",
    Url(column="source", block=("file:blocked.txt.gz", "web"), soft_words=("list:dull",)),
    Language(),
    Quality(packs=("fineweb2-*", "mine/own.yaml")),
    Exact(),
    reading=READING,
)
OWN = """\
pack: own
title: Ours
dialect: dataqa
cite: nobody
rules:
  some_words:
    signal: word_count
    min: 3
    trips: ["Too short."]
    passes: ["There are enough words in it."]
"""
DULL = "words: dull\ntitle: Dull words\ncite: nobody\nitems: [sale, offer]\n"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(result: Result) -> dict[str, Any]:
    return json.loads((result.out / "manifest.json").read_bytes())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with lists and packs of the user's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocked.txt.gz").write_bytes(gzip.compress(b"example.org\n"))
    for name, text in (("mine/own.yaml", OWN), ("rules/words/dull.yaml", DULL)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_packs_and_lists_are_named_with_their_digests(place: Path):
    result = go(write(place / "in", documents(20)), place / "out", pipeline=BLOCKED)
    told = {used["name"]: used["sha256"] for used in manifest(result)["rule_files"]}
    assert told.pop("blocked.txt.gz") == sha256(place / "blocked.txt.gz")
    assert told.pop("mine/own.yaml") == sha256(place / "mine/own.yaml")
    assert told.pop("words/dull.yaml") == sha256(place / "rules/words/dull.yaml")
    packs = {path.name for path in shipped("rules").glob("quality/fineweb2-*.yaml")}
    assert {name for name in told if name.startswith("quality/")} == {f"quality/{p}" for p in packs}
    for name, digest in told.items():
        assert digest == sha256(shipped("rules") / name)


def test_word_lists_of_packs_are_among_them(place: Path):
    pipeline = Pipeline.of("en", Quality(packs=("curator-en",)), reading=READING)
    result = go(write(place / "in", documents(5)), place / "out", pipeline=pipeline)
    names = [used["name"] for used in manifest(result)["rule_files"]]
    assert names == sorted(set(names))
    assert "quality/curator-en.yaml" in names
    assert "words/en-gopher.yaml" in names


def test_a_pack_that_changed_since_is_named(place: Path):
    result = go(write(place / "in", documents(20)), place / "out", pipeline=BLOCKED)
    (place / "rules/words/dull.yaml").write_text(DULL.replace("sale", "sold"), encoding="utf-8")
    with pytest.raises(InputError, match=r"words/dull\.yaml is not what this run measured by"):
        decide(result.out, {"url.soft_words.max": 3}, options=Options(workers=1))
    (place / "rules/words/dull.yaml").write_text(DULL, encoding="utf-8")
    shutil.rmtree(place / "in")
    decide(result.out, {"url.soft_words.max": 3}, options=Options(workers=1))


def test_decided_anew_it_is_still_run_as_it_was(tmp_path: Path):
    """Whether damaged documents stop a run is part of it, and the manifest says so."""
    corpus = write(tmp_path / "in", documents(40))
    bounds = {"gopher.word_count.min": 60}
    result = go(corpus, tmp_path / "out", on_error="quarantine")
    decide(result.out, bounds, options=Options(workers=1))
    fresh = go(corpus, tmp_path / "fresh", on_error="quarantine", settings=bounds)
    assert manifest(result)["on_error"] == "quarantine"
    assert whole(result.out) == whole(fresh.out)
