"""Counts of the entries of a word list that the rule names (``word_ratio:LIST``)."""

from __future__ import annotations

from dataqa.signals.counts import Count, Counts, Rate, Ratio, share


def word_hits(counts: Counts) -> Count:
    """Occurrences of the list's words and phrases, in lower case.

    >>> word_hits(Counts.of("Click here now. Click!", words=["click here", "now"])).tolist()
    [2]
    """
    return counts.hits.hits


def word_ratio(counts: Counts) -> Rate:
    """Occurrences of the list's words and phrases for each word (flagged words).

    >>> word_ratio(Counts.of("good bad good good", words=["bad"])).tolist()
    [0.25]
    """
    return share(counts.hits.hits, counts.words.words)


def distinct_word_line_ratio(counts: Counts) -> Rate:
    r"""Different entries of the list for each line (ChineseWebText's sensitive words).

    >>> distinct_word_line_ratio(Counts.of("坏事坏\n好事", words=["坏"])).tolist()
    [0.5]
    """
    return share(counts.hits.distinct, counts.lines.lines)


def chars(counts: Counts) -> Ratio:
    """Characters that are entries of the list, among all (traditional Han, say).

    >>> chars(Counts.of("漢字abcd", words=["漢"])).tolist() == [1 / 6]
    True
    """
    return share(counts.members, counts.sizes.chars)
