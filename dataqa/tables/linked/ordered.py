"""Tables in the order in which they are learnt: rows as their parents stand, then by date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.linked.links import Linked, Links, Rows
from dataqa.tables.linked.times import read_times


class Ordered(NamedTuple):
    """Tables, their rows in order.

    Attributes:
        frames: The tables.
        links: By table.
        rows: By table and foreign key, the row of the parent, as it is now numbered.
        mixed: By table, whether the original stands in the order of its dates, parents mixed.
        kept: Tables that are copied.
    """

    frames: dict[str, pl.DataFrame]
    links: dict[str, Links]
    rows: dict[str, dict[str, Rows]]
    mixed: dict[str, bool]
    kept: set[str]

    @classmethod
    def of(cls, linked: Linked, columns: Mapping[str, Mapping[str, Column]]) -> Ordered:
        """Put the rows of all tables in order."""
        places: dict[str, Rows] = {}
        turned: dict[str, Rows] = {}
        mixed: dict[str, bool] = {}
        for name, links in linked.links.items():
            frame = linked.frames[name]
            every = np.arange(frame.height, dtype=np.int64)
            mixed[name] = False
            order = every
            if links.first and not links.keep:
                parents = linked.rows[name][links.first]
                old = turned[links.parent]
                now = np.where(parents >= 0, old[parents], len(old)) if len(old) else every * 0
                times = every.astype(np.float64)
                if links.order:
                    times = read_times(frame[links.order], columns[name][links.order])
                    mixed[name] = bool(np.all(np.diff(times) >= 0)) and not _sorted(now)
                order = np.lexsort((every, times, now))
            places[name] = order
            turned[name] = np.empty(frame.height, np.int64)
            turned[name][order] = every
        rows: dict[str, dict[str, Rows]] = {}
        for name, links in linked.links.items():
            rows[name] = {}
            for key, parent in links.parents.items():
                to = linked.rows[name][key][places[name]]
                there = turned[parent]
                rows[name][key] = np.where(to >= 0, there[to], -1) if len(there) else to
        frames = {name: linked.frames[name][order] for name, order in places.items()}
        kept = {name for name, one in linked.links.items() if one.keep}
        return cls(frames, linked.links, rows, mixed, kept)


def _sorted(rows: Rows) -> bool:
    return bool(np.all(np.diff(rows) >= 0))
