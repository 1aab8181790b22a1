"""A store below a URL promises what a folder does, with copies here, and is held by one run."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bucket import Bucket, go_to, serving, settings
from faulty import Fault, faulty

from dataqa.errors import InputError, RunError
from dataqa.io import lease, mirror, objects
from dataqa.io.lease import Lease
from dataqa.io.store import Store
from dataqa.io.urls import place

HOLD = """
import sys, time
from dataqa.io.store import Store
from dataqa.io.urls import place
with Store(place(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bucket]:
    with serving(tmp_path_factory.mktemp("served")) as bucket:
        yield bucket


@pytest.fixture
def bucket(served: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    go_to(monkeypatch, served.port, tmp_path / "mirror")
    return served


@pytest.fixture
def store(bucket: Bucket, request: pytest.FixtureRequest) -> Store:
    return Store(place(f"s3://corpus/{request.node.name}"))


def copies(store: Store) -> list[str]:
    """The files here, but for what is about who holds them."""
    folder = mirror.folder_of(str(store.root))
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in found if path.name not in {"lock", "mirror"})


DEEDS = (*("put", "commit", "read", "read", "ask", "delete", "names") * 3, "delete_all")


def done(store: Store, what: str, name: str, prefix: str, data: bytes) -> object:
    """Do something to a store; what it answers."""
    match what:
        case "put":
            store.put(name, data)
        case "commit":
            draft = store.draft()
            draft.write_bytes(data)
            store.commit(draft, name)
            assert not draft.exists()
        case "read":
            path = store.path(name)
            return path.read_bytes() if path.is_file() else None
        case "ask":
            return store.get(name), store.size(name), store.exists(name)
        case "delete":
            store.delete(name)
        case "names":
            return store.names(prefix)
        case _:
            store.delete_all(prefix)
    return None


def test_it_answers_as_a_folder_does(store: Store, tmp_path: Path):
    draw = random.Random(5)
    both = [Store(tmp_path / "here"), store]
    names = [f"{folder}/{at}.json" for folder in ("kept", ".state/a", ".state/b/c") for at in "xyz"]
    for _ in range(200):
        name, prefix = draw.choice(names), draw.choice(["kept", ".state", ".state/b", "none"])
        what, data = draw.choice(DEEDS), draw.randbytes(draw.randrange(200))
        here, there = (done(one, what, name, prefix, data) for one in both)
        assert there == here
        assert both[1].names("") == both[0].names("")


def test_one_prefix_takes_the_place_of_another(store: Store):
    for name in ("kept/a", "kept/b", "next/kept/b", "next/kept/c", "report", "next/report"):
        store.put(name, name.encode())
    for name in ("kept", "report", "missing"):
        store.take(f"next/{name}", name)
    store.delete_all("next")
    assert {name: store.get(name) for name in store.names("")} == {
        "kept/b": b"next/kept/b", "kept/c": b"next/kept/c", "report": b"next/report",
    }  # fmt: skip


def test_a_large_draft_goes_up_in_parts(store: Store, bucket: Bucket):
    data = random.Random(6).randbytes(37 << 20)
    draft = store.draft()
    draft.write_bytes(data)
    store.commit(draft, "kept/large.parquet")
    assert store.size("kept/large.parquet") == len(data)
    assert (bucket.folder / store.root.name / "kept" / "large.parquet").read_bytes() == data
    assert store.path("kept/large.parquet").read_bytes() == data


def test_a_copy_is_brought_once_and_again_when_there_is_another_version(
    store: Store, bucket: Bucket
):
    far = bucket.folder / store.root.name / "kept" / "a.parquet"
    store.put("kept/a.parquet", b"one")
    first = store.path("kept/a.parquet")
    assert first == store.path("kept/a.parquet")
    assert first.name.endswith(".a.parquet")
    far.write_bytes(b"two")  # as another machine would
    second = store.path("kept/a.parquet")
    assert (second.read_bytes(), first.exists()) == (b"two", False)
    far.unlink()
    assert not store.path("kept/a.parquet").exists()
    assert copies(store) == []


def test_state_stays_here_until_a_run_ends_well_and_results_do_not(store: Store):
    def write() -> None:
        for name in ("kept/a.parquet", ".state/a.sketch"):
            draft = store.draft()
            draft.write_bytes(b"x")
            store.commit(draft, name)

    def stopped() -> None:
        with store.locked():
            write()
            raise RunError("stopped")

    with pytest.raises(RunError, match="stopped"):
        stopped()
    assert [name.partition(".")[2] for name in copies(store)] == ["a.sketch"]
    with store.locked():
        write()
    assert copies(store) == []
    assert (mirror.folder_of(str(store.root)).stat().st_mode & 0o077) == 0


def test_it_travels_to_workers_as_a_name(store: Store):
    sent = pickle.dumps(store)
    assert len(sent) < 300
    assert pickle.loads(sent) == store
    assert pickle.loads(sent).remote == store.remote


def test_a_second_run_is_refused_and_a_killed_one_leaves_no_lock(
    store: Store, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    command = [sys.executable, "-c", HOLD, str(store.root)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another run is using this output folder"):
            store.locked().__enter__()
        monkeypatch.setenv("DATAQA_MIRROR", str(tmp_path / "another machine"))
        with pytest.raises(InputError, match=r"another run is using.*\n.*holds it for \d+ s more"):
            store.locked().__enter__()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with pytest.raises(InputError, match="another run is using"):
        store.locked().__enter__()
    monkeypatch.setenv("DATAQA_MIRROR", str(tmp_path / "mirror"))
    with store.locked():  # the machine of the one that was killed knows that it is dead
        assert store.exists(".state/lease/00000002")
    monkeypatch.setenv("DATAQA_MIRROR", str(tmp_path / "another machine"))
    with store.locked():  # what was given back is free for all
        assert store.names(".state/lease") == [".state/lease/00000003"]


def test_a_lease_that_ran_out_is_taken_over_and_its_holder_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Run out by the store's clock: this machine's may say what it likes."""
    monkeypatch.setenv("DATAQA_LEASE_SECONDS", "2")
    monkeypatch.setattr(time, "time", lambda: 0.0)
    asleep = Lease(f"{store.root}/.state/lease", "one")
    monkeypatch.setattr(asleep, "_renew_often", lambda: None)  # as one that is stopped
    asleep.take()
    asleep.check()
    other = Lease(f"{store.root}/.state/lease", "two")
    with pytest.raises(InputError, match="another run is using"):
        other.take()
    time.sleep(4)
    other.take()
    with pytest.raises(RunError, match="another run has taken over this output folder"):
        asleep.check()
    asleep.give_back()
    time.sleep(3)
    other.check()  # it renews itself, so that nobody gets it
    with pytest.raises(InputError, match="another run is using"):
        Lease(f"{store.root}/.state/lease", "three").take()
    other.give_back()


def test_nothing_is_written_by_a_run_whose_lease_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATAQA_LEASE_SECONDS", "2")

    def run() -> None:
        with store.locked():
            store.put("kept/a", b"x")
            store.put(".state/lease/00000007", b'{"held": true, "seconds": 90}')
            time.sleep(1)  # it renews itself three times in that
            store.put("kept/b", b"x")

    with pytest.raises(RunError, match="another run has taken over"):
        run()
    assert not store.exists("kept/b")


@pytest.mark.parametrize("before", [0, 1])
def test_of_many_that_want_it_at_once_one_at_most_gets_it(before: int, store: Store):
    def wants(at: int) -> Lease | None:
        lease = Lease(f"{store.root}/.state/lease", f"machine {at}")
        try:
            lease.take()
        except InputError:
            return None
        return lease

    for _ in range(before):
        first = wants(0)
        assert first is not None
        first.give_back()
    for _ in range(4):
        with ThreadPoolExecutor(6) as pool:
            got = [one for one in pool.map(wants, range(6)) if one is not None]
        assert len(got) <= 1
        for one in got:
            one.check()
            one.give_back()
    last = wants(9)
    assert last is not None
    last.give_back()


def test_a_lost_answer_does_not_lock_out_who_asked(
    store: Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
):
    lost: list[str] = []

    def decide(method: str, path: str) -> Fault:
        if method == "PUT" and path.endswith("00000001") and not lost:
            lost.append(path)
            return "lose"
        return ""

    with faulty(bucket.port, decide) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with store.locked():
            pass
    assert lost


def test_copies_that_cannot_be_kept_are_told_of(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("DATAQA_MIRROR", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be written.*\n.*DATAQA_MIRROR"):
        store.draft()


def test_processes_share_what_is_brought(store: Store, bucket: Bucket, tmp_path: Path):
    store.put(".state/a.bin", random.Random(8).randbytes(5 << 20))
    code = (
        "import sys, hashlib; from dataqa.io.store import Store; from dataqa.io.urls import place\n"
        "p = Store(place(sys.argv[1])).path('.state/a.bin')\n"
        "print(hashlib.sha256(p.read_bytes()).hexdigest(), p)"
    )
    environment = {**os.environ, **settings(bucket.port, tmp_path / "mirror")}
    command = [sys.executable, "-c", code, str(store.root)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    told = {process.communicate()[0] for process in running}
    assert len(told) == 1
    assert len(copies(store)) == 1


WRITES = """
import sys
from dataqa.io import lease
from dataqa.io.store import Store
from dataqa.io.urls import place
store = Store(place(sys.argv[1]))
lease.follow([lease.Held(f"{store.root}/.state/lease", int(sys.argv[2]), float(sys.argv[3]))])
store.put("kept/a", b"x")
print("put", flush=True)
sys.stdin.readline()
store.put("kept/b", b"x")
"""


@pytest.mark.parametrize("taken", [True, False])
def test_nor_by_its_workers(taken: bool, store: Store, monkeypatch: pytest.MonkeyPatch):
    """They hold no lease; what they were told of their driver's is looked at before they write."""
    monkeypatch.setenv("DATAQA_LEASE_SECONDS", "2")
    with store.locked():
        (mine,) = lease.told()
        command = [sys.executable, "-c", WRITES, str(store.root), str(mine.number), "0.6"]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "put\n"
            if taken:
                later = f".state/lease/{mine.number + 7:08d}"
                objects.put(f"{store.root}/{later}", b'{"held": true, "seconds": 90}')
            time.sleep(0.3)
            said = worker.communicate("\n")[1]
    assert ("another run has taken over this output folder" in said) is taken
    assert store.exists("kept/b") is not taken
