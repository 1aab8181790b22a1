"""Tasks a second into Label Studio, and what changed out of it.

Run ``python -m benchmarks.review_push``. The same tasks go to the same server by its SDK alone, in
batches of the same size, and by a push that keeps a ledger. Then 30 annotations are pulled.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import studio as server
from benchmarks.bench import ROOT, Board, arguments

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "review")]

TASKS, QUICK_TASKS = 20_000, 2_000
SHARE, PULL = 0.7, 2.0
QUICK_SHARE, QUICK_PULL = 0.5, 4.0
"""Of few tasks what is asked once weighs more, and integration machines are slow."""
_BATCH = 1000


def main(argv: list[str] | None = None) -> int:
    told = arguments(__doc__ or "", argv)
    board = Board("review_push", told.json)
    if not server.installed():
        board.skip("push", "no Label Studio: dataqa label-studio install")
        return board.close()
    with server.studio_place() as (place, running), TemporaryDirectory() as folder:
        measure(board, running.url, server.token(place), Path(folder), told.quick)
    return board.close()


def measure(board: Board, url: str, token: str, folder: Path, quick: bool) -> None:
    from asked import (  # pyright: ignore[reportMissingImports]
        annotate,
        items_of,
        prelabels_of,
    )

    from dataqa.review.asking.answers import results_of
    from dataqa.review.asking.flows import load_flow
    from dataqa.review.ledger import open_ledger
    from dataqa.review.server.pulling import pull
    from dataqa.review.server.pushing import How, push
    from dataqa.review.server.studio import KEY, connected

    count = QUICK_TASKS if quick else TASKS
    flow = load_flow("quality")
    items = items_of(count, text="some words of a document " * 60)
    project = 0
    with connected(url, token) as studio, open_ledger(folder / "ledger") as ledger:
        result = results_of({"verdict": "keep"}, flow.controls)
        prediction = {"model_version": "m1", "score": 0.6, "result": result}
        tasks = [
            {"data": {**(item.data or {}), KEY: f"raw-{item.key}"}, "predictions": [prediction]}
            for item in items
        ]
        bare = studio.create("bare", "", flow.config)
        ledger.add_prelabels(prelabels_of(items, "m1"))
        raw = ours = 0.0
        peaks = [0.0]
        half = count // 2
        for part in (0, half):  # in turns, because machines are shared
            begun = time.perf_counter()
            for at in range(part, part + half, _BATCH):
                studio.import_tasks(bare, tasks[at : at + _BATCH], 300)
            raw += time.perf_counter() - begun
            ledger.add(items[part : part + half])
            begun = time.perf_counter()
            project = push(ledger, flow, studio, How(batch=_BATCH, timeout=300)).project
            ours += time.perf_counter() - begun
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        studio.delete_project(bare)
        board.note("import_tasks alone", count / raw, "tasks/s", f"{count} tasks")
        board.note("push", count / ours, "tasks/s")
        board.check(
            "push, share of import_tasks", raw / ours, "", at_least=QUICK_SHARE if quick else SHARE
        )
        grown = peaks[-1] - peaks[1]
        told = f"{peaks[-1]:,.0f} MiB at most"
        board.limit("memory that the second half takes more", grown, "MiB", at_most=16, detail=told)
        again = push(ledger, flow, studio, How())
        board.limit("a second push sends", again.tasks + again.prelabelled, "tasks", at_most=0)
        pull(ledger, flow, studio)
        some = studio.find(project, [item.key for item in items[:: max(1, count // 30)][:30]])
        seconds = 0.0
        for round_number in range(2):  # the first has no time to begin from
            for task in some:
                annotate(studio, flow, task.id, {"verdict": "keep" if round_number else "drop"})
            begun = time.perf_counter()
            brought = pull(ledger, flow, studio)
            seconds = time.perf_counter() - begun
            assert brought.new == len(some)
        most = QUICK_PULL if quick else PULL
        board.limit("pull of 30 changes", seconds, "s", at_most=most, detail=f"among {count}")
        studio.delete_project(project)


if __name__ == "__main__":
    raise SystemExit(main())
