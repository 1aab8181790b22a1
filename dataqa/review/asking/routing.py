"""Who is asked about what: some of the candidates, spread so that little is asked twice.

A budget is dealt out in rounds over groups of equal reason, language and source: each round takes
from every group what is most in doubt there. What nearly says the same as something taken already
is passed over: two documents that share a band of a MinHash signature are asked about once.
"""

from __future__ import annotations

import polars as pl

from dataqa import kernels
from dataqa.duplicates.bands import Bands, band_keys
from dataqa.duplicates.signatures import Shingle, signatures
from dataqa.types import DOC_ID

GROUP = ("kind", "reason", "language", "source")
_BANDS = Bands(bands=16, rows=4)
"""Finds pairs at a similarity of one half."""
SPARE = 3
"""So many times the budget is looked at for what says the same."""


DROPPED = 2.0
"""The distance of what would be dropped counts so many times: a document that is dropped wrongly is
lost, one that is kept wrongly is learnt from. On labelled texts it takes fewer answers to the same
error of the kept ones than the plain margin (``benchmarks.routing``)."""


def distance(score: pl.Expr, bound: pl.Expr, kept: pl.Expr) -> pl.Expr:
    """How far documents are from their bound, by which the nearest is asked about first.

    Args:
        score: What was measured.
        bound: What it is held to.
        kept: Whether it would be kept.
    """
    gap = (score - bound).abs()
    return pl.when(kept).then(gap).otherwise(DROPPED * gap)


def deal(rows: pl.DataFrame, budget: int | None) -> pl.DataFrame:
    """The candidates in the order in which they are asked about.

    Args:
        rows: Of ``candidates``, most in doubt first.
        budget: The first so many of that order; None for all.

    >>> rows = pl.DataFrame({"doc_id": list("abcd"), "kind": "asked", "reason": list("xxxy"),
    ...     "language": None, "source": "", "doubt": [0.9, 0.8, 0.7, 0.1]})
    >>> deal(rows, 3)["doc_id"].to_list()
    ['a', 'd', 'b']
    """
    group = [name for name in GROUP if name in rows.columns]
    turn = pl.int_range(pl.len()).over(group).alias("_turn")
    dealt = rows.with_columns(turn).sort(
        "_turn", "doubt", DOC_ID, descending=[False, True, False], maintain_order=True
    )
    return (dealt if budget is None else dealt.head(budget)).drop("_turn")


def apart(texts: pl.Series, most: int | None) -> list[int]:
    """The rows, in order, whose text is not nearly that of an earlier one; at most so many."""
    kernels.warm()
    told = signatures(texts.fill_null(""), Shingle(unit="word", n=3), _BANDS.permutations)
    keys = band_keys(told.values, _BANDS)
    taken: set[int] = set()
    rows: list[int] = []
    for row, (some, count) in enumerate(zip(keys.tolist(), told.counts.tolist(), strict=True)):
        if most is not None and len(rows) >= most:
            break
        if count and not taken.isdisjoint(some):
            continue
        taken.update(some if count else ())
        rows.append(row)
    return rows


def in_words(reason: str, score: float | None, bound: float | None, language: str) -> str:
    """Why somebody is asked, in a sentence.

    >>> in_words("gopher.word_count.min", 48, 50, "en")
    'gopher.word_count.min: 48, and the bound is 50'
    """
    zh = language == "zh"
    if reason == "audit":
        return "随机抽查" if zh else "drawn by chance, to see how often such decisions are right"
    if score is None or bound is None:
        return reason
    return (
        f"{reason}：{score:.3g}，界限为 {bound:.3g}"
        if zh
        else f"{reason}: {score:.3g}, and the bound is {bound:.3g}"
    )
