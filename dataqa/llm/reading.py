"""The object in a model's reply, whatever is written around it, checked by its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from dataqa.errors import InputError

_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)  # a grammar lets raw newlines through in strings
_SPACE = re.compile(r"\s*")
_STARTS = 20
"""Braces that are tried as the beginning of an object."""


def object_in(text: str) -> tuple[dict[str, Any], int] | None:
    r"""The first JSON object in a reply and where it begins: fences and words around it are let be.

    >>> object_in('Sure:\n```json\n{"a": "line\nbreak"}\n```')
    ({'a': 'line\nbreak'}, 14)
    >>> object_in("no object")
    """
    begin = found.end() if (found := _THOUGHT.match(text)) else 0
    for _ in range(_STARTS):
        begin = text.find("{", begin)
        if begin < 0:
            return None
        try:
            value, _ = _DECODER.raw_decode(text, begin)
        except (ValueError, RecursionError):
            begin += 1
            continue
        return (value, begin) if isinstance(value, dict) else None
    return None


def place_of(text: str, begin: int, field: str) -> int | None:
    r"""Where, in the object that begins at ``begin``, the value of a field at its top stands.

    For a text it is the character behind the quotation mark.

    >>> reply = '{"why": "\\"label\\": 1", "label": "low"}'
    >>> reply[place_of(reply, 0, "label") or 0 :]
    'low"}'
    """
    for name, at in _members(text, begin):
        if name == field:
            return at + (text[at] == '"')
    return None


def _members(text: str, begin: int) -> Iterator[tuple[str, int]]:
    """The fields of an object that is known to be one, each with where its value begins."""
    at = begin + 1
    while (at := _after_space(text, at)) < len(text) and text[at] != "}":
        name, at = _DECODER.raw_decode(text, _after_space(text, at + (text[at] == ",")))
        at = _after_space(text, _after_space(text, at) + 1)
        yield name, at
        _, at = _DECODER.raw_decode(text, at)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class Schema:
    """A JSON Schema that objects are checked by."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Look at the schema itself.

        Raises:
            InputError: It is none, or the extra is missing.
        """
        try:
            from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - an extra
            from referencing import Registry  # noqa: PLC0415
        except ModuleNotFoundError:
            hint = "pip install 'dataqa[llm]'"
            raise InputError("replies are checked by jsonschema", where="llm", hint=hint) from None
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise InputError(f"is no JSON Schema: {error.message}", where="schema") from None
        # an empty registry: what a schema refers to is never fetched
        self._validator: Any = Draft202012Validator(schema, registry=Registry())

    def problem(self, value: Any) -> str:
        """What is wrong with a value, and where, without the value itself; empty if nothing."""
        errors = [*self._validator.iter_errors(value)]
        if not errors:
            return ""
        first = min(errors, key=lambda one: ([*map(str, one.absolute_path)], str(one.validator)))
        # names of the schema are ours; those that the model made up may be of the text
        known = {*map(str, first.absolute_schema_path)}
        path = [one for one in first.absolute_path if isinstance(one, int) or one in known]
        return f"{'.'.join(map(str, path)) or 'the object'} breaks {first.validator}"
