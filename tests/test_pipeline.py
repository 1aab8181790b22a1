"""Pipelines: written, read back, changed by settings; mistakes named with their line."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.pipeline import Pipeline
from dataqa.plan import make_plan
from dataqa.registry import find_pipeline, step_class, step_names
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.quality import Quality
from dataqa.types import Assets

MINE = Pipeline.of(
    "mine",
    Normalize(max_newlines=2),
    Quality(packs=("gopher",)),
    Exact(),
    Language(keep=("en",)),
    Exact(column="url"),
    bounds={"gopher.word_count.min": 30},
)


def read(folder: Path, text: str) -> Pipeline:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return Pipeline.from_yaml(path)


def test_written_and_read_back_it_is_equal(tmp_path: Path):
    assert read(tmp_path, MINE.to_yaml()) == MINE
    assert pickle.loads(pickle.dumps(MINE)) == MINE
    assert [named.label for named in MINE.steps][-1] == "exact~2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps: [normalise]", r"mine.yaml:1.*normalise.*did you mean normalize"),
        ("steps:\n- language: {kep: [en]}", r"mine.yaml:2.*kep.*keep"),
        ("steps: []\nstep: 3", r"mine.yaml:2.*step"),
        ("steps:\n- normalize: {nfc: 3}", r"mine.yaml:2"),
        ("steps:\n- normalize\n  exact", r"mine.yaml"),
        ("steps:\n- {normalize: , exact: }", r"mine.yaml:2.*one word"),
        ("steps:\n\t- normalize", r"mine.yaml:2.*tab"),
        ("name: x", r"steps"),
        ("reading: {text: body}\nsteps: []", r"mine.yaml:1.*text"),
    ],
)
def test_mistakes_are_named_with_file_and_line(text: str, words: str, tmp_path: Path):
    with pytest.raises(InputError, match=f"(?s){words}"):
        read(tmp_path, text)


def test_settings_change_fields_bounds_and_reading(assets: Assets):
    changed = MINE.with_settings(
        {"language.min": 0.5, "gopher.word_count.max": 9000, "exact~2.column": "id"}, assets
    )
    assert changed.steps[3].step == Language(keep=("en",), min=0.5)
    assert changed.steps[4].step == Exact(column="id")
    assert changed.bounds == {"gopher.word_count.min": 30, "gopher.word_count.max": 9000}
    rule = next(r for _, r in changed.rules(assets) if r.key == "gopher.word_count")
    assert (rule.min, rule.max) == (30, 9000)
    assert changed.with_settings({"reading.batch_bytes": 9}, assets).reading.batch_bytes == 9


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("language.mni", 0.5, "language.min"),
        ("gopher.word_cont.min", 5, "gopher.word_count.min"),
        ("language.min", "much", "--set language.min"),
        ("gopher.word_count.min", "much", "--set gopher.word_count.min"),
        ("gopher.word_count.min", 200_000, "above max"),
        ("normalize.nfc", [], "--set normalize.nfc"),
    ],
)
def test_wrong_settings_are_named(key: str, value: object, words: str, assets: Assets):
    with pytest.raises(InputError, match=words):
        MINE.with_settings({key: value}, assets)


def test_the_plan_cuts_before_every_global_step(assets: Assets):
    plan = make_plan(MINE, assets)
    labels = [[named.label for named in stage.steps] for stage in plan.stages]
    assert labels == [["normalize", "quality"], ["exact", "language"], ["exact~2"]]
    assert [stage.sketches and stage.sketches.label for stage in plan.stages] == [
        "exact",
        "exact~2",
        None,
    ]
    assert {rule.step for rule in plan.stages[0].rules} == {"quality"}


def test_a_late_change_leaves_early_fingerprints_alone(assets: Assets):
    """What earlier stages did is reused, whatever later ones say; and never the other way."""

    def prints(pipeline: Pipeline) -> list[str]:
        return [stage.fingerprint for stage in make_plan(pipeline, assets).stages]

    before = prints(MINE)
    assert before == prints(MINE)
    late = prints(MINE.with_settings({"language.min": 0.5}, assets))
    assert [old == new for old, new in zip(before, late, strict=True)] == [True, False, False]
    early = prints(MINE.with_settings({"gopher.word_count.min": 31}, assets))
    assert not set(before) & set(early)


def test_steps_and_pipelines_are_found_by_name(tmp_path: Path):
    assert {"exact", "language", "normalize", "quality"} <= set(step_names())
    assert step_class("exact") is Exact
    with pytest.raises(InputError, match="did you mean quality"):
        step_class("qualty")
    assert find_pipeline("web-en").name == "web-en.yaml"
    with pytest.raises(InputError, match="did you mean web-en"):
        find_pipeline("web-eng")
    with pytest.raises(InputError, match="no such pipeline"):
        find_pipeline(tmp_path / "none.yaml")
