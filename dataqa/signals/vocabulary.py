"""How varied the words are."""

from __future__ import annotations

import numpy as np

from dataqa.signals.counts import Counts, Floats, Length, Ratio, share

_PARTS = 1 << 16
"""The kernel sums ``count * log(count)`` in whole parts of this many."""


def word_entropy(counts: Counts) -> Length:
    """Entropy of the distribution of lower-cased words, in nats (RedPajama-V2).

    >>> word_entropy(Counts.of("a b a b", "a a")).round(3).tolist()
    [0.693, 0.0]
    """
    words = counts.vocabulary.words
    logs: Floats = np.log(np.maximum(words, 1))
    sums = share(counts.vocabulary.entropy / _PARTS, words)
    return np.where(words > 0, np.maximum(logs - sums, 0.0), np.nan)


def unique_word_ratio(counts: Counts) -> Ratio:
    """Different words among all, in lower case (RedPajama-V2).

    >>> unique_word_ratio(Counts.of("the cat The dog")).tolist()
    [0.75]
    """
    return share(counts.vocabulary.distinct, counts.vocabulary.words)
