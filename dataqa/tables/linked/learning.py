"""Linked tables learnt: of each its rows, given their parents, and how many there are of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from dataqa.errors import InputError
from dataqa.tables.coding import Variable
from dataqa.tables.columns import Column
from dataqa.tables.learning.learnt import as_written, taken
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.chain import TRIES, Chain, absolute, by_chance
from dataqa.tables.linked.counting import counts_of
from dataqa.tables.linked.keys import fresh_of
from dataqa.tables.linked.links import Linked, key_texts
from dataqa.tables.linked.ordered import Ordered
from dataqa.tables.linked.parts import Part, part_of, with_rules
from dataqa.tables.linked.prepared import Unseen, is_unseen, numbered
from dataqa.tables.linked.shape import (
    Shape,
    TableModel,
    contexts_of,
    known_above,
)
from dataqa.tables.notes.everybody import texts_of
from dataqa.tables.synthesizer import Synthesizer

type Columns = Mapping[str, Mapping[str, Column]]


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
        texts = texts_of(columns[name])
        if links.keep and texts:
            hint = "kind: drop, or no keep: it copies texts as they are"
            raise InputError("a table that is kept", where=f"{name}.{texts[0]}", hint=hint)
        if not links.keep and ordered.frames[name].height:
            parts[name] = part_of(name, ordered, columns[name], ids, parts)
    for name in parts:
        parts[name] = with_rules(name, ordered, parts)
    models: dict[str, TableModel] = {}
    for name, links in linked.links.items():
        frame = ordered.frames[name]
        counts: dict[str, Chain] = {}
        chain = None
        if name in parts:
            # the children of a parent are learnt in turn: each is given how many the others are
            counts = counts_of(name, links, ordered, parts, seed, threads)
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
        dict(columns[name]),
        {one.name: one.rare for one in part.learnt.codings if one.rare},
    )
