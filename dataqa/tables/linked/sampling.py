"""Linked tables drawn: parents, then how many rows each has, then those, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from dataqa.tables.coding import Variable
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.chain import Chain, Drawn, draw_chain, place_of
from dataqa.tables.linked.counting import MEAN, NOTHING, in_all
from dataqa.tables.linked.dealing import apart, deal
from dataqa.tables.linked.groups import Groups, alone, grouped
from dataqa.tables.linked.inside import pointed_back
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.parts import GROUP
from dataqa.tables.linked.reaching import brought_to
from dataqa.tables.linked.shape import Known, TableModel, known_above, timing_of
from dataqa.tables.linked.times import gathered

_COUNT, _ROWS, _DEAL = 0, 1, 2


class Made(NamedTuple):
    """Tables as numbers.

    Attributes:
        drawn: By table, its rows.
        known: By table, what its children were given.
        rows: By table and foreign key, the row of the parent; -1 for none.
        sizes: By table, how many rows it has.
    """

    drawn: dict[str, Drawn]
    known: dict[str, Known]
    rows: dict[str, dict[str, Rows]]
    sizes: dict[str, int]


def draw_tables(models: Mapping[str, TableModel], scale: float, seed: int) -> Made:
    """Draw all tables, parents before their children.

    Args:
        models: By table, in that order.
        scale: How many rows tables without a parent have, in those of the original.
        seed: Decides them.
    """
    made = Made({}, {}, {}, {})
    for number, (name, one) in enumerate(models.items()):
        made.rows[name] = {}
        if one.chain is None:
            made.sizes[name] = one.shape.rows if one.kept is not None else 0
            continue
        key, shape = one.shape.links.first, one.shape
        here = [seed, number]
        above: dict[str, Rows] = {}
        if not key:
            groups = alone(max(1, round(scale * shape.rows)))
        else:
            parent = shape.links.parent
            parents = np.full(round(scale * shape.loose), -1, np.int64)
            if parent in made.known:
                up = made.known[parent]
                counts = _children(one.counts, key, parent, made.known, [*here, _COUNT])
                parents = np.concatenate([np.repeat(np.arange(len(counts)), counts), parents])
                above = {parent: parents}
                for table, rows in up.above.items():
                    above[table] = np.where(parents >= 0, rows[parents], -1)
            groups = grouped(parents, made.known[parent].groups if above else alone(0))
            made.rows[name][key] = parents
        static = [v.values for v in known_above(made.known, above, groups)]
        timing = timing_of(shape.clocks, made.known, above, len(groups.parents))
        drawn = draw_chain(one.chain, static, groups, timing, [*here, _ROWS])
        made.drawn[name] = drawn
        made.sizes[name] = len(groups.parents)
        made.known[name] = _known(one.chain, drawn, groups, above)
    for number, (name, one) in enumerate(models.items()):
        if one.chain is not None:
            _point(name, one, models, made, [seed, number, _DEAL])
    return made


def _children(
    models: Mapping[str, Chain], key: str, parent: str, known: Mapping[str, Known], seed: list[int]
) -> Rows:
    """How many rows each row of the first parent has, which is told of it."""
    up, goal = known[parent], None
    if up.above:
        top, whose = list(up.above.items())[-1]
        sizes = np.bincount(whose[whose >= 0], minlength=len(known[top].groups.nth))
        totals = _totals(models[in_all(key)], top, known, sizes, [*seed, 0])
        known[top].counts.append(totals.astype(np.float64))
        goal = gathered(totals.astype(np.float64), whose)
    counts = _counted(models[key], parent, known, goal, [*seed, 1])
    if goal is not None:

        def more(attempt: int) -> Rows:
            return _counted(models[key], parent, known, goal, [*seed, 2 + attempt])

        counts = brought_to(counts, goal, up.groups, more, seed)
    up.counts.append(counts.astype(np.float64))
    return counts


def _totals(
    chain: Chain, top: str, known: Mapping[str, Known], sizes: Rows, seed: list[int]
) -> Rows:
    """How many rows there are in all for each topmost row, which has so many parents of them."""
    told = _drawn(chain, top, known, None, seed)
    return _whole(told * sizes if chain.variables[0][0].name == MEAN else told)


def _counted(
    chain: Chain, parent: str, known: Mapping[str, Known], goal: Floats | None, seed: list[int]
) -> Rows:
    """How many rows each row of a table has."""
    return _whole(_drawn(chain, parent, known, goal, seed))


def _whole(counts: Floats) -> Rows:
    return np.maximum(np.round(counts), 0).astype(np.int64)


def _drawn(
    chain: Chain, parent: str, known: Mapping[str, Known], goal: Floats | None, seed: list[int]
) -> Floats:
    up = known[parent]
    above = {parent: np.arange(len(up.groups.nth), dtype=np.int64), **up.above}
    static = [one.values for one in known_above(known, above, up.groups)]
    return draw_chain(chain, static, up.groups, NOTHING._replace(goal=goal), seed).values[0]


def _known(chain: Chain, drawn: Drawn, groups: Groups, above: dict[str, Rows]) -> Known:
    dates = dict(drawn.times)
    variables: list[Variable] = []
    for at, (coding, size) in enumerate(chain.variables):
        variables.append(Variable(-1, size, drawn.values[at], np.empty(0)))
        if coding.kind == "date" and not size:
            dates[coding.name] = drawn.values[at] * coding.unit
    return Known(variables, drawn.times, dates, groups, above, [])


def _point(
    name: str,
    one: TableModel,
    models: Mapping[str, TableModel],
    made: Made,
    seed: list[int],
) -> None:
    """Foreign keys beside the first: inside the table, and dealt out."""
    assert one.chain is not None
    links, groups = one.shape.links, made.known[name].groups
    kept = {table for table, other in models.items() if other.kept is not None}
    for at, key in enumerate(links.dealt(kept)):
        inside = one.shape.inside.get(key)
        if inside is None and key not in one.shape.rules:
            made.rows[name][key] = np.full(made.sizes[name], -1, np.int64)
            continue
        if inside is not None and inside.back:
            made.rows[name][key] = pointed_back(_far(one.chain, made.drawn[name], key), groups)
        else:
            made.rows[name][key] = _dealt(name, key, one, made, [*seed, at])
        if inside is not None and inside.itself:
            rows = made.rows[name][key]
            made.rows[name][key] = np.where(rows < 0, np.arange(len(rows)), rows)


def _dealt(name: str, key: str, one: TableModel, made: Made, seed: list[int]) -> Rows:
    """The rows of a parent that is not the first."""
    assert one.chain is not None
    parent = one.shape.links.parents[key]
    other = made.known[parent]
    told = {table: known._replace(counts=[]) for table, known in made.known.items()}
    counts = _counted(one.counts[key], parent, told, None, [*seed, _COUNT])
    if key in one.shape.inside:
        # a row of level 2 points to one of level 1
        level = _far(one.chain, made.drawn[name], key)
        return deal(np.where(level > 0, level, -1), level + 1, counts, seed, ranked=True)
    wanted = _kinds(one.chain, made.drawn[name], key)
    values = [v.values for v in other.variables]
    kinds = one.shape.rules[key].kinds(values, made.sizes[parent])
    dealt = deal(wanted, kinds, counts, seed)
    first = one.shape.links.first
    if {key, first} <= set(one.shape.links.key):
        dealt = apart(dealt, made.rows[name][first], wanted, [*seed, 1])
    return dealt


def _far(chain: Chain, drawn: Drawn, key: str) -> Rows:
    """How many rows back each row points, or its level in a tree."""
    return _whole(drawn.values[place_of(chain.variables, GROUP + key)])


def _kinds(chain: Chain, drawn: Drawn, key: str) -> Rows:
    """Of which kind each row wants its parent to be; -1 for none."""
    at, coding = next(
        (at, coding) for at, (coding, _) in enumerate(chain.variables) if coding.name == GROUP + key
    )
    kinds = np.array([int(one) if one and one != "none" else -1 for one in coding.tokens])
    return kinds[drawn.values[at].astype(np.int64)].astype(np.int64)


def resolve(name: str, key: str, models: Mapping[str, TableModel], made: Made) -> Rows:
    """The row of the parent that each row points to by a foreign key, or by one that it follows."""
    if key in made.rows[name]:
        return made.rows[name][key]
    follows = models[name].shape.links.follows
    by, there = follows[key]
    rows = resolve(name, by, models, made)
    further = resolve(models[name].shape.links.parents[by], there, models, made)
    made.rows[name][key] = np.where(rows >= 0, further[rows], -1) if len(further) else rows
    return made.rows[name][key]
