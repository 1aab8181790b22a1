"""One question to its end: asked, read, checked, told once what was wrong, given more room once."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import InputError
from dataqa.llm.asking import Abilities, Said, request, said
from dataqa.llm.labels import sureness
from dataqa.llm.question import Failed, Label, Message, Question, Reply
from dataqa.llm.reading import Schema, object_in, place_of
from dataqa.llm.sending import OverBudgetError, Sender

_MORE = 4
"""Times as many tokens, for a reply that was cut off."""
_QUOTED = 2000
"""Characters of a reply that the model is shown again when it was wrong."""


class _Read(NamedTuple):
    """What a reply was found to be; ``wrong`` is empty if it conforms."""

    wrong: str
    value: dict[str, Any] | None = None
    place: int | None = None


class Asker:
    """Asks one model."""

    def __init__(self, sender: Sender, able: Abilities) -> None:
        self._sender, self._able = sender, able
        self._schemas: dict[bytes, Schema] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Reply:
        """Ask until there is a reply that conforms, or it is clear that there is none.

        Raises:
            OverBudgetError: There is not enough left for the first attempt.
            RunError: The endpoint does not work.
            InputError: It cannot be asked so.
        """
        self._check(question)
        now, room = question, question.max_tokens
        done = Reply()
        wrong, end = "", "stop"
        while True:
            path, body = request(now, self._able, self._able.way, room)
            try:
                answer, attempts = self._sender.send(path, body, room)
            except OverBudgetError:
                if not done.attempts:
                    raise
                return _failed(done, "budget", wrong)
            told = None if answer.failure else said(path, answer.body)
            done = _counted(done, attempts, told)
            if told is None:
                error: Failed = "refused" if answer.failure == "refused" else "unavailable"
                return _failed(done, error, answer.code or answer.failure or "no choices")
            read = self._read(question, told)
            if not read.wrong:
                return _finished(question, told, read, done)
            cut = told.ended == "length" and question.style == "chat"
            if cut and room == question.max_tokens:
                room *= _MORE
            elif cut:
                return _failed(done, "truncated", f"longer than {room} tokens")
            elif end == "wrong" or question.style == "completion":
                return _failed(done, "invalid", read.wrong)
            else:
                wrong, end = read.wrong, "wrong"
                now = _told_so(question, told.text, wrong)

    def _check(self, question: Question) -> None:
        able = self._able.chat if question.style == "chat" else self._able.completion
        if not able:
            hint = "style: completion" if question.style == "chat" else "style: chat"
            what = f"the endpoint does not answer in the style {question.style}"
            raise InputError(what, where=question.style, hint=hint)

    def _read(self, question: Question, told: Said) -> _Read:
        if question.style == "completion":
            return _continued(question, told)
        found = object_in(told.text)
        if found is None:
            return _Read("no JSON object")
        value, begin = found
        if wrong := self._schema(question.schema).problem(value):
            return _Read(wrong)
        if question.labels and value.get(question.label) not in question.labels:
            return _Read(f"{question.label} is none of the labels")
        return _Read("", value, place_of(told.text, begin, question.label))

    def _schema(self, schema: dict[str, Any]) -> Schema:
        key = msgspec.json.encode(schema, order="deterministic")
        with self._lock:
            if key not in self._schemas:
                self._schemas[key] = Schema(schema)
            return self._schemas[key]


def _continued(question: Question, told: Said) -> _Read:
    """The label of a continuation: the likeliest one, else the one that is written."""
    place = len(told.text) - len(told.text.lstrip())
    sure = sureness(told.tokens, told.text, place, question.labels)
    label: Label | None = None
    if sure is not None:
        label = max(question.labels, key=lambda one: sure.probabilities[str(one)])
    else:
        word = told.text.strip()
        by_length = sorted(question.labels, key=lambda one: (-len(str(one)), str(one)))
        label = next((one for one in by_length if _is_said(word, str(one))), None)
    if label is None:
        return _Read("none of the labels")
    return _Read("", {question.label: label}, place)


def _is_said(word: str, label: str) -> bool:
    return word.startswith(label) and not word[len(label) : len(label) + 1].isalnum()


def _told_so(question: Question, text: str, wrong: str) -> Question:
    """The question with the reply that was wrong, and what was wrong with it."""
    what = f"That does not conform: {wrong}. Reply with the corrected JSON object and nothing else."
    more = (Message("assistant", text[:_QUOTED]), Message("user", what))
    return msgspec.structs.replace(question, messages=(*question.messages, *more))


def _finished(question: Question, told: Said, read: _Read, done: Reply) -> Reply:
    label = read.value.get(question.label) if read.value and question.labels else None
    sure = None
    if question.labels and read.place is not None and told.tokens:
        sure = sureness(told.tokens, told.text, read.place, question.labels)
    return msgspec.structs.replace(
        done,
        value=read.value,
        label=label,
        probabilities=sure.probabilities if sure else None,
        mass=sure.mass if sure else None,
    )


def _failed(done: Reply, error: Failed, detail: str) -> Reply:
    return msgspec.structs.replace(done, error=error, detail=detail)


def _counted(done: Reply, attempts: int, told: Said | None) -> Reply:
    return msgspec.structs.replace(
        done,
        attempts=done.attempts + attempts,
        tokens_in=done.tokens_in + ((told and told.tokens_in) or 0),
        tokens_out=done.tokens_out + ((told and told.tokens_out) or 0),
    )
