"""How much of a text is repeated n-grams, as RedPajama-V2 measures it.

Over words in lower case, without marks; the whole is the characters of words.
"""

from __future__ import annotations

from dataqa.signals.counts import Counts, Rate, Ratio, share


def top_2gram_char_ratio_rpv2(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 2-grams, times its count; 0 if it is one.

    >>> top_2gram_char_ratio_rpv2(Counts.of("a b a b")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.often2, counts.fold_grams.chars)


def top_3gram_char_ratio_rpv2(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 3-grams, times its count; 0 if it is one.

    >>> top_3gram_char_ratio_rpv2(Counts.of("a b c a b c")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.often3, counts.fold_grams.chars)


def top_4gram_char_ratio_rpv2(counts: Counts) -> Rate:
    """Characters of the longest of the most frequent 4-grams, times its count; 0 if it is one.

    >>> top_4gram_char_ratio_rpv2(Counts.of("a b c d a b c d")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.often4, counts.fold_grams.chars)


def dup_5gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 5-gram occurring twice or more.

    >>> dup_5gram_char_ratio_rpv2(Counts.of(2 * "a b c d e ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover5, counts.fold_grams.chars)


def dup_6gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 6-gram occurring twice or more.

    >>> dup_6gram_char_ratio_rpv2(Counts.of(2 * "a b c d e f ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover6, counts.fold_grams.chars)


def dup_7gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 7-gram occurring twice or more.

    >>> dup_7gram_char_ratio_rpv2(Counts.of(2 * "a b c d e f g ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover7, counts.fold_grams.chars)


def dup_8gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 8-gram occurring twice or more.

    >>> dup_8gram_char_ratio_rpv2(Counts.of(2 * "a b c d e f g h ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover8, counts.fold_grams.chars)


def dup_9gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 9-gram occurring twice or more.

    >>> dup_9gram_char_ratio_rpv2(Counts.of(2 * "a b c d e f g h i ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover9, counts.fold_grams.chars)


def dup_10gram_char_ratio_rpv2(counts: Counts) -> Ratio:
    """Characters of the words that lie in any 10-gram occurring twice or more.

    >>> dup_10gram_char_ratio_rpv2(Counts.of(2 * "a b c d e f g h i j ")).tolist()
    [1.0]
    """
    return share(counts.fold_grams.cover10, counts.fold_grams.chars)


def word_5gram_dup_ratio(counts: Counts) -> Ratio:
    """Word 5-grams that occur twice or more, every occurrence counted, among all (data-juicer).

    >>> word_5gram_dup_ratio(Counts.of("a b c d e A b c d e")).tolist() == [2 / 6]
    True
    """
    return share(counts.fold_grams.places5, (counts.fold_grams.tokens - 4).clip(0))


def word_10gram_dup_ratio(counts: Counts) -> Ratio:
    """Word 10-grams that occur twice or more, every occurrence counted, among all (data-juicer).

    >>> word_10gram_dup_ratio(Counts.of(2 * "a b c d e f g h i j ")).tolist() == [2 / 11]
    True
    """
    return share(counts.fold_grams.places10, (counts.fold_grams.tokens - 9).clip(0))


def char_10gram_dup_ratio(counts: Counts) -> Ratio:
    """Occurrences of the most frequent repeated 10-grams of characters, among all (data-juicer).

    As many of them as the square root of the different ones, the rule of BLOOM's filters.

    >>> char_10gram_dup_ratio(Counts.of(30 * "a")).tolist()
    [1.0]
    """
    return share(counts.small_grams.frequent, counts.small_grams.grams)


def char_13gram_dup_ratio(counts: Counts) -> Ratio:
    """Character 13-grams that occur twice or more, among all (ChineseWebText).

    >>> char_13gram_dup_ratio(Counts.of(2 * "abcdefghijklm")).tolist() == [2 / 14]
    True
    """
    return share(counts.large_grams.repeated, counts.large_grams.grams)
