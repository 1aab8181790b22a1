"""The file of replies: private, whole whatever happens, for several processes, and deleted well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dataqa.errors import InputError
from dataqa.llm.cache import Cache, Held

WRITER = """
import sys
from pathlib import Path
from dataqa.llm.cache import Cache
cache = Cache(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    cache.put(b"%d" % number, "http://x", "m", b"value %d" % number, failed=False)
    print(number, flush=True)
"""


def test_what_is_kept_is_there(tmp_path: Path):
    cache = Cache(tmp_path / "a" / "replies.sqlite")
    assert cache.get(b"k") is None
    assert cache.put(b"k", "http://x", "m", b"one", failed=False) == b"one"
    assert cache.put(b"k", "http://x", "m", b"two", failed=False) == b"one"
    cache.close()
    again = Cache(tmp_path / "a" / "replies.sqlite")
    assert again.get(b"k") == b"one"
    assert again.held() == [Held("http://x", "m", 1, 0, 3)]
    again.close()


def test_only_the_user_can_read_it(tmp_path: Path):
    before = os.umask(0)
    try:
        cache = Cache(tmp_path / "replies.sqlite")
        cache.put(b"k", "http://x", "m", b"Jane Roe", failed=False)
        there = sorted(tmp_path.iterdir())
        assert len(there) == 3  # the log and its index, too
        assert {path.stat().st_mode & 0o777 for path in there} == {0o600}
        cache.close()
    finally:
        os.umask(before)


def test_what_is_purged_is_overwritten(tmp_path: Path):
    path = tmp_path / "replies.sqlite"
    cache = Cache(path)
    for number in range(50):
        failed, url = number % 5 == 0, f"http://{number % 2}"
        cache.put(b"%d" % number, url, "m", b"Jane Roe %d" % number, failed=failed)
    cache.put_probe("http://0", "m", b"{}")
    assert cache.purge(days=1) == 0
    assert cache.purge(failed=True) == 10
    assert cache.probe("http://0", "m") == b"{}"
    assert cache.purge(endpoint="http://0") == 20
    assert cache.probe("http://0", "m") is None
    assert b"Jane Roe" in path.read_bytes()
    assert cache.purge() == 20
    assert cache.held() == []
    for one in tmp_path.iterdir():
        assert b"Jane Roe" not in one.read_bytes(), one
    cache.close()


def test_a_process_that_is_killed_loses_nothing_that_it_kept(tmp_path: Path):
    """Two processes write; one is killed in the middle."""
    path = tmp_path / "replies.sqlite"
    Cache(path).close()
    command = [sys.executable, "-c", WRITER, str(path)]
    with (
        subprocess.Popen([*command, "0", "100000"], stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen(
            [*command, "100000", "100100"], stdout=subprocess.PIPE, text=True
        ) as other,
    ):
        assert first.stdout
        for _ in range(30):
            first.stdout.readline()
        time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
        kept = [int(line) for line in first.stdout.read().split()]
        assert other.wait() == 0
    cache = Cache(path)
    for number in [*range(30), *kept, *range(100_000, 100_100)]:
        assert cache.get(b"%d" % number) == b"value %d" % number
    cache.close()


def test_what_is_no_file_of_replies_is_named(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("these are notes, long enough to be looked at\n" * 20)
    with pytest.raises(InputError, match=r"notes\.txt"):
        Cache(tmp_path / "notes.txt")
    with pytest.raises(InputError):
        Cache(tmp_path)
    with pytest.raises(InputError):
        Cache(tmp_path / "notes.txt" / "replies.sqlite")
