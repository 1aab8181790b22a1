"""A budget that is never passed: what an attempt can cost at most is set aside before it is sent.

A token is at least one byte of text for every tokenizer in use, so bytes are the bound of what is
sent. When the answer says what it did cost, the rest goes back. An attempt that ended without
saying so (a time-out, an error of the server) is counted in full: it may have been paid for.
"""

from __future__ import annotations

import math
import re
import threading
from fractions import Fraction
from typing import NamedTuple, Protocol

from dataqa.errors import InputError
from dataqa.llm.endpoint import Endpoint

_WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kMG]?)-(tokens|requests|usd)")
_TIMES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_NANO = 10**9
LONGEST_TOKEN = 16
"""Bytes of a text for each of its tokens at most, on average: English has four or five. A server
that tells of fewer tokens than follow from it is not believed."""


class Cost(NamedTuple):
    """What is spent: tokens in and out together, requests, and billionths of a US dollar."""

    tokens: int = 0
    requests: int = 0
    nano: int = 0

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(*(one + two for one, two in zip(self, other, strict=True)))

    def minus(self, other: Cost) -> Cost:
        """What is left without the other."""
        return Cost(*(one - two for one, two in zip(self, other, strict=True)))

    @property
    def usd(self) -> float:
        """The money, in US dollars."""
        return self.nano / _NANO


class Budget(NamedTuple):
    """The most that may be spent; None where there is no bound."""

    tokens: int | None = None
    requests: int | None = None
    nano: int | None = None

    def holds(self, cost: Cost) -> bool:
        """Whether a cost is within it."""
        return all(most is None or one <= most for one, most in zip(cost, self, strict=True))


def parse_budget(written: str) -> Budget:
    """A budget as it is written: ``2M-tokens``, ``500-requests``, ``3.50-usd``, or several.

    Raises:
        InputError: It is none.

    >>> parse_budget("2M-tokens,500-requests")
    Budget(tokens=2000000, requests=500, nano=None)
    """
    most: dict[str, int] = {}
    for part in filter(None, written.replace(" ", "").split(",")):
        found = _WRITTEN.fullmatch(part)
        if not found:
            hint = "write 2M-tokens, 500-requests or 3.50-usd; several with commas"
            raise InputError("is no budget", where=f"budget {part[:40]}", hint=hint)
        number, times, unit = found.groups()
        name = "nano" if unit == "usd" else unit
        exact = Fraction(number) * _TIMES[times] * (_NANO if unit == "usd" else 1)
        if unit != "usd" and exact.denominator > 1:
            raise InputError("is no whole number", where=f"budget {part[:40]}", hint="500-requests")
        most[name] = min(most.get(name, int(exact)), int(exact))
    return Budget(**most)


def cost_of(endpoint: Endpoint, tokens_in: int, tokens_out: int) -> Cost:
    """What one request costs."""
    money = tokens_in * (endpoint.price_in or 0.0) + tokens_out * (endpoint.price_out or 0.0)
    return Cost(tokens_in + tokens_out, 1, math.ceil(money * (_NANO / 10**6)))


class Shared(Protocol):
    """A budget that others spend too (``dataqa.llm.claims``)."""

    budget: Budget

    def claim(self, least: Cost) -> Cost | None:
        """Set aside at least so much for this process; how much, None if that is not left."""
        ...

    def give_back(self, rest: Cost) -> None:
        """Let others have what this process claimed and did not spend."""
        ...


class Ledger:
    """Counts what is spent, by all workers together."""

    def __init__(self, budget: Budget, endpoint: Endpoint, shared: Shared | None = None) -> None:
        """Start at nothing.

        Args:
            budget: The most that may be spent; of a shared one, the whole of it.
            endpoint: Whose prices count.
            shared: Where it is claimed before it is spent, if others spend it too.

        Raises:
            InputError: The budget is in dollars and the endpoint has no prices.
        """
        if budget.nano is not None and None in {endpoint.price_in, endpoint.price_out}:
            hint = "price_in and price_out of the endpoint, US dollars per million tokens"
            raise InputError("a budget in dollars takes prices", where="budget", hint=hint)
        self.budget = budget
        self.spent = Cost()
        self.over = False
        self._shared, self._claimed = shared, Cost()
        self._held = Cost()
        self._changed = threading.Condition()

    def reserve(self, most: Cost) -> bool:
        """Set aside what an attempt can cost; whether there is so much.

        It waits while other attempts, when they end, may give back what is missing. Once there is
        too little, nothing more is given out.
        """
        with self._changed:
            while not self.over:
                if self._has(self.spent.plus(self._held).plus(most)):
                    self._held = self._held.plus(most)
                    return True
                if not self._held.requests:
                    break
                self._changed.wait()
            self.over = True
            self._changed.notify_all()
            return False

    def _has(self, needed: Cost) -> bool:
        """Whether all of this is within the budget; what is missing of a shared one is claimed."""
        if self._shared is None:
            return self.budget.holds(needed)
        missing = Cost(*(max(0, one) for one in needed.minus(self._claimed)))
        if missing != Cost():
            more = self._shared.claim(missing)
            if more is None:
                return False
            self._claimed = self._claimed.plus(more)
        return True

    def close(self) -> None:
        """Give nothing out any more; what was claimed and not spent goes back."""
        with self._changed:
            self.over = True
            if self._shared is not None:
                rest = self._claimed.minus(self.spent).minus(self._held)
                self._claimed = self._claimed.minus(rest)
                self._shared.give_back(rest)
            self._changed.notify_all()

    def settle(self, most: Cost, cost: Cost) -> None:
        """Count what an attempt did cost, in the place of what was set aside for it."""
        with self._changed:
            self._held = self._held.minus(most)
            self.spent = self.spent.plus(cost)
            self._changed.notify_all()
