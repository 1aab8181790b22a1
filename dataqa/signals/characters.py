"""What kinds of characters a text is made of."""

from __future__ import annotations

from dataqa.signals.counts import Count, Counts, Integers, Ratio, share


def _letters(counts: Counts) -> Integers:
    kinds = counts.kinds
    cjk = kinds.han + kinds.rare_han + kinds.kana + kinds.hangul
    return kinds.upper + kinds.lower + kinds.letter + cjk


def _blanks(counts: Counts) -> Integers:
    return counts.kinds.blank + counts.kinds.newline + counts.kinds.whitespace


def _chars(counts: Counts) -> Integers:
    return counts.sizes.chars


def uppercase_ratio(counts: Counts) -> Ratio:
    """Upper-case letters among all characters.

    >>> uppercase_ratio(Counts.of("Ab c")).tolist()
    [0.25]
    """
    return share(counts.kinds.upper, _chars(counts))


def uppercase_word_ratio(counts: Counts) -> Ratio:
    """Words of two or more letters, all of them upper-case, among words (RedPajama-V2).

    >>> uppercase_word_ratio(Counts.of("I saw NASA twice")).tolist()
    [0.25]
    """
    return share(counts.words.capital_words, counts.words.words)


def numeric_word_ratio(counts: Counts) -> Ratio:
    """Words without a letter among words.

    >>> numeric_word_ratio(Counts.of("in 1984 and 1.5x")).tolist()
    [0.25]
    """
    return share(counts.words.numeric_words, counts.words.words)


def digit_ratio(counts: Counts) -> Ratio:
    """Decimal digits of any script among all characters (Curator's numbers).

    >>> digit_ratio(Counts.of("a1٢b")).tolist()
    [0.5]
    """
    return share(counts.kinds.digit, _chars(counts))


def whitespace_ratio(counts: Counts) -> Ratio:
    r"""White space among all characters (Curator).

    >>> whitespace_ratio(Counts.of("a b\n")).tolist()
    [0.5]
    """
    return share(_blanks(counts), _chars(counts))


def alnum_ratio(counts: Counts) -> Ratio:
    """Letters and numerals among all characters (data-juicer).

    >>> alnum_ratio(Counts.of("a1 !")).tolist()
    [0.5]
    """
    kinds = counts.kinds
    return share(_letters(counts) + kinds.digit + kinds.number, _chars(counts))


def non_alnum_ratio(counts: Counts) -> Ratio:
    """Characters that are neither letter, mark, numeral nor white space (after Curator).

    >>> non_alnum_ratio(Counts.of("a b!")).tolist()
    [0.25]
    """
    kinds = counts.kinds
    known = _letters(counts) + kinds.digit + kinds.number + kinds.mark + _blanks(counts)
    return share(_chars(counts) - known, _chars(counts))


def parenthesis_ratio(counts: Counts) -> Ratio:
    """Round, square, curly and angle (``⟨⟩``) brackets among all characters (Curator).

    >>> parenthesis_ratio(Counts.of("(a)b")).tolist()
    [0.5]
    """
    return share(counts.kinds.parenthesis, _chars(counts))


def url_ratio(counts: Counts) -> Ratio:
    """Characters inside http and https addresses, among all (Curator).

    >>> url_ratio(Counts.of("see http://ab.cd now")).tolist()
    [0.6]
    """
    return share(counts.words.url_chars, _chars(counts))


def special_char_ratio(counts: Counts) -> Ratio:
    """Punctuation, symbols, emoji, digits and white space among all characters (data-juicer).

    >>> special_char_ratio(Counts.of("ab 1")).tolist()
    [0.5]
    """
    kinds = counts.kinds
    marks = kinds.punctuation + kinds.parenthesis + kinds.symbol + kinds.emoji
    rest = kinds.digit + kinds.number + kinds.control + kinds.format + kinds.replacement
    return share(marks + rest + _blanks(counts), _chars(counts))


def punctuation_ratio(counts: Counts) -> Ratio:
    """Punctuation of any script among all characters.

    >>> punctuation_ratio(Counts.of("好，。!")).tolist()
    [0.75]
    """
    return share(counts.kinds.punctuation + counts.kinds.parenthesis, _chars(counts))


def han_ratio(counts: Counts) -> Ratio:
    """Characters U+4E00 to U+9FA5 among all (ChineseWebText).

    >>> han_ratio(Counts.of("中文ab")).tolist()
    [0.5]
    """
    return share(counts.kinds.han, _chars(counts))


def kana_ratio(counts: Counts) -> Ratio:
    """Hiragana and Katakana among all characters.

    >>> kana_ratio(Counts.of("かな漢字")).tolist()
    [0.5]
    """
    return share(counts.kinds.kana, _chars(counts))


def hangul_ratio(counts: Counts) -> Ratio:
    """Hangul among all characters.

    >>> hangul_ratio(Counts.of("한글ab")).tolist()
    [0.5]
    """
    return share(counts.kinds.hangul, _chars(counts))


def cjk_ratio(counts: Counts) -> Ratio:
    """Han, Kana and Hangul among all characters.

    >>> cjk_ratio(Counts.of("漢か한a")).tolist()
    [0.75]
    """
    kinds = counts.kinds
    return share(kinds.han + kinds.rare_han + kinds.kana + kinds.hangul, _chars(counts))


def control_char_ratio(counts: Counts) -> Ratio:
    r"""Control characters that are not white space, among all.

    >>> control_char_ratio(Counts.of("a\x00\n\n")).tolist()
    [0.25]
    """
    return share(counts.kinds.control, _chars(counts))


def replacement_char_count(counts: Counts) -> Count:
    r"""Characters U+FFFD: text that was decoded wrongly.

    >>> replacement_char_count(Counts.of("caf\ufffd")).tolist()
    [1]
    """
    return counts.kinds.replacement
