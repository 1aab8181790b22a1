"""Corpora on disk and the previews of them, for the tests of ``dataqa dedup preview``."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from alike import edited, text

from dataqa.engine.local import assets_of
from dataqa.io.sources import Reading
from dataqa.io.store import Store
from dataqa.preview.making import preview
from dataqa.preview.sketching import SAMPLE, Asked
from dataqa.steps.duplicates import Duplicates

READING = Reading(id_column="id")


def previewed(
    inputs: Path,
    out: Path,
    step: Mapping[str, Any] | None = None,
    *,
    sample: int = SAMPLE,
    companions: bool = True,
    examples: bool = True,
    reading: Reading = READING,
) -> dict[str, Any]:
    """A preview of all files of a folder."""
    asked = Asked(
        msgspec.convert(dict(step or {}), Duplicates), reading, sample, companions, examples
    )
    return preview([inputs], out, asked, assets_of(Store(out), ()))


def removed(told: Mapping[str, Any]) -> dict[float, int]:
    """How many documents would go, by bound."""
    return {row["similarity"]: row["documents"] for row in told["bounds"]}


def planted(size: int, seed: int = 7) -> list[dict[str, Any]]:
    """Texts of 40 words, of which some have one, two or forty copies with a few words edited."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    at = 0
    while len(rows) < size:
        base = text(at, 40)
        copies = draw.choices((0, 1, 2, 40), (80, 14, 5, 1))[0]
        texts = [
            base,
            *(edited(base, draw.sample(range(40), draw.randrange(3))) for _ in range(copies)),
        ]
        rows += [{"text": one, "source": "big" if copies == 40 else "small"} for one in texts]
        at += 1
    draw.shuffle(rows)
    return [{"id": f"d{number:06d}", **row} for number, row in enumerate(rows[:size])]


def drawn_bars(told: Mapping[str, Any]) -> list[int]:
    """All documents of each bar of the histogram."""
    bars = told["histogram"]
    kinds = (bars["stays"], bars["review"], bars["goes"])
    return [sum(column) for column in zip(*kinds, strict=True)]
