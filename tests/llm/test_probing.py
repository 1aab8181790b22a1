"""What a model does is found out, not believed; and objects come out of every server that can."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import dataqa
from endpoints import fake

from dataqa.errors import InputError, RunError
from dataqa.llm import sending
from dataqa.llm.asking import WAYS, Abilities, Way
from dataqa.llm.cache import Cache
from dataqa.llm.client import Client, replies
from dataqa.llm.endpoint import Endpoint, endpoint, secret
from dataqa.llm.labels import Token, sureness
from dataqa.llm.question import Message, Question
from dataqa.llm.reading import Schema, object_in, place_of
from dataqa.llm.sending import Pace

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 40},
        "label": {"enum": [0, 1, 2, 3]},
        "spans": {"type": "array", "maxItems": 2, "items": {"type": "integer"}},
    },
    "required": ["reason", "label", "spans"],
    "additionalProperties": False,
}
ASKED = Question(messages=(Message("user", "Grade it."),), schema=SCHEMA, labels=(0, 1, 2, 3))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "FIRST", 0.005)


@pytest.mark.parametrize("way", [one for one in WAYS if one != "grammar"])
def test_the_strictest_way_that_is_honoured_is_taken(way: Way, tmp_path: Path):
    """Ways before it are ignored without a word, or fail: both mean no."""
    broken = frozenset(WAYS[: WAYS.index(way)][::2])
    with (
        fake(honours=frozenset({way}), breaks=broken) as server,
        Client(server.endpoint(), cache=tmp_path / "r") as client,
    ):
        able = client.probe()
        (reply,) = replies(client, [ASKED])
    assert able.way == way
    for other in WAYS[: WAYS.index(way)]:
        assert able.tried[other] == ("no: HTTP 500" if other in broken else "no: ignored")
    assert reply.error == ""
    assert not Schema(SCHEMA).problem(reply.value)
    assert (reply.probabilities is None) == (way == "tool")


def test_a_model_without_log_probabilities(tmp_path: Path):
    with fake(logprobs=0) as server, Client(server.endpoint(), cache=tmp_path / "r") as client:
        able = client.probe()
        (reply,) = replies(client, [ASKED])
    assert (able.chat_logprobs, able.completion_logprobs) == (0, 0)
    assert (reply.error, reply.probabilities) == ("", None)


def test_a_model_that_takes_other_names(tmp_path: Path):
    with (
        fake(refuses=frozenset({"max_tokens", "temperature"})) as server,
        Client(server.endpoint(), cache=tmp_path / "r") as client,
    ):
        able = client.probe()
        (reply,) = replies(client, [ASKED])
    assert (able.length, able.temperature, able.chat) == ("max_completion_tokens", False, True)
    assert reply.error == ""


def test_it_is_found_out_once(tmp_path: Path):
    with fake() as server:
        with Client(server.endpoint(), cache=tmp_path / "r") as client:
            first = client.probe()
        with Client(server.endpoint(), cache=tmp_path / "r") as client:
            assert client.probe() == first
            replies(client, [ASKED])
        count = len(server.requests)
        with Client(server.endpoint(), cache=tmp_path / "r") as client:
            again = client.probe(every=True, anew=True)
        assert len(server.requests) > count
    assert count < 8
    assert {*again.tried} == {*WAYS[:-1]} > {*first.tried}


def test_the_command_tells_it(tmp_path: Path):
    cache = tmp_path / "replies.sqlite"
    with fake(honours=frozenset({"tool"})) as server:
        words = ("llm", "probe", "--endpoint", server.url, "--model", "fake", "--llm-cache", cache)
        told = dataqa(*words)
        assert told.code == 0
        assert "tool: yes" in told.out
        assert "json_schema: no: ignored" in told.out
        assert "objects are asked for by tool" in told.out
        found = json.loads(dataqa(*words, "--json").out)
        assert msgspec.convert({k: found[k] for k in ("way", "tried")}, Abilities).way == "tool"
        assert dataqa(*words, "--budget", "100-tokens").code == 3
        with Client(server.endpoint(), cache=cache) as client:
            replies(client, [ASKED])
    info = dataqa("llm", "cache", "info", "--llm-cache", cache)
    assert f"{cache}: 1 replies" in info.out
    assert dataqa(*words).code == 1
    gone = dataqa("llm", "cache", "purge", "--llm-cache", cache)
    assert "1 replies deleted" in gone.out
    assert dataqa("llm", "cache", "info", "--llm-cache", tmp_path / "none").code == 0


@pytest.mark.parametrize(
    "given",
    [
        {"url": "localhost:8080", "model": "m"},
        {"url": "ftp://x/v1", "model": "m"},
        {"url": "http://me:hunter2@x/v1", "model": "m"},
        {"url": "http://x/v1?key=hunter2", "model": "m"},
        {"url": "http://x/v1", "model": ""},
        {"url": "http://x/v1", "model": "m", "key": "sk-hunter2"},
        {"url": "http://x/v1", "model": "m", "concurrency": 0},
    ],
)
def test_what_is_no_endpoint(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    for name in ("ENDPOINT", "MODEL", "KEY"):
        monkeypatch.delenv(f"DATAQA_LLM_{name}", raising=False)
    with pytest.raises(InputError) as told:
        endpoint(**given)
    assert "hunter2" not in str(told.value)


def test_keys_are_read_from_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key").write_text("sk-1\n")
    monkeypatch.setenv("OURS", "sk-2")
    one = Endpoint(url="http://x/v1", model="m", key=f"file:{tmp_path}/key")
    assert secret(one) == "sk-1"
    assert secret(msgspec.structs.replace(one, key="env:OURS")) == "sk-2"
    assert "sk-1" not in repr(one)
    for bad in ("env:NONE", f"file:{tmp_path}/none"):
        with pytest.raises(InputError, match="no key there"):
            secret(msgspec.structs.replace(one, key=bad))
    (tmp_path / "key").write_text("two\nlines")
    with pytest.raises(InputError, match="is no key"):
        secret(one)


def test_no_minute_has_more_than_is_allowed():
    pace = Pace(60, 0)
    assert [round(pace.turn(10, 0.0), 6) for _ in range(4)] == [0, 1, 2, 3]
    pace = Pace(0, 600)
    assert [round(pace.turn(20, 0.0), 6) for _ in range(3)] == [0, 2, 4]
    assert pace.turn(20, 100.0) == 0
    assert Pace(0, 0).turn(10**9, 0.0) == 0


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ('{"label": "a"}', {"label": "a"}),
        ('<think>{"label": "b"}</think>\n{"label": "a"}', {"label": "a"}),
        ('I say {so} much: {"label": "a\nb"} ok?', {"label": "a\nb"}),
        ('[{"label": "a"}]', {"label": "a"}),
        ('{"label": "a"', None),
        ('{"label": ' * 5000, None),
        ("", None),
    ],
)
def test_objects_in_replies(reply: str, value: Any):
    found = object_in(reply)
    assert (found and found[0]) == value
    if found and value:
        place = place_of(reply, found[1], "label")
        assert place is not None
        assert reply[place:].startswith("a")


def test_labels_that_begin_alike_are_told_apart_by_what_follows():
    tokens = [
        Token(b' "', {b' "': -0.1}),
        Token(b"high", {b"high": -0.1, b"low": -2.5}),
        Token(b"er", {b"er": -0.2, b'"': -1.8}),
    ]
    sure = sureness(tokens, ' "higher', 2, ["low", "high", "higher"])
    assert sure is not None
    shares = sure.probabilities
    assert shares["higher"] > shares["high"] > shares["low"] > 0
    assert sum(shares.values()) == pytest.approx(1)


def test_a_label_that_is_not_told_is_no_less_likely_than_it_could_be():
    tokens = [Token(b"low", {b"low": -3.0, b"the": -0.1, b"a": -4.0})]
    sure = sureness(tokens, "low", 0, ["low", "high"])
    assert sure is not None
    assert sure.probabilities["low"] == pytest.approx(0.7310585786)


@pytest.mark.slow
def test_a_real_server(llama_url: str, tmp_path: Path):
    """llama.cpp: what it says it honours it does; its grammar takes ours, whatever the schema."""
    model = Endpoint(url=llama_url, model="smollm2", concurrency=1)
    with Client(model, cache=tmp_path / "r") as client:
        able = client.probe(every=True)
        assert able.way == "json_schema"
        assert able.tried["grammar"] == "yes"
        assert able.tried["structured_outputs"].startswith("no")
        assert able.chat_logprobs == 20
        assert able.completion_logprobs == 20
        (reply,) = replies(client, [ASKED])
        assert reply.error == ""
        assert not Schema(SCHEMA).problem(reply.value)
        assert sum((reply.probabilities or {}).values()) == pytest.approx(1)
        (again,) = replies(client, [ASKED])
        assert again.cached
    kept = Cache(tmp_path / "r")  # as of a server that takes nothing else
    kept.put_probe(model.base, model.model, msgspec.json.encode(Abilities(way="grammar")))
    kept.close()
    asked = msgspec.structs.replace(ASKED, max_tokens=120)
    with Client(model, cache=tmp_path / "r") as client:
        (reply,) = replies(client, [asked])
    assert reply.error == ""
    assert reply.attempts == 1


def garbage(_: int, __: dict[str, Any]) -> str:
    return "garbage"


def test_a_page_that_is_no_endpoint(tmp_path: Path):
    with (
        fake(fault=garbage) as server,
        Client(server.endpoint(), cache=tmp_path / "r") as client,
        pytest.raises(RunError, match="no JSON of the protocol"),
    ):
        replies(client, [ASKED])
