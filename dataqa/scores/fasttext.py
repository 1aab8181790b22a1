"""fastText models that users bring: ``fasttext:path.bin`` or ``.ftz``, read by fasttext-predict.

The text is taken whole, line ends in it as spaces: fastText reads up to the first one, and wrappers
of it are known to cut texts to 80 characters. The score is the probability of one label.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

import polars as pl

from dataqa.errors import InputError, did_you_mean

PREFIX = "fasttext:"
_MAGIC = (793712314).to_bytes(4, "little")
"""What every fastText file begins with."""


def path_of(model: str | Path) -> Path | None:
    """The file of a fastText model, None for any other model."""
    told = str(model)
    return Path(told.removeprefix(PREFIX)) if told.startswith(PREFIX) else None


def check(path: Path, label: str) -> None:
    """See that the file is there, and one of fastText's.

    Raises:
        InputError: It is not, or no label is named.
    """
    where = f"model {path}"
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        hint = "name a .bin or .ftz file after `fasttext:`"
        raise InputError(
            f"cannot be read: {error.strerror or error}", where=where, hint=hint
        ) from None
    if begin != _MAGIC:
        hint = "give a supervised model, as fastText saves it"
        raise InputError("this is no fastText model", where=where, hint=hint)
    if not label:
        hint = "`label: __label__hq`, as it was in the training file"
        raise InputError("it has to be told which label is scored", where=where, hint=hint)


def opened(path: Path, label: str) -> Callable[[pl.Series], pl.Series]:
    """Load a model; returns the function from texts to the probability of a label.

    Raises:
        InputError: It cannot be read, or has no such label.
    """
    check(path, label)
    stat = path.stat()
    model = _loaded(str(path), stat.st_size, stat.st_mtime_ns)
    known = _labels(model)
    if label not in known:
        hint = did_you_mean(label, known)
        raise InputError(f"the model has no label {label!r}", where=f"model {path}", hint=hint)
    predict = model.f.predict

    def one(text: str | None) -> float | None:
        if text is None or not text.strip():
            return None
        line = text.replace("\n", " ").replace("\0", " ") + "\n"
        for score, name in predict(line, len(known), 0.0, "strict"):
            if name == label:
                return min(float(score), 1.0)
        return 0.0

    return lambda texts: pl.Series([one(text) for text in texts], dtype=pl.Float64)


def digest_of(path: Path) -> str:
    """A digest of the file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        stat = path.stat()
    except OSError as error:
        hint = "name a .bin or .ftz file after `fasttext:`"
        raise InputError(
            f"cannot be read: {error.strerror or error}", where=f"model {path}", hint=hint
        ) from None
    return _digest(path, stat.st_size, stat.st_mtime_ns)


def _labels(model: Any) -> list[str]:
    """All labels: the model tells every one that it gives any chance, so it is asked for all."""
    return sorted({name for _, name in model.f.predict("a\n", -1, -1.0, "strict")})


@cache
def _loaded(path: str, size: int, changed: int) -> Any:  # noqa: ARG001 - what tells it apart
    import fasttext  # noqa: PLC0415 - only who has such a model needs it

    try:
        return fasttext.load_model(path)
    except (ValueError, MemoryError, RuntimeError) as error:
        hint = "give a supervised model, as fastText saves it"
        what = f"it cannot be read ({type(error).__name__})"
        raise InputError(what, where=f"model {path}", hint=hint) from None


@cache
def _digest(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - what tells it apart
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
