"""``exact``: one of each, the same one always."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import polars as pl
import pytest

from dataqa.duplicates import folding
from dataqa.duplicates.options import Across
from dataqa.engine.memory import Frame
from dataqa.errors import InputError
from dataqa.frames import judge
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import COPIES, Exact
from dataqa.types import DOC, DOC_ID, TEXT, Assets, batch_of

ASSETS = Assets((), Path())


def kept(texts: list[str], step: Exact, **columns: list[str | None]) -> list[int]:
    judged = judge(pl.DataFrame({"text": texts, **columns}), Pipeline.of("one", step))
    return [at for at, verdict in enumerate(judged["verdict"]) if verdict == "kept"]


def test_of_equal_texts_one_is_kept():
    """Field trap A6: not all copies go, and not more than the copies."""
    texts = ["cat", "dog", "cat", "cow", "cat"]
    mine = kept(texts, Exact())
    assert len(mine) == 3
    assert {texts[at] for at in mine} == set(texts)


def test_white_space_matters_unless_it_is_ignored():
    texts = ["a b", "ab", "a\n\u3000b", "a c"]
    assert kept(texts, Exact()) == [0, 1, 2, 3]
    assert len(kept(texts, Exact(ignore="whitespace"))) == 2


def test_what_is_ignored_can_be_listed():
    texts = ["Hello, World", "hello world!", "HELLOWORLD", "hello word"]
    assert len(kept(texts, Exact(ignore="case"))) == 4
    assert len(kept(texts, Exact(ignore=("case", "punctuation")))) == 3
    assert len(kept(texts, Exact(ignore=("case", "punctuation", "space")))) == 2
    assert len(kept(texts, Exact(ignore="folded"))) == 2
    assert len(kept(["第１页", "第2页", "第22頁"], Exact(ignore=("width", "digits")))) == 2


def test_traditional_and_simplified_characters_can_be_the_same():
    pytest.importorskip("opencc")
    texts = ["頭髮長了，該剪了。", "头发长了，该剪了。", "頭髮長了，不該剪。"]
    assert kept(texts, Exact(ignore="folded")) == [0, 1, 2]
    assert len(kept(texts, Exact(ignore=("folded", "script")))) == 2


def test_texts_in_which_nothing_is_left_are_no_copies():
    """Field trap A9: what folds to nothing would else be one large group."""
    assert kept(["!!!", "???", "…", "a!"], Exact(ignore="folded")) == [0, 1, 2, 3]
    assert len(kept(["!!!", "???", "…", "a!"], Exact(ignore="folded", empty=True))) == 2


def test_a_script_without_its_library_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "opencc", None)
    monkeypatch.setattr(folding, "_simplified", folding._simplified.__wrapped__)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(folding, "_table", folding._table.__wrapped__)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(InputError, match="opencc-py") as raised:
        Exact(ignore="script").open(ASSETS)
    assert "dataqa[dedup]" in raised.value.hint


def test_empty_texts_are_no_copies_unless_one_says_so():
    """Field trap A9: all empty documents share one signature."""
    assert kept(["", "", " ", "x"], Exact()) == [0, 1, 2, 3]
    assert len(kept(["", "", "x"], Exact(empty=True))) == 2


def test_a_column_stands_in_for_the_text():
    urls = ["u", "u", None, None, "v", "", ""]
    mine = kept(["a", "b", "c", "d", "a", "e", "f"], Exact(column="url"), url=urls)
    assert len(mine) == 6
    assert {2, 3, 4, 5, 6} < set(mine)


def test_an_unknown_column_is_named():
    with pytest.raises(InputError, match="'urll'"):
        kept(["a"], Exact(column="urll"), url=["u"])


def test_which_is_kept_follows_from_the_ids_alone():
    """Field trap A12: another order of the input must not keep another document."""
    names = [f"doc{at}" for at in range(40)]
    chosen: set[str] = set()
    for seed in range(8):
        random.Random(seed).shuffle(names)
        docs = pl.DataFrame(
            {
                DOC: pl.Series(range(40), dtype=pl.UInt64),
                DOC_ID: names,
                TEXT: ["the same"] * 40,
            }
        )
        step = Exact()
        (ruled,) = step.settle(Frame(step.sketcher(ASSETS)(batch_of(docs)), docs))
        assert ruled["rule"].count() == 39
        chosen |= set(ruled["ref"].drop_nulls())
    assert len(chosen) == 1


def test_every_document_is_told_how_many_copies_there_are():
    step = Exact()
    docs = pl.DataFrame(
        {DOC: pl.Series([1, 2], dtype=pl.UInt64), DOC_ID: ["a", "b"], TEXT: ["x", "y"]}
    )
    alone = step.open(ASSETS)(batch_of(docs))
    assert alone.signals[COPIES].to_list() == [1, 1]
    same = docs.with_columns(pl.lit("x").alias(TEXT))
    (ruled,) = step.settle(Frame(step.sketcher(ASSETS)(batch_of(same)), same))
    assert dict(ruled.select(DOC, COPIES).iter_rows()) == {1: 2, 2: 2}
    assert ruled["rule"].null_count() == 1


def test_which_copy_stays_is_the_keep_policys_to_say():
    texts = ["the same page"] * 3
    dates: list[str | None] = ["2024-01-02", "2025-01-02", None]
    assert kept(texts, Exact(keep=({"newest": "date"},)), date=dates) == [1]
    assert kept(texts, Exact(keep=({"oldest": "date"},)), date=dates) == [0]
    sources: list[str | None] = ["crawl", "wiki", "crawl"]
    policy = ({"source_priority": ["wiki", "crawl"]}, {"newest": "date"})
    assert kept(texts, Exact(keep=policy), date=dates, source=sources) == [1]
    with pytest.raises(InputError, match="no such policy"):
        Exact(keep=("longst",))


def test_copies_go_from_one_side_only():
    """Remove from A what is in B: nothing else goes, however often it is there."""
    texts = ["page", "page", "page", "other", "other", "alone"]
    sources: list[str | None] = ["crawl", "wiki", "wiki", "crawl", "crawl", "crawl"]
    across = Across(remove=("crawl",), found_in=("wiki",))
    assert kept(texts, Exact(across=across), source=sources) == [1, 2, 3, 4, 5]


def test_the_finding_says_what_decided():
    frame = pl.DataFrame({"text": ["a page"] * 2, "date": ["2024", "2025"], "doc_id": ["x", "y"]})
    step = Exact(keep=({"newest": "date"},))
    docs = frame.with_columns(pl.Series(DOC, [0, 1], pl.UInt64))
    batch = batch_of(docs.select(DOC, DOC_ID, TEXT, "date"))
    (ruled,) = step.settle(Frame(step.sketcher(ASSETS)(batch), batch.docs))
    rows = ruled.drop_nulls("rule").select(DOC, "ref", "detail").rows()
    assert rows == [(0, "y", "kept for newest date")]


def test_of_copies_one_that_is_in_review_is_not_the_one_that_stays():
    """Should a person discard it, the page would be lost."""
    frame = pl.DataFrame({"text": ["the same page"] * 9, "n": [9, 9, 9, 9, 1, 9, 9, 9, 9]})
    tree = {"steps": [{"quality": {"columns": {"n": {"max": 2, "action": "review"}}}}, "exact"]}
    judged = judge(frame, Pipeline.from_builtins(tree))
    assert judged["verdict"].to_list() == [*["rejected"] * 4, "kept", *["rejected"] * 4]
