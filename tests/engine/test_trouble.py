"""What goes wrong: the message names what and where and gives a hint, and nothing is lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import polars as pl
import pytest
from conftest import Finished
from failing import Fails
from runs import PIPELINE, conserved, documents, go, tree, verdicts, whole, write

from dataqa.errors import BoundError, DataqaError, InputError, RunError
from dataqa.io import sinks
from dataqa.io.store import Store
from dataqa.pipeline import Pipeline
from dataqa.steps.exact import Exact
from dataqa.steps.quality import Quality

Hashed = sinks._Hashed  # pyright: ignore[reportPrivateUsage]
SECRET = "Zebulon Quackenbush"


def fails(kind: DataqaError, *words: str) -> None:
    """The message has all these words, and no text of a document."""
    told = str(kind)
    assert all(word in told for word in words), told
    assert SECRET not in told


@pytest.fixture
def out(finished: Finished, tmp_path: Path) -> Path:
    """A copy of the finished run."""
    return shutil.copytree(finished.result.out, tmp_path / "out")


@pytest.fixture
def corpus(finished: Finished, tmp_path: Path) -> Path:
    """A copy of its corpus, to be changed."""
    return write(tmp_path / "in", documents(finished.size))


def test_a_changed_input_is_named(corpus: Path, tmp_path: Path):
    go(corpus, tmp_path / "out")
    path = corpus / "part-1.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("boat", "ship"), encoding="utf-8")
    with pytest.raises(InputError) as told:
        go(corpus, tmp_path / "out")
    fails(told.value, "part-1.jsonl", "has changed", "--fresh")
    assert go(corpus, tmp_path / "out", fresh=True).counts["documents"] == 300


def test_a_touched_input_is_not_a_changed_one(corpus: Path, tmp_path: Path):
    first = whole(go(corpus, tmp_path / "out").out)
    os.utime(corpus / "part-1.jsonl")
    assert whole(go(corpus, tmp_path / "out").out) == first


def test_a_vanished_input_is_named(corpus: Path, tmp_path: Path):
    go(corpus, tmp_path / "out")
    (corpus / "part-2.jsonl").unlink()
    with pytest.raises(InputError) as told:
        go(corpus, tmp_path / "out")
    fails(told.value, "part-2.jsonl", "gone", "--fresh")


def test_the_folder_of_another_pipeline_is_left_alone(finished: Finished, out: Path):
    with pytest.raises(InputError) as told:
        go(finished.corpus, out, pipeline=msgspec.structs.replace(PIPELINE, name="other"))
    fails(told.value, "'small'", "-o")
    assert tree(out) == tree(finished.result.out)


def test_a_folder_in_use_is_left_alone(finished: Finished, out: Path):
    with Store(out).locked(), pytest.raises(InputError) as told:
        go(finished.corpus, out)
    fails(told.value, "another run", str(out), "-o")


def test_no_input_and_no_writable_folder(finished: Finished, tmp_path: Path):
    with pytest.raises(InputError) as told:
        go(tmp_path / "nowhere.jsonl", tmp_path / "out")
    fails(told.value, "nowhere.jsonl")
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(InputError) as told:
        go(finished.corpus, tmp_path / "file")
    fails(told.value, "cannot be written", "-o")


def test_a_run_over_max_drop_is_finished_and_names_the_rules(finished: Finished, tmp_path: Path):
    with pytest.raises(BoundError) as told:
        go(finished.corpus, tmp_path / "out", max_drop=0.2)
    assert told.value.exit_code == 3
    fails(told.value, "gopher.top_2gram.max", "rejected", "max_drop allows 20 %", "--set")
    assert whole(tmp_path / "out") == whole(finished.result.out)
    conserved(go(finished.corpus, tmp_path / "out", max_drop=0.99), finished.size)


def test_max_drop_is_exact_and_a_share(finished: Finished, out: Path):
    gone = finished.result.counts["rejected"] + finished.result.counts["quarantine"]
    just = gone / finished.size
    go(finished.corpus, out, max_drop=just)
    with pytest.raises(BoundError):
        go(finished.corpus, out, max_drop=just - 0.001)
    for wrong in (5, -0.1, float("nan")):
        with pytest.raises(InputError) as told:
            go(finished.corpus, out, max_drop=wrong)
        fails(told.value, "from 0 to 1", "0.05")


FAILING = Pipeline.of(
    "failing", Fails(word="poison"), Exact(), reading=PIPELINE.reading, output=PIPELINE.output
)


def poisoned(size: int) -> list[dict[str, str | int]]:
    """Documents of which three make the step raise, each with a name in it."""
    rows = documents(size)
    for at in (3, 40, 41):
        rows[at]["text"] = f"poison for {SECRET}, number {at}"
    return rows


@pytest.mark.parametrize("workers", [1, 2])
def test_a_step_that_raises_stops_and_quotes_no_text(workers: int, tmp_path: Path):
    corpus = write(tmp_path / "in", poisoned(60))
    with pytest.raises(RunError) as told:
        go(corpus, tmp_path / "out", pipeline=FAILING, workers=workers)
    fails(told.value, "step failing", "ValueError", "d1-", "--on-error quarantine")


def test_quarantine_takes_the_guilty_and_nobody_else(tmp_path: Path):
    """Bisection: whatever the batch, exactly the documents that raise stand apart."""
    corpus = write(tmp_path / "in", poisoned(60))
    result = go(corpus, tmp_path / "out", pipeline=FAILING, on_error="quarantine")
    conserved(result, 60)
    aside = result.scan("quarantine").collect().sort("doc_id")
    assert aside["doc_id"].to_list() == ["d1-0003", "d1-0040", "d1-0041"]
    assert aside["step"].unique().to_list() == ["failing"]
    assert all("ValueError" in error for error in aside["error"])
    assert all("in run" in trace for trace in aside["traceback"])
    assert aside["raw"].cast(pl.String).str.contains(SECRET).all()
    small = msgspec.structs.replace(
        FAILING, reading=msgspec.structs.replace(PIPELINE.reading, batch_bytes=700)
    )
    other = go(corpus, tmp_path / "small", pipeline=small, on_error="quarantine")
    assert verdicts(other) == verdicts(result)


def test_a_stopped_run_goes_on_with_quarantine(tmp_path: Path):
    corpus = write(tmp_path / "in", poisoned(60))
    with pytest.raises(RunError):
        go(corpus, tmp_path / "out", pipeline=FAILING)
    result = go(corpus, tmp_path / "out", pipeline=FAILING, on_error="quarantine")
    fresh = go(corpus, tmp_path / "fresh", pipeline=FAILING, on_error="quarantine")
    assert whole(result.out) == whole(fresh.out)


@pytest.mark.parametrize("nth", [1, 4, 30, 90])
def test_a_full_disk_stops_with_a_hint_and_resumes(
    nth: int, finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A fault injected into writing, once: no space left on device."""
    real, left = Hashed.write, [nth]

    def write_or_fail(file: Hashed, data: bytes, /) -> int:
        left[0] -= 1
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data)

    monkeypatch.setattr(Hashed, "write", write_or_fail)
    with pytest.raises(RunError) as told:
        go(finished.corpus, tmp_path / "out")
    fails(told.value, "No space left", "free some space", "run again")
    go(finished.corpus, tmp_path / "out")
    assert whole(tmp_path / "out") == whole(finished.result.out)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from runs import go
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
from dataqa.errors import RunError
try:
    go(Path(sys.argv[1]), Path(sys.argv[2]))
except RunError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_that_may_not_grow_stops_the_run_with_a_word(finished: Finished, tmp_path: Path):
    """The same, from the operating system: files here may not be larger than 3,000 bytes."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(finished.corpus), str(tmp_path / "out")],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot be written: File too large" in done.stdout, done.stderr
    go(finished.corpus, tmp_path / "out")
    assert whole(tmp_path / "out") == whole(finished.result.out)


def test_a_rule_without_its_signal_says_so_before_anything_is_read(tmp_path: Path):
    corpus = write(tmp_path / "in", documents(5))
    wrong = Pipeline.of("wrong", Quality(packs=("goffer",)))
    with pytest.raises(InputError) as told:
        go(corpus, tmp_path / "out", pipeline=wrong)
    fails(told.value, "goffer", "gopher")


NO_NETWORK = """
import socket, sys
from pathlib import Path

def blocked(*args, **kwargs):
    raise AssertionError("somebody talks to the network")

socket.socket.connect = socket.socket.connect_ex = blocked
socket.getaddrinfo = socket.create_connection = blocked
from runs import go
print(go(Path(sys.argv[1]), Path(sys.argv[2])).counts["documents"])
"""


def test_a_run_opens_no_connection(finished: Finished, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, str(finished.corpus), str(tmp_path / "out")],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(finished.size), done.stderr
