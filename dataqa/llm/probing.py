"""What a model behind an endpoint really does, found out by asking it.

A server may ignore a field that it does not know, or fail on it: both mean no. So each way of
asking for an object is tried with a schema that no model would obey of its own accord: its only
values are made-up codes, while the prompt asks for something else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from dataqa.errors import InputError
from dataqa.llm.asking import WAYS, Abilities, Said, Way, request, said
from dataqa.llm.endpoint import MODEL
from dataqa.llm.http import PASSING, Answer
from dataqa.llm.question import Message, Question
from dataqa.llm.reading import Schema, object_in
from dataqa.llm.sending import Sender, failing

_CODES = ("zq7-lorv", "vx3-tamq")
_ODD: dict[str, Any] = {
    "type": "object",
    "properties": {"code": {"type": "string", "enum": [*_CODES]}},
    "required": ["code"],
    "additionalProperties": False,
}
_HELLO = (Message("user", "Write the word hello: only this one word, and nothing else."),)
_SHORT, _LONG = 16, 256
"""Tokens that a reply may have; a model that thinks first needs the second."""
_NUMBERS = (20, 5, 2)
"""So many log probabilities are asked for, until the server takes it."""
_RETRIES = 2

type Told = tuple[Answer, Said | None]


def probe(sender: Sender, where: str, *, every: bool = False) -> Abilities:
    """Find out what a model does.

    Args:
        sender: What it is asked through.
        where: The endpoint, for errors.
        every: Try every way of asking for an object, not only until one is honoured.

    Raises:
        InputError: The server has no such model.
        RunError: It does not work.
        OverBudgetError: There is not enough left to find out.
    """
    able = _chat(sender, where)
    if able.chat:
        able = _ways(sender, able, every=every)
        able = _logprobs(sender, able)
    able = _completion(sender, able)
    if not (able.chat or able.completion) and able.tried.get("chat") == "server":
        raise failing(Answer({}, "server"), where, "also when asked again")
    if not (able.chat or able.completion):
        hint = f"is the model's name right (--model, {MODEL})? Does the URL end in /v1?"
        raise InputError("it answers neither chats nor completions", where=where, hint=hint)
    return able


def _ask(
    sender: Sender,
    question: Question,
    able: Abilities,
    way: Way = "plain",
    *,
    retries: int = _RETRIES,
) -> Told:
    path, body = request(question, able, way, question.max_tokens)
    answer, _ = sender.send(path, body, question.max_tokens, retries=retries)
    return answer, None if answer.failure else said(path, answer.body)


def _chat(sender: Sender, where: str) -> Abilities:
    """How it wants to be asked in a chat: newer models take other names for the same."""
    question = Question(messages=_HELLO, max_tokens=_SHORT)
    answer = Answer({})
    for length, temperature in _manners():
        able = Abilities(length=length, temperature=temperature)
        begun = time.monotonic()
        answer, told = _ask(sender, question, able)
        if told:
            return msgspec.structs.replace(able, seconds=round(time.monotonic() - begun, 3))
        if answer.failure != "refused":
            break
    if answer.failure in PASSING - {"server"}:
        raise failing(answer, where, "also when asked again")
    return Abilities(chat=False, tried={"chat": answer.failure})


def _manners() -> Iterator[tuple[Literal["max_tokens", "max_completion_tokens"], bool]]:
    yield "max_tokens", True
    yield "max_completion_tokens", True
    yield "max_completion_tokens", False


def _ways(sender: Sender, able: Abilities, *, every: bool) -> Abilities:
    tried: dict[str, str] = {}
    schema = Schema(_ODD)
    best: Way = "plain"
    question = Question(messages=_HELLO, schema=_ODD, max_tokens=_LONG)
    for way in WAYS[:-1]:
        answer, told = _ask(sender, question, able, way, retries=1)
        tried[way] = _verdict(way, answer, told, schema)
        if tried[way] == "yes" and best == "plain":
            best = way
            if not every:
                break
    return msgspec.structs.replace(able, way=best, tried=tried)


def _verdict(way: Way, answer: Answer, told: Said | None, schema: Schema) -> str:
    if answer.failure:
        return f"no: HTTP {answer.status}" if answer.status else f"no: {answer.failure}"
    found = object_in(told.text) if told else None
    if found is None:
        return "no: ignored"
    if way == "json_object" or not schema.problem(found[0]):
        return "yes"
    return "no: the schema is ignored"


def _logprobs(sender: Sender, able: Abilities) -> Abilities:
    """How many log probabilities come in a chat, asked for in the way that will be used."""
    question = Question(messages=_HELLO, schema=_ODD, labels=_CODES, max_tokens=_LONG)
    for number in _NUMBERS if able.way != "tool" else ():
        asked = msgspec.structs.replace(able, chat_logprobs=number)
        _, told = _ask(sender, question, asked, able.way, retries=1)
        if told and _some(told):
            return asked
        if told:
            break
    return able


def _completion(sender: Sender, able: Abilities) -> Abilities:
    prompt = Message("user", "one, two, three, four,")
    question = Question(messages=(prompt,), style="completion", max_tokens=1)
    for number in (*_NUMBERS, 0):
        asked = msgspec.structs.replace(able, completion_logprobs=number)
        answer, told = _ask(sender, question, asked, retries=1)
        if told:
            there = number if _some(told) else 0
            return msgspec.structs.replace(able, completion=True, completion_logprobs=there)
        if answer.failure == "absent":
            break
    return msgspec.structs.replace(able, completion=False)


def _some(told: Said) -> bool:
    return any(len(token.others) > 1 for token in told.tokens)
