"""Hashed features of a token, for the tagger of names.

They are words, their beginnings and ends, shapes and gazetteers in a window of two tokens, and
along the run of capitalised tokens (Ratinov and Roth 2009, Design Challenges and Misconceptions in
Named Entity Recognition).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dataqa.kernels.hashing import SEED, finish, join
from dataqa.kernels.jit import Int, helper
from dataqa.kernels.name_facts import Facts

FEATURES = 34
"""Features of a token."""
CHECK_BITS = 5
"""Bits of a feature's hash that a row of the table holds, so that few others are taken for it."""
KINDS = 3
"""Kinds of names; what is none has score 0."""
CHECKED = np.uint32(31)
"""The check in a row."""
_EDGE = np.uint64(0x5851F42D4C957F2D)
_ONE, _8 = np.uint64(1), np.uint64(8)


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
    sb, s, sd = _s(facts, b), _s(facts, k), _s(facts, d)
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
def weigh(row: Any, kind: Int) -> Int:
    """The weight of a kind in a packed row: nine signed bits each, above the five of the check."""
    bits = np.int64((row >> np.uint32(CHECK_BITS + 9 * kind)) & np.uint32(511))
    return bits - 512 if bits > 255 else bits


@helper
def check_of(feature: np.uint64) -> np.uint32:
    """What a row of the table must begin with to be a feature's own."""
    return np.uint32(feature >> np.uint64(64 - CHECK_BITS))
