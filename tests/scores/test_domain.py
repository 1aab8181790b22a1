"""The selector of documents like given ones: the background holds some, and is not negative."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from commands import dataqa
from scored import SMALL, texts

from dataqa.errors import InputError
from dataqa.scores.calibration import calibration_error
from dataqa.scores.domain import selector_labels, train_selector
from dataqa.scores.evidence import auc
from dataqa.scores.models import open_model


def sides(mixed: float, count: int = 1200) -> tuple[pl.Series, pl.DataFrame]:
    """Given documents, and a background of which the share ``mixed`` is of their kind."""
    some = texts(4 * count, seed=21, noise=0.02)
    kind, other = (some.filter(pl.col("label") == one) for one in (1, 0))
    inside = int(mixed * count)
    background = pl.concat([kind.tail(inside), other.head(count - inside)])
    return kind["text"].head(count), background


@pytest.mark.parametrize("mixed", [0.1, 0.3])
def test_the_score_is_the_probability_of_a_document_of_the_background(mixed: float):
    given, background = sides(mixed)
    found = selector_labels(given, background["text"], ("given", "background"))
    trained, share = train_selector(found, SMALL)
    assert mixed - 0.03 < share < mixed + 0.12  # from above
    told = trained.held.told[len(given) :]
    right = background["label"].to_numpy().astype(float)
    assert auc(told, right) > 0.97
    assert calibration_error(told, right) < 0.12
    # as if the background were negative: far lower than what is true
    naive = told[right > 0].mean()
    assert naive > 0.7


def test_scores_never_fall_where_margins_rise():
    given, background = sides(0.2, 300)
    found = selector_labels(given, background["text"], ("given", "background"))
    trained, _ = train_selector(found, SMALL)
    order = np.argsort(trained.held.margins)
    folds = trained.held.folds[order]
    told = trained.held.told[order]
    for one in range(5):
        assert (np.diff(told[folds == one]) >= 0).all()


def test_each_side_needs_documents():
    given, background = sides(0.2, 60)
    with pytest.raises(InputError, match=r"few\.jsonl: 3 documents are too few"):
        selector_labels(given.head(3), background["text"], ("few.jsonl", "background"))


def test_a_selector_is_trained_from_the_command_line(tmp_path: Path):
    given, background = sides(0.2, 200)
    given.to_frame().write_ndjson(tmp_path / "given.jsonl")
    background.write_ndjson(tmp_path / "others.jsonl")
    command = ("train", "domain", tmp_path / "given.jsonl", "-o", tmp_path / "bank")
    told = dataqa(*command, "--background", tmp_path / "others.jsonl")
    assert told.code == 0, told.err
    assert "of the background is like the given documents" in told.out
    page = (tmp_path / "bank" / "card.html").read_text()
    assert "<svg" in page
    scores = open_model(tmp_path / "bank").scores(background["text"]).to_numpy()
    assert auc(scores, background["label"].to_numpy().astype(float)) > 0.9
    assert dataqa(*command).code == 2
