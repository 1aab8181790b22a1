"""Runs inside anonymeter's environment: its three attacks on a synthetic table.

``python anonymeter_peer.py JOB.json`` with ``{"real", "synthetic", "holdout", "out", "attacks",
"seed"}``. The columns of linkability are cut in two halves by chance, and inference is tried for
each column given all others.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anonymeter.evaluators import (
    InferenceEvaluator,
    LinkabilityEvaluator,
    SinglingOutEvaluator,
)


def main(job: dict[str, Any]) -> None:
    """Attack, and write of each attack the risk and its interval."""
    warnings.simplefilter("ignore")
    real, made, held = (pd.read_parquet(job[name]) for name in ("real", "synthetic", "holdout"))
    columns, tried = list(real.columns), job["attacks"]
    np.random.seed(job["seed"])  # noqa: NPY002  (what anonymeter draws by)
    order = np.random.default_rng(job["seed"]).permutation(columns).tolist()
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    found: dict[str, Any] = {}
    begun = time.process_time()
    single = SinglingOutEvaluator(
        ori=real, syn=made, control=held, n_attacks=tried, n_cols=4, seed=job["seed"]
    )
    found["singling out"] = told(single.evaluate(mode="multivariate"))
    linked = LinkabilityEvaluator(
        ori=real, syn=made, control=held, n_attacks=tried, aux_cols=halves, n_neighbors=1
    )
    found["linkability"] = told(linked.evaluate(n_jobs=1))
    for secret in columns:
        others = [name for name in columns if name != secret]
        number = pd.api.types.is_numeric_dtype(real[secret])
        asked = InferenceEvaluator(
            ori=real, syn=made, control=held, aux_cols=others, secret=secret,
            regression=number, n_attacks=tried,
        )  # fmt: skip
        found[f"inference: {secret}"] = told(asked.evaluate(n_jobs=1))
    found["cpu"] = time.process_time() - begun
    Path(job["out"]).write_text(json.dumps(found))


def told(evaluator: Any) -> dict[str, float]:
    """The risk beyond what is true of held-out rows, with its 95 % interval."""
    risk = evaluator.risk(confidence_level=0.95)
    return {"risk": float(risk.value), "low": float(risk.ci[0]), "high": float(risk.ci[1])}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
