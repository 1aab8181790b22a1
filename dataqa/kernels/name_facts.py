"""What is known of each token of a document, for the tagger of names: hashes, shapes, gazetteers.

A fact never crosses a line end, so lines can be looked at apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.lexicon import Lexicon, slot_of
from dataqa.kernels.tables import ALPHA, BREAK, DIGIT, IDEO, LOWER, NUMBER, UPPER
from dataqa.kernels.tokens import Tokens, decode, flags_of, fold_of, width

MARK, LOW, TITLE, CAPITALS, INITIAL, NUMERIC, MIXED, CASELESS = range(8)
"""Shapes: no letter or digit; johnson; Johnson; JOHNSON; J; 42; a4 or iPhone; of no case."""
APART, JOINED, SPACED = 0, 1, 2
"""How a token follows the one before: on another line, directly, after white space."""


class Facts(NamedTuple):
    """What is known of each token of a document.

    Attributes:
        word: Hash of its lower-case form, without ``'s``.
        head: Hash of its first three characters in lower case.
        tail: Hash of its last three characters in lower case.
        shape: One of the shapes.
        bits: Gazetteers that hold the word.
        follows: How it follows the token before.
        ends: Byte behind it, without ``'s``.
        first: First token of the run of capitalised tokens that it is in; itself if in none.
        last: Last token of that run.
        line: First token of its line.
        low: Whether its line has no more than two capitalised words in ten (0), some (1), most (2).
    """

    word: NDArray[np.uint64]
    head: NDArray[np.uint64]
    tail: NDArray[np.uint64]
    shape: NDArray[np.uint8]
    bits: NDArray[np.uint8]
    follows: NDArray[np.uint8]
    ends: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    line: NDArray[np.int32]
    low: NDArray[np.uint8]


def facts_room(size: Int) -> Facts:
    """Room for the facts of ``size`` tokens."""
    return Facts(
        np.empty(size, np.uint64),
        np.empty(size, np.uint64),
        np.empty(size, np.uint64),
        np.empty(size, np.uint8),
        np.empty(size, np.uint8),
        np.empty(size, np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.uint8),
    )


@helper
def _begin(code: np.uint64) -> np.uint64:
    return (SEED ^ code) * STEP


@helper
def _word(
    text: np.ndarray,
    start: Int,
    end: Int,
    table: np.ndarray,
    folds: np.ndarray,
    hidden: np.uint64,
    lexicon: Lexicon,
    k: Int,
    out: Facts,
) -> None:
    """The facts that follow from a token's own characters."""
    if end - start > 2 and (text[end - 1] | 0x20) == 0x73:  # without 's
        if text[end - 2] == 0x27:
            end -= 2
        elif end - start > 4 and text[end - 2] == 0x99 and text[end - 3] == 0x80:
            end -= 4 if text[end - 4] == 0xE2 else 0
    at = start
    state, size, every = SEED, 0, 0
    leading, rest = 0, 0
    one = two = three = np.uint64(0)
    head = SEED
    while at < end:
        code = np.int64(text[at])
        if code >= 0x80:
            code = decode(text, at)
        flags = flags_of(code, table)
        fold = fold_of(code, folds)
        if not size:
            leading = flags
        else:
            rest |= flags
        every |= flags
        state = (state ^ fold) * STEP
        one, two, three = two, three, fold
        size += 1
        if size <= 3:
            head = (head ^ fold) * STEP
        at += width(text[at])
    word = finish(state)
    out.word[k] = word
    out.head[k] = finish(head)
    out.tail[k] = finish(_begin(one * np.uint64(0x1FFFFF) ^ two) ^ three)
    out.ends[k] = end
    shape = MARK
    if every & ALPHA:
        if every & (DIGIT | NUMBER):
            shape = MIXED
        elif leading & UPPER and size == 1:
            shape = INITIAL
        elif not every & (UPPER | LOWER):
            shape = CASELESS
        elif not every & UPPER:
            shape = LOW
        elif not every & LOWER:
            shape = CAPITALS
        elif leading & UPPER and not rest & UPPER:
            shape = TITLE
        else:
            shape = MIXED
    elif every & (DIGIT | NUMBER):
        shape = NUMERIC
    out.shape[k] = shape
    bits = np.uint8(0)
    if every & ALPHA and not every & IDEO:
        # in training some words are kept out, so that names of no gazetteer are learnt too
        kept = not hidden or (finish(word ^ hidden) & np.uint64(7)) > np.uint64(2)
        if kept:
            bits = lexicon.bits[slot_of(lexicon, word)]
    out.bits[k] = bits


@helper
def _capital(shape: Int) -> bool:
    return shape == TITLE or shape == CAPITALS or shape == INITIAL  # noqa: PLR1714


@helper
def named(facts: Facts, k: Int) -> bool:
    """Whether a token looks as a part of a name does: capitalised, or of mixed case."""
    return _capital(facts.shape[k]) or (facts.shape[k] == MIXED)


@helper
def _gap(text: np.ndarray, start: Int, end: Int, table: np.ndarray) -> Int:
    """How what stands between two tokens parts them."""
    at = start
    while at < end:
        code = decode(text, at)
        if flags_of(code, table) & BREAK:
            return APART
        at += width(text[at])
    return SPACED if end > start else JOINED


@helper
def facts_of(
    text: np.ndarray,
    tokens: Tokens,
    count: Int,
    table: np.ndarray,
    folds: np.ndarray,
    hidden: np.uint64,
    lexicon: Lexicon,
    out: Facts,
) -> None:
    """Fill the facts of a document's tokens."""
    line = np.int64(0)
    for k in range(count):
        _word(text, tokens.starts[k], tokens.ends[k], table, folds, hidden, lexicon, k, out)
        follows = APART
        if k:
            follows = _gap(text, tokens.ends[k - 1], tokens.starts[k], table)
        out.follows[k] = follows
        if follows == APART:
            line = k
        out.line[k] = line
    _lines(count, out)
    _runs(text, tokens, count, out)


@helper
def _lines(count: Int, out: Facts) -> None:
    k = np.int64(0)
    while k < count:
        end, words, capitals = k, 0, 0
        while end < count and out.line[end] == k:
            shape = out.shape[end]
            if shape != MARK and shape != NUMERIC:  # noqa: PLR1714
                words += 1
                capitals += _capital(shape)
            end += 1
        low = 1
        if capitals * 10 <= words:
            low = 0
        elif capitals * 10 > words * 6 and words > 3:
            low = 2
        while k < end:
            out.low[k] = low
            k += 1


@helper
def bridges(text: np.ndarray, tokens: Tokens, k: Int, out: Facts) -> bool:
    """Whether a mark joins a name: ``J. Smith``, ``Weeks-Rivas``, ``Barnes & Noble``."""
    mark = text[tokens.starts[k]]
    if tokens.ends[k] - tokens.starts[k] != 1:
        return False
    if mark == 0x2E:  # a full stop: only behind an initial or a short title
        short = tokens.ends[k - 1] - tokens.starts[k - 1] <= 4
        return out.follows[k] == JOINED and short
    if mark == 0x2D or mark == 0x27:  # noqa: PLR1714
        return out.follows[k] == JOINED
    return mark == 0x26


@helper
def _runs(text: np.ndarray, tokens: Tokens, count: Int, out: Facts) -> None:
    k = np.int64(0)
    while k < count:
        out.first[k] = out.last[k] = k
        if not named(out, k):
            k += 1
            continue
        last = k
        at = k + 1
        while at < count and out.follows[at] != APART:
            if named(out, at) and out.ends[at - 1] == tokens.ends[at - 1]:
                last = at
            elif not bridges(text, tokens, at, out):
                break
            at += 1
        for j in range(k, last + 1):
            out.first[j], out.last[j] = k, last
        k = last + 1
