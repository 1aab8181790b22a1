"""An endpoint that speaks OpenAI's protocol and fails on demand, for tests.

Labels are decided by a hash of what is asked, so the same question has the same answer. What it
honours, and which request fails how, is set; every request is noted, with what it cost.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import msgspec

from dataqa.llm.asking import Way
from dataqa.llm.endpoint import Endpoint

FAULTS = (
    *("busy", "busy-date", "server", "silent", "dropped", "garbage", "no-choices"),
    *("truncated", "newline", "fenced", "unknown-label", "no-logprobs", "prose", "refused"),
)
"""How a request can fail; the second line still answers, and wrongly."""

type Chooser = Callable[[int, dict[str, Any]], str]


def never(_: int, __: dict[str, Any]) -> str:
    """No request fails."""
    return ""


@dataclass
class Fake:
    """What the endpoint does, and what it was asked.

    Attributes:
        honours: Ways of asking for an object that it holds to; others it ignores.
        breaks: Ways on which it fails with HTTP 500.
        logprobs: So many come with each token at most; 0 for none.
        obeys: It does what a schema in words says, as good models do.
        fault: The fault, one of ``FAULTS``, of the request with a number; empty for none.
        seconds: It takes to answer.
        retry_after: Seconds that it asks to wait when it is busy.
        overhead: Tokens that its template adds.
        key: What it wants as a key.
        classic: Log probabilities of completions come in the older form.
        refuses: Fields of a body that it refuses.
        claims: Tokens that it says each request took, in and out; None for the truth.
        writes: What it puts in the field ``text`` of an object, by what is asked.
        requests: Bodies that came, in order.
        tokens: In and out, of all requests that it worked on.
    """

    honours: frozenset[Way] = frozenset({"json_schema"})
    breaks: frozenset[Way] = frozenset()
    logprobs: int = 20
    obeys: bool = True
    fault: Chooser = never
    seconds: float = 0.0
    retry_after: int = 0
    overhead: int = 40
    key: str = ""
    classic: bool = False
    refuses: frozenset[str] = frozenset()
    claims: int | None = None
    writes: Callable[[dict[str, Any]], str] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tokens: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)
    now: int = 0
    busiest: int = 0

    def endpoint(self, **settings: Any) -> Endpoint:
        """It as a setting, for tests: quick to give up."""
        given: dict[str, Any] = {"url": self.url, "model": "fake", "timeout": 5.0}
        return msgspec.convert(given | settings, Endpoint)

    def asked(self, *, probes: bool = False) -> list[str]:
        """What was asked, without what only finds out what it can."""
        texts = [last_text(body) for body in self.requests]
        return [text for text in texts if probes or not text.startswith(("Write the", "one, two"))]


@contextmanager
def fake(**settings: Any) -> Generator[Fake]:
    """An endpoint on a port of its own, until the end of the block."""
    state = Fake(**settings)
    kind = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def last_text(body: dict[str, Any]) -> str:
    """The last thing that is said in a body."""
    return body.get("prompt") or body["messages"][-1]["content"]


def decisive(body: dict[str, Any]) -> str:
    """What decides an answer: what is said, and at a temperature the seed too."""
    return f"{last_text(body)}{body.get('seed') if body.get('temperature') else ''}"


def drawn(text: str, count: int) -> int:
    """A number below ``count`` that a text decides."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % count


def way_of(body: dict[str, Any]) -> Way:
    """How a body asks for an object."""
    shape = body.get("response_format") or {}
    if shape.get("type") == "json_schema":
        return "json_schema"
    if shape.get("type") == "json_object":
        return "json_object_schema" if "schema" in shape else "json_object"
    for name in ("grammar", "structured_outputs"):
        if name in body:
            return name
    return "tool" if "tools" in body else "plain"


def schema_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema that a body has, in whatever place."""
    match way_of(body):
        case "json_schema":
            return body["response_format"]["json_schema"]["schema"]
        case "json_object_schema":
            return body["response_format"]["schema"]
        case "structured_outputs":
            return body["structured_outputs"]["json"]
        case "tool":
            return body["tools"][0]["function"]["parameters"]
        case _:
            first = body["messages"][0]["content"]
            _, told, schema = first.partition("JSON Schema:\n")
            return json.loads(schema) if told else None


def instance(schema: dict[str, Any], text: str) -> Any:
    """A value by a schema, which a text decides."""
    if "enum" in schema:
        return schema["enum"][drawn(text, len(schema["enum"]))]
    match schema.get("type"):
        case "object":
            return {name: instance(one, text) for name, one in schema["properties"].items()}
        case "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum", 9)
            return low + drawn(text, high - low + 1)
        case "array":
            return []
        case "boolean":
            return bool(drawn(text, 2))
        case _:
            return "it seems so"


class _Handler(BaseHTTPRequestHandler):
    state: ClassVar[Fake]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Say nothing."""

    def do_POST(self) -> None:
        state = self.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            number = len(state.requests)
            state.requests.append(body)
            state.now += 1
            state.busiest = max(state.busiest, state.now)
        try:
            time.sleep(state.seconds)
            self.answered(number, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with state.lock:
                state.now -= 1

    def answered(self, number: int, body: dict[str, Any]) -> None:
        state = self.state
        fault = state.fault(number, body)
        if state.key and self.headers.get("Authorization") != f"Bearer {state.key}":
            self.sent(401, {"error": {"code": "invalid_api_key", "message": last_text(body)}})
        elif fault == "refused" or state.refuses & set(body):
            error = {"code": "context_length_exceeded", "message": last_text(body)}
            self.sent(400, {"error": error})
        elif fault in {"busy", "busy-date"}:
            wait = str(state.retry_after)
            if fault == "busy-date":
                wait = formatdate(time.time() + state.retry_after, usegmt=True)
            self.sent(429, {"error": {"message": "slow down"}}, {"Retry-After": wait})
        else:
            self.worked(fault, body)

    def worked(self, fault: str, body: dict[str, Any]) -> None:
        """Answer, having spent the tokens, whether or not the answer arrives."""
        state = self.state
        answer = completed(state, body, fault) if "prompt" in body else chatted(state, body, fault)
        usage = answer["usage"]
        with state.lock:
            state.tokens += usage["prompt_tokens"] + usage["completion_tokens"]
        if state.claims is not None:
            usage |= dict.fromkeys(("prompt_tokens", "completion_tokens"), state.claims)
        way = "plain" if "prompt" in body else way_of(body)
        if fault == "server" or way in state.breaks:
            self.sent(500, {"error": {"message": last_text(body)}})
        elif fault == "silent":
            state.ending.wait(30)
            self.close_connection = True
        elif fault == "dropped":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.close_connection = True
        elif fault == "garbage":
            self.sent(200, "<html>")
        elif fault == "no-choices":
            self.sent(200, {**answer, "choices": []})
        else:
            self.sent(200, answer)

    def sent(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def chatted(state: Fake, body: dict[str, Any], fault: str) -> dict[str, Any]:
    """The answer to a chat."""
    way, text = way_of(body), decisive(body)
    room: int = body.get("max_tokens") or body["max_completion_tokens"]
    obeyed = way in state.honours or (way == "plain" and state.obeys)
    schema = schema_of(body) if obeyed else None
    content = "Hello, how can I help?" if schema is None else json.dumps(instance(schema, text))
    if schema and state.writes and "text" in schema.get("properties", {}):
        content = json.dumps({"text": state.writes(body)})
    if schema is None and way == "json_object" and way in state.honours:
        content = '{"hello": true}'
    labels: list[Any] = []
    for one in (schema or {}).get("properties", {}).values():
        labels = labels or one.get("enum", [])
    content = spoilt(content, fault)
    pieces = re.findall(r"[\w-]+|\s+|[^\w\s]", content)
    reason = "stop"
    if fault == "truncated" or len(pieces) > room:
        pieces, reason = pieces[: min(room, max(1, len(pieces) // 2))], "length"
    content = "".join(pieces)
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if way == "tool" and way in state.honours:
        call = {"type": "function", "function": {"name": "answer", "arguments": content}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": reason}
    asked = body.get("top_logprobs", 0) if body.get("logprobs") else 0
    if (most := min(asked, state.logprobs)) and fault != "no-logprobs":
        choice["logprobs"] = {"content": [spread(piece, labels, text, most) for piece in pieces]}
    return wrapped(state, body, choice, len(pieces))


def completed(state: Fake, body: dict[str, Any], fault: str) -> dict[str, Any]:
    """The answer to a prompt: one of the labels that its lines have."""
    lines = body["prompt"].splitlines()[:-1]
    told = (line.partition(":")[2].strip() for line in lines if not line.startswith("Text"))
    labels = sorted({*filter(None, told)}) or ["five"]
    label = labels[drawn(body["prompt"], len(labels))]
    if fault == "unknown-label":
        label = "dunno"
    choice: dict[str, Any] = {"index": 0, "text": f" {label}", "finish_reason": "length"}
    if (most := min(body.get("logprobs") or 0, state.logprobs)) and fault != "no-logprobs":
        one = spread(label, labels, body["prompt"], most)
        others = {f" {other['token']}": other["logprob"] for other in one["top_logprobs"]}
        choice["logprobs"] = {"tokens": [f" {label}"], "top_logprobs": [others]}
        if not state.classic:
            top = [{"token": name, "logprob": value} for name, value in others.items()]
            one = {"token": f" {label}", "logprob": one["logprob"], "top_logprobs": top}
            choice["logprobs"] = {"content": [one]}
    return wrapped(state, body, choice, 1)


def spread(piece: str, labels: list[Any], text: str, most: int) -> dict[str, Any]:
    """A token and what could have stood in its place: of a label, the others."""
    names = [str(label) for label in labels]
    others = {piece: math.log(0.9), "the": math.log(0.05)}
    if piece in names:
        rest = 0.2 + drawn(text, 10) / 50
        others |= {name: math.log(rest / len(names)) for name in names}
        others[piece] = math.log(0.95 - rest * (len(names) - 1) / len(names))
    top = [{"token": name, "logprob": value} for name, value in others.items()]
    return {"token": piece, "logprob": others[piece], "top_logprobs": top[: max(2, most)]}


def spoilt(content: str, fault: str) -> str:
    """A reply with what is wrong with it."""
    match fault:
        case "newline":
            return content.replace("it seems so", "it seems\nso")
        case "fenced":
            return f"Here it is:\n```json\n{content}\n```"
        case "unknown-label":
            return re.sub(r': ("[^"]*"|\d+)', ': "dunno"', content)
        case "prose":
            return "I think that it is rather good."
        case _:
            return content


def wrapped(state: Fake, body: dict[str, Any], choice: dict[str, Any], out: int) -> dict[str, Any]:
    """A choice with the rest of an answer; a byte is a token, the worst that there is."""
    texts = [body["prompt"]] if "prompt" in body else [one["content"] for one in body["messages"]]
    tokens = state.overhead + sum(len(text.encode()) for text in texts)
    usage = {"prompt_tokens": tokens, "completion_tokens": out, "total_tokens": tokens + out}
    return {"object": "x", "model": body["model"], "choices": [choice], "usage": usage}
