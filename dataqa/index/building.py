"""Filling a new index; a build that was interrupted goes on when it is begun again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from dataqa.index.adding import Adding
from dataqa.index.disk import MANIFEST
from dataqa.index.index import Index
from dataqa.index.manifest import load, make, save
from dataqa.index.parameters import Parameters, fingerprint


def begin(path: Path, **given: Any) -> Index:
    """A new index that is marked as unfinished, or the one that a killed build has left.

    Args:
        path: Where it is.
        given: What ``Parameters.of`` takes.

    Raises:
        InputError: There is something else, or it was begun with other parameters.
    """
    parameters = Parameters.of(**given)
    if not (path / MANIFEST).is_file() or not load(path).unfinished:
        make(path, parameters, fingerprint(), unfinished=True)
        return Index.open(path)
    index = Index.open(path)
    hint = "give the same to go on with the build that was begun, or delete the folder"
    index.parameters.require(str(path), hint, **msgspec.structs.asdict(parameters))
    return index


@contextmanager
def filling(index: Index) -> Generator[Adding]:
    """Add documents to it; at the end it is finished."""
    with index.adding() as adding:
        yield adding
        adding.close()
        now = adding.now
        manifest = msgspec.structs.replace(now.manifest, unfinished=False)
        save(index.path, manifest)
        adding.now = now._replace(manifest=manifest)
