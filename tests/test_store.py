"""The store: whole objects or none, one run at a time, and messages that help."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dataqa.errors import InputError, RunError
from dataqa.io.store import DRAFTS, STATE, Store, told_of_disk


def test_objects_come_and_go(tmp_path: Path):
    store = Store(tmp_path)
    assert store.get("a/b") is None
    store.put("a/b", b"one")
    store.put("a/b", b"two")
    assert store.get("a/b") == b"two"
    store.put_json("a/c.json", {"b": 1, "a": [2]})
    assert store.get("a/c.json") == b'{"a":[2],"b":1}'
    assert store.names("a") == ["a/b", "a/c.json"]
    store.delete("a/b")
    store.delete("a/b")
    store.delete_all("a")
    assert store.names("a") == []


def test_a_draft_is_no_object_until_it_is_committed(tmp_path: Path):
    store = Store(tmp_path)
    draft = store.draft()
    draft.write_bytes(b"half")
    assert store.names("") == []
    assert (tmp_path / STATE).stat().st_mode & 0o077 == 0 or (
        tmp_path / DRAFTS
    ).stat().st_mode & 0o077 == 0
    store.commit(draft, "x")
    assert store.names("") == ["x"]


def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path):
    store = Store(tmp_path)
    store.draft().write_bytes(b"half")
    with store.locked():
        assert not (tmp_path / DRAFTS).exists()


def test_one_run_at_a_time(tmp_path: Path):
    store = Store(tmp_path)
    with store.locked():
        with pytest.raises(InputError, match="another run"), store.locked():
            pass
        assert (tmp_path / STATE).stat().st_mode & 0o077 == 0
    with store.locked():
        pass


def test_a_folder_that_cannot_be_is_the_users_mistake(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="choose another output folder"):
        Store(tmp_path / "file").locked().__enter__()


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "free some space"), (errno.EDQUOT, "quota"), (errno.EIO, "run again")],
)
def test_a_disk_in_trouble_gets_a_hint(code: int, words: str, tmp_path: Path):
    with pytest.raises(RunError, match=words) as told, told_of_disk(tmp_path / "x"):
        raise OSError(code, os.strerror(code))
    assert str(tmp_path / "x") in str(told.value)
