"""What is asked and what comes back, as data; and the digest a reply is kept under."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec

from dataqa.llm.endpoint import Endpoint

type Style = Literal["chat", "completion"]
type Label = str | int
type Failed = Literal["", "invalid", "truncated", "refused", "unavailable", "budget", "offline"]

FINAL: frozenset[Failed] = frozenset({"", "invalid", "truncated"})
"""Ends that the content decides, so they are kept; the others are asked again another time."""
_VERSION = 1


class Message(msgspec.Struct, frozen=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask a model.

    Attributes:
        messages: A chat; for ``completion`` one message, whose content is the prompt.
        schema: JSON Schema (2020-12) of the object that is wanted; unused for ``completion``.
        label: The field, at the top of the object, whose value is the label.
        labels: Its possible values: texts, or whole numbers.
        style: ``chat``: the reply is an object by the schema. ``completion``: few-shot examples
            whose continuation is a label; for small models, which cannot do the former.
        max_tokens: Of the reply.
        temperature: 0 for the likeliest reply.
        repeat: Another number asks once more, where the temperature is above 0.
    """

    messages: tuple[Message, ...]
    schema: dict[str, Any] = {}
    label: str = "label"
    labels: tuple[Label, ...] = ()
    style: Style = "chat"
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] = 256
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    repeat: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back.

    Attributes:
        value: The object, which conforms to the schema; None in a failure.
        label: The value of the label's field.
        probabilities: Of each label, as text, by the model's own log probabilities where the
            label stands; they add up to 1. None if the endpoint gives none.
        mass: The share of the model's probability that was on labels at all.
        tokens_in: Sent, over all attempts, as the endpoint counts.
        tokens_out: Received, over all attempts.
        attempts: Requests that were made; 0 for one that was kept.
        cached: Whether it was kept from before.
        error: ``invalid``: does not conform, nor after being told so; ``truncated``: too long, also
            with more tokens; ``refused`` by the endpoint; ``unavailable``: the endpoint failed;
            ``budget``: not asked; ``offline``: not asked, and not kept.
        detail: What was wrong, without a word of the text.
    """

    value: dict[str, Any] | None = None
    label: Label | None = None
    probabilities: dict[str, float] | None = None
    mass: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    attempts: int = 0
    cached: bool = False
    error: Failed = ""
    detail: str = ""


def key_of(question: Question, endpoint: Endpoint) -> bytes:
    """The digest that a reply is kept under: endpoint, model, prompt, schema and parameters."""
    content = (_VERSION, endpoint.base, endpoint.model, question)
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()


def encoded(reply: Reply) -> bytes:
    """A reply as it is kept."""
    return msgspec.json.encode(reply)


def decoded(data: bytes) -> Reply:
    """A reply that was kept."""
    kept = msgspec.json.decode(data, type=Reply)
    return msgspec.structs.replace(kept, cached=True, attempts=0)
