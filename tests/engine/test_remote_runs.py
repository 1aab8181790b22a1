"""Runs from a bucket into a bucket make the bytes that a run into a folder makes."""

from __future__ import annotations

import gzip
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

import pytest
from bucket import SECRET, Bucket, go_to, serving, settings
from commands import dataqa
from faulty import Fault, faulty
from runs import conserved, documents, go, tree, whole, write

from dataqa.engine.decide import decide
from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io import objects
from dataqa.io.store import Store
from dataqa.io.urls import place

SIZE = 20
HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


class Served(NamedTuple):
    """A bucket with a corpus in ``in/``, and what a run over it into a folder makes."""

    bucket: Bucket
    bytes: dict[str, str]

    def out(self, name: str) -> Path:
        """The folder behind the prefix of a run."""
        return self.bucket.folder / name


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    folder = tmp_path_factory.mktemp("remote")
    with serving(folder / "served") as bucket, pytest.MonkeyPatch.context() as patch:
        go_to(patch, bucket.port, folder / "mirror")
        write(bucket.folder / "in", documents(SIZE, seed=7))
        conserved(go("s3://corpus/in", folder / "out"), SIZE)
        yield Served(bucket, whole(folder / "out"))


@pytest.fixture
def served(made: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Served]:
    go_to(monkeypatch, made.bucket.port, tmp_path / "mirror")
    yield made
    for path in made.bucket.folder.iterdir():  # the server looks at all files for each listing
        if path.name != "in":
            shutil.rmtree(path)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_into_a_bucket_makes_the_same_bytes(workers: int, served: Served):
    out = f"s3://corpus/out-{workers}"
    result = go("s3://corpus/in", out, workers=workers)
    conserved(result, SIZE)
    assert whole(served.out(f"out-{workers}")) == served.bytes
    assert str(result.out) == out
    for path in served.out(f"out-{workers}").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
    again = go("s3://corpus/in", out, workers=workers)
    assert again.counts == result.counts
    assert whole(served.out(f"out-{workers}")) == served.bytes


def test_from_a_folder_into_a_bucket_and_back(served: Served, tmp_path: Path):
    """Where inputs are is in the manifest; what is written for documents is the same."""
    go(served.bucket.folder / "in", "s3://corpus/from-disk")
    assert tree(served.out("from-disk")) == {
        name: digest for name, digest in served.bytes.items() if "/" in name
    }


def test_decided_anew_in_a_bucket_it_is_what_it_is_in_a_folder(served: Served, tmp_path: Path):
    bounds = {"gopher.word_count.min": 80}
    for out in ("s3://corpus/decided", str(tmp_path / "decided")):
        go("s3://corpus/in", out)
        decide(place(out), bounds)
    assert whole(served.out("decided")) == whole(tmp_path / "decided")
    assert whole(served.out("decided")) != served.bytes
    state = {name.split("/")[1] for name in Store(place("s3://corpus/decided")).names(".state")}
    assert not state & {"next", "swap.json", "spool"}


def complaint(out: str) -> str:
    """What a run says against being run."""
    try:
        go("s3://corpus/in", out)
    except DataqaError as error:
        return str(error)
    return ""


def stopping(patch: pytest.MonkeyPatch, stop: int) -> None:
    """Once a run begins to take another's place, let the store be written to ``stop`` times."""
    seen, put_json = [0], Store.put_json

    def begin() -> None:
        for name in ("copy", "delete", "put"):
            patch.setattr(objects, name, counted(getattr(objects, name)))

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def ask(*asked: object) -> object:
            seen[0] += 1
            if seen[0] > stop:
                raise KeyboardInterrupt
            return real(*asked)

        return ask

    def put(self: Store, name: str, value: object, *, indent: int = 0) -> None:
        put_json(self, name, value, indent=indent)
        if name.endswith("swap.json") and not value:
            begin()

    patch.setattr(Store, "put_json", put)


@pytest.mark.parametrize("stop", [0, 20])
def test_taking_a_place_may_be_stopped_anywhere(stop: int, served: Served, tmp_path: Path):
    """There is no rename that could do it at once: whoever comes next goes on with it."""
    bounds = {"gopher.word_count.min": 80}
    go("s3://corpus/in", tmp_path / "swapped", settings=bounds)
    go("s3://corpus/in", f"s3://corpus/swapped-{stop}")
    out = place(f"s3://corpus/swapped-{stop}")
    with pytest.MonkeyPatch.context() as patch:
        stopping(patch, stop)
        with pytest.raises(KeyboardInterrupt):
            decide(out, bounds)
    assert dataqa("verify", out).code == 0
    assert whole(served.out(f"swapped-{stop}")) == whole(tmp_path / "swapped")


@pytest.mark.parametrize("seed", range(3))
def test_killed_in_a_bucket_the_rerun_makes_the_same_bytes(
    seed: int, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On the same machine at once, on another one when the lease has run out."""
    name, commit = f"killed-{seed}", random.Random(seed).randrange(2, 60)
    environment = {**os.environ, **settings(served.bucket.port, tmp_path / "mirror")}
    environment["DATAQA_LEASE_SECONDS"] = "2"
    command = [sys.executable, str(HERE / "driven.py"), "s3://corpus/in", f"s3://corpus/{name}"]
    process = subprocess.run(
        [*command, "1", str(commit)], env=environment, capture_output=True, check=False
    )
    assert process.returncode in {0, -signal.SIGKILL}, process.stderr
    if seed % 3 == 0:
        monkeypatch.setenv("DATAQA_MIRROR", str(tmp_path / "another machine"))
    told = "another run is using"
    while "another run is using" in told:
        told = complaint(f"s3://corpus/{name}")
    assert told == ""
    assert whole(served.out(name)) == served.bytes


@pytest.mark.parametrize("seed", range(2))
def test_a_bad_connection_ends_in_the_same_bytes_or_in_a_clean_stop(
    seed: int, served: Served, monkeypatch: pytest.MonkeyPatch
):
    draw, met = random.Random(seed), list[Fault]()
    share = (0.03, 0.15)[seed]
    kinds: tuple[Fault, ...] = ("refuse", "cut", "lose", "drop", "slow")

    def decide(method: str, path: str) -> Fault:
        met.append(draw.choice(kinds) if draw.random() < share else "")
        return met[-1]

    with faulty(served.bucket.port, decide) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("DATAQA_STORE_SECONDS", "3")
        told = "run again to continue"
        while "run again to continue" in told:
            told = complaint(f"s3://corpus/faults-{seed}")
    assert told == ""
    assert sum(map(bool, met)) > 2
    assert whole(served.out(f"faults-{seed}")) == served.bytes


def test_a_storm_stops_the_run_and_it_continues(served: Served, monkeypatch: pytest.MonkeyPatch):
    asked, over = [0], [False]

    def decide(method: str, path: str) -> Fault:
        asked[0] += 1
        return "refuse" if asked[0] > 40 and not over[0] else ""

    with faulty(served.bucket.port, decide) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("DATAQA_STORE_SECONDS", "2")
        with pytest.raises(RunError, match=r"s3://corpus/.*: the store does not answer"):
            go("s3://corpus/in", "s3://corpus/storm")
        assert asked[0] > 40
        over[0] = True
        monkeypatch.setenv("DATAQA_STORE_SECONDS", "20")
        go("s3://corpus/in", "s3://corpus/storm")  # at once, though the lease was not given back
    assert whole(served.out("storm")) == served.bytes


def test_a_spooled_input_is_cut_into_objects(served: Served, tmp_path: Path):
    """What is decoded once lies in the bucket, where every machine can read it."""
    small = {"reading.shard_bytes": 800}
    lines = b"".join(
        path.read_bytes() for path in sorted((served.bucket.folder / "in").glob("*.jsonl"))
    )
    served.bucket.put("packed/all.jsonl.gz", gzip.compress(lines, mtime=0))
    seen: list[str] = []
    put = Store.commit

    def commit(self: Store, draft: Path, name: str) -> None:
        seen.append(f"{self.root}/{name}")
        put(self, draft, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "commit", commit)
        go("s3://corpus/packed/*", "s3://corpus/spooled", settings=small)
    go("s3://corpus/packed/*", tmp_path / "out", settings=small)
    pieces = [name for name in seen if ".state/spool/" in name and name.endswith(".lz4")]
    assert len(pieces) > 3
    assert whole(served.out("spooled")) == whole(tmp_path / "out")
    assert not served.out("spooled/.state/spool").exists()


def test_an_input_that_changes_under_the_run_is_named(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    """Each process reads one version; that all read the same one is seen at the end."""
    from dataqa.engine import driver

    write(served.bucket.folder / "changing", documents(20))
    real = driver.finish

    def finish(*asked: object) -> object:
        path = served.bucket.folder / "changing" / "part-1.jsonl"
        path.write_bytes(path.read_bytes() + b"\n")
        return real(*asked)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(driver, "finish", finish)
    with pytest.raises(InputError, match=r"part-1.jsonl: .*has changed while"):
        go("s3://corpus/changing", "s3://corpus/changed")


def test_an_output_within_its_input_is_refused(served: Served):
    with pytest.raises(InputError, match="lies in an input folder"):
        go("s3://corpus/in", "s3://corpus/in/out")


def test_what_the_page_shows_works(served: Served, examples: Path):
    """The commands of docs/object-storage.md, and a look at what they say."""
    page = (examples.parent.parent / "docs" / "object-storage.md").read_text(encoding="utf-8")
    served.bucket.put("crawl/a.jsonl", (examples / "planted.jsonl").read_bytes())
    told = [dataqa(*shlex.split(line)[2:]) for line in page.splitlines() if line.startswith("$ ")]
    assert [one.code for one in told] == [0] * 6, told
    said = "".join(one.out + one.err for one in told)
    for words in (
        *("Report: s3://corpus/clean/report.html", "Card: s3://corpus/clean/card.md"),
        *("planted-boilerplate-en-news: rejected", "whole and unchanged\n"),
    ):
        assert words in said
    report = json.loads((served.out("clean") / "report.json").read_bytes())
    rule = max(report["rules"], key=lambda rule: rule["rejected"])["rule"]
    assert dataqa("show", "s3://corpus/clean", "--rule", rule, "-n", "2").code == 0
    assert "there is no finished run" in dataqa("verify", "s3://corpus/nothing").err
    next((served.out("clean") / "kept").iterdir()).write_bytes(b"")
    assert "has changed" in dataqa("verify", "s3://corpus/clean").err


def test_what_cannot_go_to_a_bucket_says_so(served: Served, tmp_path: Path):
    told = dataqa("run", "quickstart", "-i", "s3://corpus/in", "-o", "ftp://corpus/out")
    assert (told.code, "ftp:// is no object storage" in told.err) == (2, True)
    told = dataqa("run", "quickstart", "-i", "s3://a:b@corpus/in", "-o", str(tmp_path / "out"))
    assert (told.code, "a:b" in told.err) == (2, False)
    assert not list(tmp_path.glob("out/kept/*"))
    for command in (
        ("dedup", "preview", "-i", "s3://corpus/in", "-o", "s3://corpus/preview"),
        ("pack", "s3://corpus/out/kept", "-o", str(tmp_path)),
        ("run", "quickstart", "-i", "s3://corpus/in", "-o", str(tmp_path), "--rules", "s3://r/"),
    ):
        told = dataqa(*command)
        assert (told.code, "of this machine is needed here" in told.err) == (2, True)
    assert not Path("s3:").exists()
