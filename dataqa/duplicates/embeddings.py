"""Texts to vectors, by a model in a folder that the user has; nothing is ever downloaded.

A vector is kept as whole numbers from -127 to 127, one byte each: sums of their products are exact,
so a similarity is the same on every machine, in whatever batch it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from importlib import import_module
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.models import Kind, check_model, kind_of, model_digest
from dataqa.errors import InputError

LEVELS = 127
KNOWN = 0.5
"""The least share of a text's tokens that the model knows; else its vector tells another text."""
PIECE = 2000
"""Characters that a tokenizer gets at a time."""
PIECES = 512
"""Pieces tokenized at a time."""


class Embedded(NamedTuple):
    """Texts as vectors.

    Attributes:
        values: ``(texts, dimensions)``, 8-bit; zeros where there is none.
        known: Whether a text has a vector.
        tokens: Whether it has a token at all, known or not.
    """

    values: NDArray[np.int8]
    known: NDArray[np.bool_]
    tokens: NDArray[np.bool_]


type Embed = Callable[[pl.Series], Embedded]


class _Sum(NamedTuple):
    """The sum of a text's vectors, and its tokens: how many there are, how many are known."""

    vector: NDArray[np.float64]
    tokens: int
    known: int


def embedder(model: str, max_chars: int) -> Embed:
    """Load a model; returns the function from texts to vectors.

    Args:
        model: The folder.
        max_chars: How much of a text is read, from its beginning.

    Raises:
        InputError: The folder, its model or the library is missing, or it cannot be read.
    """
    check_model(model)
    kind = kind_of(model)
    try:
        add = _loaded(model, kind, model_digest(model))
    except Exception as error:  # the libraries have no kind of error in common
        hint = "is every file of it there and whole?"
        where = f"model {model}"
        raise InputError(f"{kind} cannot read it: {error}", where=where, hint=hint) from error
    return partial(_embed, add=add, max_chars=max_chars)


type _Add = Callable[[Sequence[str]], Iterator[_Sum]]


@lru_cache(maxsize=1)
def _loaded(model: str, kind: Kind, digest: str) -> _Add:  # noqa: ARG001 - what tells it apart
    """A worker goes through many shards: it loads the model for the first."""
    return _static(Path(model)) if kind == "model2vec" else _transformer(Path(model))


def _embed(texts: pl.Series, *, add: _Add, max_chars: int) -> Embedded:
    sums = list(add([(text or "")[:max_chars] for text in texts]))
    tokens = np.array([told.tokens for told in sums], np.int64)
    known = np.array([told.known for told in sums], np.int64)
    vectors = np.array([told.vector for told in sums]) if sums else np.zeros((0, 0))
    values = quantized(vectors)
    enough = (known > 0) & (known >= KNOWN * tokens) & values.any(axis=1)
    values[~enough] = 0
    return Embedded(values, enough, tokens > 0)


def quantized(vectors: NDArray[np.float64]) -> NDArray[np.int8]:
    """Vectors as whole numbers, each by its own largest component, which becomes 127.

    >>> quantized(np.array([[0.5, -0.25, 0.1], [0, 0, 0]])).tolist()
    [[127, -64, 25], [0, 0, 0]]
    """
    largest = np.abs(vectors).max(axis=1, initial=0, keepdims=True)
    return np.rint(vectors / np.where(largest > 0, largest, 1) * LEVELS).astype(np.int8)


def _static(folder: Path) -> _Add:
    """The mean of the vectors of a text's tokens, wherever in the text they are."""
    model: Any = import_module("model2vec").StaticModel.from_pretrained(folder)
    tokenizer: Any = model.tokenizer
    tokenizer.no_truncation()
    mapping, weights, unknown = model.token_mapping, model.weights, model.unk_token_id
    table = np.asarray(model.embedding)

    def vectors(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        found = table[tokens if mapping is None else mapping[tokens]]
        # one after the other, in their order: a sum in any other way would depend on the batch
        return np.add.reduce(
            found if weights is None else found * weights[tokens][:, None], axis=0, dtype=np.float64
        )

    def add(texts: Sequence[str]) -> Iterator[_Sum]:
        cuts = [pieces_of(text) for text in texts]
        pieces = (text[a:b] for text, of in zip(texts, cuts, strict=True) for a, b in of)
        ids = _ids(tokenizer, pieces)
        for of in cuts:
            vector, tokens, known = np.zeros(table.shape[1]), 0, 0
            for _ in of:
                mine = next(ids)
                inside = mine if unknown is None else mine[mine != unknown]
                vector += vectors(inside)
                tokens, known = tokens + len(mine), known + len(inside)
            yield _Sum(vector, tokens, known)

    return add


def _ids(tokenizer: Any, pieces: Iterator[str]) -> Iterator[NDArray[np.int64]]:
    """The tokens of each piece."""
    for some in batched(pieces, PIECES):
        for told in tokenizer.encode_batch_fast(some, add_special_tokens=False):
            yield np.array(told.ids, np.int64)


def pieces_of(text: str) -> list[tuple[int, int]]:
    """Where pieces of a text begin and end: after white space, if there is some."""
    cuts: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = at + PIECE
        if end < len(text):
            space = max(text.rfind(mark, at, end) for mark in (" ", "\n", "\t"))
            end = space + 1 if space > at else end
        cuts.append((at, min(end, len(text))))
        at = end
    return cuts


def _transformer(folder: Path) -> _Add:
    """The mean over pieces as long as the model reads at once, each weighing as many tokens."""
    torch: Any = import_module("torch")
    torch.set_num_threads(1)  # sums in parallel differ in their last bits
    import_module("transformers.utils.logging").disable_progress_bar()
    library: Any = import_module("sentence_transformers")
    options = {"use_safetensors": True}
    model: Any = library.SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs=options
    )
    path = next(iter(sorted(folder.rglob("tokenizer.json"))), None)
    if path is None:
        raise ValueError("there is no tokenizer.json")
    tokenizer: Any = import_module("tokenizers").Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = tokenizer.token_to_id(str(model.tokenizer.unk_token))
    size = len(model.encode("", show_progress_bar=False))
    longest = int(model.max_seq_length or 512) - 2

    def add(texts: Sequence[str]) -> Iterator[_Sum]:
        for text in texts:
            vector, tokens, known = np.zeros(size), 0, 0
            told = tokenizer.encode(text, add_special_tokens=False)
            ids = np.array(told.ids, np.int64)
            for at in range(0, len(ids), longest):
                mine = ids[at : at + longest]
                begin, end = told.offsets[at][0], told.offsets[at + len(mine) - 1][1]
                # one at a time: beside others, padded, a text has a vector a little different
                vector += len(mine) * model.encode(text[begin:end], show_progress_bar=False)
                tokens, known = tokens + len(mine), known + int((mine != unknown).sum())
            yield _Sum(vector, tokens, known)

    return add
