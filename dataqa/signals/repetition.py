"""How much of a text is repeated n-grams (Gopher, arXiv 2112.11446), as datatrove measures it.

Over tokens as written, marks included; the whole is the characters of the text, spaces included.
"""

from __future__ import annotations

from dataqa.signals.counts import Counts, Rate, Ratio, share


def top_2gram_char_ratio(counts: Counts) -> Rate:
    """Characters of the most frequent 2-gram, spaces between included, times its count.

    >>> top_2gram_char_ratio(Counts.of("a b a b x")).tolist() == [6 / 9]
    True
    """
    return share(counts.grams.top2, counts.sizes.chars)


def top_3gram_char_ratio(counts: Counts) -> Rate:
    """Characters of the most frequent 3-gram, spaces between included, times its count.

    >>> top_3gram_char_ratio(Counts.of("a b c a b c")).tolist() == [10 / 11]
    True
    """
    return share(counts.grams.top3, counts.sizes.chars)


def top_4gram_char_ratio(counts: Counts) -> Rate:
    """Characters of the most frequent 4-gram, spaces between included, times its count.

    >>> top_4gram_char_ratio(Counts.of("a b c d a b c d")).tolist() == [14 / 15]
    True
    """
    return share(counts.grams.top4, counts.sizes.chars)


def dup_5gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 5-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_5gram_char_ratio(Counts.of(2 * "a b c d e ")).tolist()
    [0.25]
    """
    return share(counts.grams.again5, counts.sizes.chars)


def dup_6gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 6-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_6gram_char_ratio(Counts.of(2 * "a b c d e f ")).tolist()
    [0.25]
    """
    return share(counts.grams.again6, counts.sizes.chars)


def dup_7gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 7-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_7gram_char_ratio(Counts.of(2 * "a b c d e f g ")).tolist()
    [0.25]
    """
    return share(counts.grams.again7, counts.sizes.chars)


def dup_8gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 8-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_8gram_char_ratio(Counts.of(2 * "a b c d e f g h ")).tolist()
    [0.25]
    """
    return share(counts.grams.again8, counts.sizes.chars)


def dup_9gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 9-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_9gram_char_ratio(Counts.of(2 * "a b c d e f g h i ")).tolist()
    [0.25]
    """
    return share(counts.grams.again9, counts.sizes.chars)


def dup_10gram_char_ratio(counts: Counts) -> Ratio:
    """Characters of 10-grams seen before, in a scan that jumps over each that it finds.

    >>> dup_10gram_char_ratio(Counts.of(2 * "a b c d e f g h i j ")).tolist()
    [0.25]
    """
    return share(counts.grams.again10, counts.sizes.chars)
