"""MOSTLY AI's engine (TabularARGN), asked in an environment of its own: it brings torch.

Nothing of it is imported here. Rows go there and back as Parquet files, in folders that are the
user's alone and that go away.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dataqa.errors import InputError

VARIABLE = "DATAQA_MOSTLYAI_PYTHON"
"""The variable of the environment that says which Python has the engine."""
_SCRIPT = Path(__file__).with_name("argn_script.py")
_HOW = (
    "make an environment of its own: uv venv --python 3.11 mostlyai && uv pip install --python"
    " mostlyai/bin/python mostlyai-engine torch; then --engine-python mostlyai/bin/python, or"
    f" {VARIABLE}"
)


class Settings(NamedTuple):
    """How the engine is asked.

    Attributes:
        python: The interpreter of its environment; nothing: a variable of the environment says it.
        minutes: For how long it learns at most.
        epochs: How often it sees all rows at most.
    """

    python: Path | str | None = None
    minutes: float = 60.0
    epochs: int = 100


class Engine(NamedTuple):
    """What the engine learnt, or will.

    Attributes:
        python: The interpreter of its environment.
        folder: Where it keeps what it learnt; deleted by whoever made it.
    """

    python: Path
    folder: Path

    def fit(self, real: pl.DataFrame, seed: int, *, epochs: int, minutes: float) -> dict[str, Any]:
        """Learn a table.

        Args:
            real: Its rows.
            seed: Of weights and batches.
            epochs: How often it sees all rows at most.
            minutes: For how long it learns at most.

        Returns:
            ``cpu`` and ``seconds`` that it took.

        Raises:
            InputError: The engine failed.
        """
        path = self.folder / "real.parquet"
        real.write_parquet(path)
        told = self._run(do="fit", real=path, seed=seed, epochs=epochs, minutes=minutes)
        path.unlink()
        return told

    def draw(
        self, rows: int, seed: int, seeded: pl.DataFrame | None = None
    ) -> tuple[pl.DataFrame, dict[str, Any]]:
        """Rows of what was learnt, and what that took.

        Args:
            rows: How many.
            seed: Decides them, on one machine.
            seeded: Columns that are set, a value for each row.

        Raises:
            InputError: The engine failed.
        """
        out, given = self.folder / "made.parquet", self.folder / "given.parquet"
        job: dict[str, Any] = {"do": "draw", "rows": rows, "seed": seed, "out": out}
        if seeded is not None:
            seeded.write_parquet(given)
            job["seeded"] = given
        told = self._run(**job)
        return pl.read_parquet(out), told

    def _run(self, **job: Any) -> dict[str, Any]:
        job |= {"folder": self.folder / "engine", "told": self.folder / "told.json"}
        path = self.folder / "job.json"
        path.write_text(json.dumps(job, default=str))
        done = subprocess.run(
            [str(self.python), str(_SCRIPT), str(path)], capture_output=True, check=False
        )
        if done.returncode:
            # no more than the kind of error: what it says may hold values
            words = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            missing = words if words.startswith("ModuleNotFoundError") else words.partition(":")[0]
            raise InputError(f"the engine failed: {missing}", where=str(self.python), hint=_HOW)
        return json.loads((self.folder / "told.json").read_text())


def python_with_engine(named: Path | str | None = None) -> Path:
    """The interpreter that has the engine.

    Args:
        named: Where the user says that it is; otherwise a variable of the environment says it.

    Raises:
        InputError: Nobody says it, or there is no such file.
    """
    told = str(named or os.environ.get(VARIABLE, ""))
    if not told:
        raise InputError("where is MOSTLY AI's engine?", where="model mostlyai", hint=_HOW)
    if not Path(told).is_file():
        raise InputError("no such interpreter", where=told, hint=_HOW)
    return Path(told).absolute()
