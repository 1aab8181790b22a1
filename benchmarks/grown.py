"""Corpora of any size from one file: each copy has an eighth of its words from elsewhere.

So no two copies of a document are near-duplicates (three of thirteen runs of five words are alike),
and the mix of lengths, the language and the rarity of words stay what they are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import polars as pl

EVERY = 8


def grow(file: Path, folder: Path, copies: int, rows: int | None = None) -> Path:
    """A folder of ``copies`` parquet files of ``id`` and ``text``; the first is as it was.

    Args:
        file: Parquet with columns ``id`` and ``text``.
        folder: Where to; it must not be there.
        copies: How many.
        rows: Documents of each copy, evenly from the file; None is all.
    """
    folder.mkdir(parents=True)
    # new processes: polars cannot be forked
    with get_context("spawn").Pool(min(copies, os.cpu_count() or 1)) as pool:
        pool.map(partial(_copy, file, folder, rows), range(copies), chunksize=1)
    return folder


def text_bytes(folder: Path) -> int:
    """UTF-8 bytes of all texts of a folder of parquet files."""
    size = pl.scan_parquet(folder / "*.parquet").select(pl.col("text").str.len_bytes().sum())
    return int(size.collect().item())


def _copy(file: Path, folder: Path, rows: int | None, number: int) -> None:
    frame = pl.read_parquet(file, columns=["id", "text"])
    if rows is not None:
        frame = frame.gather_every(max(1, frame.height // rows)).head(rows)
    texts = frame["text"].to_list()
    if number:
        pool = [word for text in texts[:: max(1, len(texts) // 2000)] for word in text.split()]
        texts = [_other(text, pool, number, at) for at, text in enumerate(texts)]
    told = frame.select(id=pl.lit(f"{number}-") + pl.col("id")).with_columns(
        text=pl.Series(texts, dtype=pl.String)
    )
    told.write_parquet(folder / f"part-{number:02d}.parquet")


def _other(text: str, pool: Sequence[str], number: int, at: int) -> str:
    words = text.split(" ")
    changed = words[number % EVERY :: EVERY]
    begin = (at * 7919 + number * 104_729) % len(pool)
    taken = pool[begin : begin + len(changed)]
    words[number % EVERY :: EVERY] = [*taken, *changed[len(taken) :]]
    return " ".join(words)
