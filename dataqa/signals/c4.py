"""The line rules of C4 (arXiv 1910.10683), as signals of the document.

Three variants. Plain names follow the paper as datatrove does: at least 3 words a line, ``'`` is an
end mark too. ``_code`` follows the published code (TensorFlow Datasets): 5 words, counted without
citations. ``_any`` asks for no end mark, as FineWeb does.
"""

from __future__ import annotations

from dataqa.signals.counts import Count, Counts, Ratio, share


def c4_sentence_count(counts: Counts) -> Count:
    r"""Sentences of the lines that C4 keeps, in the paper's variant.

    >>> c4_sentence_count(Counts.of("It is here. We saw it.\nNo end mark here")).tolist()
    [2]
    """
    return counts.cleaned.sentences


def c4_sentence_count_code(counts: Counts) -> Count:
    r"""Sentences of the lines that C4 keeps, in the code's variant.

    >>> c4_sentence_count_code(Counts.of("It is here. We saw it.\nToo few words.")).tolist()
    [2]
    """
    return counts.cleaned.sentences_code


def c4_sentence_count_any(counts: Counts) -> Count:
    r"""Sentences of the lines that C4 keeps when none needs an end mark (FineWeb).

    >>> c4_sentence_count_any(Counts.of("It is here. We saw it.\nNo end mark here")).tolist()
    [3]
    """
    return counts.cleaned.sentences_any


def c4_kept_line_ratio(counts: Counts) -> Ratio:
    r"""Lines that C4 keeps, among all, in the paper's variant.

    >>> c4_kept_line_ratio(Counts.of("We saw it.\nTitle")).tolist()
    [0.5]
    """
    return share(counts.cleaned.kept, counts.cleaned.lines)


def c4_kept_line_ratio_code(counts: Counts) -> Ratio:
    r"""Lines that C4 keeps, among all, in the code's variant.

    >>> c4_kept_line_ratio_code(Counts.of("We saw it over there.\nWe saw it.")).tolist()
    [0.5]
    """
    return share(counts.cleaned.kept_code, counts.cleaned.lines)


def c4_kept_line_ratio_any(counts: Counts) -> Ratio:
    r"""Lines that C4 keeps, among all, when none needs an end mark.

    >>> c4_kept_line_ratio_any(Counts.of("We saw it\nTitle")).tolist()
    [0.5]
    """
    return share(counts.cleaned.kept_any, counts.cleaned.lines)


def c4_lorem_ipsum_count(counts: Counts) -> Count:
    """Lines with ``lorem ipsum`` for which C4 drops the page, in the paper's variant.

    >>> c4_lorem_ipsum_count(Counts.of("Lorem ipsum dolor sit.")).tolist()
    [1]
    """
    return counts.cleaned.page_lorem


def c4_lorem_ipsum_count_code(counts: Counts) -> Count:
    """Lines with ``lorem ipsum`` for which C4 drops the page, in the code's variant.

    >>> c4_lorem_ipsum_count_code(Counts.of("Lorem ipsum dolor sit.")).tolist()
    [0]
    """
    return counts.cleaned.page_lorem_code


def c4_lorem_ipsum_count_any(counts: Counts) -> Count:
    """Lines with ``lorem ipsum`` for which C4 drops the page, with or without an end mark.

    >>> c4_lorem_ipsum_count_any(Counts.of("Lorem ipsum dolor sit")).tolist()
    [1]
    """
    return counts.cleaned.page_lorem_any


def c4_curly_brace_count(counts: Counts) -> Count:
    """Lines with ``{`` for which C4 drops the page, in the paper's variant.

    >>> c4_curly_brace_count(Counts.of("Here is {code} inside.")).tolist()
    [1]
    """
    return counts.cleaned.page_braces


def c4_curly_brace_count_code(counts: Counts) -> Count:
    """Lines with ``{`` for which C4 drops the page, in the code's variant.

    >>> c4_curly_brace_count_code(Counts.of("Here is {code} inside.")).tolist()
    [0]
    """
    return counts.cleaned.page_braces_code


def c4_curly_brace_count_any(counts: Counts) -> Count:
    """Lines with ``{`` for which C4 drops the page, with or without an end mark.

    >>> c4_curly_brace_count_any(Counts.of("Here is {code} inside")).tolist()
    [1]
    """
    return counts.cleaned.page_braces_any


def curly_brace_count(counts: Counts) -> Count:
    """Characters ``{`` in the whole text.

    >>> curly_brace_count(Counts.of("{{a} {b}")).tolist()
    [3]
    """
    return counts.words.braces


def lorem_ipsum_count(counts: Counts) -> Count:
    """Lines with ``lorem ipsum`` in any case.

    >>> lorem_ipsum_count(Counts.of("LOREM IPSUM")).tolist()
    [1]
    """
    return counts.cleaned.lorem


def javascript_line_count(counts: Counts) -> Count:
    """Lines with ``javascript`` in any case.

    >>> javascript_line_count(Counts.of("Please enable JavaScript")).tolist()
    [1]
    """
    return counts.cleaned.javascript


def policy_line_count(counts: Counts) -> Count:
    """Lines with a phrase of cookie and privacy notices.

    >>> policy_line_count(Counts.of("This site uses cookies")).tolist()
    [1]
    """
    return counts.cleaned.policy


def boilerplate_line_ratio(counts: Counts) -> Ratio:
    r"""Lines with a phrase of cookie and privacy notices, among all (after Curator).

    >>> boilerplate_line_ratio(Counts.of("Privacy policy\nText")).tolist()
    [0.5]
    """
    return share(counts.cleaned.policy, counts.cleaned.lines)
