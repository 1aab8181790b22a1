"""Training of the language model: texts in, n-grams with their probabilities out.

Everything is counted in whole numbers over sorted hashes, so the same texts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores.ngrams import (
    BEGIN,
    FARTHEST,
    ORDER,
    STEPS,
    UNKNOWN,
    Grams,
    Hashes,
    Language,
    Words,
    before,
    grams_of,
    joined,
    pieces,
    read_words,
)

HELD = 20
"""One document in so many is held out."""
FEWEST = 1000
"""Words that there must be at least."""

type Floats = NDArray[np.float64]


class Made(NamedTuple):
    """A language model and what is known of it.

    Attributes:
        model: The model.
        held: Perplexities of documents that it was not trained on.
        documents: On how many it was.
        words: Their words, and
        known: how many different ones it keeps.
    """

    model: Language
    held: list[float]
    documents: int
    words: int
    known: int


def trained_on(texts: pl.Series, seed: int, where: str = "") -> Made:
    """A model of most texts, and how the others, one in ``HELD``, look to it.

    Copies of a text are on one side.

    Raises:
        InputError: There are too few words.
    """
    there = texts.drop_nulls()
    digests = [blake2b(f"{seed}\0{one}".encode(), digest_size=4).digest() for one in there]
    out = pl.Series([int.from_bytes(one) % HELD == 0 for one in digests], dtype=pl.Boolean)
    learnt = there.filter(~out)
    parts = [read_words(part) for part in pieces(learnt)]
    model = train_language(parts, where)
    held = model.perplexities(there.filter(out)).drop_nulls().to_list()
    words = sum(len(part.hashes) for part in parts)
    return Made(model, held, len(learnt), words, len(model.grams[0].keys))


class _Counted(NamedTuple):
    """N-grams of one length: the hash, those of context and of the shorter n-gram, and counts."""

    keys: Hashes
    contexts: Hashes
    shorter: Hashes
    counts: NDArray[np.int64]


def train_language(parts: Sequence[Words], where: str = "") -> Language:
    """A model of the words of texts; words that occur once are unknown ones.

    Raises:
        InputError: There are too few words.
    """
    hashes = np.concatenate([np.zeros(0, np.uint64), *(part.hashes for part in parts)])
    if len(hashes) < FEWEST:
        hint = f"at least {FEWEST:,}; some millions are a beginning"
        raise InputError(f"{len(hashes):,} words are too few", where=where, hint=hint)
    ends = np.cumsum([0, *(len(part.hashes) for part in parts)])
    starts = np.concatenate(
        [[0], *(part.starts[1:] + end for part, end in zip(parts, ends[:-1], strict=True))]
    ).astype(np.int64)
    values, times = np.unique(hashes, return_counts=True)
    kept = values[times > 1]
    words = np.where(np.isin(hashes, kept), hashes, UNKNOWN)
    columns = before(words, starts)
    grams = [_counted(columns, order) for order in range(1, ORDER + 1)]
    # a shorter n-gram counts the different words before it, as Kneser and Ney found, but for those
    # at the beginning of a text, before which there is only one thing
    chain = [grams[-1]]
    for order in range(ORDER - 1, 0, -1):
        chain.insert(0, _continued(grams[order - 1], chain[0], columns, order))
    return _estimated(chain)


def _counted(columns: list[Hashes], order: int) -> _Counted:
    keys = joined(columns[:order])
    found, first, counts = np.unique(keys, return_index=True, return_counts=True)
    contexts = joined(columns[1:order])[first] if order > 1 else np.zeros(len(found), np.uint64)
    shorter = joined(columns[: order - 1])[first] if order > 1 else contexts
    return _Counted(found, contexts, shorter, counts.astype(np.int64))


def _continued(grams: _Counted, longer: _Counted, columns: list[Hashes], order: int) -> _Counted:
    different, times = np.unique(longer.shorter, return_counts=True)
    at = np.searchsorted(different, grams.keys)
    counts = times[np.minimum(at, len(times) - 1)].astype(np.int64)
    # those whose first word is BEGIN keep the count of texts
    begins = np.unique(joined(columns[:order])[columns[order - 1] == BEGIN])
    return grams._replace(counts=np.where(np.isin(grams.keys, begins), grams.counts, counts))


def _estimated(chain: list[_Counted]) -> Language:
    size = len(chain[0].keys) + int(UNKNOWN not in chain[0].keys)
    told: list[Floats] = []
    weights: list[dict[str, NDArray[np.generic]]] = []
    for order, grams in enumerate(chain, 1):
        cuts = _discounts(grams.counts)
        context, which = np.unique(grams.contexts, return_inverse=True)
        total = np.bincount(which, grams.counts)
        cut = cuts[np.minimum(grams.counts, 3)]
        left = np.bincount(which, cut) / total
        if order == 1:
            lower = np.full(len(grams.keys), 1.0 / size)
        else:
            lower = told[-1][np.searchsorted(chain[order - 2].keys, grams.shorter)]
        told.append((grams.counts - cut) / total[which] + left[which] * lower)
        weights.append({"context": context, "left": left})
    found: list[Grams] = []
    for order, grams in enumerate(chain, 1):
        weight = np.ones(len(grams.keys))
        keys, losses = grams.keys, _thousandths(told[order - 1])
        if order < ORDER:
            context, left = weights[order]["context"], weights[order]["left"]
            # what stands before a text's first word is a context, and no n-gram that is told
            missing = context[~np.isin(context, keys)].astype(np.uint64)
            keys = np.concatenate([keys, missing])
            losses = np.concatenate([losses, np.full(len(missing), FARTHEST, np.uint16)])
            if order == 1 and UNKNOWN not in keys:
                keys = np.concatenate([keys, [UNKNOWN]]).astype(np.uint64)
                rest = float(weights[0]["left"][0]) / size
                losses = np.concatenate([losses, _thousandths(np.array([rest]))])
            order_of = np.argsort(keys, kind="stable")
            keys, losses = keys[order_of], losses[order_of]
            at = np.minimum(np.searchsorted(context, keys), len(context) - 1)
            weight = np.where(context[at] == keys, left[at].astype(np.float64), 1.0)
        found.append(grams_of(keys, losses, _thousandths(weight)))
    return Language(tuple(found))


def _discounts(counts: NDArray[np.int64]) -> Floats:
    """What is taken off counts of 1, 2, and 3 and more; the usual half where too few are known."""
    one, two, three, four = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not one or not two or not three:
        return np.array([0.0, 0.5, 0.5, 0.5])
    share = one / (one + 2 * two)
    told = [1 - 2 * share * two / one, 2 - 3 * share * three / two, 3 - 4 * share * four / three]
    return np.array([0.0, *(min(max(value, 0.1), at - 0.1) for at, value in enumerate(told, 1))])


def _thousandths(chances: Floats) -> NDArray[np.uint16]:
    """Negative logarithms, rounded; of nothing the largest that there is."""
    losses = -np.log(np.maximum(chances, 1e-300)) * STEPS
    return np.clip(np.rint(losses), 0, FARTHEST).astype(np.uint16)
