"""Rows drawn one after the other: each given what is known of its parents and the row before it.

Where rows have an order, when a row is comes first; what it is, is drawn given that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataqa.tables.closeness import Marks, fingerprints, met, telling
from dataqa.tables.coding import Coding
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.groups import Groups
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.times import Clock, starts, stepped
from dataqa.tables.linked.timing import (
    Times,
    Timing,
    bases,
    known_before,
    known_now,
    known_until,
)
from dataqa.tables.synthesizer import Synthesizer

TRIES = 10
"""How often a row that is a real one is drawn anew."""
_CHANCE, _CAPS = 0.01, 1 << 20

type Written = list[tuple[Coding, int]]
"""Of each variable its coding, and how many codes it has; 0 for numbers."""


class Chain(NamedTuple):
    """What draws the rows of a table.

    Attributes:
        when: The step to a row from the one before it; None where rows have no order.
        what: All else of it.
        marks: Fingerprints of real rows, which are drawn anew.
        tries: How often at most.
    """

    when: Synthesizer | None
    what: Synthesizer
    marks: Marks
    tries: int

    @property
    def variables(self) -> Written:
        """All variables that are written, the step first."""
        return [*(self.when.variables if self.when else []), *self.what.variables]


class Drawn(NamedTuple):
    """Rows as numbers.

    Attributes:
        values: Of each variable, a value for each row; dates as steps.
        times: By column, dates in seconds.
        anew: How many rows were drawn anew, and how many are still equal to a real one.
    """

    values: list[Floats]
    times: Times
    anew: tuple[int, int]


def draw_chain(
    chain: Chain, static: list[Floats], groups: Groups, timing: Timing, seed: list[int]
) -> Drawn:
    """Draw all rows of a table, the first of all groups, then the second, and so on.

    Args:
        chain: What draws them.
        static: What is known of each row from its parents.
        groups: Which rows belong together.
        timing: The table's.
        seed: Decides them.
    """
    rows, variables = len(groups.parents), chain.variables
    drawn = Drawn(
        [np.full(rows, np.nan) for _ in variables],
        {one.name: np.full(rows, np.nan) for one in timing.clocks},
        (0, 0),
    )
    sums = [np.zeros(rows) for _, size in variables if not size]
    anew = still = 0
    order = np.argsort(-groups.sizes, kind="stable")
    sizes = -groups.sizes[order]
    for step in range(int(-sizes[0]) if rows else 0):
        active = order[: int(np.searchsorted(sizes, -step))]
        here = np.sort(groups.begins[active] + step)
        close = np.ones(len(here), np.bool_)
        for attempt in range(chain.tries + 1):
            mine = here[close]
            told = [one[mine] for one in static]
            told += known_before(drawn.values, sums, groups, timing, mine)
            _draw(chain, drawn, told, groups, timing, mine, [*seed, step, attempt])
            seen = absolute(variables, drawn.values, drawn.times, mine)
            again = met(fingerprints(seen), chain.marks)
            close[close] = again
            anew += int(again.sum()) if not attempt else 0
            if not again.any():
                break
        still += int(close.sum())
        _add(variables, drawn.values, sums, groups, here)
    return drawn._replace(anew=(anew, still))


def _draw(
    chain: Chain,
    drawn: Drawn,
    told: list[Floats],
    groups: Groups,
    timing: Timing,
    rows: Rows,
    seed: list[int],
) -> None:
    """Draw some rows: when they are, then what they are."""
    first = 0
    if chain.when is not None:
        until = known_until(drawn.times, groups, timing, rows)
        drawn.values[0][rows] = chain.when.values(len(rows), [*seed, 0], [*told, *until])[0]
        base = bases(drawn.times, groups, timing, rows)
        _tick(chain, drawn, 0, base, timing.caps[0][rows], rows, timing.clocks[0], seed)
        told = [*told, *known_now(drawn.values[0], drawn.times, timing, rows)]
        first = 1
    some = chain.what.values(len(rows), [*seed, 1], told)
    for whole, part in zip(drawn.values[first:], some, strict=True):
        whole[rows] = part
    for at, clock in enumerate(timing.clocks[first:], first):
        base = _base(chain.variables, drawn, clock, timing.anchors[at], rows)
        _tick(chain, drawn, at, base, timing.caps[at][rows], rows, clock, seed)


def _base(variables: Written, drawn: Drawn, clock: Clock, anchors: Floats, rows: Rows) -> Floats:
    """From what the steps of a column are taken."""
    if clock.base == "parent":
        return anchors[rows]
    if clock.column in drawn.times:
        return drawn.times[clock.column][rows]
    other = place_of(variables, clock.column)
    return drawn.values[other][rows] * variables[other][0].unit


def _tick(
    chain: Chain,
    drawn: Drawn,
    at: int,
    base: Floats,
    caps: Floats,
    rows: Rows,
    clock: Clock,
    seed: list[int],
) -> None:
    """Turn the steps of some rows into dates."""
    place = place_of(chain.variables, clock.name)
    chance = np.random.default_rng([*seed, _CAPS, at]).random(len(rows))
    when = stepped(clock, drawn.values[place][rows], base, caps, chance)
    drawn.times[clock.name][rows] = when
    # what was cut short is what the next row is told of
    drawn.values[place][rows] = (when - starts(clock, base)) / clock.unit


def _add(
    variables: Written, values: list[Floats], sums: list[Floats], groups: Groups, rows: Rows
) -> None:
    """Add drawn rows to the sums that the next ones of their groups are told of."""
    more = rows[groups.place[rows] + 1 < groups.sizes[groups.group[rows]]]
    numbers = [one for one, (_, size) in zip(values, variables, strict=True) if not size]
    for one, total in zip(numbers, sums, strict=True):
        total[more + 1] = total[more] + np.nan_to_num(one[more])


def by_chance(seen: list[Floats], groups: Groups) -> bool:
    """Whether real rows are equal to those of others anyway, so that being equal tells of nobody.

    Where a table has few columns, to draw such rows anew would only leave out what is frequent.

    Args:
        seen: Of each variable, the value of each row, as it is written.
        groups: Of the table; those of even and odd numbers are compared.
    """
    marks = fingerprints(seen)
    odd = groups.group % 2 == 1
    if odd.all() or not odd.any():
        return False
    rare = telling(marks)
    equal = met(marks[odd], np.unique(marks[~odd])) & met(marks[odd], rare)
    return float(equal.mean()) > _CHANCE


def place_of(variables: Written, name: str) -> int:
    """The variable that holds the numbers of a column."""
    return next(at for at, (one, size) in enumerate(variables) if one.name == name and not size)


def absolute(
    variables: Written, values: list[Floats], times: Times, rows: Rows | slice
) -> list[Floats]:
    """Values of some rows with dates in the place of steps, as a reader of the table sees them."""
    return [
        times[coding.name][rows] if not size and coding.name in times else values[at][rows]
        for at, (coding, size) in enumerate(variables)
    ]
