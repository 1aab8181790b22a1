"""What a finished run keeps of its documents for near-duplicates: signatures, and what it found."""

from __future__ import annotations

from typing import Any

import polars as pl

from dataqa.duplicates.estimates import signature_sets
from dataqa.engine.again import pipeline_of
from dataqa.engine.look import finished_store
from dataqa.engine.onward import described
from dataqa.engine.settle import Shards
from dataqa.engine.stock import STOCK
from dataqa.errors import InputError
from dataqa.io.outputs import scan
from dataqa.io.store import STATE, Store
from dataqa.pipeline import NamedStep
from dataqa.preview.figures import Basis
from dataqa.steps.duplicates import Duplicates
from dataqa.types import DOC_ID, GlobalStep


def run_basis(store: Store) -> tuple[Duplicates, Basis]:
    """The step of a finished run, and its documents' sketches.

    Raises:
        InputError: The run has no such step, measured containment, or keeps no sketches.
    """
    store = finished_store(store.root)
    named, stage = _step(store)
    step = named.step
    assert isinstance(step, Duplicates)
    if step.measure == "containment":
        raise InputError(
            "signatures tell Jaccard's similarity, and this run measured containment",
            where=str(store.root),
            hint="preview the inputs: dataqa dedup preview -i ... --measure containment",
        )
    keys = _keys(store, stage)
    shards = Shards(store, keys, int(store.get_json(STOCK)["parts"]))
    columns = _columns(store, keys)
    told = _found(store, named.label)

    def laying(now: Duplicates) -> Any:
        return signature_sets(told, step.range, same_order=now.wishes == step.wishes)

    documents = size = 0
    for docs in shards.docs(["bytes"]):
        documents, size = documents + docs.height, size + int(docs["bytes"].sum())
    places = max(step.permutations, step.banding.permutations)
    return step, Basis(shards, laying, columns, places, documents, size, documents, estimated=True)


def _step(store: Store) -> tuple[NamedStep, int]:
    """The first step of that kind, and the stage whose shards sketched for it."""
    stage = 0
    for named in pipeline_of(store).steps:
        stage += isinstance(named.step, GlobalStep)
        if isinstance(named.step, Duplicates):
            return named, stage
    raise InputError(
        "this run has no step `duplicates`",
        where=str(store.root),
        hint="preview its inputs or its kept/ folder with -i",
    )


def _keys(store: Store, stage: int) -> dict[int, str]:
    """The shards of a stage that are done, by number."""
    found: dict[int, str] = {}
    for name in store.names(f"{STATE}/stages"):
        key, _, ending = name.rpartition("/")[2].rpartition(".")
        number, at, _ = key.split("-") if ending == "done" else ("", "", "")
        if at == str(stage):
            found[int(number)] = key
    return found


def _columns(store: Store, keys: dict[int, str]) -> frozenset[str]:
    names = [f"{described(key)}.parquet" for _, key in sorted(keys.items())]
    there = [name for name in names if store.exists(name)]
    if not there:
        raise InputError(
            "this run keeps no sketches: no document came as far as its step `duplicates`",
            where=str(store.root),
            hint="preview its inputs with -i",
        )
    columns = frozenset(pl.read_parquet_schema(store.path(there[0])))
    if "bytes" not in columns:
        raise InputError(
            "this run was made by a version that noted too little",
            where=str(store.root),
            hint="run it anew, or preview its inputs with -i",
        )
    return columns


def _found(store: Store, label: str) -> pl.DataFrame:
    """Whom the run found to be like whom."""
    findings = scan([store.path(name) for name in store.names("findings")])
    mine = findings.filter(pl.col("step") == label)
    return mine.select(DOC_ID, "ref", "score", "rule", "action").collect()
