"""Invented labelled texts, and a small real model made of them on the spot."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

import polars as pl

from dataqa.scores.files import save
from dataqa.scores.labels import Columns, Labelled, labelled
from dataqa.scores.linear import Grams
from dataqa.scores.training import Settings, Trained, train_linear

GOOD = [
    "the",
    "tide",
    "rises",
    "because",
    "the",
    "moon",
    "pulls",
    "the",
    "water",
    "and",
    "the",
    "harbour",
    "fills",
    "by",
    "noon",
    "潮水因月亮而涨",
]
BAD = [
    "click",
    "here",
    "to",
    "win",
    "cash",
    "now",
    "hot",
    "deal",
    "buy",
    "cheap",
    "pills",
    "subscribe",
    "点击这里",
    "立刻赢取现金",
]
BOTH = [
    "and",
    "of",
    "a",
    "in",
    "on",
    "it",
    "was",
    "that",
    "day",
    "people",
    "said",
    "there",
    "were",
    "many",
    "boats",
    "人们",
    "说",
    "那天",
]
SMALL = Settings(grams=Grams(words=2, low=3, high=4, bits=12))


def texts(count: int, seed: int = 3, noise: float = 0.12) -> pl.DataFrame:
    """Texts of two kinds of words, and of words of both, labelled 1 and 0."""
    draw = random.Random(seed)
    rows: list[tuple[str, int]] = []
    for at in range(count):
        label = at % 2
        words: list[str] = []
        for _ in range(draw.randint(6, 40)):
            mine, other = (GOOD, BAD) if label else (BAD, GOOD)
            chance = draw.random()
            words.append(
                draw.choice(BOTH if chance < 0.6 else other if chance < 0.6 + noise else mine)
            )
        rows.append((" ".join(words), label))
    return pl.DataFrame(rows, schema=["text", "label"], orient="row")


def found(count: int = 240, seed: int = 3, noise: float = 0.12) -> Labelled:
    return labelled(texts(count, seed, noise), Columns())


@cache
def trained() -> Trained:
    return train_linear(found(), SMALL)


@cache
def model_folder() -> str:
    """A model's folder, which is deleted when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="dataqa-score-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = trained()
    save(folder / "tides", made.header, made.arrays)
    return str(folder / "tides")
