"""Signatures to and from datasketch, whose ``affine32`` MinHashes they are bit for bit."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import numpy as np

from dataqa.duplicates.signatures import Signatures, permutations_of
from dataqa.errors import InputError

SCHEME = "affine32"


def to_datasketch(signatures: Signatures, seed: int = 1) -> list[Any]:
    """A ``datasketch.MinHash`` for each signature, for use in its indexes.

    A document without shingles becomes an empty one (``is_empty``).

    Args:
        signatures: Signatures made with this seed.
        seed: The seed they were made with.

    Raises:
        InputError: datasketch 2 is not installed.
    """
    make = _datasketch().MinHash
    permutations = np.array(permutations_of(signatures.values.shape[1], seed))
    return [
        make(seed=seed, hashvalues=row, permutations=permutations, scheme=SCHEME)
        for row in signatures.values
    ]


def from_datasketch(minhashes: Iterable[Any], seed: int = 1) -> Signatures:
    """The signatures of ``datasketch.MinHash`` or ``LeanMinHash`` objects.

    They do not tell how many shingles they were made of: counts are 0 where empty, else -1.

    Raises:
        InputError: They were made by another scheme, with another seed, or differ in length.
    """
    rows: list[Any] = []
    for place, one in enumerate(minhashes):
        found = (getattr(one, "scheme", None), one.seed, len(one))
        wanted = (SCHEME, seed, len(rows[0]) if rows else len(one))
        if found != wanted:
            raise InputError(
                f"scheme, seed and length are {found}, not {wanted}",
                where=f"MinHash {place}",
                hint="signatures can be compared only when all three are equal",
            )
        rows.append(one.hashvalues)
    values = np.array(rows, np.uint32) if rows else np.zeros((0, 0), np.uint32)
    empty = (values == np.iinfo(np.uint32).max).all(axis=1)
    return Signatures(values, np.where(empty, 0, -1).astype(np.int64))


def _datasketch() -> Any:
    try:
        return import_module("datasketch")
    except ImportError as error:
        raise InputError(
            "datasketch is not installed", where="dedup", hint="pip install 'dataqa[dedup]'"
        ) from error
