"""A run in a process of its own that is killed as it commits its n-th object."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from dataqa.frames import run
from dataqa.io.store import Store


def kill_at(commit: int) -> None:
    """Have this process killed just before it commits its n-th object."""
    real, seen = Store.commit, [0]

    def commit_or_die(self: Store, draft: Path, name: str) -> None:
        seen[0] += 1
        if seen[0] == commit:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, draft, name)

    Store.commit = commit_or_die


if __name__ == "__main__":
    pipeline, corpus, out, at = sys.argv[1:]
    kill_at(int(at))
    run(pipeline, corpus, out, workers=1)
