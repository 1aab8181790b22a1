"""datasketch's ``MinHashLSH`` to and from an index.

The bands are the same, place by place. A ``MinHashLSH`` keeps, for each of its keys, the places of
all its bands: so a signature can be had back, as long as the bands, and similarities be estimated.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from io import BytesIO
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
from dataqa.index.entries import sketched
from dataqa.index.index import Index
from dataqa.index.segments import ranges

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
    bands = bands_of(lsh)
    keys = {_name(lsh, key): key for key in lsh.keys.keys()}  # noqa: SIM118 - it is no dict
    index = Index.create(path, similarity=similarity, shingle=shingle, bands=bands, seed=seed,
                         permutations=bands.permutations)  # fmt: skip
    with index.adding() as adding:
        # a set or a database gives them in any order
        every = sorted(keys)
        for low, high in ranges(len(every), _STEP):
            names = every[low:high]
            values = signatures_of(lsh, [keys[name] for name in names])
            made = Signatures(values, np.full(len(names), -1))
            adding.take(sketched(pl.Series(names, dtype=pl.String), made, index.parameters))
            adding.told = adding.told.plus(Added(documents=len(names)))
    return index


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


def bands_of(lsh: Any) -> Bands:
    """Its layout.

    Raises:
        InputError: It keeps hashes of bands.
    """
    if lsh.hashfunc is not None:
        raise InputError(
            "it holds hashes of bands, from which no signature can be had back",
            where="MinHashLSH",
            hint="make it without hashfunc",
        )
    return Bands(int(lsh.b), int(lsh.r))


def key_of(lsh: Any, name: str) -> Any:
    """What it calls a document."""
    return pickle.dumps(name) if lsh.prepickle else name


class _Strings(pickle.Unpickler):
    """What a storage holds may be another's: nothing but plain values is read from its pickles."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name}")


def _name(lsh: Any, key: Any) -> str:
    """What the user called it, a string."""
    try:
        name = _Strings(BytesIO(key)).load() if lsh.prepickle else key
    except pickle.UnpicklingError:
        name = None
    if isinstance(name, bytes):
        return name.decode()
    if isinstance(name, str):
        return name
    raise InputError("a key is no string", where="MinHashLSH", hint="use strings for keys")


def signatures_of(lsh: Any, keys: Sequence[Any]) -> NDArray[np.uint32]:
    """The places of all bands of some keys.

    Raises:
        InputError: They do not have 32 bits.
    """
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
