"""Runs inside MOSTLY AI's environment: its engine makes a table, or its judge measures one.

``python mostlyai_peer.py JOB.json`` with ``{"do": "make", "real", "out", "epochs", "seed"}``: the
engine learns Parquet rows on the processor and writes as many, and CPU seconds beside them; or with
``{"do": "judge", "real", "synthetic", "out"}``, and ``holdout`` if wished: ``mostlyai-qa`` compares
tables and writes all its figures.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd


def make(job: dict[str, Any]) -> None:
    """Learn and draw, as the engine's own documentation has it."""
    from mostlyai import engine

    engine.set_random_state(job["seed"])
    real = pd.read_parquet(job["real"])
    begun, clock = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        engine.split(tgt_data=real, workspace_dir=where, model_type="TABULAR")
        engine.analyze(workspace_dir=where)
        engine.encode(workspace_dir=where)
        engine.train(workspace_dir=where, max_epochs=job["epochs"], device="cpu")
        engine.generate(workspace_dir=where, sample_size=len(real), device="cpu")
        parts = sorted((where / "SyntheticData").glob("*.parquet"))
        made = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
    told = {"cpu": time.process_time() - begun, "seconds": time.perf_counter() - clock}
    made[list(real.columns)].to_parquet(job["out"])
    Path(f"{job['out']}.json").write_text(json.dumps(told))


def judge(job: dict[str, Any]) -> None:
    """All figures of a report."""
    from mostlyai import qa

    begun = time.process_time()
    real, made = (pd.read_parquet(job[name]) for name in ("real", "synthetic"))
    held = pd.read_parquet(job["holdout"]) if "holdout" in job else None
    with tempfile.TemporaryDirectory() as folder:
        _, metrics = qa.report(
            syn_tgt_data=made,
            trn_tgt_data=real,
            hol_tgt_data=held,
            report_path=Path(folder, "report.html"),
        )
    told = metrics.model_dump(mode="json") if metrics else {}
    Path(job["out"]).write_text(json.dumps(told | {"cpu": time.process_time() - begun}))


if __name__ == "__main__":
    wanted = json.loads(Path(sys.argv[1]).read_text())
    {"make": make, "judge": judge}[wanted["do"]](wanted)
