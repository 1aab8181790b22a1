"""A sample of a corpus in which near-duplicates are not torn apart.

In a sample of one document in a thousand, one pair in a million is whole. So documents are drawn
twice: *seeds*, by a hash of their ids, a fair sample of all documents; then their *companions*,
documents anywhere in the corpus that share a key of a short signature with a seed, of each key the
best ones by the keep policy: those for which a seed would go. What becomes of the seeds is then
told almost as if the whole corpus were there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands, band_keys
from dataqa.duplicates.signatures import Shingle, signatures
from dataqa.engine.settle import numbered
from dataqa.preview.lowest import RANK, Lowest, text_size
from dataqa.report.groups import rank
from dataqa.types import DOC, DOC_ID, TEXT

MANY = 200_000
FEW_KEYS, STRICT_KEYS = Bands(8, 2), Bands(16, 4)
"""Two documents of similarity 0.8 share one of these keys in 99.97 % of cases; among ``MANY`` and
more documents the second ones, for unrelated documents of a large corpus share a run of two minima
too often."""
EACH = 4
"""Companions that one key may bring."""
SEED_BYTES, COMPANION_BYTES = 128 << 20, 256 << 20
"""Text that is held at most; the sample is smaller if its documents are large. A corpus that is no
larger than both is taken whole."""
_ROOM = 4

type Chunks = Callable[[], Iterable[pl.DataFrame]]
"""The corpus, document by document with ``_doc``, ``doc_id`` and ``text``, as often as asked."""


class Better(NamedTuple):
    """The keep policy: values that documents are compared by, and which of two is the better.

    Attributes:
        values: The values of some documents, a column for each wish.
        descending: For each wish, whether the greater value is the better.
    """

    values: Callable[[pl.DataFrame], Sequence[pl.Series]]
    descending: Sequence[bool]


def longest(docs: pl.DataFrame) -> list[pl.Series]:
    """Characters: what the usual policy compares by."""
    return [docs[TEXT].str.len_chars()]


class Sample(NamedTuple):
    """Some documents of a corpus.

    Attributes:
        docs: They, renumbered from 0 in the corpus's order; ``seed`` tells which are seeds.
        documents: How many the corpus has.
        bytes: How much text it has.
        keys: The keys by which the rest of the corpus was looked through for what is like the
            seeds; None if it was not.
        left: Companions that were left out because they would not fit.
    """

    docs: pl.DataFrame
    documents: int
    bytes: int
    keys: Bands | None
    left: int

    @property
    def seeds(self) -> int:
        """How many documents are a fair sample of all."""
        return int(self.docs["seed"].sum())

    @property
    def whole(self) -> bool:
        """Whether it is the corpus itself."""
        return self.seeds == self.documents


class _Cutting(NamedTuple):
    shingle: Shingle
    keys: Bands
    seed: int
    better: Better


def draw(
    chunks: Chunks,
    most: int,
    shingle: Shingle,
    *,
    columns: Sequence[str] = (),
    seed: int = 1,
    better: Better = Better(longest, [True]),  # noqa: B008 - it cannot be changed
    companions: bool = True,
    sizes: tuple[int, int] = (SEED_BYTES, COMPANION_BYTES),
) -> Sample | None:
    """Draw a sample: one pass over the corpus for seeds, and a second one unless they are all.

    Args:
        chunks: The corpus.
        most: Seeds at most; and four times as many companions.
        shingle: What documents are compared by.
        columns: Other columns that are wanted; those that are not there are left out.
        seed: Of the permutations that companions are found by; they are not those of the step.
        better: Which documents are the better ones.
        companions: Look for companions.
        sizes: Text of seeds and of companions that is held at most, in bytes.

    Returns:
        The same sample for the same documents in the same order; None where there are none.
    """
    lowest: Lowest | None = None
    documents = size = 0
    for docs in _ranked(chunks(), columns):
        documents, size = documents + docs.height, size + text_size(docs)
        lowest = lowest or Lowest(most, sum(sizes), docs.clear())
        lowest.add(docs)
    if lowest is None or not documents:
        return None
    seeds = lowest.settle()
    if seeds.height < documents:
        seeds = Lowest(most, sizes[0], seeds).settle()
    keys = STRICT_KEYS if documents > MANY else FEW_KEYS
    search = companions and seeds.height < documents
    parts, left = [seeds.with_columns(seed=pl.lit(value=True))], 0
    if search:
        cutting = _Cutting(shingle, keys, seed + 1, better)
        rest = _ranked(chunks(), columns)
        found, left = _companions(rest, seeds, (_ROOM * most, sizes[1]), cutting)
        parts.append(found.with_columns(seed=pl.lit(value=False)))
    docs = pl.concat(parts).sort(DOC).drop(RANK)
    return Sample(_renumbered(docs), documents, size, keys if search else None, left)


def _companions(
    chunks: Iterator[pl.DataFrame],
    seeds: pl.DataFrame,
    room: tuple[int, int],
    cutting: _Cutting,
) -> tuple[pl.DataFrame, int]:
    """The companions of seeds, and how many more there would have been."""
    wanted = np.unique(_keys(seeds, cutting)[0])
    mine = seeds[DOC]
    lowest = Lowest(room[0], room[1], seeds.clear())
    links: pl.DataFrame | None = None
    down = cutting.better.descending
    wishes = [f"wish{at}" for at in range(len(down))]
    for docs in chunks:
        keys, rows = _keys(docs, cutting)
        met = np.isin(keys, wanted)
        met &= ~docs[DOC].is_in(mine.implode()).to_numpy()[rows]
        if not met.any():
            continue
        some, place = np.unique(rows[met], return_inverse=True)
        values = cutting.better.values(docs[some])
        ranks = [value.alias(name) for value, name in zip(values, wishes, strict=True)]
        hits = docs[some].select(DOC, RANK).hstack(ranks)[place]
        hits = hits.with_columns(key=pl.Series(keys[met]))
        links = hits if links is None else pl.concat([lowest.fits(links), hits])
        links = lowest.fits(links).sort(
            ["key", *wishes, RANK, DOC], descending=[False, *down, False, False], nulls_last=True
        )
        links = links.group_by("key", maintain_order=True).head(EACH).select(hits.columns)
        lowest.add(docs.filter(pl.col(DOC).is_in(links[DOC].implode())))
        lowest.only(links[DOC])
    return lowest.settle(), lowest.left


def _keys(docs: pl.DataFrame, cutting: _Cutting) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The short signatures' keys, and the row of each.

    Beside the keys themselves, those of twice, four times, ... as many rows: in a large group of
    documents the best one may be too unlike a seed, and a better one that is liker shares these.
    """
    bands, rows = cutting.keys.bands, cutting.keys.rows
    layouts = [Bands(bands >> k, rows << k) for k in range(bands.bit_length())]
    told = signatures(docs[TEXT], cutting.shingle, cutting.keys.permutations, cutting.seed)
    some = np.flatnonzero(told.counts > 0)
    keys = np.hstack([band_keys(told.values[some], layout) for layout in layouts])
    return keys.reshape(-1), np.repeat(some, keys.shape[1])


def _ranked(chunks: Iterable[pl.DataFrame], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    for docs in chunks:
        ranks = [rank(doc_id, "preview") for doc_id in docs[DOC_ID]]
        wanted = [DOC, DOC_ID, TEXT, *(name for name in columns if name in docs.columns)]
        yield docs.select(list(dict.fromkeys(wanted))).with_columns(
            pl.Series(RANK, ranks, pl.UInt64)
        )


def _renumbered(docs: pl.DataFrame) -> pl.DataFrame:
    """Numbers without gaps, and every id once, as a run makes them."""
    docs = docs.with_columns(pl.int_range(pl.len(), dtype=pl.UInt64).alias(DOC))
    while docs[DOC_ID].is_duplicated().any():
        new = numbered(docs.filter(docs[DOC_ID].is_duplicated())).rename({DOC_ID: "new"})
        docs = docs.join(new, on=DOC, how="left", maintain_order="left")
        docs = docs.with_columns(pl.coalesce("new", DOC_ID).alias(DOC_ID)).drop("new")
    return docs
