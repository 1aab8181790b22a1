"""The folder of a preview: what its page shows, and the sketches by which another bound is tried.

``preview.json`` is written last and says that the folder is whole. What is in ``sketches/`` is for
the user alone: it holds no text but masked excerpts of pairs, if examples are shown at all.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.stored import Held, kept_sets
from dataqa.engine.reporting import COMPLETE
from dataqa.errors import InputError
from dataqa.io.store import STATE, Store
from dataqa.preview.figures import Basis
from dataqa.steps.duplicates import Duplicates
from dataqa.types import DOC

if TYPE_CHECKING:
    from dataqa.duplicates.rulings import Laying

PAGE, FIGURES = "preview.html", "preview.json"
SKETCHES = "sketches"
_DOCS, _SETS, _PAIRS = (f"{SKETCHES}/{name}" for name in ("docs.parquet", "sets.bin", "pairs.json"))
FORMAT = 1
KIND = "dataqa dedup preview"
AT, SIZE = "sets_at", "sets_size"


def figures_of(store: Store) -> dict[str, Any] | None:
    """What the preview in a folder says; None where there is none.

    Raises:
        InputError: It is of another version.
    """
    told = store.get_json(FIGURES)
    if not isinstance(told, dict) or told.get("kind") != KIND:
        return None
    if told["format"] != FORMAT:
        raise InputError(
            f"this preview has format {told['format']}, and this version reads {FORMAT}",
            where=str(store.root),
            hint="make it again from the inputs",
        )
    return told


def refuse_others(store: Store) -> None:
    """Take no folder that holds something else.

    Raises:
        InputError: It is not empty, and no preview.
    """
    if not store.root.is_dir():
        if store.root.exists():
            raise InputError("this is a file", where=str(store.root), hint="name a folder with -o")
        return
    ours = store.path(SKETCHES).is_dir() or figures_of(store) is not None
    if not ours and any(store.root.iterdir()):
        raise InputError(
            "this folder holds something else",
            where=str(store.root),
            hint="choose a new folder with -o",
        )


@contextmanager
def begun(store: Store) -> Generator[Path]:
    """An empty place for sketches, not whole until ``finish`` was called; and a folder for scratch.

    Raises:
        InputError: The folder holds something else, or cannot be written.
    """
    refuse_others(store)
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        store.delete(FIGURES)
        store.delete_all(SKETCHES)
        store.path(SKETCHES).mkdir(mode=0o700)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror}",
            where=str(store.root),
            hint="choose another folder with -o",
        ) from None
    with scratch_in(store) as folder:
        yield folder


@contextmanager
def scratch_in(store: Store) -> Generator[Path]:
    """A folder beside the sketches, gone at the end."""
    with TemporaryDirectory(prefix=".scratch-", dir=store.path(SKETCHES)) as place:
        yield Path(place)


def tidy(store: Store) -> None:
    """Leave nothing of how files were written, where it is no run's folder."""
    if not store.exists(COMPLETE):
        store.delete_all(STATE)


def put_docs(store: Store, docs: pl.DataFrame) -> None:
    """Keep what is known of each document."""
    docs.write_parquet(store.path(_DOCS), compression="lz4")


def sets_path(store: Store) -> Path:
    """Where the shingles of those that may be like others are."""
    return store.path(_SETS)


def sets_of(store: Store) -> NDArray[np.uint64]:
    """These shingles, one after the other, mapped from the file."""
    path = sets_path(store)
    if not path.stat().st_size:
        return np.zeros(0, np.uint64)
    return np.memmap(path, np.uint64, "r")


def put_pairs(store: Store, pairs: Sequence[Mapping[str, Any]]) -> None:
    """Keep masked excerpts of pairs of all similarities, to show those near any bound."""
    store.put_json(_PAIRS, list(pairs))


def pairs_of(store: Store) -> list[dict[str, Any]]:
    """The excerpts."""
    return store.get_json(_PAIRS) or []


def basis_of(store: Store, told: Mapping[str, Any]) -> Basis:
    """The sketches of a preview.

    Raises:
        InputError: They are gone.
    """
    if not store.exists(_DOCS) or not store.exists(_SETS):
        raise InputError(
            "the sketches of this preview are gone",
            where=str(store.path(SKETCHES)),
            hint="make it again from the inputs",
        )
    docs = pl.read_parquet(store.path(_DOCS))
    values = sets_of(store)
    return basis(docs, values, told["corpus"], told["settings"]["places"])


def basis(
    docs: pl.DataFrame, values: NDArray[np.uint64], corpus: Mapping[str, int], permutations: int
) -> Basis:
    """What is known of a sample's documents, in memory but for their shingles."""
    sets = kept_sets(values, docs[AT].to_numpy(), docs[SIZE].to_numpy().astype(np.int32))

    def laying(step: Duplicates) -> Laying:  # noqa: ARG001 - these are for any
        return sets

    # one whose shingles are not kept is like nothing that is looked for
    rows = docs.with_columns(pl.when(pl.col(SIZE) > 0).then("shingles").otherwise(0))
    return Basis(
        sketches=Held(rows.sort(DOC)),
        laying=laying,
        columns=frozenset(docs.columns),
        permutations=permutations,
        documents=corpus["documents"],
        bytes=corpus["bytes"],
        seeds=int(docs["seed"].sum()),
        estimated=False,
    )


def settings_of(step: Duplicates) -> dict[str, Any]:
    """A step as plain data, with what follows from its fields."""
    banding, cutting = step.banding, step.cutting
    return {
        "step": msgspec.to_builtins(step),
        "bands": msgspec.to_builtins(banding),
        "shingle": msgspec.to_builtins(cutting),
        "places": max(step.permutations, banding.permutations),
    }


def step_of(settings: Mapping[str, Any]) -> Duplicates:
    """The step again."""
    return msgspec.convert(settings["step"], Duplicates)
