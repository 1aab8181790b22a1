"""``repeated_lines``: what many documents have goes, from each of them, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataqa.duplicates.folding import order_of
from dataqa.edits import decode
from dataqa.engine.memory import Frame
from dataqa.engine.settle import ruled
from dataqa.engine.shard import attach
from dataqa.errors import InputError
from dataqa.frames import judge
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.registry import shipped
from dataqa.steps.line_rules import LineRules
from dataqa.steps.repeated_lines import RepeatedLines
from dataqa.types import DOC, DOC_ID, FINDINGS, TEXT, Action, Assets, Batch, batch_of

ASSETS = Assets((shipped("rules"),), Path())
MENU, NOTICE = "Home | About us | Contact", "版权所有，未经许可不得转载。"


def after(texts: Sequence[str | None], **fields: Any) -> Batch:
    """A corpus of these texts after the step, each a document in a batch of all."""
    step = RepeatedLines(**fields)
    docs = pl.DataFrame(
        {
            DOC: pl.Series(range(len(texts)), dtype=pl.UInt64),
            DOC_ID: [f"d{at}" for at in range(len(texts))],
            TEXT: pl.Series(texts, dtype=pl.String),
        }
    )
    batch = batch_of(docs)
    frames = step.settle(Frame(step.sketcher(ASSETS)(batch), docs))
    rulings = [ruled("repeated_lines", rows) for rows in frames]
    if rulings:
        batch = attach(batch, pl.concat(rulings).sort(DOC))
    return step.open(ASSETS)(batch)


def texts_of(batch: Batch) -> list[str]:
    return batch.docs[TEXT].to_list()


def page(at: int, body: str = "") -> str:
    body = body or f"What page {at} says nobody else does."
    return f"{MENU}\n\n{body}\n\n{NOTICE}\n"


def test_a_header_of_a_thousand_documents_goes_from_all_of_them():
    done = after([page(at) for at in range(1000)] + ["A page without a menu.\n"])
    expected = [f"What page {at} says nobody else does." for at in range(1000)]
    assert texts_of(done) == [*expected, "A page without a menu.\n"]
    assert done.findings.height == 2000
    assert done.findings["score"].unique().to_list() == [1000]
    assert done.signals["lines_repeated"].to_list() == [2] * 1000 + [0]


def test_just_as_many_documents_as_allowed_is_not_too_many():
    texts = [page(at) for at in range(10)]
    assert texts_of(after(texts)) == texts
    assert texts_of(after([*texts, page(10)]))[0] == "What page 0 says nobody else does."


def test_lines_that_differ_in_digits_are_different_lines_unless_folded_so():
    texts = [f"Page {at} of 2024 in all\nText number {'x' * at}." for at in range(20)]
    assert texts_of(after(texts)) == texts
    assert texts_of(after(texts, ignore="digits"))[3] == "Text number xxx."


def test_carriage_returns_and_white_space_at_the_ends_do_not_count():
    ends = ["\n", "\r\n", "  \n", "\u3000\r\n"]
    texts = [f" {MENU}{ends[at % 4]}Number {'x' * at} here." for at in range(12)]
    assert texts_of(after(texts)) == [f"Number {'x' * at} here." for at in range(12)]


def test_windows_files_keep_their_line_ends():
    texts = [page(at, f"One {at}.\r\n\r\nTwo {at}.").replace("\n", "\r\n") for at in range(12)]
    left = texts_of(after([text.replace("\r\r", "\r") for text in texts]))
    assert left[5] == "One 5.\r\n\r\nTwo 5."


def test_a_last_line_without_a_line_feed_is_a_line():
    texts = [f"Text {'x' * at} here.\n{NOTICE}" for at in range(12)]
    texts[5] += "\n"
    assert texts_of(after(texts)) == [f"Text {'x' * at} here." for at in range(12)]


def test_the_same_line_many_times_in_one_document_counts_one_document():
    """Field request 7: what one page repeats is no boilerplate of the corpus."""
    refrain = "And so say all of us, for ever.\n"
    assert texts_of(after([refrain * 500, refrain * 2, "Other."], max_documents=2)) == [
        refrain * 500,
        refrain * 2,
        "Other.",
    ]
    gone = after([refrain * 500, refrain * 2, "Other."], max_documents=1)
    assert texts_of(gone) == ["", "", "Other."]
    assert gone.signals["lines_repeated"].to_list() == [500, 2, 0]
    assert gone.findings["score"].unique().to_list() == [2]


def test_a_document_of_which_nothing_is_left_says_so():
    done = after([page(at) for at in range(11)] + [f"{MENU}\n{NOTICE}\n\n", "", " \n", None])
    assert texts_of(done)[11:] == ["", "", " \n", None]
    assert done.signals["lines_repeated_char_ratio"].to_list()[11:] == [1.0, 0.0, 0.0, None]
    frame = pl.DataFrame({"text": [page(at) for at in range(11)] + [MENU]})
    judged = judge(frame, Pipeline.of("p", RepeatedLines(max_share=0.8)))
    assert judged["verdict"].to_list() == ["kept"] * 11 + ["rejected"]
    assert judged["reasons"].to_list()[11] == ["repeated_lines.share.max"]


def test_the_share_is_of_the_characters_of_all_lines():
    done = after([f"{'x' * 30}\n\n{'y' * 8}{at}{'y' * (1 - at // 10)}" for at in range(12)])
    assert done.signals["lines_repeated_char_ratio"].unique().to_list() == [0.75]


def test_blank_lines_are_never_compared():
    """Field request 7: blank lines counted as duplicates."""
    blanks = ("\n", " \n", "\t\n", "\u3000\n", "\r\n")
    texts = ["".join(blanks) * 3 + f"Text {'x' * at}" + "\n\n\n" for at in range(12)]
    assert texts_of(after(texts, min_chars=1, max_documents=1)) == texts


def test_short_lines_are_left_alone_in_characters_not_bytes():
    texts = [f"}}\n首页\n关于我们和你们\n说的是{'话' * at}" for at in range(12)]
    left = texts_of(after(texts, min_chars=7))
    assert left[3] == "}\n首页\n说的是话话话"
    assert texts_of(after(texts))[3] == texts[3]


def test_allowed_lines_stay(tmp_path: Path):
    path = tmp_path / "lines.txt"
    path.write_text(f"\n  {MENU}\n\n", encoding="utf-8")
    texts: list[str] = [page(at) for at in range(12)]
    body = "What page 4 says nobody else does."
    assert texts_of(after(texts, allow=(f"file:{path}",)))[4] == f"{MENU}\n\n{body}"
    assert texts_of(after(texts, allow=(f" {NOTICE}",)))[4] == f"{body}\n\n{NOTICE}\n"
    assert texts_of(after(texts, allow=(MENU.upper(),)))[4] == body
    folded = after(texts, allow=(MENU.upper(),), ignore="folded")
    assert texts_of(folded)[4] == f"{MENU}\n\n{body}"
    words: list[str] = [f"that\nText {'x' * at}." for at in range(12)]
    assert texts_of(after(words, allow=("list:en-gopher",), min_chars=1)) == words
    assert RepeatedLines(allow=(f"file:{path}",)).digest(ASSETS) != RepeatedLines().digest(ASSETS)
    with pytest.raises(InputError, match="there is no file"):
        RepeatedLines(allow=("file:nowhere.txt",)).open(ASSETS)


def test_lines_of_a_megabyte():
    long = "很长的一行" * 70_000
    assert len(long.encode()) > 1_000_000
    texts: list[str] = [f"{long}\nNumber {at}." for at in range(3)]
    texts.append(f"{long[:-1]}\nNumber three.")
    done = after(texts, max_documents=2)
    assert texts_of(done) == [*(f"Number {at}." for at in range(3)), texts[3]]
    assert done.findings["end"].unique().to_list() == [len(long.encode())]


def test_one_copy_stays_whatever_the_order():
    """Field trap A12: which one follows from the ids, and the findings of the others name it."""
    texts = [page(at) for at in range(30)]
    done = after(texts, keep_first=True)
    for line in (MENU, NOTICE):
        assert sum(line in text for text in texts_of(done)) == 1
    (kept,) = done.findings["ref"].unique().to_list()
    place = done.docs[DOC_ID].to_list().index(kept)
    assert texts_of(done)[place] == texts[place]
    assert done.signals["lines_repeated"].to_list()[place] == 0
    assert done.findings.height == 58
    frame = pl.DataFrame({"id": [f"d{at}" for at in range(30)], "text": texts})
    step = Pipeline.of("p", RepeatedLines(keep_first=True), reading=Reading(id_column="id"))
    shuffled = judge(frame.sample(fraction=1, shuffle=True, seed=3), step)
    assert shuffled.sort("id").equals(judge(frame, step).sort("id"))


def test_a_document_that_keeps_a_line_for_all_is_not_dropped():
    """With ``keep_first`` a share that is too large asks for review; no line is lost with it."""
    names = sorted((f"d{at}" for at in range(12)), key=lambda name: order_of(pl.Series([name]))[0])
    own = "What is mine is a good deal longer than any menu."
    texts = {name: f"{MENU}\n{NOTICE}\n{own} {name}" for name in names}
    # the first keeps the menu; so the second, without a word of its own, keeps the notice
    texts[names[0]] = f"{MENU}\n{own}"
    texts[names[1]] = f"{MENU}\n{NOTICE}"
    frame = pl.DataFrame({"id": list(texts), "text": list(texts.values())})

    def judged(**fields: Any) -> pl.DataFrame:
        step = RepeatedLines(max_documents=3, max_share=0.5, **fields)
        return judge(frame, Pipeline.of("p", step, reading=Reading(id_column="id")))

    done = judged(keep_first=True)
    stays = done.filter(pl.col("verdict") != "rejected")["text"].to_list()
    assert all(sum(line in text for text in stays) == 1 for line in (MENU, NOTICE))
    assert dict(done.select("id", "verdict").iter_rows())[names[1]] == "review"
    assert set(judged()["verdict"]) == {"kept", "rejected"}


def test_paragraphs_go_as_a_whole_or_not_at_all():
    notice = "We use cookies.\nYou agree to that.\n"
    texts: list[str] = [
        f"Text {at}.\nWe use cookies.\n\n{notice}\n \nMore {'y' * at}." for at in range(12)
    ]
    done = after(texts, unit="paragraph")
    assert texts_of(done)[7] == "Text 7.\nWe use cookies.\n\nMore yyyyyyy."
    assert done.findings["detail"].unique().to_list() == ["paragraph 4"]
    assert done.signals["paragraphs_repeated"].to_list() == [1] * 12
    trailing: list[str] = [
        text.replace("cookies.\nYou", "cookies. \r\n You") if at % 2 else text
        for at, text in enumerate(texts)
    ]
    assert texts_of(after(trailing, unit="paragraph")) == texts_of(done)


def test_counting_leaves_texts_as_they_are():
    texts: list[str] = [page(at) for at in range(12)]
    done = after(texts, action="count")
    assert texts_of(done) == texts
    assert done.findings["action"].unique().to_list() == [Action.KEEP]
    assert done.findings["edits"].null_count() == done.findings.height == 24
    assert done.signals["lines_repeated"].to_list() == [2] * 12
    assert not RepeatedLines(action="count").rewrites


def test_two_of_them_follow_each_other():
    steps = (RepeatedLines(unit="paragraph"), RepeatedLines(), RepeatedLines(action="count"))
    frame = pl.DataFrame({"text": [page(at, f"Text {at}.\n{NOTICE}") for at in range(12)]})
    judged = judge(frame, Pipeline.of("p", *steps))
    assert judged["text"].to_list() == [f"Text {at}." for at in range(12)]


def test_spans_are_those_of_the_text_that_the_step_received():
    frame = pl.DataFrame({"text": [f"[12]{page(at)}" for at in range(12)]})
    judged = judge(
        frame, Pipeline.of("p", LineRules(recipes=("c4",), terminal=False), RepeatedLines())
    )
    assert NOTICE not in "".join(judged["text"])


def test_settings_that_mean_nothing_are_refused():
    wrong: list[dict[str, Any]] = [{"max_documents": 0}, {"min_chars": 0}, {"max_share": 2.0}]
    for fields in wrong:
        with pytest.raises(InputError):
            RepeatedLines(**fields)


LINES = st.sampled_from(["", " ", "a", "bb", "bb ", "\tbb", "中文", "中文\r", "Aa", "é"])
CORPORA = st.lists(st.lists(LINES, max_size=9).map("\n".join), max_size=8)


@given(texts=CORPORA, most=st.integers(1, 3), keep=st.booleans(), folded=st.booleans())
def test_equal_to_what_can_be_told_line_by_line(
    texts: list[str], most: int, keep: bool, folded: bool
):
    """What is removed is what brute force finds; edits account for all of it; others stay."""
    ignore = "case" if folded else "nothing"
    done = after(texts, max_documents=most, keep_first=keep, min_chars=1, ignore=ignore)
    says = [[line.strip() for line in text.split("\n")] for text in texts]
    keys = [[line.casefold() if folded else line for line in mine] for mine in says]
    documents = {key: sum(key in mine for mine in keys) for mine in keys for key in mine if key}
    many = {key for key, count in documents.items() if count > most}
    kept: dict[str, int] = {}
    for at, text in enumerate(texts_of(done)):
        left = [line.strip() for line in text.split("\n") if line.strip()]
        expected = [
            line for line, key in zip(says[at], keys[at], strict=True) if line and key not in many
        ]
        stays = [line for line in left if (line.casefold() if folded else line) in many]
        for line in {line.casefold() if folded else line for line in stays}:
            kept[line] = kept.get(line, 0) + 1
        assert [line for line in left if line not in stays] == expected
        mine = done.findings.filter(pl.col(DOC) == at)
        assert not (mine.height == 0 and text != texts[at])
        assert _applied(texts[at], mine) == text
    assert set(kept.values()) <= {1}
    assert kept.keys() == (many if keep else set())
    assert done.findings.schema == FINDINGS


def _applied(text: str, findings: pl.DataFrame) -> str:
    data = text.encode()
    edits = [edit for stored in findings["edits"].drop_nulls() for edit in decode(stored)]
    spans = list(findings.select("start", "end").iter_rows())
    for edit, (start, end) in zip(sorted(edits), sorted(spans), strict=True):
        assert edit.start <= start <= end <= edit.start + edit.removed
        gone = data[edit.start : edit.start + edit.removed].decode()
        assert gone.strip() == data[start:end].decode().strip()
    for edit in sorted(edits, reverse=True):
        data = data[: edit.start] + data[edit.start + edit.removed :]
    return data.decode()


def test_random_pages_lose_no_line_of_their_own():
    draw = random.Random(7)
    own = [[f"line {at}-{nth} is mine" for nth in range(draw.randrange(1, 9))] for at in range(60)]
    shared = [f"shared line number {nth}" for nth in range(5)]
    texts: list[str] = []
    for mine in own:
        mixed = [(draw.random(), line) for line in shared]
        places = sorted(draw.random() for _ in mine)
        mixed += zip(places, mine, strict=True)
        texts.append("\n\n".join(line for _, line in sorted(mixed)))
    left = [[line for line in text.split("\n") if line] for text in texts_of(after(texts))]
    assert left == own


def test_who_is_in_review_does_not_keep_the_line_if_another_can():
    frame = pl.DataFrame({"text": [page(at) for at in range(12)], "n": [9] * 5 + [1] + [9] * 6})
    review = {"quality": {"columns": {"n": {"max": 2, "action": "review"}}}}
    tree = {"steps": [review, {"repeated_lines": {"keep_first": True}}]}
    judged = judge(frame, Pipeline.from_builtins(tree))
    holders = judged.filter(pl.col("text").str.contains(MENU, literal=True))
    assert holders["verdict"].to_list() == ["kept"]
