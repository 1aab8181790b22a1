"""What signals are computed from: integer tables that kernels fill, one row a document.

A signal is a function of ``Counts``. Which tables it reads is found by calling it once on an empty
probe, so a signal declares nothing and only what is asked for is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    from dataqa.kernels.measure import Sizes
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
        tables = measure(buffers, Counts._fields)
        return Counts(**tables, **listed(buffers, frozenset(words), LISTED))


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


def measure(buffers: TextBuffers, wanted: Names) -> dict[str, Any]:
    """The tables named in ``wanted`` that depend on no word list; others are empty."""
    measures, characters = kernels.load()
    names, documents = frozenset(wanted), len(buffers)
    out = measures.outputs(documents, names)
    if any(name in names for name in out._fields):
        scratch = measures.scratch_room(_largest(buffers))
        measures.measure(*buffers[:2], tables.flags(), tables.folds(), scratch, out)
    found = {
        name: measures.FIELDS[name](*np.ascontiguousarray(table.T))
        for name, table in zip(out._fields, out, strict=True)
    }
    found["texts"] = buffers
    kinds = np.zeros((documents if "kinds" in names else 0, len(tables.KIND)), np.int64)
    if len(kinds):
        characters.count_kinds(*buffers[:2], tables.kinds(), kinds)
    found["kinds"] = tables.Kinds(*np.ascontiguousarray(kinds.T))
    for name, n in (("small_grams", SMALL_GRAM), ("large_grams", LARGE_GRAM)):
        found[name] = _char_grams(buffers, n, documents if name in names else 0)
    return found


def _largest(buffers: TextBuffers) -> int:
    return int(np.diff(buffers.offsets).max(initial=0))


def _char_grams(buffers: TextBuffers, n: int, rows: int) -> CharGrams:
    _, characters = kernels.load()
    out = np.zeros((rows, 3), np.int64)
    if rows:
        room = characters.group_room(_largest(buffers) + 1)
        characters.count_char_grams(*buffers[:2], n, room, out)
    return characters.CharGrams(*np.ascontiguousarray(out.T))


def listed(buffers: TextBuffers, words: frozenset[str], wanted: Names) -> dict[str, Any]:
    """The tables named in ``wanted`` that depend on the word list ``words``; others are empty."""
    measures, characters = kernels.load()
    found: dict[str, Any] = {}
    documents = len(buffers)
    for name, folded in (("hits", True), ("written_hits", False)):
        out = np.zeros((documents if name in wanted else 0, 2), np.int64)
        if len(out):
            scratch = measures.scratch_room(_largest(buffers))
            both = tables.flags(), tables.folds()
            trie = _trie(words, folded)
            trie.seen[:] = 0
            measures.count_hits(*buffers[:2], *both, scratch, folded, trie, out)
        found[name] = measures.Hits(*np.ascontiguousarray(out.T))
    members = np.zeros(documents if "members" in wanted else 0, np.int64)
    if len(members):
        characters.count_members(*buffers[:2], _member_table(words), members)
    found["members"] = members
    return found


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


@lru_cache(maxsize=64)
def _trie(words: frozenset[str], folded: bool) -> Trie:
    measures, _ = kernels.load()
    stream = tokens(arrow.text_buffers(pl.Series(sorted(words), dtype=pl.String)))
    trie = measures.trie_room(int(stream.offsets[-1]) + 1)
    keys = stream.tokens.fold if folded else stream.tokens.plain
    measures.fill_trie(trie, keys, stream.offsets)
    return trie


@lru_cache(maxsize=64)
def _member_table(words: frozenset[str]) -> NDArray[np.bool_]:
    codes = sorted(ord(word) for word in words if len(word) == 1)
    table = np.zeros((codes[-1] if codes else 0) + 1, np.bool_)
    table[codes] = True
    return table
