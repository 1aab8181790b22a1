"""What lines and paragraphs look like, and how many are repeated."""

from __future__ import annotations

from dataqa.signals.counts import Counts, Ratio, share


def terminal_line_ratio(counts: Counts) -> Ratio:
    r"""Lines whose last character ends a sentence in some script (FineWeb, arXiv 2406.17557).

    >>> terminal_line_ratio(Counts.of("Yes.\nno", "好。\n不")).tolist()
    [0.5, 0.5]
    """
    return share(counts.lines.terminal, counts.lines.lines)


def short_line_ratio(counts: Counts) -> Ratio:
    r"""Lines of at most 30 characters (FineWeb).

    >>> short_line_ratio(Counts.of("short\n" + 40 * "x")).tolist()
    [0.5]
    """
    return share(counts.lines.short, counts.lines.lines)


def char_dup_ratio(counts: Counts) -> Ratio:
    r"""Characters in lines seen before, among all but ``\n`` (FineWeb).

    >>> char_dup_ratio(Counts.of("abc\nabc\ndef")).tolist() == [3 / 9]
    True
    """
    return share(counts.lines.repeat_chars, counts.lines.chars)


def dup_line_ratio(counts: Counts) -> Ratio:
    r"""Lines seen before; lines are between runs of ``\n`` (Gopher, datatrove).

    >>> dup_line_ratio(Counts.of("a\na\n\nb\nc")).tolist()
    [0.25]
    """
    return share(counts.lines.part_repeats, counts.lines.parts)


def dup_line_char_ratio(counts: Counts) -> Ratio:
    r"""Characters in lines seen before, among all (Gopher, datatrove).

    >>> dup_line_char_ratio(Counts.of("abc\nabc\n")).tolist()
    [0.375]
    """
    return share(counts.lines.part_repeat_chars, counts.sizes.chars)


def dup_paragraph_ratio(counts: Counts) -> Ratio:
    r"""Paragraphs seen before; they are between runs of two or more ``\n`` (Gopher, datatrove).

    >>> dup_paragraph_ratio(Counts.of("a\n\na")).tolist()
    [0.5]
    """
    return share(counts.paragraphs.part_repeats, counts.paragraphs.parts)


def dup_paragraph_char_ratio(counts: Counts) -> Ratio:
    r"""Characters in paragraphs seen before, among all (Gopher, datatrove).

    >>> dup_paragraph_char_ratio(Counts.of("abc\n\nabc")).tolist()
    [0.375]
    """
    return share(counts.paragraphs.part_repeat_chars, counts.sizes.chars)


def dup_line_ratio_dclm(counts: Counts) -> Ratio:
    r"""Lines that occur twice or more, every one counted; 0 for a single line (Gopher, DCLM).

    >>> dup_line_ratio_dclm(Counts.of("a\n a\nb\nc")).tolist()
    [0.5]
    """
    return share(counts.lines.shared, counts.lines.lines)


def dup_line_char_ratio_dclm(counts: Counts) -> Ratio:
    r"""Characters of lines that occur twice or more, among those of lines (Gopher, DCLM).

    >>> dup_line_char_ratio_dclm(Counts.of("ab\nab\nabcd")).tolist()
    [0.5]
    """
    return share(counts.lines.shared_chars, counts.lines.stripped_chars)


def dup_paragraph_ratio_dclm(counts: Counts) -> Ratio:
    r"""Paragraphs that occur twice or more, every one counted (Gopher, DCLM).

    >>> dup_paragraph_ratio_dclm(Counts.of("a\n\na\n\nb\n\nc")).tolist()
    [0.5]
    """
    return share(counts.paragraphs.shared, counts.paragraphs.paragraphs)


def dup_paragraph_char_ratio_dclm(counts: Counts) -> Ratio:
    r"""Characters of paragraphs that occur twice or more, among those of paragraphs (Gopher, DCLM).

    >>> dup_paragraph_char_ratio_dclm(Counts.of("ab\n\nab\n\nabcd")).tolist()
    [0.5]
    """
    return share(counts.paragraphs.shared_chars, counts.paragraphs.paragraph_chars)


def unique_line_ratio(counts: Counts) -> Ratio:
    r"""Different lines among those that are not blank (Curator).

    >>> unique_line_ratio(Counts.of("a\na\nb\nc")).tolist()
    [0.75]
    """
    return share(counts.lines.lines - counts.lines.stripped_repeats, counts.lines.lines)


def unique_line_char_ratio(counts: Counts) -> Ratio:
    r"""Characters of different lines, among those of lines (Curator).

    >>> unique_line_char_ratio(Counts.of("ab\nab\nabcd")).tolist()
    [0.75]
    """
    unique = counts.lines.stripped_chars - counts.lines.stripped_repeat_chars
    return share(unique, counts.lines.stripped_chars)


def unique_paragraph_ratio(counts: Counts) -> Ratio:
    r"""Different paragraphs among all (Curator).

    >>> unique_paragraph_ratio(Counts.of("a\n\na")).tolist()
    [0.5]
    """
    unique = counts.paragraphs.paragraphs - counts.paragraphs.repeats
    return share(unique, counts.paragraphs.paragraphs)


def unique_paragraph_char_ratio(counts: Counts) -> Ratio:
    r"""Characters of different paragraphs, among those of paragraphs (Curator).

    >>> unique_paragraph_char_ratio(Counts.of("ab\n\nab\n\nabcd")).tolist()
    [0.75]
    """
    unique = counts.paragraphs.paragraph_chars - counts.paragraphs.repeat_chars
    return share(unique, counts.paragraphs.paragraph_chars)


def no_end_mark_ratio(counts: Counts) -> Ratio:
    r"""Lines that end with no end mark, quotes and brackets behind one aside (Curator).

    >>> no_end_mark_ratio(Counts.of('He said "no."\nTitle')).tolist()
    [0.5]
    """
    return share(counts.sentences.open_lines, counts.lines.lines)


def numeric_line_ratio(counts: Counts) -> Ratio:
    r"""Lines with words none of which has a letter (RefinedWeb).

    >>> numeric_line_ratio(Counts.of("12 / 34\ntext")).tolist()
    [0.5]
    """
    return share(counts.lines.numeric, counts.lines.lines)


def uppercase_line_ratio(counts: Counts) -> Ratio:
    r"""Lines most of whose words have upper-case letters only (after RefinedWeb).

    >>> uppercase_line_ratio(Counts.of("BUY IT NOW\nquiet text")).tolist()
    [0.5]
    """
    return share(counts.lines.capital, counts.lines.lines)
