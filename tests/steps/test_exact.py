"""``exact``: one of each, the same one always."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

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


def test_empty_texts_are_no_copies_unless_one_says_so():
    """Field trap A9: all empty documents share one signature."""
    assert kept(["", "", " ", "x"], Exact()) == [0, 1, 2, 3]
    assert len(kept(["", "", "x"], Exact(empty=True))) == 2


def test_a_column_stands_in_for_the_text():
    urls = ["u", "u", None, None, "v"]
    mine = kept(["a", "b", "c", "d", "a"], Exact(column="url"), url=urls)
    assert len(mine) == 4
    assert {2, 3, 4} < set(mine)


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
        pairs = step.propose(step.sketcher(ASSETS)(batch_of(docs)))
        assert pairs.height == 39
        chosen |= {names[at] for at in pairs["b"].unique()}
    assert len(chosen) == 1


def test_every_document_is_told_how_many_copies_there_are():
    step = Exact()
    docs = pl.DataFrame(
        {DOC: pl.Series([1, 2], dtype=pl.UInt64), DOC_ID: ["a", "b"], TEXT: ["x", "y"]}
    )
    alone = step.open(ASSETS)(batch_of(docs))
    assert alone.signals[COPIES].to_list() == [1, 1]
    pairs = pl.DataFrame({"a": [2, 3], "b": [1, 1], "copies": [3, 3], "score": [1.0, 1.0]})
    ruled = step.rule(pairs.with_columns(pl.col("a", "b").cast(pl.UInt64)))
    assert dict(ruled.select(DOC, COPIES).iter_rows()) == {1: 3, 2: 3, 3: 3}
    assert ruled.filter(pl.col("rule").is_null())[DOC].to_list() == [1]
