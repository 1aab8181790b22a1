"""Which fields of a benchmark's records are question, answer and passage, and what they hold.

The names are those that published benchmarks use; anything else is named by the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dataqa.decontaminate.records import Record
from dataqa.errors import InputError, did_you_mean

ROLES = ("question", "answer", "passage", "id")

_PASSAGE = (
    *("passage", "context", "article", "story", "support", "paragraph", "background"),
    *("input", "text", "content"),
)
_QUESTION = (
    *("question", "prompt", "problem", "query", "instruction", "ctx", "goal", "sentence", "text"),
    *("content", "passage", "context"),
)
_ANSWER = (
    *("answer", "answers", "correct_answer", "best_answer", "solution", "canonical_solution"),
    *("answerkey", "answer_key", "target", "targets", "gold", "output", "response", "completion"),
    *("answers_spans", "code", "label"),
)
_CLASSES = ("label", "target", "answerkey", "answer_key", "gold")
"""Answers that mean nothing without the choices they number."""
_CHOICES = ("choices", "options", "endings", "candidates", "mc1_targets")
_ID = (
    *("id", "task_id", "question_id", "problem_id", "example_id", "qid", "uid", "_id", "doc_id"),
    *("ind", "idx", "index"),
)
_LETTERS = "ABCDEFGHIJ"
_INSIDE = ("text", "value", "spans", "aliases", "answer", "label")
"""Where answers that are objects keep their text (SQuAD, TriviaQA, DROP)."""
_FINAL = "####"
"""What GSM8K writes before the final number."""
_CALCULATOR = re.compile(r"<<[^<>]*>>")
"""GSM8K's notes for a calculator, which copies of a solution often leave out."""


class Roles(NamedTuple):
    """The columns of one benchmark file; ``letters`` are single columns A, B, C, D of choices."""

    question: str
    answers: tuple[str, ...]
    passage: str | None
    id: str | None
    choices: str | None
    letters: tuple[str, ...]


class Item(NamedTuple):
    """One question, its answers (ways to say the same), its passage, "" where there is none."""

    id: str
    question: str
    answers: tuple[str, ...]
    passage: str


def roles(columns: Sequence[str], given: Mapping[str, str], where: str) -> Roles:
    """Which column plays which role.

    Args:
        columns: The columns there are.
        given: Roles that the user named: ``{"question": "stem"}``; the others are recognised.
        where: The file, for errors.

    Raises:
        InputError: A role or a column that does not exist, or no question is recognised.

    >>> roles(["task_id", "prompt", "canonical_solution"], {}, "humaneval.jsonl").question
    'prompt'
    """
    for role, column in given.items():
        if role not in ROLES:
            raise InputError(
                f"there is no role {role!r}", where="fields", hint=did_you_mean(role, ROLES)
            )
        if column not in columns:
            hint = did_you_mean(column, columns)
            raise InputError(f"there is no field {column!r}", where=where, hint=hint)
    plain = {_plain(name): name for name in reversed(columns)}
    taken = set(given.values())
    question = given.get("question") or _first(plain, _QUESTION, taken)
    if question is None:
        raise InputError(
            f"no question is recognised among the fields {', '.join(columns) or 'there are none'}",
            where=where,
            hint="name it: fields: {question: NAME, answer: NAME}, or --field question=NAME",
        )
    taken.add(question)
    passage = given.get("passage") or _first(plain, _PASSAGE, taken)
    taken.add(passage or question)
    answers = [plain[name] for name in _ANSWER if name in plain and plain[name] not in taken]
    if "answer" in given:
        answers = [given["answer"]]
    letters = tuple(letter for letter in _LETTERS if letter in columns)
    return Roles(
        question,
        tuple(answers),
        passage,
        given.get("id") or _first(plain, _ID, taken),
        _first(plain, _CHOICES, taken),
        letters if letters[:2] == ("A", "B") else (),
    )


def item(record: Record, named: Roles, place: str) -> Item:
    """What one record asks, its ``place`` being its id if it has none.

    >>> named = roles(["question", "answer"], {}, "gsm8k.jsonl")
    >>> item({"question": "How many?", "answer": "3 + 4 = <<3+4=7>>7 #### 7"}, named, "g#1").answers
    ('3 + 4 = 7', '7')
    """
    known = record.get(named.id) if named.id else None
    return Item(
        place if known is None or known == "" else str(known),
        " ".join(_strings(record.get(named.question))),
        tuple(dict.fromkeys(_answers(record, named))),
        " ".join(_strings(record.get(named.passage))) if named.passage else "",
    )


def _answers(record: Record, named: Roles) -> Iterable[str]:
    choices = _choices(record, named)
    for column in named.answers:
        value = record.get(column)
        chosen = _chosen(value, choices, _labels(record, named))
        if chosen is not None:
            yield chosen
        elif not (_is_class(value) and _plain(column) in _CLASSES):
            for text in _strings(value):
                yield from _parts(text)


def _parts(text: str) -> Iterable[str]:
    """An answer, or the way to it and the final number of it."""
    way, mark, final = text.rpartition(_FINAL)
    found = [_CALCULATOR.sub("", way), final] if mark else [text]
    return [part.strip() for part in found if part.strip()]


def _choices(record: Record, named: Roles) -> list[str]:
    if named.letters:
        return [str(record.get(letter) or "") for letter in named.letters]
    value = record.get(named.choices) if named.choices else None
    if isinstance(value, Mapping):
        value = value.get("text", value.get("choices"))
    return [" ".join(_strings(one)) for one in value] if isinstance(value, list | tuple) else []


def _labels(record: Record, named: Roles) -> list[str]:
    """What the choices are called: by the record, else by letters."""
    value = record.get(named.choices) if named.choices else None
    if isinstance(value, Mapping) and isinstance(value.get("label"), list):
        return [str(one) for one in value["label"]]
    return list(_LETTERS)


def _chosen(value: Any, choices: Sequence[str], labels: Sequence[str]) -> str | None:
    """The choice that an answer numbers or names, if it does."""
    if not choices or isinstance(value, bool) or not isinstance(value, int | str):
        return None
    told = str(value).strip().strip("().")
    if told.upper() in labels[: len(choices)]:
        return choices[labels.index(told.upper())]
    return choices[int(told)] if told.isdecimal() and int(told) < len(choices) else None


def _is_class(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value.strip()) <= 1)


def _strings(value: Any) -> list[str]:
    """The texts in a value; true and false, which benchmarks use as classes, are none."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [f"{value:g}" if isinstance(value, float) else str(value)]
    if isinstance(value, Mapping):
        return [text for key in _INSIDE for text in _strings(value.get(key))]
    return [text for one in value for text in _strings(one)] if isinstance(value, list) else []


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _first(plain: Mapping[str, str], names: Sequence[str], taken: set[str]) -> str | None:
    return next((plain[name] for name in names if name in plain and plain[name] not in taken), None)
