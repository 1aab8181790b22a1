"""Which of some ``regex`` patterns can match in a text at all: one pass for all of them.

Hyperscan's prefilter mode accepts what it cannot decide exactly (look-arounds, back references), so
it names too many patterns and never too few. Where the two libraries mean different characters by
a class, the text is rewritten for the pass; a pattern it cannot hold always counts as possible.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, NamedTuple

import regex

from dataqa.private.automaton import keep, processor_name

_UNKNOWN = regex.compile(
    r"\{[eisd][^}]*\}|\[\[|&&|--|\|\||\\[pPLmMKGXRN]|\(\?[|R&0-9<]P?[^=!]|\(\?-"
)
"""What other libraries read as something else, or as nothing: fuzzy matches, set operations, …"""
_FLAGS = {regex.DOTALL: "DOTALL", regex.MULTILINE: "MULTILINE", regex.IGNORECASE: "CASELESS"}


class Pattern(NamedTuple):
    """A regular expression of the package ``regex``, with its flags."""

    text: str
    flags: int


class Gates:
    """Patterns, compiled together."""

    def __init__(self, patterns: Sequence[Pattern], cache: Path | None = None) -> None:
        self._count = len(patterns)
        gated = [at for at, one in enumerate(patterns) if _holds(one)]
        if find_spec("hyperscan") is None:
            gated = []
        self._database: Any = None
        if gated:
            import hyperscan  # noqa: PLC0415 - Presidio's users may have none

            self._library: Any = hyperscan
            self._threads = local()  # a scratch must not be used by two threads at once
            self._database, gated = _compiled(hyperscan, patterns, gated, cache)
        self._always = frozenset(range(self._count)) - frozenset(gated)

    def possible(self, text: str) -> frozenset[int]:
        """The patterns that may match somewhere in a text; no other does."""
        if self._database is None:
            return self._always
        told: set[int] = set(self._always)

        def note(pattern: int, start: int, end: int, flags: int, context: Any) -> None:  # noqa: ARG001
            told.add(pattern)

        data = _rewritten(text).encode("utf-8", "replace")
        if data:
            self._database.scan(data, match_event_handler=note, scratch=self._scratch())
        return frozenset(told)

    def _scratch(self) -> Any:
        if not hasattr(self._threads, "scratch"):
            self._threads.scratch = self._library.Scratch(self._database)
        return self._threads.scratch


def _holds(pattern: Pattern) -> bool:
    """Whether a pattern means in hyperscan what it means in ``regex``, or more."""
    known = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE | regex.UNICODE
    if pattern.flags & ~known or _UNKNOWN.search(pattern.text):
        return False
    return not any(_stand_in(one) for one in pattern.text if not one.isascii())


def _compiled(
    library: Any, patterns: Sequence[Pattern], gated: Sequence[int], cache: Path | None
) -> tuple[Any, list[int]]:
    """The database, and the patterns that it holds."""
    name = _name(library, [patterns[at] for at in gated])
    path = cache / "patterns" / f"{name}.hs" if cache is not None else None
    held = path.with_suffix(".held") if path is not None else None
    if path is not None and held is not None and path.is_file() and held.is_file():
        with suppress(library.error, ValueError):
            kept = [int(one) for one in held.read_text().split()]
            return library.loadb(path.read_bytes(), library.HS_MODE_BLOCK), kept
    database, kept = _database(library, patterns, list(gated))
    if database is not None and path is not None and held is not None:
        with suppress(OSError):  # a cache that cannot be written is none
            keep(path, library.dumpb(database))
            keep(held, " ".join(map(str, kept)).encode())
    return database, kept


def _database(library: Any, patterns: Sequence[Pattern], gated: list[int]) -> tuple[Any, list[int]]:
    """All patterns that it takes; each of those that stop it is found and left out."""
    while gated:
        database = library.Database(mode=library.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[patterns[at].text.encode() for at in gated],
                ids=gated,
                elements=len(gated),
                flags=[_flags(library, patterns[at].flags) for at in gated],
            )
        except library.error:
            taken = [at for at in gated if _compiles(library, patterns[at])]
            if len(taken) == len(gated):  # together they are too many
                return None, []
            gated = taken
            continue
        return database, gated
    return None, []


def _compiles(library: Any, pattern: Pattern) -> bool:
    try:
        library.Database(mode=library.HS_MODE_BLOCK).compile(
            expressions=[pattern.text.encode()],
            ids=[0],
            elements=1,
            flags=[_flags(library, pattern.flags)],
        )
    except library.error:
        return False
    return True


def _flags(library: Any, flags: int) -> int:
    told = library.HS_FLAG_PREFILTER | library.HS_FLAG_SINGLEMATCH
    told |= library.HS_FLAG_UTF8 | library.HS_FLAG_UCP
    for ours, theirs in _FLAGS.items():
        if flags & ours:
            told |= getattr(library, f"HS_FLAG_{theirs}")
    return told


def _name(library: Any, patterns: Sequence[Pattern]) -> str:
    parts = [f"{one.flags}\0{one.text}".encode() for one in patterns]
    about = b"\0".join([b"prefilter", library.__version__.encode(), processor_name(), *parts])
    return hashlib.blake2b(about, digest_size=12).hexdigest()


def _rewritten(text: str) -> str:
    """A text in which every character is of the classes that ``regex`` has it in."""
    if text.isascii() and not any(one in text for one in "\x1c\x1d\x1e\x1f"):
        return text
    table = {ord(one): new for one in set(text) if (new := _stand_in(one))}
    return text.translate(table) if table else text


@cache
def _stand_in(one: str) -> str:
    """What a character is rewritten to; nothing for one that both libraries know.

    Unicode 3.2, older than what hyperscan is built on, knew its letters and digits; marks are
    parts of words only in ``regex``.
    """
    if one in "\x1c\x1d\x1e\x1f":  # white space in Python, not in PCRE
        return " "
    if one == "\u0130":  # the only letter beyond ASCII that some [a-z] matches in one of them
        return "i"
    if one.isascii() or not regex.match(r"\w", one):
        return ""
    kind = unicodedata.ucd_3_2_0.category(one)
    if regex.match(r"\d", one):
        return "" if kind == "Nd" else "\u0660"
    return "" if kind[0] in "LN" else "\u05d0"
