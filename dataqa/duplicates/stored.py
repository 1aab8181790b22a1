"""Sketches that are kept, ruled over again: any bands from the same signatures, and no text read.

What documents have in common is told by their shingles, where these are kept too, or estimated
(``duplicates.estimates``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands, band_keys, probability
from dataqa.types import DOC

if TYPE_CHECKING:
    from dataqa.duplicates.links import Linked
    from dataqa.duplicates.ranks import Ranked
    from dataqa.duplicates.rulings import Laying, Policy
    from dataqa.kernels.clusters import Sets
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

    def each[T](self, task: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """What a task makes of each partition of the keys."""
        for part in range(self.sketches.parts):
            if _keys(self.folder, part).exists():
                numbers = np.fromfile(_docs(self.folder, part), np.uint64)
                keys = np.fromfile(_keys(self.folder, part), np.uint64)
                yield task(pl.DataFrame({DOC: numbers, "key": keys}))

    def docs(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Columns of the documents' own rows."""
        return self.sketches.docs(columns)

    def texts(self, docs: pl.Series) -> Iterator[pl.DataFrame]:  # noqa: ARG002 - there are none
        """None are kept."""
        return iter(())

    def each_text[T](
        self, runs: Sequence[pl.Series], task: Callable[[pl.DataFrame], T]
    ) -> Iterator[T]:
        """None are kept."""
        del runs, task
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


def signature_rows(column: pl.Series) -> NDArray[np.uint32]:
    """Signatures as ``binary_rows`` made them: ``uint32[rows, permutations]``."""
    return np.frombuffer(b"".join(column.to_list()), "<u4").reshape(len(column), -1)


def _keys(folder: Path, part: int) -> Path:
    return folder / f"{part:05d}.banded"


def _docs(folder: Path, part: int) -> Path:
    return folder / f"{part:05d}.numbers"
