"""A Bloom filter kept in a file between two streams; the file is there whole or not at all."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from dataqa.errors import InputError
from dataqa.index.bloom import BloomFilter, Passed
from dataqa.index.parameters import Parameters, fingerprint
from dataqa.io.store import told_of_disk

MAGIC = b"dataqa bloom filter 1\n"


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the blocks, on one line."""

    parameters: Parameters
    fingerprint: str
    capacity: int
    false_positive_rate: float
    forget: bool
    room: int
    passed: Passed
    digest: str


def save(seen: BloomFilter, path: Path) -> None:
    """Write a filter, over an older one."""
    head = _Head(
        parameters=seen.parameters,
        fingerprint=fingerprint(),
        capacity=seen.capacity,
        false_positive_rate=seen.false_positive_rate,
        forget=seen.forget,
        room=seen.room,
        passed=seen.passed,
        digest=_digest(seen),
    )
    draft = path.with_name(f"{path.name}.draft")
    with told_of_disk(path):
        with draft.open("wb") as file:
            file.write(MAGIC + msgspec.json.encode(head) + b"\n")
            for words in seen.halves:
                file.write(memoryview(words.astype("<u8", copy=False)).cast("B"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def load(path: Path, **given: Any) -> BloomFilter:
    """Read a filter; what is given must be what it was made with.

    Args:
        path: Its file.
        given: Some of what ``BloomFilter`` takes; ``None`` asks for nothing.

    Raises:
        InputError: There is none, it is damaged, or it was made with other parameters.
    """
    try:
        with path.open("rb") as file:
            first, line, data = file.readline(), file.readline(), file.read()
        if first != MAGIC:
            raise _damaged(path, "it is no Bloom filter of this version")
        head = msgspec.json.decode(line, type=_Head)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except msgspec.MsgspecError:
        raise _damaged(path, "its head cannot be read") from None
    hint = "leave them out to take those of the file, or begin another one"
    own = {name: given.pop(name, None) for name in ("capacity", "false_positive_rate", "forget")}
    for name, value in own.items():
        if value is not None and value != getattr(head, name):
            what = f"it was made with {name} {getattr(head, name)}, not {value}"
            raise InputError(what, where=str(path), hint=hint)
    head.parameters.require(str(path), hint, **given)
    if head.fingerprint != fingerprint():
        raise _damaged(path, "a version that cuts texts otherwise made it")
    seen = BloomFilter(
        head.capacity,
        false_positive_rate=head.false_positive_rate,
        forget=head.forget,
        **msgspec.structs.asdict(head.parameters),
    )
    if len(data) != seen.bytes:
        raise _damaged(path, f"it has {len(data):,} bytes of blocks, not {seen.bytes:,}")
    blocks = np.frombuffer(data, "<u8").reshape(len(seen.halves), *seen.halves[0].shape)
    for words, stored in zip(seen.halves, blocks, strict=True):
        words[:] = stored
    seen.room, seen.passed = head.room, head.passed
    if _digest(seen) != head.digest:
        raise _damaged(path, "its bytes have changed")
    return seen


def _digest(seen: BloomFilter) -> str:
    digest = blake2b(digest_size=16)
    for words in seen.halves:
        digest.update(memoryview(words).cast("B"))
    return digest.hexdigest()


def _damaged(path: Path, what: str) -> InputError:
    return InputError(what, where=str(path), hint="restore it, or begin another one")
