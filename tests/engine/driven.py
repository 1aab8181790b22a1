"""A run in a process of its own, to be killed: says ``ready`` once everything is imported."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from runs import go

from dataqa.io.store import Store


def kill_at(commit: int) -> None:
    """Have this process killed as it is about to commit its n-th object, or just after it has."""
    real, seen = Store.commit, [0]

    def commit_or_die(self: Store, draft: Path, name: str) -> None:
        seen[0] += 1
        if seen[0] == commit // 2 and commit % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, draft, name)
        if seen[0] == commit // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    Store.commit = commit_or_die


if __name__ == "__main__":
    corpus, out, workers, commit = sys.argv[1:]
    if int(commit):
        kill_at(int(commit))
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    go(Path(corpus), Path(out), workers=int(workers))
