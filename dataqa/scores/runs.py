"""Labels out of a finished run: a signal that some documents have, beside their texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.types import DOC_ID, TEXT

_FOLDERS = ("kept", "rejected", "review")


def signal_of_run(out: Path, signal: str) -> pl.DataFrame:
    """The documents of a run that have a signal: columns ``text`` and, named as it is, the signal.

    Whatever became of them, for a scorer is to learn from all; sorted by id.

    Args:
        out: The run's output folder.
        signal: Such as ``score.educational``.

    Raises:
        InputError: It is no run, or has no such signal.
    """
    where = str(out)
    if not (out / "manifest.json").is_file():
        raise InputError("is no finished run", where=where, hint="give its output folder")
    signals = pl.scan_parquet(out / "signals" / "*.parquet")
    names = signals.collect_schema().names()
    if signal not in names:
        hint = did_you_mean(signal, [name for name in names if name != DOC_ID])
        raise InputError(f"the run has no signal {signal!r}", where=where, hint=hint)
    some = signals.select(DOC_ID, signal).filter(pl.col(signal).is_not_null()).collect()
    parts = [
        pl.scan_parquet(out / folder / "*.parquet")
        .select(DOC_ID, TEXT)
        .join(some.lazy(), on=DOC_ID)
        .collect()
        for folder in _FOLDERS
        if any((out / folder).glob("*.parquet"))
    ]
    if not parts:
        hint = "run with the default --format, parquet"
        raise InputError("the run has no texts in parquet", where=where, hint=hint)
    return pl.concat(parts).sort(DOC_ID).select(TEXT, signal)
