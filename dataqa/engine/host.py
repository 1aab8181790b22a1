"""Facts of the machine and of one session of a run: for ``run.json``, apart from all results."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def peak_memory_mb() -> float:
    """The most memory this process has held, in 10^6 bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        # ru_maxrss also counts what the parent held before this program began
        lines = status.read_text(encoding="ascii").splitlines()
        found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        if found:
            return int(found[0]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


class Session:
    """What one session of a run took, added up from what batches report."""

    workers = 1

    def __init__(self) -> None:
        self._started = time.time()
        self._clock = time.monotonic()
        self._steps: dict[str, float] = {}
        self._parts: dict[str, tuple[float, int]] = {}
        self._memory = 0.0
        self._bytes = self._documents = 0

    def add(
        self, stage: int, documents: int, size: int, seconds: Mapping[str, float], memory: float
    ) -> None:
        """One batch is done."""
        if stage == 1:
            self._documents += documents
            self._bytes += size
        for step, spent in seconds.items():
            self._steps[step] = self._steps.get(step, 0.0) + spent
        self._memory = max(self._memory, memory)

    def add_parts(self, parts: Mapping[str, tuple[float, int]]) -> None:
        """What parts of steps took in one batch."""
        for part, (seconds, characters) in parts.items():
            before = self._parts.get(part, (0.0, 0))
            self._parts[part] = before[0] + seconds, before[1] + characters

    def told(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        wall = time.monotonic() - self._clock
        return {
            "started": round(self._started, 3),
            "wall_seconds": round(wall, 3),
            "workers": self.workers,
            "documents": self._documents,
            "text_bytes": self._bytes,
            "mb_per_second": round(self._bytes / 1e6 / max(wall, 1e-9), 2),
            "step_cpu_seconds": {step: round(s, 3) for step, s in sorted(self._steps.items())},
            "step_parts": {
                part: {"cpu_seconds": round(seconds, 3), "characters": characters}
                for part, (seconds, characters) in sorted(self._parts.items())
            },
            "peak_memory_mb": round(self._memory, 1),
            "host": {
                "system": platform.system(),
                "machine": platform.machine(),
                "cores": os.cpu_count(),
            },
        }
