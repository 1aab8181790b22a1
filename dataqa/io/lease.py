"""One run at a time on one prefix: a lease that is renewed, and taken over when it has run out.

Leases are numbered objects below ``.state/lease/``; the highest number holds. Whoever wants to hold
makes the next number, which the store lets only one do. The highest is never deleted, and nobody's
clock is asked but the store's.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io import objects
from dataqa.io.objects import Meta

SECONDS = "DATAQA_LEASE_SECONDS"
"""After so many seconds without renewal a lease has run out; by default 90."""
_held: list[Lease | _Followed] = []


class Held(NamedTuple):
    """What a worker has to know of its driver's lease.

    Attributes:
        url: The prefix that leases are below.
        number: The lease's number.
        seconds: After so many without renewal it has run out.
    """

    url: str
    number: int
    seconds: float


class Lease:
    """One lease of this process.

    Args:
        url: The prefix that leases are below.
        mirror: What names this machine's copies: a lease of a process that shares them, and whose
            lock on them is free, is the lease of one that was killed.
    """

    def __init__(self, url: str, mirror: str) -> None:
        self.url, self._mirror = url, mirror
        self._owner = secrets.token_hex(8)
        self._number = 0
        self._lost = False
        self._seconds = _seconds()
        self._renewed = time.monotonic()
        self._over = threading.Event()
        self._renewing = threading.Lock()

    @property
    def told(self) -> Held:
        """For workers."""
        return Held(self.url, self._number, self._seconds)

    def take(self) -> None:
        """Take the lease.

        Raises:
            InputError: Another run holds it.
        """
        leases = _all(self.url)
        last = max(leases, default=0)
        if last and (left := self._left(leases[last])) > 0:
            raise self._busy(left)
        self._number = last + 1
        mine = self._said(held=True)
        objects.create(self._name(self._number), mine)
        # the answer may have been lost, or the store not know conditions: what is there counts
        if self._who() != self._owner:
            raise self._busy(self._seconds)
        if max(_all(self.url), default=0) > self._number:
            raise self._busy(self._seconds)
        objects.delete([meta.url for number, meta in leases.items() if number < self._number])
        self._renewed = time.monotonic()
        threading.Thread(target=self._renew_often, daemon=True).start()

    def give_back(self) -> None:
        """Let the next run have it at once."""
        self._over.set()
        # what became of the run is what is told: a lease that stays runs out
        with self._renewing, suppress(DataqaError):
            if not self._lost:
                objects.put(self._name(self._number), self._said(held=False))

    def check(self) -> None:
        """See that the lease is still held.

        Raises:
            RunError: Another run has taken it over.
        """
        if not self._lost and time.monotonic() - self._renewed > self._seconds:
            self._renew()  # this process slept: others may have thought it dead
        if self._lost:
            raise _taken_over(self.url)

    def _renew_often(self) -> None:
        while not self._lost and not self._over.wait(self._seconds / 6):
            with suppress(DataqaError):  # the store may be back next time
                self._renew()

    def _renew(self) -> None:
        with self._renewing:
            if self._over.is_set():
                return
            if max(_all(self.url), default=0) > self._number:
                self._lost = True
                return
            objects.put(self._name(self._number), self._said(held=True))
            self._renewed = time.monotonic()

    def _left(self, last: Meta) -> float:
        """For how many seconds a lease still holds."""
        told: dict[str, Any] = msgspec.json.decode(objects.get(last.url) or b"{}")
        if not told.get("held") or told.get("mirror") == self._mirror:
            return 0
        probe = f"{self.url}-{self._owner}"
        objects.put(probe, b"")
        now = objects.head(probe)
        objects.delete([probe])
        assert now is not None
        return float(told["seconds"]) - (now.modified - last.modified).total_seconds()

    def _name(self, number: int) -> str:
        return f"{self.url}/{number:08d}"

    def _who(self) -> str:
        return str(msgspec.json.decode(objects.get(self._name(self._number)) or b"{}").get("owner"))

    def _said(self, *, held: bool) -> bytes:
        told = {"owner": self._owner, "mirror": self._mirror, "seconds": self._seconds}
        return msgspec.json.encode({**told, "held": held})

    def _busy(self, left: float) -> InputError:
        return InputError(
            "another run is using this output folder",
            where=self.url.removesuffix("/.state/lease"),
            hint="wait for it to end, or choose another folder with -o; one that was killed on "
            f"another machine holds it for {max(1, round(left))} s more",
        )


class _Followed:
    """A driver's lease in a worker: looked at before a write, at most six times in its time."""

    def __init__(self, told: Held) -> None:
        self.told, self.url = told, told.url
        self._looked: float | None = None

    def check(self) -> None:
        """See that nobody has taken it over."""
        now = time.monotonic()
        if self._looked is not None and now - self._looked < self.told.seconds / 6:
            return
        if max(_all(self.url), default=0) > self.told.number:
            raise _taken_over(self.url)
        self._looked = now


def told() -> tuple[Held, ...]:
    """The leases that this process holds, for its workers to ``follow``."""
    return tuple(lease.told for lease in _held)


def follow(leases: Sequence[Held]) -> None:
    """Write in this process only as long as its driver's leases are held."""
    _held[:] = map(_Followed, leases)


@contextmanager
def held(url: str, mirror: str) -> Generator[None]:
    """Hold the lease of a prefix.

    Raises:
        InputError: Another run holds it.
        RunError: The store does not answer.
    """
    lease = Lease(f"{url}/.state/lease", mirror)
    lease.take()
    _held.append(lease)
    try:
        yield
    finally:
        _held.remove(lease)
        lease.give_back()


def check(url: str) -> None:
    """See that what is written is still ours to write.

    Raises:
        RunError: Another run has taken the lease over.
    """
    for lease in _held:
        if url.startswith(lease.url.removesuffix(".state/lease")):
            lease.check()


def _taken_over(url: str) -> RunError:
    return RunError(
        "another run has taken over this output folder",
        where=url.removesuffix("/.state/lease"),
        hint="this one was not heard of for too long; see which of them is to go on",
    )


def _all(url: str) -> dict[int, Meta]:
    return {int(meta.url.rpartition("/")[2]): meta for meta in objects.listing(url)}


def _seconds() -> float:
    told = os.environ.get(SECONDS, "90")
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0.0
    if not seconds >= 2:  # the store's clock counts whole ones
        raise InputError("must be 2 seconds or more", where=SECONDS, hint="for example 90")
    return seconds
