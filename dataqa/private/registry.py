"""Recognisers as a Presidio registry's YAML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from dataqa.private.packs import Recogniser

UNCHECKED = 0.35
"""The most that a pattern scores in Presidio whose check cannot go with it."""
_BORDERS = {
    "word": (r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"),
    "number": (r"(?<![0-9A-Za-z])(?<![0-9][-/])", r"(?![0-9A-Za-z])(?![-/][0-9])"),
    "digit": (r"(?<![0-9])", r"(?![0-9])"),
    "none": ("", ""),
}
_HAN, _KANA = r"[\xe4-\xe9][\x80-\xbf][\x80-\xbf]", r"\xe3[\x81-\x83][\x80-\xbf]"
_CHARACTERS = {_KANA: r"[\u3041-\u30ff]", _HAN: r"[\u4e00-\u9fff]"}
_RUN = re.compile(r"\[\\xe4-\\xe9\\x80-\\xbf\]\{([0-9]+),([0-9]+)\}")
"""Kana and Han, as patterns over bytes have them."""


def as_registry(recognisers: Sequence[Recogniser], language: str = "en") -> str:
    """Recognisers as the YAML of a Presidio registry.

    Patterns, borders, scores and context words go with them. Checks, and words that speak against
    a match, have no place in such a file: their patterns score ``UNCHECKED`` at most, and a comment
    names them.
    """
    entries = [_entry(one, language) for one in recognisers]
    tree = {
        "supported_languages": [language],
        "global_regex_flags": int(re.DOTALL | re.MULTILINE),
        "recognizers": entries,
    }
    lost = [f"#   {one.name}: {why}" for one in recognisers if (why := _lost(one))]
    head = [
        "# Written by dataqa. A registry holds no checks, so these find more than they did:",
        *lost,
    ]
    return "\n".join([*head, yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=200)])


def _entry(recogniser: Recogniser, language: str) -> dict[str, Any]:
    before, behind = _BORDERS[recogniser.border]
    most = UNCHECKED if _lost(recogniser) else 1.0
    entry: dict[str, Any] = {
        "name": recogniser.name,
        "type": "custom",
        "supported_language": language,
        "supported_entity": recogniser.entity,
        "patterns": [
            {
                "name": f"{recogniser.name} {at + 1}",
                "regex": _regex(look.pattern, before, behind),
                "score": min(look.score, most),
            }
            for at, look in enumerate(recogniser.looks)
        ],
    }
    if recogniser.words:
        entry["context"] = list(recogniser.words)
    return entry


def _regex(pattern: str, before: str, behind: str) -> str:
    """A pattern with its border; what is not its value becomes something to look at only."""
    for written, characters in _CHARACTERS.items():
        pattern = pattern.replace(written, characters)
    pattern = _RUN.sub(_characters, pattern)
    ahead, named, rest = pattern.partition("(?P<value>")
    if not named:
        return f"{before}(?:{pattern}){behind}"
    depth, at = 1, 0
    while depth:
        depth += {"(": 1, ")": -1}.get(rest[at], 0) if rest[at - 1 : at] != "\\" else 0
        at += 1
    value, tail = rest[: at - 1], rest[at:]
    return f"(?<={before}{ahead})(?:{value})(?={tail}{behind})"


def _characters(match: re.Match[str]) -> str:
    """A run of so many bytes as one of characters, which have three each."""
    low, high = (int(one or 1) for one in match.groups())
    return f"[\\u4e00-\\u9fff]{{{-(-low // 3)},{max(1, high // 3)}}}"


def _lost(recogniser: Recogniser) -> str:
    parts = [f"check {recogniser.check}"] if recogniser.check else []
    parts += [f"not after {', '.join(recogniser.unlike)}"] if recogniser.unlike else []
    parts += ["shortest"] if any(look.shortest for look in recogniser.looks) else []
    return "; ".join(parts)
