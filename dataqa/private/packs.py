"""Packs of recognisers: YAML files that become recognisers, or an error that names the line.

A recogniser is what values of one kind look like: patterns over UTF-8 bytes, what may stand beside
them, words around that make one more or less likely, a check of its digits. Examples in the file
prove it (``dataqa.private.proof``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from dataqa.errors import InputError, did_you_mean
from dataqa.private.checks import known_check
from dataqa.private.patterns import Border, bounded, complaint
from dataqa.types import Assets
from dataqa.words import file_names, find_file
from dataqa.yamlfile import YamlFile, read_yaml

KIND = "private"
_USUAL = ("global", "us", "uk", "eu", "in", "au", "jp", "kr", "cn", "hk", "mo", "tw", "world")
USUAL = tuple(f"{KIND}/{name}" for name in _USUAL)
"""The packs that are asked where none is named."""
OPEN, CLOSE = "⟦", "⟧"
"""What stands around a value in an example."""


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way that values of a kind are written.

    Attributes:
        pattern: A regular expression in ASCII syntax over UTF-8; non-ASCII letters are literals. A
            group named ``value`` is what is found of a match, else all of it.
        score: How likely a match is such a value (given that the check, if any, holds).
        in_context: The same beside one of the recogniser's words.
        shortest: Bytes that a match has at least, where the pattern cannot say it.
        holds: A piece of a long pattern that is rare: it is looked for only where that is.
    """

    pattern: str
    score: float
    in_context: float | None = None
    shortest: int = 0
    holds: str = ""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recogniser as its pack has it."""

    entity: str
    looks: list[Look]
    check: str = ""
    border: Border = "word"
    words: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    within: int = 40
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    cite: str = ""


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The top level of a pack."""

    pack: str
    title: str
    recognisers: dict[str, Any]
    cite: str = ""


class Example(NamedTuple):
    """A text with its values marked; of a gap nothing is found though there is something."""

    text: str
    values: tuple[str, ...]
    kind: Literal["hit", "miss", "gap"]
    where: str


class Recogniser(NamedTuple):
    """What finds values of one kind.

    Attributes:
        name: ``pack.name``, as findings have it.
        entity: The kind, such as ``EMAIL_ADDRESS``.
        looks: How they are written.
        check: The word of a check (``dataqa.private.checks``), or nothing.
        border: What a value may not touch: ``word`` (letters and digits of scripts with spaces
            between words), ``number`` (nor, with ``-`` or ``/`` between, another digit), ``digit``,
            or ``none``.
        words: Beside one of them a match scores ``in_context``.
        unlike: Directly before a match they say that it is something else.
        within: How near words have to be, in bytes before a match (half as many behind it).
        examples: Texts that prove it.
        cite: Where its form is published.
    """

    name: str
    entity: str
    looks: tuple[Look, ...]
    check: str
    border: Border
    words: tuple[str, ...]
    unlike: tuple[str, ...]
    within: int
    examples: tuple[Example, ...]
    cite: str


def pack_names(assets: Assets) -> tuple[str, ...]:
    """The packs that can be asked for by name, sorted."""
    return file_names(KIND, assets)


def load_packs(names: Sequence[str], assets: Assets) -> tuple[Recogniser, ...]:
    """The recognisers of some packs, in order.

    Args:
        names: ``global`` or ``private/global``, or paths of YAML files.
        assets: Where packs are.

    Raises:
        InputError: There is no such pack, or a mistake in it.
    """
    found: dict[str, Recogniser] = {}
    for name in dict.fromkeys(names):
        for recogniser in _pack(name, assets):
            if recogniser.name in found:
                hint = "name packs differently"
                raise InputError(f"two recognisers are {recogniser.name}", where=name, hint=hint)
            found[recogniser.name] = recogniser
    return tuple(found.values())


def digest(recognisers: Sequence[Recogniser]) -> str:
    """What a fingerprint needs of recognisers: all but examples and citations."""
    content = [recogniser._replace(examples=(), cite="") for recogniser in recognisers]
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def _pack(name: str, assets: Assets) -> list[Recogniser]:
    bare = name.removeprefix(f"{KIND}/")
    is_path = name.endswith((".yaml", ".yml"))
    file = read_yaml(Path(name) if is_path else find_file(KIND, bare, assets))
    sheet = file.struct(_Sheet)
    if sheet.pack != file.path.stem:
        raise InputError(
            f"the pack calls itself {sheet.pack!r}",
            where=file.where("pack"),
            hint=f"pack: {file.path.stem}, as the file is named",
        )
    return [_recogniser(file, sheet, key) for key in sheet.recognisers]


def _recogniser(file: YamlFile, sheet: _Sheet, key: str) -> Recogniser:
    entry = file.struct(_Entry, "recognisers", key)
    place = ("recognisers", key)
    for at, look in enumerate(entry.looks):
        where = file.where(*place, "looks", at)
        if why := complaint(look.pattern):
            raise InputError(f"pattern of {key}: {why}", where=where)
        if look.holds and not bounded(look.pattern, look.holds):
            hint = "name a piece outside of groups that is always there; before it, nothing endless"
            raise InputError(f"not all that {key} finds holds that", where=where, hint=hint)
        for score in (look.score, look.score if look.in_context is None else look.in_context):
            if not 0 < score <= 1:
                raise InputError(f"{score} is no score", where=where, hint="from above 0 to 1")
        if look.in_context is not None and not entry.words:
            hint = "give `words`, or leave `in_context` out"
            raise InputError("no words make a context", where=where, hint=hint)
    if entry.check:
        known_check(entry.check, file.where(*place, "check"))
    if not entry.looks or not entry.hits or not entry.misses:
        hint = "give looks, hits and misses; a recogniser nobody has seen work may never do"
        raise InputError(f"{key} is not complete", where=file.where(*place), hint=hint)
    examples = [
        *_examples(file, key, "hits", entry.hits),
        *_examples(file, key, "misses", entry.misses),
        *_examples(file, key, "gaps", entry.gaps),
    ]
    return Recogniser(
        f"{sheet.pack}.{key}",
        entry.entity,
        tuple(entry.looks),
        entry.check,
        entry.border,
        entry.words,
        entry.unlike,
        entry.within,
        tuple(examples),
        entry.cite or sheet.cite,
    )


def _examples(file: YamlFile, key: str, field: str, texts: tuple[str, ...]) -> list[Example]:
    kind: Any = {"hits": "hit", "misses": "miss", "gaps": "gap"}[field]
    found: list[Example] = []
    for at, text in enumerate(texts):
        where = file.where("recognisers", key, field, at)
        pieces = text.replace(CLOSE, OPEN).split(OPEN)
        if len(pieces) % 2 == 0 or (kind == "miss") != (len(pieces) == 1):
            wrong = "marks nothing" if len(pieces) == 1 else "marks a value"
            hint = f"put {OPEN}{CLOSE} around values of hits and gaps, around none of misses"
            raise InputError(f"an example of {field} {wrong}", where=where, hint=hint)
        found.append(Example("".join(pieces), tuple(pieces[1::2]), kind, where))
    return found


def entities(recognisers: Sequence[Recogniser], wanted: Sequence[str]) -> tuple[Recogniser, ...]:
    """The recognisers of some kinds; of all if none is named.

    Raises:
        InputError: No recogniser finds that kind.
    """
    known = {recogniser.entity for recogniser in recognisers}
    for entity in wanted:
        if entity not in known:
            hint = did_you_mean(entity, sorted(known))
            raise InputError(f"no pack finds {entity!r}", where="private.entities", hint=hint)
    return tuple(one for one in recognisers if not wanted or one.entity in wanted)
