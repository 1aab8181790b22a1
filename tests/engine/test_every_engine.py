"""Every step makes the same bytes in one process, in two, and on a cluster."""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cases import cases
from raylets import two_raylets
from runs import conserved, documents, go, whole, write

from dataqa.io.sources import Reading
from dataqa.pipeline import NamedStep, Pipeline

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs ray")
SIZE = 150


@pytest.fixture(scope="module")
def cluster() -> Generator[Any]:
    with two_raylets() as made:
        yield made


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents with all that a step looks at."""
    rows = documents(SIZE, seed=3)
    for at, row in enumerate(rows):
        row["url"] = f"https://example.org/page/{at % 70}"
        row["licence"] = "cc0"
        row["rank"] = at + 3
        if at % 5 == 0:
            row["text"] += f"\nAsk Rose Miller, rose.miller{at}@example.org, from 10.0.0.{at}."
    return write(tmp_path_factory.mktemp("engines") / "in", rows)


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, 1])
def test_every_step_makes_the_same_bytes_everywhere(
    at: int, corpus: Path, cluster: Any, tmp_path: Path
):
    """All steps in one pipeline, each with its ``at``-th settings in the contract suite."""
    mine = [case for case in cases() if case.name.endswith(f"-{at}")]
    names = [case.name.partition("-")[0] for case in mine]
    steps = [NamedStep(name, name, case.step) for name, case in zip(names, mine, strict=True)]
    reading = Reading(id_column="id", shard_bytes=16_000)
    pipeline = Pipeline(name="every", steps=tuple(steps), reading=reading)
    alone = go(corpus, tmp_path / "alone", pipeline=pipeline)
    conserved(alone, SIZE)
    beside = go(corpus, tmp_path / "beside", pipeline=pipeline, workers=2)
    there = {"engine": "ray", "address": cluster.address, "workers": None}
    far = go(corpus, tmp_path / "far", pipeline=pipeline, **there)
    assert whole(beside.out) == whole(alone.out)
    assert whole(far.out) == whole(alone.out)
