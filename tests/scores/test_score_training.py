"""Training: the same bytes each time, honest figures, labels of all kinds, clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from commands import dataqa
from scored import GOOD, SMALL, found, model_folder, texts, trained

from dataqa.errors import InputError
from dataqa.scores.card import card, encoded
from dataqa.scores.evidence import auc, doubt_band
from dataqa.scores.files import load
from dataqa.scores.folds import FOLDS, clusters, fold_numbers
from dataqa.scores.labels import Columns, labelled
from dataqa.scores.models import open_model
from dataqa.scores.training import train_linear


def test_the_same_documents_give_the_same_bytes():
    again = train_linear(found(), SMALL)
    assert again.header == trained().header
    assert np.array_equal(again.arrays["weights"], trained().arrays["weights"])
    one, other = (encoded(card(it, found(), "m", it.header)) for it in (again, trained()))
    assert one == other


def test_new_texts_are_told():
    new = texts(300, seed=77)
    scores = open_model(model_folder()).scores(new["text"]).to_numpy()
    assert auc(scores, new["label"].to_numpy().astype(float)) > 0.85


def test_figures_are_those_of_documents_that_were_not_seen():
    """Labels that mean nothing: a model that told its own documents would look good."""
    frame = texts(300, seed=5).with_columns(
        pl.Series("label", np.random.Generator(np.random.PCG64(2)).integers(0, 2, 300))
    )
    made = labelled(frame, Columns())
    told = card(train_linear(made, SMALL), made, "noise", trained().header)
    assert told["auc"]["low"] < 0.5 < told["auc"]["high"] + 0.03
    assert told["auc"]["value"] < 0.6


def test_copies_are_held_out_together():
    """Field trap: with near copies on both sides of a split every figure is too good."""
    frame = texts(60, seed=4)
    copies = pl.concat([frame, frame.with_columns(pl.col("text").str.to_uppercase() + " !"), frame])
    made = labelled(copies, Columns())
    together = clusters(made.texts)
    assert together[:60].tolist() == together[60:120].tolist() == together[120:].tolist()
    folds = fold_numbers(together, made.right, 1)
    assert folds[:60].tolist() == folds[60:120].tolist() == folds[120:].tolist()
    assert sorted(set(folds.tolist())) == list(range(FOLDS))


def test_groups_are_held_out_together():
    frame = texts(120).with_columns(pl.Series("source", [f"s{at // 8}" for at in range(120)]))
    made = labelled(frame, Columns(group="source"))
    folds = train_linear(made, SMALL).held.folds
    for at in range(0, 120, 8):
        assert len(set(folds[at : at + 8].tolist())) == 1


def test_weights_count():
    """A wrong label of hardly any weight changes hardly anything; of full weight it does."""
    frame = texts(200).with_columns(pl.lit(1.0).alias("weight"))
    wrong = texts(200, seed=8).with_columns(label=1 - pl.col("label"), weight=1e-6)
    both = labelled(pl.concat([frame, wrong.select(frame.columns)]), Columns(weight="weight"))
    light = train_linear(both, SMALL)
    right = both.right[:200]
    assert auc(light.held.margins[:200], right) > 0.85
    heavy = train_linear(both._replace(weights=np.ones(400)), SMALL)
    assert auc(heavy.held.margins[:200], right) < 0.7


def test_beyond_the_band_no_more_are_wrong_than_was_asked():
    random = np.random.Generator(np.random.PCG64(3))
    told = random.random(4_000)
    right = (random.random(4_000) < told).astype(float)
    for error in (0.05, 0.1, 0.3):
        low, high = doubt_band(told, right, error)
        assert low <= high
        assert 1 - right[told >= high].mean() <= error
        assert right[told < low].mean() <= error
    wide, narrow = doubt_band(told, right, 0.05), doubt_band(told, right, 0.2)
    assert wide[0] <= narrow[0]
    assert narrow[1] <= wide[1]


def test_where_nothing_is_sure_all_is_doubt():
    told = np.linspace(0, 1, 400)
    assert doubt_band(told, np.tile([0.0, 1.0], 200), 0.1) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("labels", "given", "positive"),
    [
        ([0, 1], {}, "1"),
        ([False, True], {}, "true"),
        ([0.2, 4.5], {"threshold": 3}, ">= 3"),
        (["junk", "gold"], {"positive": ["gold"]}, "gold"),
        (["0", "1"], {"positive": ["1"]}, "1"),
        (["0", "1"], {}, "1"),
        (["0.5", "4"], {"threshold": 2}, ">= 2"),
        ([0, 2], {"positive": ["2"]}, "2"),
    ],
)
def test_labels_of_all_kinds_are_told(labels: list[Any], given: dict[str, Any], positive: str):
    frame = texts(40).with_columns(pl.Series("label", [labels[at % 2] for at in range(40)]))
    made = labelled(frame, Columns(), **given)
    assert made.positive == positive
    assert made.right.tolist() == [float(at % 2) for at in range(40)]


USUAL = Columns()


def refused(frame: pl.DataFrame, columns: Columns = USUAL, **given: Any) -> str:
    with pytest.raises(InputError) as told:
        labelled(frame, columns, where="labels.jsonl", **given)
    return str(told.value)


def test_labels_that_cannot_be_used_are_refused():
    frame = texts(40)
    assert "there is no column 'lable'" in refused(frame, Columns(label="lable"))
    assert "did you mean label" in refused(frame, Columns(label="lable"))
    assert "all 40 labels are positive" in refused(frame.with_columns(label=pl.lit(1)))
    assert "all 40 labels are negative" in refused(frame, threshold=7)
    assert "--threshold 3" in refused(frame.with_columns(label=pl.Series([0, 1, 2, 5] * 10)))
    words = frame.with_columns(label=pl.Series(["hq", "lq"] * 20))
    assert "there are: hq, lq" in refused(words)
    assert "did you mean hq" in refused(words, positive=["hqq"])
    assert "10 positive and 4 negative documents are too few" in refused(
        frame.filter(pl.col("label") == 1)
        .head(10)
        .vstack(frame.filter(pl.col("label") == 0).head(4))
    )
    assert "no numbers" in refused(words, threshold=1)
    assert "words or numbers" in refused(
        frame.with_columns(label=pl.Series([["a"]] * 40)), positive=["a"]
    )
    weighed = frame.with_columns(w=pl.lit(-1.0), s=pl.lit("x"))
    assert "negative" in refused(weighed, Columns(weight="w"))
    assert "must be numbers" in refused(weighed, Columns(weight="s"))


def test_the_texts_never_stand_in_a_message():
    """Somebody names the column of texts as that of labels."""
    told = refused(texts(40), Columns(label="text"))
    assert "40 different words" in told
    assert not set(GOOD[1:]) & set(told.split())


def test_copies_only_are_too_few():
    frame = pl.DataFrame({"text": ["a b c"] * 20 + ["d e f"] * 20, "label": [0] * 20 + [1] * 20})
    with pytest.raises(InputError, match="only 1 are unlike one another"):
        train_linear(labelled(frame, Columns()), SMALL)


def test_a_model_is_trained_from_the_command_line(tmp_path: Path):
    frame = texts(120).rename({"text": "body", "label": "stars"})
    odd = pl.DataFrame({"body": [None, "x", "\x00", "b " * 500_000], "stars": [1, None, 0, 0]})
    pl.concat([frame, odd], how="vertical_relaxed").write_ndjson(tmp_path / "labels.jsonl")
    told = dataqa(
        "train",
        "quality",
        tmp_path / "labels.jsonl",
        "-o",
        tmp_path / "m",
        "--text-column",
        "body",
        "--label-column",
        "stars",
    )
    assert told.code == 0, told.err
    assert "AUC" in told.out
    assert "labels.jsonl#121: key 'body' is null" in told.err
    header, _ = load(tmp_path / "m")
    kept = json.loads((tmp_path / "m" / "card.json").read_text())
    assert kept["digest"] == header.digest
    assert kept["made"]["documents"] == 121
    first = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()}
    assert (
        dataqa(
            "train",
            "quality",
            tmp_path / "labels.jsonl",
            "-o",
            tmp_path / "m",
            "--text-column",
            "body",
            "--label-column",
            "stars",
        ).code
        == 0
    )
    assert {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} == first


def test_the_command_line_says_what_is_wrong(tmp_path: Path):
    texts(40).write_ndjson(tmp_path / "labels.jsonl")
    told = dataqa(
        "train",
        "quality",
        tmp_path / "labels.jsonl",
        "-o",
        tmp_path / "m",
        "--label-column",
        "score",
    )
    assert told.code == 2
    assert "there is no column 'score'" in told.err
    assert not (tmp_path / "m").exists()
    told = dataqa("train", "quality", tmp_path / "nothing.jsonl", "-o", tmp_path / "m")
    assert told.code == 2
    (tmp_path / "labels.jsonl").write_text("{broken\n" * 5)
    told = dataqa("train", "quality", tmp_path / "labels.jsonl", "-o", tmp_path / "m")
    assert told.code == 2
    assert "no line of the sample is a JSON object" in told.err
