"""Faults at random moments: the same bytes, or a clean stop and then the same bytes.

Each trial draws a fault and its moment from its number, runs the command under it, and looks at
how it ended: with exit code 0 and the bytes of an undisturbed run, by the signal that was sent to
it, or with a word on what happened and what to do. Then the command is given again, without the
fault, until it ends; its bytes must be the same, and what `dataqa verify` looks at must hold: all
files whole and unchanged, each document in one of the four folders.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from benchmarks import injecting
from benchmarks.bench import ROOT, Arguments, Board, arguments
from benchmarks.injecting import Ended, Trial, bytes_of
from dataqa.engine.verify import faults as missing_or_changed
from dataqa.io.sources import Reading
from dataqa.pipeline import Pipeline
from dataqa.steps.duplicates import Duplicates
from dataqa.steps.exact import Exact
from dataqa.steps.language import Language
from dataqa.steps.normalize import Normalize
from dataqa.steps.private import Private
from dataqa.steps.quality import Quality
from dataqa.steps.scrub import Scrub

TRIALS = 100
DOCUMENTS = 120
ATTEMPTS = 60
"""A lease of a killed run on another machine must run out first."""

type Fault = Callable[[Trial], list[Ended]]

LOCAL: dict[str, Fault] = {
    "driver killed": injecting.driver_killed,
    "worker killed": injecting.worker_killed,
    "machine killed": injecting.machine_killed,
    "interrupted": injecting.interrupted,
    "two runs at once": injecting.two_at_once,
    "disk full": injecting.disk_full,
}
STORE: dict[str, Fault] = {
    "bad connection": injecting.bad_connection,
    "503 from some request on": injecting.store_down,
    "killed in a bucket": injecting.killed_in_bucket,
    "two machines on a bucket": injecting.two_machines,
    "clocks hours apart": injecting.wrong_clock,
}
RAY: dict[str, Fault] = {
    "Ray worker killed": injecting.ray_worker_killed,
    "Ray node killed": injecting.ray_node_killed,
    "Ray head killed": injecting.ray_head_killed,
}
QUICK = ("driver killed", "killed in a bucket")


class Whole(NamedTuple):
    """An undisturbed run: its bytes, and about how many files one sees it make."""

    bytes: dict[str, str]
    files: int


class Outcome(NamedTuple):
    """What became of a trial; ``wrong`` is empty when all holds."""

    finished: bool
    wrong: str


class Laboratory(NamedTuple):
    """Where the trials take place."""

    work: Path
    served: Path
    port: int
    command: Mapping[bool, tuple[str, ...]]
    environment: Mapping[str, str]
    whole: Mapping[bool, Whole]
    clusters: injecting.Clusters


def main(given: Arguments) -> int:
    board = Board("faults", given.json)
    if sys.platform != "linux":
        board.skip("faults", "they are injected through /proc and signals of Linux")
        return board.close()
    with tempfile.TemporaryDirectory() as folder:
        _measure(board, Path(folder), quick=given.quick)
    return board.close()


def _measure(board: Board, work: Path, *, quick: bool) -> None:
    from bucket import serving, settings  # pyright: ignore[reportMissingImports]
    from runs import documents, write  # pyright: ignore[reportMissingImports]

    kinds = {**LOCAL, **STORE, **RAY}
    for name, why in _missing(work).items():
        board.skip(name, why)
        del kinds[name]
    names = QUICK if quick else tuple(kinds)
    with serving(work / "served") as bucket, closing(injecting.Clusters()) as clusters:
        corpora = write(work / "in", documents(DOCUMENTS)), bucket.folder / "in"
        shutil.copytree(*corpora)
        laboratory = Laboratory(
            work,
            bucket.folder,
            bucket.port,
            {True: _command(work, "s3://corpus/in"), False: _command(work, str(corpora[0]))},
            settings(bucket.port, work / "mirror"),
            {},
            clusters,
        )
        laboratory = laboratory._replace(
            whole={remote: _undisturbed(laboratory, remote) for remote in (False, True)}
        )
        same = laboratory.whole[True].bytes == laboratory.whole[False].bytes
        board.check("a bucket holds the bytes of a folder", float(same), "", at_least=1)
        _try(board, laboratory, kinds, names, len(names) if quick else TRIALS)


def _missing(work: Path) -> dict[str, str]:
    missing = dict.fromkeys(RAY, "ray is not installed") if find_spec("ray") is None else {}
    if not injecting.may_mount(work):
        missing["disk full"] = "this user may not mount a small disk"
    if not shutil.which("faketime"):
        missing["clocks hours apart"] = "the command faketime is not there"
    return missing


def _try(
    board: Board,
    laboratory: Laboratory,
    kinds: Mapping[str, Fault],
    names: Sequence[str],
    trials: int,
) -> None:
    tried, finished, wrong = Counter[str](), Counter[str](), Counter[str]()
    for number in range(trials):
        name = names[number % len(names)]
        outcome = _trial(laboratory, kinds[name], number, remote=name in STORE)
        tried[name] += 1
        finished[name] += outcome.finished
        if outcome.wrong:
            wrong[name] += 1
            board.note(f"trial {number}, {name}", 1, "wrong", outcome.wrong)
    for name in names:
        detail = f"{finished[name]} ended whole at once, the others were continued"
        board.note(name, tried[name], "trials", detail)
    board.limit(
        "trials in which something was lost, changed or unclear",
        wrong.total(),
        "",
        at_most=0,
        detail=f"of {trials}, {finished.total()} of which ended whole at once",
    )


def _trial(laboratory: Laboratory, fault: Fault, number: int, *, remote: bool) -> Outcome:
    name = f"out-{number}"
    out = (laboratory.served if remote else laboratory.work) / name
    mirror = {"DATAQA_MIRROR": str(laboratory.work / f"mirror-{number}")}
    trial = Trial(
        random.Random(number),
        laboratory.command[remote],
        out,
        f"s3://corpus/{name}" if remote else str(out),
        {**laboratory.environment, **mirror},
        laboratory.whole[remote].files,
        laboratory.port,
        laboratory.clusters.get,
    )
    try:
        ends = fault(trial)
        wrong = [_unclear(end) for end in ends]
        if ends[0].code == 0 and bytes_of(out) != laboratory.whole[False].bytes:
            wrong.append("exit code 0, other bytes")
        wrong.append(_continued(laboratory, trial))
        return Outcome(any(end.code == 0 for end in ends), "; ".join(filter(None, wrong)))
    finally:
        injecting.unmount(out)
        shutil.rmtree(out, ignore_errors=True)


def _unclear(end: Ended) -> str:
    """What is wrong with how a process ended."""
    if end.code <= 0:
        return ""
    said = end.said.strip()
    if "Traceback" in said:
        return f"a traceback: {said.splitlines()[-1]}"
    told = "Error: " in said and "Hint: " in said
    if not told and "run again to continue" not in said:
        return f"exit code {end.code} without a word: {said[-200:]!r}"
    return ""


def _continued(laboratory: Laboratory, trial: Trial) -> str:
    """Give the command again until it ends; what is wrong with what is there then."""
    for _ in range(ATTEMPTS):
        end = injecting.ended(trial.start("--workers", "1"))
        if end.code == 0:
            break
        if "another run is using" not in end.said:
            return f"the run cannot be continued: {end.said.strip()[-300:]}"
        time.sleep(0.5)
    else:
        return f"refused {ATTEMPTS} times"
    if bytes_of(trial.out) != laboratory.whole[False].bytes:
        return "continued, other bytes"
    return "; ".join(missing_or_changed(trial.out))


def _undisturbed(laboratory: Laboratory, remote: bool) -> Whole:
    out = (laboratory.served if remote else laboratory.work) / "whole"
    trial = Trial(
        random.Random(0),
        laboratory.command[remote],
        out,
        "s3://corpus/whole" if remote else str(out),
        laboratory.environment,
        1 << 30,
        laboratory.port,
        laboratory.clusters.get,
    )
    end = injecting.ended(trial.start("--workers", "2"))
    if end.code:
        raise SystemExit(f"the undisturbed run fails: {end.said}")
    return Whole(bytes_of(out), sum(1 for _ in out.rglob("*")))


def _command(work: Path, corpus: str) -> tuple[str, ...]:
    pipeline = Pipeline.of(
        "faults",
        Normalize(),
        Language(keep=("en",), min=0.3),
        Quality(packs=("gopher",)),
        Exact(ignore="whitespace"),
        Duplicates(),
        Private(entities=("EMAIL_ADDRESS", "IP_ADDRESS")),
        Scrub(),
        reading=Reading(id_column="id", shard_bytes=16_000),
    )
    written = work / "faults.yaml"
    written.write_text(pipeline.to_yaml(), encoding="utf-8")
    return (sys.executable, "-m", "dataqa", "run", str(written), "-i", corpus, "--log", "none")


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(arguments(__doc__ or "")))
