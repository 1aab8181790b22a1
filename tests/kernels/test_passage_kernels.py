"""Items, notes, windows and borders beside plain Python that must give the same."""

from __future__ import annotations

from itertools import pairwise

import kernel_twins as twin
import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataqa.arrow import text_buffers
from dataqa.duplicates.items import Cutting, Items, cut_items, load_kernels, notes
from dataqa.kernels import tables
from dataqa.kernels.sentences import word_hash

MASK = (1 << 64) - 1
BASE = 0x9E6C63D0876A9A47
STEP, FINAL = 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD
LANES = (0x243F6A8885A308D3, 0x13198A2E03707344)
many = settings(max_examples=200, deadline=None)
cuttings = st.builds(Cutting, st.booleans(), st.integers(2, 9), st.booleans())
poor = st.lists(st.text(alphabet="ab ", max_size=40), min_size=1, max_size=4)


def mixed(state: int) -> int:
    """murmur3's 64-bit finaliser."""
    for factor in (FINAL, 0xC4CEB9FE1A85EC53):
        state = ((state ^ (state >> 33)) * factor) & MASK
    return state ^ (state >> 33)


def joined(left: int, right: int) -> int:
    state = ((left * STEP) & MASK) ^ right
    state = ((state ^ (state >> 32)) * FINAL) & MASK
    return state ^ (state >> 29)


def lane(items: list[int], seed: int) -> int:
    """The hash of a run: halves of equal length joined, then one more where its length is odd."""
    if len(items) == 1:
        return mixed(items[0] ^ seed)
    half = len(items) // 2
    whole = joined(lane(items[:half], seed), lane(items[half : 2 * half], seed))
    return joined(whole, items[-1]) if len(items) % 2 else whole


def gram(items: list[int]) -> int:
    total = 0
    for item in items:
        total = (total * BASE + item) & MASK
    return mixed(total)


def characters(text: str) -> list[str]:
    """Characters with the marks on them."""
    found: list[str] = []
    begun = False
    for char in text:
        if char.isspace():
            begun = False
        elif begun and twin.is_mark(char):
            found[-1] += char
        else:
            found.append(char)
            begun = True
    return found


def items_of(text: str, cutting: Cutting) -> list[int]:
    parts = characters(text) if cutting.chars else [token.text for token in twin.tokens(text)]
    return [int(word_hash(twin.fold(part) if cutting.fold else part)) for part in parts]


def column(*texts: str | None) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def cut(*texts: str, cutting: Cutting) -> Items:
    return cut_items(text_buffers(column(*texts)), cutting)


@many
@given(twin.texts, cuttings)
@example("a.b 1.2 1..2 1. x'y'z 'tis don’t’ -- 。。", Cutting())
@example("か\u3099が\u0301漢\U000e0101字 \u0301 a\u0301 \u0301", Cutting())
@example("か\u3099 \u0301e\u0301! \u200d", Cutting(chars=True))
@example("ABC İ’ K", Cutting(fold=True))
def test_items_are_the_tokens_or_characters_of_a_text(text: str, cutting: Cutting):
    items = cut("Before it.", text, cutting=cutting)
    low = int(items.first[1])
    assert items.hashes[low:].tolist() == items_of(text, cutting)
    encoded = text.encode()
    parts = [
        encoded[start:end].decode()
        for start, end in zip(items.starts[low:], items.ends[low:], strict=True)
    ]
    expected = characters(text) if cutting.chars else [token.text for token in twin.tokens(text)]
    assert parts == expected


@many
@given(st.one_of(poor, st.lists(twin.texts, max_size=3)), cuttings)
@example(["a" * 5], Cutting(chars=True, n=4))
@example(["ab" * 9], Cutting(chars=True, n=5))
@example(["aaab" * 9], Cutting(chars=True, n=9))
def test_equal_windows_share_a_note_that_is_seen_twice(texts: list[str], cutting: Cutting):
    """What winnowing promises, also of windows of one text that overlap."""
    n, k = cutting.n, cutting.gram
    found = notes(column(*texts), cutting)
    hashes = [items_of(text, cutting) for text in texts]
    noted = set(found.select("row", "place").rows())
    assert len(noted) == found.height
    for row, key, place in found.rows():
        assert key == gram(hashes[row][place : place + k])
    seen: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for row, items in enumerate(hashes):
        for at in range(len(items) - n + 1):
            seen.setdefault(tuple(items[at : at + n]), []).append((row, at))
    counts = dict(found.group_by("key").len().iter_rows())
    for window, places in seen.items():
        least = min(gram(list(window[at : at + k])) for at in range(n - k + 1))
        for row, at in places:
            inside = [p for p in range(at, at + n - k + 1) if (row, p) in noted]
            assert any(gram(hashes[row][p : p + k]) == least for p in inside)
        assert len(places) == 1 or counts[least] > 1


def test_notes_are_few_even_of_text_that_repeats_itself():
    """Field trap: a megabyte of one word."""
    cutting = Cutting()
    same = notes(column("word " * 100_000), cutting).height
    assert 100_000 / 27 < same < 100_000 / 25
    draw = np.random.default_rng(5).integers(0, 1 << 40, 100_000)
    mixed_text = notes(column(" ".join(map(str, draw.tolist()))), cutting).height
    assert 1.9 / 27 < mixed_text / 100_000 < 2.1 / 27


@many
@given(st.lists(st.text(alphabet="ab", max_size=20), min_size=1, max_size=4), st.data())
def test_windows_are_those_that_hold_a_hot_note(texts: list[str], data: st.DataObject):
    n = data.draw(st.integers(2, 8))
    cutting = Cutting(chars=True, n=n)
    k = cutting.gram
    items = cut(*texts, cutting=cutting)
    hot: list[list[int]] = []
    for text in texts:
        places = st.lists(st.integers(0, max(len(text) - k, 0)), unique=True, max_size=3)
        hot.append(sorted(data.draw(places)) if len(text) >= n else [])
    starts = np.cumsum([0, *map(len, hot)])
    flat = np.array([place for places in hot for place in places], np.uint32)
    ranks = np.array([7 + 2 * row for row in range(len(texts))], np.uint32)
    high, low, where, left, right = (np.zeros(99, np.uint64) for _ in range(5))
    arguments = (items.hashes, items.first, n, k, starts, flat, ranks, left, right)
    count = load_kernels().passages.windows(*arguments, high, low, where)
    expected = [
        (lane(window, LANES[0]), lane(window, LANES[1]), (7 + 2 * row) << 32 | at)
        for row, text in enumerate(texts)
        for at in range(len(text) - n + 1)
        if any(at <= place <= at + n - k for place in hot[row])
        for window in [items_of(text, cutting)[at : at + n]]
    ]
    told = zip(high[:count].tolist(), low[:count].tolist(), where[:count].tolist(), strict=True)
    assert list(told) == expected


def begun(text: str) -> list[str]:
    """The tokens that begin a sentence or a line."""
    cutting = Cutting()
    buffers = text_buffers(column("Hm. X", text))
    items = cut_items(buffers, cutting)
    tokens = load_kernels().tokens
    out = np.zeros(len(items.hashes), np.bool_)
    room = tokens.token_room(len(text.encode()) + 9), tokens.break_room(len(text.encode()) + 9)
    read = (buffers.data, buffers.offsets, tables.flags(), tables.folds())
    load_kernels().cuts.borders(*read, items.starts, items.first, *room, out)
    low = int(items.first[1])
    encoded = text.encode()
    return [
        encoded[items.starts[at] : items.ends[at]].decode()
        for at in np.flatnonzero(out)
        if at >= low
    ]


def test_sentences_and_lines_begin_where_one_expects():
    assert begun("One of them. “Two.” Three! four? Five") == ["One", "“", "Three", "Five"]
    assert begun("Dr. Who or J. R. Hartley at 5.30. Then") == ["Dr", "Then"]
    assert begun("1. First\n2. Second\n\n\nlast") == ["1", "2", "last"]
    assert begun("河水很浅。“没有人！”老人说：好。") == ["河", "“", "老"]
    assert begun("\n\n") == []


@many
@given(twin.texts)
def test_borders_part_a_text_at_lines_and_sentence_ends(text: str):
    found = begun(text)
    tokens = twin.tokens(text)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= len(found) <= len(tokens)
    assert not tokens or found[0] == tokens[0].text
    ends = sum(twin.is_mark_of_end(token) for token, _ in pairwise(tokens))
    assert len(found) <= len(lines) + ends
