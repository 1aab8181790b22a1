"""A finished run's inputs once more: a step that rewrites by its rulings needs texts as they were.

Outputs hold what such a step left of a text, so that there is nothing else to read them from.
"""

from __future__ import annotations

import msgspec

from dataqa.engine.batch import OnError
from dataqa.engine.stock import SPOOL, Stock
from dataqa.errors import InputError
from dataqa.io.sources import File, Piece, Reading, spool, survey
from dataqa.io.sources.streams import status_of
from dataqa.io.store import Store

_STDIN = "-"


def take_back(store: Store, stock: Stock, on_error: OnError) -> None:
    """Make sure that all inputs are there and unchanged; decode again what had to be decoded.

    Args:
        store: The finished run's folder.
        stock: Its inputs, perhaps with new ones.
        on_error: What to do about a damaged file.

    Raises:
        InputError: An input is gone, is another one, or was standard input.
    """
    reading = msgspec.convert(stock.record["reading"], Reading)
    for file, told in zip(stock.files, stock.record["files"], strict=True):
        pieces = msgspec.convert(told["spooled"], list[Piece])
        if file.path == _STDIN:
            _still_spooled(pieces)
            continue
        now = _unchanged(file, stock.surveys[file.path].digest, reading)
        if pieces and spool(now, reading, store.root / SPOOL, on_error) != pieces:
            raise InputError(
                "the run's folder is not where it was, so its inputs cannot be decoded again",
                where=str(store.root),
                hint="move it back, or make a new run with `dataqa run`",
            )


def _still_spooled(pieces: list[Piece]) -> None:
    if not all(status_of(piece.path) for piece in pieces):
        raise InputError(
            "this run read standard input, and a step that rewrites texts needs it again",
            where=_STDIN,
            hint="pipe the same text into `dataqa run` with the same -o and the new settings",
        )


def _unchanged(file: File, digest: str, reading: Reading) -> File:
    told = status_of(file.path)
    if told is None:
        raise InputError(
            "this input was part of the run and is gone; a step that rewrites texts needs it again",
            where=file.path,
            hint="put it back",
        )
    same = (told.size, told.mtime_ns) == (file.size, file.mtime_ns)
    if not same and survey(file, reading).digest != digest:
        raise InputError(
            "this input has changed since the run; a step that rewrites texts needs it as it was",
            where=file.path,
            hint="put the old one back, or make a new run with `dataqa run`",
        )
    return msgspec.structs.replace(file, size=told.size, mtime_ns=told.mtime_ns)
