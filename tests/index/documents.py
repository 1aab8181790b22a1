"""Made documents whose true similarity is known, and what brute force says of their signatures."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import polars as pl

from dataqa.duplicates.signatures import Signatures, signatures
from dataqa.index.parameters import Parameters, least_shared

SMALL = Parameters.of(0.7, permutations=64)
"""Short signatures: tests are quicker, and estimates wrong more often."""


PAGES = pl.Schema({"doc_id": pl.String, "text": pl.String})


def text(seed: int, words: int = 80, edits: int = 0) -> str:
    """A text of random words; edits replace some of them, the same ones for the same number."""
    source = random.Random(seed)
    made = [f"w{source.randrange(100_000)}" for _ in range(words)]
    other = random.Random(f"{seed} {edits}")
    for at in other.sample(range(words), edits):
        made[at] = f"e{other.randrange(100_000)}"
    return " ".join(made)


def pages(prefix: str, seeds: Sequence[int], edits: int = 0) -> pl.DataFrame:
    """A page for each seed."""
    texts = [text(seed, edits=edits) for seed in seeds]
    return pl.DataFrame({"doc_id": [f"{prefix}{seed}" for seed in seeds], "text": texts})


def mixed(count: int, families: int, seed: int = 0, prefix: str = "d") -> pl.DataFrame:
    """Pages of some families, whose members are more or less like one another."""
    source = random.Random(seed)
    texts = [text(source.randrange(families), edits=source.randrange(5)) for _ in range(count)]
    names = [f"{prefix}{k}" for k in range(count)]
    return pl.DataFrame({"doc_id": names, "text": texts}, schema=PAGES)


def estimated(
    asked: pl.DataFrame, known: pl.DataFrame, parameters: Parameters
) -> list[tuple[str, str, float]]:
    """All pairs that share a band and whose estimate reaches the bound, by comparing all."""
    values, counts = _signatures(asked, parameters)
    others, filled = _signatures(known, parameters)
    bands, rows = parameters.bands.bands, parameters.bands.rows
    least = least_shared(parameters.similarity, parameters.permutations)
    found: list[tuple[str, str, float]] = []
    for doc in np.flatnonzero(counts):
        equal = (others == values[doc]) & (filled > 0)[:, None]
        inside = equal[:, : bands * rows].reshape(len(others), bands, rows)
        shares = equal.sum(axis=1)
        for row in np.flatnonzero(inside.all(axis=2).any(axis=1) & (shares >= least)):
            share = float(shares[row] / parameters.permutations)
            found.append((asked["doc_id"][int(doc)], known["doc_id"][int(row)], share))
    return found


def _signatures(frame: pl.DataFrame, parameters: Parameters) -> Signatures:
    return signatures(frame["text"], parameters.shingle, parameters.permutations, parameters.seed)


def new_ones(
    stream: pl.DataFrame, known: pl.DataFrame, parameters: Parameters
) -> tuple[list[str], dict[str, tuple[str, float]]]:
    """What one pass over a stream must find: new documents, and the nearest of the others."""
    every = pl.concat([known, stream])
    similar: dict[str, list[tuple[str, float]]] = {name: [] for name in every["doc_id"]}
    for name, ref, share in estimated(stream, every, parameters):
        similar[name].append((ref, share))
    seen = set(known["doc_id"])
    fresh: list[str] = []
    gone: dict[str, tuple[str, float]] = {}
    for name in stream["doc_id"]:
        before = [(ref, share) for ref, share in similar[name] if ref in seen]
        if before:
            # of equals the oldest: max gives the first
            gone[name] = max(before, key=lambda pair: pair[1])
        else:
            fresh.append(name)
            seen.add(name)
    return fresh, gone
