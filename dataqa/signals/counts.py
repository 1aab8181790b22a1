"""What signals are computed from: integer tables that kernels fill, one row a document.

A signal is a function of ``Counts``. Which tables it reads is found by calling it once on an empty
probe, so a signal declares nothing and only what is asked for is measured.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa import arrow, kernels
from dataqa.arrow import TextBuffers
from dataqa.kernels import tables

if TYPE_CHECKING:
    from dataqa.kernels.c4 import Cleaned
    from dataqa.kernels.characters import CharGrams
    from dataqa.kernels.grams import Grams
    from dataqa.kernels.lines import Lines, Paragraphs
    from dataqa.kernels.lists import Hits, Trie
    from dataqa.kernels.measure import Outputs, Scratch, Sizes
    from dataqa.kernels.sentences import Sentences
    from dataqa.kernels.tables import Kinds
    from dataqa.kernels.words import Vocabulary, Words


class Scale(NamedTuple):
    """What kind of number a signal is, and the range that it cannot leave."""

    kind: str
    low: float
    high: float


type Integers = NDArray[np.int64]
type Floats = NDArray[np.float64]
Count = Annotated[NDArray[np.int64], Scale("count", 0, float("inf"))]
"""How many."""
Length = Annotated[NDArray[np.float64], Scale("length", 0, float("inf"))]
"""A mean or a median of lengths."""
Ratio = Annotated[NDArray[np.float64], Scale("ratio", 0, 1)]
"""A part of a whole."""
Rate = Annotated[NDArray[np.float64], Scale("ratio", 0, float("inf"))]
"""One number for each of another; may be more than one."""

type Names = Iterable[str]

SMALL_GRAM, LARGE_GRAM = 10, 13
MOST_LISTS = 64
"""Word lists that one walk can count: a bit each in the kernel's table."""


class Counts(NamedTuple):
    """Tables of counts; a signal may read any of them.

    ``grams`` are over tokens as written, ``word_grams`` over words as written, ``fold_grams`` over
    lower-cased words. ``hits`` and ``written_hits`` are of the word list that the signal was asked
    for with, in lower case and as written; ``members`` counts the characters of that list.
    """

    texts: TextBuffers
    sizes: Sizes
    words: Words
    vocabulary: Vocabulary
    lines: Lines
    paragraphs: Paragraphs
    sentences: Sentences
    cleaned: Cleaned
    grams: Grams
    word_grams: Grams
    fold_grams: Grams
    kinds: Kinds
    small_grams: CharGrams
    large_grams: CharGrams
    hits: Hits
    written_hits: Hits
    members: Integers

    @staticmethod
    def of(*texts: str, words: Iterable[str] = ()) -> Counts:
        """Everything that can be counted in some texts; for examples and tests.

        >>> Counts.of("two words").words.words.tolist()
        [2]
        """
        buffers = arrow.text_buffers(pl.Series(texts, dtype=pl.String))
        listed = (frozenset(words),)
        found = measure(buffers, Counts._fields, listed, listed)
        hits, written = found.hits[0], found.written_hits[0]
        members = count_members(buffers, listed[0])
        return Counts(**found.tables, hits=hits, written_hits=written, members=members)


class Measured(NamedTuple):
    """Tables of ``Counts`` by name, and hits for each word list."""

    tables: dict[str, Any]
    hits: list[Hits]
    written_hits: list[Hits]


LISTED = ("hits", "written_hits", "members")
"""The tables that depend on a word list."""


def share(part: Integers | Floats, whole: Integers | Floats) -> Floats:
    """``part / whole``; NaN (not measurable) where there is nothing to divide by.

    >>> share(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.25, nan]
    """
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def needs(signal: Callable[[Counts], Any]) -> frozenset[str]:
    """The tables that a signal reads.

    >>> sorted(needs(lambda counts: counts.words.words / counts.sizes.chars))
    ['sizes', 'words']
    """
    probe = _Probe()
    signal(probe)  # pyright: ignore[reportArgumentType]
    return frozenset(probe.read)


class _Probe:
    """Counts of no documents, which remember what was read of them."""

    def __init__(self) -> None:
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name not in Counts._fields:
            raise AttributeError(name)
        self.read.add(name)
        if name == "texts":
            return arrow.text_buffers(pl.Series(dtype=pl.String))
        return np.zeros(0, np.int64) if name == "members" else _EmptyTable()


class _EmptyTable:
    """A table of no documents, with any column; it needs no kernel to be loaded."""

    def __getattr__(self, name: str) -> Integers:
        return np.zeros(0, np.int64)


def measure(
    buffers: TextBuffers,
    wanted: Names,
    folded: Sequence[frozenset[str]] = (),
    written: Sequence[frozenset[str]] = (),
) -> Measured:
    """Count what is wanted, in one walk over the texts.

    Args:
        buffers: The texts.
        wanted: Names of tables; the others stay empty.
        folded: Word lists to count in lower case.
        written: Word lists to count as they are written.
    """
    measures, _ = kernels.load()
    names, most = frozenset(wanted), MOST_LISTS
    out = _walk(buffers, names, folded[:most], written[:most])
    tables = {
        name: fields(*np.ascontiguousarray(getattr(out, name).T))
        for name, fields in measures.FIELDS.items()
    }
    hits, exact = _hits(out.hits), _hits(out.written_hits)
    for at in range(most, max(len(folded), len(written)), most):
        out = _walk(buffers, frozenset(), folded[at : at + most], written[at : at + most])
        hits += _hits(out.hits)
        exact += _hits(out.written_hits)
    tables |= {"texts": buffers, "kinds": _kinds(buffers, "kinds" in names)}
    for name, n in (("small_grams", SMALL_GRAM), ("large_grams", LARGE_GRAM)):
        tables[name] = _char_grams(buffers, n, len(buffers) if name in names else 0)
    return Measured(tables, hits, exact)


def _walk(
    buffers: TextBuffers,
    names: frozenset[str],
    folded: Sequence[frozenset[str]],
    written: Sequence[frozenset[str]],
) -> Outputs:
    measures, _ = kernels.load()
    out = measures.outputs(len(buffers), names, len(folded), len(written))
    if any(len(table) for table in out):
        room = _scratch(_largest(buffers))
        tries = _trie(tuple(folded), folded=True), _trie(tuple(written), folded=False)
        for trie in tries:
            trie.seen[:] = 0
        measures.measure(*buffers[:2], tables.flags(), tables.folds(), room, *tries, out)
    return out


def _hits(table: NDArray[np.int64]) -> list[Hits]:
    from dataqa.kernels.lists import Hits  # noqa: PLC0415  # numba: only once kernels are loaded

    columns = np.ascontiguousarray(table.T)
    return [Hits(columns[k], columns[k + 1]) for k in range(0, len(columns), 2)]


_kept = threading.local()
_KEPT_BYTES = 1 << 21


def _scratch(largest: int) -> Scratch:
    """Room for the largest text; that for ordinary texts is kept, for fresh pages are slow."""
    measures, _ = kernels.load()
    if largest > _KEPT_BYTES:
        return measures.scratch_room(largest)
    if getattr(_kept, "size", -1) < largest:
        _kept.size = 1 << max(largest, 1).bit_length()
        _kept.room = measures.scratch_room(_kept.size)
    return _kept.room


def _kinds(buffers: TextBuffers, wanted: bool) -> Kinds:
    _, characters = kernels.load()
    rows = np.zeros((len(buffers) if wanted else 0, len(tables.KIND)), np.int64)
    if wanted:
        characters.count_kinds(*buffers[:2], tables.kinds(), rows)
    return tables.Kinds(*np.ascontiguousarray(rows.T))


def _largest(buffers: TextBuffers) -> int:
    return int(np.diff(buffers.offsets).max(initial=0))


def _char_grams(buffers: TextBuffers, n: int, rows: int) -> CharGrams:
    _, characters = kernels.load()
    out = np.zeros((rows, 3), np.int64)
    if rows:
        room = characters.group_room(_largest(buffers) + 1)
        characters.count_char_grams(*buffers[:2], n, room, out)
    return characters.CharGrams(*np.ascontiguousarray(out.T))


def count_members(buffers: TextBuffers, words: frozenset[str]) -> Integers:
    """Characters of each text that are entries of a list of single characters."""
    _, characters = kernels.load()
    members = np.zeros(len(buffers), np.int64)
    characters.count_members(*buffers[:2], _member_table(words), members)
    return members


class Stream(NamedTuple):
    """The tokens of some texts, one document after the other.

    Attributes:
        tokens: Parallel arrays, a row a token; offsets are bytes from the document's start.
        offsets: Where each document's tokens begin, and where the last one's end.
    """

    tokens: Any
    offsets: Integers


def tokens(buffers: TextBuffers) -> Stream:
    """The token stream that every signal is counted over (``kernels.tokens.Tokens``)."""
    measures, _ = kernels.load()
    size = int(buffers.offsets[-1] - buffers.offsets[0]) + 1
    offsets = np.zeros(len(buffers) + 1, np.int64)
    room, ends = measures.token_room(size), measures.break_room(_largest(buffers) + 1)
    measures.tokenise_all(*buffers[:2], tables.flags(), tables.folds(), room, ends, offsets)
    total = int(offsets[-1])
    return Stream(type(room)(*(column[:total] for column in room)), offsets)


@lru_cache(maxsize=16)
def _trie(lists: tuple[frozenset[str], ...], *, folded: bool) -> Trie:
    measures, _ = kernels.load()
    streams = [
        tokens(arrow.text_buffers(pl.Series(sorted(words), dtype=pl.String))) for words in lists
    ]
    trie = measures.trie_room(sum(int(stream.offsets[-1]) for stream in streams) + 1)
    for which, stream in enumerate(streams):
        keys = stream.tokens.fold if folded else stream.tokens.plain
        measures.fill_trie(trie, np.ascontiguousarray(keys), stream.offsets, which)
    return trie


@lru_cache(maxsize=64)
def _member_table(words: frozenset[str]) -> NDArray[np.bool_]:
    codes = sorted(ord(word) for word in words if len(word) == 1)
    table = np.zeros((codes[-1] if codes else 0) + 1, np.bool_)
    table[codes] = True
    return table
