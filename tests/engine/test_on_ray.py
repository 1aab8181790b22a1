"""Runs on a real Ray cluster of two nodes on this machine: the same bytes, whatever dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Generator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from commands import dataqa as dataqa_command
from conftest import Finished
from endpoints import fake
from failing import Fails, Kills, NeedsGpu
from raylets import two_raylets
from runs import PIPELINE, conserved, documents, go, verdicts, whole, write

import dataqa
from dataqa.engine import on_ray
from dataqa.engine.shard import Done
from dataqa.engine.watch import Silent
from dataqa.errors import BoundError, InputError, RunError
from dataqa.pipeline import NamedStep, Pipeline
from dataqa.steps.score import Score
from dataqa.types import Assets, Step

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs ray")


@pytest.fixture(scope="module")
def cluster() -> Generator[Any]:
    with two_raylets() as made:
        yield made


@pytest.fixture
def there(cluster: Any) -> dict[str, Any]:
    """Options that have a run go there."""
    return {"engine": "ray", "address": cluster.address, "workers": None}


def also(step: Step) -> Pipeline:
    """The small pipeline with a step more, in its first stage."""
    return msgspec.structs.replace(
        PIPELINE, steps=(NamedStep("also", "also", step), *PIPELINE.steps)
    )


class Stops(Silent):
    """Interrupts a run after so many shards."""

    def __init__(self, after: int) -> None:
        self._left = after

    def shard(self, done: Done) -> None:
        """Count one."""
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def test_a_cluster_makes_the_bytes_that_a_machine_makes(
    finished: Finished, there: dict[str, Any], tmp_path: Path
):
    other = go(finished.corpus, tmp_path / "out", **there)
    assert whole(other.out) == whole(finished.result.out)
    told = msgspec.json.decode((other.out / "run.json").read_bytes())
    assert told["workers"] == 2
    assert told["documents"] == 300
    assert told["step_cpu_seconds"].keys() == {"normalize", "quality", "exact", "language"}


@pytest.mark.parametrize(("first", "then"), [("local", "ray"), ("ray", "local")])
def test_what_one_began_the_other_finishes(
    finished: Finished, there: dict[str, Any], first: str, then: str, tmp_path: Path
):
    engines = {"local": {}, "ray": there}
    with pytest.raises(KeyboardInterrupt):
        go(finished.corpus, tmp_path / "out", watch=Stops(20), **engines[first])
    assert not (tmp_path / "out" / "report.json").exists()
    result = go(finished.corpus, tmp_path / "out", **engines[then])
    assert whole(result.out) == whole(finished.result.out)


def test_workers_that_die_are_replaced(there: dict[str, Any], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(90))
    traps = tmp_path / "traps"
    traps.mkdir()
    pipeline = also(Kills(folder=str(traps)))
    expected = go(corpus, tmp_path / "local", pipeline=pipeline)
    for number in range(4):
        (traps / f"{number}").touch()
    result = go(corpus, tmp_path / "out", pipeline=pipeline, **there)
    assert not list(traps.iterdir())
    assert whole(result.out) == whole(expected.out)


def test_workers_on_two_nodes_spend_one_budget(
    there: dict[str, Any], assets: Assets, tmp_path: Path
):
    corpus = write(tmp_path / "in", documents(90))
    traps = tmp_path / "traps"
    traps.mkdir()
    with fake() as server:
        judge = Score(
            llm="educational",
            sample=1.0,
            send="raw",
            budget="60-requests,9M-tokens",
            endpoint=server.endpoint(concurrency=2),
            cache=str(tmp_path / "replies.sqlite"),
        )
        first = NamedStep("score", "score", judge)
        pipeline = also(Kills(folder=str(traps)))
        pipeline = msgspec.structs.replace(pipeline, steps=(first, *pipeline.steps))
        for number in range(2):  # a shard whose worker dies is done again
            (traps / f"{number}").touch()
        with pytest.raises(BoundError, match="60 requests spent"):
            go(corpus, tmp_path / "out", pipeline=pipeline, **there)
        assert 40 < len(server.requests) <= 60
        more = pipeline.with_settings({"score.budget": "9M-tokens"}, assets)
        conserved(go(corpus, tmp_path / "out", pipeline=more, **there), 90)
    with pytest.raises(InputError, match=r'step score.*\n.*engine="ray"'):
        dataqa.judge_dataset(None, Pipeline.of("judged", judge))


def test_a_shard_that_kills_every_worker_ends_the_run(there: dict[str, Any], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(20), files=1)
    traps = tmp_path / "traps"
    traps.mkdir()
    for number in range(on_ray.DEATHS + 1):
        (traps / f"{number}").touch()
    pipeline = also(Kills(folder=str(traps), word=documents(20)[0]["text"]))
    with pytest.raises(RunError, match=r"workers died over shard 0") as told:
        go(corpus, tmp_path / "out", pipeline=pipeline, **there)
    assert "part-0.jsonl" in str(told.value)
    # it was the worker, and not the documents: the next run has them all
    conserved(go(corpus, tmp_path / "out", pipeline=pipeline, **there), 20)


def test_a_node_that_goes_takes_nothing_with_it(
    finished: Finished, cluster: Any, there: dict[str, Any], tmp_path: Path
):
    node = cluster.add_node(num_cpus=1)
    begun = threading.Event()

    class Tells(Silent):
        def shard(self, done: Done) -> None:
            if not begun.is_set():
                begun.set()
                cluster.remove_node(node, allow_graceful=False)

    result = go(finished.corpus, tmp_path / "out", watch=Tells(), **there | {"workers": 3})
    assert begun.is_set()
    assert whole(result.out) == whole(finished.result.out)


def test_what_stops_a_run_is_said_as_on_one_machine(there: dict[str, Any], tmp_path: Path):
    rows = [*documents(30), {"id": "bad", "text": "a poison", "source": "web", "rank": 99}]
    corpus = write(tmp_path / "in", rows)
    told: list[str] = []
    for options in ({}, there):
        with pytest.raises(RunError) as error:
            go(corpus, tmp_path / f"out{len(told)}", pipeline=also(Fails()), **options)
        told.append(str(error.value).partition("\n")[0])
    assert told[0] == told[1]
    assert "poison" not in told[1]
    aside = go(corpus, tmp_path / "out1", pipeline=also(Fails()), on_error="quarantine", **there)
    assert verdicts(aside)["bad"] == "quarantine"
    conserved(aside, 31)


def test_a_step_gets_what_it_asks_for(there: dict[str, Any], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(40))
    conserved(go(corpus, tmp_path / "out", pipeline=also(NeedsGpu()), **there), 40)


def test_no_cluster_no_run(tmp_path: Path):
    corpus = write(tmp_path / "in", documents(3))
    with pytest.raises(InputError, match="no Ray cluster"):
        go(corpus, tmp_path / "out", engine="ray", address="127.0.0.1:1")


def test_an_address_without_its_engine_is_refused(tmp_path: Path):
    words = ["run", "quickstart", "-i", str(tmp_path), "-o", str(tmp_path / "out")]
    done = dataqa_command(*words, "--address", "auto")
    assert done.code == 2
    assert "add --engine ray" in done.err


def test_from_the_command_line(there: dict[str, Any], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(10))
    words = [
        "run",
        "quickstart",
        "-i",
        str(corpus),
        "-o",
        str(tmp_path / "out"),
        "--id-column",
        "id",
    ]
    done = dataqa_command(*words, "--engine", "ray", "--address", there["address"])
    assert done.code == 0, done.err
    assert (tmp_path / "out" / "report.html").exists()


def test_the_job_that_is_submitted(there: dict[str, Any], tmp_path: Path):
    corpus = write(tmp_path / "in", documents(10))
    job = Path(__file__).parents[2] / "examples" / "ray" / "job.py"
    done = subprocess.run(
        [sys.executable, str(job), "quickstart", str(corpus), str(tmp_path / "out")],
        env={**os.environ, "RAY_ADDRESS": there["address"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("documents 10, ")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")
def test_a_dataset_is_judged_as_a_frame_is(cluster: Any):
    ray, data = on_ray.library(), import_module("ray.data")
    frame = pl.DataFrame(documents(60)).with_columns(
        pl.when(pl.col("rank") == 7).then(None).otherwise("text").alias("text")
    )
    pipeline = Pipeline.of("alone", *(named.step for named in PIPELINE.steps[:2]))
    expected = dataqa.judge(frame, pipeline)
    with on_ray.connected(cluster.address):
        data.DataContext.get_current().enable_progress_bars = False
        judged = dataqa.judge_dataset(data.from_arrow(frame.to_arrow()), pipeline, batch_size=16)
        found = pl.from_arrow(ray.get(judged.to_arrow_refs())[0])
        with pytest.raises(InputError, match="needs to know all documents"):
            dataqa.judge_dataset(judged, PIPELINE)
    assert isinstance(found, pl.DataFrame)
    assert found.sort("rank").equals(expected.sort("rank"))
