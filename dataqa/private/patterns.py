"""Patterns as packs write them: which are taken, and what they become over UTF-8 bytes.

A pattern is a regular expression whose classes are ASCII. It sees bytes, so that offsets and speed
are those of the text as it lies in memory. What stands beside a value is not the pattern's
business: the border is put around it. Patterns that could take more than linear time are refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal, NamedTuple

_parser: Any = re._parser  # type: ignore[attr-defined] # noqa: SLF001  # the tree of a pattern

type Border = Literal["word", "number", "digit", "none"]

_BESIDE = {"word": rb"[0-9A-Za-z]", "number": rb"[0-9A-Za-z]", "digit": rb"[0-9]", "none": b""}
_UNBOUNDED = 1000
_LOOKS_AROUND = {"ASSERT", "ASSERT_NOT", "AT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"}
MOST_REPEATS = 200
_MANY = 1 << 12
"""Patterns of which is kept what was found out: packs are opened again and again."""
FARTHEST = 2000
"""Bytes of a match before and behind the piece that it is looked for by."""
ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_QUANTIFIED = re.compile(r"[^\x00-\x7f][?*+{]")
_CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:[^\]\\]|\\.)*\]")


class Expression(NamedTuple):
    """A pattern, what its matches may not touch, and a piece of it that all of them hold."""

    pattern: str
    border: Border
    holds: str = ""


@lru_cache(_MANY)
def bordered(one: Expression) -> str:
    r"""The pattern with as much of its border as an automaton without looking around can have.

    It matches wherever the pattern does with its border, and in few other places: a digit within a
    longer number is no match that somebody has to be told of.

    >>> bordered(Expression("[0-9]{9}", "word")), bordered(Expression("[+][0-9]{9}", "word"))
    ('(?:\\b|_)(?:[0-9]{9})(?:\\b|_)', '(?:[+][0-9]{9})(?:\\b|_)')
    """
    if one.holds or one.border not in {"word", "number"}:
        return _unnamed(one.holds or one.pattern)
    tree = _parser.parse(one.pattern)
    edge = r"(?:\b|_)"
    before = edge if _edge(tree, 1)[0] <= ALNUM else ""
    behind = edge if _edge(tree, -1)[0] <= ALNUM else ""
    return f"{before}(?:{_unnamed(one.pattern)}){behind}"


@lru_cache(_MANY)
def firsts(pattern: str) -> frozenset[int]:
    """The characters that a match may begin with, 128 being any beyond ASCII.

    >>> sorted(map(chr, firsts("[12]?3(?:4|5)")))
    ['1', '2', '3']
    """
    return _edge(parsed(pattern), 1)[0]


def _unnamed(pattern: str) -> str:
    return pattern.replace("(?P<value>", "(?:")


@lru_cache(_MANY)
def around(pattern: str, holds: str) -> tuple[str, str] | None:
    """What stands before and behind a piece that every match of a pattern holds, as it is written.

    None if it cannot be said so: the piece is not there, is optional, or one of several ways.

    >>> around("a?b[0-9]{3}", "b"), around("ab?", "b"), around("ab|c", "b"), around("(?:ab)c", "b")
    (('a?', '[0-9]{3}'), None, None, None)
    """
    if not holds or holds not in pattern:
        return None
    head, _, tail = pattern.partition(holds)
    try:
        for part in (head, holds, tail):
            _parser.parse(part)
    except re.error:
        return None
    optional = tail[:1] in {"?", "*", "+", "{"}
    return None if optional or _parted(pattern) or _parted(holds) else (head, tail)


def bounded(pattern: str, holds: str) -> bool:
    """Whether every match holds a piece, and neither side of it can be endless."""
    sides = around(pattern, holds)
    return sides is not None and max(map(widest, sides)) <= FARTHEST


def _parted(pattern: str) -> bool:
    """Whether a pattern is alternatives, outside of any group."""
    depth = 0
    for one in re.sub(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]", "", pattern):
        depth += (one == "(") - (one == ")")
        if one == "|" and not depth:
            return True
    return False


@lru_cache(_MANY)
def fewest_digits(one: Expression) -> int:
    """How many digits a match has at least.

    >>> fewest_digits(Expression("[0-9]{3}-?[0-9x]|[5-7]{4}", "word"))
    3
    """
    return 0 if one.holds else _fewest(_parser.parse(one.pattern))


def _fewest(tree: Any) -> int:
    count = 0
    for item in tree:
        name, value = str(item[0]), item[1]
        taken = characters(item)
        if taken is not None:
            count += bool(taken) and taken <= _DIGITS
        elif some := [_fewest(part) for part in parts(name, value)]:
            count += min(some) * (int(value[0]) if name.endswith("_REPEAT") else 1)
    return count


@lru_cache(_MANY)
def widest(pattern: str) -> int:
    """The most bytes that a match has.

    >>> widest("[0-9]{3}-号"), widest("a+") > 10**9
    (7, True)
    """
    return int(_parser.parse(pattern.encode().decode("latin-1")).getwidth()[1])


def _edge(tree: Any, step: int) -> tuple[frozenset[int], bool]:
    """The characters that a match may begin (1) or end (-1) with; whether it may be empty."""
    found: frozenset[int] = frozenset()
    for item in list(tree)[::step]:
        name, value = str(item[0]), item[1]
        one = characters(item)
        some = [_edge(part, step) for part in parts(name, value)]
        for taken, _ in some:
            found |= taken
        found |= one or frozenset()
        empty = any(may for _, may in some) or (name.endswith("_REPEAT") and not value[0])
        if one is not None or not empty:
            return found, False
    return found, True


@lru_cache(_MANY)
def compiled(pattern: str, border: Border) -> re.Pattern[bytes]:
    """The pattern over UTF-8 bytes, with its border on both sides."""
    core = b"(?:" + pattern.encode() + b")"
    beside = _BESIDE[border]
    if not beside:
        return re.compile(core)
    return re.compile(b"(?<!" + beside + b")" + core + b"(?!" + beside + b")")


def complaint(pattern: str) -> str:
    """Why a pattern is not taken; nothing if it is.

    >>> complaint("[0-9]{4}-[0-9]{2}")
    ''
    >>> complaint("(?:[.]?[a-z])*@"), complaint("(?:_?[a-z_])*@") != ""
    ('', True)
    >>> complaint("(?:a+)+b")
    'a repetition within a repetition could take for ever'
    """
    try:
        re.compile(pattern.encode())
        tree = _parser.parse(pattern)
    except re.error as error:
        return f"it is no regular expression: {error}"
    if any(not inside.isascii() for inside in _CLASS.findall(pattern)):
        return "a class holds other than ASCII; write alternatives, (?:京|沪)"
    if _QUANTIFIED.search(pattern):
        return "what repeats is a character of several bytes; put it in a group, (?:地)?"
    return _tree(tree) or ("it matches the empty text" if tree.getwidth()[0] == 0 else "")


def _tree(tree: Any) -> str:
    for code, value in tree:
        name = str(code)
        if name in _LOOKS_AROUND:
            return "it looks around or back; borders are set with `border`"
        if name == "ANY":
            return "`.` takes anything; say what it may be"
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and (why := _repeat(*value)):
            return why
        for part in parts(name, value):
            if why := _tree(part):
                return why
    return ""


def _repeat(low: int, high: int, body: Any) -> str:
    if low > MOST_REPEATS or MOST_REPEATS < high < _UNBOUNDED:
        return f"it repeats more than {MOST_REPEATS} times"
    if high <= _UNBOUNDED:
        return ""
    if body.getwidth()[0] == 0:
        return "it repeats what may be empty"
    every = all_items(body)
    varies = any(str(code) == "BRANCH" or str(code).endswith("_REPEAT") for code, _ in every)
    sets = [found for item in every if (found := characters(item)) is not None]
    # where no two places take the same character (Brueggemann-Klein 1993), and no repetition is
    # all that a round may consist of, there is one way to match
    shared = varies and sum(map(len, sets)) > len(set[int]().union(*sets))
    if shared or any(_is_a_round(item, body) for item in body):
        return "a repetition within a repetition could take for ever"
    return ""


def _is_a_round(item: Any, body: Any) -> bool:
    """Whether an item of a body holds a repetition, and nothing else need stand beside it."""
    repeats = any(str(one[0]).endswith("_REPEAT") and one[1][1] > 1 for one in all_items([item]))
    return repeats and body.getwidth()[0] == _least(item)


def _least(item: Any) -> int:
    """The fewest characters that an item takes."""
    name, value = str(item[0]), item[1]
    if name.endswith("_REPEAT"):
        return int(value[0]) * int(value[2].getwidth()[0])
    if name == "SUBPATTERN":
        return int(value[3].getwidth()[0])
    return min(int(part.getwidth()[0]) for part in value[1]) if name == "BRANCH" else 1


def all_items(tree: Any) -> list[Any]:
    """The items of a tree, and those that they hold."""
    found: list[Any] = []
    for item in tree:
        found.append(item)
        for part in parts(str(item[0]), item[1]):
            found += all_items(part)
    return found


def characters(item: Any) -> frozenset[int] | None:
    """The ASCII characters that one place takes, non-ASCII ones as one; None for no place."""
    name, value = str(item[0]), item[1]
    if name == "LITERAL":
        return frozenset([min(value, 128)])
    if name not in {"IN", "NOT_LITERAL"}:
        return None
    written = _class(value) if name == "IN" else f"[^{re.escape(chr(value))}]"
    one = re.compile(written, re.ASCII)
    beyond = {128} if name == "IN" and any(_beyond(*part) for part in value) else set[int]()
    return frozenset(code for code in range(129) if one.fullmatch(chr(code))) | beyond


def _beyond(code: Any, value: Any) -> bool:
    """Whether a part of a class is other than ASCII."""
    name = str(code)
    return (name == "LITERAL" and value > 127) or (name == "RANGE" and value[1] > 127)


def _class(parts: Any) -> str:
    kinds = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s"}
    kinds |= {"CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_NOT_WORD": r"\W"}
    kinds |= {"CATEGORY_NOT_SPACE": r"\S"}
    written = ""
    for code, value in parts:
        name = str(code)
        if name == "NEGATE":
            written = "^"
        elif name == "LITERAL":
            written += re.escape(chr(value))
        elif name == "RANGE":
            written += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            written += kinds[str(value)]
    return f"[{written}]"


def parts(name: str, value: Any) -> list[Any]:
    """The patterns that an item of a tree holds, such as the ways of an alternative."""
    if name.endswith("_REPEAT"):
        return [value[2]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    return []


def parsed(pattern: str) -> Any:
    """The tree of a pattern, as ``re`` has it."""
    return _parser.parse(pattern)
