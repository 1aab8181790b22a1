"""What others make of tables, and say of ours: MOSTLY AI's engine and judge, and anonymeter.

Each runs in its own environment (``benchmarks/peers.py``) over Parquet files; where that is absent
nothing is told.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.peers import python_of

EPOCHS = 10
"""How often the engine sees all rows: by default a hundred times, which takes hours here."""
_HERE = Path(__file__).parent


def present() -> bool:
    """Whether both environments are there."""
    return all(python_of(peer) for peer in ("mostlyai", "anonymeter"))


def engine_made(real: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, float]:
    """A table of MOSTLY AI's engine, as many rows, and the CPU seconds of learning and drawing."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "made.parquet")
        _run("mostlyai", folder, {"real": real}, do="make", out=out, epochs=EPOCHS, seed=seed)
        told = json.loads(Path(f"{out}.json").read_text())
        return pl.read_parquet(out).cast(real.schema, strict=False), told["cpu"]  # pyright: ignore[reportArgumentType]


def judged(real: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame | None) -> dict[str, float]:
    """Figures of ``mostlyai-qa``: overall accuracy and, beside held-out rows, the DCR share."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "told.json")
        frames = {"real": real, "synthetic": made} | ({} if held is None else {"holdout": held})
        _run("mostlyai", folder, frames, do="judge", out=out)
        told = json.loads(out.read_text())
    found = {"accuracy": told["accuracy"]["overall"]}
    share = (told.get("distances") or {}).get("dcr_share")
    return found if share is None else found | {"dcr_share": share}


def attacked(
    real: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame, tried: int, seed: int
) -> dict[str, Any]:
    """Of each attack of anonymeter the risk, and the lower end of its 95 % interval.

    Inference is tried for each column, and told by column: ``inference: NAME``.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "told.json")
        frames = {"real": real, "synthetic": made, "holdout": held}
        _run("anonymeter", folder, frames, out=out, attacks=tried, seed=seed)
        return json.loads(out.read_text())


def _run(peer: str, folder: str, frames: dict[str, pl.DataFrame], **job: Any) -> None:
    python = python_of(peer)
    assert python is not None
    for name, frame in frames.items():
        job[name] = Path(folder, f"{name}.parquet")
        frame.write_parquet(job[name])
    path = Path(folder, "job.json")
    path.write_text(json.dumps(job, default=str))
    told = subprocess.run(
        [str(python), str(_HERE / f"{peer}_peer.py"), str(path)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if told.returncode:
        raise RuntimeError(f"{peer} failed: {told.stderr[-2000:]}")
