"""The blocked Bloom filter beside one in plain Python that must set and ask for the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataqa.kernels import bloom

MASK = (1 << 64) - 1
PLACES = 0xA0761D6478BD642F
hashes = st.integers(0, MASK)


def finish(state: int) -> int:
    state ^= state >> 33
    state = state * 0xFF51AFD7ED558CCD & MASK
    state ^= state >> 33
    state = state * 0xC4CEB9FE1A85EC53 & MASK
    return state ^ (state >> 33)


def bits_of(key: int, blocks: int, probes: int) -> list[int]:
    """The bits of a key, counted through all blocks."""
    block = (finish(key) >> 32) * blocks >> 32
    state, found = finish(key ^ PLACES), list[int]()
    for k in range(probes):
        if k and k % 7 == 0:
            state = finish(state)
        found.append(block * 512 + (state >> 9 * (k % 7) & 511))
    return found


def plain(
    keys: list[list[int]], blocks: int, probes: int, room: int
) -> tuple[list[bool], set[int], int]:
    """Answers, bits and the room that is left."""
    bits: set[int] = set()
    answers: list[bool] = []
    for document in keys:
        own = [set(bits_of(key, blocks, probes)) for key in document]
        new = not any(one <= bits for one in own)
        if new and not room:
            break
        answers.append(new)
        if new:
            room -= 1
            bits |= set().union(*own)
    return answers, bits, room


def frozen(keys: list[list[int]]) -> NDArray[np.uint64]:
    array = np.array(keys, np.uint64).reshape(len(keys), -1)
    array.flags.writeable = False
    return array


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(hashes, hashes, st.sampled_from([1, 2, 3])), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, 30),
    st.integers(0, 40),
)
def test_it_sets_and_asks_for_the_bits_that_plain_python_does(
    documents: list[tuple[int, int, int]], blocks: int, probes: int, room: int
):
    keys = [list(document) for document in documents]
    words = np.zeros((blocks, bloom.WORDS), np.uint64)
    fresh = np.zeros(len(keys), np.bool_)
    at, left = bloom.admit(words, words, frozen(keys), probes, 0, room, fresh)
    answers, bits, expected = plain(keys, blocks, probes, room)
    assert fresh[:at].tolist() == answers
    assert left == expected
    set_bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    assert set(np.flatnonzero(set_bits).tolist()) == bits
    counts = np.zeros(513, np.int64)
    bloom.filled(words, counts)
    assert counts.sum() == blocks
    assert (counts * np.arange(513)).sum() == len(bits)


@pytest.mark.parametrize("blocks", [1, 2, 3, 1000, 1024, 1 << 20])
def test_every_block_and_every_bit_can_be_reached(blocks: int):
    """Field trap A2: with a size that is a power of two, two bits of a million were in use."""
    words = np.zeros((blocks, bloom.WORDS), np.uint64)
    many = max(2000, 4 * blocks)
    keys = np.random.default_rng(0).integers(0, MASK, (many, 1), np.uint64, endpoint=True)
    keys.flags.writeable = False
    bloom.admit(words, words, keys, 3, 0, many, np.zeros(many, np.bool_))
    counts = np.zeros(513, np.int64)
    bloom.filled(words, counts)
    assert counts[0] <= 4 * blocks * np.exp(-many / blocks) + 5
    assert words.any(axis=0).all()
    if blocks >= 1000:
        both = np.bitwise_or.reduce(words, axis=0)
        assert (both == MASK).all()


def test_a_second_filter_is_asked_and_not_changed():
    keys = frozen([[1, 2], [3, 4]])
    first, second = (np.zeros((4, bloom.WORDS), np.uint64) for _ in range(2))
    bloom.admit(first, first, keys[:1], 9, 0, 5, np.zeros(1, np.bool_))
    before = first.copy()
    fresh = np.zeros(2, np.bool_)
    bloom.admit(second, first, keys, 9, 0, 5, fresh)
    assert fresh.tolist() == [False, True]
    assert np.array_equal(first, before)
    assert second.any()
