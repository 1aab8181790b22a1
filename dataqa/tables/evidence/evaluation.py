"""Evidence for a synthetic table: is it like the original, of use, and nobody given away?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean
from dataqa.tables.columns import Column, check_frame, with_hints
from dataqa.tables.evidence.aligned import Aligned, align
from dataqa.tables.evidence.attacks import ATTACKS, attacks, worst
from dataqa.tables.evidence.distances import distances, identical
from dataqa.tables.evidence.fidelity import discriminator, fidelity, shares, usefulness
from dataqa.tables.learning.threads import one_thread
from dataqa.tables.profile import present, profile

DCR, RISK = 0.53, 0.05
"""How many rows may be nearer to the original than to held-out rows, and what attacks may gain."""
_MOST_SHOWN = 60
_BY_CHANCE = frozenset({"GIVEN_NAME", "FAMILY_NAME", "PERSON", "DATE_OF_BIRTH"})


def evaluate(
    real: pl.DataFrame,
    synthetic: pl.DataFrame,
    holdout: pl.DataFrame,
    *,
    target: str = "",
    hints: Mapping[str, Column | str | Mapping[str, Any]] | None = None,
    tried: int = ATTACKS,
) -> dict[str, Any]:
    """Compare a synthetic table with its original and with rows that were not learnt.

    Args:
        real: The rows that were learnt.
        synthetic: The synthetic ones.
        holdout: Real rows that were not learnt, best about as many.
        target: The column that a model is to foretell; by default the last category of few values.
        hints: What columns are where the profile is wrong.
        tried: Guesses of each attack.

    Returns:
        Plain data: figures, ``verdicts`` on privacy and shares for pictures, no row.

    Raises:
        InputError: A table has too few rows or lacks a column.
    """
    for frame in (real, synthetic, holdout):
        check_frame(frame)
    columns = with_hints(profile(real), hints or {})
    tables = align(real, synthetic, holdout, columns)
    target = _target(tables, target)
    with one_thread():
        found = _figures(tables, target, tried)
    found["rows"] = {
        name: frame.height
        for name, frame in (("real", real), ("synthetic", synthetic), ("holdout", holdout))
    }
    found["private"] = _copied((real, synthetic, holdout), columns)
    found["verdicts"] = verdicts(found)
    return found


def _figures(tables: Aligned, target: str, tried: int) -> dict[str, Any]:
    ceiling = fidelity(tables, 0, 2)
    return {
        "fidelity": fidelity(tables),
        "ceiling": {key: ceiling[key] for key in ("univariate", "bivariate")},
        "discriminator": discriminator(tables),
        "usefulness": usefulness(tables, target) if target else None,
        "distances": distances(tables),
        "identical": identical(tables),
        "attacks": worst(attacks(tables, tried)),
        "pictures": [
            {"name": part.name, "bars": shares(part)} for part in tables.parts[:_MOST_SHOWN]
        ],
    }


def verdicts(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each privacy bound: what was measured, whether it holds, and what to change if not."""
    near, equal = figures["distances"], figures["identical"]
    fewer = "learn fewer columns, make values coarser, or learn from more rows"
    told = [
        _verdict(
            "synthetic rows are no nearer to learnt rows than to others",
            near["dcr_share"] - 1.96 * near["dcr_error"],
            DCR,
            f"the lower end of the share of rows that are nearer; {fewer}",
        ),
        _verdict(
            "rows equal to a real one are no more than among held-out rows",
            equal["identical"] - 1.96 * equal["error"],
            equal["holdout_identical"],
            "make the table with `dataqa synth table`, which draws such rows anew, or drop columns",
        ),
        _verdict(
            "private values are those of the original no more than held-out ones are",
            max((_beyond(one) for one in figures["private"].values()), default=0.0),
            0.0,
            "these columns were copied: say in --hints that they are private or ids",
        ),
    ]
    for name, risk in figures["attacks"].items():
        what = f" ({risk['detail']})" if name == "inference" else ""
        change = f"what gives it away{what or ' are rare values'}: make it coarser or drop it"
        told.append(_verdict(f"{name} gains nothing{what}", risk["low"], RISK, change))
    return told


def _beyond(one: Mapping[str, float]) -> float:
    """How many more synthetic values than held-out ones stand in the original, beyond chance."""
    return one["synthetic"] - one["holdout"] - 1.96 * one["error"]


def _verdict(name: str, value: float, bound: float, change: str) -> dict[str, Any]:
    return {"name": name, "value": max(value, 0.0), "bound": bound, "holds": value <= bound,
            "change": change}  # fmt: skip


def _target(tables: Aligned, asked: str) -> str:
    names = [part.name for part in tables.parts]
    if asked:
        if asked not in names:
            raise InputError(
                f"no column {asked!r}", where="target", hint=did_you_mean(asked, names)
            )
        return asked
    few = [part.name for part in tables.parts if not part.number and 3 <= part.size <= 12]
    return few[-1] if few and len(names) > 1 else ""


def _copied(
    frames: Sequence[pl.DataFrame], columns: Mapping[str, Column]
) -> dict[str, dict[str, float]]:
    """Of each private column, the share of values that stand in the original, beside held-out ones.

    Names may, by chance, and keys; they are not asked.
    """
    found: dict[str, dict[str, float]] = {}
    for name, one in columns.items():
        there = all(name in frame.columns for frame in frames)
        if not there or one.kind != "private" or one.entity in _BY_CHANCE:
            continue
        real, made, held = (present(frame[name].cast(pl.String)) for frame in frames)
        known = real.unique().implode()
        rows = max(min(len(made), len(held)), 1)
        both = [float(some.is_in(known).sum()) / max(len(some), 1) for some in (made, held)]
        least = max(both[1], 1 / rows)
        error = float((2 * least * (1 - least) / rows) ** 0.5)
        found[name] = {"synthetic": both[0], "holdout": both[1], "error": error}
    return found
