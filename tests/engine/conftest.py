"""A finished run of the small pipeline, made once: tests look at it and leave it as it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from runs import documents, go, write

from dataqa.frames import Result


class Finished(NamedTuple):
    """A corpus and what came of it."""

    corpus: Path
    size: int
    result: Result


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """300 documents in three files, in many shards."""
    folder = tmp_path_factory.mktemp("finished")
    corpus = write(folder / "in", documents(300))
    return Finished(corpus, 300, go(corpus, folder / "out"))
