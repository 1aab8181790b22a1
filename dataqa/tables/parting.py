"""Rows that are learnt, and rows that are held out to measure what was made beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.columns import Column
from dataqa.tables.people.owners import person_key

_ALL = 1 << 64


def parted(
    frame: pl.DataFrame, columns: Mapping[str, Column], share: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to learn, and rows that are held out; all rows of one person on one side.

    Args:
        frame: The table.
        columns: What its columns are.
        share: How many are held out.
        seed: Decides which.
    """
    if not share:
        return frame, frame.clear()
    key = person_key(frame, columns)
    of = np.arange(frame.height)
    if key:
        codes = frame[key].cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64)
        of = np.where(frame[key].is_null().to_numpy(), codes.max() + 1 + of, codes)
    people = np.unique(of)
    draw = np.random.default_rng([seed, 5]).permutation(len(people))
    out = people[draw[: round(share * len(people))]]
    held = pl.Series(np.isin(of, out))
    return frame.filter(~held), frame.filter(held)


def parted_each(
    frame: pl.DataFrame, person: str, share: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same, each row or person by itself: whether others are there changes nothing of it.

    So what is learnt with epsilon differs by one row, or person, if the table does. With a draw
    among all of them one more would have changed who is learnt of the others. Of equal rows the
    first, the second and so on are told apart.

    Args:
        frame: The table.
        person: The column that says whose a row is; nothing where each is somebody's own.
        share: About how many are held out.
        seed: Decides which.

    Raises:
        InputError: There is no such column.
    """
    if person and person not in frame.columns:
        hint = did_you_mean(person, frame.columns)
        raise InputError(f"no column {person!r}", where="person", hint=hint)
    if not share:
        return frame, frame.clear()
    met = Counter[str]()
    held: list[bool] = []
    for row in frame.iter_rows():
        told = repr(row)
        whose = row[frame.columns.index(person)] if person else None
        if whose is not None:
            told = repr(whose)
        else:
            met[told] += 1
            told = f"{met[told]} {told}"
        digest = blake2b(f"{seed} {told}".encode(), digest_size=8).digest()
        held.append(int.from_bytes(digest) < share * _ALL)
    out = pl.Series(held, dtype=pl.Boolean)
    return frame.filter(~out), frame.filter(out)
