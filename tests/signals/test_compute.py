from __future__ import annotations

import types

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa import signals
from dataqa.errors import InputError
from dataqa.signals.counts import Count, Counts, needs

LISTS = {"en": frozenset({"the", "and"}), "zh": frozenset({"的", "中国"}), "none": frozenset[str]()}
EVERY = [
    f"{name}:en" if signal.needs_words else name for name, signal in signals.catalogue().items()
]
NASTY = [
    "",
    " ",
    "\n\n",
    "a",
    "\x00",
    "e\u0301",
    "漢字。",
    "😀" * 3,
    "a" * 5000,
    "word " * 300,
    "...",
    "'",
]


def words(name: str) -> frozenset[str]:
    return LISTS[name]


def compute(texts: list[str | None], *wanted: str) -> pl.DataFrame:
    return signals.compute(pl.Series("text", texts, dtype=pl.String), wanted, words)


def test_columns_are_named_and_ordered_as_asked():
    found = compute(["the cat"], "stop_words:en", "word_count", "stop_words:zh", "char_count")
    assert found.columns == ["stop_words:en", "word_count", "stop_words:zh", "char_count"]
    assert found.row(0) == (1, 2, 0, 7)


@pytest.mark.parametrize("name", EVERY)
def test_every_signal_stays_in_its_range_on_nasty_text(name: str):
    signal = signals.check_name(name)
    column = compute([*NASTY, None], name)[name]
    assert column[-1] is None
    assert column.dtype in {pl.Int64, pl.Float64}
    measured = column.drop_nulls()
    assert not measured.is_nan().any() if column.dtype == pl.Float64 else True
    assert ((measured >= signal.low) & (measured <= signal.high)).all()


@pytest.mark.parametrize("name", EVERY)
def test_every_signal_takes_no_documents(name: str):
    assert compute([], name).shape == (0, 1)


@given(st.lists(st.sampled_from([*NASTY, None, "The cat and the dog.\nThe cat"]), max_size=8))
def test_split_anywhere_the_result_is_the_same(texts: list[str | None]):
    whole = compute(texts, *EVERY)
    middle = len(texts) // 2
    parts = pl.concat([compute(texts[:middle], *EVERY), compute(texts[middle:], *EVERY)])
    assert parts.equals(whole)


def test_input_is_untouched_and_slices_are_measured():
    series = pl.Series("text", ["one", "two words", "three of them"])
    assert signals.compute(series[1:], ["word_count"], words).rows() == [(2,), (3,)]
    assert series.to_list() == ["one", "two words", "three of them"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("word_coutn", "did you mean word_count"),
        ("stop_words", "write stop_words:LIST"),
        ("word_count:en", "write word_count"),
    ],
)
def test_a_wrong_name_says_what_to_write(name: str, hint: str):
    """A7: a name that is not known is never a rule that silently never fires."""
    with pytest.raises(InputError) as caught:
        compute(["a"], name)
    assert hint in caught.value.hint


def test_more_word_lists_than_one_table_holds():
    lists = {f"l{k}": frozenset({f"w{k}"}) for k in range(70)}
    wanted = [f"word_hits:l{k}" for k in range(70)]
    found = signals.compute(pl.Series(["w0 w0 w69 x"]), wanted, lists.__getitem__)
    assert found.row(0) == (2, *[0] * 68, 1)


def test_chinese_is_first_class():
    found = compute(
        ["中国的天气很好。是的！"],
        "word_count",
        "terminal_line_ratio",
        "stop_words:zh",
        "han_ratio",
    )
    assert found.row(0) == (9, 1.0, 2, 9 / 11)


def test_empty_text_cannot_be_measured_where_nothing_divides():
    row = compute([""], "word_count", "alpha_word_ratio", "terminal_line_ratio").row(0)
    assert row == (0, None, None)


def test_one_probe_finds_what_a_signal_reads():
    def both(counts: Counts) -> Count:
        return counts.words.words + counts.members

    assert needs(both) == {"words", "members"}


def _vowels(counts: Counts) -> Count:
    """Vowels.

    More.
    """
    return counts.sizes.chars * 2


def test_another_package_can_add_a_signal(monkeypatch: pytest.MonkeyPatch):
    module = types.ModuleType("other")
    _vowels.__module__ = "other"
    module.vowels = _vowels  # pyright: ignore[reportAttributeAccessIssue]

    class Entry:
        name = "other"

        def load(self) -> types.ModuleType:
            return module

    def entries(group: str) -> list[Entry]:
        assert group == signals.GROUP
        return [Entry()]

    monkeypatch.setattr(signals, "entry_points", entries)
    _forget()
    try:
        assert signals.catalogue()["vowels"].doc == "Vowels."
        assert compute(["abc"], "vowels")["vowels"].to_list() == [6]
    finally:
        monkeypatch.undo()
        _forget()


def _forget() -> None:
    signals.catalogue.cache_clear()
    signals._functions.cache_clear()  # pyright: ignore[reportPrivateUsage]
    signals._needs.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_every_signal_is_documented_with_an_example():
    for name, function in signals._functions().items():  # pyright: ignore[reportPrivateUsage]
        assert ">>>" in (function.__doc__ or ""), name


def test_thirteen_grams_count_to_the_last_one():
    """A14: an n-gram range off by one loses the last n-gram."""
    text = "abcdefghijklm" * 2
    found = compute([text], "char_13gram_dup_ratio")
    assert found.item() == 2 / (len(text) - 12)


def test_blank_lines_are_no_duplicates():
    """datatrove #135, #202: blank lines must not count as duplicate lines."""
    text = "one\n\ntwo\n \n\nthree\n\n\nfour"
    found = compute([text], "char_dup_ratio", "dup_line_ratio_dclm", "unique_line_ratio")
    assert found.row(0) == (0.0, 0.0, 1.0)


def test_a_short_text_passes_rules_on_longer_ngrams():
    """A9: a document shorter than the n-gram."""
    found = compute(["one two"], "dup_5gram_char_ratio", "top_4gram_char_ratio")
    assert found.row(0) == (0.0, 0.0)


def test_values_are_whole_numbers_divided_once():
    assert isinstance(compute(["a b"], "word_count").item(), int)
    assert np.isclose(compute(["a b a"], "unique_word_ratio").item(), 2 / 3)
