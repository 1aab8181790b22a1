"""What there is to tell of an index: how much it holds, how it was built, how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dataqa.index.parameters import told
from dataqa.index.rates import Rate, around
from dataqa.index.snapshot import Snapshot

_NAMES = ("similarity", "shingle", "permutations", "bands", "seed")


class Info(NamedTuple):
    """What there is to tell of an index.

    Attributes:
        path: Where it is.
        entries: Documents that count.
        removed: Removed or replaced ones that still take room.
        bytes: On disk.
        segments: Files that are looked into.
        unfinished: Whether the build that made it was interrupted.
        parameters: What it was built with.
        rates: How often a pair of a true similarity is called similar.
    """

    path: Path
    entries: int
    removed: int
    bytes: int
    segments: int
    unfinished: bool
    parameters: dict[str, str]
    rates: list[Rate]


def info_of(path: Path, now: Snapshot) -> Info:
    """All of it, from the manifest alone."""
    manifest = now.manifest
    return Info(
        path,
        manifest.entries,
        now.rows - manifest.entries,
        sum(file.bytes for file in manifest.files),
        len(manifest.parts),
        manifest.unfinished,
        {name: told(getattr(manifest.parameters, name)) for name in _NAMES},
        around(manifest.parameters),
    )
