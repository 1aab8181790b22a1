"""Findings from elsewhere, laid over a corpus by document id.

A person's verdicts, an external classifier's column: a table with ``doc_id`` and either findings
(``action``, with ``rule``, ``by``, ``detail``, ``score``) or any other columns, which become
signals that rules may judge.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.io.store import STATE, Store
from dataqa.policy import ACTIONS
from dataqa.types import DOC, DOC_ID, FINDINGS, Batch

OVERLAY = "overlay"
HUMAN = "human"
"""The step of findings that come from the review."""
_HOME = f"{STATE}/overlay"
"""Where a finished run keeps its overlay: deciding it anew must not forget what people said."""
_SAID = ("action", "step", "rule", "by", "detail", "score", "ref")


class Overlay(NamedTuple):
    """What was said about documents: findings by id, and signals by id.

    Every id of the table is in ``signals``, also where it has no other column.
    """

    findings: pl.DataFrame
    signals: pl.DataFrame

    def over(self, batch: Batch) -> Batch:
        """The batch with what the overlay says of its documents."""
        ids = batch.docs.select(DOC, DOC_ID)
        said = ids.join(self.findings, on=DOC_ID, how="inner", maintain_order="left")
        batch = batch.with_findings(said.drop(DOC_ID))
        if self.signals.width > 1:
            told = ids.join(self.signals, on=DOC_ID, how="left", maintain_order="left")
            batch = batch.with_signals(told.drop(DOC, DOC_ID))
        return batch

    def digest(self) -> str:
        """A digest of all that it says."""
        lines = (frame.write_ndjson() for frame in (self.findings, self.signals))
        return blake2b("\0".join(lines).encode()).hexdigest()

    def told(self, met: pl.Series) -> dict[str, Any]:
        """What the manifest says of it.

        Args:
            met: Those of its ids that a document has.
        """
        ids = self.signals[DOC_ID].n_unique()
        return {"digest": self.digest(), "ids": ids, "unmatched": ids - met.n_unique()}

    def strangers(self, met: pl.Series) -> list[str]:
        """Its ids that no document has, sorted."""
        ids = self.signals[DOC_ID].unique().drop_nulls()
        return ids.filter(~ids.is_in(met.implode())).sort().to_list()

    def keep(self, store: Store) -> None:
        """Put it into a run's state."""
        for name, frame in zip(self._fields, self, strict=True):
            data = io.BytesIO()
            frame.write_parquet(data)
            store.put(f"{_HOME}/{name}.parquet", data.getvalue())


def kept_overlay(store: Store, digest: str) -> Overlay:
    """The overlay that a finished run keeps.

    Raises:
        InputError: It is not there as it was.
    """
    paths = [store.path(f"{_HOME}/{name}.parquet") for name in Overlay._fields]
    if all(path.is_file() for path in paths):
        overlay = Overlay(*map(pl.read_parquet, paths))
        if overlay.digest() == digest:
            return overlay
    raise InputError(
        "the overlay of this run is gone from its folder",
        where=str(store.root),
        hint="give it again with --overlay",
    )


def forget_ids(store: Store, ids: Sequence[str]) -> str:
    """Take documents out of the overlay that a run keeps; its digest from now on."""
    paths = [store.path(f"{_HOME}/{name}.parquet") for name in Overlay._fields]
    gone = pl.Series(ids, dtype=pl.String).implode()
    frames = [pl.read_parquet(path).filter(~pl.col(DOC_ID).is_in(gone)) for path in paths]
    overlay = Overlay(*frames)
    overlay.keep(store)
    return overlay.digest()


def met(overlay: Overlay, files: Iterable[Path]) -> pl.Series:
    """Those of an overlay's ids that stand in a column ``doc_id`` of some parquet files."""
    ids = overlay.signals[DOC_ID].unique().drop_nulls()
    found = [
        pl.scan_parquet(path).select(DOC_ID).filter(pl.col(DOC_ID).is_in(ids.implode())).collect()
        for path in files
    ]
    return pl.concat([pl.DataFrame(schema={DOC_ID: pl.String}), *found])[DOC_ID].unique()


def read_overlay(path: Path) -> Overlay:
    """Read an overlay from parquet, CSV or JSON Lines.

    Raises:
        InputError: No such file, no ``doc_id``, an action nobody knows, or a repeated id among
            signals.
    """
    table = _read(path)
    if DOC_ID not in table.columns:
        raise InputError(
            "an overlay needs the column doc_id",
            where=str(path),
            hint=f"its columns are {', '.join(table.columns)}",
        )
    table = table.with_columns(pl.col(DOC_ID).cast(pl.String))
    others = [name for name in table.columns if name not in {DOC_ID, *_SAID, *FINDINGS}]
    signals = table.select(DOC_ID, *others).unique(maintain_order=True)
    if others and signals[DOC_ID].is_duplicated().any():
        raise InputError("one document has two values of a signal", where=str(path))
    if "action" not in table.columns:
        return Overlay(_no_words(), signals)
    return Overlay(_findings(table, path), signals)


def _findings(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    words = table["action"].cast(pl.String).str.to_lowercase()
    unknown = [word for word in words.drop_nulls().unique() if word not in ACTIONS]
    if unknown:
        raise InputError(
            f"unknown action {min(unknown)!r}",
            where=str(path),
            hint=did_you_mean(min(unknown), ACTIONS),
        )
    codes = words.replace_strict(ACTIONS, return_dtype=pl.UInt8)
    said = table.select(DOC_ID, *(name for name in _SAID[1:] if name in table.columns))
    named = said.with_columns(codes.alias("action"))
    for column, default in (("step", OVERLAY), ("rule", "overlay.verdict"), ("by", "person")):
        value = pl.col(column).fill_null(default) if column in named.columns else pl.lit(default)
        named = named.with_columns(value.alias(column))
    strange = named.filter(~pl.col("step").is_in([OVERLAY, HUMAN]))
    if strange.height:
        hint = f"its findings are of the step {OVERLAY} or {HUMAN}"
        raise InputError("findings of another step", where=str(path), hint=hint)
    return named.filter(pl.col("action").is_not_null())


def _no_words() -> pl.DataFrame:
    return pl.DataFrame(schema={DOC_ID: pl.String, "action": pl.UInt8})


def _read(path: Path) -> pl.DataFrame:
    readers = {
        ".parquet": pl.read_parquet,
        ".csv": pl.read_csv,
        ".jsonl": pl.read_ndjson,
        ".ndjson": pl.read_ndjson,
    }
    if not path.is_file():
        raise InputError("there is no such overlay file", where=str(path))
    if path.suffix not in readers:
        raise InputError(
            "an overlay is a parquet, CSV or JSON Lines file",
            where=str(path),
            hint=f"endings: {', '.join(readers)}",
        )
    try:
        return readers[path.suffix](path)
    except pl.exceptions.PolarsError as error:
        what = type(error).__name__
        raise InputError(f"the overlay cannot be read ({what})", where=str(path)) from None
