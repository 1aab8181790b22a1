"""datasketch's ``MinHashLSH`` to and from an index, and in place of one: in memory, in Redis, ….

The bands are the same, place by place. A ``MinHashLSH`` keeps, for each of its keys, the places of
all its bands: so a signature can be had back, as long as the bands, and similarities be estimated.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands
from dataqa.duplicates.datasketch import to_datasketch
from dataqa.duplicates.signatures import Shingle, Signatures
from dataqa.errors import InputError
from dataqa.index.adding import Added
from dataqa.index.entries import UNKNOWN, Entries, entries_of, sketched
from dataqa.index.frames import AnyFrame, columns_of
from dataqa.index.index import Index
from dataqa.index.parameters import Parameters, least_shared
from dataqa.index.segments import ranges
from dataqa.index.snapshot import Matches, best, distinct
from dataqa.index.tables import MATCHES, matches_frame
from dataqa.types import DOC_ID, TEXT

_STEP = 1024


def to_lsh(index: Index, storage_config: dict[str, Any] | None = None) -> Any:
    """A ``datasketch.MinHashLSH`` with the ids and signatures of an index.

    Args:
        index: Its bands are those of the result; there must be two at least.
        storage_config: As datasketch takes it; by default it is held in memory.

    Raises:
        InputError: datasketch 2 is not installed, or the storage has one of the ids already.
    """
    parameters = index.parameters
    make = partial(to_datasketch, seed=parameters.seed)
    make(Signatures(np.zeros((0, 1), np.uint32), np.zeros(0, np.int64)))  # is it installed?
    lsh = import_module("datasketch").MinHashLSH(
        num_perm=parameters.permutations,
        params=(parameters.bands.bands, parameters.bands.rows),
        storage_config=storage_config,
    )
    for segment in index.now.segments:
        for low, high in ranges(segment.part.rows, _STEP):
            rows = np.arange(low, high)
            rows = rows[~segment.gone[low:high]] if len(segment.gone) else rows
            values = np.ascontiguousarray(segment.values[rows])
            minhashes = make(Signatures(values, np.ones(len(rows), np.int64)))
            _insert(lsh, segment.id_series(rows).to_list(), minhashes)
    return lsh


def from_lsh(
    lsh: Any,
    path: str | Path,
    *,
    similarity: float = 0.8,
    shingle: Shingle | None = None,
    seed: int = 1,
) -> Index:
    """A new index with the keys of a ``datasketch.MinHashLSH``.

    How many shingles its documents have is not known; signatures are as long as the bands.

    Args:
        lsh: Of ``affine32`` MinHashes, with strings for keys.
        path: Where the index is made.
        similarity: From which on documents are similar.
        shingle: What the MinHashes were made of; nothing in them tells.
        seed: Of the MinHashes; nothing in the LSH tells.

    Raises:
        InputError: It was made with a hash function or of another scheme, or keys are no strings.
    """
    bands = _bands(lsh)
    keys = {_name(lsh, key): key for key in lsh.keys}
    index = Index.create(path, similarity=similarity, shingle=shingle, bands=bands, seed=seed,
                         permutations=bands.permutations)  # fmt: skip
    with index.adding() as adding:
        # a set or a database gives them in any order
        every = sorted(keys)
        for low, high in ranges(len(every), _STEP):
            names = every[low:high]
            values = _signatures(lsh, [keys[name] for name in names])
            made = Signatures(values, np.full(len(names), -1))
            adding.take(sketched(pl.Series(names, dtype=pl.String), made, index.parameters))
            adding.told = adding.told.plus(Added(documents=len(names)))
    return index


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
        self.parameters = Parameters.of(similarity, shingle, int(lsh.h), _bands(lsh), seed)

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
                key = pickle.dumps(name) if self.lsh.prepickle else name
                old, new = _signatures(self.lsh, [key])[0], minhash.hashvalues
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
        keys = [pickle.dumps(name) if self.lsh.prepickle else name for name in names]
        values = _signatures(self.lsh, keys) if keys else np.zeros((0, length), np.uint32)
        docs = np.repeat(np.arange(len(asked)), [len(some) for some in found])
        entries = np.array([place[name] for some in found for name in some], np.int64)
        short = asked._replace(values=np.ascontiguousarray(asked.values[:, :length]))
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


def _insert(lsh: Any, names: Sequence[str], minhashes: Sequence[Any]) -> None:
    try:
        with lsh.insertion_session() as session:
            for name, minhash in zip(names, minhashes, strict=True):
                session.insert(name, minhash)
    except ValueError:
        raise InputError(
            "the storage has one of the ids already",
            where="storage_config",
            hint="give it another basename, or remove what is there",
        ) from None


def _bands(lsh: Any) -> Bands:
    if lsh.hashfunc is not None:
        raise InputError(
            "it holds hashes of bands, from which no signature can be had back",
            where="MinHashLSH",
            hint="make it without hashfunc",
        )
    return Bands(int(lsh.b), int(lsh.r))


def _name(lsh: Any, key: Any) -> str:
    """What the user called it, a string."""
    # what a storage holds is what its user put there with datasketch, which unpickles it as well
    name = pickle.loads(key) if lsh.prepickle else key  # noqa: S301
    if isinstance(name, bytes):
        return name.decode()
    if isinstance(name, str):
        return name
    raise InputError(
        f"a key is of type {type(name).__name__}", where="MinHashLSH", hint="use strings for keys"
    )


def _signatures(lsh: Any, keys: Sequence[Any]) -> NDArray[np.uint32]:
    """The places of all bands of some keys."""
    data = [b"".join(bands) for bands in lsh.keys.getmany(*keys)]
    length = int(lsh.b * lsh.r)
    if any(len(one) != 4 * length for one in data):
        raise InputError(
            "its MinHashes do not have 32 bits a place",
            where="MinHashLSH",
            hint="make them with scheme affine32, as dataqa.duplicates.to_datasketch does",
        )
    values = np.frombuffer(b"".join(data), ">u4").astype(np.uint32)
    return values.reshape(len(keys), length)
