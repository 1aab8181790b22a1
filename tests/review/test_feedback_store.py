"""The store of feedback: nothing lost, nothing twice, nothing left where it was purged."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import dataqa as command

import dataqa
from dataqa.errors import InputError
from dataqa.feedback import open_store, record
from dataqa.feedback.store import FILE, TakenError

WRITER = """
import sys
from dataqa.feedback import record
store, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for at in range(count):
    print(record(f"prompt {name} {at}", "x" * 5000, thumb="up", store=store), flush=True)
"""


def writer(store: Path, name: str, count: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(store), name, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_what_is_recorded_comes_back_in_order(tmp_path: Path):
    talk = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好！"},
            {"role": "user", "content": "再见\0 🇩🇪"}]  # fmt: skip
    one = dataqa.feedback.record("Capital?", "Lyon.", thumb=False, edit="Paris.", store=tmp_path)
    two = record(talk, "再见！", thumb="up", favourite=True, flags=["wrong"], store=tmp_path)
    with open_store(tmp_path) as store:
        first, second = store.records()
    assert (first.id, second.id) == (one, two)
    assert (first.said.thumb, first.said.edit, first.said.flags) == ("down", "Paris.", [])
    assert first.said.messages == [{"role": "user", "content": "Capital?"}]
    assert second.said.messages == talk
    assert second.said.flags == ["favourite", "wrong"]


def test_the_file_is_its_owners_alone(tmp_path: Path):
    record("a", "b", thumb="up", store=tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"thumb": "sideways"},
        {"thumb": 3},
        {"thumb": ["up"]},
        {"flags": ["nice"]},
        {"flags": "wrong"},
        {"flags": [["x"]]},
        {"thumb": "up", "edit": 7},
        {"thumb": "up", "prompt": ""},
        {"thumb": "up", "prompt": []},
        {"thumb": "up", "prompt": [{"role": "king", "content": "secret"}]},
        {"thumb": "up", "prompt": [{"role": "user"}]},
        {"thumb": "up", "prompt": {"role": "user"}},
        {"thumb": "up", "answer": None},
        {"thumb": "up", "answer": "secret \ud800"},
        {"thumb": "up", "answer": "secret" * 400_000},
        {"thumb": "up", "user": "u" * 200},
        {"thumb": "up", "id": 5},
    ],
)
def test_what_is_wrong_is_refused_without_its_words(tmp_path: Path, wrong: dict[str, Any]):
    told_of: dict[str, Any] = {"prompt": "secret", "answer": "secret", **wrong}
    with pytest.raises(InputError) as told:
        record(**told_of, store=tmp_path)
    assert "secret" not in str(told.value)
    assert not (tmp_path / FILE).exists()


def test_nothing_is_kept_where_no_place_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("DATAQA_FEEDBACK", raising=False)
    with pytest.raises(InputError, match="DATAQA_FEEDBACK"):
        record("a", "b", thumb="up")
    monkeypatch.setenv("DATAQA_FEEDBACK", str(tmp_path))
    record("a", "b", thumb="up")
    with pytest.raises(InputError, match="no feedback"), open_store(tmp_path / "other", new=False):
        pass


def test_a_repeated_id_adds_nothing_and_another_record_may_not_have_it(tmp_path: Path):
    for _ in range(2):
        assert record("a", "b", thumb="up", id="r1", store=tmp_path) == "r1"
    with pytest.raises(TakenError):
        record("a", "b", thumb="down", id="r1", store=tmp_path)
    with open_store(tmp_path) as store:
        assert store.count() == (1, 0)


def test_a_file_that_is_no_store_is_told(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"not a database, but longer than a header" * 50)
    with pytest.raises(InputError, match="damaged"):
        record("a", "b", thumb="up", store=tmp_path)


def test_users_are_digests_that_tell_them_apart(tmp_path: Path):
    for user in ("ann@example.com", "bob@example.com", "ann@example.com", ""):
        record("p", "b", thumb="up", user=user, store=tmp_path / "one")
    record("p", "b", thumb="up", user="ann@example.com", store=tmp_path / "two")
    with open_store(tmp_path / "one") as store, open_store(tmp_path / "two") as other:
        people = [one.person for one in store.records()]
        (elsewhere,) = [one.person for one in other.records()]
    assert people[0] == people[2] != people[1]
    assert people[3] == ""
    assert elsewhere not in people
    assert b"ann@example.com" not in (tmp_path / "one" / FILE).read_bytes()


def test_what_is_deleted_is_hidden_and_what_is_purged_is_gone(tmp_path: Path):
    secret = "the word is xylophone"
    ids = [record(f"{secret} {at}", secret, thumb="up", user=f"u{at % 2}", store=tmp_path)
           for at in range(200)]  # fmt: skip
    with open_store(tmp_path) as store:
        assert store.hide([ids[0], "unknown", ids[0]]) == 1
        assert store.hide(user="u1") == 100
        assert store.hide(user="u1") == 0
        assert [one.id for one in store.records()] == ids[2::2]
        assert store.purge() == 101
        assert store.hide(ids) == 99
        assert store.purge() == 99
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"xylophone" not in left


def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path: Path):
    running = [writer(tmp_path, f"{at}", 25) for at in range(4)]
    told = {line for one in running for line in one.communicate(timeout=120)[0].split()}
    assert [one.returncode for one in running] == [0] * 4
    with open_store(tmp_path) as store:
        assert {one.id for one in store.records()} == told
        assert store.count() == (100, 0)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path):
    for round_ in range(3):
        one = writer(tmp_path, f"{round_}", 10_000)
        assert one.stdout is not None
        told = [one.stdout.readline().strip() for _ in range(5)]
        time.sleep(0.01 * round_)
        os.kill(one.pid, signal.SIGKILL)
        told += one.communicate()[0].split()
        with open_store(tmp_path) as store:
            there = {record.id for record in store.records()}
        assert {number for number in told if len(number) == 32} <= there


def test_the_commands_list_export_delete_and_purge(tmp_path: Path):
    number = record("secret prompt", "b", thumb="down", edit="c", user="ann", store=tmp_path)
    record("p2", "b", flags=["unsafe"], store=tmp_path)
    listed = command("feedback", "list", "--store", tmp_path)
    assert "2 records of 1 known users" in listed.out
    assert "secret" not in listed.out
    assert "secret prompt" in command("feedback", "list", "--store", tmp_path, "--show").out
    assert '"unsafe":1' in command("feedback", "list", "--store", tmp_path, "--log", "json").out
    out = tmp_path / "all.jsonl"
    assert command("feedback", "export", "--store", tmp_path, "-o", out).code == 0
    assert len(out.read_bytes().splitlines()) == 2
    assert "1 records are hidden" in command("feedback", "delete", "--store", tmp_path, number).out
    assert command("feedback", "delete", "--store", tmp_path).code == 2
    assert "1 records are gone" in command("feedback", "purge", "--store", tmp_path).out
    assert command("feedback", "export", "--store", tmp_path).out.count("\n") == 1
    assert command("feedback", "list", "--store", tmp_path / "none").code == 2
