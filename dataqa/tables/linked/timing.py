"""What a row is told of those before it and of time: the last one, means, ages, what is left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.groups import Groups, before
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.times import FAR, Clock, gathered

type Times = dict[str, Floats]
"""By column, dates in seconds, or the numbers that order rows."""


class Timing(NamedTuple):
    """The dates of a table, and what they are counted from.

    Attributes:
        clocks: How they are steps; the one by which rows follow one another first.
        anchors: Of each clock, the parent's date of each row, in seconds; NaN for none.
        caps: Of each clock, what no row's date goes beyond.
        above: Dates of all tables above, for each row, by which its age is told.
        goal: What the first variable of all rows of a group is to come to; None for nothing.
    """

    clocks: list[Clock]
    anchors: list[Floats]
    caps: list[Floats]
    above: list[Floats]
    goal: Floats | None = None

    @property
    def order(self) -> Clock | None:
        """The clock by which rows follow one another."""
        first = self.clocks[0] if self.clocks else None
        return first if first is not None and first.base == "previous" else None


def known_before(
    values: list[Floats], sums: list[Floats], groups: Groups, timing: Timing, rows: Rows
) -> list[Floats]:
    """What is known of some rows by those before them: the last one, means of all, what is to come.

    Args:
        values: Of each variable of the table; earlier rows are enough.
        sums: Of variables that are numbers, the sum over earlier rows of the group, by row.
        groups: The table's.
        timing: The table's.
        rows: Which rows.
    """
    last = before(groups, rows)
    place = groups.place[rows]
    found = [gathered(one, last) for one in values]
    found += [np.where(place > 0, one[rows] / np.maximum(place, 1), np.nan) for one in sums]
    if timing.goal is not None:
        goal, left = timing.goal[rows], groups.sizes[groups.group[rows]] - place
        found += [goal, (goal - sums[0][rows]) / left]
    return found


def known_until(times: Times, groups: Groups, timing: Timing, rows: Rows) -> list[Floats]:
    """What is known of time before a row's date is: since when, how much is left, ages."""
    if timing.order is None:
        return []
    base, cap = bases(times, groups, timing, rows), timing.caps[0][rows]
    left = (cap - base) / (groups.among[rows] - groups.nth[rows] + 1.0)
    return [base, np.where(cap < FAR, left, np.nan), *(base - one[rows] for one in timing.above)]


def known_now(steps: Floats, times: Times, timing: Timing, rows: Rows) -> list[Floats]:
    """What is known of time once a row's date is: the step to it, the date, ages.

    Args:
        steps: Of all rows, in units.
        times: Of all rows.
        timing: The table's.
        rows: Which rows.
    """
    if timing.order is None:
        return []
    now = times[timing.order.name][rows]
    return [steps[rows], now, *(now - one[rows] for one in timing.above)]


def bases(times: Times, groups: Groups, timing: Timing, rows: Rows) -> Floats:
    """From where rows step on: the row before them of the same parent, or the parent's date."""
    last = np.where(groups.nth[rows] > 0, before(groups, rows), -1)
    earlier = gathered(times[timing.clocks[0].name], last)
    return np.where(last >= 0, earlier, timing.anchors[0][rows])
