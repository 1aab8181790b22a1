"""Verified on the texts: which members of clusters stay, and for which of them each other goes.

The members' shingles are laid down in a file in rank order, from one pass over the texts; then
whole clusters are gone through, a bounded number of shared keys at a time. Pages of that file are
the system's to keep or drop, so it does not count as memory that must be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.links import Hits, Linked
from dataqa.duplicates.ranks import Ranked
from dataqa.duplicates.signatures import Sets as Shingles
from dataqa.kernels import clusters
from dataqa.types import DOC, TEXT, Merge

AT_ONCE = 1 << 22
"""Shared keys gone through at a time; a single cluster with more is gone through whole."""
SHINGLED = 1 << 20
"""Shingles, of eight bytes each, that a worker makes at a time; of one document as many as it has.
"""
STAYING = 32
"""Documents that stay, remembered for each key: a later one is compared with these."""


type Shingling = Callable[[pl.Series], Shingles]


class Chosen(NamedTuple):
    """What became of a run of members, by row of ``Ranked``.

    Attributes:
        first: The run's first row.
        size: How many rows it has.
        rows: Those that go or are doubted.
        others: For each, the one that it is like and that stays.
        states: ``GONE`` or ``DOUBTED``.
        scores: How like they are.
        open: Rows of members that stay without having been compared with all they might be like.
    """

    first: int
    size: int
    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    states: NDArray[np.uint8]
    scores: NDArray[np.float64]
    open: NDArray[np.int64]


def lay_sets(
    merge: Merge, ranked: Ranked, linked: Linked, shingling: Shingling, folder: Path
) -> clusters.Sets:
    """Read all members' texts once, and lay down their shingles, each at the member's row.

    Workers read them and make the shingles, of a bounded number of texts at a time.
    """
    room = ranked.rows["shingles"].to_numpy().astype(np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(room)])
    sizes = np.zeros(len(room), np.int32)
    values = np.lib.format.open_memmap(
        folder / "sets.npy", mode="w+", dtype=np.uint64, shape=(max(1, int(starts[-1])),)
    )
    runs = _runs(ranked.rows.select(DOC, "shingles").sort(DOC))
    for docs, sets in merge.each_text(runs, partial(_shingled, shingling)):
        rows = ranked.places[linked.numbering.nodes(docs)].astype(np.int64)
        clusters.lay(sets.values, sets.offsets, rows, starts, values, sizes)
    return clusters.Sets(frozen(values), frozen(starts[:-1]), frozen(sizes))


def _runs(members: pl.DataFrame) -> list[pl.Series]:
    """Members sorted by document, cut where ``SHINGLED`` shingles are together."""
    whole = members["shingles"].cast(pl.Int64).cum_sum() // SHINGLED
    return [part[DOC] for part in members.with_columns(run=whole).partition_by("run")]


def _shingled(shingling: Shingling, texts: pl.DataFrame) -> tuple[pl.Series, Shingles]:
    return texts[DOC], shingling(texts[TEXT])


def choose(
    linked: Linked,
    ranked: Ranked,
    sets: clusters.Sets,
    roles: NDArray[np.uint8],
    settings: clusters.Settings,
    folder: Path,
) -> Iterator[Chosen]:
    """Go through all clusters."""
    counts = np.zeros(len(ranked.rows), np.int64)
    for hits in linked.hits:
        _, nodes = hits.load()
        counts += np.bincount(ranked.places[nodes], minlength=len(counts))
    cuts = _cuts(ranked.rows["root"].to_numpy(), counts)
    for low, high, keys in _groups(linked.hits, ranked.places, counts, cuts, folder):
        choice = clusters.choice_of(high - low)
        buckets = int(keys.buckets.max(initial=-1)) + 1
        room = clusters.room_for(keys, STAYING, buckets)
        clusters.choose(keys, sets, frozen(roles[low:high]), settings, room, choice)
        yield _told(low, choice)


def _told(low: int, choice: clusters.Choice) -> Chosen:
    at = np.flatnonzero(choice.state != clusters.KEPT)
    others = choice.other[at].astype(np.int64) + low
    open_ = np.flatnonzero(choice.open) + low
    return Chosen(
        low, len(choice.state), at + low, others, choice.state[at], choice.score[at], open_
    )


def _cuts(roots: NDArray[np.uint32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows at which groups of whole clusters begin, and the end."""
    begins = np.flatnonzero(np.diff(roots, prepend=roots[:1] ^ 1))
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])[begins]
    first = np.flatnonzero(np.diff(before // AT_ONCE, prepend=-1))
    return np.append(begins[first], len(roots))


def _groups(
    hits: list[Hits],
    places: NDArray[np.uint32],
    counts: NDArray[np.int64],
    cuts: NDArray[np.int64],
    folder: Path,
) -> Iterator[tuple[int, int, clusters.Keys]]:
    """Each group's rows and keys; with several groups, the keys are first dealt out to files."""
    several = len(cuts) > 2
    if several:
        _deal(hits, places, cuts, folder)
    for group in range(len(cuts) - 1):
        low, high = int(cuts[group]), int(cuts[group + 1])
        if several:
            keys = np.fromfile(folder / f"{group:05d}.keys", np.uint64)
            rows = np.fromfile(folder / f"{group:05d}.rows", np.uint32)
        else:
            loaded = [found.load() for found in hits]
            keys = np.concatenate([keys for keys, _ in loaded])
            rows = places[np.concatenate([nodes for _, nodes in loaded])]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[low:high])])
        told = np.empty(len(rows), np.int32)
        clusters.deal(frozen(keys), frozen(rows - np.uint32(low)), starts[:-1].copy(), told)
        yield low, high, clusters.Keys(low, frozen(starts), frozen(told))


def _deal(
    hits: list[Hits], places: NDArray[np.uint32], cuts: NDArray[np.int64], folder: Path
) -> None:
    """Append every hit to the file of the group that its row is in, equal keys side by side."""
    for found in hits:
        keys, nodes = found.load()
        rows = places[nodes]
        group = (np.searchsorted(cuts, rows, side="right") - 1).astype(np.uint16)
        order = np.argsort(group, kind="stable")
        borders = np.searchsorted(group[order], np.arange(len(cuts)))
        for number in np.flatnonzero(np.diff(borders)):
            mine = order[borders[number] : borders[number + 1]]
            with (folder / f"{number:05d}.keys").open("ab") as file:
                keys[mine].tofile(file)
            with (folder / f"{number:05d}.rows").open("ab") as file:
                rows[mine].tofile(file)


def frozen[T: np.generic](array: NDArray[T]) -> NDArray[T]:
    """The array as kernels take what they only read."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
