"""Runs inside MOSTLY AI's environment: its judge measures a table.

``python mostlyai_peer.py JOB.json`` with ``{"real", "synthetic", "out"}``, and ``holdout`` if
wished: ``mostlyai-qa`` compares tables and writes all its figures.
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
    judge(json.loads(Path(sys.argv[1]).read_text()))
