"""Items are pushed and pulled once each, whatever is killed.

Run ``python -m benchmarks.exactly_once``. Each round pushes items to a real Label Studio behind a
proxy that loses, refuses and drops requests, from a process that is killed at random points, and
lets the server be killed and started again. Then some items are annotated, and the pull is put
through the same. At the end each item has one task, and each annotation is in the ledger once.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import studio as server
from benchmarks.bench import ROOT, Board, arguments

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "review")]

RUNS, QUICK_RUNS = 20, 1
ITEMS, QUICK_ITEMS = 240, 80
WRONG = ("twice", "lost", "annotations twice", "annotations lost")
_BATCH = 40
_TRIES = 60


def main(argv: list[str] | None = None) -> int:
    given = argv if argv is not None else sys.argv[1:]
    if given[:1] == ["--part"]:
        return part(*given[1:])
    told = arguments(__doc__ or "", argv)
    board = Board("exactly_once", told.json)
    if not server.installed():
        board.skip("duplicates and losses", "no Label Studio: dataqa label-studio install")
        return board.close()
    runs, count = (QUICK_RUNS, QUICK_ITEMS) if told.quick else (RUNS, ITEMS)
    total: Counter[str] = Counter()
    with server.studio_place() as (place, running):
        port = int(running.url.rpartition(":")[2])
        for number in range(runs):
            total += one_run(place, port, count, random.Random(number), told.quick)
            wrong = sum(total[name] for name in WRONG)
            board.note(f"round {number + 1}", wrong, "twice or lost so far")
    board.note("runs", runs, "", f"{count} items each")
    for name in ("kills of the process", "kills of the server", "requests with a fault"):
        board.note(name, total[name], "")
    for name in WRONG:
        board.limit(name, total[name], "items", at_most=0)
    return board.close()


def one_run(
    place: server.Place, port: int, count: int, draw: random.Random, quick: bool
) -> Counter[str]:
    from faulty import Fault, faulty  # pyright: ignore[reportMissingImports]

    from dataqa.review.asking.flows import load_flow
    from dataqa.review.ledger import open_ledger
    from dataqa.review.server.pushing import How, push
    from dataqa.review.server.studio import connected

    total: Counter[str] = Counter()

    calm = False

    def decide(method: str, path: str) -> Fault:
        del method, path
        if calm:
            return ""
        faults: tuple[Fault, ...] = ("lose", "refuse", "drop")
        fault = draw.choice(faults) if draw.random() < 0.2 else ""
        total["requests with a fault"] += bool(fault)
        return fault

    with TemporaryDirectory() as folder, faulty(port, decide) as url:
        ledger_place = Path(folder) / "ledger"
        token = Path(folder) / "token"
        token.write_text(server.token(place))
        told = (url, str(token), str(ledger_place), str(count), str(draw.random()))
        server_kills = iter([] if quick else [draw.randrange(1, 4)])
        hammer("push", told, draw, total, place, next(server_kills, 0), quick=quick)
        calm = True
        with connected(url, token.read_text()) as studio:
            flow = load_flow("quality")
            with open_ledger(ledger_place) as ledger:
                keys = [key for (key,) in ledger.rows("SELECT key FROM items")]
                clean = push(ledger, flow, studio, How())
                there = Counter(task.key for task in studio.find(clean.project, keys))
                total["twice"] += sum(there[key] - 1 for key in there)
                total["lost"] += sum(key not in there for key in keys) + (len(keys) != count)
            said = annotate_all(studio, flow, clean.project, keys, draw)
            calm = False
            hammer("pull", told, draw, total, place, 0, quick=quick)
            calm = True
            with open_ledger(ledger_place) as ledger:
                found = Counter(one.id for one in ledger.annotations())
                total["annotations twice"] += sum(found[one] - 1 for one in found)
                total["annotations lost"] += len(said - set(found))
            studio.delete_project(clean.project)
    return total


def hammer(
    part_name: str,
    told: tuple[str, ...],
    draw: random.Random,
    total: Counter[str],
    place: server.Place,
    kill_server_at: int,
    *,
    quick: bool,
) -> None:
    """Run a part again and again, and kill it, until it has ended by itself."""
    for attempt in range(1, _TRIES):
        running = server.process("--part", part_name, *told)
        if attempt == kill_server_at:
            time.sleep(draw.uniform(0.5, 4.0))
            server.kill(place)
            total["kills of the server"] += 1
            server.again(place)
        elif attempt <= (1 if quick else 3):
            time.sleep(draw.uniform(1.5, 6.0))
            if running.poll() is None:
                running.kill()
                total["kills of the process"] += 1
        if running.wait() == 0:
            return
    raise SystemExit(f"{part_name} did not end in {_TRIES} attempts")


def annotate_all(
    studio: object, flow: object, project: int, keys: list[str], draw: random.Random
) -> set[int]:
    """Annotations by import, which is quick: the server gives them numbers of their own."""
    from asked import annotate  # pyright: ignore[reportMissingImports]

    from dataqa.review.asking.flows import Flow
    from dataqa.review.server.studio import Studio

    assert isinstance(studio, Studio)
    assert isinstance(flow, Flow)
    said: set[int] = set()
    for task in studio.find(project, draw.sample(keys, min(len(keys), 60))):
        answer = {"verdict": draw.choice(["keep", "drop", "unsure"])}
        said.add(annotate(studio, flow, task.id, answer))
    return said


def part(name: str, url: str, token: str, place: str, count: str, seed: str) -> int:
    """What is killed: one push or one pull."""
    from asked import (  # pyright: ignore[reportMissingImports]
        items_of,
        prelabels_of,
    )

    from dataqa.review.asking.flows import load_flow
    from dataqa.review.ledger import open_ledger
    from dataqa.review.server.pulling import pull
    from dataqa.review.server.pushing import How, push
    from dataqa.review.server.studio import UnansweredError, connected

    flow, items = load_flow("quality"), items_of(int(count), text=f"run {seed}", blind=10)
    how = How(batch=_BATCH, grace=0.5, patience=30, timeout=30)
    with (
        open_ledger(Path(place)) as ledger,
        connected(url, Path(token).read_text(), timeout=30) as studio,
    ):
        ledger.add(items)
        ledger.add_prelabels(prelabels_of(items[: len(items) // 2], "m1"))
        try:
            if name == "pull":
                pull(ledger, flow, studio)
            else:
                push(ledger, flow, studio, how)
        except UnansweredError:
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
