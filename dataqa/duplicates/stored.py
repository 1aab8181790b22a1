"""Sketches that are kept, ruled over again: any bands from the same signatures, and no text read.

What documents have in common is told either by their shingles, where these are kept too, or
estimated from the signatures: the share of places that are equal is Jaccard's similarity, with the
standard error of a share (Broder 1997).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands, band_keys, probability
from dataqa.types import DOC, DOC_ID

if TYPE_CHECKING:
    from dataqa.duplicates.links import Linked
    from dataqa.duplicates.ranks import Ranked
    from dataqa.duplicates.rulings import Laying, Policy
    from dataqa.kernels.clusters import Known, Sets
    from dataqa.types import Merge

WIDE_ROWS, WIDE_PLACES = 2, 128
SURE = 0.99
"""How often a pair of the least similarity that is looked at has to be found."""


class Sketches(Protocol):
    """What is kept of documents: as of a ``Merge``, with ``shingles`` and ``signature``."""

    @property
    def parts(self) -> int:
        """How many key partitions memory is bounded by."""
        ...

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' rows, by ascending document, in bounded pieces."""
        ...


class Held(NamedTuple):
    """Sketches in memory."""

    rows: pl.DataFrame

    @property
    def parts(self) -> int:
        """One."""
        return 1

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All at once."""
        yield self.rows.select(columns)


class Rebanded(NamedTuple):
    """Sketches under some bands: the ``Merge`` of ``ruled_on``, which asks for no texts."""

    sketches: Sketches
    folder: Path

    @property
    def parts(self) -> int:
        """As many as there are of the sketches."""
        return self.sketches.parts

    def keyed(self, part: int) -> pl.DataFrame:
        """One partition of the keys."""
        if not _keys(self.folder, part).exists():
            return pl.DataFrame()
        numbers = np.fromfile(_docs(self.folder, part), np.uint64)
        return pl.DataFrame({DOC: numbers, "key": np.fromfile(_keys(self.folder, part), np.uint64)})

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' own rows."""
        return self.sketches.docs(columns)

    def texts(self, docs: pl.Series) -> Iterator[pl.DataFrame]:  # noqa: ARG002 - there are none
        """None are kept."""
        return iter(())

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """Its own folder."""
        yield self.folder


def wide(permutations: int) -> Bands:
    """The layout that proposes most for its cost: from 0.3 on it finds 99 % of the pairs.

    >>> wide(128)
    Bands(bands=64, rows=2)
    """
    return Bands(max(1, min(permutations, WIDE_PLACES) // WIDE_ROWS), min(permutations, WIDE_ROWS))


def least_seen(permutations: int) -> float:
    """From which similarity on ``wide`` finds what it has to.

    >>> least_seen(128), least_seen(64)
    (0.3, 0.4)
    """
    layout = wide(permutations)
    grid = [at / 20 for at in range(1, 21)]
    return next(at for at in grid if probability(at, layout.bands, layout.rows) >= SURE)


def reband(sketches: Sketches, bands: Bands, folder: Path, *, roles: bool) -> Rebanded:
    """Make the keys of other bands, one piece of the signatures at a time."""
    some = ["role"] if roles else []
    for docs in sketches.docs([DOC, "shingles", "signature", *some]):
        alike = docs.filter(pl.col("shingles") > 0, *(pl.col(name) > 0 for name in some))
        if not alike.height:
            continue
        keys = band_keys(signature_rows(alike["signature"]), bands).reshape(-1)
        numbers = np.repeat(alike[DOC].to_numpy(), bands.bands)
        part = (keys % np.uint64(sketches.parts)).astype(np.int64)
        order = np.argsort(part, kind="stable")
        borders = np.searchsorted(part[order], np.arange(sketches.parts + 1))
        for number in np.flatnonzero(np.diff(borders)):
            mine = order[borders[number] : borders[number + 1]]
            for path, values in ((_keys, keys), (_docs, numbers)):
                with path(folder, int(number)).open("ab") as file:
                    values[mine].tofile(file)
    return Rebanded(sketches, folder)


def rule_again(
    sketches: Sketches, policy: Policy, bands: Bands, lay: Laying, scratch: Path
) -> pl.DataFrame:
    """What a run with these bands and this policy rules: at most one row for each document.

    Raises:
        InputError: Signatures have fewer places than the bands need.
        BoundError: As in a run.
    """
    from dataqa.duplicates.rulings import COPIES, ruled_on  # noqa: PLC0415 - compiled code

    with TemporaryDirectory(prefix="ruled-", dir=scratch) as place:
        folder = Path(place)
        merge: Merge = reband(sketches, bands, folder, roles=policy.roles)
        found = list(ruled_on(merge, policy, lay, folder))
    columns = {DOC: pl.UInt64, "action": pl.UInt8, "score": pl.Float64, "ref": pl.String}
    columns |= {"rule": pl.String, COPIES: pl.Int64}
    nothing = pl.DataFrame(schema=columns)
    rows = pl.concat([nothing, *found], how="diagonal")
    return rows.select(*columns).sort(DOC)


def kept_sets(
    values: NDArray[np.uint64], starts: NDArray[np.int64], sizes: NDArray[np.int32]
) -> Laying:
    """Sets of shingles as they are kept, by number of the document."""
    from dataqa.duplicates.choose import frozen  # noqa: PLC0415 - compiled code
    from dataqa.kernels.clusters import Sets  # noqa: PLC0415

    def lay(merge: Merge, members: Ranked, linked: Linked, folder: Path) -> Sets:  # noqa: ARG001
        docs = members.rows[DOC].to_numpy().astype(np.int64)
        return Sets(frozen(values), frozen(starts[docs]), frozen(sizes[docs]))

    return lay


def signature_sets(told: pl.DataFrame, doubt: float, *, same_order: bool) -> Laying:
    """Signatures in place of shingles: similarities are estimates, but where they are known.

    Args:
        told: What the run found: ``doc_id``, ``ref``, ``score``, ``rule``, ``action``.
        doubt: From which similarity on the run found something.
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
        known = _known(told, pl.concat(ids), size, doubt, same_order=same_order)
        return Sets(frozen(values.reshape(-1)), frozen(starts), frozen(sizes), known)

    return lay


def _known(
    told: pl.DataFrame, ids: pl.DataFrame, size: int, doubt: float, *, same_order: bool
) -> Known:
    """What a run knows of its members: whom each was found to be like, and that others are not."""
    from dataqa.duplicates.choose import frozen  # noqa: PLC0415 - compiled code
    from dataqa.kernels.clusters import Known  # noqa: PLC0415

    most = np.full(size, np.nextafter(doubt, 0) - 1e-9)
    found = told.join(ids, on=DOC_ID)
    most[found["at"].to_numpy()] = np.inf
    pairs = found.drop_nulls("ref").join(ids.rename({DOC_ID: "ref", "at": "to"}), on="ref")
    others, scores = np.full(size, -1, np.int32), np.zeros(size)
    others[pairs["at"].to_numpy()] = pairs["to"].to_numpy()
    scores[pairs["at"].to_numpy()] = pairs["score"].to_numpy()
    if same_order:
        # one that is doubted was compared with all; nothing is more like it than that
        doubted = pairs.filter(pl.col("action") == "review")
        most[doubted["at"].to_numpy()] = doubted["score"].to_numpy()
    return Known(frozen(others), frozen(scores), frozen(most))


def standard_error(similarity: float, permutations: int) -> float:
    """Of a similarity that is estimated from signatures.

    >>> round(standard_error(0.8, 128), 3)
    0.035
    """
    return math.sqrt(similarity * (1 - similarity) / permutations)


def signature_rows(column: pl.Series) -> NDArray[np.uint32]:
    """Signatures as ``binary_rows`` made them: ``uint32[rows, permutations]``."""
    return np.frombuffer(b"".join(column.to_list()), "<u4").reshape(len(column), -1)


def _keys(folder: Path, part: int) -> Path:
    return folder / f"{part:05d}.banded"


def _docs(folder: Path, part: int) -> Path:
    return folder / f"{part:05d}.numbers"
