"""The body of a request for each way of asking for an object, and what its answer says.

Servers differ in what they honour, and what they do not know they mostly ignore without a word. So
the ways are tried once for each model (``dataqa.llm.probing``), the strictest first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from dataqa.llm.grammar import grammar_of
from dataqa.llm.labels import Token, tokens_of
from dataqa.llm.question import Message, Question

type Way = Literal[
    "json_schema",
    "json_object_schema",
    "tool",
    "grammar",
    "structured_outputs",
    "json_object",
    "plain",
]
WAYS: tuple[Way, ...] = (
    *("json_schema", "json_object_schema", "tool", "grammar", "structured_outputs"),
    *("json_object", "plain"),
)
"""From the strictest: the first five hold to the schema, the sixth to JSON, the last to nothing."""
_NAME = "answer"
_TEMPLATE = 256
"""Tokens that a chat's template may add of its own."""
_PER_MESSAGE = 16
_LIKELY_BYTES = 4
"""Bytes of a token, as they usually are; in Chinese about three."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a model behind an endpoint was found to do.

    Attributes:
        way: The strictest way of asking for an object that it honours.
        tried: Each way, and what came of it: ``yes``, or why not.
        chat: Whether it answers chats.
        completion: Whether it continues prompts.
        chat_logprobs: So many log probabilities come with each token of a chat.
        completion_logprobs: The same of a continuation.
        length: What the field is called that bounds a chat's reply.
        temperature: Whether a temperature may be given in a chat.
        seconds: How long its shortest answer took.
    """

    way: Way = "plain"
    tried: dict[str, str] = {}
    chat: bool = True
    completion: bool = True
    chat_logprobs: int = 0
    completion_logprobs: int = 0
    length: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    seconds: float = 0.0


class Said(NamedTuple):
    """What an answer says.

    Attributes:
        text: The reply, or the arguments of the tool it calls.
        ended: Why it ended: ``stop``, ``length``, …
        tokens: With log probabilities, where they came.
        tokens_in: Sent, as the endpoint counts; None if it does not.
        tokens_out: Received.
    """

    text: str
    ended: str
    tokens: list[Token]
    tokens_in: int | None
    tokens_out: int | None


def request(
    question: Question, able: Abilities, way: Way, max_tokens: int
) -> tuple[str, dict[str, Any]]:
    """The path below the base and the body of one request."""
    body: dict[str, Any] = {"max_tokens": max_tokens, "temperature": question.temperature}
    if question.repeat or question.temperature:
        body["seed"] = question.repeat
    if question.style == "completion":
        body |= {"prompt": question.messages[0].content, "stop": ["\n"]}
        if able.completion_logprobs:
            body["logprobs"] = able.completion_logprobs
        return "/completions", body
    body[able.length] = body.pop("max_tokens")
    if not able.temperature:
        del body["temperature"]
    if able.chat_logprobs and question.labels and way != "tool":
        body |= {"logprobs": True, "top_logprobs": able.chat_logprobs}
    messages = _with_schema(question) if way in {"json_object", "plain"} else question.messages
    body["messages"] = [msgspec.structs.asdict(one) for one in messages]
    return "/chat/completions", body | (_shape(way, question.schema) if question.schema else {})


def _shape(way: Way, schema: dict[str, Any]) -> dict[str, Any]:
    if way == "grammar":
        return {"grammar": grammar_of(schema)}
    tool = {"type": "function", "function": {"name": _NAME, "parameters": schema}}
    named = {"name": _NAME, "schema": schema, "strict": True}
    shapes: dict[Way, dict[str, Any]] = {
        "json_schema": {"response_format": {"type": "json_schema", "json_schema": named}},
        "json_object_schema": {"response_format": {"type": "json_object", "schema": schema}},
        "json_object": {"response_format": {"type": "json_object"}},
        "tool": {
            "tools": [tool],
            "tool_choice": {"type": "function", "function": {"name": _NAME}},
        },
        "structured_outputs": {"structured_outputs": {"json": schema}},
    }
    return shapes.get(way, {})


def _with_schema(question: Question) -> tuple[Message, ...]:
    """The messages with the schema in words, for models that are not held to it."""
    if not question.schema:
        return question.messages
    told = (
        "Reply with one JSON object and nothing else. It conforms to this JSON Schema:\n"
        + json.dumps(question.schema, ensure_ascii=False)
    )
    first, *others = question.messages
    if first.role == "system":
        return (Message("system", f"{first.content}\n\n{told}"), *others)
    return (Message("system", told), *question.messages)


def said(path: str, answer: dict[str, Any]) -> Said | None:
    """What an answer says, None where it does not have the protocol's form."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return None
    choice: dict[str, Any] = choices[0]
    text = choice.get("text") if path == "/completions" else _content(choice)
    if not isinstance(text, str):
        return None
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Said(
        text,
        str(choice.get("finish_reason")),
        tokens_of(choice),
        count(counts.get("prompt_tokens")),
        count(counts.get("completion_tokens")),
    )


def _content(choice: dict[str, Any]) -> str | None:
    message = choice.get("message")
    if not isinstance(message, dict):
        return None
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        function = calls[0].get("function") if isinstance(calls[0], dict) else None
        return function.get("arguments") if isinstance(function, dict) else None
    return message.get("content") or ""


def count(value: Any) -> int | None:
    """A number of tokens, None where there is none."""
    return value if isinstance(value, int) and value >= 0 else None


def most_tokens(body: dict[str, Any]) -> int:
    """The most tokens that a body is when it is sent: its bytes, and what a template adds."""
    turns = len(body.get("messages", ())) or 1
    return _TEMPLATE + _PER_MESSAGE * turns + len(msgspec.json.encode(body))


def likely_tokens(texts: Sequence[str]) -> int:
    """About how many tokens texts are: a quarter of their bytes."""
    return sum(-(-len(text.encode()) // _LIKELY_BYTES) for text in texts)
