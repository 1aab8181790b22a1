"""What is removed, what must survive, and an account from which the source can be found again."""

from __future__ import annotations

import pickle
import re
import unicodedata
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from dataqa import tidy
from dataqa.edits import decode, source_span
from dataqa.errors import InputError
from dataqa.steps.normalize import Normalize
from dataqa.types import Action, Assets, Batch, batch_of

ASSETS = Assets((), Path())
EVERYTHING = Normalize(trailing_space=True, max_newlines=2)

ODD = st.sampled_from(
    "\r\n\t\0\x1f\x7f\x85 aeK\u3000\xa0\u0301\u0323\u0344\u212a\u1100\u1161\u11a8\u200b\u200c"
    "\u200d\u2060\ufeff\xad\u0645\u0915\u094d\u1780\U0001f468\ufe0f\u2764\uf900\u0958中"
)
TEXTS = st.text(ODD | st.characters(exclude_categories=["Cs"]), max_size=40)


def batch(*texts: str | None) -> Batch:
    numbers = pl.Series(range(len(texts)), dtype=pl.UInt64)
    ids = [f"d{row}" for row in range(len(texts))]
    return batch_of(
        pl.DataFrame({"_doc": numbers, "doc_id": ids, "text": pl.Series(texts, dtype=pl.String)})
    )


def run(text: str, step: Normalize = EVERYTHING) -> tuple[str, str | None]:
    done = step.open(ASSETS)(batch(text))
    details = done.findings["detail"].to_list()
    return done.docs["text"][0], details[0] if details else None


@pytest.mark.parametrize(
    ("text", "expected", "detail"),
    [
        ("a\r\nb\r\nc\rd", "a\nb\nc\nd", "crlf 2, cr 1"),
        ("a\0\0b\x07\x85c\td\n", "abc\td\n", "nul 2, control 2"),
        ("e\u0301te\u0301", "\xe9t\xe9", "nfc 2"),
        ("\ufeffword\u200bs hy\xadphen", "words hyphen", "zero_width 2, soft_hyphen 1"),
        ("a \t\nb\u3000\nc", "a\nb\nc", "trailing_space 2"),
        ("a\n\n\n\n\nb", "a\n\nb", "newlines 1"),
        ("e\u200b\u0301", "\xe9", "zero_width 1, nfc 1"),
        ("\u1100\u1161\u11a8", "\uac01", "nfc 1"),
    ],
)
def test_reason(text: str, expected: str, detail: str):
    assert run(text) == (expected, detail)


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم بروم",
        "क्\u200dष और क्\u200cष",
        "ന്\u200d",
        "ه\u200d",
        "👨\u200d👩\u200d👧 👩🏽\u200d🚀 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥",
        "ភាសា\u200bខ្មែរ",
        "\u202bשלום\u202c",
        "中文，全角！\u3000段落",
        "ﬁne “quotes” x²",
    ],
)
def test_what_means_something_survives(text: str):
    assert run(text, Normalize()) == (text, None)


@pytest.mark.parametrize(
    "text", ["plain\u200c text", "un\u200dnecessary", "中\u200d文", "👨\u200d x"]
)
def test_a_joiner_that_joins_nothing_goes(text: str):
    assert run(text)[0] == re.sub("[\u200c\u200d]", "", text)


@given(TEXTS)
def test_normalizing_twice_changes_nothing_more(text: str):
    once, _ = run(text)
    assert run(once) == (once, None)


@given(TEXTS)
def test_the_search_misses_no_text_that_a_pass_would_change(text: str):
    passes = [tidy.line_ends, tidy.controls, tidy.zero_width, tidy.nfc, tidy.trailing_space]
    assert run(text)[0].encode() == tidy.tidy(text.encode(), [*passes, tidy.newlines(2)]).text


@given(st.text(max_size=60))
def test_nfc_is_exactly_unicodes(text: str):
    only = Normalize(line_ends=False, control=False, zero_width=False)
    assert run(text, only)[0] == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("plane", [0, 1, 2, 14])
def test_nfc_of_every_code_point_is_exactly_unicodes(plane: int):
    points = range(max(plane << 16, 0x20), (plane + 1) << 16)
    texts = [f"e{chr(c)}\u0323\u0301a" for c in points if not 0xD800 <= c < 0xE000]
    only = Normalize(line_ends=False, control=False, zero_width=False)
    done = only.open(ASSETS)(batch(*texts)).docs["text"].to_list()
    assert done == [unicodedata.normalize("NFC", text) for text in texts]


@given(TEXTS)
def test_every_kept_byte_maps_back_to_itself(text: str):
    done = EVERYTHING.open(ASSETS)(batch(text))
    received, new = text.encode(), done.docs["text"][0].encode()
    chain = done.findings["edits"].to_list()
    inside: set[int] = set()
    drift = 0
    for start, removed, inserted in decode(chain[0]) if chain else []:
        inside.update(range(start + drift, start + drift + inserted))
        drift += inserted - removed
    assert len(new) == len(received) + drift
    for place in set(range(len(new))) - inside:
        start, end = source_span(chain, place, place + 1)
        assert received[start:end] == new[place : place + 1]


def test_repair_undoes_mojibake_and_nothing_else():
    step = Normalize(repair=True)
    assert run("ok\nsch\xc3\xb6n ﬁ “x”\n", step) == ("ok\nschön ﬁ “x”\n", "repaired 1")
    assert run("sch\xc3\xb6n", Normalize())[1] is None


def test_laws():
    before = batch("a\r\n", "", None, "plain", "x\0")
    copy = before.docs.clone()
    done = EVERYTHING.open(ASSETS)(before)
    assert_frame_equal(before.docs, copy)
    assert done.docs["text"].to_list() == ["a\n", "", None, "plain", "x"]
    assert done.findings["_doc"].to_list() == [0, 4]
    assert set(done.findings["action"]) == {Action.REWRITE}
    parts = [EVERYTHING.open(ASSETS)(before._replace(docs=copy[row : row + 1])) for row in range(5)]
    assert_frame_equal(pl.concat([part.docs for part in parts]), done.docs)
    assert_frame_equal(pl.concat([part.findings for part in parts]), done.findings)
    assert EVERYTHING.open(ASSETS)(batch()).docs.height == 0
    assert pickle.loads(pickle.dumps(EVERYTHING)) == EVERYTHING
    assert msgspec.convert(msgspec.to_builtins(EVERYTHING), Normalize) == EVERYTHING


@pytest.mark.parametrize("one", ["\r", "\0", " ", "\n", "\u0301", "\u200b", "\u200d", "a", "\xa0"])
def test_a_megabyte_of_one_character(one: str):
    text = one * (1 << 20)
    run(text)
    run(text + "x")


def test_alternating_marks_do_not_take_quadratic_time():
    assert run("a" + "\u0301\u0323" * 300_000)[1] is None


def test_errors():
    with pytest.raises(InputError, match="max_newlines"):
        Normalize(max_newlines=0)
