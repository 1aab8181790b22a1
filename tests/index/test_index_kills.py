"""Killed at any moment: what was committed is there, what was not is not half there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from documents import pages
from killed_index import STEP

from dataqa.errors import InputError
from dataqa.index import committing, disk
from dataqa.index.index import Index

HERE = Path(__file__).parent


def written_until_killed(folder: Path, kind: str, start: int, after: float) -> int:
    """Let a process write and kill it so many seconds after it began; how far it had said."""
    command = [sys.executable, str(HERE / "killed_index.py"), str(folder), kind, str(start)]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split("\n")[:-1]
    assert process.returncode == -signal.SIGKILL
    return int(said[-1]) if said else start


def check(folder: Path, upto: int, removed: bool) -> int:
    """Everything up to ``upto`` is there; how many more are, which must be the next ones."""
    index = Index.open(folder)
    assert not index.verify()
    entries = [name for segment in index.now.segments for name in _ids(segment)]
    numbers = sorted(int(name[1:]) for name in entries)
    assert len(set(numbers)) == len(numbers) == len(index)
    expected = [k for k in range(upto) if not (removed and k % STEP == 0)]
    assert [k for k in numbers if k < upto] == expected
    more = [k for k in numbers if k >= upto]
    # the step under way: whole waiting rooms of it, in order
    assert more == list(range(upto, upto + len(more))) or (removed and more == list(
        range(upto + 1, upto + STEP)))  # fmt: skip
    assert len(more) <= STEP
    if upto:
        some = random.Random(upto).sample(expected, min(20, len(expected)))
        found = index.query(pages("q", some))
        assert found["ref"].to_list() == [f"d{k}" for k in some]
    return len(more)


def _ids(segment: committing.Segment) -> list[str]:
    import numpy as np

    rows = np.arange(segment.part.rows)
    rows = rows[~segment.gone] if len(segment.gone) else rows
    return segment.id_series(rows).to_list()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["add", "compact", "new", "remove"])
def test_nothing_committed_is_lost_by_kill_9(tmp_path: Path, kind: str):
    folder = tmp_path / "i"
    Index.create(folder, similarity=0.7, permutations=64)
    source = random.Random(kind)
    upto = 0
    for _ in range(4):
        upto = written_until_killed(folder, kind, upto, source.uniform(0.1, 0.8))
        more = check(folder, upto, removed=kind == "remove")
        assert not (more % STEP and kind == "new"), "half of a stream is visible"
    index = Index.open(folder)
    assert upto > 0
    # the next writer sweeps what no manifest names
    index.remove([])
    named = {file.name for file in index.now.manifest.files}
    assert {path.name for path in (folder / disk.FILES).iterdir()} == named
    assert {path.name for path in folder.iterdir()} == {disk.FILES, disk.LOCK, disk.MANIFEST}


class _Stop(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("at", range(1, 14))
@pytest.mark.parametrize("kind", ["add", "remove", "forget", "compact", "new"])
def test_stopped_before_any_single_write_nothing_is_half_visible(
    tmp_path: Path, kind: str, at: int, monkeypatch: pytest.MonkeyPatch
):
    """The same at every place where a file is sealed, named, replaced or deleted, one by one."""
    folder = tmp_path / "i"
    index = Index.create(folder, similarity=0.7, permutations=64)
    for first in range(0, 60, 20):
        index.add(pages("d", range(first, first + 20)))
    index.remove(["d1"])
    before = {name for segment in index.now.segments for name in _ids(segment)}
    left = at
    for module, name in ((committing, "save"), (committing, "delete"), (os, "fsync")):
        original = getattr(module, name)

        def counted(*given: object, original: object = original) -> object:
            nonlocal left
            left -= 1
            if not left:
                raise _Stop
            assert callable(original)
            return original(*given)

        monkeypatch.setattr(module, name, counted)
    after = set(before)
    try:
        if kind in {"add", "new"}:
            after |= {f"d{k}" for k in range(100, 130)}
            index.add(pages("d", range(100, 130)), skip_known=kind == "new")
        elif kind == "compact":
            index.compact()
        else:
            after -= {"d5", "d45"}
            index.remove(["d5", "d45"], forget=kind == "forget")
    except _Stop:
        pass
    else:
        assert left > 0
    monkeypatch.undo()
    again = Index.open(folder)
    assert not again.verify()
    now = {name for segment in again.now.segments for name in _ids(segment)}
    assert now in (before, after)
    assert len(again) == len(now)
    again.remove([])
    named = {file.name for file in again.now.manifest.files}
    assert {path.name for path in (folder / disk.FILES).iterdir()} == named


def test_two_writers_do_not_meet(tmp_path: Path):
    """Field trap A12: a writer that is at work is seen by others, and one that died is not."""
    folder = tmp_path / "i"
    Index.create(folder, similarity=0.7, permutations=64)
    command = [sys.executable, str(HERE / "killed_index.py"), str(folder), "add", "0"]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with disk.locked(folder):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "another process is writing" in done.stderr
    written_until_killed(folder, "add", 0, 0.1)
    Index.open(folder).add(pages("x", [1]))
    with pytest.raises(InputError), disk.locked(folder), disk.locked(folder):
        pass
