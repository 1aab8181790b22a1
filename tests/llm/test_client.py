"""Questions to an endpoint that misbehaves: what comes back, what it costs, what is kept."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from endpoints import drawn, fake
from hypothesis import given, settings
from hypothesis import strategies as st

from dataqa.errors import InputError, RunError
from dataqa.llm import sending
from dataqa.llm.budget import Budget, Cost, parse_budget
from dataqa.llm.client import Client, replies
from dataqa.llm.question import Message, Question

LABELS = ("low", "middle", "high")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": [*LABELS]},
        "reason": {"type": "string", "maxLength": 200},
    },
    "required": ["label", "reason"],
    "additionalProperties": False,
}


def question(text: str, **more: Any) -> Question:
    """A question about a text."""
    return Question(messages=(Message("user", text),), schema=SCHEMA, labels=LABELS, **more)


def few(count: int) -> list[Question]:
    return [question(f"document {number}") for number in range(count)]


def faulty(kind: str, *numbers: int, probes: bool = False):
    """The faults of the requests with these numbers, counted without probes."""
    seen: list[int] = []

    def choose(_: int, body: dict[str, Any]) -> str:
        if "document" not in str(body):
            return kind if probes else ""
        seen.append(1)
        return kind if len(seen) - 1 in numbers or not numbers else ""

    return choose


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    """Waits are a hundred times shorter."""
    monkeypatch.setattr(sending, "FIRST", 0.005)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite"


def test_replies_come_in_order_with_label_and_probabilities(cache: Path):
    with fake() as server, Client(server.endpoint(concurrency=8), cache=cache) as client:
        got = replies(client, few(40))
    for number, reply in enumerate(got):
        assert reply.error == ""
        assert reply.label == LABELS[drawn(f"document {number}", 3)]
        assert reply.value == {"label": reply.label, "reason": "it seems so"}
        assert reply.probabilities is not None
        assert sum(reply.probabilities.values()) == pytest.approx(1)
        assert max(reply.probabilities, key=reply.probabilities.__getitem__) == reply.label
        assert reply.mass == pytest.approx(0.95)
        assert reply.attempts == 1


def test_what_is_kept_is_not_asked_again(cache: Path):
    with fake() as server:
        with Client(server.endpoint(), cache=cache) as client:
            first = replies(client, few(10))
        before = len(server.requests)
        with Client(server.endpoint(), cache=cache) as client:
            again = replies(client, few(10))
            assert client.spent == Cost()
        assert len(server.requests) == before
    assert all(reply.cached and not reply.attempts for reply in again)
    assert [reply.value for reply in again] == [reply.value for reply in first]
    assert [reply.probabilities for reply in again] == [reply.probabilities for reply in first]


def test_without_network_only_what_is_kept(cache: Path):
    with fake() as server, Client(server.endpoint(), cache=cache) as client:
        replies(client, few(3))
    with Client(server.endpoint(), cache=cache, offline=True) as client:
        got = replies(client, few(5))
    assert [reply.error for reply in got] == ["", "", "", "offline", "offline"]


def test_the_same_question_is_asked_once(cache: Path):
    with fake(seconds=0.02) as server, Client(server.endpoint(), cache=cache) as client:
        got = replies(client, [question("document")] * 6)
    assert server.asked() == ["document"]
    assert [reply.cached for reply in got] == [False, *[True] * 5]
    assert len({reply.label for reply in got}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"max_tokens": 99},
        {"temperature": 0.5},
        {"repeat": 1},
        {"labels": ("low", "high")},
        {"schema": {**SCHEMA, "title": "x"}},
        {"messages": (Message("user", "document 1"),)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_question_is_another_reply(changed: dict[str, Any], cache: Path):
    one = question("document 0")
    other = msgspec.structs.replace(one, **changed)
    with fake() as server, Client(server.endpoint(), cache=cache) as client:
        replies(client, [one, other])
    assert len(server.asked()) == 2


@pytest.mark.parametrize("kind", ["busy", "busy-date", "server", "dropped", "garbage"])
def test_what_passes_is_tried_again(kind: str, cache: Path):
    with (
        fake(fault=faulty(kind, 0, 1)) as server,
        Client(server.endpoint(concurrency=1), cache=cache) as client,
    ):
        (reply,) = replies(client, few(1))
    assert (reply.error, reply.attempts) == ("", 3)
    assert reply.label in LABELS


def test_an_answer_that_does_not_come_is_not_waited_for(cache: Path):
    with (
        fake(fault=faulty("silent", 0)) as server,
        Client(server.endpoint(timeout=0.3), cache=cache) as client,
    ):
        (reply,) = replies(client, few(1))
    assert (reply.error, reply.attempts) == ("", 2)


@pytest.mark.parametrize("kind", ["newline", "fenced", "no-logprobs"])
def test_what_is_odd_but_right_is_taken(kind: str, cache: Path):
    with fake(fault=faulty(kind)) as server, Client(server.endpoint(), cache=cache) as client:
        (reply,) = replies(client, few(1))
    assert (reply.error, reply.attempts) == ("", 1)
    assert (reply.probabilities is None) == (kind == "no-logprobs")


@pytest.mark.parametrize("kind", ["unknown-label", "prose"])
def test_a_reply_that_is_wrong_is_told_so_once(kind: str, cache: Path):
    with fake(fault=faulty(kind, 0)) as server, Client(server.endpoint(), cache=cache) as client:
        (reply,) = replies(client, few(1))
        assert (reply.error, reply.attempts) == ("", 2)
        said = server.requests[-1]["messages"]
        assert [one["role"] for one in said] == ["user", "assistant", "user"]
    with fake(fault=faulty(kind)) as server, Client(server.endpoint(), cache=cache) as client:
        (reply,) = replies(client, few(1))
        assert (reply.error, reply.attempts, reply.value) == ("invalid", 2, None)
        assert (*replies(client, few(1)),)[0].cached


def test_a_reply_that_is_cut_off_gets_more_room_once(cache: Path):
    with (
        fake(fault=faulty("truncated", 0)) as server,
        Client(server.endpoint(), cache=cache) as client,
    ):
        (reply,) = replies(client, [question("document", max_tokens=50)])
        assert (reply.error, reply.attempts) == ("", 2)
        assert [body["max_tokens"] for body in server.requests[-2:]] == [50, 200]
    with (
        fake(fault=faulty("truncated")) as server,
        Client(server.endpoint(), cache=cache) as client,
    ):
        (reply,) = replies(client, [question("document", max_tokens=50)])
        assert (reply.error, reply.attempts) == ("truncated", 2)


def test_what_the_endpoint_refuses_is_told_without_its_words(cache: Path):
    with (
        fake(fault=faulty("refused", 0)) as server,
        Client(server.endpoint(), cache=cache) as client,
    ):
        (reply,) = replies(client, [question("document of Jane Roe")])
    assert (reply.error, reply.detail) == ("refused", "context_length_exceeded")


def test_a_dead_server_is_said_to_be_dead(cache: Path):
    with fake() as server:
        pass
    endpoint = server.endpoint(concurrency=8)
    with (
        Client(endpoint, cache=cache) as client,
        pytest.raises(RunError, match="cannot be reached") as told,
    ):
        replies(client, few(100))
    assert server.url in str(told.value)


def test_a_server_that_dies_is_not_hammered(cache: Path):
    with (
        fake(fault=faulty("server", *range(5, 10_000))) as server,
        Client(server.endpoint(concurrency=4, retries=2), cache=cache) as client,
    ):
        with pytest.raises(RunError, match="fails"):
            replies(client, few(300))
        assert 5 < len(server.asked()) < 40


def test_a_key_that_is_not_taken(cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OUR_KEY", "sk-secret-1")
    with fake(key="sk-secret-2") as server:
        with (
            Client(server.endpoint(key="env:OUR_KEY"), cache=cache) as client,
            pytest.raises(InputError, match="key is not taken") as told,
        ):
            replies(client, few(2))
        assert "sk-" not in str(told.value)
        monkeypatch.setenv("OUR_KEY", "sk-secret-2")
        with Client(server.endpoint(key="env:OUR_KEY"), cache=cache) as client:
            assert not replies(client, few(1))[0].error
    assert b"sk-secret" not in cache.read_bytes()


def test_no_more_at_a_time_than_is_allowed(cache: Path):
    with (
        fake(seconds=0.03) as server,
        Client(server.endpoint(concurrency=3), cache=cache) as client,
    ):
        replies(client, few(12))
    assert 1 < server.busiest <= 3


def test_a_budget_stops_cleanly_and_goes_on_later(cache: Path):
    with fake() as server:
        endpoint = server.endpoint(concurrency=4)
        with Client(endpoint, cache=cache, budget=parse_budget("15-requests")) as client:
            got = replies(client, few(30))
            assert client.spent.requests == 15 == len(server.requests)
        done = [reply for reply in got if not reply.error]
        assert {reply.error for reply in got} == {"", "budget"}
        with Client(endpoint, cache=cache) as client:
            rest = replies(client, few(30))
        assert all(not reply.error for reply in rest)
        assert sum(reply.cached for reply in rest) == len(done)
        assert len(server.asked()) == 30


KINDS = ("", "", "", "busy", "server", "dropped", "truncated", "prose", "garbage", "no-choices")


@settings(max_examples=15)
@given(
    tokens=st.integers(0, 60_000),
    requests=st.integers(0, 60),
    seed=st.integers(0, 10**6),
    workers=st.sampled_from([1, 8]),
)
def test_a_budget_is_never_passed(
    tokens: int, requests: int, seed: int, workers: int, tmp_path_factory: pytest.TempPathFactory
):
    """Whatever fails, with retries and eight workers; a byte is a token, the worst there is."""

    def fault(number: int, body: dict[str, Any]) -> str:
        return KINDS[drawn(f"{seed} {number}", len(KINDS))]

    cache = tmp_path_factory.mktemp("budget") / "replies.sqlite"
    with fake(fault=fault) as server:
        endpoint = server.endpoint(concurrency=workers, retries=1, timeout=2.0)
        budget = Budget(tokens=tokens, requests=requests)
        with Client(endpoint, cache=cache, budget=budget) as client:
            # so many faults in a row are a dead server, or one that does not chat
            with suppress(RunError, InputError):
                replies(client, [question(f"{seed} {n}", max_tokens=64) for n in range(30)])
            spent = client.spent
        assert len(server.requests) <= requests
        assert server.tokens <= tokens
        assert spent.tokens <= tokens
        assert spent.requests <= requests
        assert server.tokens <= spent.tokens
        assert len(server.requests) <= spent.requests


@pytest.mark.parametrize(
    ("written", "tokens"),
    [("1.001k-tokens", 1001), ("2.3k-tokens", 2300), ("4.35M-tokens", 4_350_000)],
)
def test_a_budget_with_a_fraction_is_exact(written: str, tokens: int):
    assert parse_budget(written).tokens == tokens


@pytest.mark.parametrize("written", ["0.5-requests", "1.0005k-tokens"])
def test_a_part_of_a_request_is_no_budget(written: str):
    with pytest.raises(InputError, match="no whole number"):
        parse_budget(written)


def test_a_server_that_tells_of_too_few_tokens_is_not_believed(cache: Path):
    with fake(claims=1) as server:
        budget = parse_budget("5k-tokens")
        with Client(server.endpoint(), cache=cache, budget=budget) as client:
            got = replies(client, [question(f"{n} {'word ' * 200}") for n in range(60)])
            assert {reply.error for reply in got} == {"", "budget"}
            assert 5 < len(server.asked()) < 60
            assert 50 * len(server.asked()) < client.spent.tokens <= 5000


def test_what_it_would_cost_is_told_before(cache: Path):
    with fake() as server:
        endpoint = server.endpoint(price_in=1.0, price_out=4.0)
        with Client(endpoint, cache=cache) as client:
            replies(client, few(4))
            seen = client.foresee([*few(10), *few(10)])
            before = client.spent
            replies(client, few(10))
    cost = client.spent.minus(before)
    assert (seen.questions, seen.cached, seen.most.requests) == (20, 14, 6)
    assert cost.requests == 6
    assert cost.tokens <= seen.most.tokens
    assert 0 < cost.usd <= seen.most.usd
    assert seen.likely.tokens < seen.most.tokens


def test_a_budget_in_dollars(cache: Path):
    with fake() as server:
        budget = parse_budget("0.006-usd")
        with pytest.raises(InputError, match="takes prices"):
            Client(server.endpoint(), cache=cache, budget=budget)
        endpoint = server.endpoint(price_in=1.0, price_out=4.0, concurrency=4)
        with Client(endpoint, cache=cache, budget=budget) as client:
            got = replies(client, few(50))
        assert 0.003 < client.spent.usd <= 0.006
        assert {reply.error for reply in got} == {"", "budget"}


def test_nothing_of_a_question_is_in_an_error(cache: Path):
    """The server quotes the text in its error; ours must not."""
    with (
        fake(fault=faulty("server")) as server,
        Client(server.endpoint(retries=0, concurrency=1), cache=cache) as client,
        pytest.raises(RunError) as told,
    ):
        replies(client, [question(f"document of Jane Roe {n}") for n in range(30)])
    assert "Jane" not in str(told.value)


def test_completions_give_labels(cache: Path):
    prompt = "Text: fine words\nLabel: high\nText: spam spam\nLabel: low\nText: document\nLabel:"
    asked = Question(
        messages=(Message("user", prompt),),
        style="completion",
        labels=("low", "high"),
        max_tokens=4,
    )
    for classic in (False, True):
        with fake(classic=classic, honours=frozenset()) as server:
            path = cache.with_name(f"{classic}.sqlite")
            with Client(server.endpoint(), cache=path) as client:
                (reply,) = replies(client, [asked])
        assert reply.label == ("high", "low")[drawn(prompt, 2)]
        assert reply.value == {"label": reply.label}
        assert reply.probabilities is not None
        assert max(reply.probabilities, key=reply.probabilities.__getitem__) == reply.label
    with (
        fake(fault=faulty("unknown-label")) as server,
        Client(server.endpoint(), cache=cache) as client,
    ):
        assert replies(client, [asked])[0].error == "invalid"


def test_requests_hold_no_key_and_say_the_model(cache: Path):
    with fake() as server, Client(server.endpoint(), cache=cache) as client:
        replies(client, few(1))
    body = server.requests[-1]
    assert (body["model"], body["temperature"]) == ("fake", 0.0)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert json.dumps(body)
