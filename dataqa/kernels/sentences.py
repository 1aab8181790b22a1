"""Where sentences end, by marks alone: fast, the same for every script, no model.

A sentence ends at an end mark and the quotes, brackets and citations (``[12]``) that close on it,
if it has a letter. A mark of ASCII or ``…`` must be followed by white space and not by a lower-case
letter, and ``.`` ends none after a single capital letter (an initial) or a common abbreviation.
What follows the last end is one more sentence, if it has a letter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import FINAL, FINAL2, SEED, STEP
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.lines import NEWLINE
from dataqa.kernels.tables import ALPHA, CLOSER, DIGIT, LOWER, PLANES, TERMINAL, UPPER, numbered
from dataqa.kernels.tokens import Breaks, Tokens

ABBREVIATIONS = (
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "fig", "figs", "no", "nos", "vol",
    "pp", "ed", "eds", "gen", "col", "capt", "lt", "sgt", "rev", "hon", "gov", "sen", "rep",
    "inc", "ltd", "co", "corp", "dept", "univ", "approx", "ca", "cf", "al", "op", "eq", "sec",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
)  # fmt: skip


class Sentences(NamedTuple):
    """Counts over sentences.

    Attributes:
        sentences: Sentences; a blank line ends one too.
        open_lines: Non-blank lines that end with neither an end mark nor a quote or bracket on one.
    """

    sentences: NDArray[np.int64]
    open_lines: NDArray[np.int64]


S = numbered(Sentences)


def word_hash(word: str) -> Int:
    """The hash that the tokeniser gives a word that is one token (plain Python).

    >>> word_hash("the") == word_hash("The")
    False
    """
    whole = (1 << 64) - 1
    state = int(SEED)
    for char in word:
        state = (state ^ ord(char)) * int(STEP) & whole
    state = (state ^ (state >> 33)) * int(FINAL) & whole
    state = (state ^ (state >> 33)) * int(FINAL2) & whole
    return state ^ (state >> 33)


def _small_table(words: tuple[str, ...]) -> NDArray[np.uint64]:
    """An open-addressed set of 1,024 slots; 0 is free."""
    slots = np.zeros(1024, np.uint64)
    for word in words:
        key = word_hash(word)
        slot = key & 1023
        while slots[slot]:
            slot = (slot + 1) & 1023
        slots[slot] = key
    slots.flags.writeable = False
    return slots


_ABBREVIATIONS = _small_table(ABBREVIATIONS)
_ZERO = np.uint64(0)
_MASK = np.uint64(1023)


@helper
def _is_abbreviation(key: np.uint64) -> bool:
    slot = np.int64(key & _MASK)
    while _ABBREVIATIONS[slot] != _ZERO:
        if _ABBREVIATIONS[slot] == key:
            return True
        slot = (slot + 1) & 1023
    return False


@helper
def is_end_mark(t: Tokens, k: Int) -> bool:
    """Whether token ``k`` may end a sentence."""
    return (t.flags[k] & TERMINAL) != 0 or t.first[k] == 0x2026


@helper
def _after_closers(t: Tokens, after: Int, high: Int) -> Int:
    """Token after the quotes, brackets and citations that stand directly at ``after``."""
    while after < high and t.starts[after] == t.ends[after - 1]:
        if t.flags[after] & CLOSER:
            after += 1
        elif t.first[after] == 0x5B and after + 2 < high and t.first[after + 2] == 0x5D:
            if not t.flags[after + 1] & DIGIT or t.ends[after + 1] != t.starts[after + 2]:
                break
            after += 3
        else:
            break
    return after


@helper
def ends_here(t: Tokens, k: Int, high: Int, table: np.ndarray) -> Int:  # noqa: PLR0911
    """Token after the sentence that the mark ``k`` ends, or 0 if it ends none."""
    after = _after_closers(t, k + 1, high)
    if after >= high:
        return high
    code = t.first[k]
    if code >= 0x80 and code != 0x2026:
        return after
    if t.starts[after] == t.ends[after - 1]:
        return 0
    following = t.first[after]
    if following < PLANES and table[following] & LOWER:
        return 0
    if code == 0x2E and t.ends[k] - t.starts[k] == 1 and k > 0 and t.ends[k - 1] == t.starts[k]:
        if t.flags[k - 1] & UPPER and t.chars[k] - t.chars[k - 1] == 1:
            return 0
        if _is_abbreviation(t.fold[k - 1]):
            return 0
    return after


@helper
def count_sentences(t: Tokens, low: Int, high: Int, table: np.ndarray) -> Int:
    """Sentences of the tokens ``low:high``."""
    count = 0
    letters = False
    k = low
    while k < high:
        flags = t.flags[k]
        if flags & ALPHA:
            letters = True
        elif letters and (flags & TERMINAL or t.first[k] == 0x2026):
            after = ends_here(t, k, high, table)
            if after:
                count += 1
                letters = False
                k = after
                continue
        k += 1
    return count + letters


@helper
def ends_well(t: Tokens, low: Int, high: Int) -> bool:
    """Whether the tokens end with an end mark, or with closers directly behind one."""
    k = high - 1
    while k > low and t.flags[k] & CLOSER and t.ends[k - 1] == t.starts[k]:
        k -= 1
    return is_end_mark(t, k)


@helper
def sentences(
    t: Tokens, tokens: Int, b: Breaks, breaks: Int, table: np.ndarray, row: np.ndarray
) -> None:
    """Count what ``Sentences`` names."""
    row[:] = 0
    low = begun = 0
    for k in range(breaks + 1):
        if k < breaks:
            if b.code[k] != NEWLINE:
                continue
            high = np.int64(b.tokens[k])
        else:
            high = np.int64(tokens)
        if high > begun and not ends_well(t, begun, high):
            row[S.open_lines] += 1
        if (k == breaks or high == begun) and high > low:
            # a blank line, or the end of the text
            row[S.sentences] += count_sentences(t, low, high, table)
            low = high
        begun = high
