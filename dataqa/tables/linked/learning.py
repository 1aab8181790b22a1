"""Linked tables learnt: of each its rows, given their parents, and how many there are of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Variable
from dataqa.tables.columns import Column
from dataqa.tables.learning.learnt import Learnt, as_written, learn, taken
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.chain import TRIES, Chain, absolute, by_chance
from dataqa.tables.linked.dealing import Rule, rule_of
from dataqa.tables.linked.groups import Groups, alone, grouped
from dataqa.tables.linked.inside import Pointed, inside_of
from dataqa.tables.linked.keys import fresh_of
from dataqa.tables.linked.links import Linked, Links, Rows, key_texts
from dataqa.tables.linked.ordered import Ordered
from dataqa.tables.linked.prepared import Prepared, Unseen, is_unseen, numbered, prepare
from dataqa.tables.linked.shape import (
    Known,
    Shape,
    TableModel,
    contexts_of,
    known_above,
    timing_of,
)
from dataqa.tables.linked.times import Clock, clocks_of, gathered, read_times, steps
from dataqa.tables.linked.timing import Timing
from dataqa.tables.synthesizer import LEAST_ROWS, Synthesizer

type Columns = Mapping[str, Mapping[str, Column]]

COUNT, MEAN, GROUP = "count", "mean", "dataqa:group of "
_NONE = "none"
NOTHING = Timing([], [], [], [])


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


def learn_tables(
    linked: Linked, columns: Columns, seed: int, threads: int | None
) -> dict[str, TableModel]:
    """Learn tables, parents before their children.

    Args:
        linked: The tables and what links them.
        columns: What their columns are, hints included.
        seed: Breaks ties between equally good trees.
        threads: How many trees grow at a time.

    Raises:
        InputError: A table has too few rows, or a column cannot be learnt; table and column named.
    """
    ordered = Ordered.of(linked, columns)
    ids = _unseen(ordered, columns)
    parts: dict[str, Part] = {}
    for name, links in linked.links.items():
        if not links.keep and ordered.frames[name].height:
            parts[name] = _part(name, ordered, columns[name], ids, parts)
    for name in parts:
        parts[name] = _with_rules(name, ordered, parts)
    models: dict[str, TableModel] = {}
    for name, links in linked.links.items():
        frame = ordered.frames[name]
        counts: dict[str, Chain] = {}
        chain = None
        if name in parts:
            # the children of a parent are learnt in turn: each is given how many the others are
            counts = _counts(name, links, ordered, parts, seed, threads)
            chain = _rows(parts[name], parts, seed, threads)
        models[name] = TableModel(
            _shape(name, linked, ordered, columns, parts),
            frame.schema,
            frame if links.keep else None,
            chain,
            counts,
        )
    return models


def _unseen(ordered: Ordered, columns: Columns) -> dict[str, tuple[dict[str, int], Unseen]]:
    """By column, ids of what no table holds; the same for columns of one name in all tables."""
    series: dict[str, list[pl.Series]] = {}
    for name, links in ordered.links.items():
        if links.keep:
            continue
        for column, kind in columns[name].items():
            values = ordered.frames[name][column]
            if column not in links.key and column not in links.parents and is_unseen(values, kind):
                series.setdefault(column, []).append(values)
    return {column: numbered(some) for column, some in series.items()}


def _part(
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
        if column not in keys and kind.kind != "drop"
    }
    notes = [column for column, kind in own.items() if kind.kind == "surrogate"]
    if notes:
        where, hint = f"{name}.{notes[0]}", "kind: drop; synth table keeps the notes of one table"
        raise InputError("notes of linked tables have no stand-ins", where=where, hint=hint)
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
        where = f"{name}.{error.where}" if error.where else name
        raise InputError(error.what, where=where, hint=hint) from None


def _with_rules(name: str, ordered: Ordered, parts: Mapping[str, Part]) -> Part:
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


def _counts(
    name: str,
    links: Links,
    ordered: Ordered,
    parts: Mapping[str, Part],
    seed: int,
    threads: int | None,
) -> dict[str, Chain]:
    """How many rows each row of a parent has, by foreign key; the parent is told of the first.

    Where the parent has parents of its own, how many there are in all comes first: for each row of
    the topmost table, under the name of ``in_all``.
    """
    found: dict[str, Chain] = {}
    known = {table: part.known for table, part in parts.items()}
    # those that are dealt out are so when all tables are there, whichever was learnt before
    plain = {table: one._replace(counts=[]) for table, one in known.items()}
    for key in (links.first, *links.dealt(ordered.kept)):
        parent = links.parents.get(key, "")
        inside = parts[name].pointed.get(key)
        if parent not in parts or (inside is not None and inside.inside.back):
            continue
        rows = ordered.rows[name][key]
        here = rows[(rows >= 0) & ((rows != np.arange(len(rows))) | (parent != name))]
        other = known[parent]
        counts = np.bincount(here, minlength=len(other.groups.nth)).astype(np.float64)
        if key != links.first:
            found[key] = _count(counts, parent, plain, None, seed, threads)
            continue
        goal = None
        if other.above:
            top, whose = list(other.above.items())[-1]
            there = whose >= 0
            most = len(known[top].groups.nth)
            totals = np.bincount(whose[there], counts[there], minlength=most).astype(np.float64)
            sizes = np.bincount(whose[there], minlength=most).astype(np.float64)
            told, by = _steadier(totals, sizes)
            found[in_all(key)] = _count(told, top, known, None, seed, threads, by)
            known[top].counts.append(totals)
            goal = gathered(totals, whose)
        found[key] = _count(counts, parent, known, goal, seed, threads)
        other.counts.append(counts)
    return found


def _steadier(totals: Floats, sizes: Floats) -> tuple[Floats, str]:
    """What varies less from one to another: how many there are in all, or for each row."""
    some = sizes > 0
    means = np.divide(totals, sizes, out=np.zeros(len(totals)), where=some)
    varied = [float(one[some].std() / max(one[some].mean(), 1e-9)) for one in (totals, means)]
    return (totals, COUNT) if varied[0] <= varied[1] else (means, MEAN)


def in_all(key: str) -> str:
    """Under which name the counts of all rows below a topmost row are kept."""
    return f"{key} in all"


def _count(
    counts: Floats,
    parent: str,
    known: Mapping[str, Known],
    goal: Floats | None,
    seed: int,
    threads: int | None,
    name: str = COUNT,
) -> Chain:
    """The model of how many there are for each row of a table."""
    whole = pl.DataFrame({name: counts})
    column = {name: Column("integer" if name == COUNT else "decimal")}
    learnt, groups = learn(whole, column), known[parent].groups
    above = {parent: np.arange(len(counts), dtype=np.int64), **known[parent].above}
    context = known_above(known, above, groups)
    timing = NOTHING._replace(goal=goal)
    context += contexts_of(learnt.variables, {}, groups, timing).what
    model = Synthesizer.of(
        *(learnt, column, whole.schema), context=context, seed=seed, threads=threads, seen=[]
    )
    return Chain(None, model, model.marks, 0)


def _rows(part: Part, parts: Mapping[str, Part], seed: int, threads: int | None) -> Chain:
    """The models of when and what a row is, given those above and before it."""
    known, order = part.known, part.timing.order
    others = {table: parts[table].known for table in known.above}
    above = known_above(others, known.above, known.groups)
    contexts = contexts_of(part.learnt.variables, known.times, known.groups, part.timing)

    def model(names: list[str], context: list[Variable], seen: list[Floats]) -> Synthesizer:
        columns = {name: part.prepared.columns[name] for name in names}
        schema = pl.Schema({name: part.prepared.frame.schema[name] for name in names})
        return Synthesizer.of(
            *(taken(part.learnt, names), columns, schema),
            context=[*above, *context],
            seen=seen,
            original=part.prepared.frame,
            seed=seed,
            threads=threads,
        )

    names = [one.name for one in part.learnt.codings]
    seen = _seen(part)
    tries = 0 if by_chance(seen, known.groups) else TRIES
    when = model([order.name], contexts.when, []) if order is not None else None
    what = model(
        [name for name in names if order is None or name != order.name], contexts.what, seen
    )
    return Chain(when, what, what.marks, tries)


def _seen(part: Part) -> list[Floats]:
    """Rows as they are written."""
    variables = [(part.learnt.codings[one.column], one.size) for one in part.learnt.variables]
    return absolute(variables, as_written(part.learnt), part.known.times, slice(None))


def _shape(
    name: str, linked: Linked, ordered: Ordered, columns: Columns, parts: Mapping[str, Part]
) -> Shape:
    links, frame = linked.links[name], ordered.frames[name]
    part = parts.get(name)
    if part is None:
        return Shape(links, frame.height, dropped=linked.dropped[name])
    key = links.key[0] if len(links.key) == 1 and links.key[0] not in links.parents else ""
    circles = sum(one.circles for one in part.pointed.values())
    return Shape(
        links,
        frame.height,
        int(np.sum(part.known.groups.parents < 0)) if links.first else 0,
        *(part.clocks, part.prepared.decided, part.prepared.carried, part.prepared.unseen),
        fresh_of(key_texts(frame[key])) if key else None,
        {one: at.inside for one, at in part.pointed.items()},
        part.rules,
        ordered.mixed[name],
        linked.dropped[name] + circles,
        {column: one.entity or one.kind for column, one in columns[name].items()},
        {one.name: one.rare for one in part.learnt.codings if one.rare},
    )
