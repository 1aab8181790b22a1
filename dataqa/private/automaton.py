"""Where patterns may match: one pass over a batch for all of them together.

With hyperscan all patterns are one automaton (Wang et al. 2019, Hyperscan, NSDI), which gives, for
each end of a match, the leftmost beginning. What lies between is a *window*: every match that a
pattern has lies in one of its windows, and inside them Python's own ``re`` says exactly what
matches. Without hyperscan each text is one window, so the result is the same, only later.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.private.patterns import FARTHEST, Expression, around, bordered, fewest_digits, widest
from dataqa.private.tokens import LONGEST, Stretches, Tokens, fields, shape, signs, stretches
from dataqa.private.windows import Joined, Windows, windows_of

_DIGITS, _WIDTH = 6, 20
"""Patterns of so many digits and more, in so many bytes and fewer, are looked for only where such
are."""
_LONG = 0
"""Bytes of a match from which on the automaton does not say where it began."""


class Automaton(Protocol):
    """What gives the windows of a batch of texts."""

    def windows(self, texts: Joined) -> Windows:
        """Everywhere a pattern may match."""
        ...


def automaton(patterns: Sequence[Expression], cache: Path | None = None) -> Automaton:
    """The fastest one there is here.

    Args:
        patterns: Regular expressions and their borders (``dataqa.private.patterns``).
        cache: A folder in which what was compiled is kept.
    """
    if find_spec("hyperscan") is None or not patterns:
        return Everywhere(len(patterns))
    return Hyperscan(patterns, cache)


class Everywhere:
    """Every text is one window of every pattern."""

    def __init__(self, patterns: int) -> None:
        self._patterns = patterns

    def windows(self, texts: Joined) -> Windows:
        """All of all texts."""
        patterns = np.repeat(np.arange(self._patterns, dtype=np.int64), len(texts.begins))
        starts, ends = (np.tile(part, self._patterns) for part in (texts.begins, texts.ends))
        return Windows(patterns, starts, ends)


class Hyperscan:
    """Windows by two automata: one reads all, one only where there are many digits.

    Most kinds of numbers need at least ``_DIGITS`` digits within ``_WIDTH`` bytes, and most of a
    text has none such place. Those without signs between digits take no automaton.
    """

    def __init__(self, patterns: Sequence[Expression], cache: Path | None = None) -> None:
        import hyperscan  # noqa: PLC0415 - an extra

        self._ahead = np.array([_ahead(one) for one in patterns], np.int64)
        few = [_is_dense(one) for one in patterns]
        everywhere = [at for at, is_dense in enumerate(few) if not is_dense]
        dense = [at for at, is_dense in enumerate(few) if is_dense]
        # what has no signs at all is a token; what may have some is looked for as both
        plain = [at for at in dense if _is_token(patterns[at])]
        signed = [at for at in dense if at not in plain or signs(patterns[at].pattern)]
        self._signs = np.zeros(256, np.bool_)
        for at in signed:
            found = sorted(signs(patterns[at].pattern))
            self._signs[found] = True
            self._signs[128:] |= 128 in found
        self._everywhere = _Part(hyperscan, everywhere, patterns, cache)
        self._dense = _Part(hyperscan, signed, patterns, cache)
        self._tokens = Tokens(plain, patterns)

    def windows(self, texts: Joined) -> Windows:
        """Where each pattern's matches begin at the earliest and end at the latest."""
        data = texts.data
        some = stretches(data, *_dense(data))
        found = np.concatenate(
            [
                self._everywhere.found(data),
                self._dense.found_within(fields(some, self._signs)),
                self._tokens.found(data, some),
            ]
        )
        patterns, starts, ends = found.T
        # a match is of the text that it ends in; what lies before is none of its
        rows = texts.texts(ends)
        starts = np.maximum(starts, texts.begins[rows])
        ends = np.minimum(ends + self._ahead[patterns], texts.ends[rows])
        return windows_of(patterns, starts, ends)


class _Part:
    """Some of the patterns, as one automaton."""

    def __init__(
        self, library: Any, numbers: list[int], patterns: Sequence[Expression], cache: Path | None
    ) -> None:
        some = [patterns[number] for number in numbers]
        self.numbers = np.array(numbers, np.int64)
        self._reach = np.array([_reach(one) for one in some], np.int64)
        self._library = library
        self._database = _database(library, some, cache) if some else None
        self._threads = local()  # a scratch must not be used by two threads at once

    def found(self, data: bytes) -> NDArray[np.int64]:
        """The number of the pattern, start and end of each match."""
        told = array("q")
        add = told.extend

        def note(pattern: int, start: int, end: int, flags: int, context: Any) -> None:  # noqa: ARG001
            add((pattern, start, end))

        if data and self._database is not None:
            self._database.scan(data, match_event_handler=note, scratch=self._scratch())
        found = np.frombuffer(told, np.int64).reshape(-1, 3)
        if len(found):
            reach = self._reach[found[:, 0]]
            found[:, 1] = np.where(reach, np.maximum(found[:, 2] - reach, 0), found[:, 1])
            found[:, 0] = self.numbers[found[:, 0]]
        return found

    def found_within(self, some: Stretches) -> NDArray[np.int64]:
        """The same of some stretches of data, each read as if nothing stood around it."""
        found = self.found(some.data)
        if len(found):
            which = np.searchsorted(some.begins, found[:, 2] - 1, side="right") - 1
            found[:, 1] = np.maximum(found[:, 1], some.begins[which])
            found[:, 1:] += (some.lows[which] - some.begins[which])[:, None]
        return found

    def _scratch(self) -> Any:
        if not hasattr(self._threads, "scratch"):
            self._threads.scratch = self._library.Scratch(self._database)
        return self._threads.scratch


def _is_dense(one: Expression) -> bool:
    """Whether it is enough to look for it where many digits are.

    Each match, and each wide piece of it, has so many digits in so few bytes; and it has signs, or
    is a token.
    """
    longest, fewest = widest(one.pattern), fewest_digits(one)
    dense = fewest >= _DIGITS and (longest <= _WIDTH or longest - fewest <= _WIDTH - _DIGITS)
    return dense and (_is_token(one) or not shape(one.pattern))


def _is_token(one: Expression) -> bool:
    """Whether it has matches without signs, and all of them are tokens that are not too long."""
    parted = one.border in {"word", "number"}
    return parted and bool(shape(one.pattern)) and widest(one.pattern) <= LONGEST


def _dense(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The stretches with ``_DIGITS`` digits in ``_WIDTH`` bytes, and what touches them."""
    places = np.flatnonzero((np.frombuffer(data, np.uint8) - np.uint8(48)) < 10)
    first, last = places[: 1 - _DIGITS], places[_DIGITS - 1 :]
    many = last - first < _WIDTH
    lows = np.maximum(last[many] - _WIDTH, 0)
    highs = np.minimum(first[many] + _WIDTH + 1, len(data))
    fresh = np.ones(len(lows), np.bool_)
    fresh[1:] = lows[1:] > highs[:-1]
    firsts = np.flatnonzero(fresh)
    return lows[firsts], highs[np.append(firsts[1:], len(lows)) - 1] if len(lows) else highs


def _database(library: Any, patterns: Sequence[Expression], cache: Path | None) -> Any:
    written = [bordered(one).encode() for one in patterns]
    name = hashlib.blake2b(
        b"\0".join([library.__version__.encode(), processor_name(), *written]), digest_size=12
    ).hexdigest()
    path = cache / "patterns" / f"{name}.hs" if cache is not None else None
    if path is not None and path.is_file():
        try:
            return library.loadb(path.read_bytes(), library.HS_MODE_BLOCK)
        except library.error:  # written by half, or for another processor
            path.unlink(missing_ok=True)
    try:
        database = _built(library, patterns, written)
    except library.error:
        database = _built(library, patterns, [_taken(library, one) for one in patterns])
    if path is not None:
        with suppress(OSError):  # a cache that cannot be written is none
            keep(path, library.dumpb(database))
    return database


def _built(library: Any, patterns: Sequence[Expression], written: Sequence[bytes]) -> Any:
    database = library.Database(mode=library.HS_MODE_BLOCK)
    leftmost = library.HS_FLAG_SOM_LEFTMOST
    database.compile(
        expressions=list(written),
        ids=list(range(len(written))),
        elements=len(written),
        flags=[0 if _reach(one) else leftmost for one in patterns],
    )
    return database


def _reach(one: Expression) -> int:
    """How far before its end a match of a long pattern begins at most; 0 for all other patterns.

    Remembering where matches of long repetitions began is what makes an automaton too large.
    """
    if sides := around(one.pattern, one.holds):
        return widest(sides[0]) + widest(one.holds) + 2
    longest = widest(one.pattern)
    return longest + 2 if _LONG < longest <= FARTHEST else 0


def _ahead(one: Expression) -> int:
    """How far behind the piece that a pattern holds a match ends at most."""
    sides = around(one.pattern, one.holds)
    return widest(sides[1]) + 2 if sides else 0


def _taken(library: Any, one: Expression) -> bytes:
    """The form of a pattern that is not too large for the automaton: with its border if it can be.

    Raises:
        InputError: Neither is taken.
    """
    for written in (bordered(one).encode(), (one.holds or one.pattern).encode()):
        with suppress(library.error):
            _built(library, [one], [written])
            return written
    hint = "repeat less often, or give fewer alternatives"
    raise InputError(f"the automaton does not take {one.pattern!r}", hint=hint)


def keep(path: Path, data: bytes) -> None:
    """Write whole or not at all: others may be doing the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(data)
    Path(draft.name).replace(path)


def processor_name() -> bytes:
    """What this machine's processor can do: a database compiled for another cannot run."""
    from dataqa.kernels.cache import processor  # noqa: PLC0415 - no kernels are loaded

    return processor().encode()
