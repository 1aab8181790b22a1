"""Where patterns may match: one pass over a batch for all of them together.

With hyperscan all patterns are one automaton (Wang et al. 2019, Hyperscan, NSDI), which gives, for
each end of a match, the leftmost beginning. What lies between is a *window*: every match that a
pattern has lies in one of its windows, and inside them Python's own ``re`` says exactly what
matches. Without hyperscan each text is one window, so the result is the same, only later.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers


class Windows(NamedTuple):
    """Where to look, ordered by text, then pattern, then place; disjoint for each pattern.

    Attributes:
        texts: The row of the text.
        patterns: Which pattern.
        starts: First byte, from the text's beginning.
        ends: Behind the last byte.
    """

    texts: NDArray[np.int64]
    patterns: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def rows(self) -> Iterator[tuple[int, int, int, int]]:
        """Text, pattern, start and end of each."""
        columns = (self.texts, self.patterns, self.starts, self.ends)
        return zip(*(column.tolist() for column in columns), strict=True)


class Automaton(Protocol):
    """What gives the windows of a batch of texts."""

    def windows(self, buffers: TextBuffers) -> Windows:
        """Everywhere a pattern may match."""
        ...


def automaton(patterns: Sequence[str], cache: Path | None = None) -> Automaton:
    """The fastest one there is here.

    Args:
        patterns: Regular expressions (``dataqa.private.patterns``).
        cache: A folder in which what was compiled is kept.
    """
    if find_spec("hyperscan") is None or not patterns:
        return Everywhere(len(patterns))
    return Hyperscan(patterns, cache)


class Everywhere:
    """Every text is one window of every pattern."""

    def __init__(self, patterns: int) -> None:
        self._patterns = patterns

    def windows(self, buffers: TextBuffers) -> Windows:
        """All of all texts."""
        texts = np.repeat(np.arange(len(buffers), dtype=np.int64), self._patterns)
        ends = np.repeat(np.diff(buffers.offsets), self._patterns)
        patterns = np.tile(np.arange(self._patterns, dtype=np.int64), len(buffers))
        return Windows(texts, patterns, np.zeros(len(texts), np.int64), ends)


class Hyperscan:
    """Windows by one automaton of all patterns."""

    def __init__(self, patterns: Sequence[str], cache: Path | None = None) -> None:
        import hyperscan  # noqa: PLC0415 - an extra

        self._library: Any = hyperscan
        self._database = _database(hyperscan, [one.encode() for one in patterns], cache)
        self._threads = local()  # a scratch must not be used by two threads at once

    def windows(self, buffers: TextBuffers) -> Windows:
        """Where each pattern's matches begin at the leftmost and end."""
        offsets = buffers.offsets
        told: list[tuple[int, int, int]] = []

        def note(pattern: int, start: int, end: int, flags: int, context: Any) -> None:  # noqa: ARG001
            told.append((pattern, start, end))

        data = buffers.data[offsets[0] : offsets[-1]]
        if len(data):
            self._database.scan(data, match_event_handler=note, scratch=self._scratch())
        found = np.array(told, np.int64).reshape(-1, 3)
        patterns, starts, ends = found.T
        starts, ends = starts + offsets[0], ends + offsets[0]
        # texts lie side by side: a match is of the text that it ends in, or of none
        texts = np.searchsorted(offsets, ends - 1, side="right") - 1
        begins = offsets[texts]
        return _joined(texts, patterns, np.maximum(starts - begins, 0), ends - begins)

    def _scratch(self) -> Any:
        if not hasattr(self._threads, "scratch"):
            self._threads.scratch = self._library.Scratch(self._database)
        return self._threads.scratch


def _joined(
    texts: NDArray[np.int64],
    patterns: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> Windows:
    """Overlapping and touching ones of a pattern as one."""
    if not len(texts):
        return Windows(texts, patterns, starts, ends)
    order = np.lexsort((starts, patterns, texts))
    texts, patterns, starts, ends = (part[order] for part in (texts, patterns, starts, ends))
    fresh = np.ones(len(texts), np.bool_)
    fresh[1:] = (texts[1:] != texts[:-1]) | (patterns[1:] != patterns[:-1])
    group = np.cumsum(fresh)
    # the furthest end so far in each group: groups are kept apart by adding what no end reaches
    far = int(ends.max(initial=0)) + 1
    furthest = np.maximum.accumulate(ends + group * far) - group * far
    fresh[1:] |= starts[1:] > furthest[:-1]
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(texts)) - 1
    return Windows(texts[first], patterns[first], starts[first], furthest[last])


def _database(library: Any, patterns: list[bytes], cache: Path | None) -> Any:
    name = hashlib.blake2b(
        b"\0".join([library.__version__.encode(), processor_name(), *patterns]), digest_size=12
    ).hexdigest()
    path = cache / "patterns" / f"{name}.hs" if cache is not None else None
    if path is not None and path.is_file():
        try:
            return library.loadb(path.read_bytes(), library.HS_MODE_BLOCK)
        except library.error:  # written by half, or for another processor
            path.unlink(missing_ok=True)
    database = library.Database(mode=library.HS_MODE_BLOCK)
    flags = library.HS_FLAG_SOM_LEFTMOST
    database.compile(
        expressions=patterns,
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[flags] * len(patterns),
    )
    if path is not None:
        with suppress(OSError):  # a cache that cannot be written is none
            keep(path, library.dumpb(database))
    return database


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
