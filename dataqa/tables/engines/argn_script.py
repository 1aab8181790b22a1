"""Runs inside the environment of MOSTLY AI's engine, over Parquet files; nothing of ours is there.

``python argn_script.py JOB.json``. With ``{"do": "fit", "real", "folder", "epochs", "minutes",
"seed"}`` the engine learns a table on the processor and leaves what it learnt in a folder; with
``{"do": "draw", "folder", "rows", "seed", "out"}``, and ``seeded`` (a Parquet file of columns that
are set) if wished, it writes rows. What either took is written to ``told``.
"""

# pyright: basic, reportMissingImports=false
# ruff: noqa: PLC0415

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def fit(job: dict[str, Any]) -> dict[str, Any]:
    """Learn a table, at most so many epochs and minutes."""
    import pandas as pd
    from mostlyai import engine

    engine.set_random_state(job["seed"])
    where = Path(job["folder"])
    engine.split(tgt_data=pd.read_parquet(job["real"]), workspace_dir=where, model_type="TABULAR")
    engine.analyze(workspace_dir=where)
    engine.encode(workspace_dir=where)
    engine.train(
        workspace_dir=where,
        max_epochs=job["epochs"],
        max_training_time=job["minutes"],
        device="cpu",
    )
    return {}


def draw(job: dict[str, Any]) -> dict[str, Any]:
    """Write rows of what was learnt."""
    import pandas as pd
    from mostlyai import engine

    engine.set_random_state(job["seed"])
    where = Path(job["folder"])
    given = {"sample_size": job["rows"]}
    if "seeded" in job:
        given = {"seed_data": pd.read_parquet(job["seeded"])}
    engine.generate(workspace_dir=where, device="cpu", **given)
    parts = sorted((where / "SyntheticData").glob("*.parquet"))
    made = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
    made.to_parquet(job["out"])
    return {"rows": len(made)}


def main(path: Path) -> None:
    """Do what a job says."""
    job = json.loads(path.read_text())
    begun, clock = time.process_time(), time.perf_counter()
    does: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"fit": fit, "draw": draw}
    found = does[job["do"]](job)
    took = {"cpu": time.process_time() - begun, "seconds": time.perf_counter() - clock}
    Path(job["told"]).write_text(json.dumps(found | took))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
