"""Names in running text: facts of tokens, hashed features, and a linear score for each kind.

Features are words, their beginnings and ends, shapes and gazetteer bits in a window of two tokens
and along the run of capitalised tokens (Ratinov and Roth 2009, Design Challenges and Misconceptions
in Named Entity Recognition). No feature crosses a line end, so lines can be scored apart. Weights
are whole numbers, so a score does not depend on the order in which they are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.hashing import SEED, STEP, finish, join
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.tables import ALPHA, BREAK, DIGIT, IDEO, LOWER, NUMBER, SPACE, UPPER
from dataqa.kernels.tokens import (
    Breaks,
    Tokens,
    break_room,
    decode,
    flags_of,
    fold_of,
    token_room,
    tokenise,
    width,
)

FEATURES = 34
"""Features of a token."""
CHECK_BITS = 5
"""Bits of a feature's hash that a row of the table holds, so that few others are taken for it."""
KINDS = 3
"""Kinds of names; what is none has score 0."""
MARK, LOW, TITLE, CAPITALS, INITIAL, NUMERIC, MIXED, CASELESS = range(8)
"""Shapes: no letter or digit; johnson; Johnson; JOHNSON; J; 42; a4 or iPhone; letters without case."""
APART, JOINED, SPACED = 0, 1, 2
"""How a token follows the one before: on another line, directly, after white space."""
_EDGE = np.uint64(0x5851F42D4C957F2D)
_ONE, _8, _32 = np.uint64(1), np.uint64(8), np.uint64(32)
_CHECKED = np.uint32(31)


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


class Lexicon(NamedTuple):
    """A hash table from words to gazetteer bits.

    Attributes:
        keys: Upper half of each word's hash, 0 where a slot is free; a power of two of them.
        bits: Its gazetteers.
    """

    keys: NDArray[np.uint32]
    bits: NDArray[np.uint8]


def lexicon_room(words: int) -> Lexicon:
    """Room for so many words."""
    slots = 64
    while slots < 2 * words:
        slots *= 2
    return Lexicon(np.zeros(slots, np.uint32), np.zeros(slots, np.uint8))


_LEXICON = like(lexicon_room(1))


@helper
def _slot(lexicon: Lexicon, word: np.uint64) -> np.uint64:
    mask = np.uint64(len(lexicon.keys) - 1)
    key = np.uint32(word >> _32)
    slot = word & mask
    while lexicon.keys[slot] and lexicon.keys[slot] != key:
        slot = (slot + _ONE) & mask
    return slot


@kernel(_LEXICON, frozen(types.uint64), frozen(types.uint8))
def enter(lexicon: Lexicon, words: np.ndarray, bits: np.ndarray) -> None:
    """Put words into a lexicon; one that comes again gets both its bits."""
    for k in range(len(words)):
        slot = _slot(lexicon, words[k])
        lexicon.keys[slot] = np.uint32(words[k] >> _32)
        lexicon.bits[slot] |= bits[k]


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
        if not hidden or (finish(word ^ hidden) & np.uint64(7)) > np.uint64(2):
            bits = lexicon.bits[_slot(lexicon, word)]
    out.bits[k] = bits


@helper
def _capital(shape: Int) -> bool:
    return shape == TITLE or shape == CAPITALS or shape == INITIAL  # noqa: PLR1714


@helper
def _named(facts: Facts, k: Int) -> bool:
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
            if shape != MARK and shape != NUMERIC:
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
def _bridges(text: np.ndarray, tokens: Tokens, k: Int, out: Facts) -> bool:
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
        if not _named(out, k):
            k += 1
            continue
        last = k
        at = k + 1
        while at < count and out.follows[at] != APART:
            if _named(out, at) and out.ends[at - 1] == tokens.ends[at - 1]:
                last = at
            elif not _bridges(text, tokens, at, out):
                break
            at += 1
        for j in range(k, last + 1):
            out.first[j], out.last[j] = k, last
        k = last + 1


@helper
def _at(facts: Facts, k: Int, step: Int, count: Int) -> Int:
    """The token ``step`` further in the same line, -1 if there is none."""
    other = k + step
    if other < 0 or other >= count or facts.line[other] != facts.line[k]:
        return np.int64(-1)
    return np.int64(other)


@helper
def _w(facts: Facts, k: Int) -> np.uint64:
    return facts.word[k] if k >= 0 else _EDGE


@helper
def _s(facts: Facts, k: Int) -> np.uint64:
    return np.uint64(facts.shape[k]) if k >= 0 else np.uint64(15)


@helper
def _g(facts: Facts, k: Int) -> np.uint64:
    return np.uint64(facts.bits[k]) if k >= 0 else np.uint64(0)


@helper
def _put(out: np.ndarray, number: Int, value: np.uint64) -> Int:
    out[number] = finish(value ^ (np.uint64(number + 1) * SEED))
    return number + 1


@helper
def features(facts: Facts, k: Int, count: Int, out: np.ndarray) -> None:
    """Write the hashed features of token ``k``."""
    a, b = _at(facts, k, -2, count), _at(facts, k, -1, count)
    d, e = _at(facts, k, 1, count), _at(facts, k, 2, count)
    wa, wb, w, wd, we = _w(facts, a), _w(facts, b), facts.word[k], _w(facts, d), _w(facts, e)
    sa, sb, s, sd, se = _s(facts, a), _s(facts, b), _s(facts, k), _s(facts, d), _s(facts, e)
    gb, g, gd = _g(facts, b), _g(facts, k), _g(facts, d)
    first, last = np.int64(facts.first[k]), np.int64(facts.last[k])
    left, right = _at(facts, first, -1, count), _at(facts, last, 1, count)
    wl, wr = _w(facts, left), _w(facts, right)
    low = np.uint64(facts.low[k])
    near = sb << _8 | s
    place = np.uint64(min(k - first, 2) * 4 + min(last - k, 2))
    every = np.uint64(0)
    for j in range(first, last + 1):
        every |= np.uint64(facts.bits[j])
    around = np.uint64(0)
    for j in range(-2, 3):
        around = around << np.uint64(4) | _s(facts, _at(facts, k, j, count))
    n = _put(out, 0, s << _8 | low)
    n = _put(out, n, w)
    n = _put(out, n, join(w, s << _8 | low))
    n = _put(out, n, join(wb, _ONE))
    n = _put(out, n, join(wd, _ONE))
    n = _put(out, n, wa)
    n = _put(out, n, we)
    n = _put(out, n, join(wb, w))
    n = _put(out, n, join(w, wd))
    n = _put(out, n, join(wb, s))
    n = _put(out, n, join(wd, s))
    n = _put(out, n, join(facts.tail[k], s))
    n = _put(out, n, join(facts.head[k], s))
    n = _put(out, n, (g << _8 | s) << _8 | low)
    n = _put(out, n, ((gb << _8 | g) << _8 | gd) << _8 | s)
    n = _put(out, n, around)
    n = _put(out, n, join(around, g))
    n = _put(out, n, join(join(wb, wa), s))
    n = _put(out, n, join(join(wd, we), s))
    n = _put(out, n, join(wb, g << _8 | s))
    n = _put(out, n, join(wd, g << _8 | s))
    n = _put(out, n, (gb << _8 | sb) << _8 | s)
    n = _put(out, n, (gd << _8 | sd) << _8 | s)
    n = _put(out, n, join(wl, s))
    n = _put(out, n, join(wr, s))
    n = _put(out, n, join(join(wl, facts.word[first]), place))
    n = _put(out, n, join(facts.word[last], place))
    n = _put(out, n, join(facts.word[first], place))
    n = _put(out, n, (every << _8 | g) << _8 | place)
    n = _put(out, n, join(join(wl, wr), s))
    n = _put(out, n, join(wl, (every << _8 | g) << _8 | s))
    n = _put(out, n, join(facts.tail[last], place))
    n = _put(out, n, join(facts.tail[k], near))
    _put(out, n, join(facts.tail[first], every))


@helper
def _weigh(row: np.uint32, kind: Int) -> Int:
    """The weight of a kind in a packed row: nine signed bits each, above the five of the check."""
    bits = np.int64((row >> np.uint32(CHECK_BITS + 9 * kind)) & np.uint32(511))
    return bits - 512 if bits > 255 else bits


@helper
def _check(feature: np.uint64) -> np.uint32:
    """What a row of the table must begin with to be a feature's own."""
    return np.uint32(feature >> np.uint64(64 - CHECK_BITS))


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    array(types.uint64),
)
def hash_words(
    data: np.ndarray, offsets: np.ndarray, table: np.ndarray, folds: np.ndarray, out: np.ndarray
) -> None:
    """Fill the hash that ``Facts.word`` would hold of each word."""
    for d in range(len(out)):
        text = data[offsets[d] : offsets[d + 1]]
        at, state = 0, SEED
        while at < len(text):
            state = (state ^ fold_of(decode(text, at), folds)) * STEP
            at += width(text[at])
        out[d] = finish(state)


class Out(NamedTuple):
    """Runs of tokens of one kind; a row each.

    Attributes:
        texts: The row of the text.
        starts: First byte.
        ends: Behind the last byte.
        kinds: 1, 2 or 3.
        scores: The highest log-odds of a token in it that it is of that kind.
    """

    texts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    scores: NDArray[np.float64]


def out_room(size: int) -> Out:
    """Room for so many runs."""
    return Out(
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.uint8),
        np.empty(size, np.float64),
    )


@helper
def _odds(mine: np.float64, one: np.float64, other: np.float64) -> np.float64:
    """Log-odds of a kind against the two others and none (score 0)."""
    top = max(one, other, 0.0)
    return mine - top - np.log(np.exp(one - top) + np.exp(other - top) + np.exp(-top))


@helper
def _continues(text: np.ndarray, tokens: Tokens, facts: Facts, before: Int, k: Int) -> bool:
    """Whether a token goes on with the run that ended at token ``before``."""
    if facts.line[k] != facts.line[before] or facts.ends[before] != tokens.ends[before]:
        return False
    for j in range(before + 1, k):
        if not _bridges(text, tokens, j, facts):
            return False
    return k - before <= 2


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    _LEXICON,
    frozen(types.uint32),
    types.float64,
    types.float64,
    like(token_room(1)),
    like(break_room(1)),
    like(facts_room(1)),
    array(types.uint64),
    types.int64,
    like(out_room(1)),
)
def tag(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    folds: np.ndarray,
    lexicon: Lexicon,
    weights: np.ndarray,
    scale: np.float64,
    floor: np.float64,
    tokens: Tokens,
    breaks: Breaks,
    facts: Facts,
    scratch: np.ndarray,
    begin: Int,
    out: Out,
) -> tuple[Int, Int]:
    """Find runs of tokens that may be names.

    Args:
        data: UTF-8 of all texts.
        offsets: Where each begins.
        table: Flags of characters.
        folds: Lower-case forms.
        lexicon: The gazetteers.
        weights: A power of two of rows: a check and a signed number for each kind.
        scale: What a whole weight of 1 is worth.
        floor: Log-odds from which on a token may be of a kind.
        tokens: Room for the longest text.
        breaks: The same.
        facts: The same.
        scratch: Room for the features of a token.
        begin: The text to begin with.
        out: Filled with runs.

    Returns:
        The text to go on with, and how many runs were written: it stops where the next text might
        find no room.
    """
    mask = np.uint64(len(weights) - 1)
    filled = np.int64(0)
    for d in range(begin, len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        if filled + len(text) // 2 + 1 > len(out.texts):
            return np.int64(d), filled
        count, _, _ = tokenise(text, table, folds, tokens, breaks, np.int64(0))
        facts_of(text, tokens, count, table, folds, np.uint64(0), lexicon, facts)
        before, kind = np.int64(-1), 0
        for k in range(count):
            shape = facts.shape[k]
            if shape == MARK:
                continue
            if shape == NUMERIC and before < k - 2 and not (k + 1 < count and _named(facts, k + 1)):
                continue
            if shape == LOW and facts.low[k] and not facts.bits[k] and before < k - 2:
                continue
            features(facts, k, count, scratch)
            one = two = three = np.int64(0)
            for f in range(FEATURES):
                row = weights[scratch[f] & mask]
                if (row & _CHECKED) == _check(scratch[f]):
                    one += _weigh(row, 0)
                    two += _weigh(row, 1)
                    three += _weigh(row, 2)
            best, mine = 1, one * scale
            other, third = two * scale, three * scale
            if two > one and two >= three:
                best, mine, other, third = 2, two * scale, one * scale, three * scale
            elif three > one and three > two:
                best, mine, other, third = 3, three * scale, one * scale, two * scale
            odds = _odds(mine, other, third)
            if odds < floor:
                continue
            if before >= 0 and best == kind and _continues(text, tokens, facts, before, k):
                out.ends[filled - 1] = facts.ends[k]
                out.scores[filled - 1] = max(out.scores[filled - 1], odds)
            else:
                out.texts[filled] = d
                out.starts[filled] = tokens.starts[k]
                out.ends[filled] = facts.ends[k]
                out.kinds[filled] = best
                out.scores[filled] = odds
                filled += 1
            before, kind = k, best
    return np.int64(len(offsets) - 1), filled


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    _LEXICON,
    frozen(types.uint64),
    like(token_room(1)),
    like(break_room(1)),
    like(facts_room(1)),
    array(types.uint64, 2),
    array(types.int64),
    array(types.int32),
    array(types.int32),
)
def extract(
    data: np.ndarray,
    offsets: np.ndarray,
    table: np.ndarray,
    folds: np.ndarray,
    lexicon: Lexicon,
    hidden: np.ndarray,
    tokens: Tokens,
    breaks: Breaks,
    facts: Facts,
    out: np.ndarray,
    rows: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
) -> Int:
    """Write the features of every word of some texts, with its text and bytes; how many words.

    ``hidden`` holds for each text 0, or a number that decides which words its gazetteers lack.
    """
    filled = np.int64(0)
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        count, _, _ = tokenise(text, table, folds, tokens, breaks, np.int64(0))
        facts_of(text, tokens, count, table, folds, hidden[d], lexicon, facts)
        for k in range(count):
            if facts.shape[k] == MARK:
                continue
            features(facts, k, count, out[filled])
            rows[filled] = d
            starts[filled] = tokens.starts[k]
            ends[filled] = facts.ends[k]
            filled += 1
    return filled


@helper
def _bucket(feature: np.uint64, bits: Int) -> np.uint64:
    """A feature's place in training: its row of the table, and its check above that."""
    row = feature & ((_ONE << np.uint64(bits)) - _ONE)
    return row | np.uint64(_check(feature)) << np.uint64(bits)


@kernel(frozen(types.uint64, 2), types.int64, array(types.uint8))
def tally(rows: np.ndarray, bits: Int, counts: np.ndarray) -> None:
    """Count how often each feature occurs, up to 255."""
    for i in range(len(rows)):
        for f in range(FEATURES):
            at = _bucket(rows[i, f], bits)
            if counts[at] < 255:
                counts[at] += 1


@kernel(
    frozen(types.uint64, 2),
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint8),
    types.int64,
    types.float64,
    types.float64,
    array(types.float32, 2),
    array(types.float32, 2),
)
def learn(
    rows: np.ndarray,
    labels: np.ndarray,
    order: np.ndarray,
    counts: np.ndarray,
    bits: Int,
    rate: np.float64,
    shrink: np.float64,
    weights: np.ndarray,
    squares: np.ndarray,
) -> np.float64:
    """One pass of stochastic gradient descent on the softmax loss; the mean loss.

    Steps are scaled by the gradients so far (Duchi, Hazan and Singer 2011, AdaGrad); weights are
    pulled to zero by ``shrink`` where they are touched. Features seen less than three times
    (``counts``) take no part.
    """
    total = 0.0
    for i in range(len(order)):
        row = rows[order[i]]
        one = two = three = 0.0
        for f in range(FEATURES):
            at = _bucket(row[f], bits)
            if counts[at] > 2:
                one += weights[at, 0]
                two += weights[at, 1]
                three += weights[at, 2]
        top = max(one, two, three, 0.0)
        e0, e1 = np.exp(-top), np.exp(one - top)
        e2, e3 = np.exp(two - top), np.exp(three - top)
        whole = e0 + e1 + e2 + e3
        label = labels[order[i]]
        told = e0
        if label == 1:
            told = e1
        elif label == 2:
            told = e2
        elif label == 3:
            told = e3
        total -= np.log(told / whole)
        g1 = e1 / whole - (label == 1)
        g2 = e2 / whole - (label == 2)
        g3 = e3 / whole - (label == 3)
        if abs(g1) + abs(g2) + abs(g3) < 0.002:
            continue
        for f in range(FEATURES):
            at = _bucket(row[f], bits)
            if counts[at] > 2:
                for c in range(KINDS):
                    g = g1 if c == 0 else (g2 if c == 1 else g3)
                    g += shrink * weights[at, c]
                    squares[at, c] += np.float32(g * g)
                    step = rate * g / (1e-3 + np.sqrt(squares[at, c]))
                    weights[at, c] -= np.float32(step)
    return total / max(1, len(order))
