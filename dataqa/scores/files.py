"""A model's folder: ``model.json`` says what it is, ``weights.bin`` holds its arrays.

Nothing in it is code. ``model.json`` holds the arrays' types, lengths and digest; a folder of which
a byte is missing or changed is not read. ``card.json`` and ``card.html`` are for people.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores.calibration import Calibration

FORMAT = 1
MODEL, WEIGHTS, CARD, CARD_PAGE = "model.json", "weights.bin", "card.json", "card.html"
_MOST_JSON = 16 << 20
_KINDS = ("int16", "uint16", "uint64", "float64")
_HINT = "`dataqa train quality`, `train domain` and `train perplexity` write such folders"

type Arrays = dict[str, NDArray[np.generic]]


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array: its name, what it consists of, how many there are."""

    name: str
    kind: str
    size: int


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``model.json`` holds.

    Attributes:
        format: 1.
        kind: ``linear``: a linear model over n-grams, whose score is a probability; ``ngram``: a
            language model, whose score is the perplexity; ``brought``: the calibration of a model
            that lies elsewhere, which ``made`` names.
        purpose: What it was trained as: ``quality``, ``domain`` or ``perplexity``.
        positive: What a high score means, in the labels' words.
        digest: BLAKE2b of everything else here and of the arrays, 16 bytes in hexadecimal.
        arrays: What ``weights.bin`` holds, in order.
        numbers: Settings of the kind: n-grams, buckets, scale, intercept and so on.
        calibration: From a margin to a probability.
        band: Between these probabilities the model is in doubt: below and above them the share of
            errors that was asked for is kept.
        made: Settings of the training, versions and counts.
    """

    format: int = FORMAT
    kind: Literal["linear", "ngram", "brought"]
    purpose: str
    positive: str = ""
    digest: str = ""
    arrays: tuple[Layout, ...] = ()
    numbers: dict[str, float] = {}
    calibration: Calibration = Calibration()
    band: tuple[float, float] = (0.5, 0.5)
    made: dict[str, str | int | float] = {}


def save(folder: Path, header: Header, arrays: Arrays) -> Header:
    """Write a model; ``model.json`` comes last, each file whole or not at all.

    Returns:
        The header with the arrays' layout and digest.
    """
    data = b"".join(_bytes(one) for one in arrays.values())
    layout = tuple(Layout(name, one.dtype.name, one.size) for name, one in arrays.items())
    told = msgspec.structs.replace(header, arrays=layout)
    told = msgspec.structs.replace(told, digest=_digest(told, data))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).unlink(missing_ok=True)
    put(folder / WEIGHTS, data)
    put(folder / MODEL, msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    return told


def put(path: Path, data: bytes) -> None:
    """Write a file that gets its name when all of it is written."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)  # noqa: PTH105 - the same thing


def header_of(folder: Path) -> Header:
    """What a model is, without its arrays.

    Raises:
        InputError: There is no such folder, no model in it, or one of another version.
    """
    where = f"model {folder}"
    path = folder / MODEL
    if not folder.is_dir():
        raise InputError("there is no such folder", where=where, hint=_HINT)
    try:
        if path.stat().st_size > _MOST_JSON:
            raise InputError(f"{MODEL} is too large to be one", where=where, hint=_HINT)
        data = path.read_bytes()
    except OSError:
        raise InputError(f"it has no {MODEL}", where=where, hint=_HINT) from None
    try:
        header = msgspec.json.decode(data, type=Header)
    except (msgspec.DecodeError, RecursionError):
        raise InputError(f"{MODEL} is damaged", where=where, hint=_HINT) from None
    if header.format != FORMAT:
        hint = "train it again with this version"
        raise InputError(f"{MODEL} is of another version", where=where, hint=hint)
    return header


def load(folder: Path) -> tuple[Header, Arrays]:
    """A model, its arrays read-only.

    Raises:
        InputError: It is not there, or damaged.
    """
    header = header_of(folder)
    where = f"model {folder}"
    try:
        data = (folder / WEIGHTS).read_bytes()
    except OSError:
        raise InputError(f"it has no {WEIGHTS}", where=where, hint=_HINT) from None
    if any(one.kind not in _KINDS or one.size < 0 for one in header.arrays):
        raise InputError(f"{MODEL} is damaged", where=where, hint=_HINT)
    sizes = [np.dtype(one.kind).itemsize * one.size for one in header.arrays]
    if sum(sizes) != len(data) or _digest(header, data) != header.digest:
        hint = "copy or train it again"
        raise InputError("the model is damaged", where=where, hint=hint)
    arrays: Arrays = {}
    at = 0
    for one, size in zip(header.arrays, sizes, strict=True):
        kind = np.dtype(one.kind).newbyteorder("<")
        arrays[one.name] = np.frombuffer(data[at : at + size], kind)
        at += size
    return header, arrays


def digest_of(folder: Path) -> str:
    """A digest of all that a score depends on; a folder that is damaged says so when it is opened.

    Raises:
        InputError: There is no model.
    """
    return header_of(folder).digest


def _bytes(array: NDArray[np.generic]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _digest(header: Header, data: bytes) -> str:
    told = msgspec.json.encode(msgspec.structs.replace(header, digest=""))
    return hashlib.blake2b(told + data, digest_size=16).hexdigest()
