"""Two texts side by side: nothing is made up, nothing is lost, however odd they are."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from dataqa.report.differences import AROUND, SHOWN, WORD, side_by_side, tokens
from dataqa.report.masks import harmless

WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "你", "好", "。", "x\n", "…"]), max_size=30)


@given(st.text(max_size=200))
def test_words_put_together_are_the_text(text: str):
    assert "".join(tokens(text)) == text


@given(WORDS, WORDS)
def test_both_sides_have_the_same_in_common(left: list[str], right: list[str]):
    mine, theirs = " ".join(left), " ".join(right)
    runs = side_by_side(mine, theirs)
    for text, shown in zip((mine, theirs), runs, strict=True):
        if all(kind != "gap" for kind, _ in shown):
            assert "".join(words for _, words in shown) == text
    common = [
        [word.strip() for kind, words in shown if kind == "same" for word in tokens(words)]
        for shown in runs
    ]
    if all(kind != "gap" for shown in runs for kind, _ in shown):
        assert common[0] == common[1]


@given(st.text(max_size=80))
def test_a_text_is_all_the_same_as_itself(text: str):
    left, right = side_by_side(text, text)
    assert left == right
    assert all(kind == "same" for kind, _ in left if kind != "gap")


def test_chinese_is_compared_by_the_character():
    left, right = side_by_side("今天天气很好。", "今天天气不好。")
    assert [tuple(run) for run in left] == [("same", "今天天气"), ("only", "很"), ("same", "好。")]
    assert ("only", "不") in [tuple(run) for run in right]


def test_long_common_runs_are_shortened():
    words = [f"w{n}" for n in range(1000)]
    left, _ = side_by_side(" ".join([*words, "one", *words]), " ".join([*words, "two", *words]))
    kinds = [run.kind for run in left]
    assert kinds == ["same", "gap", "same", "only", "same", "gap"]
    assert len(tokens(left[2].text)) == AROUND
    assert left[1].text == f"{1000 - AROUND - 8:,} words"


def test_what_is_shown_is_bounded():
    """Field trap: a page of a hundred pairs of whole books, or of one endless word."""
    book = " ".join(f"a{n}" for n in range(20_000))
    other = " ".join(f"b{n}" for n in range(20_000))
    for left, right in ((book, other), ("x" * 10**6, "y" * 10**6), (book, "")):
        for shown in side_by_side(left, right):
            assert sum(len(run.text) for run in shown) <= SHOWN * (WORD + 10)


def test_one_word_a_thousand_times_is_quick():
    began = time.process_time()
    side_by_side("的" * 3000, "的了" * 3000)
    side_by_side("a " * 3000, "a b " * 3000)
    assert time.process_time() - began < 5


def test_what_nobody_sees_is_not_shown():
    assert harmless("one\u202etwo\u200b\x07 mail@example.org") == "onetwo ▒▒▒"
