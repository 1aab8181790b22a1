"""How many rows of a table belong to a row of another, learnt given what is known of that row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from dataqa.tables.columns import Column
from dataqa.tables.learning.learnt import learn
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.chain import Chain
from dataqa.tables.linked.links import Links
from dataqa.tables.linked.ordered import Ordered
from dataqa.tables.linked.parts import Part
from dataqa.tables.linked.shape import (
    Known,
    contexts_of,
    known_above,
)
from dataqa.tables.linked.times import gathered
from dataqa.tables.linked.timing import Timing
from dataqa.tables.synthesizer import Synthesizer

COUNT, MEAN = "count", "mean"
NOTHING = Timing([], [], [], [])


def counts_of(
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
