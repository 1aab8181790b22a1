"""The kernel beside plain Python that must say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.decontaminate import index as making
from dataqa.decontaminate.entries import Census, Entries, laid
from dataqa.decontaminate.index import Index, build, prepare
from dataqa.decontaminate.stretches import Finder, counted
from dataqa.decontaminate.words import grams, probing, words_of

N, GAP, WIDEST = 5, 11, 2

QUESTION = st.lists(st.sampled_from("abcde"), min_size=N, max_size=14)
QUESTIONS = st.lists(QUESTION, min_size=1, max_size=6)
PIECES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(1, 14)),
        st.lists(st.sampled_from("abcdexyz"), max_size=14),
    ),
    max_size=8,
)


def made(questions: list[list[str]]) -> Index:
    """An index of questions however short, without answers."""
    words = words_of(pl.Series([" ".join(question) for question in questions]))
    texts = laid([words.folds[words.of(at)] for at in range(len(questions))])
    size = len(questions)
    nothing = laid([np.zeros(0, np.uint64)] * size)
    entries = Entries(
        [Census("b", size, size, 0, 0, 0)],
        [f"q{at}" for at in range(size)],
        np.arange(size),
        np.zeros(size, np.int64),
        texts,
        laid([]),
        np.zeros(size + 1, np.int64),
        nothing,
    )
    return build(prepare(entries))


def written(questions: list[list[str]], pieces: list[Any]) -> list[str]:
    """A text of parts of the questions and of other words."""
    text: list[str] = []
    for piece in pieces:
        if isinstance(piece, tuple):
            which, begin, length = piece
            text += questions[which % len(questions)][begin : begin + length]
        else:
            text += piece
    return text


def expected(index: Index, text: list[str]) -> set[tuple[int, int, int, int]]:
    """Entry, first and last word and weight of the stretches in a text."""
    keys = grams(words_of(pl.Series([" ".join(text)])).folds, N).tolist()
    found: set[tuple[int, int, int, int]] = set()
    for entry in range(len(index.base.groups)):
        own = grams(index.base.questions.of(entry), N).tolist()
        hits = [at for at, key in enumerate(keys) if key in own]
        cold = {at for at in hits if begins(index, keys[at])}
        for run in runs(hits):
            if cold & set(run):
                best = widest(index, entry, own, keys, run)
                if best[2] >= index.kernel.least[entry]:
                    found.add((entry, best[0], best[1] + N, best[2]))
    return found


def begins(index: Index, key: int) -> bool:
    """Whether an n-gram may start a stretch: it is in few entries."""
    number = int(np.searchsorted(index.base.grams.hashes, np.uint64(key)))
    return bool(index.kernel.posts[number + 1] > index.kernel.posts[number])


def runs(hits: list[int]) -> list[list[int]]:
    parts: list[list[int]] = []
    for at in hits:
        if not parts or at - parts[-1][-1] > GAP:
            parts.append([])
        parts[-1].append(at)
    return parts


def widest(
    index: Index, entry: int, own: list[int], keys: list[int], run: list[int]
) -> tuple[int, int, int]:
    """The stretch of a run that covers most; of equal ones the first to end, then the shortest."""
    base = int(index.base.questions.offsets[entry])
    length = len(own) + N - 1
    options: list[tuple[int, int, int]] = []
    for low in run:
        for high in run:
            if 0 <= high - low <= WIDEST * (length + GAP):
                inside = {keys[at] for at in run if low <= at <= high}
                words = {at + k for at, key in enumerate(own) if key in inside for k in range(N)}
                weight = sum(int(index.kernel.weights[base + word]) for word in words)
                options.append((weight, -high, low))
    weight, high, low = max(options)
    return low, -high, weight


def told(index: Index, text: list[str]) -> set[tuple[int, int, int, int]]:
    finder = Finder(index)
    rows = finder.rows(pl.Series(["", " ".join(text)]))
    assert set(rows[:, 0].tolist()) <= {1}
    return {tuple(row) for row in rows[:, 1:].tolist()}  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("hot", [50, 1], ids=["few", "many"])
@given(questions=QUESTIONS, pieces=PIECES)
def test_stretches_are_those_of_the_twin(questions: list[list[str]], pieces: list[Any], hot: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "HOT", hot)
        index = made(questions)
    text = written(questions, pieces)
    assert told(index, text) == expected(index, text)


@given(texts=st.lists(st.lists(st.sampled_from("abcde"), max_size=30), max_size=6))
def test_texts_that_hold_an_ngram_are_counted_once(texts: list[list[str]]):
    index = made([list("abcdeabcde"), list("edcbaedcba")])
    lines = pl.Series([" ".join(text) for text in texts], dtype=pl.String)
    counts, total = counted(index.base, [lines[:2], lines[2:]])
    assert total == len(texts)
    for number, key in enumerate(index.base.grams.hashes.tolist()):
        holding = [text for text in lines if key in grams(words_of(pl.Series([text])).folds, N)]
        assert counts[number] == len(holding)


def test_the_constants_are_those_of_the_kernel():
    kernels = probing()
    assert (kernels.N, kernels.GAP, kernels.WIDEST) == (N, GAP, WIDEST)


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=300))
def test_every_ngram_is_in_the_table_and_no_other(keys: list[int]):
    hashes = np.sort(np.array(keys, np.uint64))
    probe = making.table_of(hashes)
    assert sorted(probe.numbers[probe.numbers >= 0].tolist()) == list(range(len(keys)))
    assert (probe.keys[probe.numbers >= 0] == hashes[probe.numbers[probe.numbers >= 0]]).all()
