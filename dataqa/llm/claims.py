"""A budget that several processes spend, on one machine or many, in attempts that may be killed.

Before anything is sent, what it can cost is claimed. Claims are numbered objects in the run's
state, and of each number the store lets only one be made; it says how much is claimed altogether,
so who makes the next one has read all of them. None is ever deleted, so none can be made twice. A
process gives back what it did not spend; of one that was killed all counts that it had claimed.
"""

from __future__ import annotations

import threading

import msgspec

from dataqa.io.store import STATE, Store
from dataqa.llm.budget import Budget, Cost

_PARTS = 1024
"""A claim is such a part of what is left, if an attempt is less: then not each takes a claim, and
the last ones of many processes are small."""
_AHEAD = 64
"""Where there is no bound, a claim is of so many attempts."""


class Claims:
    """What of a budget is claimed, by all processes that share a store.

    Attributes:
        budget: The most that may be spent.
    """

    def __init__(self, budget: Budget, name: str, store: Store | None) -> None:
        """Nothing is read or claimed yet.

        Args:
            budget: The most that may be spent.
            name: What it is spent for.
            store: Of the run; without one it is counted in this process alone.
        """
        self.budget = budget
        self._name, self._store = name, store
        self._mine: dict[int, Cost] = {}
        self._last, self._lock = 0, threading.Lock()

    @property
    def total(self) -> Cost:
        """What is claimed by now, which is what is spent where nobody is at work."""
        with self._lock:
            return self._newest()

    def claim(self, least: Cost) -> Cost | None:
        """Set aside at least so much for this process; how much, None if that is not left."""
        with self._lock:
            while True:
                total = self._newest()
                if not self.budget.holds(total.plus(least)):
                    return None
                mine = self._part(total, least)
                if self._make(total.plus(mine)):
                    return mine

    def give_back(self, rest: Cost) -> None:
        """Let others have what this process claimed and did not spend."""
        with self._lock:
            while rest != Cost():
                if self._make(self._newest().minus(rest)):
                    return

    def _part(self, total: Cost, least: Cost) -> Cost:
        parts = [0, 0, 0]
        for at, (one, had, most) in enumerate(zip(least, total, self.budget, strict=True)):
            ahead = one * _AHEAD if most is None else (most - had) // _PARTS
            parts[at] = max(one, ahead) if one else 0
        return Cost(*parts)

    def _newest(self) -> Cost:
        """Go on from the last claim that is known to the last that there is, by leaps."""
        leap = 1
        while self._has(self._last + leap):
            self._last += leap
            leap *= 2
        while leap > 1:
            leap //= 2
            if self._has(self._last + leap):
                self._last += leap
        return self._read(self._last)

    def _has(self, number: int) -> bool:
        if self._store is None:
            return number in self._mine
        return self._store.exists(self._place(number))

    def _read(self, number: int) -> Cost:
        if self._store is None or not number:
            return self._mine.get(number, Cost())
        return Cost(**self._store.get_json(self._place(number)))

    def _make(self, total: Cost) -> bool:
        """Make the claim after the newest one, if nobody did since; whether it was made."""
        number = self._last + 1
        if self._store is None:
            self._mine[number] = total
            return True
        return self._store.create(self._place(number), msgspec.json.encode(total._asdict()))

    def _place(self, number: int) -> str:
        return f"{STATE}/spent/{self._name}/{number:08d}"
