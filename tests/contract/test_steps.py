"""The contract of steps, over every one that the registry finds."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from cases import SETTINGS, TEXTS, Case, cases, documents, known
from hypothesis import example, given
from hypothesis import strategies as st
from laws import edits_account_for_changes, equal, joined, matches_schemas, same_rows

from dataqa.pipeline import Pipeline
from dataqa.registry import step_names
from dataqa.types import DOC, TEXT, Assets, Batch, Opened, batch_of

BORDERS = st.lists(st.integers(0, len(TEXTS)), max_size=6).map(sorted)
every_step = pytest.mark.parametrize("case", cases(), ids=str)
_opened: dict[str, Opened] = {}


def opened(case: Case, assets: Assets) -> Opened:
    """A step opened once for all tests: opening may load a model."""
    if case.name not in _opened:
        _opened[case.name] = case.step.open(assets)
    return _opened[case.name]


def test_every_step_is_here():
    assert set(step_names()) <= set(SETTINGS), "give the new step a line in SETTINGS"


@every_step
def test_rows_stay_and_evidence_matches_its_schema(case: Case, assets: Assets):
    before = known(documents())
    after = opened(case, assets)(before)
    same_rows(before, after)
    matches_schemas(before, after)
    edits_account_for_changes(before, after)


@every_step
def test_split_anywhere_gives_the_same(case: Case, assets: Assets):
    run, whole = opened(case, assets), known(documents())
    at_once = run(whole)

    @given(BORDERS)
    @example([0, 0, 1, len(TEXTS)])
    def split(borders: list[int]) -> None:
        edges = [0, *borders, len(TEXTS)]
        parts = [run(part(whole, low, high)) for low, high in pairwise(edges)]
        equal(joined(parts), at_once)

    split()


def part(batch: Batch, low: int, high: int) -> Batch:
    docs = batch.docs[low:high]
    mine = batch.findings.filter(pl.col(DOC).is_in(docs[DOC].implode()))
    return Batch(docs, batch.signals[low:high], mine)


@every_step
def test_twice_is_the_same_and_inputs_are_untouched(case: Case, assets: Assets):
    before = known(documents())
    copies = [pickle.dumps(frame) for frame in before]
    first = case.step.open(assets)(before)
    equal(first, opened(case, assets)(before))
    assert all(pickle.loads(copy).equals(frame) for copy, frame in zip(copies, before, strict=True))


@every_step
def test_settings_survive_yaml_and_pickling(case: Case, tmp_path: Path):
    pipeline = Pipeline.of("mine", case.step)
    path = tmp_path / "mine.yaml"
    path.write_text(pipeline.to_yaml(), encoding="utf-8")
    assert Pipeline.from_yaml(path) == pipeline
    assert Pipeline.from_builtins(pipeline.to_builtins()) == pipeline
    assert pickle.loads(pickle.dumps(case.step)) == case.step


@every_step
def test_an_empty_batch_has_the_columns_of_a_full_one(case: Case, assets: Assets):
    """Field trap: what a shard without documents looks like must not depend on its luck."""
    run = opened(case, assets)
    full, empty = run(known(documents())), run(known(documents([])))
    assert empty.docs.height == empty.signals.height == empty.findings.height == 0
    assert empty.docs.schema == full.docs.schema
    assert empty.signals.schema == full.signals.schema


@every_step
def test_null_texts_are_let_through(case: Case, assets: Assets):
    docs = documents(["a text of some words", "x"]).with_columns(
        pl.Series(TEXT, [None, "another text"], dtype=pl.String)
    )
    after = opened(case, assets)(batch_of(docs))
    assert after.docs[TEXT].is_null().to_list() == [True, False]
    assert after.findings.filter(pl.col(DOC) == docs[DOC][0]).height == 0


@every_step
@pytest.mark.parametrize("character", ["a", " ", "\n", "\x00", "\u0301", "中", "👍", ".", "\r"])
def test_a_megabyte_of_one_character(case: Case, character: str, assets: Assets):
    text = character * (1_000_000 // len(character.encode()))
    before = batch_of(documents([text, "Beside it a short one."]))
    after = opened(case, assets)(before)
    same_rows(before, after)
    matches_schemas(before, after)
    edits_account_for_changes(before, after)


@every_step
def test_sliced_and_chunked_frames_are_read_alike(case: Case, assets: Assets):
    """Field trap: a column that is a slice of a larger one, in several chunks."""
    run, docs = opened(case, assets), documents()
    chunked = pl.concat([docs[:3], docs[3:11], docs[11:]], rechunk=False)
    equal(run(batch_of(chunked)), run(batch_of(docs)))
    aligned = documents(list(TEXTS[5:9]))
    sliced = docs[5:9].with_columns(aligned.select(pl.exclude(TEXT)).get_columns())
    equal(run(batch_of(sliced)), run(batch_of(aligned)))


@given(text=st.text(st.characters(codec="utf-8"), max_size=300))
@example(text="\u0301")
@example(text="\ufeff\u200b")
@every_step
def test_any_text_keeps_the_laws(case: Case, text: str, assets: Assets):
    before = batch_of(documents([text]))
    after = opened(case, assets)(before)
    same_rows(before, after)
    matches_schemas(before, after)
    edits_account_for_changes(before, after)


def test_other_processes_and_hash_seeds_give_the_same():
    told = {_digests(seed) for seed in ("0", "1", "random")}
    assert len(told) == 1
    assert len(told.pop().splitlines()) == len(cases())


def _digests(seed: str) -> str:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "digests.py")],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(here.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
