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
from dataqa.tables.engines.argn import Engine

EPOCHS, MINUTES = 100, 10.0
"""How often the engine sees all rows at most, and for how long it learns: its own defaults are a
hundred times and ten days, so that time is what ends it here."""
_HERE = Path(__file__).parent


def present() -> bool:
    """Whether both environments are there."""
    return all(python_of(peer) for peer in ("mostlyai", "anonymeter"))


def engine_made(real: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, float]:
    """A table of MOSTLY AI's engine, as many rows, and the CPU seconds of learning and drawing."""
    python = python_of("mostlyai")
    assert python is not None
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(python, Path(folder))
        learnt = engine.fit(real, seed, epochs=EPOCHS, minutes=MINUTES)
        made, drawn = engine.draw(real.height, seed)
    made = made.select(real.columns).cast(real.schema, strict=False)  # pyright: ignore[reportArgumentType]
    return made, learnt["cpu"] + drawn["cpu"]


def judged(real: pl.DataFrame, made: pl.DataFrame, held: pl.DataFrame | None) -> dict[str, float]:
    """Figures of ``mostlyai-qa``: overall accuracy and, beside held-out rows, the DCR share."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "told.json")
        frames = {"real": real, "synthetic": made} | ({} if held is None else {"holdout": held})
        _run("mostlyai", folder, frames, out=out)
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
