"""Synthetic rows beside the real ones that were held out: likeness, use, privacy, time.

Half of the census, and of the bank marketing table, is learnt and half held out, by five seeds
(with ``--quick`` the census by one). Beside it a Gaussian copula, MOSTLY AI's engine where its
environment is there, and real held-out rows: nobody can be more alike without learning rows.
``mostlyai-qa`` and ``anonymeter`` judge all of them. Tables are looked for in ``--data``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import tables_peers as peers
from benchmarks.bench import Arguments, Board, arguments
from dataqa.tables.evidence.aligned import align
from dataqa.tables.evidence.attacks import attacks, risk_of
from dataqa.tables.evidence.distances import distances, identical
from dataqa.tables.evidence.fidelity import discriminator, fidelity, usefulness
from dataqa.tables.files import read_table
from dataqa.tables.learning.threads import one_thread
from dataqa.tables.profile import profile
from dataqa.tables.synthesizer import synthesize

SEEDS, ATTACKS, FEW = 5, 1_000, 300
EPSILONS, PRIVATE_SEEDS = (1.0, 3.0), 3
CPU, UNIVARIATE, BIVARIATE, LOSS, DCR, RISK, ACCURACY = 3.0, 0.99, 0.98, 0.017, 0.53, 0.05, 0.975
TABLES = {"census": "income", "bank_marketing": "y"}
"""The tables, each with the column that is foretold."""
_NOTED = ("univariate", "bivariate", "loss", "dcr", "discriminator")
_ATTACKS = ("singling out", "linkability", "inference")


def main(given: Arguments) -> int:
    board = Board("tables", given.json)
    for name in list(TABLES)[: 1 if given.quick else 2]:
        path = given.data / f"{name}.csv.gz"
        if not path.is_file():
            board.skip(name, f"{path.name} is not there")
            continue
        with one_thread():
            own(board, name, read_table(path), quick=given.quick)
        if name == "census" and not given.quick:
            with one_thread():
                private(board, read_table(path))
        if name == "census" and given.quick:
            board.skip("mostlyai-engine, mostlyai-qa, anonymeter", "not with --quick")
        elif name == "census" and not peers.present():
            board.skip("mostlyai-engine, mostlyai-qa, anonymeter", "python -m benchmarks.peers")
        elif name == "census":
            others(board, path)
    return board.close()


def own(board: Board, name: str, table: pl.DataFrame, *, quick: bool) -> None:
    """What we measure ourselves."""
    seeds, tried = (range(1), FEW) if quick else (range(SEEDS), ATTACKS)
    target = TABLES[name]
    trees = [measured(table, target, seed, "trees", tried) for seed in seeds]
    joined = [measured(table, target, seed, "copula", 0) for seed in seeds]
    held = [ceiling(table, target, seed) for seed in seeds]
    for what, some in (("real held-out rows", held), ("copula", joined)):
        for figure in _NOTED:
            board.note(f"{name}: {what}, {figure}", mean(some, figure), "")
    board.note(f"{name}: copula, fit and sample", min(one["cpu"] for one in joined), "CPU s")
    board.note(f"{name}: trees, discriminator", mean(trees, "discriminator"), "AUC")
    board.limit(f"{name}: fit and sample", min(one["cpu"] for one in trees), "CPU s", at_most=CPU)
    board.check(f"{name}: univariate", mean(trees, "univariate"), "", at_least=UNIVARIATE)
    board.check(f"{name}: bivariate", mean(trees, "bivariate"), "", at_least=BIVARIATE)
    board.limit(f"{name}: AUC lost", mean(trees, "loss"), "", at_most=LOSS, detail=target)
    board.limit(f"{name}: nearer to learnt rows", mean(trees, "dcr"), "", at_most=DCR)
    least = mean(trees, "holdout_identical")
    board.limit(f"{name}: identical rows", mean(trees, "identical"), "", at_most=least)
    risks(board, f"{name}: ours", trees)


def private(board: Board, table: pl.DataFrame) -> None:
    """What noisy counts cost: nothing is declared, noise is secret and another each time."""
    for epsilon in EPSILONS:
        some = [
            measured(table, TABLES["census"], seed, "trees", 0, epsilon)
            for seed in range(PRIVATE_SEEDS)
        ]
        for figure in (*_NOTED, "identical", "cpu"):
            board.note(f"census: epsilon {epsilon:g}, {figure}", mean(some, figure), "")


def others(board: Board, path: Path) -> None:
    """What others make of the census, and what they say of all."""
    census = pl.read_csv(path)
    whole: list[dict[str, float]] = []
    for seed in range(SEEDS):
        real, held = halves(census, seed)
        whole.append(told(real, synthesize(real, seed=seed).frame, held, seed))
    board.check("mostlyai-qa, accuracy", mean(whole, "accuracy"), "", at_least=ACCURACY)
    board.note("mostlyai-qa, nearer to learnt rows", mean(whole, "dcr_share"), "")
    risks(board, "anonymeter", whole)
    real, held = halves(census, 0)
    made, cpu = peers.engine_made(real, 0)
    bounded = f"{peers.MINUTES:g} minutes of learning at most"
    board.note("engine, fit and sample", cpu, "CPU s", bounded)
    with one_thread():
        found = figures(real, made, held, TABLES["census"], 0, 0)
    for name in _NOTED:
        board.note(f"engine, {name}", found[name], "")
    board.note("real held-out rows, mostlyai-qa", peers.judged(real, held, None)["accuracy"], "")
    joined = synthesize(real, seed=0, model="copula").frame
    for name, frame in (("engine", made), ("copula", joined)):
        judged = told(real, frame, held, 0)
        board.note(f"{name}, mostlyai-qa, accuracy", judged["accuracy"], "")
        for attack in _ATTACKS:
            low = max(value for key, value in judged.items() if key.startswith(attack))
            board.note(f"{name}, anonymeter, {attack}, lower end", low, "")


def told(real: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame, seed: int) -> dict[str, float]:
    """What both judges say, attacks by the lower end of their intervals."""
    found = peers.attacked(real, made, held, ATTACKS, seed)
    lows = {name: one["low"] for name, one in found.items() if name.startswith(_ATTACKS)}
    return peers.judged(real, made, held) | lows


def risks(board: Board, who: str, some: list[dict[str, float]]) -> None:
    """The lower end of each attack, a mean over seeds; of inference that of the worst column."""
    for attack in _ATTACKS:
        means = {key: mean(some, key) for key in some[0] if key.startswith(attack)}
        worst = max(means, key=lambda key: means[key])
        detail = worst if worst != attack else ""
        if f"tried, {worst}" in some[0]:
            detail = f"{detail} {mean(some, f'tried, {worst}'):g} tried".strip()
        board.limit(f"{who}, {attack}, lower end", means[worst], "", at_most=RISK, detail=detail)


def halves(table: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A table, shuffled and cut in two."""
    order = np.argsort(np.random.default_rng(seed).random(table.height))
    half = table.height // 2
    return table[order[:half]], table[order[half:]]


def measured(
    table: pl.DataFrame,
    target: str,
    seed: int,
    model: Any,
    tried: int,
    epsilon: float | None = None,
) -> dict[str, float]:
    """All figures of one seed."""
    real, held = halves(table, seed)
    begun = time.process_time()
    made = synthesize(real, seed=seed, model=model, epsilon=epsilon).frame
    cpu = time.process_time() - begun
    return figures(real, made, held, target, seed, tried) | {"cpu": cpu}


def ceiling(table: pl.DataFrame, target: str, seed: int) -> dict[str, float]:
    """Real rows as if they were synthetic: how alike the halves are; all else of three thirds."""
    real, held = halves(table, seed)
    like = fidelity(align(real, held, held, profile(real)))
    order = np.argsort(np.random.default_rng(seed).random(table.height))
    one, two, three = (table[some] for some in np.array_split(order, 3))
    alike = {name: like[name] for name in ("univariate", "bivariate")}
    return figures(one, two, three, target, seed, 0) | alike


def figures(
    real: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame, target: str, seed: int, tried: int
) -> dict[str, float]:
    """Figures of one table; of attacks the lower end of their 95 % intervals, by column."""
    tables = align(real, made, held, profile(real))
    like, near, same = fidelity(tables), distances(tables), identical(tables)
    use = usefulness(tables, target)
    assert use is not None
    found = {
        "univariate": like["univariate"],
        "bivariate": like["bivariate"],
        "loss": use["loss"],
        "dcr": near["dcr_share"],
        "identical": same["identical"],
        "holdout_identical": same["holdout_identical"],
        "discriminator": discriminator(tables),
    }
    for one in attacks(tables, tried, seed) if tried else ():
        detail = f": {one.detail}" if one.attack == "inference" else ""
        # each by itself, as anonymeter has it, and not as one of many columns
        right = (round(share * one.tried) for share in (one.learnt, one.others))
        found[f"{one.attack}{detail}"] = risk_of(one.attack, "", one.tried, *right).low
        found[f"tried, {one.attack}{detail}"] = one.tried
    return found


def mean(some: Iterable[dict[str, float]], name: str) -> float:
    """The mean over all seeds."""
    return float(np.mean([one[name] for one in some]))


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
