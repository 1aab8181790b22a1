"""The quality rules of Gopher (arXiv 2112.11446, Table A1), as datatrove and DCLM measure them.

Plain names are datatrove's dialect: over tokens, marks included. Names that end in ``_dclm`` are
DCLM's: over runs between white space, and lines without white space at the ends.
"""

from __future__ import annotations

from dataqa.signals.counts import Count, Counts, Length, Rate, Ratio, share


def nonsymbol_word_count(counts: Counts) -> Count:
    """Tokens that are not made of datatrove's list of symbols alone.

    >>> nonsymbol_word_count(Counts.of("One, two (3) ©")).tolist()
    [4]
    """
    return counts.words.plain_tokens


def nonsymbol_word_length(counts: Counts) -> Length:
    """Mean characters of the tokens that are not symbols alone.

    >>> nonsymbol_word_length(Counts.of("One, two!")).tolist()
    [3.0]
    """
    return share(counts.words.plain_chars, counts.words.plain_tokens)


def hash_ratio(counts: Counts) -> Rate:
    """Characters ``#`` for each token.

    >>> hash_ratio(Counts.of("# a b c")).tolist()
    [0.25]
    """
    return share(counts.words.hashes, counts.words.tokens)


def ellipsis_ratio(counts: Counts) -> Rate:
    """``...`` and ``…`` for each token.

    >>> ellipsis_ratio(Counts.of("Well... so…")).tolist()
    [0.5]
    """
    return share(counts.words.ellipses, counts.words.tokens)


def symbol_word_ratio(counts: Counts) -> Rate:
    """``#``, ``...`` and ``…`` for each word (Curator's SymbolsToWords).

    >>> symbol_word_ratio(Counts.of("# well... so")).tolist()
    [1.0]
    """
    return share(counts.words.hashes + counts.words.ellipses, counts.words.words)


def bullet_line_ratio(counts: Counts) -> Ratio:
    r"""Lines that begin with ``•`` or ``-``, among all, blank ones too.

    >>> bullet_line_ratio(Counts.of("- a\nb")).tolist()
    [0.5]
    """
    return share(counts.lines.bullets, counts.lines.text_lines)


def ellipsis_line_ratio(counts: Counts) -> Ratio:
    r"""Lines that end with ``...`` or ``…``, among all, blank ones too.

    >>> ellipsis_line_ratio(Counts.of("a...\nb")).tolist()
    [0.5]
    """
    return share(counts.lines.ellipses, counts.lines.text_lines)


def alpha_word_ratio(counts: Counts) -> Ratio:
    """Tokens with an alphabetic character, among all.

    >>> alpha_word_ratio(Counts.of("a 1 b !")).tolist()
    [0.5]
    """
    return share(counts.words.alpha_tokens, counts.words.tokens)


def stop_words(counts: Counts) -> Count:
    """Different words of the list that occur as they are written there.

    >>> stop_words(Counts.of("the cat and The dog and", words=["the", "and", "of"])).tolist()
    [2]
    """
    return counts.written_hits.distinct


def stop_word_count(counts: Counts) -> Count:
    """Occurrences of words of the list, in lower case (DCLM).

    >>> stop_word_count(Counts.of("the cat and The dog", words=["the", "and"])).tolist()
    [3]
    """
    return counts.hits.hits


def stop_word_ratio(counts: Counts) -> Rate:
    """Occurrences of words of the list for each word, in lower case (BLOOM, data-juicer).

    >>> stop_word_ratio(Counts.of("the cat The dog", words=["the"])).tolist()
    [0.5]
    """
    return share(counts.hits.hits, counts.words.words)


def spaced_word_count(counts: Counts) -> Count:
    """Runs between white space, as ``str.split`` counts.

    >>> spaced_word_count(Counts.of("Well, it's -- so")).tolist()
    [4]
    """
    return counts.words.spaced


def mean_word_length_dclm(counts: Counts) -> Length:
    """Mean characters of the runs between white space.

    >>> mean_word_length_dclm(Counts.of("Oh, no!")).tolist()
    [3.0]
    """
    return share(counts.words.spaced_chars, counts.words.spaced)


def hash_ratio_dclm(counts: Counts) -> Rate:
    """Characters ``#`` for each run between white space.

    >>> hash_ratio_dclm(Counts.of("# a b c")).tolist()
    [0.25]
    """
    return share(counts.words.hashes, counts.words.spaced)


def ellipsis_ratio_dclm(counts: Counts) -> Rate:
    """``...``, ``…`` and ``. . .`` for each run between white space.

    >>> ellipsis_ratio_dclm(Counts.of("well... so…")).tolist()
    [1.0]
    """
    return share(counts.words.ellipses + counts.words.loose_ellipses, counts.words.spaced)


def symbol_ratio_dclm(counts: Counts) -> Rate:
    """``#`` and ellipses together, for each run between white space.

    >>> symbol_ratio_dclm(Counts.of("# well... so yes")).tolist()
    [0.5]
    """
    symbols = counts.words.hashes + counts.words.ellipses + counts.words.loose_ellipses
    return share(symbols, counts.words.spaced)


def bullet_line_ratio_dclm(counts: Counts) -> Ratio:
    r"""Lines that begin with ``●``, ``•``, ``*`` or ``-``, among those that are not blank.

    >>> bullet_line_ratio_dclm(Counts.of("* a\n\nb")).tolist()
    [0.5]
    """
    return share(counts.lines.wide_bullets, counts.lines.lines)


def ellipsis_line_ratio_dclm(counts: Counts) -> Ratio:
    r"""Lines that end with ``...``, ``…`` or ``. . .``, among those that are not blank.

    >>> ellipsis_line_ratio_dclm(Counts.of("a . . .\n\nb")).tolist()
    [0.5]
    """
    return share(counts.lines.wide_ellipses, counts.lines.lines)


def alpha_word_ratio_dclm(counts: Counts) -> Ratio:
    """Runs between white space with an alphabetic character, among all.

    >>> alpha_word_ratio_dclm(Counts.of("a 1 b!")).tolist() == [2 / 3]
    True
    """
    return share(counts.words.spaced_alpha, counts.words.spaced)
