"""What is learnt of linked tables, and what a row is told of those above and before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from dataqa.tables.coding import Variable
from dataqa.tables.columns import Column
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.chain import Chain
from dataqa.tables.linked.dealing import Rule
from dataqa.tables.linked.groups import Groups, code, number, sums_before
from dataqa.tables.linked.inside import Inside
from dataqa.tables.linked.keys import Fresh
from dataqa.tables.linked.links import Links, Rows
from dataqa.tables.linked.prepared import Decided, Unseen
from dataqa.tables.linked.times import Clock, caps_of, gathered
from dataqa.tables.linked.timing import Timing, known_before, known_now, known_until


class Shape(msgspec.Struct, frozen=True):
    """All of a table that is not a model.

    Attributes:
        links: To others.
        rows: Of the original.
        loose: Rows of it that have no parent.
        clocks: How dates are steps.
        decided: Columns that others decide.
        carried: By column, the table above and its column that it always equals.
        unseen: Ids of what no table holds.
        fresh: Its primary key; None where it is none, several columns, or a foreign key.
        inside: Of foreign keys to the table itself, how they point.
        rules: Of foreign keys that are dealt out, who gets whom.
        sorted: The original stands in the order of its dates, all parents mixed.
        dropped: Rows that were orphans, or pointed to each other in a circle.
        columns: What each column is, hints included.
        rare: By column, rows whose value is never written.
    """

    links: Links
    rows: int
    loose: int = 0
    clocks: list[Clock] = []
    decided: list[Decided] = []
    carried: dict[str, tuple[str, str]] = {}
    unseen: list[Unseen] = []
    fresh: Fresh | None = None
    inside: dict[str, Inside] = {}
    rules: dict[str, Rule] = {}
    sorted: bool = False
    dropped: int = 0
    columns: dict[str, Column] = {}
    rare: dict[str, int] = {}


class TableModel(NamedTuple):
    """What is learnt of a table.

    Attributes:
        shape: All that is no model.
        schema: Names and types of its columns.
        kept: The table itself, where it is copied.
        chain: Of a row, given its parents and the row before it; None where none was learnt.
        counts: By foreign key, of how many rows a row of the parent has.
    """

    shape: Shape
    schema: pl.Schema
    kept: pl.DataFrame | None
    chain: Chain | None
    counts: dict[str, Chain]


class Known(NamedTuple):
    """A table's rows as numbers, real or drawn: what its children are given.

    Attributes:
        variables: Its own.
        times: By column, dates that are steps, in seconds.
        dates: By column, all dates, in seconds.
        groups: Which rows belong together.
        above: By table, the nearest first, the row of that ancestor for each row.
        counts: Of each table of children so far, how many each row has.
    """

    variables: list[Variable]
    times: dict[str, Floats]
    dates: dict[str, Floats]
    groups: Groups
    above: dict[str, Rows]
    counts: list[Floats]


def known_above(
    known: Mapping[str, Known], above: Mapping[str, Rows], groups: Groups
) -> list[Variable]:
    """What is known of rows from those above them, and where each stands among its siblings.

    Args:
        known: The tables above.
        above: By table, the row of that ancestor for each row.
        groups: Of the rows.
    """
    found: list[Variable] = []
    for table, rows in above.items():
        one = known[table]
        found += [code(gathered(own.values, rows), own.size) for own in one.variables]
        found += [number(gathered(times, rows)) for times in one.times.values()]
        found += [number(gathered(counts, rows)) for counts in one.counts]
    sizes = groups.sizes[groups.group]
    places = (groups.nth, groups.among, groups.among - groups.nth, groups.place, sizes)
    return found + [number(one.astype(np.float64)) for one in places]


def timing_of(
    clocks: list[Clock], known: Mapping[str, Known], above: Mapping[str, Rows], rows: int
) -> Timing:
    """The dates from which those of a table are counted, and beyond which none goes."""
    dates = {
        (table, name): one for table in above for name, one in sorted(known[table].dates.items())
    }
    nothing = np.full(rows, np.nan)
    anchors = [
        gathered(dates[one.table, one.column], above[one.table]) if one.table else nothing
        for one in clocks
    ]
    caps = [caps_of(one, above, dates, rows) for one in clocks]
    return Timing(clocks, anchors, caps, [gathered(one, above[at[0]]) for at, one in dates.items()])


class Contexts(NamedTuple):
    """What real rows are given of those before them.

    Attributes:
        when: For the step to a row, beside what is known from above.
        what: For all else of it.
    """

    when: list[Variable]
    what: list[Variable]


def contexts_of(
    variables: list[Variable], times: dict[str, Floats], groups: Groups, timing: Timing
) -> Contexts:
    """What real rows are given of those before them, as ``draw_chain`` gives it."""
    rows = np.arange(len(groups.parents), dtype=np.int64)
    sums = [sums_before(one.values, groups) for one in variables if not one.size]
    told = known_before([one.values for one in variables], sums, groups, timing, rows)
    sizes = [one.size for one in variables] + [0] * (len(told) - len(variables))
    both = [code(one, size) for one, size in zip(told, sizes, strict=True)]
    until = known_until(times, groups, timing, rows)
    now = known_now(variables[0].values, times, timing, rows)
    return Contexts([*both, *map(number, until)], [*both, *map(number, now)])
