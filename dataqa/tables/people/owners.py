"""Keys that several rows share: one person has them all, in the synthetic table as in the original.

Learnt is how many rows a key has and which columns are the same in all of them, never which key it
is. Synthetic rows that are alike in these columns become rows of one key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.tables.columns import Column
from dataqa.tables.people.apart import BY_CHANCE
from dataqa.tables.people.private_forms import PrivateForm

type Floats = NDArray[np.float64]

_ALWAYS, _ONE = 0.98, 0.98
_HARDLY = 0.9
_IDS = frozenset({"ID", "UUID"})
_ENDS = 5
"""The longest runs of rows become their mean: they tell whose they are."""


class Owned(NamedTuple):
    """Rows that share keys.

    Attributes:
        values: Of each variable, its values, the same in all rows of a key where they should be.
        owners: Of each key's column, the number of the key of each row.
    """

    values: list[Floats]
    owners: dict[str, list[int]]


def with_links(frame: pl.DataFrame, forms: Sequence[PrivateForm]) -> list[PrivateForm]:
    """Forms that know which keys several rows share, and which columns are of whom.

    Args:
        frame: The original.
        forms: Of its private columns.
    """
    able = {one.name: one.entity for one in forms if _repeats(frame[one.name], one.entity)}
    keys, same = _keys(frame, able)
    if not keys:
        return list(forms)
    groups = {key: frame[key].n_unique() for key in keys}
    made: list[PrivateForm] = []
    for form in forms:
        of = [key for key in keys if form.name == key or form.name in same[key]]
        owner = min(of, key=lambda key: (groups[key], keys.index(key)), default="")
        changed = msgspec.structs.replace(form, owner=owner)
        if owner:
            different = frame[form.name].n_unique()
            one = different >= _ONE * groups[owner] and form.entity not in BY_CHANCE
            changed = msgspec.structs.replace(changed, unique=one or form.name == owner)
        if form.name == owner:
            sizes = _sizes(frame[owner])
            mine = [form.name, *same[owner]]
            changed = msgspec.structs.replace(changed, sizes=sizes, same=mine)
        made.append(changed)
    return made


def person_key(frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The first key that several rows share; nothing if there is none."""
    kinds = {
        name: "ID" if one.kind == "id" else one.entity
        for name, one in columns.items()
        if one.kind in {"id", "private"}
    }
    keys, _ = _keys(frame, {name: of for name, of in kinds.items() if _repeats(frame[name], of)})
    return next(iter(keys), "")


def _keys(frame: pl.DataFrame, able: Mapping[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    """Keys that rows share, and which columns are the same in all rows of each.

    An id is one. All else is if something hangs on it, for two may have one telephone number by
    chance, and if it is not itself told by another key that tells all that it does.
    """
    same = {key: _same(frame, key) for key in able}
    keys = [
        key for key, of in able.items() if of in _IDS or any(_varies(frame[at]) for at in same[key])
    ]
    for key in reversed(keys.copy()):
        told = {key, *same[key]}
        others = (other for other in keys if other != key)
        if able[key] not in _IDS and any(told <= {other, *same[other]} for other in others):
            keys.remove(key)
    return keys, same


def _repeats(values: pl.Series, entity: str) -> bool:
    """Whether a column holds keys that several rows share."""
    there = values.drop_nulls()
    return entity not in BY_CHANCE and 1 < there.n_unique() < _ALWAYS * len(there)


def _varies(values: pl.Series) -> bool:
    """Whether two rows have different values more often than hardly ever."""
    most = int(values.value_counts(name="\0rows")["\0rows"].max() or 0)  # pyright: ignore[reportArgumentType]
    return most < _HARDLY * len(values)


def _same(frame: pl.DataFrame, key: str) -> list[str]:
    """The columns that have one value in all rows of a key, for hardly a key is otherwise."""
    others = [name for name in frame.columns if name != key]
    several = (
        frame.filter(pl.col(key).is_not_null())
        .group_by(key)
        .agg(pl.len().alias("\0rows"), *(pl.col(name).n_unique() for name in others))
        .filter(pl.col("\0rows") > 1)
    )
    return [name for name in others if float(np.mean(several[name].to_numpy() <= 1)) >= _ALWAYS]


def _sizes(values: pl.Series) -> dict[int, int]:
    """How many rows keys have, with how many keys have as many."""
    counts = np.sort(values.drop_nulls().value_counts(name="\0rows")["\0rows"].to_numpy())
    counts[-_ENDS:] = round(float(counts[-_ENDS:].mean()))
    return dict(sorted(Counter(counts.tolist()).items()))


def owned(
    forms: Sequence[PrivateForm], names: Sequence[str], values: Sequence[Floats], seed: int
) -> Owned:
    """Rows parted into those of one key each.

    Args:
        forms: Of private columns.
        names: Of each variable, the column that it is of.
        values: Of each variable, its values.
        seed: Decides which rows of equal values have which key.
    """
    made, owners = list(values), dict[str, list[int]]()
    rows = len(values[0]) if values else 0
    for at, form in enumerate(one for one in forms if one.sizes):
        draw = np.random.default_rng([seed, 7, at])
        mine = [number for number, name in enumerate(names) if name in form.same]
        order = _alike([made[number] for number in mine], rows, draw)
        number_of = np.empty(rows, np.int64)
        number_of[order] = _runs(form.sizes, rows, draw)
        first = np.full(int(number_of.max(initial=-1)) + 1, rows, np.int64)
        np.minimum.at(first, number_of, np.arange(rows))
        for number in mine:
            made[number] = made[number][first[number_of]]
        owners[form.name] = number_of.tolist()
    return Owned(made, owners)


def _alike(columns: Sequence[Floats], rows: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """An order of rows in which those are neighbours that have the same in columns.

    Columns of few values lead, so that they change as little as possible.
    """
    few = sorted(columns, key=lambda one: len(np.unique(one)))
    return np.lexsort([draw.random(rows), *reversed(few)])


def _runs(sizes: dict[int, int], rows: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Numbers of keys, each as often as keys have rows."""
    known, counts = np.array(list(sizes)), np.array(list(sizes.values()), np.float64)
    drawn = draw.choice(known, size=rows, p=counts / counts.sum())
    ends = np.cumsum(drawn)
    return np.searchsorted(ends, np.arange(rows), side="right")
