"""YAML read by hand-written files' standards: every complaint names the file and the line.

Only plain data is built (no tags), a key may stand once, and what a small file may grow to by
aliases is bounded, so that neither a typing slip nor a bomb gets past reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from dataqa.errors import InputError, did_you_mean

MAX_BYTES = 2 << 20
MAX_VALUES = 200_000
"""Values a file may hold once its aliases are followed."""
MAX_DEPTH = 30

type Key = str | int

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAB = re.compile(r"^ *\t")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `(.+?)`")


class YamlFile(NamedTuple):
    """The plain data of one file, and the line on which each key or item stands."""

    path: Path
    value: Any
    lines: dict[tuple[Key, ...], int]

    def where(self, *keys: Key) -> str:
        """``file:line`` of the value at ``keys``, or of the nearest one around it."""
        for end in range(len(keys), -1, -1):
            line = self.lines.get(keys[:end])
            if line is not None:
                return f"{self.path}:{line}"
        return str(self.path)

    def at(self, *keys: Key) -> Any:
        """The value under ``keys``, which are known to exist."""
        value = self.value
        for key in keys:
            value = value[key]
        return value

    def struct[T: msgspec.Struct](self, kind: type[T], *keys: Key) -> T:
        """The mapping at ``keys`` as a msgspec struct.

        Raises:
            InputError: a key that ``kind`` does not have, one that is missing, or a wrong type,
                with file and line.
        """
        value = self.at(*keys)
        if not isinstance(value, dict):
            raise InputError(
                f"{_named(keys)} must be a mapping, not {_article(value)}",
                where=self.where(*keys),
                hint=f"keys: {', '.join(kind.__struct_fields__)}",
            )
        for key in value:
            if key not in kind.__struct_fields__:
                raise InputError(
                    f"unknown key {key!r}",
                    where=self.where(*keys, key),
                    hint=did_you_mean(str(key), kind.__struct_fields__),
                )
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self._explained(str(error), keys) from None

    def _explained(self, message: str, keys: tuple[Key, ...]) -> InputError:
        """A conversion error of msgspec with its path turned into a line."""
        what, _, path = message.partition(" - at ")
        steps = tuple(name or int(index) for name, index in _STEP.findall(path.strip("`")))
        hint = ""
        if isinstance(found := _value_at(self.at(*keys), steps), str) and "float" in what:
            hint = f"{found!r} is text in YAML; write a number such as 0.001"
        elif isinstance(found, bool) and "str" in what:
            hint = "YAML reads a bare yes, no, on, off, true, false as a truth value: quote it"
        elif unknown := _UNKNOWN.search(what):
            steps = (*steps, unknown[1])
        what = what[0].lower() + what[1:]
        name = f"{_named((*keys, *steps))}: " if steps else ""
        return InputError(f"{name}{what}", where=self.where(*keys, *steps), hint=hint)


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML document.

    Raises:
        InputError: it cannot be read or is no YAML (tabs are named as such), a key stands twice,
            or the file is larger, deeper or, aliases followed, longer than anybody writes by hand.
    """
    text = _text(path)
    loader = _Loader(text)
    try:
        _check_events(path, text)
        node = loader.get_single_node()
        lines: dict[tuple[Key, ...], int] = {}
        value = None if node is None else _Builder(path, loader, lines).build(node, (), 0)
    except yaml.YAMLError as error:
        raise _broken(path, text, error) from None
    finally:
        loader.dispose()
    return YamlFile(path, value, lines)


class _Builder:
    """Turns nodes into plain data, noting lines and counting what aliases multiply."""

    def __init__(self, path: Path, loader: Any, lines: dict[tuple[Key, ...], int]) -> None:
        self.path, self.loader, self.lines = path, loader, lines
        self.left = MAX_VALUES

    def build(self, node: Any, keys: tuple[Key, ...], depth: int) -> Any:
        self.left -= 1
        line = node.start_mark.line + 1
        if self.left < 0 or depth > MAX_DEPTH:
            raise InputError(
                "too many values or nested too deep once its aliases are followed",
                where=f"{self.path}:{line}",
                hint=f"at most {MAX_VALUES} values, {MAX_DEPTH} levels; write the data out plainly",
            )
        self.lines.setdefault(keys, line)
        if isinstance(node, yaml.MappingNode):
            return {
                key: self.build(value, (*keys, key), depth + 1)
                for key, value in self._pairs(node, keys)
            }
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, (*keys, place), depth + 1) for place, item in enumerate(node.value)
            ]
        return self.loader.construct_object(node)

    def _pairs(self, node: Any, keys: tuple[Key, ...]) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            key = self.loader.construct_object(name) if hasattr(name, "value") else None
            if not isinstance(key, str):
                raise InputError(
                    "a key must be a plain word",
                    where=f"{self.path}:{line}",
                    hint="quote it if YAML takes it for something else (yes, no, on, 12, null)",
                )
            if key in seen:
                raise InputError(
                    f"key {key!r} stands twice",
                    where=f"{self.path}:{line}",
                    hint=f"it is already on line {seen[key]}",
                )
            seen[key] = line
            self.lines[(*keys, key)] = line
            yield key, value


def _check_events(path: Path, text: str) -> None:
    """Refuse tags, and what is nested too deep: composing nodes recurses on the C stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        where = f"{path}:{event.start_mark.line + 1}"
        if depth > MAX_DEPTH:
            raise InputError("nested too deep", where=where, hint=f"at most {MAX_DEPTH} levels")
        if tag := getattr(event, "tag", None):
            raise InputError(f"a tag ({tag})", where=where, hint="plain data only: leave it out")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", where=str(path)) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"{len(raw)} bytes are too many", where=str(path), hint=f"at most {MAX_BYTES} bytes"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8", where=f"{path}:{line}", hint="save it as UTF-8") from None


def _broken(path: Path, text: str, error: yaml.YAMLError) -> InputError:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return InputError("is not YAML", where=str(path), hint=str(error).splitlines()[0])
    lines = text.splitlines()
    # libyaml may point behind a tab that it tripped over: the line before it is looked at too
    for number in (mark.line, mark.line - 1):
        if 0 <= number < len(lines) and _TAB.match(lines[number]):
            return InputError(
                "a tab where YAML wants spaces",
                where=f"{path}:{number + 1}",
                hint="indent with spaces only",
            )
    problem = getattr(error, "problem", None) or "is not YAML"
    return InputError(f"{problem}", where=f"{path}:{mark.line + 1}", hint="check the indentation")


def _value_at(value: Any, steps: tuple[Key, ...]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _named(keys: tuple[Key, ...]) -> str:
    return ".".join(map(str, keys)) or "the file"


def _article(value: Any) -> str:
    names = {type(None): "empty", list: "a list", str: "text", bool: "a truth value"}
    return names.get(type(value), "a number")
