"""Encoders in ONNX that users bring: a real one, in the step, from Python, and what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from commands import dataqa as command
from commands import elsewhere
from encoded import encoder_folder, make_encoder
from scored import texts

import dataqa
from dataqa.errors import InputError
from dataqa.scores.brought import NOTE
from dataqa.scores.calibration import calibration_error
from dataqa.scores.encoder import check
from dataqa.scores.evidence import auc
from dataqa.scores.models import model_digest, open_model
from dataqa.steps.score import Score
from dataqa.types import Assets, batch_of

pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")


def test_it_tells_what_it_learnt():
    some = texts(400, seed=8)
    scored = dataqa.score(some, f"encoder:{encoder_folder()}", label="good")
    right = some["label"].to_numpy() == 1
    assert auc(scored["score"].to_numpy(), right) > 0.9
    other = dataqa.score(some, f"encoder:{encoder_folder()}", label="bad")
    both = scored["score"].to_numpy() + other["score"].to_numpy()
    assert np.allclose(both, 1.0, atol=2e-6)
    assert scored["doubt"].null_count() == 400


def test_the_step_measures_and_bounds_it(assets: Assets, tmp_path: Path):
    step = Score(model=f"encoder:{encoder_folder()}", label="good", keep=0.5, doubt=(0.4, 0.6))
    assert [rule.name for rule in step.rules(assets)] == ["kinds", "kinds.sure"]
    assert step.resources["memory"] > 1000
    odd = ["the tide rises", "win cash now", None, " \n\0", "", "\0unheard of\0", "a" * 100_000]
    docs = pl.DataFrame({"_doc": range(len(odd)), "doc_id": [*"abcdefg"], "text": odd})
    scores = step.open(assets)(batch_of(docs)).signals["score.kinds"].to_list()
    assert scores[0] > 0.7
    assert scores[1] < 0.3
    assert scores[2] is None
    assert scores[4] is None
    source = tmp_path / "in.parquet"
    texts(60, seed=4).with_columns(id=pl.int_range(60).cast(pl.String)).write_parquet(source)
    recipe = tmp_path / "p.yaml"
    settings = {"model": f"encoder:{encoder_folder()}", "label": "good", "keep": 0.5}
    recipe.write_text(json.dumps({"name": "p", "steps": [{"score": settings}]}))
    words = ("run", recipe, "-i", source, "--id-column", "id", "--log", "none")
    for name, workers in (("one", 1), ("two", 2)):
        told = elsewhere(*words, "-o", tmp_path / name, "--workers", workers)
        assert told.code == 0, told.err
    one, two = (
        pl.read_parquet(tmp_path / name / "signals" / "*.parquet") for name in ("one", "two")
    )
    assert one.equals(two)
    assert 20 < (one["verdict"] == "kept").sum() < 40


def test_what_stands_beside_a_text_changes_no_bit():
    some = texts(50, seed=6)["text"]
    score = open_model(f"encoder:{encoder_folder()}", "good").scores
    alone = pl.concat([score(some[at : at + 1]) for at in range(50)])
    assert score(some).equals(alone)
    assert score(some.reverse()).equals(alone.reverse())


def test_only_what_it_can_read_counts(tmp_path: Path):
    folder = make_encoder(tmp_path / "short", max_position_embeddings=4)
    score = open_model(f"encoder:{folder}", "good").scores
    told = score(pl.Series(["the tide rises because", "the tide rises because win cash now win"]))
    assert told[0] == told[1]
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 3}')
    assert check(folder, "good").tokens == 3
    roberta = make_encoder(tmp_path / "r", model_type="xlm-roberta", max_position_embeddings=514)
    assert check(roberta, "good").tokens == 512


def test_one_output_is_a_number(assets: Assets, tmp_path: Path):
    """As of FineWeb-Edu's classifier: 0 to 5, and bounds are in the same numbers."""
    folder = make_encoder(tmp_path / "edu", labels=1)
    step = Score(model=f"encoder:{folder}", keep=3.0)
    assert step.rules(assets)[0].min == 3.0
    scorer = open_model(f"encoder:{folder}")
    assert not scorer.probability
    low, high = scorer.scores(pl.Series(["win cash now", "the tide rises"]))
    assert low < 2.5 < high
    with pytest.raises(InputError, match="scores are probabilities"):
        Score(model=f"encoder:{encoder_folder()}", label="good", keep=3.0).rules(assets)


def test_labels_that_hold_at_once_are_scored_apart(tmp_path: Path):
    folder = make_encoder(tmp_path / "m", problem_type="multi_label_classification")
    text = pl.Series(["the tide rises"])
    good, bad = (open_model(f"encoder:{folder}", name).scores(text)[0] for name in ("good", "bad"))
    plain = open_model(f"encoder:{encoder_folder()}", "good").scores(text)[0]
    margin = np.log(plain / (1 - plain))  # of the one less that of the other
    assert np.log(good / (1 - good)) - np.log(bad / (1 - bad)) == pytest.approx(margin, abs=1e-3)


def test_its_digest_is_of_what_scores_depend_on(tmp_path: Path):
    one, two = make_encoder(tmp_path / "one"), make_encoder(tmp_path / "two")
    assert model_digest(f"encoder:{one}") == model_digest(f"encoder:{two}")
    (two / "README.md").write_text("about it")
    assert model_digest(f"encoder:{one}") == model_digest(f"encoder:{two}")
    (two / "tokenizer_config.json").write_text('{"model_max_length": 3}')
    assert model_digest(f"encoder:{one}") != model_digest(f"encoder:{two}")


@pytest.mark.parametrize(
    ("label", "spoil", "what"),
    [
        ("good", {"model.onnx": None}, "has no model.onnx"),
        ("good", {"tokenizer.json": None}, "has no tokenizer.json"),
        ("", {}, "it has to be told which label"),
        ("goood", {}, "the model has no label 'goood'"),
        ("good", {"config.json": b"[1]"}, "config.json is none of a model"),
        ("good", {"config.json": b"\xff"}, "config.json is none of a model"),
        ("good", {"config.json": b'{"id2label": {"x": "good"}}'}, "config.json is none of a model"),
        ("good", {"config.json": b'{"id2label": {"0": "good", "1": "b", "2": "c"}}'}, "2 numbers"),
        ("good", {"model.onnx": b"\x80\x04."}, "it cannot be read"),
        ("good", {"tokenizer.json": b"{}"}, "it cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(label: str, spoil: dict[str, Any], what: str, tmp_path: Path):
    folder = Path(shutil.copytree(encoder_folder(), tmp_path / "kinds"))
    for name, data in spoil.items():
        if data is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(data)
    with pytest.raises(InputError) as told:
        open_model(f"encoder:{folder}", label).scores(pl.Series(["the secret tide"]))
    assert what in str(told.value)
    assert told.value.hint
    assert "secret" not in str(told.value)


def test_labels_calibrate_it(assets: Assets, tmp_path: Path):
    """Its own probabilities are too near to a half; with labels they are right as often as said."""
    labels, model = tmp_path / "labels.parquet", f"encoder:{encoder_folder()}"
    texts(1500, seed=11).write_parquet(labels)
    words = ("train", "quality", labels, "-o", tmp_path / "edu", "--model", model)
    told = command(*words, "--label", "good")
    assert told.code == 0, told.err
    assert "AUC 0.9" in told.out
    some = texts(3000, seed=12)
    right = some["label"].to_numpy().astype(np.float64)
    raw = dataqa.score(some, model, label="good")["score"].to_numpy()
    scored = dataqa.score(some, tmp_path / "edu")
    weights = np.ones(len(right))
    assert calibration_error(raw, right, weights) > 0.1
    assert calibration_error(scored["score"].to_numpy(), right, weights) < 0.04
    sure = scored.filter(~pl.col("doubt"))
    assert sure.height > 1000
    assert ((sure["score"] > 0.5) != (sure["label"] == 1)).sum() < 0.12 * sure.height
    step = Score(model=str(tmp_path / "edu"), doubt="model")
    assert [rule.name for rule in step.rules(assets)] == ["edu", "edu.sure"]
    assert step.resources["memory"] == Score(model=model, label="good").resources["memory"]
    assert NOTE in (tmp_path / "edu" / "card.html").read_text("utf-8").replace("&#39;", "'")
    for path in (tmp_path / "edu").iterdir():
        assert b"tide" not in path.read_bytes(), "no text of any"


def test_a_number_is_calibrated_to_a_probability_and_a_changed_model_is_refused(tmp_path: Path):
    labels, folder = tmp_path / "labels.parquet", make_encoder(tmp_path / "edu", labels=1)
    texts(300, seed=11).write_parquet(labels)
    words = ("train", "quality", labels, "-o", tmp_path / "out")
    assert command(*words, "--model", f"encoder:{folder}").code == 0
    scorer = open_model(tmp_path / "out")
    assert scorer.probability
    low, high = scorer.scores(pl.Series(["win cash now", "the tide rises"]))
    assert low < 0.3
    assert high > 0.7
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(InputError, match="is another one now"):
        open_model(tmp_path / "out")
    for more, what in (
        (("--label", "good"), "--label is of a --model"),
        (("--model", "encoder:nowhere"), "has no model.onnx"),
        (("--model", "models/edu"), "this is no model that is brought"),
        (("--model", f"encoder:{encoder_folder()}"), "which label"),
    ):
        told = command(*words, *more)
        assert (told.code, what in told.err) == (2, True), told.err
