"""What a finished run knows is read back only where it still holds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from failing import Fails

import dataqa
from dataqa.engine import again
from dataqa.engine.decide import decide, foresee
from dataqa.engine.look import behind
from dataqa.engine.verify import faults
from dataqa.engine.watch import Silent, StageBegins
from dataqa.errors import InputError
from dataqa.io.sources import Reading
from dataqa.io.store import STATE, Store
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Column, Quality

TEXTS = [f"Document {n} tells of a dog and of a cat, {n} times over." for n in range(40)]
PACK = """\
pack: pets
title: pets
dialect: dataqa
cite: nobody
rules:
  named: {signal: word_hits, words: pets, min: 1, trips: ["no animal here"], passes: ["a dog"]}
"""


class Stops(Silent):
    """Somebody who presses Ctrl-C when a second stage begins."""

    def stage(self, begins: StageBegins) -> None:
        if begins.number == 2:
            raise KeyboardInterrupt


def corpus(path: Path, texts: list[str] = TEXTS, **columns: list[Any]) -> Path:
    pl.DataFrame({"text": texts, **columns}).write_parquet(path)
    return path


def word_list(folder: Path, *words: str) -> None:
    (folder / "words").mkdir(parents=True, exist_ok=True)
    text = f"words: pets\ntitle: pets\ncite: nobody\nitems: [{', '.join(words)}]\n"
    (folder / "words" / "pets.yaml").write_text(text, encoding="utf-8")


def test_an_edited_word_list_is_other_evidence(tmp_path: Path):
    rules = tmp_path / "rules"
    (rules / "quality").mkdir(parents=True)
    (rules / "quality" / "pets.yaml").write_text(PACK, encoding="utf-8")
    word_list(rules, "dog", "horse")
    pipeline, out = Pipeline.of("p", Quality(packs=("pets",))), tmp_path / "out"
    source = corpus(tmp_path / "a.parquet")
    assert dataqa.run(pipeline, source, out, rules=[rules]).counts["kept"] == 40
    word_list(rules, "dog", "cat")
    with pytest.raises(InputError, match="measured other things"):
        dataqa.run(pipeline, source, out, rules=[rules])


def test_a_reader_does_not_swap_while_a_writer_holds_the_folder(tmp_path: Path):
    out = tmp_path / "out"
    dataqa.run(Pipeline.of("p", Exact()), corpus(tmp_path / "a.parquet"), out)
    store = Store(out)
    store.put_json(f"{STATE}/swap.json", {})
    with store.locked():
        told = subprocess.run(
            [sys.executable, "-m", "dataqa", "show", str(out), "--rule", "x"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert told.returncode == 2
    assert "another run is using" in told.stderr
    again.heal(store)
    assert not store.exists(f"{STATE}/swap.json")


def test_an_overlay_given_twice_counts_once_and_can_be_withdrawn(tmp_path: Path):
    source, out = corpus(tmp_path / "a.parquet", id=[str(n) for n in range(40)]), tmp_path / "out"
    overlay = tmp_path / "verdicts.csv"
    overlay.write_text("doc_id,action,by\n3,drop,person:ann\n", encoding="utf-8")
    pipeline = Pipeline.of("p", Exact(), reading=Reading(id_column="id"))
    assert dataqa.run(pipeline, source, out, overlay=overlay).counts["rejected"] == 1
    decide(out, {})
    said = pl.read_parquet(sorted((out / "findings").glob("*.parquet")))
    assert said.filter(pl.col("by") == "person:ann").height == 1
    overlay.write_text("doc_id,action,by\n3,drop,person:ann\n4,drop,ann\n", encoding="utf-8")
    dataqa.run(pipeline, source, out, overlay=overlay)
    said = pl.read_parquet(sorted((out / "findings").glob("*.parquet")))
    assert said.filter(pl.col("by") == "person:ann").height == 1
    assert dataqa.run(pipeline, source, out).counts["rejected"] == 0


def test_inputs_of_an_addition_that_did_not_finish_stay_out(tmp_path: Path):
    first, second = corpus(tmp_path / "a.parquet"), tmp_path / "b.parquet"
    out, pipeline = tmp_path / "out", Pipeline.of("p", Exact())
    dataqa.run(pipeline, first, out)
    corpus(second, TEXTS)
    with pytest.raises(KeyboardInterrupt):
        dataqa.run(pipeline, [first, second], out, watch=Stops())
    assert dataqa.run(pipeline, first, out).counts["documents"] == 40
    assert faults(out) == []


def test_columns_named_like_ours_come_out_beside_them(tmp_path: Path):
    names = ("reasons", "stage", "step", "error", "raw", "traceback")
    source = corpus(tmp_path / "a.parquet", **{name: [name] * 40 for name in names})
    out = tmp_path / "out"
    pipeline = Pipeline.of("p", Quality(packs=("gopher",)))
    assert dataqa.run(pipeline, source, out).counts["rejected"] == 40
    rejected = pl.read_parquet(sorted((out / "rejected").glob("*.parquet")))
    assert [rejected[f"source_{name}"][0] for name in names] == list(names)
    assert rejected["reasons"].list.len().min()


def test_what_is_no_number_is_missing(tmp_path: Path):
    source = corpus(tmp_path / "a.parquet", TEXTS[:3], score=[float("nan"), 0.9, 0.1])
    pipeline = Pipeline.of("p", Quality(columns={"score": Column(min=0.5)}))
    counts = dataqa.run(pipeline, source, tmp_path / "out").counts
    assert (counts["review"], counts["kept"], counts["rejected"]) == (1, 1, 1)


def test_a_bound_holds_in_every_step_that_has_its_pack(tmp_path: Path):
    two = Pipeline.of("p", Quality(packs=("short-form",)), Quality(packs=("short-form",)))
    out = tmp_path / "out"
    texts = ["one two", *TEXTS]
    dataqa.run(two, corpus(tmp_path / "a.parquet", texts), out)
    foreseen = foresee(out, {"short-form.words.min": 5})
    assert foreseen.rules["short-form.words"] == (0, 1)
    assert foreseen.after["kept"] == decide(out, {"short-form.words.min": 5}).counts["kept"] == 40


def test_what_a_late_step_could_not_bear_is_counted_again(tmp_path: Path):
    pipeline = Pipeline.of("p", Quality(packs=("short-form",)), Exact(), Fails())
    source = corpus(tmp_path / "a.parquet", [*TEXTS, "This one holds poison for a step of ours."])
    out = tmp_path / "out"
    before = dataqa.run(pipeline, source, out, on_error="quarantine").counts
    settings = {"short-form.words.min": 3}
    after = dataqa.run(pipeline, source, out, on_error="quarantine", settings=settings).counts
    assert before["quarantine"] == after["quarantine"] == 1
    assert after["documents"] == 41
    assert faults(out) == []


def test_show_reads_json_lines(tmp_path: Path):
    out = tmp_path / "out"
    pipeline = Pipeline.of("p", Quality(packs=("gopher",)))
    settings = {"output.format": "jsonl.zst"}
    result = dataqa.run(pipeline, corpus(tmp_path / "a.parquet"), out, settings=settings)
    assert behind(out, "gopher.word_count", 3).height == 3
    assert result.scan("rejected").collect().height == 40


@pytest.mark.parametrize("order", ["dataqa, polars as pl", "polars as pl, dataqa"])
def test_the_namespace_is_there_in_either_order(order: str):
    code = f"import {order}; print(pl.select(pl.lit('a b').dataqa.signal('word_count')).item())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "2"
