"""Similarities from signatures alone: estimates, but for pairs of which a run knows more.

The share of places in which two signatures are equal estimates Jaccard's similarity, with the
standard error of a share (Broder 1997).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.stored import signature_rows
from dataqa.types import DOC, DOC_ID

if TYPE_CHECKING:
    from dataqa.duplicates.links import Linked
    from dataqa.duplicates.ranks import Ranked
    from dataqa.duplicates.rulings import Laying
    from dataqa.kernels.clusters import Known, Sets
    from dataqa.types import Merge


def signature_sets(told: pl.DataFrame, bounds: tuple[float, float], *, same_order: bool) -> Laying:
    """Signatures in place of shingles: similarities are estimates, but where they are known.

    Args:
        told: What the run found: ``doc_id``, ``ref``, ``score``, ``rule``, ``action``.
        bounds: From which similarity on the run found something, and from which on it removed.
        same_order: Whether documents are ranked as in the run.

    The share of the first one's "shingles", its places, that the other one has is the estimate:
    ``Policy.contained`` has to be set.
    """
    from dataqa.duplicates.choose import frozen  # noqa: PLC0415 - compiled code
    from dataqa.kernels.clusters import Sets  # noqa: PLC0415

    def lay(merge: Merge, members: Ranked, linked: Linked, folder: Path) -> Sets:
        size = members.rows.height
        ids: list[pl.DataFrame] = [pl.DataFrame(schema={DOC_ID: pl.String, "at": pl.Int64})]
        values: NDArray[np.uint64] | None = None
        for docs in merge.docs([DOC, DOC_ID, "signature"]):
            nodes = linked.numbering.nodes(docs[DOC])
            mine = docs.filter(pl.Series(linked.members[nodes]))
            if not mine.height:
                continue
            at = members.places[nodes[linked.members[nodes]]].astype(np.int64)
            rows = signature_rows(mine["signature"]).astype(np.uint64)
            if values is None:
                path = folder / "places.npy"
                values = np.lib.format.open_memmap(
                    path, mode="w+", dtype=np.uint64, shape=(size, rows.shape[1])
                )
            values[at] = rows | (np.arange(rows.shape[1], dtype=np.uint64) << np.uint64(32))
            ids.append(mine.select(DOC_ID, at=pl.Series(at)))
        assert values is not None, "clusters have members"
        length = values.shape[1]
        starts = np.arange(size, dtype=np.int64) * length
        sizes = np.full(size, length, np.int32)
        known = _known(told, pl.concat(ids), size, bounds, same_order=same_order)
        return Sets(frozen(values.reshape(-1)), frozen(starts), frozen(sizes), known)

    return lay


def _known(
    told: pl.DataFrame,
    ids: pl.DataFrame,
    size: int,
    bounds: tuple[float, float],
    *,
    same_order: bool,
) -> Known:
    """What a run knows of its members: whom each was found to be like, and that others are not."""
    from dataqa.duplicates.choose import frozen  # noqa: PLC0415 - compiled code
    from dataqa.kernels.clusters import Known  # noqa: PLC0415

    below = np.nextafter(np.array(bounds), 0) - 1e-9
    most = np.full(size, below[0])
    found = told.join(ids, on=DOC_ID)
    most[found["at"].to_numpy()] = np.inf
    pairs = found.drop_nulls("ref").join(ids.rename({DOC_ID: "ref", "at": "to"}), on="ref")
    others, scores = np.full(size, -1, np.int32), np.zeros(size)
    others[pairs["at"].to_numpy()] = pairs["to"].to_numpy()
    scores[pairs["at"].to_numpy()] = pairs["score"].to_numpy()
    if same_order:
        # one that is doubted was compared with all; nothing is more like it than that, and
        # nothing that stays for sure is as like as what is removed
        doubted = pairs.filter(pl.col("action") == "review")
        most[doubted["at"].to_numpy()] = np.minimum(doubted["score"].to_numpy(), below[1])
    return Known(frozen(others), frozen(scores), frozen(most))


def standard_error(similarity: float, permutations: int) -> float:
    """Of a similarity that is estimated from signatures.

    >>> round(standard_error(0.8, 128), 3)
    0.035
    """
    return math.sqrt(similarity * (1 - similarity) / permutations)
