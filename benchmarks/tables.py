"""Synthetic census rows beside the real ones that were held out: likeness, use, privacy, time.

Half of the census is learnt and half held out, by five seeds (with ``--quick`` one). The real
held-out rows are the ceiling of what likeness can reach; a Gaussian copula is measured beside.
``census.csv.gz`` is looked for in ``--data``; without it nothing is checked.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import polars as pl

from benchmarks.bench import Arguments, Board, arguments
from dataqa.tables.aligned import align
from dataqa.tables.attacks import attacks, worst
from dataqa.tables.distances import distances, identical
from dataqa.tables.fidelity import discriminator, fidelity, usefulness
from dataqa.tables.files import read_table
from dataqa.tables.profile import profile
from dataqa.tables.synthesizer import synthesize
from dataqa.tables.threads import one_thread

SEEDS, ATTACKS = 5, 1_000
CPU, UNIVARIATE, BIVARIATE, LOSS, DCR, RISK = 3.0, 0.99, 0.98, 0.017, 0.53, 0.05


def main(given: Arguments) -> int:
    board = Board("tables", given.json)
    path = given.data / "census.csv.gz"
    if not path.is_file():
        board.skip("all lines", "census.csv.gz is not there")
        return board.close()
    census = read_table(path)
    with one_thread():
        seeds = range(1 if given.quick else SEEDS)
        trees = [measured(census, seed, "trees", ATTACKS) for seed in seeds]
        joined = [measured(census, seed, "copula", 20) for seed in seeds]
        ceilings = [ceiling(census, seed) for seed in seeds]
    for name in ("univariate", "bivariate"):
        board.note(f"real held-out rows, {name}", mean(ceilings, name), "")
    for name in ("univariate", "bivariate", "loss", "dcr", "discriminator", "cpu"):
        board.note(f"copula, {name}", mean(joined, name), "")
    board.note("trees, discriminator", mean(trees, "discriminator"), "AUC")
    board.limit("fit and sample", min(one["cpu"] for one in trees), "CPU s", at_most=CPU)
    board.check("univariate", mean(trees, "univariate"), "", at_least=UNIVARIATE)
    board.check("bivariate", mean(trees, "bivariate"), "", at_least=BIVARIATE)
    board.limit("AUC lost", mean(trees, "loss"), "", at_most=LOSS, detail="synthetic, not real")
    board.limit("nearer to learnt rows", mean(trees, "dcr"), "", at_most=DCR)
    own = mean(trees, "holdout_identical")
    board.limit("identical rows", mean(trees, "identical"), "", at_most=own)
    for attack in ("singling out", "linkability", "inference"):
        tried = mean(trees, f"{attack}, tried")
        board.limit(
            f"{attack}, lower end", mean(trees, attack), "", at_most=RISK, detail=f"{tried:g} tried"
        )
    board.skip("mostlyai-qa, anonymeter", "no peer environments for them yet")
    return board.close()


def halves(census: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The census, shuffled and cut in two."""
    order = np.argsort(np.random.default_rng(seed).random(census.height))
    half = census.height // 2
    return census[order[:half]], census[order[half:]]


def measured(census: pl.DataFrame, seed: int, model: Any, tried: int) -> dict[str, float]:
    """All figures of one seed."""
    real, held = halves(census, seed)
    begun = time.process_time()
    made = synthesize(real, seed=seed, model=model).frame
    cpu = time.process_time() - begun
    tables = align(real, made, held, profile(real))
    like, near, same = fidelity(tables), distances(tables), identical(tables)
    use = usefulness(tables, "income")
    assert use is not None
    found = {
        "cpu": cpu,
        "univariate": like["univariate"],
        "bivariate": like["bivariate"],
        "loss": use["loss"],
        "dcr": near["dcr_share"],
        "identical": same["identical"],
        "holdout_identical": same["holdout_identical"],
        "discriminator": discriminator(tables),
    }
    for name, risk in worst(attacks(tables, tried, seed)).items():
        found |= {name: risk["low"], f"{name}, tried": risk["tried"]}
    return found


def ceiling(census: pl.DataFrame, seed: int) -> dict[str, float]:
    """How alike the two halves are: nobody can be more alike without learning rows."""
    real, held = halves(census, seed)
    like = fidelity(align(real, held, held, profile(real)))
    return {name: like[name] for name in ("univariate", "bivariate")}


def mean(some: list[dict[str, float]], name: str) -> float:
    """The mean over all seeds."""
    return float(np.mean([one[name] for one in some]))


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__ or "")))
