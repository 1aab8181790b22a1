"""Training of the tagger of names: features of all words, and stochastic gradient descent."""

from __future__ import annotations

import numpy as np

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.lexicon import Lexicon, lexicon_room
from dataqa.kernels.name_facts import MARK, Facts, facts_of, facts_room
from dataqa.kernels.name_features import FEATURES, KINDS, check_of, features
from dataqa.kernels.tokens import Breaks, Tokens, break_room, token_room, tokenise

_ONE = np.uint64(1)


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(lexicon_room(1)),
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
    return row | np.uint64(check_of(feature)) << np.uint64(bits)


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
    return np.float64(total / max(1, len(order)))
