"""An object as a file: read in blocks, those that come next already on their way."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Buffer
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import BinaryIO, cast

from dataqa.io.objects import Meta, get_range, head

BLOCK = 2 << 20
"""Bytes of one request."""
_AHEAD = 8
"""Blocks on their way, at most, while an object is read from one end to the other."""
_HELD = 2 * _AHEAD

_found: dict[str, Meta] = {}
"""Inputs as they were when they were found: all that is read of them is of that version."""


def remember(meta: Meta) -> None:
    """Take this version of an input for the one to read from now on."""
    _found[meta.url] = meta


def open_object(url: str) -> BinaryIO | None:
    """An object to read, ``None`` where there is none."""
    meta = _found.get(url) or head(url)
    return None if meta is None else open_version(meta)


def open_version(meta: Meta) -> BinaryIO:
    """That version of an object to read; reading another one is an error."""
    return cast("BinaryIO", _Ranged(meta))


class _Ranged(io.RawIOBase):
    """A seekable file over ranged requests; ``read`` gives all it was asked for but at the end."""

    def __init__(self, meta: Meta) -> None:
        super().__init__()
        self.name = meta.url
        self._meta = meta
        self._at = self._ahead = 0
        self._last = -1
        self._coming: dict[int, Future[bytes]] = {}
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._meta.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._meta.size)
        if self._at >= end:
            return 0
        begin = self._at
        self._send_for(begin // BLOCK, (end - 1) // BLOCK)
        while self._at < end:
            index, offset = divmod(self._at, BLOCK)
            part = memoryview(self._block(index))[offset : offset + end - self._at]
            view[self._at - begin : self._at - begin + len(part)] = part
            self._at += len(part)
        return end - begin

    def readall(self) -> bytes:
        data = bytearray(max(0, self._meta.size - self._at))
        self.readinto(data)
        return bytes(data)

    def close(self) -> None:
        self._cancel()
        self._held.clear()
        super().close()

    def _cancel(self) -> None:
        for coming in self._coming.values():
            coming.cancel()
        self._coming.clear()

    def _send_for(self, first: int, last: int) -> None:
        """Ask for some blocks and, of an object that is read through, for more each time."""
        if first not in {self._last, self._last + 1}:
            self._ahead = 0
            self._cancel()
        elif last > self._last:
            self._ahead = min(_AHEAD, max(1, 2 * self._ahead))
        self._last = last
        most = (self._meta.size - 1) // BLOCK
        for index in range(first, min(most, last + self._ahead, first + _HELD - 1) + 1):
            self._order(index)

    def _order(self, index: int) -> None:
        if index not in self._coming and index not in self._held:
            start = index * BLOCK
            end = min(start + BLOCK, self._meta.size)
            self._coming[index] = _readers().submit(get_range, self._meta, start, end)

    def _block(self, index: int) -> bytes:
        self._order(index)
        if index in self._coming:
            self._held[index] = self._coming.pop(index).result()
        self._held.move_to_end(index)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return self._held[index]


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AHEAD, "dataqa-read")
