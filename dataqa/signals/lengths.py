"""How long a text and its parts are."""

from __future__ import annotations

from dataqa.signals.counts import Count, Counts, Length, Rate, share


def char_count(counts: Counts) -> Count:
    r"""Characters (code points).

    >>> char_count(Counts.of("né\n")).tolist()
    [3]
    """
    return counts.sizes.chars


def byte_count(counts: Counts) -> Count:
    r"""UTF-8 bytes.

    >>> byte_count(Counts.of("né\n")).tolist()
    [4]
    """
    return counts.sizes.bytes


def token_count(counts: Counts) -> Count:
    """Tokens: words, and runs of one same mark.

    >>> token_count(Counts.of("Wait... what?", "北京！")).tolist()
    [4, 3]
    """
    return counts.words.tokens


def word_count(counts: Counts) -> Count:
    """Words: tokens with a letter or a digit; a Han or Kana character is one.

    >>> word_count(Counts.of("Wait... what?", "北京！")).tolist()
    [2, 2]
    """
    return counts.words.words


def line_count(counts: Counts) -> Count:
    r"""Lines, by ``\n``, that are not blank.

    >>> line_count(Counts.of("a\n \nb")).tolist()
    [2]
    """
    return counts.lines.lines


def paragraph_count(counts: Counts) -> Count:
    r"""Blocks of text between runs of two or more ``\n``.

    >>> paragraph_count(Counts.of("a\nb\n\nc")).tolist()
    [2]
    """
    return counts.paragraphs.paragraphs


def sentence_count(counts: Counts) -> Count:
    """Sentences, by end marks of any script; a blank line ends one too.

    >>> sentence_count(Counts.of("Dr. No came. He left!", "他来了。他走了。")).tolist()
    [2, 2]
    """
    return counts.sentences.sentences


def mean_word_length(counts: Counts) -> Length:
    """Mean characters of a word.

    >>> mean_word_length(Counts.of("a bcd!")).tolist()
    [2.0]
    """
    return share(counts.words.word_chars, counts.words.words)


def median_word_length(counts: Counts) -> Length:
    """Median characters of a word (dolma's Gopher dialect; exact up to 4,095).

    >>> median_word_length(Counts.of("a bcd efgh ijklmn")).tolist()
    [3.5]
    """
    middle = counts.words.middle_low + counts.words.middle_high
    return share(middle, 2 * (counts.words.words > 0))


def max_word_length(counts: Counts) -> Count:
    """Characters of the longest word.

    >>> max_word_length(Counts.of("a bcd")).tolist()
    [3]
    """
    return counts.words.longest


def mean_line_length(counts: Counts) -> Length:
    r"""Mean characters of the lines that are not blank.

    >>> mean_line_length(Counts.of("abc\n\na")).tolist()
    [2.0]
    """
    return share(counts.lines.line_chars, counts.lines.lines)


def max_line_length(counts: Counts) -> Count:
    r"""Characters of the longest line that is not blank.

    >>> max_line_length(Counts.of("abc\na")).tolist()
    [3]
    """
    return counts.lines.longest


def words_per_line(counts: Counts) -> Length:
    r"""Words for each line that is not blank.

    >>> words_per_line(Counts.of("a b c\nd")).tolist()
    [2.0]
    """
    return share(counts.words.words, counts.lines.lines)


def newline_word_ratio(counts: Counts) -> Rate:
    r"""``\n`` for each token (FineWeb's ``list_ratio``, arXiv 2406.17557).

    >>> newline_word_ratio(Counts.of("a b\nc d")).tolist()
    [0.25]
    """
    return share(counts.lines.newlines, counts.words.tokens)
