"""Counts over the tokens of one document."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.groups import Groups, group
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.tables import ALPHA, LOWER, PLAIN, UPPER, numbered
from dataqa.kernels.tokens import WORD, Tokens

LENGTHS = 4096
"""Word lengths told apart for the median; a longer word counts as this long."""
ENTROPY_SCALE = 1 << 16
_HTTPS = (0x68, 0x74, 0x74, 0x70, 0x73)


class Words(NamedTuple):
    """Counts over tokens; a *word* has a letter or digit, a *spaced* word is between white space.

    Attributes:
        tokens: All tokens.
        words: Tokens with a letter or digit.
        word_chars: Their characters.
        longest: Characters of the longest word.
        middle_low: The lower median word length.
        middle_high: The upper median word length.
        alpha_tokens: Tokens with a letter.
        plain_tokens: Tokens not made of the datatrove dialect's symbols alone.
        plain_chars: Their characters.
        numeric_words: Words without a letter.
        capital_words: Words with upper-case and no lower-case letters, of two letters or more.
        spaced: Runs between white space.
        spaced_chars: Their characters.
        spaced_alpha: Those with a letter.
        hashes: Characters ``#``.
        ellipses: ``...`` and ``…``.
        loose_ellipses: ``. . .``.
        braces: Characters ``{``.
        url_chars: Characters inside http and https addresses.
    """

    tokens: NDArray[np.int64]
    words: NDArray[np.int64]
    word_chars: NDArray[np.int64]
    longest: NDArray[np.int64]
    middle_low: NDArray[np.int64]
    middle_high: NDArray[np.int64]
    alpha_tokens: NDArray[np.int64]
    plain_tokens: NDArray[np.int64]
    plain_chars: NDArray[np.int64]
    numeric_words: NDArray[np.int64]
    capital_words: NDArray[np.int64]
    spaced: NDArray[np.int64]
    spaced_chars: NDArray[np.int64]
    spaced_alpha: NDArray[np.int64]
    hashes: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    loose_ellipses: NDArray[np.int64]
    braces: NDArray[np.int64]
    url_chars: NDArray[np.int64]


class Vocabulary(NamedTuple):
    """Distinct words, lower-cased.

    Attributes:
        words: All words.
        distinct: Different ones.
        entropy: Sum over distinct words of ``count * log(count)``, in 65,536ths.
    """

    words: NDArray[np.int64]
    distinct: NDArray[np.int64]
    entropy: NDArray[np.int64]


W = numbered(Words)
V = numbered(Vocabulary)


@helper
def _medians(lengths: np.ndarray, words: Int, longest: Int, row: np.ndarray) -> None:
    """The two middle word lengths, from how many words have each; the counts are cleared."""
    low, high = (words - 1) // 2, words // 2
    below = 0
    for length in range(min(longest, LENGTHS - 1) + 1):
        above = below + lengths[length]
        if below <= low < above:
            row[W.middle_low] = length
        if below <= high < above:
            row[W.middle_high] = length
        below = above
        lengths[length] = 0


@helper
def _is_http(text: np.ndarray, start: Int, end: Int) -> bool:
    """Whether a web address begins at ``start``, in a token that ends at ``end``."""
    size = end - start
    if size < 4 or size > 5 or end + 2 >= len(text):
        return False
    for k in range(size):
        if text[start + k] | 0x20 != _HTTPS[k]:
            return False
    return text[end] == 0x3A and text[end + 1] == 0x2F and text[end + 2] == 0x2F


@helper
def tally(text: np.ndarray, t: Tokens, count: Int, lengths: np.ndarray, row: np.ndarray) -> None:
    """Count what ``Words`` names over ``count`` tokens."""
    row[:] = 0
    words = word_chars = longest = alpha = plain = plain_chars = numeric = np.int64(0)
    capital = spaced = spaced_alpha = np.int64(0)
    last_end = np.int64(-1)
    has_alpha = False
    in_url = False
    for k in range(count):
        flags = np.int64(t.flags[k])
        length = np.int64(t.chars[k + 1] - t.chars[k])
        if t.starts[k] != last_end:
            spaced += 1
            has_alpha = False
            in_url = False
        last_end = np.int64(t.ends[k])
        if flags & ALPHA:
            alpha += 1
            if not has_alpha:
                has_alpha = True
                spaced_alpha += 1
        if flags & PLAIN:
            plain += 1
            plain_chars += length
        if flags & WORD:
            words += 1
            word_chars += length
            longest = max(longest, length)
            lengths[min(length, LENGTHS - 1)] += 1
            if not flags & ALPHA:
                numeric += 1
            elif flags & UPPER and not flags & LOWER and length > 1:
                capital += 1
            if (t.first[k] | 0x20) == 0x68 and _is_http(text, t.starts[k], last_end):
                in_url = True
        else:
            _mark(t, k, length, row)
        if in_url:
            row[W.url_chars] += length
    row[W.tokens] = count
    row[W.words], row[W.word_chars], row[W.longest] = words, word_chars, longest
    row[W.alpha_tokens], row[W.plain_tokens], row[W.plain_chars] = alpha, plain, plain_chars
    row[W.numeric_words], row[W.capital_words] = numeric, capital
    row[W.spaced], row[W.spaced_alpha] = spaced, spaced_alpha
    row[W.spaced_chars] = t.chars[count]
    if words:
        _medians(lengths, words, longest, row)


@helper
def _mark(t: Tokens, k: Int, length: Int, row: np.ndarray) -> None:
    """Count token ``k``, which is not a word, if it is one of the marks that rules ask for."""
    code = t.first[k]
    if code == 0x23:
        row[W.hashes] += length
    elif code == 0x2E:
        row[W.ellipses] += length // 3
        if is_loose(t, k):
            row[W.loose_ellipses] += 1
    elif code == 0x2026:
        row[W.ellipses] += length
    elif code == 0x7B:
        row[W.braces] += length


@helper
def is_loose(t: Tokens, k: Int) -> bool:
    """Whether ``. . .`` ends with token ``k``."""
    if k < 2:
        return False
    for back in range(3):
        if t.first[k - back] != 0x2E or t.ends[k - back] - t.starts[k - back] != 1:
            return False
    return t.starts[k] - t.ends[k - 1] == 1 and t.starts[k - 1] - t.ends[k - 2] == 1


@helper
def vocabulary(t: Tokens, count: Int, room: Groups, row: np.ndarray) -> None:
    """Count distinct words."""
    words = 0
    for k in range(count):
        if t.flags[k] & WORD:
            room.keys[words] = t.fold[k]
            words += 1
    group(room, words)
    distinct = np.int64(0)
    total = 0.0
    for k in range(words):
        if room.first[k] == k:
            distinct += 1
            if room.counts[k] > 1:
                total += room.counts[k] * np.log(np.float64(room.counts[k]))
    row[V.words], row[V.distinct] = words, distinct
    row[V.entropy] = np.int64(total * ENTROPY_SCALE)
