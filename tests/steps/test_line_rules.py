"""Tiny pages that lose lines by exactly one rule, and edits that say which lines those were."""

from __future__ import annotations

import pickle
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from dataqa.edits import decode, merge
from dataqa.errors import InputError
from dataqa.policy import StepRule, judge
from dataqa.steps.line_rules import LineRules
from dataqa.types import Action, Assets, Batch, batch_of

ASSETS = Assets((), Path())
GOOD = "This is a good line with enough words."
ALL = LineRules(recipes=("c4", "refinedweb"))

LINES = st.sampled_from(
    [
        *("", "  ", "\r", GOOD, GOOD, "Menu", "12345", "[edit]", "x [1]", "。", "3 likes"),
        *("LOUD WORDS ARE SHOUTED HERE.", "我们今天去公园玩。", "Sign-in here.", "Read more..."),
        "uses cookies, we say so.",
    ]
)


def batch(*texts: str | None) -> Batch:
    numbers = pl.Series(range(len(texts)), dtype=pl.UInt64)
    ids = [f"d{row}" for row in range(len(texts))]
    return batch_of(
        pl.DataFrame({"_doc": numbers, "doc_id": ids, "text": pl.Series(texts, dtype=pl.String)})
    )


def run(text: str, *recipes: str) -> tuple[str, dict[str, str]]:
    done = LineRules(recipes=recipes).open(ASSETS)(batch(text))
    found = done.findings
    return done.docs["text"][0], dict(zip(found["rule"], found["detail"], strict=True))


@pytest.mark.parametrize(
    ("recipe", "line", "rule"),
    [
        ("c4", "This line has no end mark at all", "terminal"),
        ("c4", "This line just trails off here...", "terminal"),
        ("c4", "Only four words here.", "min_words"),
        ("c4-paper", "Two words.", "min_words"),
        ("c4", "Please enable JavaScript to see this page.", "javascript"),
        ("c4", "Read our Privacy Policy before you go on.", "policy"),
        ("c4", f"One word of it is {'x' * 1001} too long.", "word_length"),
        ("c4", "我们今天去公园玩", "terminal"),
        ("c4", "去公园。", "min_words"),
        ("fineweb", "Two words.", "min_words"),
        ("fineweb", "This site uses cookies and says so", "policy"),
        ("refinedweb", "WELCOME TO OUR Site", "upper"),
        ("refinedweb", "123 456", None),
        ("refinedweb", "123456", "min_words"),
        ("refinedweb", "1.2K followers", "counter"),
        ("refinedweb", "- 12,345 likes!", "counter"),
        ("refinedweb", "12 likes are not enough", None),
        ("refinedweb", "Word", "min_words"),
        ("refinedweb", "我们今天去公园玩", None),
        ("c4-paper", "He said 'it is so'", None),
        ("c4", "我们今天去公园玩！", None),
        ("c4", "他说：“我们今天去公园玩”", None),
    ],
)
def test_reason(recipe: str, line: str, rule: str | None):
    text, found = run(f"{GOOD}\n{line}\n{GOOD}", recipe)
    if rule is None:
        assert (text, found) == (f"{GOOD}\n{line}\n{GOOD}", {})
    else:
        assert (text, found) == (f"{GOOD}\n{GOOD}", {f"line_rules.{rule}": "1 line"})


def test_digits_alone():
    step = LineRules(recipes=(), max_digit_ratio=0.999999)
    done = step.open(ASSETS)(batch(f"{GOOD}\n123456\n12 34\n"))
    assert done.docs["text"][0] == f"{GOOD}\n12 34\n"
    assert done.findings["rule"].to_list() == ["line_rules.digits"]


def test_citations_are_cut_out_before_the_end_of_the_line_is_looked_at():
    text, found = run("Paris is a city in France.[12][citation needed]\nHistory[edit]", "c4")
    assert text == "Paris is a city in France."
    assert found == {"line_rules.citations": "3 places", "line_rules.terminal": "1 line"}


def test_snippets_are_cut_out_of_short_lines_only():
    text, found = run("Sign-in to your page\nThe tale goes on Read more...\n", "refinedweb")
    assert text == " to your page\nThe tale goes on \n"
    assert found == {"line_rules.snippets": "2 places"}
    long = "There are two items in cart number nine and that is all there is"
    assert run(long, "refinedweb") == (long, {})


def test_blank_lines_go_with_the_removed_line_before_them():
    text, _ = run(f"\nTitle\n\n{GOOD}\n\nMenu\n\n\nHome\n\n{GOOD}\n\nFoot\n", "c4")
    assert text == f"{GOOD}\n\n{GOOD}"


def test_nothing_left_is_an_empty_text():
    assert run("Menu\n\nHome\n", "c4") == ("", {"line_rules.terminal": "2 lines"})


def test_blank_lines_alone_stay():
    assert run("\n\n", "c4") == ("\n\n", {})


def test_removed_is_flagged_beyond_a_twentieth_of_the_words():
    page = "\n".join([GOOD] * 10)
    step = LineRules(recipes=("refinedweb",))
    rules = [StepRule("line_rules", rule) for rule in step.rules(ASSETS)]
    few, many = f"{page}\nWord", f"{page}\n" + "Word\n" * 20
    done = step.open(ASSETS)(batch(few, many))
    found = judge(done, rules)
    assert found["_doc"].to_list() == [1]
    assert found["rule"].to_list() == ["line_rules.removed.max"]
    assert done.signals["lines_removed"].to_list() == [1, 20]
    assert done.signals["line_rules_removed_word_ratio"].to_list() == [1 / 81, 20 / 100]
    assert LineRules(recipes=("c4",)).rules(ASSETS) == ()


@given(st.lists(LINES, max_size=12))
def test_edits_are_exact_and_disjoint(lines: list[str]):
    text = "\n".join(lines)
    done = ALL.open(ASSETS)(batch(text))
    received = text.encode()
    left, at = b"", 0
    for start, removed, inserted in decode(merge(done.findings["edits"].to_list())):
        assert start >= at
        assert inserted == 0
        left += received[at:start]
        at = start + removed
    assert (left + received[at:]).decode() == done.docs["text"][0]
    assert 0 <= done.signals["line_rules_removed_word_ratio"][0] <= 1


@given(st.lists(st.lists(LINES, max_size=12), min_size=3, max_size=3))
def test_batch_borders_are_invisible(pages: list[list[str]]):
    received = batch(*("\n".join(page) for page in pages), None, "")
    done = ALL.open(ASSETS)(received)
    parts = [
        ALL.open(ASSETS)(received._replace(docs=received.docs[row : row + 1])) for row in range(5)
    ]
    assert_frame_equal(pl.concat([part.docs for part in parts]), done.docs)
    assert_frame_equal(pl.concat([part.signals for part in parts]), done.signals)
    assert_frame_equal(pl.concat([part.findings for part in parts]), done.findings)


def test_laws():
    received = batch("Menu", None, "", "a\0b\nc", GOOD)
    copy = received.docs.clone()
    done = ALL.open(ASSETS)(received)
    assert_frame_equal(received.docs, copy)
    assert done.docs["text"][1] is None
    assert done.signals["lines_removed"].to_list() == [1, None, 0, 2, 0]
    assert set(done.findings["action"]) == {Action.REWRITE}
    assert ALL.open(ASSETS)(batch()).docs.height == 0
    assert pickle.loads(pickle.dumps(ALL)) == ALL
    assert msgspec.convert(msgspec.to_builtins(ALL), LineRules) == ALL


@pytest.mark.parametrize("one", ["\n", " ", "a", "中", "[", "1", "\u0301", "\0", "[1]", "j"])
def test_a_megabyte_of_one_character(one: str):
    ALL.open(ASSETS)(batch(one * (1 << 20)))


def test_errors():
    with pytest.raises(InputError, match="did you mean fineweb"):
        LineRules(recipes=("finweb",))
    with pytest.raises(InputError, match="min_words"):
        LineRules(min_words=-1)
    with pytest.raises(InputError, match="max_removed"):
        LineRules(max_removed=2)
