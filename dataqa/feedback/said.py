"""What can be said of an answer, and what is wrong with it; messages have none of its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from dataqa.errors import InputError

MOST = 1 << 20
"""Bytes of a record."""
FLAGS = ("favourite", "wrong", "unsafe", "delete")
"""What can be said of an answer beside a thumb; as in the flow ``feedback``."""
_ROLES = ("system", "user", "assistant", "tool", "developer")


class Said(msgspec.Struct, frozen=True):
    """What is said, as it is stored.

    Attributes:
        messages: The conversation that the answer is to.
        answer: The application's.
        thumb: ``up``, ``down`` or nothing.
        edit: The answer as it should be; None for none.
        flags: Of ``FLAGS``, sorted.
    """

    messages: list[dict[str, str]]
    answer: str
    thumb: Literal["up", "down", ""] = ""
    edit: str | None = None
    flags: list[str] = []


def said_of(
    prompt: Any, answer: Any, *, thumb: Any, edit: Any, favourite: bool, flags: Any
) -> Said:
    """Feedback as it is stored.

    Raises:
        InputError: It is not as it should be; the message has none of its words.
    """
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else _plain(prompt)
    for at, message in enumerate(messages):
        check_text(f"prompt[{at}]" if len(messages) > 1 else "prompt", message["content"])
    check_text("answer", answer)
    thumbs = {True: "up", False: "down", None: "", "up": "up", "down": "down", "": ""}
    if not isinstance(thumb, str | bool | None) or thumb not in thumbs:
        raise InputError("neither up nor down", where="thumb")
    if edit is not None:
        check_text("edit", edit)
    listed = isinstance(flags, Sequence) and not isinstance(flags, str)
    if not listed or not all(flag in FLAGS for flag in flags):
        raise InputError("an unknown flag", where="flags", hint=f"known: {', '.join(FLAGS)}")
    every = sorted({*flags, *(["favourite"] if favourite else [])})
    if not (thumbs[thumb] or edit or every):
        hint = "give a thumb, an edit, favourite or flags"
        raise InputError("nothing is said of the answer", where="feedback", hint=hint)
    said = Said(messages, answer, thumbs[thumb], edit or None, every)  # pyright: ignore[reportArgumentType]
    if len(msgspec.json.encode(said)) > MOST:
        raise InputError(f"more than {MOST:,} bytes", where="feedback")
    return said


def check_text(name: str, value: Any, most: int = MOST) -> None:
    """See that a value is a text of at most so many bytes.

    Raises:
        InputError: It is not.
    """
    if not isinstance(value, str):
        raise InputError(f"a text is wanted, not {type(value).__name__}", where=name)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InputError("half a character (a lone surrogate)", where=name) from None
    if size > most:
        raise InputError(f"more than {most:,} bytes", where=name)
    if not value.strip() and name in ("prompt", "answer"):
        raise InputError("it is empty", where=name)


def _plain(prompt: Any) -> list[dict[str, Any]]:
    hint = 'a text, or messages such as {"role": "user", "content": "…"}'
    if not isinstance(prompt, Sequence) or not prompt:
        raise InputError("neither a text nor messages", where="prompt", hint=hint)
    found: list[dict[str, Any]] = []
    for at, one in enumerate(prompt):
        role = one.get("role") if isinstance(one, Mapping) else None
        if role not in _ROLES:
            raise InputError("no message", where=f"prompt[{at}]", hint=hint)
        found.append({"role": role, "content": one.get("content")})
    return found
