"""A datasketch ``MinHashLSH`` in place of an index: in memory, in Redis, in whatever it can use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from dataqa.duplicates.datasketch import to_datasketch
from dataqa.duplicates.signatures import Shingle, Signatures
from dataqa.index.adding import Added
from dataqa.index.entries import UNKNOWN, Entries, entries_of
from dataqa.index.frames import AnyFrame, columns_of
from dataqa.index.lsh import bands_of, key_of, signatures_of
from dataqa.index.parameters import Parameters, least_shared
from dataqa.index.snapshot import Matches, best, distinct
from dataqa.index.tables import MATCHES, matches_frame
from dataqa.types import DOC_ID, TEXT

_STEP = 1024


class LshIndex:
    """A ``datasketch.MinHashLSH``, asked as an ``Index`` is.

    Where it lives decides who may write at once and what a crash leaves: that is the storage's
    business. Similarities are estimated from the places of the bands.

    Args:
        lsh: Of ``affine32`` MinHashes with this seed, of documents cut into these shingles.
        similarity: From which estimate on documents are similar.
        shingle: What documents are cut into; by default words, five.
        seed: Of the permutations.

    Raises:
        InputError: It was made with a hash function.
    """

    def __init__(
        self, lsh: Any, *, similarity: float = 0.8, shingle: Shingle | None = None, seed: int = 1
    ) -> None:
        self.lsh = lsh
        self.parameters = Parameters.of(similarity, shingle, int(lsh.h), bands_of(lsh), seed)

    def __len__(self) -> int:
        return int(self.lsh.keys.size())

    def add(self, frame: AnyFrame, *, text_column: str = TEXT, id_column: str = DOC_ID) -> Added:
        """Take documents in; one whose id is there already replaces that entry."""
        told = Added()
        for ids, texts in columns_of(frame, text_column, id_column, step=_STEP):
            made = entries_of(ids, texts, self.parameters)
            some = made.take(made.counts > 0)
            told = told.plus(Added(documents=len(made), empty=len(made) - len(some)))
            told = told.plus(self._take(some))
        return told

    def query(
        self,
        frame: AnyFrame,
        *,
        every: bool = False,
        text_column: str = TEXT,
        id_column: str = DOC_ID,
    ) -> pl.DataFrame:
        """As ``Index.query``; of equally similar entries the one with the least id is named."""
        frames = [pl.DataFrame(schema=MATCHES)]
        for ids, texts in columns_of(frame, text_column, id_column, numbered=True, step=_STEP):
            made = entries_of(ids, texts, self.parameters)
            frames.append(self._search(made.take(made.counts > 0), every=every))
        return pl.concat(frames)

    def remove(self, ids: Iterable[str]) -> int:
        """Let some documents be known no more; how many were."""
        there = [name for name in dict.fromkeys(ids) if name in self.lsh]
        for name in there:
            self.lsh.remove(name)
        return len(there)

    def _take(self, some: Entries) -> Added:
        told = Added()
        whole = Signatures(some.values, some.counts.astype(np.int64))
        pairs = zip(some.ids, to_datasketch(whole, self.parameters.seed), strict=True)
        for name, minhash in pairs:
            if name in self.lsh:
                key = key_of(self.lsh, name)
                old, new = signatures_of(self.lsh, [key])[0], minhash.hashvalues
                if (old == new[: len(old)]).all():
                    told = told.plus(Added(unchanged=1))
                    continue
                self.lsh.remove(name)
                told = told.plus(Added(replaced=1))
            self.lsh.insert(name, minhash)
            told = told.plus(Added(added=1))
        return told

    def _search(self, asked: Entries, *, every: bool) -> pl.DataFrame:
        whole = Signatures(asked.values, asked.counts.astype(np.int64))
        found = [self.lsh.query(minhash) for minhash in to_datasketch(whole, self.parameters.seed)]
        names = sorted({name for some in found for name in some})
        place = {name: k for k, name in enumerate(names)}
        length = self.parameters.bands.permutations
        keys = [key_of(self.lsh, name) for name in names]
        values = signatures_of(self.lsh, keys) if keys else np.zeros((0, length), np.uint32)
        docs = np.repeat(np.arange(len(asked)), [len(some) for some in found])
        entries = np.array([place[name] for some in found for name in some], np.int64)
        short = Entries(asked.ids, asked.values[:, :length], asked.counts, asked.keys)
        shares = (short.values[docs] == values[entries]).sum(axis=1)
        similar = shares >= least_shared(self.parameters.similarity, length)
        told = Matches(docs[similar], entries[similar], shares[similar])
        told = distinct(told) if every else best(told)
        named = pl.DataFrame(
            {
                "ref": pl.Series([names[k] for k in told.entries], dtype=pl.String),
                "counts": np.full(len(told.docs), UNKNOWN, np.int64),
            }
        )
        return matches_frame(short, told.docs, told.shares, named)
