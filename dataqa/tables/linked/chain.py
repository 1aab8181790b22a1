"""Rows drawn one after the other: each given what is known of its parents and the row before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataqa.tables.closeness import Marks, fingerprints, met, telling
from dataqa.tables.coding import Coding
from dataqa.tables.linked.groups import Groups, before
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.times import FAR, Clock, gathered, starts, stepped
from dataqa.tables.synthesizer import Synthesizer
from dataqa.tables.trees import Floats

TRIES = 10
"""How often a row that is a real one is drawn anew."""
_CHANCE = 0.01


class Timing(NamedTuple):
    """The dates of a table, and what they are counted from.

    Attributes:
        clocks: How they are steps.
        anchors: Of each clock, the parent's date of each row, in seconds; NaN for none.
        caps: Of each clock, what no row's date goes beyond.
        above: Dates of all tables above, for each row, by which its age is told.
    """

    clocks: list[Clock]
    anchors: list[Floats]
    caps: list[Floats]
    above: list[Floats]


class Drawn(NamedTuple):
    """Rows as numbers.

    Attributes:
        values: Of each variable, a value for each row; dates as steps.
        times: By column, dates in seconds.
        anew: How many rows were drawn anew, and how many are still equal to a real one.
    """

    values: list[Floats]
    times: dict[str, Floats]
    anew: tuple[int, int]


def known_before(
    values: list[Floats],
    sums: list[Floats],
    times: dict[str, Floats],
    groups: Groups,
    timing: Timing,
    rows: Rows,
) -> list[Floats]:
    """What is known of some rows by those before them: the last one, means of all, and the time.

    Args:
        values: Of each variable of the table; earlier rows are enough.
        sums: Of variables that are numbers, the sum over earlier rows of the group, by row.
        times: By column, dates in seconds, likewise.
        groups: The table's.
        timing: The table's.
        rows: Which rows.
    """
    last = before(groups, rows)
    found = [gathered(one, last) for one in values]
    place = groups.place[rows]
    found += [np.where(place > 0, one[rows] / np.maximum(place, 1), np.nan) for one in sums]
    if ordering(timing) is None:
        return found
    base = bases(times, groups, timing, rows)
    left = (timing.caps[0][rows] - base) / (groups.among[rows] - groups.nth[rows] + 1.0)
    found += [base, np.where(timing.caps[0][rows] < FAR, left, np.nan)]
    return found + [base - one[rows] for one in timing.above]


def ordering(timing: Timing) -> Clock | None:
    """The clock by which rows follow one another."""
    first = timing.clocks[0] if timing.clocks else None
    return first if first is not None and first.base == "previous" else None


def bases(times: dict[str, Floats], groups: Groups, timing: Timing, rows: Rows) -> Floats:
    """From where rows step on: the row before them of the same parent, or the parent's date."""
    last = np.where(groups.nth[rows] > 0, before(groups, rows), -1)
    earlier = gathered(times[timing.clocks[0].name], last)
    return np.where(last >= 0, earlier, timing.anchors[0][rows])


def draw_chain(
    model: Synthesizer,
    static: list[Floats],
    groups: Groups,
    timing: Timing,
    marks: Marks,
    seed: list[int],
    *,
    tries: int = TRIES,
) -> Drawn:
    """Draw all rows of a table, the first of all groups, then the second, and so on.

    Args:
        model: Of a row.
        static: What is known of each row from its parents.
        groups: Which rows belong together.
        timing: The table's.
        marks: Fingerprints of real rows, which are drawn anew.
        seed: Decides them.
        tries: How often.
    """
    rows = len(groups.parents)
    values = [np.full(rows, np.nan) for _ in model.variables]
    times = {one.name: np.full(rows, np.nan) for one in timing.clocks}
    sums = [np.zeros(rows) for _, size in model.variables if not size]
    anew = still = 0
    order = np.argsort(-groups.sizes, kind="stable")
    sizes = -groups.sizes[order]
    for step in range(int(-sizes[0]) if rows else 0):
        active = order[: int(np.searchsorted(sizes, -step))]
        here = np.sort(groups.begins[active] + step)
        close = np.ones(len(here), np.bool_)
        for attempt in range(tries + 1):
            mine = here[close]
            context = [one[mine] for one in static]
            context += known_before(values, sums, times, groups, timing, mine)
            some = model.values(len(mine), [*seed, step, attempt], context)
            for whole, part in zip(values, some, strict=True):
                whole[mine] = part
            _tick(model, values, times, groups, timing, mine, [*seed, step, attempt])
            again = met(fingerprints(absolute(model.variables, values, times, mine)), marks)
            close[close] = again
            anew += int(again.sum()) if not attempt else 0
            if not again.any():
                break
        still += int(close.sum())
        _add(model, values, sums, groups, here)
    return Drawn(values, times, (anew, still))


def _tick(
    model: Synthesizer,
    values: list[Floats],
    times: dict[str, Floats],
    groups: Groups,
    timing: Timing,
    rows: Rows,
    seed: list[int],
) -> None:
    """Turn the steps of some rows into dates."""
    variables = model.variables
    for at, clock in enumerate(timing.clocks):
        made = values[place_of(variables, clock.name)][rows]
        if clock.base == "previous":
            base = bases(times, groups, timing, rows)
        elif clock.base == "parent":
            base = timing.anchors[at][rows]
        elif clock.column in times:
            base = times[clock.column][rows]
        else:
            other = place_of(variables, clock.column)
            base = values[other][rows] * variables[other][0].unit
        chance = np.random.default_rng([*seed, 1 << 20, at]).random(len(rows))
        when = stepped(clock, made, base, timing.caps[at][rows], chance)
        times[clock.name][rows] = when
        # what was cut short is what the next row is told of
        values[place_of(variables, clock.name)][rows] = (when - starts(clock, base)) / clock.unit


def _add(
    model: Synthesizer, values: list[Floats], sums: list[Floats], groups: Groups, rows: Rows
) -> None:
    """Add drawn rows to the sums that the next ones of their groups are told of."""
    more = rows[groups.place[rows] + 1 < groups.sizes[groups.group[rows]]]
    numbers = [one for one, (_, size) in zip(values, model.variables, strict=True) if not size]
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


def place_of(variables: list[tuple[Coding, int]], name: str) -> int:
    """The variable that holds the numbers of a column."""
    return next(at for at, (one, size) in enumerate(variables) if one.name == name and not size)


def absolute(
    variables: list[tuple[Coding, int]],
    values: list[Floats],
    times: dict[str, Floats],
    rows: Rows | slice,
) -> list[Floats]:
    """Values of some rows with dates in the place of steps, as a reader of the table sees them."""
    return [
        times[coding.name][rows] if not size and coding.name in times else values[at][rows]
        for at, (coding, size) in enumerate(variables)
    ]
