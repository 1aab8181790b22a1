"""How much privacy is spent: zero-concentrated differential privacy, and epsilon and delta.

A mechanism with Gaussian noise of standard deviation sigma over counts that a person changes by at
most s (as a Euclidean length) costs rho = s² / (2 sigma²), the exponential mechanism with epsilon
costs rho = epsilon² / 8, and costs add up (Bun and Steinke 2016; Cesar and Rogers 2021).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import msgspec

from dataqa.errors import InputError

DELTA = 1e-6
"""The usual one: well below one in as many as there are rows of most tables."""
_MOST_DELTA, _MOST_EPSILON = 1e-3, 100.0
APART = 0.1
"""The share of delta that is for values of categories; all else is for noise that is Gaussian."""
SLACK = 1e-11
"""What tables of 64 bits differ from the distributions of noise by at most, over a whole fit."""


class Privacy(msgspec.Struct, frozen=True):
    """What is promised.

    Attributes:
        epsilon: At most this much does anybody's presence change what is released.
        delta: But for this chance.
        person: The column that says whose a row is; nothing where each row is somebody's own.
        most: Rows of a person that count; others are not looked at.
    """

    epsilon: float
    delta: float = DELTA
    person: str = ""
    most: int = 1

    @property
    def rho(self) -> float:
        """What may be spent altogether."""
        return rho_of(self.epsilon, self.delta * (1 - APART) - SLACK)

    def check(self) -> None:
        """See that it is a promise that can be made.

        Raises:
            InputError: Epsilon or delta is none, or rows of whom is not said.
        """
        if not (math.isfinite(self.epsilon) and 0.001 <= self.epsilon <= _MOST_EPSILON):
            hint = f"0.001 to {_MOST_EPSILON:g}; one is strict, ten promises little"
            raise InputError("epsilon is out of range", where="epsilon", hint=hint)
        if not 1e-10 <= self.delta <= _MOST_DELTA:
            hint = "1e-10 to 1e-3, and well below one in as many as there are rows: 1e-6"
            raise InputError("delta is out of range", where="delta", hint=hint)
        if self.most < 1 or (self.most > 1 and not self.person):
            hint = "with the column that says whose rows they are"
            raise InputError("at least one row of a person", where="rows-each", hint=hint)


class Ledger:
    """What was spent on what; never more than there is.

    >>> ledger = Ledger(0.5)
    >>> ledger.spend("counts", 0.3)
    >>> round(ledger.left, 6), ledger.told()
    (0.2, {'counts': 0.3})
    """

    def __init__(self, rho: float) -> None:
        self.rho = rho
        self._spent: dict[str, float] = {}

    @property
    def left(self) -> float:
        """What is left."""
        return max(self.rho - math.fsum(self._spent.values()), 0.0)

    def spend(self, what: str, rho: float) -> None:
        """Note a cost, before data is looked at."""
        after = math.fsum([*self._spent.values(), rho])
        if rho < 0 or after > self.rho * (1 + 1e-9):
            raise AssertionError(f"{what} costs more than is left")
        self._spent[what] = self._spent.get(what, 0.0) + rho

    def told(self) -> dict[str, float]:
        """All costs."""
        return dict(self._spent)


def sigma_of(rho: float, most: float = 1.0) -> float:
    """The standard deviation of noise that costs rho, where one person changes counts by most."""
    return most / math.sqrt(2 * rho)


def delta_of(rho: float, epsilon: float) -> float:
    """The delta beside an epsilon (Canonne, Kamath and Steinke 2020, corollary 13).

    >>> f"{delta_of(0.1, 2.0):.2e}"
    '4.33e-06'
    """
    if rho <= 0:
        return 0.0
    low, high = 1.0 + 1e-9, (epsilon + 1) / (2 * rho) + 2
    for _ in range(100):  # the bound has one least value
        middle = (low + high) / 2
        slope = (2 * middle - 1) * rho - epsilon + math.log1p(-1 / middle)
        low, high = (middle, high) if slope < 0 else (low, middle)
    order = (low + high) / 2
    power = (order - 1) * (order * rho - epsilon) + order * math.log1p(-1 / order)
    return min(1.0, math.exp(power) / (order - 1))


@cache
def rho_of(epsilon: float, delta: float) -> float:
    """The most that may be spent for an epsilon and delta."""
    low, high = 0.0, epsilon + 1
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= delta else (low, middle)
    return low


def said(privacy: Privacy, spent: dict[str, float], *, secret: bool) -> dict[str, Any]:
    """What is promised and what it was spent on, for reports."""
    whole = math.fsum(spent.values()) or 1.0
    whose = f"at most {privacy.most} rows of one {privacy.person}" if privacy.person else "one row"
    return {
        "epsilon": privacy.epsilon,
        "delta": privacy.delta,
        "of": whose,
        "rho": privacy.rho,
        "spent": {what: round(rho / whole, 4) for what, rho in spent.items()},
        "noise": "secret" if secret else "of a seed: whoever knows it can take it off",
    }
