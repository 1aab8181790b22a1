"""The tagger's file: a JSON header, and arrays of whole numbers behind it.

``DQNAMES1``, the header's length (4 bytes, little-endian), the header, then the arrays in the order
``words`` (uint64), ``bits`` (uint8), ``table`` (uint32). The header holds format, digest of the
arrays, their lengths, calibration and how the weights came about. No text is in it: words are
hashes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.errors import InputError

MAGIC = b"DQNAMES1"
SHIPPED = Path(__file__).with_name("en-1.weights")
_FORMAT = 1


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in front of the arrays.

    Attributes:
        format: 1.
        digest: BLAKE2b of the arrays, 16 bytes in hexadecimal.
        words: Words of the gazetteers.
        rows: Rows of the table.
        scale: What a whole weight of 1 is worth.
        calibration: For each kind slope and offset: a run's probability is the logistic function
            of slope times log-odds plus offset (Platt 1999).
        made: Source and settings of the training.
    """

    format: int
    digest: str
    words: int
    rows: int
    scale: float
    calibration: tuple[tuple[float, float], ...]
    made: dict[str, str | int | float]


class Weights(NamedTuple):
    """A trained tagger.

    Attributes:
        header: What is known of it.
        words: Hashes of the gazetteers' words, ascending.
        bits: Their gazetteers.
        table: A check byte and three signed bytes in each row.
    """

    header: Header
    words: NDArray[np.uint64]
    bits: NDArray[np.uint8]
    table: NDArray[np.uint32]


def pack(
    words: NDArray[np.uint64],
    bits: NDArray[np.uint8],
    table: NDArray[np.uint32],
    scale: float,
    calibration: tuple[tuple[float, float], ...],
    made: dict[str, str | int | float],
) -> bytes:
    """The bytes of a file."""
    arrays = _bytes(words, bits, table)
    header = Header(
        _FORMAT,
        _digest(arrays),
        len(words),
        len(table),
        scale,
        calibration,
        dict(sorted(made.items())),
    )
    told = msgspec.json.encode(header)
    return MAGIC + len(told).to_bytes(4, "little") + told + arrays


def read(path: Path = SHIPPED) -> Weights:
    """A file that ``pack`` made.

    Raises:
        InputError: It is not there, something else, or damaged.
    """
    where, hint = str(path), "dataqa train names writes such files"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=where, hint=hint) from None
    return read_bytes(data, where)


def read_bytes(data: bytes, where: str = "") -> Weights:
    """The weights in a file's bytes.

    Raises:
        InputError: They are something else, or damaged.
    """
    hint = "dataqa train names writes such files"
    begin = len(MAGIC) + 4
    end = begin + int.from_bytes(data[len(MAGIC) : begin], "little")
    if not data.startswith(MAGIC) or end > len(data):
        raise InputError("these are no weights of the names tagger", where=where, hint=hint)
    try:
        header = msgspec.json.decode(data[begin:end], type=Header)
    except msgspec.DecodeError:
        raise InputError("the header is damaged", where=where, hint=hint) from None
    arrays = data[end:]
    whole = len(arrays) == 9 * header.words + 4 * header.rows and header.rows.bit_count() == 1
    if header.format != _FORMAT or not whole or _digest(arrays) != header.digest:
        raise InputError("the weights are damaged or of another version", where=where, hint=hint)
    first, second = 8 * header.words, 9 * header.words
    return Weights(
        header,
        np.frombuffer(arrays[:first], "<u8"),
        np.frombuffer(arrays[first:second], np.uint8),
        np.frombuffer(arrays[second:], "<u4"),
    )


def _bytes(words: NDArray[np.uint64], bits: NDArray[np.uint8], table: NDArray[np.uint32]) -> bytes:
    return words.astype("<u8").tobytes() + bits.tobytes() + table.astype("<u4").tobytes()


def _digest(arrays: bytes) -> str:
    return hashlib.blake2b(arrays, digest_size=16).hexdigest()
