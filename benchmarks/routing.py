"""Routing: how few questions to people make the kept set right, and whether the next run asks less.

``davidson.jsonl`` and ``cold_zh_dev.jsonl`` of ``--data`` are labelled texts; people are simulated
by the labels, once without and once with 2 % of errors. A scorer learns from a few of them; of the
others what it takes for fit is kept. Items are asked about in batches; answers are applied, and the
scorer learns from them where it says so. Beside the routing here: items by chance, and those
nearest to the bound first (plain margin), of the same first scorer.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.bench import Arguments, Board, arguments
from dataqa.review.asking.routing import deal, distance
from dataqa.review.deciding.risk import Costs, Evidence, cheap_ends
from dataqa.scores.calibration import fit, probabilities
from dataqa.scores.linear import Grams, matrix, read_buckets
from dataqa.scores.training import fitted

FIRST = 600
"""Labels that the first scorer learns from."""
SLIP = 0.02
"""How often simulated people err, in the variant."""
BAND = (0.1, 0.9)
"""The band of doubt of the first run."""
GRAMS = Grams(words=2, low=4, high=4, bits=16)
PULL = 4.0
ASKING = (0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01)
"""What a question may cost, beside a mistake; the dearer, the fewer are asked."""

type Floats = NDArray[np.float64]
type Rows = NDArray[np.int64]


class Pool(NamedTuple):
    """Texts as rows of n-grams; 1 where unfit; the rows of the first labels, of two runs."""

    grams: Any
    unfit: Floats
    first: Rows
    one: Rows
    two: Rows


class Model(NamedTuple):
    """A scorer and its calibration."""

    linear: Any
    curve: Any

    def tell(self, grams: Any) -> Floats:
        """Probabilities to be unfit."""
        return probabilities(self.curve, self.linear.decision_function(grams))


def main(given: Arguments) -> int:
    board = Board("routing", given.json)
    if find_spec("sklearn") is None:
        board.skip("all", "the extra scores is not installed")
        return board.close()
    size = 2000 if given.quick else 8000
    for name in ("davidson",) if given.quick else ("davidson", "cold_zh_dev"):
        path = given.data / f"{name}.jsonl"
        if not path.is_file():
            board.skip(name, f"no {path}")
            continue
        pool = read(path, size)
        for slip in (0.0,) if given.quick else (0.0, SLIP):
            compare(board, f"{name}{', people err' if slip else ''}", pool, slip, size // 20)
        again(board, name, pool)
    return board.close()


def read(path: Path, size: int) -> Pool:
    """Documents in the order of a digest of their number."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: hashlib.blake2b(str(row["id"]).encode()).digest())
    half = min(size, (len(rows) - FIRST) // 2)
    rows = rows[: FIRST + 2 * half]
    texts = pl.Series([str(row["text"]) for row in rows])
    unfit = np.array([_unfit(row["label"]) for row in rows], np.float64)
    grams = matrix(read_buckets(texts, GRAMS), GRAMS.bits)
    at = np.arange(len(rows))
    return Pool(grams, unfit, at[:FIRST], at[FIRST : FIRST + half], at[FIRST + half :])


def _unfit(label: object) -> bool:
    return label not in ("neither", "safe", 0, "0", "not offensive", "normal")


def learn(pool: Pool, rows: Rows, said: Floats) -> Model:
    """A scorer of some rows, calibrated on folds of them."""
    margins = held(pool, rows, said)
    linear = fitted(pool.grams[rows], said, np.ones(len(rows)), PULL, 1)
    return Model(linear, fit("platt", margins, said))


def held(pool: Pool, rows: Rows, said: Floats, folds: int = 2) -> Floats:
    """Each row's margin, by a scorer of the others."""
    margins = np.zeros(len(rows))
    fold = np.arange(len(rows)) % folds
    for one in range(folds):
        mine = fold == one
        linear = fitted(pool.grams[rows[~mine]], said[~mine], np.ones((~mine).sum()), PULL, 1)
        margins[mine] = linear.decision_function(pool.grams[rows[mine]])
    return margins


def people(pool: Pool, rows: Rows, slip: float) -> Floats:
    """What people say: the label, or by chance its opposite."""
    draw = np.random.Generator(np.random.PCG64(9)).random(len(pool.unfit))[rows]
    return np.where(draw < slip, 1 - pool.unfit[rows], pool.unfit[rows])


def routed(told: Floats, open_rows: Rows) -> Rows:
    """Our order: the nearest to the bound first, what would be dropped at twice its distance."""
    frame = pl.DataFrame({"row": open_rows, "score": told})
    far = distance(pl.col("score"), pl.lit(0.5), pl.col("score") < 0.5)
    rows = frame.with_columns(
        doc_id=pl.col("row").cast(pl.String).str.zfill(9),
        kind=pl.lit("asked"),
        reason=pl.lit("near the bound"),
        doubt=-far,
    ).sort("doubt", "doc_id", descending=[True, False])
    return deal(rows, None)["row"].to_numpy()


def curve_of(pool: Pool, first: Model, how: str, slip: float, batch: int, rounds: int) -> Floats:
    """The error of the kept set after each batch."""
    rows, model = pool.one, first
    asked = np.zeros(0, np.int64)
    errors = [kept_error(pool, model, rows, asked, slip)]
    chance = np.random.Generator(np.random.PCG64(4)).permutation(rows)
    for _ in range(rounds):
        left = np.setdiff1d(rows, asked)
        told = model.tell(pool.grams[left])
        if how == "chance":
            order = chance[~np.isin(chance, asked)]
        elif how.startswith("margin"):
            order = left[np.argsort(np.abs(told - 0.5), kind="stable")]
        else:
            order = routed(told, left)
        asked = np.concatenate([asked, order[:batch]])
        if how in ("routing", "margin, learning"):
            mine = np.concatenate([pool.first, asked])
            said = np.concatenate([pool.unfit[pool.first], people(pool, asked, slip)])
            model = learn(pool, mine, said)
        errors.append(kept_error(pool, model, rows, asked, slip))
    return np.array(errors)


def kept_error(pool: Pool, model: Model, rows: Rows, asked: Rows, slip: float) -> float:
    """The share of the kept that is unfit, people's answers applied."""
    drop = model.tell(pool.grams[rows]) >= 0.5
    place = np.searchsorted(rows, asked)
    drop[place] = people(pool, asked, slip) > 0.5
    return float(pool.unfit[rows][~drop].mean()) if (~drop).any() else 0.0


def reach(errors: Floats, aim: float, batch: int) -> int:
    """Items until the error is at most so high, and one batch more than all where it never is."""
    low = np.flatnonzero(errors <= aim + 1e-12)
    return int(low[0]) * batch if len(low) else len(errors) * batch


def compare(board: Board, name: str, pool: Pool, slip: float, batch: int) -> None:
    first = learn(pool, pool.first, pool.unfit[pool.first])
    rounds = 6
    names = ("chance", "margin", "margin, learning", "routing")
    found = {how: curve_of(pool, first, how, slip, batch, rounds) for how in names}
    for how, errors in found.items():
        told = " ".join(f"{100 * one:.1f}" for one in errors)
        board.note(f"{name}: {how}", 100 * errors[-1], "% wrong", f"every {batch} items: {told}")
    for how in names[:3]:
        aim = float(found[how][-1])
        mine, other = reach(found["routing"], aim, batch), rounds * batch
        # beside a margin that learns too, the same is as good
        most = other if how == "margin, learning" else other - 1
        what = f"{name}: items to the error of {how} at {other}"
        board.limit(what, mine, "items", at_most=most)


def again(board: Board, name: str, pool: Pool) -> None:
    """A first run that asks all of its band and an audit; then bounds and scorer are moved."""
    first = learn(pool, pool.first, pool.unfit[pool.first])
    before = first.tell(pool.grams[pool.one])
    inside = (before > BAND[0]) & (before < BAND[1])
    audit = np.random.Generator(np.random.PCG64(2)).random(len(before)) < 0.3
    asked = pool.one[inside | audit]
    rows = np.concatenate([pool.first, asked])
    said = pool.unfit[rows]
    model = learn(pool, rows, said)
    margins = held(pool, rows, said)[FIRST:]
    fresh = -model.linear.decision_function(pool.grams[pool.one])
    place = np.searchsorted(pool.one, asked)
    fresh[place] = -margins  # of those it has learnt from, what a scorer of the others says
    seen = Evidence(fresh, inside, place, 1 - pool.unfit[asked])
    old = first.tell(pool.grams[pool.two])
    held_now = (old > BAND[0]) & (old < BAND[1])
    wrong_now = float(((old >= 0.5) != pool.unfit[pool.two])[~held_now].mean())
    board.note(f"{name}: second run, bounds as they were", held_now.sum(), "items",
               f"{100 * wrong_now:.1f} % of the others wrong")  # fmt: skip
    score = -model.linear.decision_function(pool.grams[pool.two])
    for ask in ASKING:
        ends = cheap_ends(seen, Costs(1.0, 1.0, ask))
        if ends.low is None or ends.high is None:
            continue
        then = (score > ends.low) & (score < ends.high)
        wrong = float(((score < ends.high) != pool.unfit[pool.two])[~then].mean())
        told = f"{100 * wrong:.1f} % of the others wrong; asking costs {ask:g}"
        if wrong <= wrong_now:
            what = f"{name}: second run, bounds moved, the same error"
            board.limit(what, then.sum(), "items", at_most=held_now.sum() - 1, detail=told)
            return
        board.note(f"{name}: second run, bounds moved", then.sum(), "items", told)
    board.limit(f"{name}: second run reaches that error", 1, "no", at_most=0)


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
