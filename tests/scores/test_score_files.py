"""A model's folder: what is damaged is refused with a message, and nothing in it is code."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scored import model_folder, texts, trained

import dataqa
from dataqa.errors import InputError
from dataqa.scores.files import MODEL, WEIGHTS, load, save
from dataqa.scores.models import check_model, model_digest, open_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a model."""
    return Path(shutil.copytree(model_folder(), tmp_path / "tides"))


def test_what_was_saved_is_loaded(tmp_path: Path):
    made = trained()
    told = save(tmp_path / "m", made.header, made.arrays)
    header, arrays = load(tmp_path / "m")
    assert header == told
    assert np.array_equal(arrays["weights"], made.arrays["weights"])
    assert model_digest(str(tmp_path / "m")) == model_digest(model_folder())


@pytest.mark.parametrize("name", [MODEL, WEIGHTS])
def test_a_file_that_is_missing_is_named(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"it has no {name}"):
        open_model(folder)


def test_any_byte_that_changes_is_noticed(folder: Path):
    whole = {name: (folder / name).read_bytes() for name in (MODEL, WEIGHTS)}
    random = np.random.Generator(np.random.PCG64(1))
    for name, data in whole.items():
        for at in random.integers(0, len(data), 60).tolist():
            flipped = bytearray(data)
            flipped[at] ^= 1 << int(random.integers(0, 7))
            (folder / name).write_bytes(flipped)
            try:
                header, _ = load(folder)
            except InputError:
                continue
            # white space between the fields of model.json means nothing
            assert name == MODEL
            assert header == load(Path(model_folder()))[0]
        (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\x00" * 40,
        b"[" * 100_000,
        b'{"format": 1}',
        "é".encode("latin-1"),
    ],
)
def test_what_is_no_model_is_refused(folder: Path, data: bytes):
    (folder / MODEL).write_bytes(data)
    with pytest.raises(InputError, match=r"model\.json is damaged"):
        check_model(str(folder))


@pytest.mark.parametrize("cut", [0, 1, 4096])
def test_a_file_that_is_cut_is_refused(folder: Path, cut: int):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[:cut])
    with pytest.raises(InputError, match="damaged"):
        open_model(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such folder") as told:
        open_model(tmp_path / "nothing")
    assert "dataqa train" in told.value.hint


def test_a_frame_gets_scores_and_doubts():
    frame = texts(40, seed=9).with_columns(pl.Series("id", range(40)))
    frame = pl.concat(
        [frame, pl.DataFrame({"text": [None, "", "\x00"], "label": [0, 0, 0], "id": [1, 2, 3]})],
        how="vertical_relaxed",
    )
    told = dataqa.score(frame, model_folder())
    assert told.select(frame.columns).equals(frame)
    assert told["score"].tail(3).null_count() == 3
    low, high = trained().header.band
    inside = told.head(40).filter(pl.col("doubt"))
    assert inside.height
    assert ((inside["score"] >= low) & (inside["score"] < high)).all()
    sure = told.head(40).filter(~pl.col("doubt"))
    assert (
        sure.filter((pl.col("score") >= high) == (pl.col("label") == 1)).height > 0.8 * sure.height
    )


def test_pandas_frames_are_scored():
    frame = texts(6)
    ours = dataqa.score(frame, model_folder())["score"]
    assert dataqa.score(frame.to_pandas(), model_folder())["score"].to_list() == ours.to_list()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"body": ["a"]}), "no column 'text'"),
        (pl.DataFrame({"text": ["a"], "score": [1]}), "a column 'score' already"),
        (pl.LazyFrame({"text": ["a"]}), "a frame in memory is needed"),
    ],
)
def test_frames_that_do_not_fit_are_refused(frame: pl.DataFrame, message: str):
    with pytest.raises(InputError, match=message):
        dataqa.score(frame, model_folder())
