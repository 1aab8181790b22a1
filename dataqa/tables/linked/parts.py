"""A linked table taken apart: what is learnt of it, dates as steps, and what others are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.columns import Column
from dataqa.tables.learning.learnt import Learnt, learn
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.dealing import Rule, rule_of
from dataqa.tables.linked.groups import Groups, alone, grouped
from dataqa.tables.linked.inside import Pointed, inside_of
from dataqa.tables.linked.links import Links, Rows
from dataqa.tables.linked.ordered import Ordered
from dataqa.tables.linked.prepared import Prepared, Unseen, prepare
from dataqa.tables.linked.shape import (
    Known,
    timing_of,
)
from dataqa.tables.linked.times import Clock, clocks_of, read_times, steps
from dataqa.tables.linked.timing import Timing
from dataqa.tables.synthesizer import LEAST_ROWS

GROUP = "dataqa:group of "
_NONE = "none"


class Part(NamedTuple):
    """A table on its way to a model.

    Attributes:
        links: To others.
        prepared: What is learnt of it.
        clocks: How its dates are steps.
        timing: From what they are counted.
        learnt: The table, taken apart.
        known: What its children are given.
        pointed: Of foreign keys to itself, how they point.
        rules: Of foreign keys that are dealt out, who gets whom.
    """

    links: Links
    prepared: Prepared
    clocks: list[Clock]
    timing: Timing
    learnt: Learnt
    known: Known
    pointed: dict[str, Pointed]
    rules: dict[str, Rule]


def part_of(
    name: str,
    ordered: Ordered,
    columns: Mapping[str, Column],
    ids: Mapping[str, tuple[dict[str, int], Unseen]],
    parts: Mapping[str, Part],
) -> Part:
    """A table taken apart."""
    links, frame = ordered.links[name], ordered.frames[name]
    kept = {one for one, other in ordered.links.items() if other.keep}
    keys = {
        *(links.key if len(links.key) == 1 else ()),
        *(key for key, parent in links.parents.items() if parent not in kept),
    }
    of_kept = {key for key, parent in links.parents.items() if parent in kept}
    own = {
        column: Column("category") if column in of_kept else kind
        for column, kind in columns.items()
        if column not in keys and kind.kind not in {"drop", "surrogate"}
    }
    if frame.height < LEAST_ROWS and not links.virtual:
        hint = f"at least {LEAST_ROWS}; keep: true copies a list of codes that is nobody's data"
        raise InputError(f"{frame.height} rows are too few to be learnt", where=name, hint=hint)
    parents = ordered.rows[name].get(links.first)
    above: dict[str, Rows] = {}
    groups = alone(frame.height)
    if parents is not None:
        up = parts.get(links.parent)
        groups = grouped(parents, up.known.groups if up else alone(0))
        if up:
            above = _above(links.parent, parents, up.known.above)
    known = {table: parts[table].known for table in above}
    frames = {table: ordered.frames[table] for table in above}
    here = {column: one for column, one in ids.items() if column in own}
    prepared = prepare(frame, own, links.order, above, frames, here)
    dates = {(table, column): one for table in above for column, one in known[table].dates.items()}
    order = links.order if links.order in prepared.columns else ""
    if order:
        told = {order: prepared.columns[order], **prepared.columns}
        prepared = prepared._replace(frame=prepared.frame.select(list(told)), columns=told)
    clocks = clocks_of(prepared.frame, prepared.columns, order, above, dates)
    timing = timing_of(clocks, known, above, frame.height)
    every = {
        column: read_times(prepared.frame[column], kind)
        for column, kind in prepared.columns.items()
        if kind.kind == "date" or column == order
    }
    if order and np.isnan(every[order]).any():
        hint = 'another column that every row has, or order: "" for none'
        what = "rows without a value cannot be ordered by it"
        raise InputError(what, where=f"{name}.{order}", hint=hint)
    prepared = _stepped(prepared, clocks, timing, groups, every)
    pointed = {
        key: inside_of(ordered.rows[name][key], groups)
        for key, parent in links.parents.items()
        if parent == name and key != links.first
    }
    for key, one in pointed.items():
        prepared = _with(prepared, pl.Series(GROUP + key, one.far), Column("integer"))
    learnt = _learn(name, prepared)
    times = {one.name: every[one.name] for one in clocks}
    dates_here = {column: one for column, one in every.items() if columns[column].kind == "date"}
    state = Known(learnt.variables, times, dates_here, groups, above, [])
    return Part(links, prepared, clocks, timing, learnt, state, pointed, {})


def _above(parent: str, parents: Rows, further: Mapping[str, Rows]) -> dict[str, Rows]:
    """By table, the nearest first, the row of that ancestor for each row."""
    found = {parent: parents}
    for table, rows in further.items():
        found[table] = np.where(parents >= 0, rows[parents], -1)
    return found


def _stepped(
    prepared: Prepared,
    clocks: list[Clock],
    timing: Timing,
    groups: Groups,
    every: Mapping[str, Floats],
) -> Prepared:
    """Dates as steps, in the place of their columns."""
    for at, clock in enumerate(clocks):
        bases = timing.anchors[at]
        if clock.base == "previous":
            earlier = np.roll(every[clock.name], 1)
            bases = np.where(groups.nth > 0, earlier, bases)
        elif clock.base == "row":
            bases = every[clock.column]
        made = steps(clock, every[clock.name], bases)
        there = made[~np.isnan(made)]
        whole = bool(np.all(there == np.round(there)))
        series = pl.Series(clock.name, made).fill_nan(None)
        prepared = _with(prepared, series, Column("integer" if whole else "decimal"))
    return prepared


def _with(prepared: Prepared, values: pl.Series, kind: Column) -> Prepared:
    frame = prepared.frame.with_columns(values)
    return prepared._replace(frame=frame, columns={**prepared.columns, values.name: kind})


def _learn(name: str, prepared: Prepared) -> Learnt:
    """Take a table apart; what is wrong with a column names the table, too."""
    try:
        return learn(prepared.frame, prepared.columns)
    except InputError as error:
        hint = error.hint.replace("in --hints ", f"in the schema, under {name}, ")
        hint = hint.replace("in --hints, ", f"in the schema, under {name}, ")
        where = f"{name}.{error.where}" if error.where else name
        raise InputError(error.what, where=where, hint=hint) from None


def with_rules(name: str, ordered: Ordered, parts: Mapping[str, Part]) -> Part:
    """A table with, for each foreign key that is dealt out, the kind of parent that rows have."""
    part = parts[name]
    rules: dict[str, Rule] = {}
    prepared = part.prepared
    for key in part.links.dealt(ordered.kept):
        parent = part.links.parents[key]
        if key in part.pointed or parent not in parts:
            continue
        rows, other = ordered.rows[name][key], parts[parent].known
        rules[key] = rule_of(part.known.variables, other.variables, rows)
        kinds = rules[key].kinds([one.values for one in other.variables], len(other.groups.nth))
        told = np.where(rows >= 0, kinds[rows], -1)
        series = pl.Series(GROUP + key, told).cast(pl.String).replace({"-1": _NONE})
        prepared = _with(prepared, series, Column("category"))
    if not rules:
        return part
    learnt = _learn(name, prepared)
    known = part.known._replace(variables=learnt.variables)
    return part._replace(prepared=prepared, learnt=learnt, known=known, rules=rules)
