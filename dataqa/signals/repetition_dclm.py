"""How much of a text is repeated n-grams (Gopher, arXiv 2112.11446), as DCLM measures it.

Over words as written, without marks; the whole is the characters of words.
"""

from __future__ import annotations

from dataqa.signals.counts import Counts, Rate, Ratio, share


def top_2gram_char_ratio_dclm(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 2-grams, times its count; 0 if it is one.

    >>> top_2gram_char_ratio_dclm(Counts.of("a b a b")).tolist()
    [1.0]
    """
    return share(counts.word_grams.often2, counts.word_grams.chars)


def top_3gram_char_ratio_dclm(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 3-grams, times its count; 0 if it is one.

    >>> top_3gram_char_ratio_dclm(Counts.of("a b c a b c")).tolist()
    [1.0]
    """
    return share(counts.word_grams.often3, counts.word_grams.chars)


def top_4gram_char_ratio_dclm(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 4-grams, times its count; 0 if it is one.

    >>> top_4gram_char_ratio_dclm(Counts.of("a b c d a b c d")).tolist()
    [1.0]
    """
    return share(counts.word_grams.often4, counts.word_grams.chars)


def dup_5gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 5-gram occurring twice or more.

    >>> dup_5gram_char_ratio_dclm(Counts.of(2 * "a b c d e ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover5, counts.word_grams.chars)


def dup_6gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 6-gram occurring twice or more.

    >>> dup_6gram_char_ratio_dclm(Counts.of(2 * "a b c d e f ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover6, counts.word_grams.chars)


def dup_7gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 7-gram occurring twice or more.

    >>> dup_7gram_char_ratio_dclm(Counts.of(2 * "a b c d e f g ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover7, counts.word_grams.chars)


def dup_8gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 8-gram occurring twice or more.

    >>> dup_8gram_char_ratio_dclm(Counts.of(2 * "a b c d e f g h ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover8, counts.word_grams.chars)


def dup_9gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 9-gram occurring twice or more.

    >>> dup_9gram_char_ratio_dclm(Counts.of(2 * "a b c d e f g h i ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover9, counts.word_grams.chars)


def dup_10gram_char_ratio_dclm(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 10-gram occurring twice or more.

    >>> dup_10gram_char_ratio_dclm(Counts.of(2 * "a b c d e f g h i j ")).tolist()
    [1.0]
    """
    return share(counts.word_grams.cover10, counts.word_grams.chars)
