"""Who might be asked about what: everything in a finished run that is in doubt, without its text.

One row for each item that could be asked about: why, and how much in doubt it is. Doubt is a rank
within each reason, from 1 for what is nearest to its bound down to 0, so that reasons of different
scales can stand in one queue.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from dataqa.engine.look import finished_store
from dataqa.engine.outlet import FINDINGS_DIR, REJECTED, SIGNALS_DIR
from dataqa.io.outputs import scan
from dataqa.io.store import Store
from dataqa.policy import SIDE
from dataqa.review.asking.routing import distance
from dataqa.review.deciding.bounds import rules_of
from dataqa.types import DOC_ID

SCORE = "score."
PRIVATE = "private."
AUDIT = "audit"
APART = ".spread.max"
"""How the rule over the spread of repeated answers ends."""
DISAGREE = "rules against model"
CANDIDATES = pl.Schema(
    {
        DOC_ID: pl.String,
        "ref": pl.String,
        "reason": pl.String,
        "kind": pl.String,
        "doubt": pl.Float64,
        "score": pl.Float64,
        "bound": pl.Float64,
        "language": pl.String,
        "source": pl.String,
    }
)
"""``reason`` is a rule, ``audit``, or ``rules against model: score.X``; ``kind`` is ``asked`` or
``audit``; ``score`` and ``bound`` are what the rule compared."""


def candidates(run: Path, items: str, audit: float = 0.0) -> pl.DataFrame:
    """All that could be asked about a run, most in doubt first within each reason.

    Args:
        run: A finished run.
        items: ``documents``, ``spans`` or ``pairs``.
        audit: This share of the documents is drawn by a hash of the id, whatever became of them.

    Raises:
        InputError: There is no finished run.
    """
    store = finished_store(run)
    signals = _scan(store, SIGNALS_DIR)
    found = {"documents": _documents, "spans": _spans, "pairs": _pairs}[items](store, signals)
    if audit and items == "documents":
        found = pl.concat([found, _audit(signals, audit, found[DOC_ID])])
    about = _about(signals, found[DOC_ID])
    whole = found.join(about, on=DOC_ID, how="left", maintain_order="left")
    told = [
        (pl.col(name) if name in whole.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in CANDIDATES.items()
    ]
    return whole.select(told).sort("doubt", DOC_ID, "reason", descending=[True, False, False])


def drawn(ids: pl.Series, share: float, salt: str) -> pl.Series:
    """Whether each id is among a share of all, by its hash: the same whoever asks, and when.

    >>> drawn(pl.Series(["a", "b", "c", "d"]), 0.5, "audit").sum() <= 4
    True
    """
    bound = int(share * 2**32)
    told = [_hash(salt, one) < bound for one in ids]
    return pl.Series(told, dtype=pl.Boolean)


def _hash(salt: str, word: str) -> int:
    return int.from_bytes(blake2b(f"{salt}\0{word}".encode(), digest_size=4).digest(), "big")


def _scan(store: Store, folder: str) -> pl.LazyFrame:
    return scan([store.path(name) for name in store.names(folder)])


def _documents(store: Store, signals: pl.LazyFrame) -> pl.DataFrame:
    """Documents that rules sent to review, and those on which rules and a score do not agree."""
    held = pl.col("action") == "review"
    about_whole = pl.col("start").is_null() & pl.col("ref").is_null()
    asked = (
        _scan(store, FINDINGS_DIR)
        .filter(held, about_whole)
        .select(DOC_ID, pl.col("rule").alias("reason"), "score", "bound")
        .collect()
    )
    most = asked.with_columns(_doubt().alias("doubt")).sort(
        "doubt", DOC_ID, "reason", descending=[True, False, False]
    )
    # one question for each document, for what is most in doubt
    once = most.unique(DOC_ID, keep="first", maintain_order=True)
    return pl.concat([_asked(once), _disagreeing(store, signals, once[DOC_ID])])


def _doubt() -> pl.Expr:
    """1 for what is nearest to its bound, by rank within the reason; the half where none is.

    Of repeated answers those are most in doubt that lie furthest apart.
    """
    score, bound = pl.col("score"), pl.col("bound")
    below = pl.col("reason").str.ends_with(".max")
    kept = pl.when(below).then(score <= bound).otherwise(score >= bound)
    apart = pl.col("reason").str.ends_with(APART)
    gap = pl.when(apart).then(-score).otherwise(distance(score, bound, kept))
    rank = gap.rank("average").over("reason")
    count = pl.len().over("reason")
    return pl.when(gap.is_null()).then(0.5).otherwise(1 - (rank - 0.5) / count)


def _asked(rows: pl.DataFrame) -> pl.DataFrame:
    ref = pl.col("ref") if "ref" in rows.columns else pl.lit(None, pl.String).alias("ref")
    kind = pl.lit("asked").alias("kind")
    return rows.select(DOC_ID, ref, "reason", kind, "doubt", "score", "bound")


def _disagreeing(store: Store, signals: pl.LazyFrame, known: pl.Series) -> pl.DataFrame:
    """Documents that rules reject and a score would keep, the surest scores first.

    A score's own bound is such a rule too: a language model's score of a sample is held against
    the bound of the model that learns from it, and the other way round.
    """
    bounds = _score_bounds(store, signals)
    findings = _scan(store, FINDINGS_DIR)
    empty = {name: CANDIDATES[name] for name in (DOC_ID, "reason", "doubt", "score", "bound")}
    parts = [_asked(pl.DataFrame(schema=empty))]
    for name, bound in bounds.items():
        tripped = findings.filter(pl.col("rule") == f"{name}.min").select(DOC_ID)
        rows = signals.filter(pl.col("verdict") == REJECTED, pl.col(name) >= bound).join(
            tripped, on=DOC_ID, how="anti"
        )
        parts.append(_contradicted(rows, name, bound))
    found = pl.concat(parts).filter(~pl.col(DOC_ID).is_in(known.implode()))
    return found.sort("doubt", DOC_ID, "reason", descending=[True, False, False]).unique(
        DOC_ID, keep="first", maintain_order=True
    )


def _score_bounds(store: Store, signals: pl.LazyFrame) -> dict[str, float]:
    """The least value that stays of each score that a bound is held to."""
    names = [name for name in signals.collect_schema().names() if name.startswith(SCORE)]
    rules = rules_of(store, ()) if names else {}
    return {
        name: rule.min
        for name in names
        if (rule := rules.get(name)) is not None and rule.min is not None
    }


def _contradicted(rows: pl.LazyFrame, name: str, bound: float) -> pl.DataFrame:
    # of a sure score the contradiction is the greater
    doubt = pl.col(name).rank("average") / pl.len()
    reason, score = pl.lit(f"{DISAGREE}: {name}"), pl.col(name)
    told = rows.select(DOC_ID, reason=reason, score=score, bound=pl.lit(bound), doubt=doubt)
    return _asked(told.collect())


def _audit(signals: pl.LazyFrame, share: float, known: pl.Series) -> pl.DataFrame:
    ids = signals.select(DOC_ID).collect()[DOC_ID].sort()
    some = ids.filter(drawn(ids, share, AUDIT) & ~ids.is_in(known.implode()))
    nothing = pl.lit(None, pl.Float64)
    return pl.DataFrame([some]).select(
        DOC_ID,
        ref=pl.lit(None, pl.String),
        reason=pl.lit(AUDIT),
        kind=pl.lit(AUDIT),
        doubt=pl.lit(0.0),
        score=nothing,
        bound=nothing,
    )


def _spans(store: Store, signals: pl.LazyFrame) -> pl.DataFrame:  # noqa: ARG001 - as the others
    """Documents with a span that may be private: the one that is most in doubt says why."""
    doubted = pl.col("rule").str.starts_with(PRIVATE) & (pl.col("score") < pl.col("bound"))
    rows = (
        _scan(store, FINDINGS_DIR)
        .filter(doubted, pl.col("step").str.starts_with("private"))
        .select(DOC_ID, pl.col("rule").alias("reason"), "score", "bound")
        .collect()
    )
    most = rows.with_columns(_doubt().alias("doubt")).sort(
        "doubt", DOC_ID, "reason", descending=[True, False, False]
    )
    return _asked(most.unique(DOC_ID, keep="first", maintain_order=True))


def _pairs(store: Store, signals: pl.LazyFrame) -> pl.DataFrame:  # noqa: ARG001 - as the others
    """Documents that may say the same as another one: those in the middle of the band first."""
    held = (pl.col("action") == "review") & pl.col("ref").is_not_null()
    rows = (
        _scan(store, FINDINGS_DIR)
        .filter(held)
        .select(
            DOC_ID, "ref", pl.col("rule").str.replace(SIDE, "").alias("reason"), "score", "bound"
        )
        .collect()
        .sort(DOC_ID, "score", "ref", descending=[False, True, False])
        .unique(DOC_ID, keep="first", maintain_order=True)
    )
    low, high = rows["score"].min(), rows["score"].max()
    middle = 0.5 * (float(low or 0) + float(high or 0))  # pyright: ignore[reportArgumentType]
    gap = (pl.col("score") - middle).abs()
    count = max(rows.height, 1)
    return _asked(rows.with_columns(doubt=1 - (gap.rank("average") - 0.5) / count))


def _about(signals: pl.LazyFrame, ids: pl.Series) -> pl.DataFrame:
    """Language and source of some documents, where they are known."""
    names = signals.collect_schema().names()
    columns = [DOC_ID, *(["language"] if "language" in names else [])]
    told = signals.select(columns).filter(pl.col(DOC_ID).is_in(ids.implode())).collect()
    source = told[DOC_ID].str.split("#").list.first().alias("source")
    known = np.asarray(told[DOC_ID].str.contains("#").to_list(), bool)
    where = pl.Series(np.where(known, source.to_numpy(), ""), dtype=pl.String).alias("source")
    return told.with_columns(where).unique(DOC_ID, keep="first", maintain_order=True)
