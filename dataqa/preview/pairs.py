"""Pairs near a bound, to be looked at: which are shown, and masked excerpts of both texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dataqa.engine.look import documents, text_column
from dataqa.engine.outlet import KEPT, REJECTED, REVIEW
from dataqa.io.store import Store
from dataqa.report.differences import LONGEST, side_by_side
from dataqa.report.groups import rank
from dataqa.report.masks import harmless
from dataqa.types import DOC_ID

STEP, EACH = 0.01, 3
"""Excerpts are kept of so many pairs in each such stretch of similarity."""
SHOWN = 4
"""Pairs shown on either side of a bound."""


def spread_out(nearest: pl.DataFrame) -> list[dict[str, Any]]:
    """Some pairs of every similarity, chosen by a hash of their ids."""
    ranked = nearest.with_columns(
        rank=pl.Series([rank(name, "pair") for name in nearest[DOC_ID]], dtype=pl.UInt64),
        stretch=((pl.col("score") + 1e-9) / STEP).floor(),
    )
    chosen = ranked.sort("stretch", "rank", DOC_ID).group_by("stretch", maintain_order=True)
    return chosen.head(EACH).select(DOC_ID, "ref", "score").to_dicts()


def near_bound(pairs: Sequence[dict[str, Any]], bounds: tuple[float, ...]) -> list[dict[str, Any]]:
    """The pairs next to each bound, on both sides, the most similar first."""
    chosen: dict[str, dict[str, Any]] = {}
    for bound in sorted(set(bounds)):
        order = sorted(pairs, key=lambda pair: (abs(pair["score"] - bound), pair[DOC_ID]))
        for side in (True, False):
            mine = [pair for pair in order if (pair["score"] >= bound - 1e-12) is side]
            chosen |= {pair[DOC_ID]: pair for pair in mine[:SHOWN]}
    return sorted(chosen.values(), key=lambda pair: (-pair["score"], pair[DOC_ID]))


def excerpts(pairs: Sequence[dict[str, Any]], texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The pairs with both texts, masked, in runs that both or only one of them has."""
    told: list[dict[str, Any]] = []
    for pair in pairs:
        if pair[DOC_ID] not in texts or pair["ref"] not in texts:
            continue
        mine, other = texts[pair[DOC_ID]], texts[pair["ref"]]
        left, right = side_by_side(harmless(mine[:LONGEST]), harmless(other[:LONGEST]))
        told.append(
            {
                **{name: pair[name] for name in (DOC_ID, "ref", "score")},
                "chars": [len(mine), len(other)],
                "left": [list(run) for run in left],
                "right": [list(run) for run in right],
            }
        )
    return told


def decided(pairs: Sequence[dict[str, Any]], nearest: pl.DataFrame) -> list[dict[str, Any]]:
    """The pairs with what becomes of the first one; by another keep policy it may be the other."""
    known = {row[DOC_ID]: row for row in nearest.iter_rows(named=True)}
    told: list[dict[str, Any]] = []
    for pair in pairs:
        one, other = known.get(pair[DOC_ID]), known.get(pair["ref"])
        if other is not None and other["ref"] == pair[DOC_ID]:
            told.append(_turned(pair) | {"action": other["action"]})
        else:
            told.append(pair | {"action": one["action"] if one is not None else "stays"})
    return told


def _turned(pair: Mapping[str, Any]) -> dict[str, Any]:
    sides = {DOC_ID: pair["ref"], "ref": pair[DOC_ID], "score": pair["score"]}
    return sides | {
        "chars": pair["chars"][::-1],
        "left": pair["right"],
        "right": pair["left"],
    }


def texts_of_run(store: Store, pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The texts of pairs as a finished run wrote them."""
    wanted = sorted({name for pair in pairs for name in (pair[DOC_ID], pair["ref"])})
    column = text_column(store)
    found: dict[str, str] = {}
    for verdict in (KEPT, REJECTED, REVIEW):
        rows = documents(store, verdict, wanted)
        if column in rows.columns:
            found |= dict(rows.select(DOC_ID, column).drop_nulls().rows())
    return found
