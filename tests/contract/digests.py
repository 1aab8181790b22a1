"""Prints a digest of what every step makes of the contract's texts; run in a process of its own."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import polars as pl
from cases import Case, cases, documents, known

from dataqa.registry import shipped
from dataqa.types import DOC, Assets


def digest(case: Case, assets: Assets) -> str:
    """A digest of the texts, signals and findings of one step."""
    after = case.step.open(assets)(known(documents()))
    told = hashlib.sha256()
    for frame in (after.docs.drop("tags"), after.signals, after.findings.sort(DOC)):
        told.update(repr(frame.schema).encode())
        told.update(frame.with_columns(pl.col(pl.Binary).bin.encode("hex")).write_csv().encode())
    return told.hexdigest()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cache:
        place = Assets((shipped("rules"),), Path(cache))
        for each in cases():
            print(each.name, digest(each, place))  # noqa: T201
