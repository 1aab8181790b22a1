"""The kernel that walks over a batch: one tokenising pass a document, and what was asked for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.kernels.c4 import Cleaned, c4
from dataqa.kernels.grams import Grams, repetition
from dataqa.kernels.groups import Groups, group_room
from dataqa.kernels.jit import Int, array, frozen, helper, kernel, like, types
from dataqa.kernels.lines import Lines, Paragraphs, lines, paragraphs
from dataqa.kernels.lists import Trie, add_entry, find_entries, trie_room
from dataqa.kernels.sentences import Sentences, sentences
from dataqa.kernels.tokens import (
    WORD,
    Breaks,
    Tokens,
    break_room,
    token_room,
    tokenise,
)
from dataqa.kernels.words import LENGTHS, Vocabulary, Words, tally, vocabulary


class Sizes(NamedTuple):
    """Sizes of a document.

    Attributes:
        bytes: UTF-8 bytes.
        chars: Code points.
    """

    bytes: NDArray[np.int64]
    chars: NDArray[np.int64]


class Scratch(NamedTuple):
    """Room that all documents of a batch use in turn."""

    tokens: Tokens
    breaks: Breaks
    raw: Groups
    stripped: Groups
    words: Tokens
    lengths: NDArray[np.int64]


class Outputs(NamedTuple):
    """One table for each measure, a row a document; a table without rows is not measured.

    ``grams`` are over tokens as written (datatrove), ``word_grams`` over words as written (DCLM),
    ``fold_grams`` over words in lower case (RedPajama-V2).
    """

    sizes: NDArray[np.int64]
    words: NDArray[np.int64]
    vocabulary: NDArray[np.int64]
    lines: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    sentences: NDArray[np.int64]
    cleaned: NDArray[np.int64]
    grams: NDArray[np.int64]
    word_grams: NDArray[np.int64]
    fold_grams: NDArray[np.int64]
    hits: NDArray[np.int64]
    written_hits: NDArray[np.int64]


FIELDS: dict[str, type] = {
    "sizes": Sizes,
    "words": Words,
    "vocabulary": Vocabulary,
    "lines": Lines,
    "paragraphs": Paragraphs,
    "sentences": Sentences,
    "cleaned": Cleaned,
    "grams": Grams,
    "word_grams": Grams,
    "fold_grams": Grams,
}
"""The columns of each table, by name."""


def scratch_room(largest: Int) -> Scratch:
    """Room for documents of up to ``largest`` bytes; only what is written costs memory."""
    size = largest + 1
    return Scratch(
        token_room(size),
        break_room(size),
        group_room(size),
        group_room(size),
        token_room(size),
        np.zeros(LENGTHS, np.int64),
    )


def outputs(documents: Int, wanted: frozenset[str], folded: Int = 0, written: Int = 0) -> Outputs:
    """Empty tables, with rows for the measures in ``wanted`` and for so many word lists."""
    tables = {
        name: np.zeros((documents if name in wanted else 0, len(fields._fields)), np.int64)
        for name, fields in FIELDS.items()
    }
    return Outputs(
        **tables,
        hits=np.zeros((documents if folded else 0, 2 * folded), np.int64),
        written_hits=np.zeros((documents if written else 0, 2 * written), np.int64),
    )


@helper
def _words_only(t: Tokens, count: Int, folded: bool, out: Tokens) -> Int:
    """Copy the hashes and lengths of words; how many there are."""
    words = 0
    chars = np.int32(0)
    for k in range(count):
        if t.flags[k] & WORD:
            out.plain[words] = t.fold[k] if folded else t.plain[k]
            out.chars[words] = chars
            chars += t.chars[k + 1] - t.chars[k]
            words += 1
    out.chars[words] = chars
    return words


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(scratch_room(1)),
    like(trie_room(1)),
    like(trie_room(1)),
    like(outputs(1, frozenset())),
)
def measure(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint16],
    folds: NDArray[np.uint32],
    scratch: Scratch,
    folded: Trie,
    written: Trie,
    out: Outputs,
) -> None:
    """Fill the tables of ``out`` that have rows; the tries are of the word lists to be counted."""
    t, b = scratch.tokens, scratch.breaks
    for d in range(len(offsets) - 1):
        text = data[offsets[d] : offsets[d + 1]]
        count, ends, chars = tokenise(text, flags, folds, t, b, 0)
        if len(out.sizes):
            out.sizes[d, 0] = len(text)
            out.sizes[d, 1] = chars
        if len(out.words):
            tally(text, t, count, scratch.lengths, out.words[d])
        if len(out.vocabulary):
            vocabulary(t, count, scratch.raw, out.vocabulary[d])
        if len(out.lines):
            lines(text, t, count, b, ends, chars, scratch.raw, scratch.stripped, out.lines[d])
        if len(out.paragraphs):
            paragraphs(text, t, count, b, ends, scratch.raw, scratch.stripped, out.paragraphs[d])
        if len(out.sentences):
            sentences(t, count, b, ends, flags, out.sentences[d])
        if len(out.cleaned):
            c4(text, t, count, b, ends, flags, out.cleaned[d])
        if len(out.grams):
            repetition(t.plain, t.chars, count, scratch.raw, out.grams[d])
        if len(out.hits):
            find_entries(folded, t.fold, count, d, out.hits[d])
        if len(out.written_hits):
            find_entries(written, t.plain, count, d, out.written_hits[d])
        if len(out.word_grams):
            words = _words_only(t, count, False, scratch.words)
            repetition(
                scratch.words.plain, scratch.words.chars, words, scratch.raw, out.word_grams[d]
            )
        if len(out.fold_grams):
            words = _words_only(t, count, True, scratch.words)
            repetition(
                scratch.words.plain, scratch.words.chars, words, scratch.raw, out.fold_grams[d]
            )


@kernel(
    frozen(types.uint8),
    frozen(types.int64),
    frozen(types.uint16),
    frozen(types.uint32),
    like(token_room(1)),
    like(break_room(1)),
    array(types.int64),
)
def tokenise_all(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    flags: NDArray[np.uint16],
    folds: NDArray[np.uint32],
    tokens: Tokens,
    breaks: Breaks,
    counts: NDArray[np.int64],
) -> None:
    """Write the tokens of all documents one after the other, and where each document's begin."""
    base = 0
    for d in range(len(offsets) - 1):
        counts[d] = base
        text = data[offsets[d] : offsets[d + 1]]
        count, _, _ = tokenise(text, flags, folds, tokens, breaks, base)
        base += count
    counts[len(offsets) - 1] = base


@kernel(like(trie_room(1)), frozen(types.uint64), frozen(types.int64), types.int64)
def fill_trie(
    trie: Trie, tokens: NDArray[np.uint64], offsets: NDArray[np.int64], which: Int
) -> None:
    """Add each entry, whose tokens are ``tokens[offsets[k]:offsets[k + 1]]``, to a list."""
    for k in range(len(offsets) - 1):
        add_entry(trie, tokens[offsets[k] : offsets[k + 1]], which)
