"""N-grams and their sums beside plain Python that must give the same."""

from __future__ import annotations

import kernel_twins as twin
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataqa.kernels.scoring import BLOCK
from dataqa.kernels.sentences import word_hash
from dataqa.scores.linear import Grams, Linear, read_buckets

MASK = (1 << 64) - 1
BASE, SEED = 0x9E6C63D0876A9A47, 0x9E3779B97F4A7C15
grams = st.builds(
    Grams, st.integers(0, 3), st.just(2), st.integers(2, 5), st.sampled_from([8, 12, 18])
)


def mixed(state: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        state = ((state ^ (state >> 33)) * factor) & MASK
    return state ^ (state >> 33)


def buckets_of(text: str, how: Grams) -> set[int]:
    """The buckets of a text, from words and characters as Python sees them."""
    words = [
        int(word_hash(twin.fold(one.text))) for one in twin.tokens(text) if twin.is_word(one.text)
    ]
    chars = [mixed((ord(one) + SEED) & MASK) for one in twin.fold(" ".join(text.split()))]
    found: set[int] = set()
    for items, lengths in ((words, range(1, how.words + 1)), (chars, range(how.low, how.high + 1))):
        for n in lengths:
            for at in range(len(items) - n + 1):
                total = 0
                for item in items[at : at + n]:
                    total = (total * BASE + item) & MASK
                found.add(mixed(total) & ((1 << how.bits) - 1))
    return found


def weights_of(how: Grams) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(how.bits))
    weights = random.integers(-32767, 32767, 1 << how.bits).astype(np.int16)
    weights.flags.writeable = False
    return weights


LONG = "The tide ROSE. 潮水在涨，人们都在看。 "


@given(st.lists(twin.texts, max_size=4), grams)
@example(["", "a", "ab", LONG * 400, LONG[:9]], Grams(2, 3, 5, 18))
@example([LONG * 200, "x" * 3000, "a b " * BLOCK], Grams(3, 2, 5, 8))
@example(["a", " a\n", "潮"], Grams(2, 2, 2, 8))
def test_every_ngram_is_met_once(texts: list[str], how: Grams):
    found = read_buckets(pl.Series(texts, dtype=pl.String), how)
    model = Linear(how, weights_of(how), 0.5, 0.25)
    margins = model.margins(pl.Series(texts, dtype=pl.String))
    for at, text in enumerate(texts):
        mine = found.buckets[found.starts[at] : found.starts[at + 1]].tolist()
        wanted = buckets_of(text, how)
        assert len(mine) == len(set(mine))
        assert set(mine) == wanted
        if wanted:
            total = sum(int(model.weights[one]) for one in wanted)
            assert margins[at] == 0.25 + 0.5 * (total / np.sqrt(len(wanted)))
        else:
            assert np.isnan(margins[at])


def test_a_text_of_more_ngrams_than_are_remembered_leaves_no_trace():
    """The next text must not find buckets met that the one before it met."""
    random = np.random.Generator(np.random.PCG64(1))
    long = "".join(map(chr, random.integers(0x4E00, 0x9FA5, 60_000)))
    how = Grams(2, 2, 4, 18)
    model = Linear(how, weights_of(how), 1.0, 0.0)
    alone = model.margins(pl.Series(["a short text"]))
    assert len(read_buckets(pl.Series([long]), how).buckets) > 1 << 14
    assert model.margins(pl.Series([long, "a short text"]))[1] == alone[0]


@pytest.mark.parametrize("texts", [[], [None], [None, "", " \n\t", "\x00"]])
def test_nothing_to_read_has_no_margin(texts: list[str | None]):
    how = Grams(2, 3, 3, 8)
    margins = Linear(how, weights_of(how), 1.0, 0.0).margins(pl.Series(texts, dtype=pl.String))
    assert len(margins) == len(texts)
    assert np.isnan(margins).all()
