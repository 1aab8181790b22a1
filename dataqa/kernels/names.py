"""The tagger of names: a linear score for each kind, and runs of tokens of one kind.

Weights are whole numbers, so a score does not depend on the order in which they are added.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.lexicon import Lexicon, lexicon_room
from dataqa.kernels.name_facts import (
    CASELESS,
    LOW,
    MARK,
    NUMERIC,
    Facts,
    bridges,
    facts_of,
    facts_room,
    named,
)
from dataqa.kernels.name_features import CHECKED, FEATURES, check_of, features, weigh
from dataqa.kernels.tokens import Breaks, Tokens, break_room, token_room, tokenise


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
def _continues(text: np.ndarray, tokens: Tokens, facts: Facts, before: Int, k: Int) -> Any:
    """Whether a token goes on with the run that ended at token ``before``."""
    if facts.line[k] != facts.line[before] or facts.ends[before] != tokens.ends[before]:
        return False
    for j in range(before + 1, k):
        if not bridges(text, tokens, j, facts):
            return False
    return k - before <= 2


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(lexicon_room(1)),
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
        lettered = True
        for k in range(count):
            shape = facts.shape[k]
            if shape == MARK or shape == CASELESS:  # noqa: PLR1714, SIM109
                continue
            if shape == NUMERIC and before < k - 2 and not (k + 1 < count and named(facts, k + 1)):
                continue
            if shape == LOW and facts.low[k] and not facts.bits[k] and before < k - 2:
                continue
            features(facts, k, count, scratch)
            one = two = three = np.int64(0)
            for f in range(FEATURES):
                row = weights[scratch[f] & mask]
                if (row & CHECKED) == check_of(scratch[f]):
                    one += weigh(row, 0)
                    two += weigh(row, 1)
                    three += weigh(row, 2)
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
                lettered |= shape != NUMERIC
            else:
                if not lettered:  # numbers alone are no name
                    filled -= 1
                lettered = shape != NUMERIC
                out.texts[filled] = d
                out.starts[filled] = tokens.starts[k]
                out.ends[filled] = facts.ends[k]
                out.kinds[filled] = best
                out.scores[filled] = odds
                filled += 1
            before, kind = k, best
        if not lettered:
            filled -= 1
    return np.int64(len(offsets) - 1), filled
