"""Drawn tables as frames: columns in their forms, with new keys, and what others decide."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from dataqa.tables.linked.chain import Drawn
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.prepared import identified, looked_up
from dataqa.tables.linked.sampling import Made, resolve
from dataqa.tables.linked.shape import TableModel
from dataqa.tables.linked.times import written

_KEYS, _UNSEEN = 3, 4
_PEOPLE = 100_003
"""Tables of one seed have people of their own."""


def write_frames(
    models: Mapping[str, TableModel], made: Made, seed: int
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """All tables as frames, and how many rows of each were dropped, having the key of another.

    Args:
        models: By table, parents first.
        made: What was drawn.
        seed: Decides new keys and invented people.
    """
    wide: dict[str, dict[str, pl.Series]] = {}
    places = {name: _places(one, made, name) for name, one in models.items() if one.chain}
    numbers = {name: number for number, name in enumerate(models)}
    for name in places:
        wide[name] = _own(models[name], made.drawn[name], [seed, numbers[name]])
    keys = _Keys(models, made, places, wide, seed)
    for name in places:
        for key in models[name].shape.links.parents:
            if key not in wide[name]:
                wide[name][key] = keys.foreign(name, key)
        fresh = models[name].shape.fresh
        if fresh is not None:
            wide[name][fresh.name] = keys.primary(name)
    frames: dict[str, pl.DataFrame] = {}
    dropped: dict[str, int] = {}
    for name, one in models.items():
        if one.chain is None:
            frames[name] = pl.DataFrame(schema=one.schema) if one.kept is None else one.kept
            continue
        for column, (table, there) in one.shape.carried.items():
            wide[name][column] = wide[table][there].gather(made.known[name].above[table])
        columns = [
            wide[name][column].alias(column) for column in one.schema if column in wide[name]
        ]
        frame = pl.DataFrame(columns)[places[name]]
        key = one.shape.links.key
        once = frame.unique(key, keep="first", maintain_order=True) if len(key) > 1 else frame
        frames[name], dropped[name] = once, frame.height - once.height
    return frames, dropped


class _Keys:
    """Primary and foreign keys, made when they are first asked for."""

    def __init__(
        self,
        models: Mapping[str, TableModel],
        made: Made,
        places: Mapping[str, Rows],
        wide: Mapping[str, Mapping[str, pl.Series]],
        seed: int,
    ) -> None:
        self.models, self.made, self.places, self.wide = models, made, places, wide
        self.seed, self.known = seed, dict[str, pl.Series]()

    def primary(self, name: str) -> pl.Series:
        """The primary key of a table, by row."""
        if name not in self.known:
            one = self.models[name]
            fresh, key = one.shape.fresh, one.shape.links.key
            if one.kept is not None:
                self.known[name] = one.kept[key[0]]
            elif fresh is not None:
                number = list(self.models).index(name)
                # in the order in which they are written, so that numbers count up
                texts = np.array(
                    fresh.draw(self.made.sizes[name], [self.seed, number, _KEYS]), object
                )
                texts[self.places[name]] = texts.copy()
                self.known[name] = pl.Series(texts.tolist(), dtype=pl.String)
            elif key and key[0] in self.wide.get(name, {}):
                self.known[name] = self.wide[name][key[0]]
            else:
                self.known[name] = self.foreign(name, key[0])
            self.known[name] = self.known[name].cast(one.schema[key[0]], strict=False)
        return self.known[name]

    def foreign(self, name: str, column: str) -> pl.Series:
        """A foreign key of a table, by row."""
        one = self.models[name]
        rows = resolve(name, column, self.models, self.made)
        keys = self.primary(one.shape.links.parents[column])
        told = pl.Series(rows).replace(-1, None)
        made = keys.gather(told) if len(keys) else pl.Series([None] * len(rows))
        return made.cast(one.schema[column], strict=False).alias(column)


def _own(one: TableModel, drawn: Drawn, seed: list[int]) -> dict[str, pl.Series]:
    """The columns of a table that are no keys."""
    assert one.chain is not None
    first = 1 if one.chain.when else 0
    frame = one.chain.what.frame(drawn.values[first:], seed[0] * _PEOPLE + seed[1])
    found = {name: frame[name] for name in frame.columns}
    for clock in one.shape.clocks:
        found[clock.name] = written(clock, drawn.times[clock.name], one.schema[clock.name])
    for decided in one.shape.decided:
        found[decided.name] = looked_up(decided, found[decided.by])
    for unseen in one.shape.unseen:
        name = unseen.fresh.name
        # of one name in several tables they are the same: the seed has no table in it
        made = identified(unseen, found[name], [seed[0], _UNSEEN, len(name)])
        found[name] = made.cast(one.schema[name], strict=False)
    return found


def _places(one: TableModel, made: Made, name: str) -> Rows:
    """In which order rows are written: as parents are, or by date where the original was so."""
    rows = np.arange(made.sizes[name], dtype=np.int64)
    if not one.shape.sorted or not one.shape.clocks:
        return rows
    return np.argsort(made.drawn[name].times[one.shape.clocks[0].name], kind="stable")
