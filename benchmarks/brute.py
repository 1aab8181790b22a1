"""What is true of near-duplicates: exact Jaccard of all similar pairs, and greedy removal by them.

Every tool is judged by this and by nothing of its own. A document is the set of its runs of five
words, in lower case, as ``dataqa`` cuts words; a shorter one is the one run of all its words; one
without words is like nothing. Similarity is shared runs over all runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.kernels.tokens import WORD
from dataqa.signals.counts import tokens

N = 5
"""Words in a shingle."""
_BATCH = 2000
_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)

type Keys = NDArray[np.uint64]


class Shingles(NamedTuple):
    """The sets of all documents, one after the other.

    Attributes:
        keys: 64-bit hashes of the shingles, ascending within a document, each once.
        offsets: Where each document's begin, and where the last one's end.
    """

    keys: Keys
    offsets: NDArray[np.int64]

    def of(self, document: int) -> Keys:
        """One document's set."""
        return self.keys[self.offsets[document] : self.offsets[document + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Of each set."""
        return np.diff(self.offsets)


class Greedy(NamedTuple):
    """What greedy removal leaves.

    Attributes:
        removed: For each document, whether it is removed.
        score: How like it is to the kept document that it is most like, else 0.
    """

    removed: NDArray[np.bool_]
    score: NDArray[np.float64]


def shingles(texts: pl.Series, n: int = N) -> Shingles:
    """The set of word ``n``-grams of each text."""
    found = [_sets(texts[at : at + _BATCH], n) for at in range(0, len(texts), _BATCH)]
    sizes = np.concatenate([np.zeros(1, np.int64), *(sizes for _, sizes in found)])
    return Shingles(np.concatenate([keys for keys, _ in found]), np.cumsum(sizes))


def _sets(texts: pl.Series, n: int) -> tuple[Keys, NDArray[np.int64]]:
    stream = tokens(text_buffers(texts))
    owner = np.repeat(np.arange(len(texts)), np.diff(stream.offsets))
    wordy = (stream.tokens.flags & WORD) != 0
    owner, words = owner[wordy], stream.tokens.fold[wordy]
    counts = np.bincount(owner, minlength=len(texts))
    # each document is filled up with as many blanks as make its last words begin a shingle too;
    # only a document shorter than a shingle keeps one of those
    padded = np.concatenate([words, np.zeros(n, np.uint64)])
    grams = np.zeros(len(words), np.uint64)
    ends = np.repeat(np.cumsum(counts), counts)
    places = np.arange(len(words))
    for k in range(n):
        inside = places + k < ends
        following = np.where(inside, padded[k : k + len(words)], np.uint64(0))
        grams = (grams ^ following) * _ODD
        grams ^= grams >> _SHIFT
    first = places == ends - np.repeat(counts, counts)
    whole = (places + n <= ends) | (first & (np.repeat(counts, counts) < n))
    sets = pl.DataFrame({"owner": owner[whole], "key": grams[whole]}).unique().sort("owner", "key")
    sizes = np.bincount(sets["owner"].to_numpy(), minlength=len(texts))
    return sets["key"].to_numpy(), sizes


def similar_pairs(sets: Shingles, at_least: float) -> pl.DataFrame:
    """Every pair ``a`` < ``b`` whose Jaccard similarity ``score`` is at least that, none missed.

    Shingles are put in one order, the rarest first. Two sets of similarity t or more share one of
    the first |x| - ceil(t |x|) + 1 of either (Chaudhuri et al. 2006; Bayardo et al. 2007), so only
    documents that share one of these are compared.
    """
    sizes = sets.sizes
    owner = pl.Series(np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes))
    rows = pl.DataFrame({"owner": owner, "key": sets.keys})
    common = rows.group_by("key").len("often").filter(pl.col("often") > 1)
    # a shingle of one document comes first of all in it, and links it to no other
    shared = rows.join(common, on="key").sort("owner", "often", "key")
    of_owner = sizes[shared["owner"].to_numpy()]
    prefix = of_owner - np.ceil(at_least * of_owner - 1e-9).astype(np.int64) + 1
    rank = shared.select(pl.int_range(pl.len()).over("owner")).to_series().to_numpy()
    many = np.bincount(shared["owner"].to_numpy(), minlength=len(sizes))
    alone = (sizes - many)[shared["owner"].to_numpy()]
    first = shared.filter(pl.Series(rank + alone < prefix)).select("owner", "key")
    return _verified(sets, _candidates(first, sizes, at_least), at_least)


def _candidates(first: pl.DataFrame, sizes: NDArray[np.int64], at_least: float) -> pl.DataFrame:
    """Distinct pairs of documents with a key in common, of sizes that can be similar."""
    found: list[pl.DataFrame] = []
    by_size = first.with_columns(size=pl.Series(sizes[first["owner"].to_numpy()]))
    for part in by_size.with_columns(part=pl.col("key") % 8).partition_by("part"):
        both = part.lazy().join(part.lazy(), on="key", suffix="_b")
        fits = (pl.col("owner") < pl.col("owner_b")) & (
            pl.min_horizontal("size", "size_b") >= at_least * pl.max_horizontal("size", "size_b")
        )
        pairs = both.filter(fits).select(a="owner", b="owner_b").unique()
        found.append(pairs.collect(engine="streaming"))
    return pl.concat(found).unique().sort("a", "b") if found else pl.DataFrame({"a": [], "b": []})


def _verified(sets: Shingles, pairs: pl.DataFrame, at_least: float) -> pl.DataFrame:
    scores = np.array([jaccard(sets.of(a), sets.of(b)) for a, b in pairs.iter_rows()], np.float64)
    return pairs.with_columns(score=pl.Series(scores)).filter(pl.col("score") >= at_least)


def jaccard(one: Keys, other: Keys) -> float:
    """Of two sets without repeats, ascending."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    if not len(small):
        return 0.0
    at = np.minimum(np.searchsorted(large, small), len(large) - 1)
    shared = int((large[at] == small).sum())
    return shared / (len(one) + len(other) - shared)


def all_pairs(sets: Shingles, at_least: float) -> set[tuple[int, int]]:
    """The same pairs by comparing all with all, with Python's sets: for few documents."""
    plain = [frozenset(sets.of(document).tolist()) for document in range(len(sets.sizes))]
    return {
        (a, b)
        for a, b in combinations(range(len(plain)), 2)
        if plain[a] & plain[b] and len(plain[a] & plain[b]) / len(plain[a] | plain[b]) >= at_least
    }


def longest_first(corpus: pl.DataFrame) -> NDArray[np.int64]:
    """The order of the keep policy: most characters, then a hash of the content, then of the id."""
    order = corpus.select(
        pl.col("text").str.len_chars().alias("chars"),
        content=_hashes(corpus["text"]),
        name=_hashes(corpus["id"]),
        at=pl.int_range(pl.len()),
    ).sort("chars", "content", "name", descending=[True, False, False])
    return order["at"].to_numpy()


def greedy(
    pairs: pl.DataFrame,
    order: NDArray[np.int64],
    bound: float,
    among: Collection[int] | None = None,
) -> Greedy:
    """Document by document in that order: removed if it is like one that is kept.

    Args:
        pairs: What ``similar_pairs`` found, for ``bound`` or less.
        order: All documents, the first to be kept first.
        bound: The similarity from which documents are like.
        among: Only these documents; by default all.
    """
    like = _neighbours(pairs.filter(pl.col("score") >= bound))
    present = np.ones(len(order), np.bool_)
    if among is not None:
        present[:] = False
        present[list(among)] = True
    kept = np.zeros(len(order), np.bool_)
    removed = np.zeros(len(order), np.bool_)
    score = np.zeros(len(order), np.float64)
    for document in order[present[order]].tolist():
        best = max((value for other, value in like.get(document, ()) if kept[other]), default=0.0)
        removed[document], score[document] = best >= bound, best
        kept[document] = not removed[document]
    return Greedy(removed, score)


def backed(pairs: pl.DataFrame, removed: Iterable[int], bound: float) -> set[int]:
    """Of removed documents, those that are like a document that was not removed."""
    gone = set(removed)
    like = _neighbours(pairs.filter(pl.col("score") >= bound))
    return {one for one in gone if any(other not in gone for other, _ in like.get(one, ()))}


def promised(scores: NDArray[np.float64], bands: int, rows: int) -> NDArray[np.float64]:
    """The chance that so many bands of so many rows propose pairs of these similarities."""
    return 1.0 - (1.0 - scores**rows) ** bands


def _hashes(values: pl.Series) -> pl.Series:
    digests = (blake2b(value.encode(), digest_size=8).digest() for value in values)
    return pl.Series([int.from_bytes(one, "little") for one in digests], dtype=pl.UInt64)


def _neighbours(pairs: pl.DataFrame) -> dict[int, list[tuple[int, float]]]:
    like: dict[int, list[tuple[int, float]]] = {}
    for a, b, score in pairs.select("a", "b", "score").iter_rows():
        like.setdefault(a, []).append((b, score))
        like.setdefault(b, []).append((a, score))
    return like
