"""One pass over a file's bytes: its digest, and where its lines are."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from dataqa.errors import InputError
from dataqa.io.sources.pieces import MIB, File, Reading, Survey
from dataqa.io.sources.streams import open_file, status_of

_STEP = 8 * MIB


def survey(file: File, reading: Reading) -> Survey:
    """Read a file once, as it lies on disk.

    Raises:
        InputError: If it is standard input or a pipe, which can be read only once.
    """
    if status_of(file.path) is None:
        raise InputError("can be read only once, so it has no digest", where=file.path)
    count = file.format == "jsonl" and not file.compression
    step = min(_STEP, reading.shard_bytes)
    digest = hashlib.sha256()
    newlines: list[int] = []
    with open_file(file.path) as raw:
        while block := _block(raw, step):
            digest.update(block)
            if count:
                newlines.append(block.count(b"\n"))
    return Survey(digest.hexdigest(), tuple(newlines), step)


def _block(raw: BinaryIO, step: int) -> bytes:
    """``step`` bytes, fewer only at the end: one ``read`` may give less than it was asked for."""
    found = raw.read(step)
    while 0 < len(found) < step and (more := raw.read(step - len(found))):
        found += more
    return found


def digest(file: File) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return survey(file, Reading()).digest
